//! The recorder's threads: who waits for what.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn an_accepted_record_is_in_the_file_before_the_answer_comes() {
    let folder = folder();
    let settings = settings(&folder);
    let (sender, answers) = channel();
    let recorder =
        Recorder::spawn(&settings, move |name: u32, ok| sender.send((name, ok)).expect("open"), |_| {})
            .expect("a writable folder");
    assert!(recorder.record(Now::read(), Fact::Stopped, Some(7)));
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
    let told = std::sync::Mutex::new(told);
    let broken = Arc::new(AtomicBool::new(true));
    let breaks = Arc::clone(&broken);
    let recorder = Recorder::spawn_with(
        &settings(&folder),
        move |name: u32, ok| sender.send((name, ok)).expect("open"),
        move |trouble| told.lock().expect("whole").send(trouble.is_some()).expect("open"),
        move |_| {
            if breaks.load(Ordering::SeqCst) { Err(ErrorKind::ReadOnlyFilesystem.into()) } else { Ok(()) }
        },
    )
    .expect("a writable folder");
    for (name, fails) in [(1, true), (2, false)] {
        broken.store(fails, Ordering::SeqCst);
        assert!(recorder.record(Now::read(), Fact::Stopped, None));
        assert_eq!(troubles.recv_timeout(PATIENCE), Ok(fails), "told once a change");
        assert!(recorder.record(Now::read(), Fact::Stopped, Some(name)));
        assert_eq!(answers.recv_timeout(PATIENCE), Ok((name, !fails)));
    }
}

#[test]
fn a_slow_card_holds_no_record_up() {
    let folder = folder();
    let (sender, answers) = channel();
    let (syncing, begun) = channel();
    let (finish, finished) = channel::<()>();
    let recorder = Recorder::spawn_with(
        &settings(&folder),
        move |name: u32, ok| sender.send((name, ok)).expect("open"),
        |_| {},
        move |_| {
            // The test has heard of the first.
            let _ = syncing.send(());
            // The test ends the sync, or has ended itself.
            let _ = finished.recv();
            Ok(())
        },
    )
    .expect("a writable folder");
    assert!(recorder.record(Now::read(), Fact::Stopped, None));
    begun.recv_timeout(PATIENCE).expect("a sync within a second");
    assert!(recorder.record(Now::read(), Fact::Stopped, Some(7)));
    let answer = answers.recv_timeout(PATIENCE).expect("an answer while the card is busy");
    assert_eq!(answer, (7, true));
    drop(finish);
}

#[test]
fn records_are_sealed_in_time_and_keys_follow() {
    let folder = folder();
    let settings = AuditSettings { seal_every: Duration::ZERO, ..settings(&folder) };
    let (sender, answers) = channel();
    let recorder =
        Recorder::spawn(&settings, move |(), ok| sender.send(ok).expect("open"), |_| {}).expect("spawned");
    let deadline = std::time::Instant::now() + PATIENCE;
    while report(&settings).seals < 3 {
        assert!(std::time::Instant::now() < deadline, "three seals in time: {:?}", recorder.position());
        assert!(recorder.record(Now::read(), risk("again"), Some(())));
        assert!(answers.recv_timeout(PATIENCE).expect("an answer"));
    }
    drop(recorder);
    sound(&settings);
}

#[test]
fn somebody_is_forgotten_while_records_go_on() {
    let folder = folder();
    let settings = settings(&folder);
    let recorder = Recorder::<()>::spawn(&settings, |(), _| {}, |_| {}).expect("spawned");
    assert!(recorder.record(Now::read(), granted("zoe"), None));
    assert!(recorder.record(Now::read(), granted("bob"), None));
    let (sender, done) = channel();
    recorder.forget(id("zoe"), move |outcome| sender.send(outcome.map_err(|e| e.to_string())).expect("open"));
    assert!(recorder.record(Now::read(), risk("meanwhile"), None));
    let forgotten = done.recv_timeout(PATIENCE).expect("an answer").expect("forgotten");
    assert_eq!(forgotten, Forgotten { records: 1, old: 0 });
    drop(recorder);
    assert!(!all_text(&settings.folder).contains("zoe") && all_text(&settings.folder).contains("bob"));
    assert_eq!(sound(&settings).forgotten, 1);
}
