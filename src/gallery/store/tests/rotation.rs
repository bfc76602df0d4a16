//! A key is replaced by the next one, and a power cut between any two steps loses nothing.

use super::*;

#[test]
fn a_rotated_store_opens_with_the_new_key_alone() {
    let place = Place::with_store();
    let old = fs::read(place.path("store.key")).expect("a key");
    let rotated = place.vault().rotate().expect("rotated");
    assert_eq!(rotated, Rotated { generation: 2, left: None });
    assert_eq!(place.open().expect("opens").store, store());
    assert!(!place.path("store.key.next").exists());
    place.put("store.key", old, 0o600);
    assert!(matches!(place.open(), Err(StoreError::WrongKey { .. })));
}

#[test]
fn a_power_cut_between_any_two_steps_of_a_rotation_loses_nothing() {
    let place = Place::with_store();
    let vault = place.vault();
    // Cut after the first step: the next key is there, the store is the old one.
    let next = vault.key().prepare(Trust::Checked).expect("prepared");
    assert_eq!(place.open().expect("opens with the old key").store, store());
    // Cut after the second: the store is sealed with the next key, which still has that name.
    let mut bytes = Vec::new();
    sealed::seal(&store(), &next, 2, &mut bytes).expect("sealed");
    place.replace(&bytes);
    assert_eq!(place.open().expect("opens with the next key").store, store());
    vault.finish_rotation();
    assert!(!place.path("store.key.next").exists());
    assert_eq!(place.open().expect("opens with the new key").store, store());
    // The next rotation begins again, whatever an earlier one left.
    vault.key().prepare(Trust::Checked).expect("prepared, and cut");
    assert_eq!(vault.rotate().expect("rotated").left, None);
    assert_eq!(place.open().expect("opens").store, store());
}

#[test]
fn a_given_key_is_rotated_to_the_one_that_lies_beside_it() {
    let place = Place::new();
    let given = place.put("given.key", "07".repeat(32), 0o600);
    let vault = Vault::in_state(place.0.path(), Some(&given));
    vault.write(&store(), None).expect("written");
    let missing = vault.rotate().expect_err("no next key").to_string();
    assert!(missing.contains("given.key.next: put the new key there first"), "{missing}");
    place.put("given.key.next", "08".repeat(32), 0o600);
    assert_eq!(vault.rotate().expect("rotated").left, None);
    assert_eq!(fs::read_to_string(&given).expect("the new key"), "08".repeat(32));
    assert_eq!(vault.open(model(), Trust::Checked).expect("opens").expect("there").store, store());
}
