//! The last good gallery is used only if it is the newest and unaltered.

use limen_core::credential::{Card, PinHash, SecondFactor};
use limen_core::people::PhotoDigest;
use limen_core::people::{ChallengeRule, Means, Standing};
use limen_core::person::{GroupId, PersonName};

use super::*;
use crate::gallery::kept::{Kept, KeptPerson};

fn person(who: &str) -> KeptPerson {
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let means = Means {
        pin: PinHash::parse(hash).ok(),
        duress: None,
        card: Some(Card::wiegand26(12, 3456)),
        rule: Some(SecondFactor::PinOrCard),
        schedules: vec!["night".to_owned()],
    };
    let standing = Standing {
        suspended: who == "zoe",
        valid_from: None,
        valid_until: "2027-06-30".parse().ok(),
        groups: vec![GroupId::new("office").expect("a group")],
        extended_time: true,
        challenge: if who == "zoe" { ChallengeRule::Pin } else { ChallengeRule::Turn },
        means: means.into(),
    };
    KeptPerson {
        id: id(who),
        name: PersonName::new("Zoë O'Neill").expect("a name"),
        standing,
        photos: vec![("a/1.jpg".into(), PhotoDigest::of(b"1"))],
        given: Vec::new(),
        stored: false,
    }
}

fn kept(names: &[&str]) -> Kept {
    Kept { people: names.iter().map(|name| person(name)).collect() }
}

/// A state folder with a store and a gallery beside it.
fn place() -> StateFolder {
    let place = StateFolder::with_store();
    keep(&place, &["ada", "bob"]);
    place
}

fn keep(place: &StateFolder, names: &[&str]) {
    let opened = place.open().expect("a store");
    place.store_file().keep_gallery(&kept(names), Some(&opened), opened.generation).expect("written");
}

fn found(place: &StateFolder) -> Result<Option<Kept>, StoreError> {
    place.store_file().kept_gallery(&place.open().expect("a store"))
}

fn names(place: &StateFolder) -> Vec<String> {
    let kept = found(place).expect("usable").expect("kept");
    kept.people.iter().map(|person| person.id.to_string()).collect()
}

#[test]
fn a_gallery_comes_back_as_it_was_kept_and_only_its_owner_may_read_it() {
    let place = place();
    assert_eq!(found(&place).expect("usable"), Some(kept(&["ada", "bob"])));
    let many: Vec<String> = (0..2500).map(|n| format!("p{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    keep(&place, &many);
    assert_eq!(found(&place).expect("usable"), Some(kept(&many)));
    assert_eq!(fs::metadata(place.path(KEPT_NAME)).expect("there").mode() & 0o7777, 0o600);
    let (gallery, without) = kept(&["ada", "eve"]).gallery(&store());
    assert_eq!((gallery.people().len(), without), (1, vec![id("eve")]), "templates are in the store");
}

#[test]
fn nothing_is_written_where_nothing_changed() {
    let place = place();
    let before = fs::read(place.path(KEPT_NAME)).expect("kept");
    keep(&place, &["ada", "bob"]);
    assert_eq!(fs::read(place.path(KEPT_NAME)).expect("kept"), before);
    keep(&place, &["bob"]);
    assert_ne!(fs::read(place.path(KEPT_NAME)).expect("kept"), before);
}

#[test]
fn an_older_one_put_back_or_one_of_another_store_is_refused() {
    let place = place();
    let old = fs::read(place.path(KEPT_NAME)).expect("kept");
    keep(&place, &["bob"]);
    place.put(KEPT_NAME, &old, 0o600);
    assert!(matches!(found(&place), Err(StoreError::KeptOlder(_))));
    keep(&place, &["bob"]);
    let opened = place.open().expect("a store");
    place.store_file().write(&store(), Some(&opened)).expect("written");
    assert!(matches!(found(&place), Err(StoreError::KeptOlder(_))), "the store was written since");
}

#[test]
fn a_copy_put_back_after_it_was_taken_away_is_refused() {
    let place = place();
    let copy = fs::read(place.path(KEPT_NAME)).expect("kept");
    place.store_file().drop_gallery();
    place.put(KEPT_NAME, &copy, 0o600);
    assert!(matches!(found(&place), Err(StoreError::KeptOlder(_))));
}

#[test]
fn every_altered_byte_and_every_cut_refuses_it() {
    let place = place();
    let whole = fs::read(place.path(KEPT_NAME)).expect("kept");
    for at in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        place.put(KEPT_NAME, &bytes, 0o600);
        assert!(found(&place).is_err(), "byte {at}");
        place.put(KEPT_NAME, &whole[..at], 0o600);
        assert!(found(&place).is_err(), "cut at {at}");
    }
    place.put(KEPT_NAME, [&whole[..], b"x"].concat(), 0o600);
    assert!(found(&place).is_err());
}

#[test]
fn a_person_who_is_forgotten_is_in_it_no_longer() {
    let place = place();
    assert_eq!(place.store_file().forget(&id("ada")).expect("forgotten"), 2);
    assert_eq!(names(&place), ["bob"]);
    // Eve has no template, and is kept too.
    keep(&place, &["bob", "eve"]);
    assert_eq!(place.store_file().forget(&id("eve")).expect("forgotten"), 0);
    assert_eq!(names(&place), ["bob"]);
}

#[test]
fn another_key_and_an_accepted_store_keep_it() {
    let place = place();
    place.store_file().rotate().expect("rotated");
    assert_eq!(names(&place), ["ada", "bob"]);
    place.store_file().accept_rollback().expect("accepted");
    assert_eq!(names(&place), ["ada", "bob"]);
}

#[test]
fn what_is_taken_away_from_it_stays_away() {
    let place = place();
    let less = |mut kept: Kept| {
        kept.people.remove(0);
        Some(kept)
    };
    place.store_file().narrow_gallery(less).expect("narrowed");
    assert_eq!(names(&place), ["bob"]);
    assert!(place.store_file().narrow_gallery(|_| None).is_err());
    assert_eq!(found(&place).expect("usable"), None, "better none than one that lets in too many");
}
