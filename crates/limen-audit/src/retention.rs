//! Deletes the oldest files so that the rest can still be verified: the seals and the last record of each
//! deleted file are kept.
//!
//! The seals link the first key to the present one, and the first record that is kept names the hash of the
//! last deleted one as `prev`. The chain first records up to where it is deleted, so that nobody else can
//! delete unnoticed.

use std::fs::{self, File};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use limen_files::{sync_folder, write_atomically};

use super::error::AuditError;
use super::folder::{OWN_MODE, closed_files, failed, last_of, open_to_read};
use super::line::{Ending, RecordLine, read_line};
use super::names::DROPPED;
use super::record::{CHAIN_STARTED, Record, SEALED, VERSION};
use super::settings::AuditSettings;

/// How many bytes of a closed file are read to find the seal at its end, which is shorter.
const SEAL: u64 = 4096;

/// Which closed files are due for deletion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outlook {
    /// The number of the last record in the files beyond the limit.
    pub excess: Option<u64>,
    /// The same, but only of files that are old enough.
    pub old: Option<u64>,
    /// The age at which records are deleted, at the present pace; none while less than half of the limit is
    /// used.
    pub age: Option<Duration>,
}

/// Checks the closed files, of which `keep` full ones are kept. Small files, which were closed to forget a
/// person, count by their size.
pub fn outlook(settings: &AuditSettings, now: Timestamp) -> Result<Outlook, AuditError> {
    let budget = settings.max_bytes.saturating_mul(settings.keep as u64);
    let mut files = Vec::new();
    for file in closed_files(&settings.folder)? {
        let length = fs::metadata(&file).map_err(failed(&file, "read the length of"))?.len();
        files.push((file, length));
    }
    let excess = excess(&files, budget);
    Ok(Outlook {
        excess: excess.last().and_then(|(file, _)| last_of(file)),
        old: excess
            .iter()
            .take_while(|(file, _)| age_of(file, now) >= settings.keep_at_least)
            .last()
            .and_then(|(file, _)| last_of(file)),
        age: match excess.last() {
            Some((file, _)) => Some(age_of(file, now)),
            None => age_to_come(&files, budget, now),
        },
    })
}

/// The oldest files: those that are followed by `budget` bytes of newer ones.
fn excess(files: &[(PathBuf, u64)], budget: u64) -> &[(PathBuf, u64)] {
    let mut kept = 0;
    for (at, (_, length)) in files.iter().enumerate().rev() {
        if kept >= budget {
            return &files[..=at];
        }
        kept += length;
    }
    &[]
}

/// The age that the oldest file will have when `budget` bytes have come after it, at the present pace.
fn age_to_come(files: &[(PathBuf, u64)], budget: u64, now: Timestamp) -> Option<Duration> {
    let ((oldest, _), newer) = files.split_first()?;
    let since: u64 = newer.iter().map(|(_, length)| length).sum();
    (since > 0 && since >= budget / 2).then(|| age_of(oldest, now).mul_f64(budget as f64 / since as f64))
}

/// The age of the last record in a closed file. It is zero, so that the file counts as young, if it cannot be
/// read or the clock was set back.
fn age_of(file: &Path, now: Timestamp) -> Duration {
    let written = end_of(file).unwrap_or(now);
    Duration::try_from(now.duration_since(written)).unwrap_or(Duration::ZERO)
}

fn end_of(file: &Path) -> Option<Timestamp> {
    let mut opened = open_to_read(file).ok()?;
    let length = opened.metadata().ok()?.len();
    opened.seek(SeekFrom::Start(length.saturating_sub(SEAL))).ok()?;
    let mut end = Vec::new();
    opened.take(SEAL).read_to_end(&mut end).ok()?;
    let mut records = end.split(|byte| *byte == b'\n').filter_map(RecordLine::parse);
    Some(Record::of_line(&records.next_back()?)?.time)
}

/// Deletes the closed files that end with record `last` or before it.
pub fn drop_up_to(folder: &Path, last: u64) -> Result<(), AuditError> {
    for file in closed_files(folder)?.iter().filter(|file| last_of(file).is_some_and(|ends| ends <= last)) {
        let kept = folder.join(DROPPED);
        let mut lines = read_whole(&kept)?;
        lines.extend(essence(file).map_err(failed(file, "read"))?);
        if !lines.is_empty() {
            write_atomically(&kept, &lines, OWN_MODE)?;
        }
        fs::remove_file(file).map_err(failed(file, "delete"))?;
        log::info!("audit: {} was deleted, its seals are kept", file.display());
    }
    Ok(sync_folder(folder)?)
}

/// Finishes a deletion that a power cut interrupted.
pub fn finish(folder: &Path) -> Result<(), AuditError> {
    let kept = read_whole(&folder.join(DROPPED))?;
    let lines = kept.split(|byte| *byte == b'\n');
    let Some(last) = lines.filter_map(RecordLine::parse).next_back().map(|line| line.head.seq) else {
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

/// The lines of a file that the rest of the chain needs to be verified, without personal parts. A file of
/// version 1, whose cores name people, has none.
fn essence(file: &Path) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(File::open(file)?);
    let (mut bytes, mut essence, mut last) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(ending) = read_line(&mut reader, &mut bytes)? {
        let record = (ending == Ending::Whole).then(|| RecordLine::parse(&bytes)).flatten();
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

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    /// The outlook for closed files of 1,000 bytes each, whose last records are this many days old.
    fn outlook_of(days: &[u64], keep: usize) -> Outlook {
        let folder = tempfile::tempdir().expect("a folder");
        let now: Timestamp = "2026-07-01T00:00:00Z".parse().expect("a time");
        for (at, age) in days.iter().enumerate() {
            let time = now - jiff::SignedDuration::from_hours(24 * *age as i64);
            let line = format!(
                "{{\"v\":2,\"seq\":{at},\"time\":\"{time}\",\"clock\":\"synchronised\",\"boot_ms\":1,\
                 \"prev\":\"\",\"subject\":null,\"fact\":{{\"kind\":\"stopped\"}}}}\n"
            );
            let path = folder.path().join(super::super::folder::closed_name(at as u64));
            fs::write(&path, format!("{line:>1000}")).expect("written");
        }
        let kept = AuditSettings { max_bytes: 1000, keep, ..AuditSettings::in_folder(folder.path()) };
        outlook(&kept, now).expect("readable")
    }

    #[test]
    fn files_that_are_more_than_is_kept_may_go_at_once_when_they_are_old() {
        let found = outlook_of(&[400, 300, 91, 89, 1], 3);
        assert_eq!((found.excess, found.old, found.age), (Some(1), Some(1), Some(300 * DAY)));
        assert_eq!(outlook_of(&[400, 300, 1], 3).excess, None);
    }

    #[test]
    fn of_files_that_are_more_than_is_kept_the_young_ones_are_told_from_the_old() {
        let found = outlook_of(&[91, 30, 20, 10], 2);
        assert_eq!((found.excess, found.old, found.age), (Some(1), Some(0), Some(30 * DAY)));
    }

    #[test]
    fn the_age_at_which_records_go_is_foreseen_from_half_of_what_is_kept() {
        assert_eq!(outlook_of(&[40, 20], 4).age, None, "a quarter tells nothing yet");
        assert_eq!(outlook_of(&[40, 20, 10], 4).age, Some(80 * DAY));
        assert_eq!(outlook_of(&[], 4), Outlook::default());
    }
}
