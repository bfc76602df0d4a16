//! The last good gallery and its templates, for a start whose gallery file is refused.

use limen_core::embedding::ModelDigest;
use limen_files::Trust;

use super::source::{GallerySource, StoreUse};
use crate::gallery::{Kept, ModelVersion, Store, StoreError};

/// A gallery from the disk.
#[derive(Debug)]
pub struct LastGood {
    /// The people in it.
    pub kept: Kept,
    /// The templates of these people.
    pub store: Store,
    /// The generation of the store.
    pub generation: u64,
    /// Why parts of the store are not used.
    pub refused: Vec<StoreError>,
}

/// Opens the last good gallery that belongs to the store; `None` if there is none. If the store cannot be
/// used or is not the newest, the gallery cannot be used either.
pub fn last_good(
    source: &GallerySource,
    model: ModelDigest,
    version: &ModelVersion,
) -> Result<Option<LastGood>, StoreError> {
    let StoreUse::Own(store_file) = &source.store else { return Ok(None) };
    let _writing = store_file.lock()?;
    store_file.finish_rotation();
    store_file.check_model(version)?;
    let Some(opened) = store_file.open(model, Trust::in_the_service())? else { return Ok(None) };
    let Some(kept) = store_file.kept_gallery(&opened)? else { return Ok(None) };
    Ok(Some(LastGood { kept, generation: opened.generation, store: opened.store, refused: opened.refused }))
}
