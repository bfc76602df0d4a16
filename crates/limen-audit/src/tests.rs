//! Chains as a daemon writes them: with restarts, power cuts, full files and forgotten people.

mod facts;
mod failing;
mod full;
mod tampering;
mod threads;

use std::fs;
use std::path::Path;
use std::time::Duration;

use limen_core::clock::Now;
use limen_core::clock::{Moment, WallClock};
use limen_core::event::{Fact, GrantKind, Personal, TrackId};
use limen_core::person::PersonId;

use super::folder::closed_files;
use super::names::CURRENT;
use super::*;

/// A time that never changes: no record here depends on it.
fn now() -> Now {
    let wall = WallClock { utc: "2027-06-01T12:00:00Z".parse().expect("a time"), synchronised: true };
    Now { moment: Moment::from_boot(Duration::from_secs(9)), wall }
}

fn settings(folder: &tempfile::TempDir) -> AuditSettings {
    AuditSettings::in_folder(folder.path().join("audit"))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn id(text: &str) -> PersonId {
    PersonId::new(text).expect("an id")
}

/// Somebody whom a fact names.
fn someone(text: &str) -> Personal<PersonId> {
    Personal(id(text))
}

fn risk(what: &str) -> Fact {
    Fact::Risk { what: what.to_owned() }
}

fn granted(person: &str) -> Fact {
    Fact::Granted {
        factors: Vec::new(),
        grant: GrantKind::Face,
        person: Some(someone(person)),
        second: None,
        liveness: None,
        track: Some(TrackId(7)),
        distance: Some(0.25),
        unlock_ms: Some(5000),
        caller: None,
    }
}

fn loaded(added: &[&str]) -> Fact {
    let added: Vec<_> = added.iter().map(|person| someone(person)).collect();
    Fact::GalleryLoaded {
        people: added.len(),
        templates: added.len(),
        added,
        removed: Vec::new(),
        store: None,
    }
}

/// Records these facts in one run, from start to orderly stop.
fn run(settings: &AuditSettings, facts: impl IntoIterator<Item = Fact>) -> ChainHead {
    let mut log = AuditLog::open(settings, now).expect("opens");
    facts.into_iter().for_each(|fact| log.append(now(), fact).expect("written"));
    let keeper = log.keeper();
    log.close(now(), keeper).expect("closes")
}

/// Records these facts in a run that a power cut ends.
fn run_and_fail(settings: &AuditSettings, facts: impl IntoIterator<Item = Fact>) {
    let mut log = AuditLog::open(settings, now).expect("opens");
    facts.into_iter().for_each(|fact| log.append(now(), fact).expect("written"));
}

fn report(settings: &AuditSettings) -> VerificationReport {
    read_all(&settings.folder, ChainVerifier::new(Vec::new(), Vec::new()), |_| {}).expect("readable")
}

fn sound(settings: &AuditSettings) -> VerificationReport {
    let report = report(settings);
    assert!(report.is_sound(), "{:#?}", report.findings);
    report
}

fn kinds(settings: &AuditSettings) -> Vec<String> {
    let records = newest_records(settings, 1000).expect("readable");
    records.iter().map(|record| record.kind().to_owned()).collect()
}

/// The text of all files with records in the folder.
fn all_text(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|end| end == "jsonl") {
            text.push_str(&fs::read_to_string(path).expect("text"));
        }
    }
    text
}

#[test]
fn numbers_hashes_and_keys_run_on_over_a_restart() {
    let folder = folder();
    let settings = settings(&folder);
    run(&settings, [risk("one"), Fact::Stopped]);
    let head = run(&settings, [risk("two"), Fact::Stopped]);
    assert_eq!(kinds(&settings), ["chain-started", "risk", "stopped", "sealed", "risk", "stopped", "sealed"]);
    let report = sound(&settings);
    assert_eq!((report.records, report.seals, report.uncovered()), (7, 2, None));
    assert_eq!(report.head, Some(head));
}

#[test]
fn the_newest_fact_of_a_kind_is_found_in_an_older_file_too() {
    let folder = folder();
    let settings = settings(&folder);
    let mut log = AuditLog::open(&settings, now).expect("opens");
    let mut keeper = log.keeper();
    for fact in [loaded(&["ada"]), loaded(&["ada", "bob"]), risk("one")] {
        log.append(now(), fact).expect("written");
    }
    log.rotate_now(now(), &mut keeper).expect("closed");
    log.append(now(), risk("two")).expect("written");
    let newest = |kind| newest_fact(&settings.folder, &[kind]).expect("readable");
    assert_eq!(newest("gallery-loaded").expect("there")["people"], 2);
    assert_eq!(newest("risk").expect("there")["what"], "two");
    assert_eq!(newest("stopped"), None);
}

#[test]
fn people_are_shown_where_they_were_recorded() {
    let folder = folder();
    let settings = settings(&folder);
    run(&settings, [loaded(&["zoe", "bob"]), granted("zoe"), risk("none")]);
    let records = newest_records(&settings, 4).expect("readable");
    assert_eq!(records[0].fact["added"], serde_json::json!(["zoe", "bob"]));
    assert_eq!((&records[1].fact["person"], &records[1].fact["track"]), (&"zoe".into(), &7.into()));
    assert!(records[1].subject.is_some() && records[2].subject.is_none());
    sound(&settings);
}

#[test]
fn half_a_record_is_cut_off_at_any_byte_and_the_gap_recorded() {
    let folder = folder();
    let settings = settings(&folder);
    run_and_fail(&settings, [granted("zoe")]);
    let path = settings.folder.join(CURRENT);
    let first = fs::metadata(&path).expect("there").len();
    run_and_fail(&settings, [granted("bob")]);
    let whole = fs::read(&path).expect("bytes");
    let gap = whole.iter().skip(first as usize).position(|byte| *byte == b'\n').expect("a gap") as u64;
    for cut in (first + gap + 2..whole.len() as u64).chain([1, 50]) {
        fs::write(&path, &whole[..cut as usize]).expect("written");
        run_and_fail(&settings, []);
        assert_eq!(kinds(&settings).last().map(String::as_str), Some("gap"), "cut at {cut}");
        sound(&settings);
    }
}

#[test]
fn a_run_that_did_not_end_in_order_leaves_a_gap() {
    let folder = folder();
    let settings = settings(&folder);
    run_and_fail(&settings, [risk("on")]);
    run(&settings, []);
    assert_eq!(kinds(&settings), ["chain-started", "risk", "gap", "sealed"]);
    run(&settings, []);
    assert_eq!(kinds(&settings).len(), 4, "the second ended in order");
}

#[test]
fn full_files_are_closed_old_ones_deleted_and_the_rest_verifies() {
    let folder = folder();
    let settings = AuditSettings { max_bytes: 4000, keep: 2, ..settings(&folder) };
    let mut log = AuditLog::open(&settings, now).expect("opens");
    let mut keeper = log.keeper();
    for number in 0..60 {
        log.append(now(), granted(&format!("person-{number}"))).expect("written");
        if log.is_full() {
            log.rotate_now(now(), &mut keeper).expect("closes");
            let now = now();
            if let Some(last) = retention::outlook(&settings, now.wall.utc).expect("readable").excess {
                log.announce_retention(now, last).expect("written");
                retention::drop_up_to(&settings.folder, last).expect("deleted");
            }
        }
    }
    log.close(now(), keeper).expect("closes");
    assert_eq!(closed_files(&settings.folder).expect("listed").len(), 2);
    let report = sound(&settings);
    assert_eq!(report.dropped_to.map(|last| last + 1), report.first);
    assert!(report.first > Some(5) && report.seals > 5, "{report:?}");
    assert!(!all_text(&settings.folder).contains("person-0"), "what is kept names nobody");
    run(&settings, [risk("and on")]);
    sound(&settings);
}

#[test]
fn what_was_being_written_when_the_power_failed_is_deleted_at_the_next_start() {
    let folder = folder();
    let settings = settings(&folder);
    run(&settings, [granted("zoe")]);
    let left =
        [".audit-000000000003.jsonl.77-1-0.new", "audit.jsonl.new"].map(|name| settings.folder.join(name));
    left.iter().for_each(|path| fs::write(path, "zoe").expect("written"));
    run(&settings, [risk("on")]);
    assert!(left.iter().all(|path| !path.exists()));
}

#[test]
fn a_deletion_is_finished_after_a_power_cut_and_an_unsaid_one_is_found() {
    let folder = folder();
    let settings = AuditSettings { max_bytes: 1, keep: 1, ..settings(&folder) };
    let mut log = AuditLog::open(&settings, now).expect("opens");
    let mut keeper = log.keeper();
    for number in 0..3 {
        log.append(now(), risk(&number.to_string())).expect("written");
        log.rotate_now(now(), &mut keeper).expect("closes");
    }
    log.append(now(), risk("last")).expect("written");
    log.close(now(), keeper).expect("closes");
    let first = closed_files(&settings.folder).expect("listed").remove(0);
    let (last, bytes) = (folder::last_of(&first).expect("a number"), fs::read(&first).expect("bytes"));
    retention::drop_up_to(&settings.folder, last).expect("deleted");
    assert!(report(&settings).findings.iter().any(|finding| finding.flaw == Flaw::DroppedUnsaid));
    fs::write(&first, bytes).expect("back again");
    run(&settings, []);
    assert!(!first.exists());
}

#[test]
fn a_forgotten_person_is_in_no_file_and_the_chain_verifies() {
    let folder = folder();
    let settings = settings(&folder);
    run(&settings, [loaded(&["zoe", "bob"]), granted("zoe"), granted("bob"), granted("zoe")]);
    let head = run(
        &settings,
        [Fact::GalleryRefused { what: Personal("gallery.toml:3: \"zoe\": no face".to_owned()) }],
    );
    let forgotten = forget_alone(&settings, now, &id("zoe")).expect("forgotten");
    assert_eq!(forgotten, Forgotten { records: 4, old: 0 });
    assert!(!all_text(&settings.folder).contains("zoe") && all_text(&settings.folder).contains("bob"));
    let sought = Sought { hash: head.hash, seq: Some(head.seq) };
    let verifier = ChainVerifier::new(Vec::new(), vec![sought]);
    let report = read_all(&settings.folder, verifier, |_| {}).expect("readable");
    assert!(report.is_sound(), "the head exported before still holds: {:#?}", report.findings);
    assert_eq!((report.forgotten, report.uncovered()), (4, None));
    assert_eq!(forget_alone(&settings, now, &id("zoe")).expect("again"), Forgotten::default());
    run(&settings, [granted("bob")]);
    sound(&settings);
}

#[test]
fn forgetting_that_a_power_cut_interrupted_is_finished_at_the_next_start() {
    let folder = folder();
    let settings = settings(&folder);
    run(&settings, [granted("zoe")]);
    fs::write(settings.folder.join("forget"), "zoe").expect("written");
    run(&settings, []);
    assert!(!all_text(&settings.folder).contains("zoe"));
    assert!(!settings.folder.join("forget").exists());
    assert_eq!(sound(&settings).forgotten, 1);
}

#[test]
fn records_of_format_1_are_shown_named_and_followed_by_a_chain() {
    let folder = folder();
    let settings = settings(&folder);
    fs::create_dir_all(&settings.folder).expect("a folder");
    let (mut prev, mut text) = ("0".repeat(64), String::new());
    for seq in 1..=3 {
        let line = format!(
            "{{\"v\":1,\"seq\":{seq},\"time\":\"2026-07-01T00:00:00Z\",\"clock\":\"synchronised\",\"boot_ms\":1,\
             \"prev\":\"{prev}\",\"subject\":null,\"fact\":{{\"kind\":\"granted\",\"person\":\"zoe\"}}}}"
        );
        prev = line::hex(&line::hash_of(line.as_bytes()));
        text += &(line + "\n");
    }
    fs::write(settings.folder.join(CURRENT), &text).expect("written");
    run(&settings, [granted("bob")]);
    let records = newest_records(&settings, 10).expect("readable");
    assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(records[0].fact["person"], "zoe");
    let report = sound(&settings);
    assert_eq!((report.old_format_to, report.uncovered()), (Some(3), None));
    assert_eq!(forget_alone(&settings, now, &id("zoe")).expect("looked"), Forgotten { records: 0, old: 3 });
    let old = closed_files(&settings.folder).expect("listed").remove(0);
    assert_eq!(fs::read_to_string(old).expect("text"), text, "not a byte of it is touched");
}

#[test]
fn a_power_cut_at_any_step_of_a_key_loses_no_chain() {
    let folder = folder();
    let settings = settings(&folder);
    run(&settings, [risk("first")]);
    let path = settings.folder.join(CURRENT);
    for seal_is_durable in [true, false] {
        let mut log = AuditLog::open(&settings, now).expect("opens");
        log.append(now(), risk("again")).expect("written");
        log.keeper().advance().expect("the next key is on the disk");
        let before = fs::read(&path).expect("bytes");
        log.seal(now(), false).expect("written").expect("sealed");
        drop(log);
        if !seal_is_durable {
            fs::write(&path, before).expect("as after a power cut");
        }
        run(&settings, [risk("on")]);
        sound(&settings);
    }
}

#[test]
fn a_lost_key_begins_a_chain_anew_and_a_verification_names_it() {
    let folder = folder();
    let settings = settings(&folder);
    run(&settings, [risk("first")]);
    fs::remove_file(settings.folder.join("seal.key")).expect("lost");
    run(&settings, [risk("second")]);
    let found = report(&settings).findings;
    assert!(
        matches!(&found[..], [ChainProblem { flaw: Flaw::UnknownKey(_), seq: Some(4), .. }]),
        "{found:#?}"
    );
    let Flaw::UnknownKey(new) = &found[0].flaw else { panic!("an unknown key") };
    let keys = [report(&settings).key.expect("the first"), new.parse().expect("a key")];
    let report =
        read_all(&settings.folder, ChainVerifier::new(keys.to_vec(), Vec::new()), |_| {}).expect("readable");
    assert!(matches!(&report.findings[..], [ChainProblem { flaw: Flaw::BegunAnew, .. }]), "{report:#?}");
}

#[test]
fn the_first_key_can_be_given() {
    let folder = folder();
    let given = folder.path().join("first.key");
    fs::write(&given, "07".repeat(32)).expect("written");
    let settings = AuditSettings { first_key: Some(given.clone()), ..settings(&folder) };
    run(&settings, [risk("first")]);
    let public = seal::SecretKey::parse("07".repeat(32).as_bytes()).expect("a key").public();
    assert_eq!(sound(&settings).key, Some(public));
    let elsewhere = AuditSettings { folder: folder.path().join("other"), ..settings };
    fs::write(&given, "not a key").expect("written");
    let error = AuditLog::open(&elsewhere, now).expect_err("no key").to_string();
    assert!(error.contains("first.key: holds no key; write 64"), "{error}");
}

#[test]
fn one_process_writes_at_a_time() {
    let folder = folder();
    let settings = settings(&folder);
    let _log = AuditLog::open(&settings, now).expect("opens");
    assert!(matches!(AuditLog::open(&settings, now), Err(AuditError::Busy(_))));
}

#[test]
fn keys_and_records_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let settings = settings(&folder);
    run(&settings, [risk("first")]);
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&settings.folder), 0o700);
    for name in [CURRENT, "seal.key"] {
        assert_eq!(mode(&settings.folder.join(name)), 0o600, "{name}");
    }
    assert!(!settings.folder.join("seal.key.next").exists(), "used up by the last seal");
}
