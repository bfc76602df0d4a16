//! Each operation of a disk fails once: no sealed record is changed, and the chain goes on.

use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use super::super::disk::{Disk, DiskSpace};
use super::super::folder::open_own;
use super::super::log::Unsynced;
use super::threads::within;
use super::*;

/// The operations of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskOperation {
    Open,
    Write,
    Rename,
    Sync,
}

type Fails = Box<dyn Fn(DiskOperation) -> io::Result<()> + Send + Sync>;

/// A disk that fails when a test says so. A write then fails half-way.
pub struct TestDisk {
    fails: Fails,
    /// The free space that it reports, in bytes.
    free: Arc<AtomicU64>,
}

/// The size of the disk, in bytes.
pub const TOTAL: u64 = 32 << 30;

impl TestDisk {
    pub fn failing(fails: impl Fn(DiskOperation) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self { fails: Box::new(fails), free: Arc::new(AtomicU64::new(TOTAL / 2)) }
    }

    /// A disk that accepts records as long as `free`, which a test changes, says that there is space.
    pub fn with_room(free: &Arc<AtomicU64>) -> Self {
        let left = Arc::clone(free);
        let fails = move |step| match step {
            DiskOperation::Write if left.load(Ordering::SeqCst) == 0 => {
                Err(io::Error::from_raw_os_error(libc::ENOSPC))
            }
            _ => Ok(()),
        };
        Self { fails: Box::new(fails), free: Arc::clone(free) }
    }
}

impl std::fmt::Debug for TestDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TestDisk")
    }
}

impl Disk for TestDisk {
    fn open(&self, path: &Path) -> io::Result<File> {
        (self.fails)(DiskOperation::Open)?;
        open_own(path)
    }

    fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = (self.fails)(DiskOperation::Write) {
            file.write_all(&bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        file.write_all(bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        (self.fails)(DiskOperation::Rename)?;
        fs::rename(from, to)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        (self.fails)(DiskOperation::Sync)?;
        file.sync_data()
    }

    fn room(&self, _folder: &Path) -> io::Result<DiskSpace> {
        Ok(DiskSpace { free: self.free.load(Ordering::SeqCst), total: TOTAL })
    }
}

/// A disk that fails when the counter `left` reaches zero, and the counter. Below zero the disk works.
fn failing_at_a_step() -> (Arc<dyn Disk>, Arc<AtomicI64>) {
    let left = Arc::new(AtomicI64::new(-1));
    let counted = Arc::clone(&left);
    let fails = move |_| match counted.fetch_sub(1, Ordering::SeqCst) {
        0 => Err(ErrorKind::StorageFull.into()),
        _ => Ok(()),
    };
    (Arc::new(TestDisk::failing(fails)), left)
}

#[test]
fn whatever_step_of_closing_a_file_fails_no_sealed_record_is_touched() {
    let mut failed = 0;
    for step in 0..10 {
        let folder = folder();
        let settings = settings(&folder);
        let (disk, left) = failing_at_a_step();
        let mut log = AuditLog::open_on(&settings, now, disk).expect("opens");
        let mut keeper = log.keeper();
        keeper.advance().expect("a key");
        log.append(now(), granted("zoe")).expect("written");
        log.append(now(), granted("bob")).expect("written");
        left.store(step, Ordering::SeqCst);
        let rotated = log.rotate(now());
        let untouched = left.swap(0, Ordering::SeqCst) >= 0;
        failed += i32::from(!untouched);
        let before = all_text(&settings.folder);
        log.append(now(), risk("a write that fails at once")).expect_err("no room");
        assert_eq!(all_text(&settings.folder), before, "step {step}: {rotated:?}");
        left.store(1, Ordering::SeqCst);
        let _ = log.append(now(), risk("a write that fails later"));
        assert!(all_text(&settings.folder).starts_with(&before) || rotated.is_ok(), "step {step}");
        left.store(-1, Ordering::SeqCst);
        if let Ok(Some(Unsynced { sealed: true, .. })) = rotated {
            // Whoever closes a file must sync its seal and say so.
            keeper.seal_is_durable();
        }
        log.append(now(), risk("goes on")).expect("written");
        log.rotate_now(now(), &mut keeper).expect("closed");
        assert!(newest_closed(&settings).ends_with(&["risk", "sealed"]), "step {step}: it is closed, sealed");
        log.append(now(), risk("and on")).expect("written");
        log.close(now(), keeper).expect("closed");
        let report = sound(&settings);
        assert!(report.records >= 6 && report.uncovered().is_none(), "step {step}: {report:?}");
        run(&settings, [risk("after a restart")]);
        sound(&settings);
        assert!(!kinds(&settings).contains(&"gap".to_owned()), "step {step}");
    }
    assert!(failed >= 4, "opening, sealing and both names: {failed}");
}

/// The kinds of the records in the newest closed file.
fn newest_closed(settings: &AuditSettings) -> Vec<&'static str> {
    let newest = closed_files(&settings.folder).expect("listed").pop().expect("a closed file");
    let text = fs::read_to_string(newest).expect("text");
    let kind = |line: &str| {
        let named = |kind: &&str| line.contains(&format!("\"kind\":\"{kind}\""));
        ["risk", "sealed", "granted"].into_iter().find(named).unwrap_or("another")
    };
    text.lines().map(kind).collect()
}

#[test]
fn after_a_file_could_not_be_closed_seals_go_on_and_somebody_is_forgotten() {
    let folder = folder();
    let settings = settings(&folder);
    let broken = Arc::new(AtomicBool::new(true));
    let breaks = Arc::clone(&broken);
    let disk = TestDisk::failing(move |step| match step {
        DiskOperation::Rename if breaks.load(Ordering::SeqCst) => Err(ErrorKind::StorageFull.into()),
        _ => Ok(()),
    });
    let recorder =
        Recorder::<()>::spawn_on(&settings, now, |(), _| {}, |_| {}, Arc::new(disk)).expect("spawned");
    assert!(recorder.record(now(), granted("zoe"), None));
    let (sender, done) = channel();
    recorder.forget(id("zoe"), move |outcome| sender.send(outcome.map_err(|e| e.to_string())).expect("open"));
    assert!(within(|| recorder
        .disk()
        .iter()
        .any(|warning| warning.to_string().contains("audit.jsonl: close"))));
    assert!(recorder.record(now(), risk("meanwhile"), None));
    broken.store(false, Ordering::SeqCst);
    let forgotten = done.recv_timeout(Duration::from_secs(20)).expect("an answer").expect("forgotten");
    assert_eq!(forgotten, Forgotten { records: 1, old: 0 });
    drop(recorder);
    assert_eq!(sound(&settings).uncovered(), None, "the end is sealed");
}

#[test]
fn half_a_record_that_could_not_be_cut_off_is_cut_off_before_the_next() {
    let folder = folder();
    let settings = settings(&folder);
    let (disk, left) = failing_at_a_step();
    let mut log = AuditLog::open_on(&settings, now, disk).expect("opens");
    left.store(0, Ordering::SeqCst);
    log.append(now(), granted("zoe")).expect_err("no room");
    log.append(now(), granted("bob")).expect("written");
    assert_eq!(kinds(&settings), ["chain-started", "granted"]);
    let keeper = log.keeper();
    log.close(now(), keeper).expect("closed");
    sound(&settings);
}

#[test]
fn forgetting_that_fails_at_a_start_keeps_no_record_away_and_is_tried_at_the_next() {
    let folder = folder();
    let settings = settings(&folder);
    run(&settings, [granted("zoe")]);
    fs::write(settings.folder.join("forget"), "zoe").expect("written");
    let (disk, left) = failing_at_a_step();
    left.store(0, Ordering::SeqCst);
    let mut log = AuditLog::open_on(&settings, now, disk).expect("opens all the same");
    log.append(now(), risk("recorded")).expect("written");
    drop(log);
    assert!(all_text(&settings.folder).contains("zoe"));
    run(&settings, []);
    assert!(!all_text(&settings.folder).contains("zoe"));
    sound(&settings);
}
