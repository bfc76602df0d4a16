//! The file that records are appended to: whole records, and nothing of one that could not be written.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};

use super::disk::Disk;

/// The file being written: what belongs to it changes with it, in one step.
#[derive(Debug)]
pub(super) struct Current {
    pub file: File,
    /// Bytes of whole records.
    pub length: u64,
    /// It still has the name of the next file, and takes no record until it is `audit.jsonl`.
    pub unnamed: bool,
    /// Behind the whole records lies a part of one, and nothing is written before that is cut off.
    torn: bool,
}

impl Current {
    /// A file that has its name, with whole records only.
    pub fn of(file: File, length: u64) -> Self {
        Self { file, length, unnamed: false, torn: false }
    }

    /// One without records, which still has the name of the next file.
    pub fn begun(file: File) -> Self {
        Self { unnamed: true, ..Self::of(file, 0) }
    }

    /// Appends a line; one that fails leaves no part of itself behind.
    pub fn append(&mut self, disk: &dyn Disk, line: &[u8]) -> io::Result<()> {
        if self.torn {
            self.cut()?;
        }
        if let Err(error) = disk.write(&self.file, line) {
            // Should that fail too, the next record tries again, or the next opening.
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
