//! The records: any bytes as a chain that is verified, and as what a crash left behind.

use std::fs;

use limen::clocks;
use limen_audit::{
    AuditLog, AuditSettings, ChainVerifier, SealKey, Sought, newest_records, read_all, verify,
};
use limen_core::event::Fact;

/// A sealed chain, and its first public key. Nobody has the secret keys any more.
const SEALED: &[u8] = include_bytes!("../corpus/records/sealed");
const KEY: &str = include_str!("sealed.key");
/// Between the files of one folder.
const BETWEEN: u8 = 0x1e;

/// One file as a chain: read to its end whatever is in it, and what a seal covers is what was written.
pub fn records(bytes: &[u8]) {
    let report = verify(bytes, &[]);
    report.findings.iter().for_each(|finding| drop(finding.to_string()));
    if let Some((first, last)) = report.uncovered() {
        assert!(first <= last);
    }
    let mut middle = ChainVerifier::from_the_middle();
    middle.read("audit.jsonl", bytes, |found| {
        if let Some(record) = found.record() {
            assert!(!record.kind().is_empty() || record.fact["kind"] == "");
        }
    });
    drop(middle.finish());
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop((text.parse::<Sought>(), text.parse::<SealKey>()));
    }
    is_what_was_sealed(bytes);
}

/// With the right first key, no record that a good seal covers differs from what was written.
fn is_what_was_sealed(bytes: &[u8]) {
    let key: SealKey = KEY.parse().expect("a key");
    let report = verify(bytes, &[key]);
    if let (true, Some(covered)) = (report.is_sound(), report.covered_to) {
        let lines = |bytes: &'static [u8]| bytes.split_inclusive(|byte| *byte == b'\n');
        let written: usize = lines(SEALED).take(covered as usize).map(<[u8]>::len).sum();
        assert_eq!(&bytes[..written], &SEALED[..written]);
    }
}

/// The files of a folder: the audit opens them, or says why not, and goes on writing after them.
pub fn recovery(bytes: &[u8]) {
    let folder = super::folder().join("audit");
    drop(fs::remove_dir_all(&folder));
    fs::create_dir(&folder).expect("a folder");
    let names = ["audit.jsonl", "audit-000000000003.jsonl", "audit-dropped.jsonl", "seal.key", "forget"];
    for (name, part) in names.iter().zip(bytes.split(|byte| *byte == BETWEEN)) {
        fs::write(folder.join(name), part).expect("written");
    }
    let settings = AuditSettings::in_folder(&folder);
    let Ok(mut log) = AuditLog::open(&settings, clocks::now) else { return };
    log.append(clocks::now(), Fact::Stopped).expect("written");
    let written = log.head().clone();
    let keeper = log.keeper();
    log.close(clocks::now(), keeper).expect("closed");
    let mut last = None;
    let report = read_all(&folder, ChainVerifier::new(Vec::new(), Vec::new()), |found| {
        last = found.record().map(|record| record.seq).or(last);
    });
    let report = report.expect("read");
    assert_eq!(report.half, None, "half a record was left in front of what was written");
    assert!(last >= Some(written.seq) || written.seq == u64::MAX, "{last:?} {written}");
    drop(newest_records(&settings, 3).expect("read"));
    let again = AuditLog::open(&settings, clocks::now).expect("opens what it wrote");
    assert!(again.head().seq >= written.seq);
}
