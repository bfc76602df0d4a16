//! Where a gallery comes from: its file, and what is done with the store of its templates.

use std::path::PathBuf;

use limen_files::Trust;

use crate::gallery::StoreFile;

/// Where templates are kept. Only the daemon writes the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUse {
    /// In memory only.
    Memory,
    /// Read from this store if it has them; the store is never written.
    Read(StoreFile),
    /// Read from this store and written back.
    Own(StoreFile),
}

/// The files that a gallery comes from.
#[derive(Debug, Clone)]
pub struct GallerySource {
    /// The gallery file; photographs are relative to its folder.
    pub file: PathBuf,
    /// Where templates are kept.
    pub store: StoreUse,
    /// Whose files are accepted.
    pub trust: Trust,
}
