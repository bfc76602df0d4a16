//! A full disk: what is still recorded, how lost records are reported, and that this ends by itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use limen_core::event::{Part, Refusal};

use super::failing::{DiskOperation, TOTAL, TestDisk};
use super::threads::within;
use super::*;

const PATIENCE: Duration = Duration::from_secs(10);
const RESERVE: u64 = 1 << 20;

/// A recorder on a disk whose free space the test changes, and the answers for its records.
struct TestRecorder {
    recorder: Recorder<()>,
    answers: Receiver<bool>,
    free: Arc<AtomicU64>,
    settings: AuditSettings,
    _folder: Arc<tempfile::TempDir>,
}

fn recorder_with(free: u64) -> TestRecorder {
    let folder = Arc::new(folder());
    again(&folder, free)
}

fn again(folder: &Arc<tempfile::TempDir>, free: u64) -> TestRecorder {
    let settings = settings(folder);
    let free = Arc::new(AtomicU64::new(free));
    let (sender, answers) = channel();
    let disk = Arc::new(TestDisk::with_room(&free));
    let answer = move |(), accepted| sender.send(accepted).expect("open");
    let recorder =
        Recorder::spawn_on(&settings, now, answer, |_| {}, disk).expect("a full disk is no reason to end");
    TestRecorder { recorder, answers, free, settings, _folder: Arc::clone(folder) }
}

impl TestRecorder {
    /// Whether a record is accepted.
    fn accepts(&self, fact: Fact) -> bool {
        assert!(self.recorder.record(now(), fact, Some(())));
        self.answers.recv_timeout(PATIENCE).expect("an answer")
    }

    fn fill(&self) {
        self.free.store(0, Ordering::SeqCst);
    }

    /// Sets the free space that deleting the reserve leaves on a full disk.
    fn reserve_is_free(&self) {
        self.free.store(RESERVE, Ordering::SeqCst);
    }

    fn make_room(&self) {
        self.free.store(TOTAL / 2, Ordering::SeqCst);
    }

    fn reserve(&self) -> bool {
        self.settings.folder.join("reserve").exists()
    }
}

fn fault() -> Fact {
    Fact::Fault { part: Part::Audit, what: "full".to_owned() }
}

fn refused() -> Fact {
    Fact::Refused {
        track: TrackId(7),
        refusal: Refusal::Suspended,
        nearest: Some(someone("zoe")),
        distance: Some(0.875),
        frames: 3,
    }
}

#[test]
fn on_a_full_disk_the_reserve_is_given_up_for_faults_and_alarms_alone() {
    let tested = recorder_with(TOTAL / 2);
    assert!(within(|| tested.reserve()) && tested.accepts(granted("zoe")));
    assert_eq!((tested.recorder.trouble(), tested.recorder.disk()), (None, Vec::new()));
    tested.fill();
    assert!(!tested.accepts(granted("zoe")) && !tested.reserve());
    tested.reserve_is_free();
    assert!(!tested.accepts(granted("zoe")), "the reserve is for what went wrong");
    assert!(tested.accepts(fault()));
    let trouble = tested.recorder.trouble().expect("named");
    assert!(
        trouble.contains("audit.jsonl: No space left on device") && trouble.contains("make room"),
        "{trouble}"
    );
    assert!(within(|| matches!(tested.recorder.disk()[..], [DiskWarning::RoomShort { .. }])));
    tested.make_room();
    assert!(within(|| tested.recorder.trouble().is_none()), "{:?}", tested.recorder.trouble());
    assert!(tested.reserve() && tested.accepts(granted("zoe")) && tested.recorder.disk().is_empty());
    let records = newest_records(&tested.settings, 3).expect("readable");
    let gap = records[1].fact["what"].as_str().expect("a text");
    assert!(gap.starts_with("2 records were not written from 20") && gap.ends_with(": 2 granted"), "{gap}");
    assert_eq!((records[0].kind(), records[2].kind()), ("fault", "granted"));
    let TestRecorder { recorder, settings, _folder, .. } = tested;
    drop(recorder);
    sound(&settings);
}

#[test]
fn a_restart_on_a_full_disk_records_that_it_started_and_refuses_the_rest() {
    let folder = Arc::new(folder());
    run_and_fail(&settings(&folder), [risk("before the power failed")]);
    let tested = again(&folder, 0);
    assert!(!tested.accepts(granted("zoe")));
    assert!(tested.recorder.trouble().expect("named").contains("No space left"));
    tested.make_room();
    assert!(within(|| tested.recorder.trouble().is_none()));
    assert!(tested.accepts(granted("zoe")));
    let TestRecorder { recorder, settings, _folder, .. } = tested;
    drop(recorder);
    let kinds = kinds(&settings);
    assert_eq!(kinds[..5], ["chain-started", "risk", "gap", "gap", "granted"], "{kinds:?}");
    let records = newest_records(&settings, 10).expect("readable");
    let gap = records[3].fact["what"].as_str().expect("a text");
    assert!(gap.starts_with("the records could not be opened: ") && gap.ends_with(": 1 granted"), "{gap}");
    sound(&settings);
}

#[test]
fn a_gap_is_said_at_the_end_of_a_run_that_had_no_room() {
    let tested = recorder_with(TOTAL / 2);
    assert!(within(|| tested.reserve()));
    tested.fill();
    assert!(!tested.accepts(refused()));
    tested.reserve_is_free();
    let TestRecorder { recorder, settings, _folder, .. } = tested;
    drop(recorder);
    assert_eq!(kinds(&settings), ["chain-started", "gap", "sealed"]);
}

#[test]
fn a_card_that_fails_otherwise_is_tried_again_and_the_gap_recorded() {
    let folder = folder();
    let settings = settings(&folder);
    let broken = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let breaks = Arc::clone(&broken);
    let disk = TestDisk::failing(move |step| match step {
        DiskOperation::Write if breaks.load(Ordering::SeqCst) => {
            Err(std::io::ErrorKind::ReadOnlyFilesystem.into())
        }
        _ => Ok(()),
    });
    let told = Arc::new(Mutex::new(Vec::new()));
    let tells = Arc::clone(&told);
    let trouble = move |what: Option<AuditError>| tells.lock().expect("whole").push(what.is_some());
    let recorder =
        Recorder::<()>::spawn_on(&settings, now, |(), _| {}, trouble, Arc::new(disk)).expect("spawned");
    broken.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        assert!(recorder.record(now(), refused(), None));
    }
    assert!(within(|| recorder.trouble().is_some_and(|what| what.contains("audit.jsonl: write: "))));
    broken.store(false, Ordering::SeqCst);
    assert!(within(|| recorder.trouble().is_none()));
    drop(recorder);
    assert_eq!(*told.lock().expect("whole"), [true, false], "once a change");
    let gap = &newest_records(&settings, 2).expect("readable")[0].fact["what"];
    assert!(gap.as_str().is_some_and(|what| what.ends_with(": 3 refused")), "{gap}");
    sound(&settings);
}

#[test]
fn a_record_that_was_lost_leaves_its_kind_and_nothing_of_a_person() {
    let mut lost = super::super::lost::Lost::default();
    lost.add(&refused(), now().wall.utc);
    let said = lost.to_string();
    assert!(said.ends_with(": 1 refused") && !said.contains("zoe") && !said.contains("0.875"), "{said}");
}
