//! A card that is full, read-only or hangs: what cannot be recorded is not granted, unless so configured.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use jiff::Timestamp;
use limen::control::{Answer, Request, follow};
use limen_core::policy::AUDIT_PATIENCE;
use limen_vision::frame::PixelFormat;

use super::camera::Feeder;
use super::harness::{
    AT_ONCE, DECISION, LONG, LOOPBACK_CAMERA, NOT_RECORDED, RELAY, Running, UNLOCK, WATCHED, command,
    skipped, within,
};
use crate::support::{Site, nobody, visitor};

/// The guest's disk; not there if the machine cannot make one.
const DISK: &str = "/dev/ubda";
/// After so many frames without a face its track has ended.
const TRACK_ENDS: u64 = 20;

/// Somebody enrolled, and a state folder on a file system of its own; else says that the test is skipped.
fn site_with_disk(test: &str) -> Option<Site> {
    site_with_disk_mounted(test, "defaults")
}

fn site_with_disk_mounted(test: &str, options: &str) -> Option<Site> {
    if !fs::exists(DISK).unwrap_or(false) {
        skipped(test, "the guest has no disk; install e2fsprogs");
        return None;
    }
    let site = Site::with_obama();
    fs::create_dir(site.path("state")).expect("a folder");
    command(&format!("mount -t ext4 -o {options} {DISK} {}", site.path("state").display()));
    site.configure_loopback();
    Some(site)
}

/// As [`site_with_disk`]; a grant that cannot be recorded opens all the same.
fn permissive_site(test: &str, options: &str) -> Option<Site> {
    let site = site_with_disk_mounted(test, options)?;
    let more = "[audit]\non-audit-failure = \"allow-and-alarm\"";
    site.configure(LOOPBACK_CAMERA, more);
    Some(site)
}

/// A file system that takes no record into memory that it could not write.
const NO_DELAY: &str = "nodelalloc";

fn turn_read_only(site: &Site) {
    fs::write("/proc/sysrq-trigger", "u").expect("asked");
    let folder = site.path("state");
    let is_read_only = || {
        let mounts = fs::read_to_string("/proc/mounts").expect("the list");
        let mut ours = mounts.lines().filter(|line| line.contains(&folder.display().to_string()));
        ours.any(|line| line.split(' ').nth(3).is_some_and(|options| options.starts_with("ro")))
    };
    assert!(within(LONG, is_read_only));
}

/// A card that answers no write, until this is dropped.
struct Frozen(PathBuf);

impl Frozen {
    fn now(site: &Site) -> Self {
        command(&format!("fsfreeze -f {}", site.path("state").display()));
        Self(site.path("state"))
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        let _ = Command::new("fsfreeze").arg("-u").arg(&self.0).status();
    }
}

/// Every event of the daemon from now on.
fn events(site: &Site, running: &Running) -> Receiver<Answer> {
    let (sender, events) = channel();
    let socket = site.socket();
    std::thread::spawn(move || follow(&socket, |event| sender.send(event).is_ok()));
    // A reload is an event: the first shows that the daemon tells us.
    assert!(within(LONG, || {
        running.ask(Request::Reload).expect("in force");
        events.recv_timeout(AT_ONCE).is_ok()
    }));
    events
}

/// When the next event of this kind happened.
fn time_of(kind: &str, events: &Receiver<Answer>) -> Timestamp {
    loop {
        let event = events.recv_timeout(LONG).unwrap_or_else(|error| panic!("no {kind}: {error}"));
        if event["event"]["kind"] == kind {
            return event["time"].as_str().and_then(|text| text.parse().ok()).expect("a time");
        }
    }
}

guest_tests! {
    fn a_full_disk_opens_nothing_and_says_so() {
        let site = Site::with_obama();
        let audit = site.path("small");
        fs::create_dir(&audit).expect("a folder");
        command(&format!("mount -t tmpfs -o size=16k,mode=700 small {}", audit.display()));
        let more = format!("[audit]\nfolder = \"{}\"", audit.display());
        site.configure(LOOPBACK_CAMERA, &more);
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        // Whatever is left of the 16 KiB.
        let _ = fs::write(audit.join("filler"), [0; 16384]);
        for _ in 0..60 {
            let _ = running.ask(Request::Reload);
            if running.log().contains("audit file") {
                break;
            }
        }
        feeder.show(&visitor("obama2"));
        assert!(RELAY.stays_low(WATCHED), "{}", running.log());
        assert!(running.log().contains("No space left"), "{}", running.log());
        fs::remove_file(audit.join("filler")).expect("removed");
        feeder.show(&nobody());
        assert!(running.looks_at(TRACK_ENDS));
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION), "with room again: {}", running.log());
        drop(running);
        command(&format!("umount {}", audit.display()));
    }

    fn a_card_that_turns_read_only_opens_nothing_and_opens_again_when_it_can_be_written() {
        let Some(site) = site_with_disk_mounted("disk", NO_DELAY) else { return };
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        turn_read_only(&site);
        feeder.show(&visitor("obama2"));
        assert!(RELAY.stays_low(WATCHED), "{}", running.log());
        assert!(running.log().contains("Read-only file system"), "{}", running.log());
        command(&format!("mount -o remount,rw {}", site.path("state").display()));
        feeder.show(&nobody());
        assert!(running.looks_at(TRACK_ENDS));
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION), "{}", running.log());
        assert!(site.has_record("granted"));
    }

    fn a_card_that_turns_read_only_opens_where_that_is_configured() {
        let Some(site) = permissive_site("disk", NO_DELAY) else { return };
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        turn_read_only(&site);
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION), "{}", running.log());
        feeder.show(&nobody());
        assert!(RELAY.falls(UNLOCK + AT_ONCE), "{}", running.log());
        assert!(running.log().contains(NOT_RECORDED), "{}", running.log());
    }

    fn a_card_that_takes_records_and_cannot_keep_them_opens_nothing_until_it_is_mounted_again() {
        let Some(site) = site_with_disk("disk") else { return };
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let mut running = Running::start(&site);
        let folder = site.path("state");
        command("sync");
        // The kernel's own way to a card that has failed: writes go into memory, syncs say EROFS.
        command(&format!("mount -o remount,abort {}", folder.display()));
        running.ask(Request::Snapshot).expect("a record");
        assert!(within(LONG, || running.log().contains("sync: Read-only file system")), "{}", running.log());
        feeder.show(&visitor("obama2"));
        assert!(RELAY.stays_low(WATCHED), "{}", running.log());
        running.signal(libc::SIGTERM);
        assert!(running.ends(LONG).is_some());
        drop(running);
        command(&format!("umount {0} && mount -t ext4 {DISK} {0}", folder.display()));
        let again = Running::start(&site);
        assert!(RELAY.rises(DECISION), "{}", again.log());
        assert!(site.has_record("gap"));
    }

    fn a_card_that_hangs_holds_nobody_up_and_opens_nothing_until_it_answers() {
        let Some(site) = site_with_disk("disk") else { return };
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        let events = events(&site, &running);
        let frozen = Frozen::now(&site);
        feeder.show(&visitor("obama2"));
        let asked = time_of("granted", &events);
        let refused = time_of("fault", &events);
        let waited = Duration::try_from(refused.duration_since(asked)).expect("later");
        assert!(waited >= AUDIT_PATIENCE && waited < AUDIT_PATIENCE * 10, "{waited:?}");
        assert!(RELAY.stays_low(WATCHED), "{}", running.log());
        assert!(running.ask(Request::Status).is_ok());
        drop(frozen);
        feeder.show(&nobody());
        assert!(running.looks_at(TRACK_ENDS));
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION), "{}", running.log());
        assert!(within(LONG, || site.has_record("fault")));
    }

    fn a_card_that_hangs_opens_where_that_is_configured_and_is_told_later() {
        let Some(site) = permissive_site("disk", "defaults") else { return };
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        let frozen = Frozen::now(&site);
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION), "{}", running.log());
        feeder.show(&nobody());
        assert!(RELAY.falls(UNLOCK + AT_ONCE), "{}", running.log());
        drop(frozen);
        assert!(within(LONG, || site.has_record("fault") && site.has_record("locked")));
    }
}
