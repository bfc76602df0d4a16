//! Opens the files of an audit for reading, while the daemon writes them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::AuditError;
use super::folder::{closed_files, failed, last_of, open_to_read};
use super::line::{Ending, RecordLine, read_line};
use super::names::{CURRENT, DROPPED};
use super::record::Record;
use super::report::VerificationReport;
use super::settings::AuditSettings;
use super::verify::{ChainVerifier, FoundRecord};

/// A generous size of a record, in bytes, to estimate how many files to read for a number of records.
const GENEROUS: u64 = 2048;
/// How many bytes are read at once.
const BUFFER: usize = 256 << 10;

/// The audit's files, all opened at one moment.
struct OpenedFiles {
    dropped: Option<File>,
    /// The current and the closed files, oldest first.
    files: Vec<(PathBuf, File)>,
}

/// Opens all files before it reads any, in an order that misses no file which is closed or deleted meanwhile:
/// first the current file, then the closed ones, then the rest of deleted ones.
fn open(folder: &Path) -> Result<OpenedFiles, AuditError> {
    let path = folder.join(CURRENT);
    let current = open_if_there(&path)?;
    let mut files = Vec::new();
    for closed in closed_files(folder)? {
        files.extend(open_if_there(&closed)?.map(|file| (closed, file)));
    }
    let inode = |file: &File| file.metadata().map(|found| found.ino()).ok();
    if let Some(current) =
        current.filter(|current| files.iter().all(|(_, file)| inode(file) != inode(current)))
    {
        files.push((path, current));
    }
    Ok(OpenedFiles { dropped: open_if_there(&folder.join(DROPPED))?, files })
}

fn open_if_there(path: &Path) -> Result<Option<File>, AuditError> {
    match open_to_read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some).map_err(failed(path, "open")),
    }
}

/// Reads all files in a folder; `each` gets every record.
pub fn read_all(
    folder: &Path,
    mut verifier: ChainVerifier,
    mut each: impl FnMut(&FoundRecord<'_>),
) -> Result<VerificationReport, AuditError> {
    let opened = open(folder)?;
    if let Some(dropped) = opened.dropped {
        verifier.read_dropped(DROPPED, BufReader::with_capacity(BUFFER, dropped));
    }
    let dropped_to = verifier.dropped_to().unwrap_or(0);
    for (path, file) in opened.files {
        // Skip files whose deletion is going on or was interrupted.
        if last_of(&path).is_none_or(|last| last > dropped_to) {
            verifier.read(&name(&path), BufReader::with_capacity(BUFFER, file), &mut each);
        }
    }
    Ok(verifier.finish())
}

/// The newest records, at most `count`, oldest first, and whether the chain holds among them. It reads no
/// more files than it needs.
pub fn read_newest(folder: &Path, count: usize) -> Result<(Vec<Record>, VerificationReport), AuditError> {
    let mut newest = VecDeque::new();
    let mut keep = |found: &FoundRecord<'_>| {
        newest.extend(found.record());
        if newest.len() > count {
            newest.pop_front();
        }
    };
    let opened = open(folder)?;
    let enough = (count as u64).saturating_mul(GENEROUS);
    let mut bytes = 0;
    let mut start = opened.files.len();
    while start > 0 && bytes < enough {
        start -= 1;
        bytes += opened.files[start].1.metadata().map_or(0, |found| found.len());
    }
    let mut verifier = ChainVerifier::from_the_middle();
    for (path, file) in opened.files.into_iter().skip(start) {
        verifier.read(&name(&path), BufReader::with_capacity(BUFFER, file), &mut keep);
    }
    Ok((newest.into(), verifier.finish()))
}

/// The newest fact of one of these kinds; `None` if there is none. It reads no more files than it needs, and
/// verifies nothing.
pub fn newest_fact(folder: &Path, kinds: &[&str]) -> Result<Option<Value>, AuditError> {
    for (path, file) in open(folder)?.files.into_iter().rev() {
        let mut reader = BufReader::with_capacity(BUFFER, file);
        let (mut bytes, mut newest) = (Vec::new(), None);
        while let Some(ending) = read_line(&mut reader, &mut bytes).map_err(failed(&path, "read"))? {
            let line = (ending == Ending::Whole).then(|| RecordLine::parse(&bytes)).flatten();
            if let Some(line) = line.filter(|line| kinds.contains(&line.head.fact.kind)) {
                newest = Record::of_line(&line).map(|record| record.fact).or(newest);
            }
        }
        if newest.is_some() {
            return Ok(newest);
        }
    }
    Ok(None)
}

/// Like [`read_newest`], without the report.
pub fn newest_records(settings: &AuditSettings, count: usize) -> Result<Vec<Record>, AuditError> {
    Ok(read_newest(&settings.folder, count)?.0)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
