//! The light on a face: when it is lit, in an order that nobody can know beforehand.

use std::time::Duration;

use crate::clock::Moment;

/// The shortest time for which the light is lit or dark. So there are at most 2.5 flashes a second: more than three can
/// harm people with photosensitive epilepsy.
const SHORTEST: Duration = Duration::from_millis(200);

/// A light that is dark and lit in turns, each time for as long as was drawn by lot.
///
/// It begins and ends dark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LightPattern {
    /// When it changes, since its start; the first change lights it.
    changes: Vec<Duration>,
}

impl LightPattern {
    /// Random bytes that a pattern uses: one for each time that it is dark or lit.
    pub const BYTES: usize = 48;

    /// The pattern that these random bytes mean: 9.6 to 21.8 seconds of dark and lit times of 200 to 455 ms.
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let mut at = Duration::ZERO;
        let next = |byte: u8| {
            at += SHORTEST + Duration::from_millis(u64::from(byte));
            at
        };
        Self { changes: bytes.into_iter().map(next).collect() }
    }

    /// Whether the light is lit so long after its start.
    pub fn is_lit(&self, since_start: Duration) -> bool {
        self.changes.partition_point(|change| *change <= since_start) % 2 == 1
    }

    /// When it changes next, as time since its start; `None` if it is over, and stays dark.
    pub fn next_change(&self, since_start: Duration) -> Option<Duration> {
        self.changes.iter().copied().find(|change| *change > since_start)
    }
}

/// A change of a light, by the thread that drives its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LightChange {
    /// When the line was driven.
    pub at: Moment,
    /// Whether the light is lit from now on.
    pub lit: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(number: u64) -> [u8; LightPattern::BYTES] {
        let mut state = number;
        std::array::from_fn(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as u8
        })
    }

    /// When the pattern changes, followed from change to change.
    fn changes(pattern: &LightPattern) -> Vec<Duration> {
        std::iter::successors(pattern.next_change(Duration::ZERO), |at| pattern.next_change(*at)).collect()
    }

    #[test]
    fn a_pattern_is_dark_and_lit_in_turns_within_its_bounds_and_ends_dark() {
        for number in 0..500 {
            let pattern = LightPattern::from_bytes(bytes(number));
            let changes = changes(&pattern);
            assert!(!pattern.is_lit(Duration::ZERO) && changes.len() == LightPattern::BYTES);
            let lit: Vec<bool> = changes.iter().map(|at| pattern.is_lit(*at)).collect();
            assert!(lit.chunks(2).all(|pair| pair == [true, false]));
            let bounds = SHORTEST..=Duration::from_millis(455);
            assert!(changes.windows(2).all(|pair| bounds.contains(&(pair[1] - pair[0]))));
            assert!(!pattern.is_lit(Duration::from_secs(3600)));
        }
    }

    #[test]
    fn no_second_has_more_than_three_flashes() {
        let fastest = LightPattern::from_bytes([0; LightPattern::BYTES]);
        let lit: Vec<Duration> = changes(&fastest).into_iter().step_by(2).collect();
        assert!(lit.windows(4).all(|four| four[3] - four[0] > Duration::from_secs(1)));
    }

    #[test]
    fn every_byte_moves_the_changes_after_it() {
        let first = LightPattern::from_bytes(bytes(1));
        for place in 0..LightPattern::BYTES {
            let mut other = bytes(1);
            other[place] ^= 1;
            assert_ne!(changes(&LightPattern::from_bytes(other))[place], changes(&first)[place]);
        }
    }
}
