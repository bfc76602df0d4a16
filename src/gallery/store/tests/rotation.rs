//! A key is replaced by the next one, and a power cut between any two steps loses nothing.

use super::*;

#[test]
fn a_rotated_store_opens_with_the_new_key_alone() {
    let place = StateFolder::with_store();
    let old = fs::read(place.path("store.key")).expect("a key");
    let rotated = place.store_file().rotate().expect("rotated");
    assert_eq!(rotated, Rotated { generation: 2, left: None });
    assert_eq!(place.open().expect("opens").store, store());
    assert!(!place.path("store.key.next").exists());
    place.put("store.key", old, 0o600);
    assert!(matches!(place.open(), Err(StoreError::WrongKey { .. })));
}

#[test]
fn a_power_cut_between_any_two_steps_of_a_rotation_loses_nothing() {
    let place = StateFolder::with_store();
    let store_file = place.store_file();
    // Cut after the first step: the next key is there, the store is the old one.
    let next = store_file.key().prepare(Trust::Checked).expect("prepared");
    assert_eq!(place.open().expect("opens with the old key").store, store());
    // Cut after the second: the store is sealed with the next key, which still has that name.
    let mut bytes = Vec::new();
    sealed::seal(&store(), &next, 2, &mut bytes).expect("sealed");
    place.replace(&bytes);
    assert_eq!(place.open().expect("opens with the next key").store, store());
    store_file.finish_rotation();
    assert!(!place.path("store.key.next").exists());
    assert_eq!(place.open().expect("opens with the new key").store, store());
    // The next rotation begins again, whatever an earlier one left.
    store_file.key().prepare(Trust::Checked).expect("prepared, and cut");
    assert_eq!(store_file.rotate().expect("rotated").left, None);
    assert_eq!(place.open().expect("opens").store, store());
}

#[test]
fn a_given_key_is_rotated_to_the_one_that_lies_beside_it() {
    let place = StateFolder::new();
    let given = place.put("given.key", "07".repeat(32), 0o600);
    let store_file = StoreFile::in_state(place.0.path(), Some(&given));
    store_file.write(&store(), None).expect("written");
    let missing = store_file.rotate().expect_err("no next key").to_string();
    assert!(missing.contains("given.key.next: put the new key there first"), "{missing}");
    place.put("given.key.next", "08".repeat(32), 0o600);
    assert_eq!(store_file.rotate().expect("rotated").left, None);
    assert_eq!(fs::read_to_string(&given).expect("the new key"), "08".repeat(32));
    assert_eq!(store_file.open(model(), Trust::Checked).expect("opens").expect("there").store, store());
}
