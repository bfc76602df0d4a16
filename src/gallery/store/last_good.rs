//! Keeps the last good gallery beside the store. Only the newest one is ever given out.
//!
//! If it cannot be written, the one before is deleted: without any nobody enters, but an old one might let in
//! a removed person.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use limen_core::person::PersonId;
use limen_core::secret::KeyBytes;
use limen_files::{Trust, open_trusted, sync_folder, write_atomically_by};

use super::error::{StoreError, shown};
use super::keeping::{self, KEPT_NAME, Sealed};
use super::seen::NewestSeen;
use super::store_file::{OpenedStore, StoreFile};
use crate::gallery::last_good::Kept;

/// The largest file that is read, in bytes: all people with an embedding in the gallery file.
const MAX_KEPT_BYTES: u64 = 256 << 20;

impl StoreFile {
    /// The path of the last good gallery.
    pub fn kept_file(&self) -> PathBuf {
        self.folder.join(KEPT_NAME)
    }

    /// Keeps a gallery as the last good one. It belongs to the store of this generation, and is sealed with
    /// the key of the store that was opened `before`, otherwise with the present key.
    pub fn keep_gallery(
        &self,
        kept: &Kept,
        before: Option<&OpenedStore>,
        generation: u64,
    ) -> Result<(), StoreError> {
        let known = before.and_then(|opened| opened.key.as_ref());
        let outcome = match known {
            Some(key) => self.keep_unless_there(kept, key, generation),
            None => self.key_or_new().and_then(|key| self.keep_unless_there(kept, &key, generation)),
        };
        outcome.inspect_err(|_| self.drop_gallery())
    }

    /// The last good gallery, if it belongs to this store and is the newest.
    pub fn kept_gallery(&self, opened: &OpenedStore) -> Result<Option<Kept>, StoreError> {
        let Some((sealed, key)) = self.open_gallery()? else { return Ok(None) };
        let seen = NewestSeen::load(&self.folder, Trust::in_the_service())?;
        if sealed.head.generation != opened.generation || sealed.head.number < seen.gallery {
            return Err(StoreError::KeptOlder(shown(&self.kept_file())));
        }
        sealed.unseal(&key).map(Some)
    }

    /// Narrows the last good gallery by what a later gallery file with mistakes takes away. Only the newest
    /// one is changed.
    pub fn narrow_gallery(&self, narrow: impl FnOnce(Kept) -> Option<Kept>) -> Result<(), StoreError> {
        let narrowed = self.open_gallery().and_then(|opened| {
            let Some((sealed, key)) = opened else { return Ok(()) };
            let seen = NewestSeen::load(&self.folder, Trust::in_the_service())?;
            let generation = sealed.head.generation;
            if generation != self.newest(&seen) || sealed.head.number < seen.gallery {
                return Err(StoreError::KeptOlder(shown(&self.kept_file())));
            }
            match narrow(sealed.unseal(&key)?) {
                Some(less) => self.keep_with(&less, &key, generation),
                None => Err(StoreError::KeptDamaged(shown(&self.kept_file()))),
            }
        });
        narrowed.inspect_err(|_| self.drop_gallery())
    }

    /// Deletes the last good gallery. First its number is used up, so that a copy that is put back is too
    /// old.
    pub fn drop_gallery(&self) {
        if fs::symlink_metadata(self.kept_file()).is_ok() {
            self.next_number().map_or_else(|error| log::warn!("{error}"), drop);
        }
        match fs::remove_file(self.kept_file()) {
            Ok(()) => drop(sync_folder(&self.folder)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => log::error!(
                "{}: cannot be removed: {error}; it may let in who was removed; remove it by hand",
                shown(&self.kept_file())
            ),
        }
    }

    /// After the store was written again with the same people, does the same with the gallery.
    pub(super) fn carry_gallery(&self, before: &OpenedStore, key: &KeyBytes, generation: u64) {
        let carried = self.kept_gallery(before).and_then(|kept| match kept {
            Some(kept) => self.keep_with(&kept, key, generation),
            None => Ok(()),
        });
        if let Err(error) = carried {
            log::warn!("{error}");
            self.drop_gallery();
        }
    }

    /// Removes a person from the last good gallery.
    pub(super) fn forget_in_gallery(
        &self,
        opened: &OpenedStore,
        person: &PersonId,
    ) -> Result<(), StoreError> {
        let (Some(key), Ok(kept)) = (&opened.key, self.kept_gallery(opened)) else {
            self.drop_gallery();
            return Ok(());
        };
        let Some(mut kept) = kept else { return Ok(()) };
        if !kept.remove(person) {
            return Ok(());
        }
        self.keep_with(&kept, key, opened.generation).inspect_err(|_| self.drop_gallery())
    }

    /// Writes the gallery, unless the same one is there already.
    fn keep_unless_there(&self, kept: &Kept, key: &KeyBytes, generation: u64) -> Result<(), StoreError> {
        if self.has_gallery(kept, key, generation) { Ok(()) } else { self.keep_with(kept, key, generation) }
    }

    fn has_gallery(&self, kept: &Kept, key: &KeyBytes, generation: u64) -> bool {
        let (Ok(Some((sealed, sealed_with))), Ok(seen)) =
            (self.open_gallery(), NewestSeen::load(&self.folder, Trust::in_the_service()))
        else {
            return false;
        };
        let is_newest = sealed.head.generation == generation && sealed.head.number == seen.gallery;
        is_newest
            && sealed_with.bytes() == key.bytes()
            && sealed
                .proven_digest(key)
                .is_some_and(|digest| keeping::digest_of(kept).is_ok_and(|now| now == digest))
            && sealed.proves_whole(key)
    }

    fn keep_with(&self, kept: &Kept, key: &KeyBytes, generation: u64) -> Result<(), StoreError> {
        let number = self.next_number()?;
        let file = self.kept_file();
        Ok(write_atomically_by(&file, 0o600, |to| keeping::seal(kept, key, generation, number, to))?)
    }

    /// Uses up a number. This comes before the gallery is written: after a power cut in between, the gallery
    /// on disk is too old to be used.
    fn next_number(&self) -> Result<u64, StoreError> {
        let mut seen = NewestSeen::load(&self.folder, Trust::in_the_service())?;
        seen.gallery = seen.gallery.saturating_add(1);
        seen.store(&self.folder)?;
        Ok(seen.gallery)
    }

    fn open_gallery(&self) -> Result<Option<(Sealed<impl Read>, KeyBytes)>, StoreError> {
        let trust = Trust::in_the_service();
        let file = match open_trusted(&self.kept_file(), MAX_KEPT_BYTES, trust) {
            Ok(file) => file,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let sealed = Sealed::begin(file, &self.kept_file())?;
        let key = self.key_of(sealed.head.key, trust)?;
        Ok(Some((sealed, key)))
    }
}
