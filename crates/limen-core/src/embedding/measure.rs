//! The numbers that comparisons are made of. None of them can be infinite or no number, so that no comparison
//! is decided by one; where there is nothing to compare, there is no such number at all.

use std::cmp::Ordering;
use std::fmt;

use serde::Serialize;

/// A finite number, and so one that is ordered among all others.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(transparent)]
struct Finite(f32);

impl Finite {
    fn new(value: f32) -> Option<Self> {
        // Adding zero takes the sign off a negative zero.
        value.is_finite().then_some(Self(value + 0.0))
    }

    fn not_negative(value: f32) -> Option<Self> {
        Self::new(value).filter(|finite| finite.0 >= 0.0)
    }
}

impl Ord for Finite {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Finite {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Finite {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Finite {}

/// How far two embeddings are apart: not negative, finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Distance(Finite);

impl Distance {
    /// No distance at all.
    pub const ZERO: Self = Self(Finite(0.0));

    /// A distance; `None` if negative, infinite or not a number.
    pub fn new(value: f32) -> Option<Self> {
        Finite::not_negative(value).map(Self)
    }

    /// The number.
    pub const fn get(self) -> f32 {
        self.0.0
    }
}

/// What is held against a threshold, and a threshold itself: a distance, less what a cohort takes off, so that
/// it may be negative. Finite; the smaller, the more alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Score(Finite);

impl Score {
    /// A score; `None` if infinite or not a number.
    pub fn new(value: f32) -> Option<Self> {
        Finite::new(value).map(Self)
    }

    /// The number.
    pub const fn get(self) -> f32 {
        self.0.0
    }

    /// Whether this is ahead of another, that is smaller, by the margin or more.
    pub fn leads(self, other: Self, margin: Margin) -> bool {
        other.get() - self.get() >= margin.get()
    }
}

impl From<Distance> for Score {
    /// Not centred, a distance is what is held against a threshold.
    fn from(distance: Distance) -> Self {
        Self(distance.0)
    }
}

/// By how much the nearest person must be ahead of another: not negative, finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Margin(Finite);

impl Margin {
    /// The margin unless another is configured.
    pub const USUAL: Self = Self(Finite(0.05));

    /// A margin; `None` if negative, infinite or not a number.
    pub fn new(value: f32) -> Option<Self> {
        Finite::not_negative(value).map(Self)
    }

    /// The number.
    pub const fn get(self) -> f32 {
        self.0.0
    }
}

/// In three digits after the point, unless others are asked for.
fn shown(value: f32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if f.precision().is_some() { fmt::Display::fmt(&value, f) } else { write!(f, "{value:.3}") }
}

impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown(self.get(), f)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown(self.get(), f)
    }
}

impl fmt::Display for Margin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown(self.get(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_finite_number_is_no_distance_no_score_and_no_margin() {
        for value in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!((Distance::new(value), Score::new(value), Margin::new(value)), (None, None, None));
        }
        assert!(Distance::new(-0.1).is_none() && Margin::new(-0.1).is_none());
        assert_eq!(Score::new(-0.1).map(Score::get), Some(-0.1));
    }

    #[test]
    fn a_negative_zero_is_zero() {
        assert_eq!(Score::new(-0.0), Score::new(0.0));
        assert_eq!(Distance::new(-0.0), Some(Distance::ZERO));
    }

    #[test]
    fn a_lead_is_the_margin_or_more() {
        let score = |value| Score::new(value).expect("finite");
        let margin = Margin::new(0.25).expect("finite");
        assert!(score(-0.25).leads(score(0.0), margin) && score(0.0).leads(score(1.0), margin));
        assert!(!score(0.0).leads(score(0.125), margin) && !score(1.0).leads(score(0.0), margin));
        assert!(score(f32::MIN).leads(score(f32::MAX), margin), "a lead too long for a number is one");
    }

    #[test]
    fn three_digits_are_shown_unless_others_are_asked_for() {
        let score = Score::new(-0.12345).expect("finite");
        assert_eq!((format!("{score}"), format!("{score:.1}")), ("-0.123".to_owned(), "-0.1".to_owned()));
    }
}
