//! The file system under the records: the steps that can fail, and how much room there is.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::fs::statvfs;

use super::folder::open_own;

/// The steps with which records get onto a disk: one place, so that a test lets each of them fail.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Opens or makes a file of the audit's own.
    fn open(&self, path: &Path) -> io::Result<File> {
        open_own(path)
    }

    /// Writes all bytes, or fails with some of them written.
    fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        io::Write::write_all(&mut file, bytes)
    }

    /// Gives a file another name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Waits until what was written is on the card.
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// How much room there is around a folder.
    fn room(&self, folder: &Path) -> io::Result<Room> {
        Room::around(folder)
    }
}

/// The machine's own.
#[derive(Debug)]
pub struct RealDisk;

impl Disk for RealDisk {}

/// Bytes that a door needs to write for a good while: more than 100,000 records.
const AMPLE: u64 = 64 << 20;
/// The reserve, in bytes: some 2,000 records.
const RESERVE: u64 = 1 << 20;
/// A small file system keeps this part of itself as the reserve, and is short of room below four times that.
const SMALL_PART: u64 = 16;
/// The least that a file takes.
const BLOCK: u64 = 4096;

/// Room on a file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What the service's user may still write.
    pub free: u64,
    /// The size of it all; 0 where the file system does not say.
    pub total: u64,
}

impl Room {
    /// Of the file system that a folder lies on.
    pub fn around(folder: &Path) -> io::Result<Self> {
        let found = statvfs(folder)?;
        Ok(Self {
            free: found.f_bavail.saturating_mul(found.f_frsize),
            total: found.f_blocks.saturating_mul(found.f_frsize),
        })
    }

    /// Below this it is time to make room: twice a file of the records and 64 MiB at least, which is time enough
    /// to notice at a door's pace; at most a quarter of the file system, so that a small one can be in order. No
    /// part of a large card: at a door's pace 5 % of it are years.
    pub fn early(self, max_bytes: u64) -> u64 {
        max_bytes.saturating_mul(2).max(AMPLE).min(self.total / 4)
    }

    /// Whether it is time to make room. Once it is, a quarter more than that ends it, so that it does not come
    /// and go with each record.
    pub fn is_short(self, max_bytes: u64, was_short: bool) -> bool {
        let early = self.early(max_bytes);
        self.free < if was_short { early + early / 4 } else { early }
    }

    /// Bytes to keep as a reserve: 1 MiB, less on a small file system, 0 where there is no room to speak of.
    pub fn reserve(self) -> u64 {
        let part = if self.total == 0 { RESERVE } else { self.total / SMALL_PART };
        part.min(RESERVE) / BLOCK * BLOCK
    }

    /// Whether ordinary records are still written: the reserve could be made again and leave as much.
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

    fn room(free: u64, total: u64) -> Room {
        Room { free, total }
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
