//! How a person proves a second factor: the keys `pin`, `duress-pin`, `card`, and the person's own rule; and `challenge`,
//! by which a PIN takes the place of a turn of the head.
//!
//! No message repeats a value of these keys: it may be a PIN that was written in place of its hash.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use limen_core::credential::{Card, PinHash, SecondFactor};
use limen_core::people::{ChallengeRule, Means};
use limen_core::person::PersonId;
use toml::{Spanned, Value};

use super::entry::RosterEntry;
use crate::diagnostics::Review;

/// The largest number of schedules that a person's rule may name.
const MAX_SCHEDULES: usize = 16;

/// The value that most people have, in memory once.
static NONE: LazyLock<Arc<Means>> = LazyLock::new(Arc::default);

/// What the file says of one person.
#[derive(Debug, Clone, Copy)]
pub(super) struct SaidMeans<'a> {
    pub pin: Option<&'a Spanned<Value>>,
    pub duress: Option<&'a Spanned<Value>>,
    pub card: Option<&'a Spanned<Value>>,
    pub rule: Option<&'a Spanned<String>>,
    pub schedules: &'a [Spanned<String>],
}

/// Checks one person's keys; `who` names the person in mistakes.
pub(super) fn check_means(review: &mut Review<'_>, who: &str, said: SaidMeans<'_>) -> Arc<Means> {
    let means = Means {
        pin: said.pin.and_then(|pin| check_hash(review, &format!("{who} pin"), pin)),
        duress: said.duress.and_then(|pin| check_hash(review, &format!("{who} duress-pin"), pin)),
        card: said.card.and_then(|card| check_card(review, &format!("{who} card"), card)),
        rule: said.rule.and_then(|rule| check_rule(review, &format!("{who} second-factor"), rule)),
        schedules: said.schedules.iter().map(|name| name.get_ref().clone()).collect(),
    };
    if let (Some(duress), None) = (said.duress, said.pin) {
        let remedy = "set it with `limen pin ID`";
        review.note_missing(Some(duress.span()), format!("{who} duress-pin"), "has no pin beside it", remedy);
    }
    if let (Some(first), None) = (said.schedules.first(), said.rule) {
        let key = format!("{who} second-factor-schedules");
        let remedy = "add second-factor = \"pin\", or take the schedules away";
        review.note_missing(Some(first.span()), key, "has no second-factor beside it", remedy);
    }
    if let Some(excess) = said.schedules.get(MAX_SCHEDULES) {
        let what = format!("{} schedules are more than {MAX_SCHEDULES}", said.schedules.len());
        review.note(Some(excess.span()), format!("{who} second-factor-schedules"), what, "name fewer");
    }
    if means == **NONE { Arc::clone(&NONE) } else { means.into() }
}

fn check_hash(review: &mut Review<'_>, key: &str, said: &Spanned<Value>) -> Option<PinHash> {
    const REMEDY: &str =
        "set it with `limen pin ID`, which writes the hash; a PIN itself does not belong in a file";
    let what = match said.get_ref().as_str().map(PinHash::parse) {
        Some(Ok(hash)) => return Some(hash),
        Some(Err(error)) => error.to_string(),
        None => "is no text".to_owned(),
    };
    review.note(Some(said.span()), key, what, REMEDY);
    None
}

fn check_card(review: &mut Review<'_>, key: &str, said: &Spanned<Value>) -> Option<Card> {
    let (what, remedy) = match said.get_ref().as_str().map(Card::parse) {
        Some(Ok(card)) => return Some(card),
        Some(Err(error)) => (error.to_string(), ""),
        None => ("is no text".to_owned(), "write the card as \"26:FACILITY:NUMBER\""),
    };
    review.note(Some(said.span()), key, what, remedy);
    None
}

/// The rule with this name.
fn check_rule(review: &mut Review<'_>, key: &str, said: &Spanned<String>) -> Option<SecondFactor> {
    let found = SecondFactor::NAMES.iter().find(|(name, _)| name == said.get_ref());
    if found.is_none() {
        let what = format!("\"{}\" is not known", said.get_ref());
        review.note(Some(said.span()), key, what, "use \"pin\", \"card\" or \"pin-or-card\"");
    }
    found.map(|(_, rule)| *rule)
}

/// What takes the place of a turn of the head. That the person has a PIN is not asked for here: without one they are
/// refused.
pub(super) fn check_challenge(
    review: &mut Review<'_>,
    who: &str,
    said: Option<&Spanned<String>>,
) -> ChallengeRule {
    let Some(said) = said else { return ChallengeRule::default() };
    ChallengeRule::named(said.get_ref()).unwrap_or_else(|| {
        let what = format!("\"{}\" is not known", said.get_ref());
        let remedy = "use \"turn\", or \"pin\" for somebody who cannot turn their head";
        review.note(Some(said.span()), format!("{who} challenge"), what, remedy);
        ChallengeRule::default()
    })
}

/// The owner of each card and the line where that person begins. No two people may have the same card,
/// because then it would not tell whose it is.
#[derive(Default)]
pub(super) struct Cards(HashMap<String, (PersonId, usize)>);

impl Cards {
    /// Adds the card of a person, which is at the bytes `at`.
    pub fn add(&mut self, review: &mut Review<'_>, person: &RosterEntry, at: Option<Range<usize>>) {
        let Some(card) = &person.standing.means.card else { return };
        let owner = (person.id.clone(), person.line);
        if let Some((other, line)) = self.0.insert(card.as_str().to_owned(), owner) {
            let what = format!("is also that of \"{other}\" in line {line}");
            let key = format!("person \"{}\" card", person.id);
            review.note(at, key, what, "give each person a card of their own");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Roster;
    use limen_core::credential::{Factor, Factors};

    use super::*;

    const HASH: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    /// A file with one person, whose further keys begin in line 5.
    fn file(more: &str) -> String {
        format!("[[person]]\nid = \"ada\"\nname = \"Ada\"\nphotos = [\"a.jpg\"]\n{more}\n")
    }

    fn read(text: &str) -> Result<Roster, String> {
        Roster::parse(text, Path::new("gallery.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_person_has_a_pin_a_duress_pin_a_card_and_a_rule() {
        let text = file(&format!(
            "pin = \"{HASH}\"\nduress-pin = \"{HASH}\"\ncard = \"26:12:3456\"\nsecond-factor = \"pin-or-card\"\n\
             second-factor-schedules = [\"night\"]"
        ));
        let roster = read(&text).expect("no mistake");
        let means = &roster.people[0].standing.means;
        assert_eq!(means.factors(), Factors { pin: true, card: true });
        assert_eq!(means.rule, Some(SecondFactor::PinOrCard));
        assert!(means.duress.is_some() && means.has(Factor::Card));
        assert_eq!(roster.people[0].standing.challenge, ChallengeRule::Turn);
        let waived = read(&file(&format!("pin = \"{HASH}\"\nchallenge = \"pin\""))).expect("no mistake");
        assert_eq!(waived.people[0].standing.challenge, ChallengeRule::Pin);
        assert!(roster.check_schedules(&["night"]).is_ok());
        let error = roster.check_schedules(&["office"]).expect_err("unknown").to_string();
        assert!(
            error.starts_with("gallery.toml:9: person \"ada\" second-factor-schedules: no [[schedule]]"),
            "{error}"
        );
    }

    #[test]
    fn mistakes_name_line_and_remedy_and_never_repeat_what_may_be_a_pin() {
        for (more, answer) in [
            ("pin = 4711", "gallery.toml:5: person \"ada\" pin: is no text; set it with `limen pin ID`"),
            ("pin = \"4711\"", "gallery.toml:5: person \"ada\" pin: is no PHC string"),
            ("duress-pin = true", "gallery.toml:5: person \"ada\" duress-pin: is no text"),
            ("card = \"4711\"", "gallery.toml:5: person \"ada\" card: is no card; write"),
            ("card = 4711", "gallery.toml:5: person \"ada\" card: is no text; write"),
            (
                "second-factor = \"iris\"",
                "gallery.toml:5: person \"ada\" second-factor: \"iris\" is not known; use",
            ),
            (
                "second-factor-schedules = [\"night\"]",
                "gallery.toml:5: person \"ada\" second-factor-schedules: has no second-factor",
            ),
        ] {
            let error = read(&file(more)).expect_err(more);
            assert!(error.starts_with(answer), "{error}");
            assert!(!error.contains("4711"), "{error}");
        }
        let error = read(&file("challenge = \"nod\"")).expect_err("no such rule");
        assert!(
            error.starts_with("gallery.toml:5: person \"ada\" challenge: \"nod\" is not known; use"),
            "{error}"
        );
        let dear = HASH.replace("m=19456", "m=4194304");
        let error = read(&file(&format!("pin = \"{dear}\""))).expect_err("4 GiB");
        assert!(error.contains("asks for parameters out of range"), "{error}");
        let alone = read(&file(&format!("duress-pin = \"{HASH}\""))).expect_err("no pin");
        assert!(alone.contains("duress-pin: has no pin beside it"), "{alone}");
    }

    #[test]
    fn a_card_has_one_owner() {
        let bob = file("card = \"26:012:3456\"").replace("ada", "bob").replace("a.jpg", "b.jpg");
        let error = read(&(file("card = \"26:12:3456\"") + &bob)).expect_err("one card");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(
            error.starts_with("gallery.toml:10: person \"bob\" card: is also that of \"ada\" in line 1"),
            "{error}"
        );
        assert!(!error.contains("3456"), "{error}");
    }
}
