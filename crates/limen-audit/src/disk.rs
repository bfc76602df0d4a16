//! The file system under the records: the operations that can fail, and the free space.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::fs::statvfs;

use super::folder::open_own;

/// The operations that put records on a disk, in one trait, so that a test can make each of them fail.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Opens one of the audit's files, or creates it.
    fn open(&self, path: &Path) -> io::Result<File> {
        open_own(path)
    }

    /// Writes all bytes. If it fails, some of them may be written.
    fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        io::Write::write_all(&mut file, bytes)
    }

    /// Renames a file.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Waits until all written bytes are on the card.
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// The space on the file system of a folder.
    fn room(&self, folder: &Path) -> io::Result<DiskSpace> {
        DiskSpace::around(folder)
    }
}

/// The machine's real disk.
#[derive(Debug)]
pub struct RealDisk;

impl Disk for RealDisk {}

/// Enough for a door to write for a long time, in bytes: more than 100,000 records.
const AMPLE: u64 = 64 << 20;
/// The size of the reserve, in bytes: about 2,000 records.
const RESERVE: u64 = 1 << 20;
/// A small file system uses this fraction of itself as the reserve. It is short of space below four times
/// that.
const SMALL_PART: u64 = 16;
/// The smallest space that a file takes, in bytes.
const BLOCK: u64 = 4096;

/// The space on a file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    /// What the service's user may still write, in bytes.
    pub free: u64,
    /// The size of the file system, in bytes; 0 if it does not say.
    pub total: u64,
}

impl DiskSpace {
    /// The space on the file system that holds a folder.
    pub fn around(folder: &Path) -> io::Result<Self> {
        let found = statvfs(folder)?;
        Ok(Self {
            free: found.f_bavail.saturating_mul(found.f_frsize),
            total: found.f_blocks.saturating_mul(found.f_frsize),
        })
    }

    /// Below this many free bytes it is time to make space. It is twice the size of an audit file, at least
    /// 64 MiB (at a door's pace, there is enough time to notice), and at most a quarter of the file system.
    /// It is no fixed part of the card: 5 % of a large card is space for years.
    pub fn early(self, max_bytes: u64) -> u64 {
        max_bytes.saturating_mul(2).max(AMPLE).min(self.total / 4)
    }

    /// Whether it is time to make space. The warning ends only with a quarter more than the limit, so that it
    /// does not come and go with each record.
    pub fn is_short(self, max_bytes: u64, was_short: bool) -> bool {
        let early = self.early(max_bytes);
        self.free < if was_short { early + early / 4 } else { early }
    }

    /// The size of the reserve, in bytes: 1 MiB, less on a small file system, 0 if it has almost no space.
    pub fn reserve(self) -> u64 {
        let part = if self.total == 0 { RESERVE } else { self.total / SMALL_PART };
        part.min(RESERVE) / BLOCK * BLOCK
    }

    /// Whether ordinary records are written again: there is space for the reserve, and as much again.
    pub fn is_enough(self) -> bool {
        self.total == 0 || self.free >= (2 * self.reserve()).max(BLOCK)
    }
}

/// Bytes as people read them.
pub fn in_words(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes >> 10),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes >> 20),
        _ => format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: u64 = 16 << 20;

    fn room(free: u64, total: u64) -> DiskSpace {
        DiskSpace { free, total }
    }

    #[test]
    fn a_large_card_is_short_below_64_mib_and_a_small_one_below_a_quarter() {
        let card = 32 << 30;
        assert!(!room(64 << 20, card).is_short(FILE, false));
        assert!(room((64 << 20) - 1, card).is_short(FILE, false));
        assert!(room((128 << 20) - 1, card).is_short(64 << 20, false), "two files of it");
        let small = 256 << 10;
        assert!(!room(64 << 10, small).is_short(FILE, false) && room(63 << 10, small).is_short(FILE, false));
        assert!(!room(0, 0).is_short(FILE, false), "it does not say");
    }

    #[test]
    fn being_short_ends_with_a_quarter_more_than_it_began_with() {
        let card = 32 << 30;
        assert!(room(79 << 20, card).is_short(FILE, true) && !room(80 << 20, card).is_short(FILE, true));
    }

    #[test]
    fn the_reserve_is_1_mib_and_a_sixteenth_of_a_small_disk() {
        assert_eq!(room(0, 32 << 30).reserve(), 1 << 20);
        assert_eq!(room(0, 256 << 10).reserve(), 16 << 10);
        assert_eq!(room(0, 16 << 10).reserve(), 0);
        assert!(room(4096, 16 << 10).is_enough() && !room(0, 16 << 10).is_enough());
        assert!(room(2 << 20, 32 << 30).is_enough() && !room((2 << 20) - 1, 32 << 30).is_enough());
    }

    #[test]
    fn sizes_are_said_in_their_unit() {
        let said = [999, 16 << 10, 64 << 20, 3 << 30].map(in_words);
        assert_eq!(said, ["999 bytes", "16 KiB", "64 MiB", "3.0 GiB"]);
    }
}
