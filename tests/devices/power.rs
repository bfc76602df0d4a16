//! The power goes in the middle of a write: the guest is killed from outside, and started again on the same disk.
//!
//! Each test has two parts, which `run` knows by their names. The first prints `cut within N` when the power
//! may go at any moment of the next N milliseconds, or is killed as a failure; the second finds what the first
//! printed in the file that `LIMEN_BEFORE` names.

use std::fs;
use std::path::{Path, PathBuf};

use limen::clocks;
use limen::control::Request;
use limen::gallery::Roster;
use limen::gallery::store::{OpenedStore, PhotoTemplate, Store, StoreFile};
use limen_audit::SYNC_INTERVAL;
use limen_core::embedding::{Embedding, ModelDigest};
use limen_core::people::PhotoDigest;
use limen_core::person::PersonId;
use limen_files::Trust;
use limen_vision::frame::PixelFormat;

use super::camera::Feeder;
use super::harness::{DECISION, LONG, RELAY, Running, command, within};
use crate::support::{Site, nobody, photo, visitor};

/// Where the disk is mounted.
const FOLDER: &str = "/run/disk";

/// The site on the disk that survives.
fn site_on_disk() -> Site {
    fs::create_dir(FOLDER).expect("a folder");
    command(&format!("mount -t ext4 /dev/ubda {FOLDER}"));
    Site::at(Path::new(FOLDER))
}

/// Everything so far is on the disk. What is printed from here on begins lines of its own.
fn settled() {
    command("sync");
    println!();
}

/// Told from outside: in the middle of it, or when it is done.
fn cut_in_the_middle() -> bool {
    let round = std::env::var("LIMEN_ROUND").expect("given by `run`");
    round.parse::<u32>().expect("a number") % 2 == 1
}

/// What the first part printed before the power went.
fn before() -> String {
    let file = std::env::var_os("LIMEN_BEFORE").expect("given by `run`");
    String::from_utf8_lossy(&fs::read(PathBuf::from(file)).expect("what was printed")).into_owned()
}

/// The numbers of every whole line `WORD N...`.
fn told(word: &str) -> Vec<Vec<u64>> {
    let text = before();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let numbers = |line: &str| {
        let rest = line.trim().strip_prefix(word)?;
        rest.split_whitespace().map(|n| n.parse().ok()).collect::<Option<Vec<u64>>>()
    };
    whole.lines().filter_map(numbers).collect()
}

/// Until the power goes.
fn wait_for_the_cut() {
    assert!(within(LONG, || false), "the power was not cut");
}

fn id(name: &str) -> PersonId {
    PersonId::new(name).expect("an id")
}

/// A store of so many templates, of the size that a real one has.
fn store_of(templates: u64) -> Store {
    let mut store = Store::empty(ModelDigest([7; 32]));
    for number in 0..templates {
        let one = Embedding::new(vec![number as f32 + 1.0; 128]).expect("finite");
        let template = PhotoTemplate { plain: one.clone(), mirrored: one };
        store.insert(id("joe"), PhotoDigest::of(&number.to_le_bytes()), template).expect("fits");
    }
    store
}

guest_tests! {
    fn before_a_cut_while_somebody_is_enrolled() {
        let site = site_on_disk();
        site.enrol_obama();
        settled();
        let enrolling = std::thread::spawn(|| {
            let source = photo("biden");
            let words = ["enroll", "joe", "--name", "Joe", source.to_str().expect("UTF-8")];
            assert_eq!(Site::at(Path::new(FOLDER)).limen(&words).code, 0);
        });
        if cut_in_the_middle() {
            assert!(within(LONG, || site.path("joe-1.jpg").exists()));
            println!("cut within 40");
        }
        enrolling.join().expect("enrolled");
        println!("enrolled");
        println!("cut within 0");
        wait_for_the_cut();
    }

    fn after_a_cut_while_somebody_is_enrolled() {
        assert!(!RELAY.is_high());
        let site = site_on_disk();
        let roster = Roster::load(&site.path("gallery.toml"), Trust::Checked).expect("the old or the new");
        let known = roster.people.iter().any(|person| person.id == id("joe"));
        assert!(known || told("enrolled").is_empty(), "what was acknowledged is there");
        if known {
            let (kept, source) = (fs::read(site.path("joe-1.jpg")), fs::read(photo("biden")));
            assert_eq!(kept.expect("there"), source.expect("there"), "a photograph that is named is whole");
        } else {
            let source = photo("biden");
            let ran = site.limen(&["enroll", "joe", "--name", "Joe", source.to_str().expect("UTF-8")]);
            assert_eq!(ran.code, 0, "whatever was left is in nobody's way: {}", ran.err);
        }
        site.configure_loopback();
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        assert!(!RELAY.is_high());
        feeder.show(&visitor("biden"));
        assert!(RELAY.rises(DECISION), "{}", running.log());
    }

    fn before_a_cut_while_templates_are_stored() {
        let site = site_on_disk();
        let store_file = StoreFile::in_state(&site.path(""), None);
        store_file.write(&store_of(500), None).expect("written");
        settled();
        println!("cut within 400");
        for templates in 501.. {
            store_file.write(&store_of(templates), None).expect("written");
            println!("stored {templates}");
        }
    }

    fn after_a_cut_while_templates_are_stored() {
        let site = site_on_disk();
        let store_file = StoreFile::in_state(&site.path(""), None);
        let opened = store_file.open(ModelDigest([7; 32]), Trust::Checked).expect("the old or the new");
        let OpenedStore { store, refused, .. } = opened.expect("there");
        assert!(refused.is_empty(), "{refused:?}");
        let least = told("stored").last().map_or(500, |numbers| numbers[0]);
        assert!(store.len() as u64 >= least, "{} of {least}", store.len());
        assert_eq!(store, store_of(store.len() as u64), "as it was written");
    }

    fn before_a_cut_while_records_are_written() {
        let site = site_on_disk();
        site.enrol_obama();
        site.configure_loopback();
        let running = Running::start(&site);
        settled();
        let record = || {
            assert!(running.unlocks(DECISION));
            println!("recorded {} {}", site.records().len(), clocks::moment().since_boot().as_millis());
            running.ask(Request::Lock).expect("locked");
            assert!(RELAY.falls(DECISION));
        };
        record();
        println!("cut within 2500");
        loop {
            record();
        }
    }

    fn after_a_cut_while_records_are_written() {
        assert!(!RELAY.is_high(), "the line is locked from power-up");
        let site = site_on_disk();
        let recorded = told("recorded");
        let cut = recorded.last().expect("it recorded")[1];
        let durable = u64::try_from(SYNC_INTERVAL.as_millis()).expect("a second");
        let old = recorded.iter().filter(|numbers| numbers[1] + durable <= cut);
        let least = old.map(|numbers| numbers[0]).max().unwrap_or(0);
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        let kinds = site.kinds();
        let gap = kinds.iter().position(|kind| kind == "gap").expect("the gap is recorded");
        assert!(gap as u64 >= least, "{gap} of {least} records that were a second old");
        assert!(!RELAY.is_high());
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION), "{}", running.log());
    }
}
