//! Parses numbers in arguments.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A parser of whole numbers in `range`. Its error names the range.
pub fn whole<N>(
    range: RangeInclusive<N>,
) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync + 'static
where
    N: FromStr + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    move |text| {
        let number = text.trim().parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("use a whole number from {} to {}", range.start(), range.end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_of_the_range_is_answered_with_the_range() {
        let seconds = whole(1..=30_u64);
        assert_eq!(seconds("30"), Ok(30));
        for text in ["0", "31", "abc", "1.5", "-1", ""] {
            assert_eq!(seconds(text), Err("use a whole number from 1 to 30".to_owned()), "{text}");
        }
    }
}
