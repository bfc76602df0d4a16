//! The file that records are appended to. It holds whole records only: a record that could not be written
//! leaves nothing behind.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};

use super::disk::Disk;

/// The file being written, and its state, which changes together with it.
#[derive(Debug)]
pub(super) struct CurrentFile {
    pub file: File,
    /// The length of all whole records, in bytes.
    pub length: u64,
    /// The file still has the name of the next file. It accepts no record until it is named `audit.jsonl`.
    pub unnamed: bool,
    /// A part of a record follows the whole ones. It is cut off before anything else is written.
    torn: bool,
}

impl CurrentFile {
    /// A file with its final name and whole records only.
    pub fn of(file: File, length: u64) -> Self {
        Self { file, length, unnamed: false, torn: false }
    }

    /// An empty file that still has the name of the next file.
    pub fn begun(file: File) -> Self {
        Self { unnamed: true, ..Self::of(file, 0) }
    }

    /// Appends a line. If that fails, no part of it stays in the file.
    pub fn append(&mut self, disk: &dyn Disk, line: &[u8]) -> io::Result<()> {
        if self.torn {
            self.cut()?;
        }
        if let Err(error) = disk.write(&self.file, line) {
            // If this fails too, the next record or the next opening tries it again.
            self.torn = self.cut().is_err();
            return Err(error);
        }
        self.length += line.len() as u64;
        Ok(())
    }

    fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::End(0))?;
        self.torn = false;
        Ok(())
    }
}
