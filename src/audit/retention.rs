//! Deleting the oldest files so that the rest still verifies: their seals stay, with the last record of each.
//!
//! The seals carry the keys on from the first one, and the last record's hash is what the first record kept
//! names as `prev`. The chain records first how far it is deleted, so that nobody else deletes unseen.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::Path;

use super::folder::{DROPPED, closed_files, failed, last_of, replace, sync_folder};
use super::line::{Ending, Line, read_line};
use super::record::{CHAIN_STARTED, SEALED, VERSION};
use super::{AuditError, AuditSettings};

/// The number of the last record to go, so that `keep` full files stay. Small files, which were closed to
/// forget somebody, count as much as is in them.
pub fn excess(settings: &AuditSettings) -> Result<Option<u64>, AuditError> {
    let budget = settings.max_bytes.saturating_mul(settings.keep as u64);
    let mut kept = 0;
    for file in closed_files(&settings.folder)?.iter().rev() {
        if kept >= budget {
            return Ok(last_of(file));
        }
        kept += fs::metadata(file).map_err(failed(file, "read the length of"))?.len();
    }
    Ok(None)
}

/// Deletes the closed files that end with record `last` or before it.
pub fn drop_up_to(folder: &Path, last: u64) -> Result<(), AuditError> {
    for file in closed_files(folder)?.iter().filter(|file| last_of(file).is_some_and(|ends| ends <= last)) {
        let kept = folder.join(DROPPED);
        let mut lines = read_whole(&kept)?;
        lines.extend(essence(file).map_err(failed(file, "read"))?);
        if !lines.is_empty() {
            replace(&kept, &lines).map_err(failed(&kept, "write"))?;
            sync_folder(folder)?;
        }
        fs::remove_file(file).map_err(failed(file, "delete"))?;
        log::info!("audit: {} was deleted, its seals are kept", file.display());
    }
    sync_folder(folder)
}

/// Deletes the files of a deletion that a power cut interrupted.
pub fn finish(folder: &Path) -> Result<(), AuditError> {
    let kept = read_whole(&folder.join(DROPPED))?;
    let lines = kept.split(|byte| *byte == b'\n');
    let Some(last) = lines.filter_map(Line::parse).next_back().map(|line| line.head.seq) else {
        return Ok(());
    };
    for file in closed_files(folder)?.iter().filter(|file| last_of(file).is_some_and(|ends| ends <= last)) {
        fs::remove_file(file).map_err(failed(file, "delete"))?;
    }
    Ok(())
}

fn read_whole(path: &Path) -> Result<Vec<u8>, AuditError> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(failed(path, "read")),
    }
}

/// The lines of a file without which the rest of the chain could not be verified, without personal parts.
/// A file of version 1, whose cores name people, leaves none.
fn essence(file: &Path) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(File::open(file)?);
    let (mut bytes, mut essence, mut last) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(ending) = read_line(&mut reader, &mut bytes)? {
        let record = (ending == Ending::Whole).then(|| Line::parse(&bytes)).flatten();
        let Some(line) = record.filter(|line| line.head.v >= VERSION) else { continue };
        let links = [CHAIN_STARTED, SEALED].contains(&line.head.fact.kind);
        last = if links { bytes.clone() } else { line.core() };
        last.push(b'\n');
        if links {
            essence.append(&mut last);
        }
    }
    essence.append(&mut last);
    Ok(essence)
}
