//! What a gallery file says of each person, read leniently. A file with mistakes still says who is no longer
//! in it, who is suspended, and what was taken away from whom.
//!
//! Nothing here lets a person in. A value that cannot be read is not treated as a missing one: whoever wrote
//! it meant some limit.

use std::path::PathBuf;

use jiff::civil::Date;
use limen_core::credential::{Card, PinHash, SecondFactor};
use limen_core::people::ChallengeRule;
use limen_core::person::{GroupId, PersonId};
use toml::{Table, Value};

use super::kept::GivenDigest;
use super::roster::{KEYS, PERSON, STORED, given_embedding};
use crate::diagnostics::pieces;

/// The value of a key, as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Claimed<T> {
    /// The key is missing.
    #[default]
    Nothing,
    /// The key has this value.
    This(T),
    /// The key is there, but its value cannot be read.
    Unreadable,
}

impl<T> Claimed<T> {
    fn of(value: Option<&Value>, read: impl FnOnce(&Value) -> Option<T>) -> Self {
        match value {
            None => Self::Nothing,
            Some(value) => read(value).map_or(Self::Unreadable, Self::This),
        }
    }
}

/// What one entry of the file says of a person.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Claim {
    /// Whether the person is suspended.
    pub suspended: Claimed<bool>,
    /// The first day.
    pub valid_from: Claimed<Date>,
    /// The last day.
    pub valid_until: Claimed<Date>,
    /// The groups. Those that cannot be read are omitted.
    pub groups: Claimed<Vec<GroupId>>,
    /// Whether the person has more time at the door.
    pub extended_time: Claimed<bool>,
    /// What takes the place of a turn of the head.
    pub challenge: Claimed<ChallengeRule>,
    /// The hash of the PIN.
    pub pin: Claimed<PinHash>,
    /// The hash of the duress PIN.
    pub duress: Claimed<PinHash>,
    /// The person's card.
    pub card: Claimed<Card>,
    /// The second factor that is asked for.
    pub rule: Claimed<SecondFactor>,
    /// The schedules during which it is asked for. Unreadable unless all of them are texts: without one of
    /// them, a limit would be lost.
    pub schedules: Claimed<Vec<String>>,
    /// The photographs that can be read.
    pub photos: Vec<PathBuf>,
    /// The embeddings that can be read.
    pub given: Vec<GivenDigest>,
    /// Whether the store's templates of discarded photographs are used.
    pub stored: bool,
    /// Whether the entry has an unknown key, whose meaning nobody knows.
    pub unknown_key: bool,
}

/// Passes on every entry that names a person, in the order of the file. `None` if the text is no TOML; then
/// what was passed on has no meaning.
pub fn read_claims(text: &str, mut each: impl FnMut(PersonId, Claim)) -> Option<()> {
    // A long file is never in memory as a tree, unless a piece is no TOML by itself.
    let in_pieces = pieces(text, PERSON).try_for_each(|piece| take(&text[piece], &mut each));
    in_pieces.or_else(|| take(text, &mut each))
}

fn take(piece: &str, each: &mut impl FnMut(PersonId, Claim)) -> Option<()> {
    let mut table: Table = toml::from_str(piece).ok()?;
    let people = match table.remove("person") {
        Some(Value::Array(people)) => people,
        Some(one) => vec![one],
        None => Vec::new(),
    };
    for person in people.iter().filter_map(Value::as_table) {
        let id = person.get("id").and_then(Value::as_str).and_then(|id| PersonId::new(id).ok());
        if let Some(id) = id {
            each(id, claim_of(person));
        }
    }
    Some(())
}

fn claim_of(person: &Table) -> Claim {
    let get = |key: &str| person.get(key);
    let hash = |value: &Value| PinHash::parse(value.as_str()?).ok();
    Claim {
        suspended: Claimed::of(get("suspended"), Value::as_bool),
        valid_from: Claimed::of(get("valid-from"), day),
        valid_until: Claimed::of(get("valid-until"), day),
        groups: Claimed::of(get("groups"), groups),
        extended_time: Claimed::of(get("extended-time"), Value::as_bool),
        challenge: Claimed::of(get("challenge"), |said| ChallengeRule::named(said.as_str()?)),
        pin: Claimed::of(get("pin"), hash),
        duress: Claimed::of(get("duress-pin"), hash),
        card: Claimed::of(get("card"), |said| Card::parse(said.as_str()?).ok()),
        rule: Claimed::of(get("second-factor"), rule),
        schedules: Claimed::of(get("second-factor-schedules"), all_texts),
        photos: get("photos").and_then(texts).into_iter().flatten().map(PathBuf::from).collect(),
        given: get("embeddings").and_then(Value::as_array).into_iter().flatten().filter_map(given).collect(),
        stored: get("templates").and_then(Value::as_str) == Some(STORED),
        unknown_key: person.keys().any(|key| !KEYS.contains(&key.as_str())),
    }
}

/// The texts of a list; other values are omitted. One text is a list of one.
fn texts(said: &Value) -> Option<impl Iterator<Item = &str>> {
    let items = match said {
        Value::Array(items) => items.as_slice(),
        Value::String(_) => std::slice::from_ref(said),
        _ => return None,
    };
    Some(items.iter().filter_map(Value::as_str))
}

/// The texts of a list that contains nothing else.
fn all_texts(said: &Value) -> Option<Vec<String>> {
    let items = said.as_array().map_or(1, Vec::len);
    let texts: Vec<String> = texts(said)?.map(str::to_owned).collect();
    (texts.len() == items).then_some(texts)
}

/// The groups that can be read; none if there are only others.
fn groups(said: &Value) -> Option<Vec<GroupId>> {
    let read: Vec<GroupId> = texts(said)?.filter_map(|text| GroupId::new(text).ok()).collect();
    let is_empty = said.as_array().is_some_and(Vec::is_empty);
    (is_empty || !read.is_empty()).then_some(read)
}

fn day(said: &Value) -> Option<Date> {
    let said = said.as_datetime()?;
    let day = said.date.filter(|_| said.time.is_none())?;
    Date::new(i16::try_from(day.year).ok()?, i8::try_from(day.month).ok()?, i8::try_from(day.day).ok()?).ok()
}

fn rule(said: &Value) -> Option<SecondFactor> {
    let name = said.as_str()?;
    SecondFactor::NAMES.iter().find(|(known, _)| *known == name).map(|(_, rule)| *rule)
}

fn given(said: &Value) -> Option<GivenDigest> {
    let (model, embedding) = given_embedding(said.get("model")?.as_str()?, said.get("data")?.as_str()?)?;
    Some(GivenDigest::of(model, &embedding))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(text: &str) -> Option<Vec<(String, Claim)>> {
        let mut claims = Vec::new();
        read_claims(text, |id, claim| claims.push((id.to_string(), claim)))?;
        Some(claims)
    }

    fn claim(lines: &str) -> Claim {
        claims(&format!("[[person]]\nid = \"ada\"\n{lines}\n")).expect("TOML").remove(0).1
    }

    #[test]
    fn a_file_with_mistakes_still_says_who_is_in_it() {
        let text = "[[person]]\nid = \"ada\"\nname = 5\n[[person]]\nid = \"Bob\"\n[[person]]\nname = \"Eve\"\n\
                    [[person]]\nid = \"zoe\"\nsuspended = true\n[[persons]]\nid = \"kim\"\n";
        let claims = claims(text).expect("TOML");
        assert_eq!(claims.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["ada", "zoe"]);
        assert_eq!(claims[1].1.suspended, Claimed::This(true));
    }

    #[test]
    fn a_file_that_is_no_toml_claims_nothing() {
        assert_eq!(claims("garbage"), None);
        assert_eq!(claims("[[person]]\nid = \"ada\"\n[[person]]\nid = \"bob\"\nname = \"Bob\n"), None);
        assert_eq!(claims(""), Some(Vec::new()));
    }

    #[test]
    fn people_are_found_however_toml_writes_them() {
        let inline = "person = [{ id = \"ada\" }, { id = \"bob\", suspended = true }]\n";
        assert_eq!(claims(inline).expect("TOML").len(), 2);
        assert_eq!(claims("[person]\nid = \"ada\"\n").expect("TOML").len(), 1);
        let cut = "[[person]]\nid = \"ada\"\nname = \"\"\"\n[[person]]\nid = \"bob\"\n\"\"\"\n";
        assert_eq!(claims(cut).expect("TOML").len(), 1, "a header in a string is no person");
    }

    #[test]
    fn what_cannot_be_read_is_not_the_same_as_nothing() {
        let said = claim(
            "suspended = \"yes\"\nvalid-until = \"30.06.2027\"\npin = 4711\ncard = \"?\"\ngroups = 5\n\
             second-factor = \"iris\"\nvalid-from = 2027-01-01T00:00:00\n",
        );
        assert_eq!(said.suspended, Claimed::Unreadable);
        assert_eq!((said.valid_from, said.valid_until), (Claimed::Unreadable, Claimed::Unreadable));
        assert_eq!((said.pin, said.card), (Claimed::Unreadable, Claimed::Unreadable));
        assert_eq!((said.groups, said.rule), (Claimed::Unreadable, Claimed::Unreadable));
        for schedules in ["5", "[\"night\", 5]"] {
            let said = claim(&format!("second-factor-schedules = {schedules}"));
            assert_eq!(said.schedules, Claimed::Unreadable, "{schedules}");
        }
        assert!(!said.unknown_key && claim("suspend = true").unknown_key);
        let nothing = claim("");
        assert_eq!((nothing.suspended, nothing.valid_until), (Claimed::Nothing, Claimed::Nothing));
    }

    #[test]
    fn lists_are_read_as_far_as_they_go() {
        assert_eq!(claim("groups = []\n").groups, Claimed::This(Vec::new()));
        assert_eq!(claim("groups = [\"Bad Name\"]\n").groups, Claimed::Unreadable);
        let said =
            claim("groups = [\"office\", 5, \"Bad Name\"]\nphotos = \"a.jpg\"\ntemplates = \"stored\"\n");
        assert_eq!(said.groups, Claimed::This(vec![GroupId::new("office").expect("a group")]));
        assert_eq!((said.photos, said.stored), (vec![PathBuf::from("a.jpg")], true));
    }
}
