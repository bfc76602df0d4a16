//! What a store refuses, and that no step of a rotation loses it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use limen_core::embedding::{Embedding, ModelDigest};
use limen_core::people::PhotoDigest;
use limen_core::person::PersonId;
use limen_core::secret::KeyBytes;
use limen_files::Trust;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::sealed::{HEAD, KeyId, MAGIC};
use super::*;

mod last_good;
mod rotation;

fn id(text: &str) -> PersonId {
    PersonId::new(text).expect("an id")
}

fn model() -> ModelDigest {
    ModelDigest::of(b"model")
}

fn template(seed: f32) -> PhotoTemplate {
    let embedding = |v: f32| Embedding::new([v, v + 0.5, -v]).expect("finite");
    PhotoTemplate { plain: embedding(seed), mirrored: embedding(seed + 1.0) }
}

fn store() -> Store {
    let mut store = Store::empty(model());
    for (person, photo, seed) in [("ada", "1", 0.1), ("ada", "2", 0.2), ("bob", "1", 0.3)] {
        store.insert(id(person), PhotoDigest::of(photo.as_bytes()), template(seed)).expect("same length");
    }
    store
}

/// A state folder.
struct StateFolder(TempDir);

impl StateFolder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// A state folder with a store in it.
    fn with_store() -> Self {
        let place = Self::new();
        place.store_file().write(&store(), None).expect("written");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, contents: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, contents).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("ours");
        path
    }

    fn store_file(&self) -> StoreFile {
        StoreFile::in_state(self.0.path(), None)
    }

    fn open(&self) -> Result<OpenedStore, StoreError> {
        self.store_file().open(model(), Trust::Checked).map(|opened| opened.expect("a store"))
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.store_file().file()).expect("a store")
    }

    fn replace(&self, bytes: &[u8]) {
        fs::write(self.store_file().file(), bytes).expect("written");
    }

    fn error(&self) -> String {
        self.open().expect_err("refused").to_string().replace(&self.0.path().display().to_string(), "state")
    }

    /// The people with an altered record, and the number of records that remain.
    fn altered(&self) -> (Vec<String>, usize) {
        let opened = self.open().expect("the head is authentic");
        let named = opened.refused.iter().map(|error| match error {
            StoreError::Altered { person, .. } => person.to_string(),
            other => other.to_string(),
        });
        (named.collect(), opened.store.len())
    }
}

/// The three records of [`store`], in order.
fn records(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes[HEAD..].chunks((bytes.len() - HEAD) / 3).map(<[u8]>::to_vec).collect()
}

fn with_records(bytes: &[u8], records: &[&[u8]]) -> Vec<u8> {
    [&bytes[..HEAD], &records.concat()].concat()
}

#[test]
fn a_store_reads_what_it_wrote_and_only_its_owner_may() {
    let place = StateFolder::with_store();
    let read = place.open().expect("read");
    assert_eq!((&read.store, read.generation, read.is_sound()), (&store(), 1, true));
    assert_eq!(read.store.find(&id("bob"), &PhotoDigest::of(b"1")), Some(&template(0.3)));
    assert_eq!(read.store.find(&id("bob"), &PhotoDigest::of(b"2")), None);
    for name in [STORE_NAME, "store.key", "templates.seen"] {
        assert_eq!(fs::metadata(place.path(name)).expect("there").mode() & 0o7777, 0o600, "{name}");
    }
    assert_eq!(place.store_file().write(&store(), Some(&read)).expect("written"), 2);
}

#[test]
fn a_store_too_large_to_be_held_twice_is_opened_whole() {
    let place = StateFolder::new();
    let mut large = Store::empty(model());
    for number in 0..2100 {
        let photo = PhotoDigest::of(&[0]);
        large.insert(id(&format!("person-{number}")), photo, template(number as f32)).expect("same length");
    }
    place.store_file().write(&large, None).expect("written");
    let read = place.open().expect("read");
    assert!(read.is_sound() && read.store == large);
    let bytes = place.bytes();
    let record = (bytes.len() - HEAD) / 2100;
    place.replace(&bytes[..HEAD + 1500 * record + 7]);
    let cut = place.open().expect("the head is authentic");
    assert_eq!((cut.store.len(), cut.refused.len()), (1500, 1));
    assert!(cut.refused[0].to_string().contains("600"), "{}", cut.refused[0]);
}

#[test]
fn nothing_of_a_template_or_a_photograph_can_be_read_without_the_key() {
    let place = StateFolder::with_store();
    let bytes = place.bytes();
    let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(!has(&0.3f32.to_le_bytes()) && !has(&PhotoDigest::of(b"1").0));
    place.store_file().write(&store(), Some(&place.open().expect("read"))).expect("written");
    let again = place.bytes();
    assert!(records(&bytes).iter().zip(records(&again)).all(|(one, other)| one[97..] != other[97..]));
}

#[test]
fn another_key_is_named_with_the_remedy_and_nothing_is_overwritten() {
    let place = StateFolder::with_store();
    let before = place.bytes();
    place.put("store.key", limen_files::keys::random_key().expect("random").text(), 0o600);
    let error = place.open().expect_err("refused");
    assert!(!error.may_be_replaced());
    let shown = place.error();
    assert!(
        shown.starts_with("state/templates.limen: is sealed with another key than that of state/store.key"),
        "{shown}"
    );
    assert!(shown.contains("Put the right key back"), "{shown}");
    assert!(matches!(place.store_file().rotate(), Err(StoreError::WrongKey { .. })));
    assert!(matches!(place.store_file().forget(&id("ada")), Err(StoreError::WrongKey { .. })));
    fs::remove_file(place.path("store.key")).expect("removed");
    assert!(place.error().contains("there is no key to it in state/store.key"), "{}", place.error());
    assert_eq!(place.bytes(), before);
}

#[test]
fn a_key_that_others_may_read_is_refused_and_so_is_one_of_another_length() {
    let place = StateFolder::with_store();
    fs::set_permissions(place.path("store.key"), fs::Permissions::from_mode(0o640)).expect("ours");
    assert!(place.error().contains("can be read by others (mode 0640)"), "{}", place.error());
    assert!(place.error().ends_with("chmod 600 state/store.key"), "{}", place.error());
    for wrong in ["07".repeat(31), "07".repeat(33), String::new()] {
        place.put("store.key", wrong, 0o600);
        assert!(place.error().starts_with("state/store.key: holds no key; write 64"), "{}", place.error());
    }
}

#[test]
fn a_key_can_be_given_and_is_never_made_in_its_place() {
    let place = StateFolder::new();
    let given = place.path("given.key");
    let store_file = StoreFile::in_state(place.0.path(), Some(&given));
    assert!(matches!(store_file.write(&store(), None), Err(StoreError::NoKey { .. })));
    place.put("given.key", "07".repeat(32), 0o600);
    store_file.write(&store(), None).expect("sealed with the key that was given");
    assert!(!place.path("store.key").exists());
    assert_eq!(store_file.open(model(), Trust::Checked).expect("opens").expect("there").store, store());
}

#[test]
fn swapped_repeated_and_foreign_records_are_refused_by_name() {
    let place = StateFolder::with_store();
    let bytes = place.bytes();
    let r = records(&bytes);
    place.replace(&with_records(&bytes, &[&r[2], &r[1], &r[0]]));
    assert_eq!(place.altered(), (vec!["bob".to_owned(), "ada".to_owned()], 1));
    place.replace(&with_records(&bytes, &[&r[0], &r[0], &r[2]]));
    assert_eq!(place.altered(), (vec!["ada".to_owned()], 2));
    // Bob's face under Ada's name: only the sealed parts are exchanged.
    let forged = [&r[0][..65], &r[2][65..]].concat();
    place.replace(&with_records(&bytes, &[&forged, &r[1], &r[2]]));
    assert_eq!(place.altered(), (vec!["ada".to_owned()], 2));
}

#[test]
fn a_record_of_another_model_or_an_older_store_does_not_pass_for_a_new_one() {
    let place = StateFolder::with_store();
    let old = place.bytes();
    let other = Store::empty(model()).with_model(ModelDigest::of(b"another"));
    assert!(
        place
            .store_file()
            .open(other.model(), Trust::Checked)
            .expect("opens")
            .expect("there")
            .store
            .is_empty()
    );
    let mut bytes = old.clone();
    bytes[HEAD + 65..HEAD + 97].copy_from_slice(&other.model().0);
    place.replace(&bytes);
    assert_eq!(place.altered(), (vec!["ada".to_owned()], 2));

    place.replace(&old);
    let before = place.open().expect("read");
    place.store_file().write(&store(), Some(&before)).expect("written");
    let new = place.bytes();
    let (old, fresh) = (records(&old), records(&new));
    place.replace(&with_records(&new, &[&fresh[0], &fresh[1], &old[2]]));
    assert_eq!(place.altered(), (vec!["bob".to_owned()], 2));
}

#[test]
fn a_store_cut_anywhere_loses_only_what_was_cut() {
    let place = StateFolder::with_store();
    let bytes = place.bytes();
    let size = (bytes.len() - HEAD) / 3;
    for length in 0..bytes.len() {
        place.replace(&bytes[..length]);
        if length < HEAD {
            assert!(matches!(place.open(), Err(StoreError::HalfWritten(_))), "cut at {length}");
        } else {
            let opened = place.open().expect("the head is authentic");
            assert_eq!(opened.store.len(), (length - HEAD) / size, "cut at {length}");
            assert!(matches!(opened.refused[..], [StoreError::CutShort { .. }]), "cut at {length}");
        }
    }
    place.replace(&[bytes.as_slice(), b"x"].concat());
    let opened = place.open().expect("the head is authentic");
    assert!(matches!(opened.refused[..], [StoreError::Excess(_)]));
    assert_eq!(opened.store, store());
}

#[test]
fn an_older_store_is_refused_until_somebody_says_that_it_is_meant() {
    let place = StateFolder::with_store();
    let old = place.bytes();
    let gone = place.store_file().forget(&id("ada")).expect("forgotten");
    assert_eq!(gone, 2);
    place.replace(&old);
    assert!(place.error().contains("is generation 1, but 2 was in force"), "{}", place.error());
    assert!(place.error().ends_with("limen store accept-rollback"), "{}", place.error());
    assert_eq!(place.store_file().accept_rollback().expect("meant"), 3);
    assert_eq!(place.open().expect("in force").store, store());
}

#[test]
fn the_records_remember_a_generation_that_the_folder_forgot() {
    let place = StateFolder::with_store();
    fs::remove_file(place.path("templates.seen")).expect("forgotten");
    let mut store_file = place.store_file();
    assert!(store_file.open(model(), Trust::Checked).is_ok());
    store_file.expect(7);
    assert!(matches!(store_file.open(model(), Trust::Checked), Err(StoreError::Rollback { seen: 7, .. })));
    assert_eq!(store_file.accept_rollback().expect("meant"), 8);
    place.put("templates.seen", "generation = \"many\"", 0o600);
    assert!(place.error().contains("templates.seen: is not what this program wrote"), "{}", place.error());
}

#[test]
fn an_older_model_of_the_same_name_is_refused_and_another_name_is_not() {
    let place = StateFolder::with_store();
    let of = |name: &str, version| ModelVersion { name: name.to_owned(), version };
    let store_file = place.store_file();
    store_file.remember(&of("mine", 3), 1).expect("remembered");
    assert!(store_file.check_model(&of("mine", 3)).is_ok() && store_file.check_model(&of("mine", 4)).is_ok());
    assert!(store_file.check_model(&of("other", 1)).is_ok());
    let error = store_file.check_model(&of("mine", 2)).expect_err("older").to_string();
    assert!(error.starts_with("model mine has version 2, but 3 was in force"), "{error}");
    store_file.accept_rollback().expect("meant");
    assert!(store_file.check_model(&of("mine", 2)).is_ok());
}

/// A store of format 1, as earlier versions wrote it.
fn plain_store() -> Vec<u8> {
    let mut body = Vec::new();
    for (person, (_, photo), template) in store().entries() {
        body.push(person.as_str().len() as u8);
        body.extend_from_slice(person.as_str().as_bytes());
        body.extend_from_slice(&photo.0);
        for value in template.plain.values().iter().chain(template.mirrored.values()) {
            body.extend_from_slice(&value.to_le_bytes());
        }
    }
    let length = (8 + 4 + 8 + 32 + 4 + 4 + body.len() + 32) as u64;
    let head = [MAGIC.as_slice(), &1u32.to_le_bytes(), &length.to_le_bytes(), &model().0];
    let counts = [3u32.to_le_bytes(), 3u32.to_le_bytes()].concat();
    let bytes = [head.concat(), counts, body].concat();
    let sum = Sha256::digest(&bytes);
    [bytes.as_slice(), sum.as_slice()].concat()
}

#[test]
fn a_store_of_format_1_is_read_once_and_never_again() {
    let place = StateFolder::new();
    place.replace(&plain_store());
    let opened = place.open().expect("read");
    assert_eq!((&opened.store, opened.generation, opened.is_sound()), (&store(), 0, false));
    place.store_file().write(&opened.store, Some(&opened)).expect("sealed");
    assert!(place.open().expect("read").is_sound());
    // Anybody can write format 1: it does not replace a sealed store, whatever is accepted.
    place.replace(&plain_store());
    assert!(matches!(place.open(), Err(StoreError::NotSealed(_))));
    assert!(matches!(place.store_file().accept_rollback(), Err(StoreError::NotSealed(_))));
    fs::remove_file(place.path("store.key")).expect("removed");
    assert!(matches!(place.open(), Err(StoreError::Rollback { found: 0, seen: 1, .. })));
}

#[test]
fn a_plain_store_that_is_cut_or_changed_is_not_read() {
    let whole = plain_store();
    for at in 12..whole.len() {
        let file = Path::new("templates.limen");
        assert!(plain::decode(&whole[..at], file).is_err(), "cut at {at}");
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        assert!(plain::decode(&bytes, file).is_err(), "changed at {at}");
    }
}

#[test]
fn another_version_and_another_file_are_named() {
    let place = StateFolder::with_store();
    let mut bytes = place.bytes();
    bytes[8] = 9;
    place.replace(&bytes);
    assert!(place.error().starts_with("state/templates.limen: has format 9"), "{}", place.error());
    place.replace(b"PK\x03\x04 an archive");
    assert!(matches!(place.open(), Err(StoreError::NotAStore(_))));
}

#[test]
fn templates_of_different_length_do_not_mix_but_models_may_differ() {
    let short = Embedding::new([1.0]).expect("finite");
    let odd = PhotoTemplate { plain: short.clone(), mirrored: short };
    let mut mixed = store();
    let result = mixed.insert(id("eve"), PhotoDigest::of(b"3"), odd.clone());
    assert!(matches!(result, Err(StoreError::OtherLength)));
    let mut mixed = mixed.with_model(ModelDigest::of(b"another"));
    mixed.insert(id("ada"), PhotoDigest::of(b"1"), odd).expect("another model");
    let place = StateFolder::new();
    place.store_file().write(&mixed, None).expect("written");
    let read = place.open().expect("read").store;
    assert_eq!(read, mixed.with_model(model()));
    assert_eq!(read.other_models(&id("ada")), [ModelDigest::of(b"another")]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_byte_altered_anywhere_is_refused_and_only_what_it_stood_in(at in 0.0..1.0, by in 1u8..) {
        let key = KeyBytes::parse("07".repeat(32).as_bytes()).expect("a key");
        let file = Path::new("templates.limen");
        let mut bytes = Vec::new();
        sealed::seal(&store(), &key, 5, &mut bytes).expect("sealed");
        let at = (bytes.len() as f64 * at) as usize;
        bytes[at] ^= by;
        let named = sealed::read_head(&bytes, file).is_ok_and(|head| head.key == KeyId::of(&key));
        match sealed::unseal(bytes, &key, model(), file) {
            Err(_) => prop_assert!(at < HEAD),
            Ok(unsealed) => {
                prop_assert!(at >= HEAD && named);
                prop_assert_eq!((unsealed.store.len(), unsealed.refused.len()), (2, 1));
            }
        }
    }
}
