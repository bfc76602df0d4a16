//! Forgetting a person: the id and its salt are removed from the closed files, the commitments stay.
//!
//! While this goes on, the file `forget` holds the id; after a power cut, the next start finishes the work.
//! The chain first records which records lose something, so that nobody else can remove anything unnoticed.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use limen_core::clock::ReadClock;
use limen_core::person::PersonId;
use limen_files::{sync_folder, write_atomically};

use super::error::AuditError;
use super::folder::{OWN_MODE, closed_files, failed};
use super::line::{Beside, Ending, RecordLine, join, read_line};
use super::log::AuditLog;
use super::personal;
use super::record::{ChainFact, Record, VERSION};
use super::settings::AuditSettings;

/// The file with the id that is being forgotten.
const PENDING: &str = "forget";
/// The largest number of pairs of numbers in one record.
const MAX_RANGES: usize = 1000;

/// The result of forgetting a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// How many records named the person and no longer do.
    pub records: usize,
    /// How many records of version 1 still name the person: nothing can be removed from those.
    pub old: usize,
}

/// Removes a person from all closed files. `announce` writes a fact to the chain and makes it durable.
/// `go_on` is called between two files; false stops the work.
pub fn forget(
    folder: &Path,
    id: &PersonId,
    mut announce: impl FnMut(ChainFact) -> Result<(), AuditError>,
    go_on: impl Fn() -> bool,
) -> Result<Forgotten, AuditError> {
    let pending = folder.join(PENDING);
    write_atomically(&pending, id.as_str().as_bytes(), OWN_MODE)?;
    let mut forgotten = Forgotten::default();
    let (mut files, mut numbers) = (Vec::new(), Vec::new());
    for file in closed_files(folder)? {
        let before = numbers.len();
        let found = each_line(&file, |line| match mention(line, id) {
            Some(Mention::Beside(_)) => numbers.push(line.head.seq),
            Some(Mention::Core) => forgotten.old += 1,
            None => {}
        });
        found.map_err(failed(&file, "read"))?;
        if numbers.len() > before {
            files.push(file);
        }
        interrupted(&go_on)?;
    }
    for records in ranges(&numbers).chunks(MAX_RANGES) {
        announce(ChainFact::Forgotten { records: records.to_vec() })?;
    }
    for file in &files {
        rewrite(file, id)?;
        interrupted(&go_on)?;
    }
    fs::remove_file(&pending).map_err(failed(&pending, "delete"))?;
    sync_folder(folder)?;
    Ok(Forgotten { records: numbers.len(), ..forgotten })
}

/// Forgets a person while no daemon runs.
pub fn forget_alone(
    settings: &AuditSettings,
    clock: ReadClock,
    id: &PersonId,
) -> Result<Forgotten, AuditError> {
    let mut log = AuditLog::open(settings, clock)?;
    let mut keeper = log.keeper();
    let now = log.now();
    log.rotate_now(now, &mut keeper)?;
    let forgotten = forget_with(&mut log, id)?;
    let now = log.now();
    log.close(now, keeper)?;
    Ok(forgotten)
}

/// Finishes the work of an interrupted run.
pub fn finish(log: &mut AuditLog) -> Result<(), AuditError> {
    let pending = log.settings().folder.join(PENDING);
    let id = match fs::read_to_string(&pending) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        read => read.map_err(failed(&pending, "read"))?,
    };
    let Ok(id) = PersonId::new(&id) else {
        return fs::remove_file(&pending).map_err(failed(&pending, "delete"));
    };
    let mut keeper = log.keeper();
    let now = log.now();
    log.rotate_now(now, &mut keeper)?;
    forget_with(log, &id).map(drop)
}

fn forget_with(log: &mut AuditLog, id: &PersonId) -> Result<Forgotten, AuditError> {
    let folder = log.settings().folder.clone();
    let announce = |fact: ChainFact| {
        let now = log.now();
        log.append_own(now, &fact)?;
        log.sync()
    };
    forget(&folder, id, announce, || true)
}

fn interrupted(go_on: impl Fn() -> bool) -> Result<(), AuditError> {
    if go_on() { Ok(()) } else { Err(AuditError::Leaving) }
}

/// How a line names a person.
enum Mention {
    /// In its personal part; this is the part without the person.
    Beside(Vec<u8>),
    /// In its core, from which nothing can be removed.
    Core,
}

fn mention(line: &RecordLine<'_>, id: &PersonId) -> Option<Mention> {
    if line.head.v < VERSION {
        return Record::of_line(line)?.names(id).then_some(Mention::Core);
    }
    let Beside::Personal(part) = line.beside else { return None };
    personal::forget(part, |item| item.names(id.as_str())).map(Mention::Beside)
}

fn each_line(file: &Path, mut each: impl FnMut(&RecordLine<'_>)) -> io::Result<()> {
    let mut reader = BufReader::new(File::open(file)?);
    let mut bytes = Vec::new();
    while let Some(ending) = read_line(&mut reader, &mut bytes)? {
        if let Some(line) = (ending == Ending::Whole).then(|| RecordLine::parse(&bytes)).flatten() {
            each(&line);
        }
    }
    Ok(())
}

/// Rewrites a closed file without the person. Lines that are no records stay unchanged.
fn rewrite(file: &PathBuf, id: &PersonId) -> Result<(), AuditError> {
    let whole = fs::read(file).map_err(failed(file, "read"))?;
    let mut rewritten = Vec::with_capacity(whole.len());
    for bytes in whole.split_inclusive(|byte| *byte == b'\n') {
        let line = bytes.strip_suffix(b"\n").and_then(RecordLine::parse);
        match line.and_then(|line| Some((line, mention(&line, id)?))) {
            Some((line, Mention::Beside(left))) => {
                rewritten.extend(join(&line.core(), Beside::Personal(&left)));
                rewritten.push(b'\n');
            }
            _ => rewritten.extend(bytes),
        }
    }
    Ok(write_atomically(file, &rewritten, OWN_MODE)?)
}

/// Turns increasing numbers into pairs of a first and a last number.
fn ranges(numbers: &[u64]) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if last.saturating_add(1) >= number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_range() {
        assert_eq!(ranges(&[1, 2, 3, 7, 9, 10]), [(1, 3), (7, 7), (9, 10)]);
        assert!(ranges(&[]).is_empty());
    }
}
