//! The recorder's threads: who waits for what.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::failing::{DiskOperation, TestDisk};
use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn an_accepted_record_is_in_the_file_before_the_answer_comes() {
    let folder = folder();
    let settings = settings(&folder);
    let (sender, answers) = channel();
    let recorder =
        Recorder::spawn(&settings, now, move |name: u32, ok| sender.send((name, ok)).expect("open"), |_| {})
            .expect("a writable folder");
    assert!(recorder.record(now(), Fact::Stopped, Some(7)));
    assert_eq!(answers.recv_timeout(PATIENCE).expect("an answer"), (7, true));
    assert_eq!(kinds(&settings).last().map(String::as_str), Some("stopped"));
    assert_eq!(recorder.position().sealed, None);
    drop(recorder);
    let report = sound(&settings);
    assert_eq!((report.seals, report.uncovered()), (1, None), "the end is sealed");
}

#[test]
fn nothing_is_accepted_while_syncs_fail() {
    let folder = folder();
    let (sender, answers) = channel();
    let (told, troubles) = channel();
    let told = Mutex::new(told);
    let broken = Arc::new(AtomicBool::new(true));
    let breaks = Arc::clone(&broken);
    let disk = TestDisk::failing(move |step| {
        let fails = step == DiskOperation::Sync && breaks.load(Ordering::SeqCst);
        if fails { Err(ErrorKind::ReadOnlyFilesystem.into()) } else { Ok(()) }
    });
    let recorder = Recorder::spawn_on(
        &settings(&folder),
        now,
        move |name: u32, ok| sender.send((name, ok)).expect("open"),
        move |trouble| told.lock().expect("whole").send(trouble.is_some()).expect("open"),
        Arc::new(disk),
    )
    .expect("a writable folder");
    for (name, fails) in [(1, true), (2, false)] {
        broken.store(fails, Ordering::SeqCst);
        assert!(recorder.record(now(), Fact::Stopped, None));
        assert_eq!(troubles.recv_timeout(PATIENCE), Ok(fails), "told once a change");
        assert!(recorder.record(now(), Fact::Stopped, Some(name)));
        assert_eq!(answers.recv_timeout(PATIENCE), Ok((name, !fails)));
        assert_eq!(recorder.trouble().is_some(), fails);
    }
}

#[test]
fn a_slow_card_holds_no_record_up() {
    let folder = folder();
    let (sender, answers) = channel();
    let (syncing, begun) = channel();
    let (finish, finished) = channel::<()>();
    let (syncing, finished) = (Mutex::new(syncing), Mutex::new(finished));
    let disk = TestDisk::failing(move |step| {
        if step == DiskOperation::Sync {
            // The test listens only for the first sync.
            let _ = syncing.lock().expect("whole").send(());
            // The test ends the sync, or has itself ended.
            let _ = finished.lock().expect("whole").recv();
        }
        Ok(())
    });
    let recorder = Recorder::spawn_on(
        &settings(&folder),
        now,
        move |name: u32, ok| sender.send((name, ok)).expect("open"),
        |_| {},
        Arc::new(disk),
    )
    .expect("a writable folder");
    assert!(recorder.record(now(), Fact::Stopped, None));
    begun.recv_timeout(PATIENCE).expect("a sync within a second");
    assert!(recorder.record(now(), Fact::Stopped, Some(7)));
    let answer = answers.recv_timeout(PATIENCE).expect("an answer while the card is busy");
    assert_eq!(answer, (7, true));
    drop(finish);
}

#[test]
fn a_disk_that_takes_a_record_and_does_not_return_is_named() {
    let folder = folder();
    let (freeze, frozen) = (Arc::new(AtomicBool::new(false)), channel::<()>());
    let (finish, finished) = (frozen.0, Mutex::new(frozen.1));
    let freezes = Arc::clone(&freeze);
    let disk = TestDisk::failing(move |step| {
        if step == DiskOperation::Write && freezes.load(Ordering::SeqCst) {
            // The test ends the write, or has itself ended.
            let _ = finished.lock().expect("whole").recv();
        }
        Ok(())
    });
    let recorder = Recorder::<()>::spawn_on(&settings(&folder), now, |(), _| {}, |_| {}, Arc::new(disk))
        .expect("spawned");
    freeze.store(true, Ordering::SeqCst);
    assert!(recorder.record(now(), Fact::Stopped, None));
    assert!(within(|| recorder.trouble().is_some_and(|what| what.contains("does not answer"))));
    freeze.store(false, Ordering::SeqCst);
    drop(finish);
    assert!(within(|| recorder.trouble().is_none()));
}

#[test]
fn records_are_sealed_in_time_and_keys_follow() {
    let folder = folder();
    let settings = AuditSettings { seal_every: Duration::ZERO, ..settings(&folder) };
    let (sender, answers) = channel();
    let recorder = Recorder::spawn(&settings, now, move |(), ok| sender.send(ok).expect("open"), |_| {})
        .expect("spawned");
    let deadline = std::time::Instant::now() + PATIENCE;
    while report(&settings).seals < 3 {
        assert!(std::time::Instant::now() < deadline, "three seals in time: {:?}", recorder.position());
        assert!(recorder.record(now(), risk("again"), Some(())));
        assert!(answers.recv_timeout(PATIENCE).expect("an answer"));
    }
    drop(recorder);
    sound(&settings);
}

#[test]
fn somebody_is_forgotten_while_records_go_on() {
    let folder = folder();
    let settings = settings(&folder);
    let recorder = Recorder::<()>::spawn(&settings, now, |(), _| {}, |_| {}).expect("spawned");
    assert!(recorder.record(now(), granted("zoe"), None));
    assert!(recorder.record(now(), granted("bob"), None));
    let (sender, done) = channel();
    recorder.forget(id("zoe"), move |outcome| sender.send(outcome.map_err(|e| e.to_string())).expect("open"));
    assert!(recorder.record(now(), risk("meanwhile"), None));
    let forgotten = done.recv_timeout(PATIENCE).expect("an answer").expect("forgotten");
    assert_eq!(forgotten, Forgotten { records: 1, old: 0 });
    drop(recorder);
    assert!(!all_text(&settings.folder).contains("zoe") && all_text(&settings.folder).contains("bob"));
    assert_eq!(sound(&settings).forgotten, 1);
}

#[test]
fn files_are_as_large_as_they_should_be_and_as_many_while_nobody_rests() {
    let folder = folder();
    let settings =
        AuditSettings { max_bytes: 16_384, keep: 3, keep_at_least: Duration::ZERO, ..settings(&folder) };
    let (sender, answers) = channel();
    let recorder = Recorder::spawn(&settings, now, move |(), ok| sender.send(ok).expect("open"), |_| {})
        .expect("spawned");
    for _ in 0..600 {
        assert!(recorder.record(now(), risk("again and again"), Some(())));
        assert!(answers.recv_timeout(PATIENCE).expect("an answer"));
        // The pace of a card: the next key is made while records come.
        std::thread::sleep(Duration::from_millis(2));
    }
    drop(recorder);
    let files = closed_files(&settings.folder).expect("listed");
    assert_eq!(files.len(), 3);
    for file in files {
        let length = fs::metadata(&file).expect("there").len();
        assert!((16_384..2 * 16_384 - 4096).contains(&length), "{}: {length}", file.display());
    }
    sound(&settings);
}

#[test]
fn young_records_are_deleted_only_after_a_warning() {
    let folder = folder();
    let settings = AuditSettings { max_bytes: 2048, keep: 2, ..settings(&folder) };
    let mut log = AuditLog::open(&settings, now).expect("opens");
    let mut keeper = log.keeper();
    for number in 0..20 {
        log.append(now(), risk(&format!("{number} {}", "x".repeat(300)))).expect("written");
        if log.is_full() {
            log.rotate_now(now(), &mut keeper).expect("closed");
        }
    }
    log.close(now(), keeper).expect("closed");
    let before = closed_files(&settings.folder).expect("listed").len();
    assert!(before > 2, "{before} files");
    let recorder = Recorder::<()>::spawn(&settings, now, |(), _| {}, |_| {}).expect("spawned");
    let warned =
        within(|| matches!(recorder.disk()[..], [DiskWarning::DeletedYoung { days: 0, wanted: 90, .. }]));
    assert!(warned, "{:?}", recorder.disk());
    assert_eq!(closed_files(&settings.folder).expect("listed").len(), before, "the warning comes first");
    assert!(recorder.disk()[0].to_string().contains("deleted after 0 days, before the 90"));
    assert!(within(|| closed_files(&settings.folder).expect("listed").len() == 2), "and `keep` is kept");
    drop(recorder);
    sound(&settings);
}

/// Whether the condition becomes true in the time that these tests wait.
pub(super) fn within(is_so: impl Fn() -> bool) -> bool {
    let deadline = std::time::Instant::now() + 2 * PATIENCE;
    while std::time::Instant::now() < deadline {
        if is_so() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}
