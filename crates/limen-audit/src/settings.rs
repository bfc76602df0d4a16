//! Where the audit lies and how much of it is kept.

use std::path::PathBuf;
use std::time::Duration;

/// Where the audit lies and how much of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSettings {
    /// The folder; created with mode 0700 if missing.
    pub folder: PathBuf,
    /// A file that reaches this is closed and another begun.
    pub max_bytes: u64,
    /// So many full files are kept; the oldest beyond that are deleted.
    pub keep: usize,
    /// Records that are younger are deleted only after a warning; zero for none.
    pub keep_at_least: Duration,
    /// The longest time between a record and the seal that covers it.
    pub seal_every: Duration,
    /// A file with the first sealing key; `None` takes the systemd credential or makes one.
    pub first_key: Option<PathBuf>,
}

impl AuditSettings {
    /// In this folder, everything else as an empty configuration has it.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            max_bytes: 16 << 20,
            keep: 16,
            keep_at_least: Duration::from_secs(90 * 86_400),
            seal_every: Duration::from_secs(600),
            first_key: None,
        }
    }
}
