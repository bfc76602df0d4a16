//! Finds the end of the chain when the audit is opened: the last whole record and the newest key.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use limen_files::sync_folder;

use super::error::AuditError;
use super::folder::{closed_files, closed_name, failed, open_own};
use super::line::{RecordLine, hex};
use super::names::CURRENT;
use super::record::{ChainFact, ChainHead, VERSION};
use super::seal::SealKey;

/// How many bytes of a file's end are read first: a few hundred records. Each further try reads four times as
/// many.
const WINDOW: u64 = 128 << 10;

/// The end of the chain.
#[derive(Debug)]
pub struct RecoveredEnd {
    /// The file to append to.
    pub current: File,
    /// Its length, in bytes.
    pub length: u64,
    /// The last record; none in an empty folder.
    pub last: Option<ChainHead>,
    /// The public key that the newest seal, or the beginning of the chain, names.
    pub key: Option<SealKey>,
    /// The number of records after the newest seal.
    pub unsealed: u64,
    /// The number of the newest seal.
    pub sealed: Option<u64>,
    /// What may be missing, if the last run did not stop in order.
    pub gap: Option<String>,
}

/// The end of one file.
#[derive(Debug, Default)]
struct FileEnd {
    /// The length up to the end of the last whole record, in bytes.
    whole: u64,
    total: u64,
    last: Option<Last>,
    key: Option<SealKey>,
    unsealed: u64,
    sealed: Option<u64>,
}

#[derive(Debug)]
struct Last {
    v: u32,
    head: ChainHead,
    in_order: bool,
}

/// Finds the end of the chain. It cuts off half a record, and closes a file of an older format.
pub fn recover(folder: &Path) -> Result<RecoveredEnd, AuditError> {
    let path = folder.join(CURRENT);
    let mut current = open_own(&path).map_err(failed(&path, "open"))?;
    let mut tail = cut(&path, &mut current)?;
    let mut gap = tail.gap();
    if let Some(last) = tail.last.as_ref().filter(|last| last.v < VERSION) {
        let closed = folder.join(closed_name(last.head.seq));
        fs::rename(&path, &closed).map_err(failed(&path, "close"))?;
        log::info!("audit: records up to {} are of an older format; a chain begins", last.head.seq);
        current = open_own(&path).map_err(failed(&path, "open"))?;
        sync_folder(folder)?;
        tail = FileEnd::default();
    }
    for closed in closed_files(folder)?.iter().rev() {
        if tail.last.is_some() && tail.key.is_some() {
            break;
        }
        let mut file = open_own(closed).map_err(failed(closed, "open"))?;
        // A power cut can only have cut the newest record of all.
        let before = if tail.last.is_none() { cut(closed, &mut file) } else { read(closed, &mut file) }?;
        if tail.last.is_none() {
            gap = gap.or_else(|| before.gap());
            tail.last = before.last;
        }
        tail.key = tail.key.or(before.key);
        tail.sealed = tail.sealed.or(before.sealed);
        tail.unsealed += before.unsealed;
    }
    let length = current.seek(SeekFrom::End(0)).map_err(failed(&path, "seek"))?;
    let FileEnd { last, key, unsealed, sealed, .. } = tail;
    Ok(RecoveredEnd { current, length, last: last.map(|last| last.head), key, unsealed, sealed, gap })
}

impl FileEnd {
    fn gap(&self) -> Option<String> {
        let half = self.total - self.whole;
        if half > 0 {
            return Some(format!("{half} bytes of a half-written record were cut off"));
        }
        let in_order = self.last.as_ref().is_none_or(|last| last.in_order);
        let lost = "the last run did not end in order; records of its last second may be missing";
        (!in_order).then(|| lost.to_owned())
    }

    fn take(&mut self, line: &RecordLine<'_>) {
        let seq = line.head.seq;
        let mut in_order = line.head.fact.kind == "stopped";
        self.unsealed += 1;
        match ChainFact::of_line(line) {
            Some(ChainFact::Sealed { next, closing, .. }) => {
                self.key = next.parse().ok();
                self.sealed = Some(seq);
                self.unsealed = 0;
                in_order = closing;
            }
            Some(ChainFact::ChainStarted { key, .. }) => self.key = key.parse().ok(),
            _ => {}
        }
        let head = ChainHead { seq, hash: hex(&line.hash()) };
        self.last = Some(Last { v: line.head.v, head, in_order });
    }
}

fn cut(path: &Path, file: &mut File) -> Result<FileEnd, AuditError> {
    let tail = read(path, file)?;
    if tail.whole < tail.total {
        file.set_len(tail.whole).map_err(failed(path, "cut off half a record"))?;
    }
    Ok(tail)
}

/// Reads as much of a file's end as it takes to find a record and a key, if necessary the whole file.
fn read(path: &Path, file: &mut File) -> Result<FileEnd, AuditError> {
    let total = file.metadata().map_err(failed(path, "read the length of"))?.len();
    let mut window = WINDOW;
    loop {
        let start = total.saturating_sub(window);
        let tail = read_from(file, start, total).map_err(failed(path, "read"))?;
        if start == 0 || (tail.last.is_some() && tail.key.is_some()) {
            return Ok(tail);
        }
        window = window.saturating_mul(4);
    }
}

/// The records from byte `start` on; the first line may be a part of a record.
fn read_from(file: &mut File, start: u64, total: u64) -> io::Result<FileEnd> {
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(total - start).read_to_end(&mut bytes)?;
    let mut tail = FileEnd { total, whole: start, ..FileEnd::default() };
    let mut at = start;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        at += line.len() as u64;
        if let Some(line) = line.strip_suffix(b"\n").and_then(RecordLine::parse) {
            tail.take(&line);
            tail.whole = at;
        }
    }
    Ok(tail)
}
