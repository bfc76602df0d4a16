//! The gallery that was good last, with what finds its templates: for a start whose gallery file is refused.

use limen_core::embedding::ModelDigest;
use limen_files::Trust;

use super::{GallerySource, StoreUse};
use crate::gallery::{Kept, ModelVersion, Store, StoreError};

/// A gallery from the disk.
#[derive(Debug)]
pub struct LastGood {
    /// Everybody in it.
    pub kept: Kept,
    /// The templates.
    pub store: Store,
    /// The store's number.
    pub generation: u64,
    /// What of the store is not used.
    pub refused: Vec<StoreError>,
}

/// Opens the last good gallery that goes with the store; none where none was kept. Where the store cannot be used, or is
/// not the newest, neither can the gallery.
pub fn last_good(
    source: &GallerySource,
    model: ModelDigest,
    version: &ModelVersion,
) -> Result<Option<LastGood>, StoreError> {
    let StoreUse::Own(vault) = &source.store else { return Ok(None) };
    let _writing = vault.lock()?;
    vault.finish_rotation();
    vault.check_model(version)?;
    let Some(opened) = vault.open(model, Trust::in_the_service())? else { return Ok(None) };
    let Some(kept) = vault.kept_gallery(&opened)? else { return Ok(None) };
    Ok(Some(LastGood { kept, generation: opened.generation, store: opened.store, refused: opened.refused }))
}
