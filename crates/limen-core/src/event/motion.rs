//! How a face moves: what the vision says of it, and what a person is asked to do.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::observation::TrackId;
use crate::clock::Moment;

/// A direction in which a head turns. Left and right are the person's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// To the person's left.
    Left,
    /// To the person's right.
    Right,
    /// Up.
    Up,
}

/// The natural logarithm of p(motion | solid head) / p(motion | sheet): 0 says nothing, 7 means that a solid head moves
/// like this a thousand times as often as a sheet. Never NaN.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct LogRatio(f32);

impl LogRatio {
    /// A ratio; NaN says nothing and becomes 0.
    pub const fn new(value: f32) -> Self {
        Self(if value.is_nan() { 0.0 } else { value })
    }

    /// The number.
    pub fn get(self) -> f32 {
        self.0
    }
}

/// It is never NaN.
impl Eq for LogRatio {}

/// How the nearest face moves, by one frame of its track.
#[derive(Debug, Clone, PartialEq)]
pub struct Motion {
    /// The track of the face.
    pub track: TrackId,
    /// When the frame was taken.
    pub taken: Moment,
    /// The turn since the face was at rest, looking to the camera, in degrees; positive to the person's left.
    pub yaw: f32,
    /// The nod since then, in degrees; positive is up.
    pub pitch: f32,
    /// The side to which the face is turned, if it is turned far enough to be judged.
    pub turn: Option<Turn>,
    /// What the whole track has shown so far.
    pub solid: LogRatio,
    /// What the door's light has shown of its face so far, a solid head or a sheet, within the bound of what was measured.
    /// `None`: nothing.
    pub light: Option<LogRatio>,
    /// Whether a turned face is still the one that the track showed from the front. `None`: it was not compared.
    pub like_itself: Option<bool>,
    /// What shows in this frame that no living head stands there.
    pub cue: Option<DenyCue>,
}

impl Motion {
    /// A face that has turned this far since it was at rest, in degrees, is compared with itself, and not with templates.
    pub const TURNED: f32 = 15.0;

    /// Whether the face is turned so far that it says more of how the head moves than of whose it is.
    pub fn is_turned(&self) -> bool {
        self.yaw.abs() >= Self::TURNED
    }
}

/// A face that is turned to one side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    /// The side.
    pub side: Side,
    /// Whether a solid head or a sheet turns like this.
    pub proof: LogRatio,
}

/// What shows that no living head stands there. It only ever refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DenyCue {
    /// Lines on three sides of the face, which are not of the background: paper, or the edge of a screen.
    Frame,
    /// The face and what surrounds it move as one.
    MovesAsOne,
    /// Two faces claim one track.
    TwoFaces,
    /// The identity, the size or the place jumped.
    Jump,
}

impl fmt::Display for DenyCue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Frame => "paper or the edge of a screen shows around the face",
            Self::MovesAsOne => "the face and what surrounds it move as one",
            Self::TwoFaces => "two faces claim to be one",
            Self::Jump => "the face changed from one frame to the next",
        })
    }
}

/// What whoever stands at the door is told to do, until the next prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prompt {
    /// Turn the head to this side.
    Turn(Side),
    /// Look straight to the camera.
    Straight,
    /// All turns were right: look straight to the camera.
    Good,
    /// That did not count: it begins again in a moment.
    Again,
    /// That was the last attempt.
    Wrong,
}

/// One step of a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The side to turn to.
    pub side: Side,
    /// How long nothing is asked before the prompt.
    pub wait: Duration,
}

/// A challenge drawn by lot: three or four steps, among them one to the left and one to the right.
///
/// One challenge in four has three steps, the others four. So somebody who guesses an order guesses it in 9.5 % of
/// challenges at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw(Vec<Step>);

/// The shortest time before a prompt.
const SHORTEST_WAIT: Duration = Duration::from_millis(300);
/// How much longer than [`SHORTEST_WAIT`] the time before a prompt may be, in milliseconds.
const MORE_WAIT_MS: u64 = 700;
/// The longest time before all prompts of a challenge together: people need the rest of its time for their turns.
const ALL_WAITS: Duration = Duration::from_secs(2);

impl Draw {
    /// Random bytes that a draw uses.
    pub const BYTES: usize = 32;

    /// The challenge that these random bytes mean. All orders of the same length are about as likely.
    pub fn from_bytes(bytes: [u8; Self::BYTES], may_ask_up: bool) -> Self {
        let mut words = bytes.as_chunks::<4>().0.iter().map(|word| u64::from(u32::from_le_bytes(*word)));
        let mut below = |many: u64| words.next().unwrap_or_default() % many;
        let count = if below(4) == 0 { 3 } else { 4 };
        let sides: &[Side] =
            if may_ask_up { &[Side::Left, Side::Right, Side::Up] } else { &[Side::Left, Side::Right] };
        // One word gives all sides; of the orders with both left and right it chooses one.
        let orders = orders(sides, count);
        let order = orders[below(orders.len() as u64) as usize].clone();
        let more: Vec<u64> = order.iter().map(|_| below(MORE_WAIT_MS + 1)).collect();
        let least = SHORTEST_WAIT * order.len() as u32;
        let most = u64::try_from((ALL_WAITS - least).as_millis()).unwrap_or(u64::MAX);
        let all = more.iter().sum::<u64>().max(most);
        let wait = |more| SHORTEST_WAIT + Duration::from_millis(more * most / all);
        Self(order.into_iter().zip(more).map(|(side, more)| Step { side, wait: wait(more) }).collect())
    }

    /// A challenge of these steps, which was drawn before.
    pub fn of_steps(steps: Vec<Step>) -> Self {
        Self(steps)
    }

    /// The same challenge with left and right exchanged.
    pub fn mirrored(self) -> Self {
        let other = |side| match side {
            Side::Left => Side::Right,
            Side::Right => Side::Left,
            Side::Up => Side::Up,
        };
        Self(self.0.into_iter().map(|step| Step { side: other(step.side), ..step }).collect())
    }

    /// Three steps of the challenge in a row, if both sides are among them; otherwise the whole.
    pub fn shortened(self) -> Self {
        let short = self.0.windows(3).find(|steps| asks_both_sides(steps.iter().map(|step| step.side)));
        short.map(|steps| Self(steps.to_vec())).unwrap_or(self)
    }

    /// The steps, in their order.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

/// All orders of so many sides in which both left and right occur.
fn orders(sides: &[Side], count: usize) -> Vec<Vec<Side>> {
    let mut orders = vec![Vec::new()];
    for _ in 0..count {
        let longer = |order: &Vec<Side>| {
            let order = order.clone();
            sides.iter().map(move |side| order.iter().copied().chain([*side]).collect::<Vec<_>>())
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    orders.retain(|order| asks_both_sides(order.iter().copied()));
    orders
}

fn asks_both_sides(sides: impl Iterator<Item = Side> + Clone) -> bool {
    [Side::Left, Side::Right].into_iter().all(|asked| sides.clone().any(|side| side == asked))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Bytes that look random, another sequence for each number.
    fn bytes(number: u64) -> [u8; Draw::BYTES] {
        let mut state = number;
        std::array::from_fn(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as u8
        })
    }

    #[test]
    fn every_draw_asks_for_both_sides_in_three_or_four_steps_with_waits_within_their_bounds() {
        for number in 0..20_000 {
            for may_ask_up in [false, true] {
                let draw = Draw::from_bytes(bytes(number), may_ask_up);
                assert!((3..=4).contains(&draw.steps().len()));
                let asks = |side| draw.steps().iter().any(|step| step.side == side);
                assert!(asks(Side::Left) && asks(Side::Right) && (may_ask_up || !asks(Side::Up)));
                let bounds = Duration::from_millis(300)..=Duration::from_secs(1);
                assert!(draw.steps().iter().all(|step| bounds.contains(&step.wait)));
                assert!(draw.steps().iter().map(|step| step.wait).sum::<Duration>() <= ALL_WAITS);
            }
        }
    }

    #[test]
    fn every_order_is_drawn_about_as_often() {
        let mut counts: BTreeMap<Vec<Side>, u32> = BTreeMap::new();
        for number in 0..20_000 {
            let sides = Draw::from_bytes(bytes(number), false).steps().iter().map(|step| step.side).collect();
            *counts.entry(sides).or_default() += 1;
        }
        assert_eq!(counts.len(), 6 + 14, "of three and of four steps");
        let of =
            |count| counts.iter().filter(move |(sides, _)| sides.len() == count).map(|(_, times)| *times);
        for (count, expected) in [(3, 5000 / 6), (4, 15_000 / 14)] {
            assert!(of(count).all(|times| times.abs_diff(expected) < expected / 4), "{counts:?}");
        }
    }

    #[test]
    fn a_challenge_that_is_mirrored_or_shortened_still_asks_for_both_sides() {
        for number in 0..2000 {
            let draw = Draw::from_bytes(bytes(number), true);
            let first = draw.steps()[0].side;
            let (mirrored, short) = (draw.clone().mirrored(), draw.clone().shortened());
            for draw in [&mirrored, &short] {
                assert!(asks_both_sides(draw.steps().iter().map(|step| step.side)));
            }
            assert_eq!(mirrored.steps()[0].side == first, first == Side::Up);
            assert!(
                short.steps().len() == 3 || !asks_both_sides(draw.steps()[..3].iter().map(|step| step.side))
            );
        }
    }

    #[test]
    fn a_ratio_that_is_no_number_says_nothing() {
        assert_eq!(LogRatio::new(f32::NAN), LogRatio::default());
        assert!(LogRatio::new(f32::INFINITY) > LogRatio::new(3.0));
    }
}
