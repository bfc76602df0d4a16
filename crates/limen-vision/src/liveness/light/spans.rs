//! The times during which the light was lit or dark, as the picture shows them: the line's changes, and how long the
//! picture lags behind.

use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::event::LightChange;

/// Frames so near to a change say nothing: half of their exposure may lie before it, and stamps are a little off.
const MARGIN: Duration = Duration::from_millis(50);

/// A time during which the light did not change; both its ends are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Whether the light was lit.
    pub lit: bool,
    from: Moment,
    until: Moment,
}

impl Span {
    /// Whether a frame that was taken then shows this light alone.
    pub fn shows_in(&self, taken: Moment) -> bool {
        taken >= self.from + MARGIN && taken + MARGIN <= self.until
    }
}

/// The spans between changes of the line, for pictures that lag by `delay`. The newest light is none yet: nobody knows how
/// long it lasts.
pub fn spans(changes: &[LightChange], delay: Duration) -> impl Iterator<Item = Span> + '_ {
    let between = move |pair: &[LightChange]| Span {
        lit: pair[0].lit,
        from: pair[0].at + delay,
        until: pair[1].at + delay,
    };
    changes.windows(2).map(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::from_boot(Duration::from_millis(ms))
    }

    #[test]
    fn a_frame_belongs_to_the_light_that_it_shows_and_none_near_a_change_or_after_the_last() {
        let change = |ms, lit| LightChange { at: at(ms), lit };
        let changes = [change(1000, true), change(1300, false), change(1700, true)];
        let spans: Vec<Span> = spans(&changes, Duration::from_millis(100)).collect();
        assert_eq!(spans.iter().map(|span| span.lit).collect::<Vec<_>>(), [true, false]);
        let shown = |ms| spans.iter().position(|span| span.shows_in(at(ms)));
        for (ms, expected) in [(1120, None), (1150, Some(0)), (1350, Some(0)), (1360, None), (1449, None)] {
            assert_eq!(shown(ms), expected, "{ms}");
        }
        assert_eq!((shown(1450), shown(1750), shown(1751), shown(2500)), (Some(1), Some(1), None, None));
    }
}
