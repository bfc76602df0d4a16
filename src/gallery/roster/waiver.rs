//! A PIN cannot take the place of a turn of the head where there is none.

use limen_core::people::{ChallengeRule, Means};
use toml::Spanned;

use crate::diagnostics::Review;

/// Checks that a person with `challenge = "pin"` has a PIN; `who` names the person in mistakes.
pub(super) fn check_waiver(
    review: &mut Review<'_>,
    who: &str,
    said: Option<&Spanned<String>>,
    rule: ChallengeRule,
    means: &Means,
) {
    if let (ChallengeRule::Pin, None, Some(said)) = (rule, &means.pin, said) {
        let what = "asks for a PIN instead of a turn of the head, and this person has none";
        let remedy = "set it with `limen pin ID`, or take challenge away";
        review.note_missing(Some(said.span()), format!("{who} challenge"), what, remedy);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Roster;
    use super::*;

    const PIN: &str = "pin = \"$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"";

    /// The rule of a person with these keys, which begin in line 5; or the mistakes.
    fn rule(more: &str) -> Result<ChallengeRule, String> {
        let text = format!("[[person]]\nid = \"ada\"\nname = \"Ada\"\nphotos = [\"a.jpg\"]\n{more}\n");
        let roster = Roster::parse(&text, Path::new("gallery.toml")).map_err(|error| error.to_string())?;
        Ok(roster.people[0].standing.challenge)
    }

    #[test]
    fn a_pin_instead_of_the_turn_is_refused_without_a_pin() {
        assert_eq!(rule(&format!("challenge = \"pin\"\n{PIN}")), Ok(ChallengeRule::Pin));
        assert_eq!(rule("challenge = \"turn\""), Ok(ChallengeRule::Turn));
        let error = rule("challenge = \"pin\"").expect_err("no pin");
        assert!(
            error.starts_with(
                "gallery.toml:5: person \"ada\" challenge: asks for a PIN instead of a turn of the head"
            ),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
