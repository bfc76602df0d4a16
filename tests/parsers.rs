//! Every parser against damaged and random input: an answer or an error, never a panic, never a hang.

use std::path::Path;

use limen::clocks;
use limen::config::Settings;
use limen::control::parse_request;
use limen::gallery::lenient::read_claims;
use limen::gallery::{PhotoTemplate, Roster, Store, StoreFile};
use limen_audit::{AuditLog, AuditSettings, SealKey, Sought, verify};
use limen_core::clock::Moment;
use limen_core::embedding::{Embedding, ModelDigest};
use limen_core::event::{Fact, Personal};
use limen_core::people::PhotoDigest;
use limen_core::person::PersonId;
use limen_lab::pairs::parse_pairs;
use limen_vision::frame::{Frame, Orientation, Picture, PixelFormat};
use limen_vision::model::{MANIFEST, Manifest};
use limen_vision::pixels::decode::decode;
use limen_vision::pixels::encode::encode_jpeg;
use limen_vision::pixels::photograph::photograph_from_bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::{Site, project};

/// A change of a file: where (as a share of its length), how many bytes go, and what comes instead.
type Damage = (f64, usize, Vec<u8>);

fn damage() -> impl Strategy<Value = Vec<Damage>> {
    vec((0.0..1.0, 0..12_usize, vec(any::<u8>(), 0..12)), 1..6)
}

fn damaged(bytes: &[u8], damages: &[Damage]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (place, gone, instead) in damages {
        let start = (bytes.len() as f64 * place) as usize;
        let end = (start + gone).min(bytes.len());
        bytes.splice(start..end, instead.iter().copied());
    }
    bytes
}

fn damaged_text(text: &str, damages: &[Damage]) -> String {
    String::from_utf8_lossy(&damaged(text.as_bytes(), damages)).into_owned()
}

fn small_jpeg() -> Vec<u8> {
    encode_jpeg(&Picture::from_fn(64, 48, |x, y| [(x * 4) as u8, (y * 5) as u8, 90])).expect("encoded")
}

fn mjpeg(bytes: Vec<u8>) -> Frame {
    Frame {
        format: PixelFormat::Mjpeg,
        width: 64,
        height: 48,
        stride: 0,
        bytes,
        orientation: Orientation::UPRIGHT,
        taken: Moment::default(),
        sequence: 0,
    }
}

/// Every key of the configuration, uncommented.
fn full_configuration() -> String {
    let text = std::fs::read_to_string(project("config/limen.toml")).expect("shipped");
    text.lines().map(|line| line.strip_prefix("# ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

const GALLERY: &str = "[[person]]\nid = \"ada\"\nname = \"Ada Lovelace\"\nphotos = [\"a.jpg\", \"b/c.png\"]\n\
     valid-from = 2026-07-01\nvalid-until = 2027-06-30\nsuspended = false\n\
     embeddings = [{ model = \"00\", data = \"AAAA\" }]\ncard = \"26:12:3456\"\nsecond-factor = \"pin\"\n\
     second-factor-schedules = [\"night\"]\npin = \"$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA\"\n";

/// A chain with people in it, a seal at its end, and its first key.
fn records() -> &'static (Vec<u8>, Vec<SealKey>) {
    static RECORDS: std::sync::OnceLock<(Vec<u8>, Vec<SealKey>)> = std::sync::OnceLock::new();
    RECORDS.get_or_init(|| {
        let site = Site::empty();
        let mut log =
            AuditLog::open(&AuditSettings::in_folder(site.path("audit")), clocks::now).expect("opens");
        let id = Personal(PersonId::new("ada").expect("an id"));
        let (added, removed) = (vec![id.clone()], vec![id]);
        log.append(
            clocks::now(),
            Fact::GalleryLoaded { people: 1, templates: 1, added, removed, store: None },
        )
        .expect("written");
        log.append(clocks::now(), Fact::Stopped).expect("written");
        let keeper = log.keeper();
        log.close(clocks::now(), keeper).expect("closed");
        let bytes = std::fs::read(site.path("audit/audit.jsonl")).expect("records");
        let keys = verify(bytes.as_slice(), &[]).key.into_iter().collect();
        (bytes, keys)
    })
}

const PEOPLE: [(&str, &[u8]); 3] = [("ada", b"1"), ("ada", b"2"), ("bob", b"1")];

/// Three templates of two people.
fn store() -> Store {
    let mut store = Store::empty(ModelDigest::of(b"model"));
    for (number, (person, photo)) in PEOPLE.into_iter().enumerate() {
        let embedding = Embedding::new([number as f32, 0.5, -1.0]).expect("finite");
        let template = PhotoTemplate { plain: embedding.clone(), mirrored: embedding };
        let person = PersonId::new(person).expect("an id");
        store.insert(person, PhotoDigest::of(photo), template).expect("one length");
    }
    store
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_configuration_is_read_or_refused(damages in damage()) {
        let _ = Settings::parse(&damaged_text(&full_configuration(), &damages), Path::new("limen.toml"));
    }

    #[test]
    fn a_damaged_gallery_is_read_or_refused(damages in damage()) {
        let text = damaged_text(GALLERY, &damages);
        let _ = Roster::parse(&text, Path::new("gallery.toml"));
        let _ = read_claims(&text, |_, _| {});
    }

    #[test]
    fn a_damaged_manifest_is_read_or_refused(damages in damage()) {
        let _ = Manifest::parse(&damaged_text(MANIFEST, &damages));
    }

    #[test]
    fn a_damaged_list_of_pairs_is_read_or_refused(damages in damage()) {
        let list = "10\nAda 1 2\nAda 1 Bob 2\n".repeat(12);
        let _ = parse_pairs(&damaged_text(&list, &damages), Path::new("pairs.txt"));
    }

    #[test]
    fn a_damaged_request_is_answered(damages in damage()) {
        let line = br#"{"v":1,"command":"unlock","seconds":3}"#;
        let _ = parse_request(&damaged(line, &damages));
    }

    #[test]
    fn damaged_records_are_found_or_were_not_changed(damages in damage()) {
        let (whole, keys) = records();
        let bytes = damaged(whole, &damages);
        let report = verify(bytes.as_slice(), keys);
        let cut_short = report.half.is_some() || whole.starts_with(&bytes);
        prop_assert!(!report.is_sound() || cut_short, "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_damaged_photograph_is_read_or_refused(damages in damage()) {
        let _ = photograph_from_bytes(&damaged(&small_jpeg(), &damages), "damaged.jpg");
    }

    #[test]
    fn a_damaged_camera_frame_is_a_picture_of_its_size_or_dropped(damages in damage()) {
        if let Ok(picture) = decode(&mjpeg(damaged(&small_jpeg(), &damages))) {
            prop_assert_eq!((picture.width(), picture.height()), (64, 48));
        }
    }

    #[test]
    fn random_bytes_are_nothing(bytes in vec(any::<u8>(), 0..600)) {
        prop_assert!(photograph_from_bytes(&bytes, "random").is_err());
        prop_assert!(decode(&mjpeg(bytes.clone())).is_err());
        prop_assert!(parse_request(&bytes).is_err());
        prop_assert_eq!(verify(bytes.as_slice(), &[]).records, 0);
        let text = String::from_utf8_lossy(&bytes);
        let _ = Settings::parse(&text, Path::new("limen.toml"));
        let _ = Roster::parse(&text, Path::new("gallery.toml"));
        let _ = (text.parse::<Sought>(), text.parse::<SealKey>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_store_is_refused_or_loses_only_what_was_damaged(damages in damage()) {
        let site = Site::empty();
        let (store_file, store) = (StoreFile::in_state(&site.path(""), None), store());
        store_file.write(&store, None).expect("written");
        let whole = std::fs::read(store_file.file()).expect("read");
        let bytes = damaged(&whole, &damages);
        site.write("templates.limen", &bytes);
        if let Ok(opened) = store_file.open(store.model(), limen_files::Trust::Checked) {
            let opened = opened.expect("there");
            prop_assert!(bytes == whole || !opened.refused.is_empty());
            prop_assert!(bytes != whole || opened.refused.is_empty());
            for (person, photo) in PEOPLE {
                let (person, photo) = (PersonId::new(person).expect("an id"), PhotoDigest::of(photo));
                let found = opened.store.find(&person, &photo);
                prop_assert!(found.is_none() || found == store.find(&person, &photo));
            }
        }
    }

    #[test]
    fn a_damaged_memory_of_the_newest_store_lets_no_other_in(damages in damage()) {
        let site = Site::empty();
        let (store_file, store) = (StoreFile::in_state(&site.path(""), None), store());
        store_file.write(&store, None).expect("written");
        let whole = std::fs::read(site.path("templates.seen")).expect("read");
        site.write("templates.seen", damaged(&whole, &damages));
        let _ = store_file.open(store.model(), limen_files::Trust::Checked);
    }

    #[test]
    fn a_damaged_name_of_the_line_locks_nothing_else(damages in damage()) {
        let site = Site::empty();
        let text = "driver = \"dry-run\"\nchip = \"/dev/gpiochip0\"\npin = 17\nactive = \"high\"\n";
        let file = site.write("door", damaged(text.as_bytes(), &damages));
        let _ = limen::door::statefile::lock_now(&file);
    }
}

/// What the fuzzer begins with, and what it has found: an answer or an error, and what each target promises of it.
#[test]
fn every_seed_of_the_fuzzer_is_answered() {
    for (target, answer) in crate::fuzzed::TARGETS {
        let folder = project("fuzz/corpus").join(target);
        let seeds: Vec<_> = std::fs::read_dir(&folder).expect("a folder of seeds").collect();
        assert!(seeds.len() > 1, "{target} has no seeds");
        for seed in seeds {
            let path = seed.expect("a seed").path();
            // Printed if the target fails.
            println!("{}", path.display());
            answer(&std::fs::read(&path).expect("bytes"));
        }
    }
}
