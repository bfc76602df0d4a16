//! The daemon on a disk that is full when it starts: locked, answering, and whole again when there is room.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use limen::control::Request;
use limen_audit::{AuditSettings, newest_records};
use limen_core::event::Mode;

use crate::daemon::{Running, of_kind};
use crate::support::{Site, nobody};

/// A file system of 256 KiB for the records; unmounted when dropped.
struct Small(PathBuf);

impl Small {
    /// Where this machine lets us mount one; else says that the test is skipped.
    fn mount(test: &str, folder: &Path) -> Option<Self> {
        fs::create_dir(folder).expect("a folder");
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=256k,mode=700", "small"]).arg(folder).stderr(Stdio::null());
        if command.status().is_ok_and(|status| status.success()) {
            return Some(Self(folder.to_owned()));
        }
        // Not by eprintln!, which the test harness swallows.
        let _ = writeln!(std::io::stderr(), "skipped: {test}: no file system may be mounted here");
        None
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    fn fill(&self) {
        fs::write(self.filler(), [0; 512 << 10]).expect_err("larger than the disk");
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// The records, as soon as what is wanted holds.
fn records(folder: &Path, wanted: impl Fn(&[serde_json::Value]) -> bool) -> Vec<serde_json::Value> {
    let settings = AuditSettings::in_folder(folder);
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let found = newest_records(&settings, 1000).expect("readable");
        let facts: Vec<_> = found.into_iter().map(|record| record.fact).collect();
        if wanted(&facts) {
            return facts;
        }
        assert!(Instant::now() < deadline, "{facts:#?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_daemon_that_starts_on_a_full_disk_is_locked_and_answers() {
    let site = Site::with_obama();
    let folder = site.path("audit");
    let Some(small) = Small::mount("full disk", &folder) else { return };
    Running::start(&site, vec![nobody()], 1).finish();
    small.fill();
    let running = Running::start(&site, vec![nobody(); 12], 12);
    running.loaded();
    let status = running.ask(Request::Status).expect("answered");
    assert_eq!(status["state"], "locked");
    // The last block of the file has room for some more.
    for mode in [Mode::LockDown, Mode::Normal].into_iter().cycle().take(30) {
        let _ = running.ask(Request::Mode { mode: Some(mode) });
    }
    records(&folder, |_| !folder.join("reserve").exists());
    fs::remove_file(small.filler()).expect("removed");
    let gaps = |facts: &[serde_json::Value]| !of_kind(facts, "gap").is_empty();
    let facts = records(&folder, gaps);
    let gap = of_kind(&facts, "gap")[0]["what"].as_str().expect("a text");
    assert!(gap.contains("records were not written from"), "{gap}");
    assert_eq!(of_kind(&facts, "started").len(), 2, "what begins is recorded all the same");
    assert!(folder.join("reserve").exists(), "it is made again");
    let facts = running.finish();
    assert_eq!(facts.last().expect("records")["kind"], "sealed");
}
