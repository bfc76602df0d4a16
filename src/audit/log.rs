//! The audit's files: appended, cut back to the last whole record when opened, rotated by size.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::record::{ClockQuality, Record, VERSION};
use super::{AuditError, AuditSettings};
use crate::clock::Now;
use crate::event::Fact;

/// The file being written.
const CURRENT: &str = "audit.jsonl";
/// A record is far shorter; a longer line is not one of ours.
const MAX_LINE: u64 = 64 * 1024;

/// The open audit.
#[derive(Debug)]
pub struct AuditLog {
    settings: AuditSettings,
    file: File,
    length: u64,
    next_seq: u64,
    previous: String,
}

impl AuditLog {
    /// Opens or creates the audit. A half-written last record is cut off; that, and a run that did not
    /// end in order, is recorded as a gap.
    pub fn open(settings: &AuditSettings) -> Result<Self, AuditError> {
        let folder = &settings.folder;
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|source| AuditError::File {
            file: folder.clone(),
            what: "create the folder",
            source,
        })?;
        let path = folder.join(CURRENT);
        let failed = |what| move |source| AuditError::File { file: folder.join(CURRENT), what, source };
        let mut file = open_current(&path).map_err(failed("open"))?;
        let total = file.metadata().map_err(failed("read the length"))?.len();
        let found = last_record(&mut file, total).map_err(failed("read"))?;
        if found.whole < total {
            file.set_len(found.whole).map_err(failed("cut off half a record"))?;
        }
        let last = match found.line {
            Some(line) => Some(line),
            None => newest_closed(folder).map_err(failed("look for older files"))?,
        };
        let (next_seq, previous, ended_well) = match &last {
            Some(line) => (line.record.seq + 1, line.hash.clone(), line.record.fact["kind"] == "stopped"),
            None => (1, "0".repeat(64), true),
        };
        file.seek(SeekFrom::End(0)).map_err(failed("seek"))?;
        let mut log = Self { settings: settings.clone(), file, length: found.whole, next_seq, previous };
        if found.whole < total {
            let what = format!("{} bytes of a half-written record were cut off", total - found.whole);
            log.append(Now::read(), Fact::Gap { what })?;
        } else if !ended_well {
            let what = "the last run did not end in order; records of its last second may be missing";
            log.append(Now::read(), Fact::Gap { what: what.to_owned() })?;
        }
        Ok(log)
    }

    /// Writes one record to the kernel. A failed write leaves no part of the record behind.
    pub fn append(&mut self, now: Now, fact: Fact) -> Result<(), AuditError> {
        if self.length >= self.settings.max_bytes {
            self.rotate()?;
        }
        let record = Record {
            v: VERSION,
            seq: self.next_seq,
            time: now.wall.utc,
            clock: if now.wall.synchronised {
                ClockQuality::Synchronised
            } else {
                ClockQuality::Unsynchronised
            },
            boot_ms: u64::try_from(now.moment.since_boot().as_millis()).unwrap_or(u64::MAX),
            prev: self.previous.clone(),
            subject: None,
            fact,
        };
        let mut line = serde_json::to_vec(&record)?;
        let hash = hash_of(&line);
        line.push(b'\n');
        if let Err(source) = self.file.write_all(&line) {
            // Should cutting back fail too, the next opening does it.
            let _ = self.file.set_len(self.length).and_then(|()| self.file.seek(SeekFrom::End(0)));
            return Err(self.failed("write", source));
        }
        self.length += line.len() as u64;
        self.next_seq += 1;
        self.previous = hash;
        Ok(())
    }

    /// Another handle of the current file, for syncing it elsewhere.
    pub fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Makes everything written durable.
    pub fn sync(&mut self) -> Result<(), AuditError> {
        self.file.sync_data().map_err(|source| self.failed("sync", source))
    }

    fn rotate(&mut self) -> Result<(), AuditError> {
        self.sync()?;
        let folder = &self.settings.folder;
        let closed = folder.join(format!("audit-{:012}.jsonl", self.next_seq - 1));
        let current = folder.join(CURRENT);
        fs::rename(&current, &closed).map_err(|source| self.failed("rename", source))?;
        self.file = open_current(&current).map_err(|source| self.failed("open", source))?;
        self.length = 0;
        let old = closed_files(folder).map_err(|source| self.failed("list the folder", source))?;
        for file in old.iter().rev().skip(self.settings.keep) {
            fs::remove_file(file).map_err(|source| self.failed("delete an old file", source))?;
        }
        File::open(folder).and_then(|f| f.sync_all()).map_err(|source| self.failed("sync the folder", source))
    }

    fn failed(&self, what: &'static str, source: io::Error) -> AuditError {
        AuditError::File { file: self.settings.folder.join(CURRENT), what, source }
    }
}

/// The newest records, oldest first, at most `count`; lines that are no records are passed over here and
/// are the business of a verification.
pub fn newest_records(settings: &AuditSettings, count: usize) -> Result<Vec<Record>, AuditError> {
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |source| AuditError::File { file, what: "read", source }
    };
    let mut files = closed_files(&settings.folder).map_err(failed(&settings.folder))?;
    files.push(settings.folder.join(CURRENT));
    let mut newest: Vec<Record> = Vec::new();
    for path in files.iter().rev() {
        let file = match File::open(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            opened => opened.map_err(failed(path))?,
        };
        let mut records = Vec::new();
        for line in BufReader::new(file).split(b'\n') {
            records.extend(serde_json::from_slice::<Record>(&line.map_err(failed(path))?).ok());
        }
        records.append(&mut newest);
        newest = records;
        if newest.len() >= count {
            break;
        }
    }
    newest.drain(..newest.len().saturating_sub(count));
    Ok(newest)
}

struct Line {
    record: Record,
    hash: String,
}

struct Found {
    /// Bytes up to the end of the last whole record.
    whole: u64,
    line: Option<Line>,
}

fn open_current(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC)
        .open(path)
}

/// The last line that ends in a newline and is a record; whatever follows it is not whole.
fn last_record(file: &mut File, total: u64) -> io::Result<Found> {
    let start = total.saturating_sub(2 * MAX_LINE);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.take(total - start).read_to_end(&mut tail)?;
    let mut end = tail.len();
    while let Some(newline) = tail[..end].iter().rposition(|&b| b == b'\n') {
        let begin = tail[..newline].iter().rposition(|&b| b == b'\n').map_or(0, |before| before + 1);
        if let Ok(record) = serde_json::from_slice::<Record>(&tail[begin..newline]) {
            let hash = hash_of(&tail[begin..newline]);
            return Ok(Found { whole: start + newline as u64 + 1, line: Some(Line { record, hash }) });
        }
        end = newline;
    }
    Ok(Found { whole: start, line: None })
}

fn newest_closed(folder: &Path) -> io::Result<Option<Line>> {
    let Some(path) = closed_files(folder)?.pop() else { return Ok(None) };
    let mut file = File::open(path)?;
    let total = file.metadata()?.len();
    Ok(last_record(&mut file, total)?.line)
}

/// Closed files, oldest first: their names carry their last record's number.
fn closed_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let closed = name.to_str().is_some_and(|n| n.starts_with("audit-") && n.ends_with(".jsonl"));
        if closed {
            files.push(folder.join(name));
        }
    }
    files.sort();
    Ok(files)
}

fn hash_of(line: &[u8]) -> String {
    Sha256::digest(line).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(folder: &tempfile::TempDir) -> AuditSettings {
        AuditSettings { folder: folder.path().join("audit"), max_bytes: 1 << 20, keep: 2 }
    }

    fn risk(what: &str) -> Fact {
        Fact::Risk { what: what.to_owned() }
    }

    fn facts(settings: &AuditSettings) -> Vec<String> {
        let records = newest_records(settings, 1000).expect("readable");
        records.iter().map(|r| r.fact["kind"].as_str().expect("a kind").to_owned()).collect()
    }

    #[test]
    fn numbers_and_hashes_run_on_over_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = settings(&folder);
        AuditLog::open(&settings)
            .and_then(|mut log| log.append(Now::read(), Fact::Stopped))
            .expect("written");
        AuditLog::open(&settings)
            .and_then(|mut log| log.append(Now::read(), Fact::Stopped))
            .expect("written");
        let records = newest_records(&settings, 10).expect("readable");
        assert_eq!(records.iter().map(|r| r.seq).collect::<Vec<_>>(), [1, 2]);
        let text = fs::read_to_string(settings.folder.join(CURRENT)).expect("text");
        assert_eq!(records[1].prev, hash_of(text.lines().next().expect("a line").as_bytes()));
    }

    #[test]
    fn half_a_record_is_cut_off_at_any_byte_and_the_gap_recorded() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = settings(&folder);
        let path = settings.folder.join(CURRENT);
        let mut log = AuditLog::open(&settings).expect("open");
        log.append(Now::read(), risk("first")).expect("written");
        let first = log.length;
        log.append(Now::read(), risk("second")).expect("written");
        let whole = fs::read(&path).expect("bytes");
        for cut in first + 1..whole.len() as u64 {
            fs::write(&path, &whole[..cut as usize]).expect("written");
            AuditLog::open(&settings).expect("opens again");
            assert_eq!(facts(&settings), ["risk", "gap"], "cut at {cut}");
        }
    }

    #[test]
    fn a_run_that_did_not_end_in_order_leaves_a_gap() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = settings(&folder);
        AuditLog::open(&settings).and_then(|mut log| log.append(Now::read(), risk("on"))).expect("written");
        AuditLog::open(&settings).expect("opens");
        assert_eq!(facts(&settings), ["risk", "gap"]);
    }

    #[test]
    fn a_full_file_is_closed_and_old_ones_are_deleted() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = AuditSettings { max_bytes: 200, ..settings(&folder) };
        let mut log = AuditLog::open(&settings).expect("open");
        (0..6).for_each(|_| log.append(Now::read(), risk("again")).expect("written"));
        assert_eq!(closed_files(&settings.folder).expect("listed").len(), 2);
        let numbers: Vec<_> =
            newest_records(&settings, 100).expect("readable").iter().map(|r| r.seq).collect();
        assert_eq!(numbers, [4, 5, 6]);
    }
}
