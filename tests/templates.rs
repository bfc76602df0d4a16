//! Templates at rest, from outside: what the daemon and the commands do with store, key and photographs.

use std::fs;

use limen::control::Request;
use limen::gallery::store::OpenedStore;
use limen::gallery::{Store, StoreFile};
use limen_core::event::{Fact, Personal, StoreChange};
use limen_core::people::PhotoDigest;
use limen_core::person::PersonId;
use limen_files::Trust;

use crate::daemon::{Running, of_kind};
use crate::support::{Ran, Site, limen, limen_with, models, nobody, photo, visitor};

fn obama() -> PersonId {
    PersonId::new("obama").expect("an id")
}

fn opened(site: &Site) -> OpenedStore {
    let store_file = StoreFile::in_state(&site.path("state"), None);
    store_file.open(models().digest(), Trust::Checked).expect("opens").expect("a store")
}

fn store_bytes(site: &Site) -> Vec<u8> {
    fs::read(site.path("state/templates.limen")).expect("a store")
}

/// Runs `limen` with a configuration of the site's own.
pub fn configured(site: &Site, arguments: &[&str]) -> Ran {
    let config = site
        .write("limen.toml", "[paths]\nstate = \"state\"\nruntime = \"run\"\n[audit]\nfolder = \"audit\"\n");
    let mut all = vec!["--config".into(), config.into_os_string()];
    all.extend(arguments.iter().map(std::ffi::OsString::from));
    limen(all)
}

/// A site whose daemon has run once.
pub fn enrolled() -> (Site, Store) {
    let site = Site::with_obama();
    Running::start(&site, vec![nobody()], 1).finish();
    let store = opened(&site).store;
    assert_eq!(store.len(), 1);
    (site, store)
}

#[test]
fn a_store_cut_in_half_costs_time_and_nobody() {
    let (site, store) = enrolled();
    let whole = store_bytes(&site);
    for cut in [0, 10, whole.len() / 2, whole.len() - 1] {
        site.write("state/templates.limen", &whole[..cut]);
        // The newest is what is there now, as after a fault of the card.
        let _ = fs::remove_file(site.path("state/templates.seen"));
        fs::remove_dir_all(site.path("audit")).expect("records");
        let running = Running::start(&site, vec![nobody()], 1);
        assert!(matches!(
            running.loaded(),
            Fact::GalleryLoaded { people: 1, templates: 1, store: Some(_), .. }
        ));
        running.finish();
        assert_eq!(opened(&site).store, store, "made again");
    }
}

#[test]
fn with_another_key_nobody_enters_and_nothing_is_lost() {
    let (site, store) = enrolled();
    let (key, before) = (fs::read(site.path("state/store.key")).expect("a key"), store_bytes(&site));
    site.write("state/store.key", "07".repeat(32));
    let running = Running::start(&site, vec![visitor("obama2")], 6);
    let Fact::GalleryRefused { what } = running.loaded() else { panic!("the store is not opened") };
    assert!(what.contains("sealed with another key") && what.contains("Put the right key back"), "{what}");
    assert_eq!(store_bytes(&site), before);
    site.write("state/store.key", key);
    running.ask(Request::Reload).expect("the right key");
    running.finish();
    assert_eq!((opened(&site).store, store_bytes(&site) == before), (store, true));
}

#[test]
fn an_altered_template_is_named_recorded_and_made_again() {
    let (site, store) = enrolled();
    let mut bytes = store_bytes(&site);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    site.write("state/templates.limen", &bytes);
    let running = Running::start(&site, vec![nobody()], 10);
    running.until(|fact| *fact == Fact::TemplateRefused { person: Some(Personal(obama())) });
    assert!(matches!(running.loaded(), Fact::GalleryLoaded { people: 1, .. }));
    let records = running.finish();
    assert_eq!(of_kind(&records, "template-refused")[0]["person"], "obama");
    assert_eq!(opened(&site).store, store);

    // Without the photograph there is nothing to make it from: the person is named, the others enter.
    let ran = configured(&site, &["people", "discard-photographs", "obama"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut bytes = store_bytes(&site);
    bytes[last] ^= 1;
    site.write("state/templates.limen", &bytes);
    let running = Running::start(&site, vec![nobody()], 20);
    assert!(matches!(running.loaded(), Fact::GalleryLoaded { people: 0, .. }));
    let answer = running.ask(Request::Reload).expect("in force");
    let note = answer["notes"][0].as_str().expect("a note");
    assert!(note.contains("person \"obama\": cannot enter: the photographs were discarded"), "{note}");
    running.finish();
}

#[test]
fn an_older_store_put_back_is_refused_until_it_is_accepted() {
    let (site, _) = enrolled();
    let old = store_bytes(&site);
    site.write("gallery.toml", "");
    Running::start(&site, vec![nobody()], 1).finish();
    assert!(opened(&site).store.is_empty());
    site.write("state/templates.limen", &old);
    // Even if what was seen last goes too, the records speak of it.
    fs::remove_file(site.path("state/templates.seen")).expect("removed");
    let running = Running::start(&site, vec![nobody()], 30);
    let Fact::GalleryRefused { what } = running.loaded() else { panic!("an older store") };
    assert!(what.contains("is generation 1, but 2 was in force"), "{what}");
    assert_eq!(store_bytes(&site), old);
    let ran = configured(&site, &["--json", "store", "accept-rollback"]);
    assert_eq!((ran.code, &ran.json()[0]["store"]), (0, &3.into()), "{}", ran.err);
    running.until(|fact| matches!(fact, Fact::GalleryLoaded { .. }));
    let records = running.finish();
    let changed = of_kind(&records, "store-changed");
    assert_eq!((&changed[0]["how"], &changed[0]["store"]), (&"accept-rollback".into(), &3.into()));
}

#[test]
fn the_key_is_rotated_by_the_daemon_and_without_one() {
    let (site, store) = enrolled();
    let first = fs::read(site.path("state/store.key")).expect("a key");
    let ran = configured(&site, &["store", "rotate"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let second = fs::read(site.path("state/store.key")).expect("a key");
    assert_ne!(first, second);

    let running = Running::start(&site, vec![nobody()], 20);
    running.loaded();
    let answer = running.ask(Request::Store { action: StoreChange::Rotate }).expect("rotated");
    assert!(answer["store"].as_u64() > Some(2) && answer["left"].is_null(), "{answer:?}");
    assert_ne!(fs::read(site.path("state/store.key")).expect("a key"), second);
    let records = running.finish();
    assert_eq!(of_kind(&records, "store-changed").len(), 2);
    assert_eq!(opened(&site).store, store);
    let shown = configured(&site, &["store"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.contains("1 templates") && shown.err.contains("lies beside the templates"));
}

#[test]
fn discarded_photographs_are_gone_and_the_person_still_enters() {
    let site = Site::with_obama();
    let early = configured(&site, &["people", "discard-photographs", "obama"]);
    assert_eq!(early.code, 2);
    assert!(early.err.contains("is not in the store yet"), "{}", early.err);
    assert!(site.path("obama.jpg").exists());

    let running = Running::start(&site, vec![nobody()], 40);
    running.loaded();
    let ran = configured(&site, &["people", "discard-photographs", "obama"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("obama stays enrolled; deleted: obama.jpg"), "{}", ran.out);
    assert!(!site.path("obama.jpg").exists());
    running.finish();
    let text = fs::read_to_string(site.path("gallery.toml")).expect("text");
    assert!(text.contains("templates = \"stored\"") && !text.contains("photos"), "{text}");

    let records = Running::start(&site, vec![visitor("obama2")], 4).finish();
    assert_eq!(of_kind(&records, "granted").len(), 1, "{records:#?}");
}

#[test]
fn enrolling_can_discard_the_photographs_at_once() {
    let site = Site::empty();
    let source = photo("obama");
    let words = ["enroll", "bo", "--name", "Bo", "--discard-photographs", source.to_str().expect("UTF-8")];
    let without = configured(&site, &words);
    assert_eq!(without.code, 2);
    assert!(without.err.contains("needs the running daemon"), "{}", without.err);

    let running = Running::start(&site, vec![nobody()], 100);
    running.loaded();
    let ran = configured(&site, &words);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("deleted again: bo-1.jpg") && ran.err.contains("left: copies elsewhere"));
    assert!(!site.path("bo-1.jpg").exists() && source.exists());
    assert_eq!(running.ask(Request::Status).expect("an answer")["people"], 1);
    running.finish();
    let opened = opened(&site);
    let digest = PhotoDigest::of(&fs::read(source).expect("committed"));
    assert!(opened.store.find(&PersonId::new("bo").expect("an id"), &digest).is_some());
}

#[test]
fn a_person_is_removed_with_every_trace_and_what_is_left_is_said() {
    let (site, _) = enrolled();
    let ran = configured(&site, &["--json", "people", "remove", "obama", "--photographs"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let said = &ran.json()[0];
    assert_eq!((&said["templates"], &said["photographs"]), (&1.into(), &serde_json::json!(["obama.jpg"])));
    assert!(said["records"].as_u64() >= Some(1) && said["left"].to_string().contains("backups"), "{said}");
    assert!(opened(&site).store.is_empty() && !site.path("obama.jpg").exists());
    let mut folders = vec![site.path("")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).expect("a file");
                assert!(!bytes.windows(5).any(|window| window == b"obama"), "{}", path.display());
            }
        }
    }
}

#[test]
fn a_removal_that_was_left_half_done_is_made_again_until_nothing_is_found() {
    let (site, _) = enrolled();
    // The entry is out, and a daemon that was killed has left its socket.
    site.write("gallery.toml", "");
    fs::create_dir_all(site.path("run")).expect("made");
    drop(std::os::unix::net::UnixListener::bind(site.path("run/control.sock")).expect("listening"));
    let again = || configured(&site, &["--json", "people", "remove", "obama"]);
    let ran = again();
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.json()[0]["templates"], 1, "{}", ran.out);
    assert!(ran.json()[0]["left"].to_string().contains("look for obama-*.jpg"), "{}", ran.out);
    assert!(opened(&site).store.is_empty());
    let ran = again();
    assert!(ran.code == 2 && ran.err.contains("\"obama\" is not in the gallery file"), "{}", ran.err);
}

#[test]
fn photographs_that_stay_are_named() {
    let (site, _) = enrolled();
    let ran = configured(&site, &["people", "remove", "obama"]);
    assert!(ran.out.contains("left: the photographs obama.jpg (--photographs deletes"), "{}", ran.out);
    assert!(site.path("obama.jpg").exists());
}

#[test]
fn check_notes_a_photograph_that_would_be_refused_today_and_its_template_stays_in_force() {
    let (site, _) = enrolled();
    assert!(!configured(&site, &["check", "--without-devices"]).out.contains("photographs"));
    let config = site.path("limen.toml");
    let stricter =
        fs::read_to_string(&config).expect("there") + "[recognition.quality]\nmin-sharpness = 50.0\n";
    site.write("limen.toml", stricter);
    let ran = limen(["--config", config.to_str().expect("UTF-8"), "check", "--without-devices"]);
    assert_eq!(ran.code, 0, "a note is no problem: {}", ran.out);
    assert!(ran.out.contains("1 people, 1 templates"), "{}", ran.out);
    let noted = ran.out.lines().find(|line| line.starts_with("note") && line.contains("photographs"));
    let noted = noted.unwrap_or_else(|| panic!("{}", ran.out));
    assert!(
        noted.contains("obama.jpg of \"obama\" would be refused today") && noted.contains("blurred"),
        "{noted}"
    );
}

#[test]
fn check_names_a_store_that_it_cannot_open() {
    let (site, _) = enrolled();
    let ran = configured(&site, &["check", "--without-devices"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("the key lies beside the templates"), "{}", ran.out);
    site.write("state/store.key", "07".repeat(32));
    let ran = configured(&site, &["check", "--without-devices"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("sealed with another key"), "{}", ran.out);
}

/// Runs `limen` as the service that was given these credentials.
fn with_credentials(site: &Site, arguments: &[&str]) -> Ran {
    limen_with(
        &[("CREDENTIALS_DIRECTORY", site.path("credentials"))],
        ["--config".into(), site.path("limen.toml").into_os_string()]
            .into_iter()
            .chain(arguments.iter().map(std::ffi::OsString::from)),
    )
}

#[test]
fn a_credential_opens_the_store_and_is_rotated_by_giving_both() {
    let (site, store) = enrolled();
    let key = fs::read(site.path("state/store.key")).expect("a key");
    fs::remove_file(site.path("state/store.key")).expect("moved");
    let without = configured(&site, &["store"]);
    assert_eq!(without.code, 3);
    assert!(without.err.contains("there is no key to it"), "{}", without.err);

    fs::create_dir(site.path("credentials")).expect("a folder");
    site.write("credentials/store-key", key);
    let shown = with_credentials(&site, &["--json", "store"]);
    assert_eq!((shown.code, &shown.json()[0]["key_kind"]), (0, &"credential".into()), "{}", shown.err);
    let early = with_credentials(&site, &["store", "rotate"]);
    assert!(early.err.contains("no systemd credential \"store-key.next\""), "{}", early.err);

    let next = "07".repeat(32);
    site.write("credentials/store-key.next", &next);
    let rotated = with_credentials(&site, &["store", "rotate"]);
    assert_eq!(rotated.code, 0, "{}", rotated.err);
    assert!(rotated.err.contains("give the service that key as store-key"), "{}", rotated.err);
    assert_eq!(with_credentials(&site, &["store"]).code, 0, "both are read until then");
    fs::remove_file(site.path("credentials/store-key.next")).expect("taken out");
    assert!(with_credentials(&site, &["store"]).err.contains("sealed with another key"));
    site.write("credentials/store-key", &next);
    assert_eq!(with_credentials(&site, &["store"]).code, 0);
    site.write("state/store.key", next);
    assert_eq!(opened(&site).store, store);
}
