//! The reserve: a file without contents that is deleted when the disk is full, so that the fault itself can
//! be recorded.
//!
//! Once it is given up, only faults and alarms are written. When there is space for it twice, it is made
//! again, and all records are written again.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use limen_core::event::Fact;
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use super::disk::DiskSpace;
use super::error::says_full;
use super::folder::open_own;

/// The name of the file in the audit's folder.
pub const RESERVE: &str = "reserve";
/// How many zeroes are written at once on a file system that cannot allocate in another way.
const PIECE: usize = 64 << 10;

/// The file that keeps space free.
#[derive(Debug)]
pub struct Reserve {
    path: PathBuf,
    given_up: bool,
}

impl Reserve {
    /// The reserve of this folder. It creates no file.
    pub fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join(RESERVE), given_up: false }
    }

    /// Whether only faults and alarms are written.
    pub fn is_given_up(&self) -> bool {
        self.given_up
    }

    /// Deletes the file. Returns false if that was done already, or if there is no reserve.
    pub fn give_up(&mut self, room: Option<DiskSpace>) -> bool {
        if self.given_up || room.is_some_and(|room| room.reserve() == 0) {
            return false;
        }
        self.given_up = true;
        match fs::remove_file(&self.path) {
            Ok(()) => log::warn!("audit: the disk is full; the reserve {} is given up", self.path.display()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => log::error!("audit: the reserve {}: {error}", self.path.display()),
        }
        true
    }

    /// Makes the file if there is space for it; otherwise the reserve counts as given up.
    pub fn tend(&mut self, room: DiskSpace) {
        let size = room.reserve();
        if size == 0 || (!self.given_up && self.holds(size)) {
            return;
        }
        if !room.is_enough() {
            self.given_up = true;
            return;
        }
        self.given_up = false;
        if let Err(error) = make(&self.path, size) {
            // A half of the reserve would take space and be no help.
            let _ = fs::remove_file(&self.path);
            // A quota does not show in the file system's figures. Any other failure stops no record.
            self.given_up = error.kind() == io::ErrorKind::QuotaExceeded;
            if !says_full(&error) {
                log::warn!("audit: no reserve can be kept in {}: {error}", self.path.display());
            }
        }
    }

    fn holds(&self, size: u64) -> bool {
        let found = fs::symlink_metadata(&self.path);
        found.is_ok_and(|found| found.is_file() && found.len() == size && found.blocks() * 512 >= size)
    }
}

/// Makes the file with real blocks; a sparse file would reserve nothing.
fn make(path: &Path, size: u64) -> io::Result<()> {
    let file = open_own(path)?;
    file.set_len(0)?;
    match fallocate(&file, FallocateFlags::empty(), 0, size) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => fill(&file, size),
        allocated => Ok(allocated?),
    }
}

fn fill(mut file: &File, size: u64) -> io::Result<()> {
    let zeroes = [0; PIECE];
    let mut left = size;
    while left > 0 {
        let piece = left.min(PIECE as u64);
        io::Write::write_all(&mut file, &zeroes[..piece as usize])?;
        left -= piece;
    }
    Ok(())
}

/// Whether a fact is recorded even when the disk is full: faults and alarms, and the start and end of a run.
pub fn is_for_the_reserve(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Started { .. }
            | Fact::Stopped
            | Fact::Fault { .. }
            | Fact::Recovered { .. }
            | Fact::Alarm { .. }
            | Fact::StoreChanged { .. }
            | Fact::Gap { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: DiskSpace = DiskSpace { free: 8 << 30, total: 32 << 30 };
    const FULL: DiskSpace = DiskSpace { free: 0, total: 32 << 30 };

    #[test]
    fn the_reserve_takes_real_blocks_and_is_deleted_when_it_is_given_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(RESERVE);
        let mut reserve = Reserve::in_folder(folder.path());
        reserve.tend(CARD);
        let found = fs::metadata(&path).expect("made");
        assert_eq!(found.len(), 1 << 20);
        assert!(found.blocks() * 512 >= 1 << 20, "{} blocks", found.blocks());
        assert!(reserve.give_up(Some(FULL)) && !path.exists() && reserve.is_given_up());
        assert!(!reserve.give_up(Some(FULL)), "once");
    }

    #[test]
    fn the_reserve_is_made_again_when_there_is_room_for_it_twice() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut reserve = Reserve::in_folder(folder.path());
        reserve.tend(FULL);
        assert!(reserve.is_given_up() && !folder.path().join(RESERVE).exists());
        reserve.tend(DiskSpace { free: (2 << 20) - 1, ..FULL });
        assert!(reserve.is_given_up());
        reserve.tend(DiskSpace { free: 2 << 20, ..FULL });
        assert!(!reserve.is_given_up() && folder.path().join(RESERVE).exists());
    }

    #[test]
    fn zeroes_do_where_blocks_cannot_be_asked_for() {
        let file = tempfile::tempfile().expect("a file");
        fill(&file, 100_000).expect("written");
        assert_eq!(file.metadata().expect("there").len(), 100_000);
    }
}
