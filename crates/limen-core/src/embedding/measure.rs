//! The numbers that comparisons use. They are always finite, so that no infinity and no NaN decides a
//! comparison. Where there is nothing to compare, there is no number.

use std::cmp::Ordering;
use std::fmt;

use serde::Serialize;

/// A finite number. Finite numbers have a total order.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(transparent)]
struct Finite(f32);

impl Finite {
    fn new(value: f32) -> Option<Self> {
        // Adding zero turns a negative zero into a positive one.
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

/// The distance between two embeddings: finite, not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Distance(Finite);

impl Distance {
    /// The distance between equal embeddings.
    pub const ZERO: Self = Self(Finite(0.0));

    /// Makes a distance; `None` if `value` is negative, infinite or NaN.
    pub fn new(value: f32) -> Option<Self> {
        Finite::not_negative(value).map(Self)
    }

    /// The distance as a number, 0 or more.
    pub const fn get(self) -> f32 {
        self.0.0
    }
}

/// The value that is compared with a threshold, and the threshold itself: a distance, minus the cohort's part
/// where there is a cohort. Finite; it may be negative. The smaller, the more alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Score(Finite);

impl Score {
    /// Makes a score; `None` if `value` is infinite or NaN.
    pub fn new(value: f32) -> Option<Self> {
        Finite::new(value).map(Self)
    }

    /// The score as a number, of either sign.
    pub const fn get(self) -> f32 {
        self.0.0
    }

    /// Whether this score is smaller than the other by `margin` or more.
    pub fn leads(self, other: Self, margin: Margin) -> bool {
        other.get() - self.get() >= margin.get()
    }
}

impl From<Distance> for Score {
    /// Without a cohort, the score is the distance.
    fn from(distance: Distance) -> Self {
        Self(distance.0)
    }
}

/// How much nearer than any other person the best one must be: finite, not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Margin(Finite);

impl Margin {
    /// The default margin.
    pub const USUAL: Self = Self(Finite(0.05));

    /// Makes a margin; `None` if `value` is negative, infinite or NaN.
    pub fn new(value: f32) -> Option<Self> {
        Finite::not_negative(value).map(Self)
    }

    /// The margin as a number, 0 or more.
    pub const fn get(self) -> f32 {
        self.0.0
    }
}

/// Three digits after the point, unless the formatter asks for another number.
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
