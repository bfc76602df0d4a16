//! The store's file, its key, and the newest generation: read and written together.
//!
//! Only the daemon writes here; while none runs, a command does. A lock on the folder keeps two from doing so
//! at once.

use std::path::{Path, PathBuf};

use limen_core::embedding::ModelDigest;
use limen_core::person::PersonId;
use limen_core::secret::KeyBytes;
use limen_files::{FileLock, Trust, lock_folder, read_trusted, write_atomically_by};

use super::error::{StoreError, shown};
use super::key::KeyPlace;
use super::plain;
use super::sealed::{self, KeyId, Unsealed};
use super::seen::{ModelVersion, NewestSeen};
use super::templates::Store;

/// The name of the store in the state folder.
pub const STORE_NAME: &str = "templates.limen";
/// The largest store that is read, in bytes: the most photographs with 512 numbers per embedding.
const MAX_STORE_BYTES: u64 = 1 << 30;

/// Where a store and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreFile {
    pub(super) folder: PathBuf,
    key: KeyPlace,
    at_least: u64,
}

/// A store that was opened.
#[derive(Debug)]
pub struct OpenedStore {
    /// Its templates, as far as they are authentic.
    pub store: Store,
    /// Why parts of it are not used.
    pub refused: Vec<StoreError>,
    /// Its generation; 0 in format 1.
    pub generation: u64,
    /// The key that opened it; none in format 1.
    pub(super) key: Option<KeyBytes>,
}

impl OpenedStore {
    /// Whether it is sealed, and every record is used.
    pub fn is_sound(&self) -> bool {
        self.key.is_some() && self.refused.is_empty()
    }
}

/// A store that was sealed with another key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The generation of the new store.
    pub generation: u64,
    /// What must still be done by hand.
    pub left: Option<String>,
}

impl StoreFile {
    /// The store in a state folder. Its key is in the given file, else in the systemd credential if there is
    /// one, else in the state folder too.
    pub fn in_state(folder: &Path, key: Option<&Path>) -> Self {
        Self { folder: folder.to_owned(), key: KeyPlace::find(key, folder), at_least: 0 }
    }

    /// Refuses a store older than this generation, which the records name.
    pub fn expect(&mut self, generation: u64) {
        self.at_least = self.at_least.max(generation);
    }

    /// The path of the store.
    pub fn file(&self) -> PathBuf {
        self.folder.join(STORE_NAME)
    }

    /// Where the key is.
    pub fn key(&self) -> &KeyPlace {
        &self.key
    }

    /// Takes the right to write here, until it is dropped.
    pub fn lock(&self) -> Result<FileLock, StoreError> {
        Ok(lock_folder(&self.folder)?)
    }

    /// Reads the store, if there is one; `model` will be in force. A store that is older than the newest one,
    /// or sealed with another key, is refused as a whole.
    pub fn open(&self, model: ModelDigest, trust: Trust) -> Result<Option<OpenedStore>, StoreError> {
        let Some(opened) = self.open_of_any_age(model, trust)? else { return Ok(None) };
        let seen = self.newest(&NewestSeen::load(&self.folder, trust)?);
        if opened.generation < seen {
            let path = shown(&self.file());
            return Err(StoreError::Rollback { path, found: opened.generation, seen });
        }
        Ok(Some(opened))
    }

    fn open_of_any_age(&self, model: ModelDigest, trust: Trust) -> Result<Option<OpenedStore>, StoreError> {
        let path = self.file();
        let bytes = match read_trusted(&path, MAX_STORE_BYTES, trust) {
            Ok(bytes) => bytes,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match sealed::read_head(&bytes, &path) {
            // Anybody can write a store that is not sealed: if there is a key, we did not write it.
            Err(StoreError::OtherVersion { .. })
                if plain::is_plain(&bytes) && self.key.key(trust)?.is_some() =>
            {
                Err(StoreError::NotSealed(shown(&path)))
            }
            Err(StoreError::OtherVersion { .. }) if plain::is_plain(&bytes) => {
                let store = plain::decode(&bytes, &path)?.with_model(model);
                Ok(Some(OpenedStore { store, refused: Vec::new(), generation: 0, key: None }))
            }
            Err(error) => Err(error),
            Ok(head) => {
                let key = self.key_of(head.key, trust)?;
                let Unsealed { store, refused } = sealed::unseal(bytes, &key, model, &path)?;
                Ok(Some(OpenedStore { store, refused, generation: head.generation, key: Some(key) }))
            }
        }
    }

    /// The key with this id, which is the key or the next one.
    pub(super) fn key_of(&self, id: KeyId, trust: Trust) -> Result<KeyBytes, StoreError> {
        let key = self.key.key(trust)?;
        let found = key.is_some();
        if let Some(key) = key.filter(|key| KeyId::of(key) == id) {
            return Ok(key);
        }
        if let Some(next) = self.key.next(trust)?.filter(|next| KeyId::of(next) == id) {
            return Ok(next);
        }
        let (path, key) = (shown(&self.file()), shown(self.key.file()));
        Err(if found { StoreError::WrongKey { path, key } } else { StoreError::NoKey { path, key } })
    }

    /// Replaces the store in one step, with mode 0600, and remembers its generation, which is returned. It is
    /// sealed with the key of the store that was opened `before`, else with the present key, else with a new
    /// one.
    pub fn write(&self, store: &Store, before: Option<&OpenedStore>) -> Result<u64, StoreError> {
        let known = before.and_then(|opened| opened.key.as_ref());
        let generation = before.map_or(0, |opened| opened.generation);
        match known {
            Some(key) => self.write_with(store, key, generation),
            None => self.write_with(store, &self.key_or_new()?, generation),
        }
    }

    pub(super) fn key_or_new(&self) -> Result<KeyBytes, StoreError> {
        match (self.key.key(Trust::in_the_service())?, &self.key) {
            (Some(key), _) => Ok(key),
            (None, KeyPlace::Own(file)) => {
                log::info!(
                    "a key for the templates was made in {}: it protects a copy of the store, not of the \
                     whole card; docs/templates.md says how to keep it elsewhere",
                    shown(file)
                );
                self.key.make()
            }
            (None, place) => Err(StoreError::NoKey { path: shown(&self.file()), key: shown(place.file()) }),
        }
    }

    fn write_with(&self, store: &Store, key: &KeyBytes, generation: u64) -> Result<u64, StoreError> {
        // This file can be unreadable here only if an administrator said to go on.
        let mut seen = NewestSeen::load(&self.folder, Trust::in_the_service()).unwrap_or_default();
        let generation = self.newest(&seen).max(generation).saturating_add(1);
        write_atomically_by(&self.file(), 0o600, |to| sealed::seal(store, key, generation, to))?;
        seen.generation = generation;
        seen.store(&self.folder)?;
        Ok(generation)
    }

    pub(super) fn newest(&self, seen: &NewestSeen) -> u64 {
        seen.generation.max(self.at_least)
    }

    /// Refuses a model that is older than the newest of its name that was in force.
    pub fn check_model(&self, model: &ModelVersion) -> Result<(), StoreError> {
        NewestSeen::load(&self.folder, Trust::in_the_service())?.check_model(model)
    }

    /// Remembers the model and the store's generation as being in force.
    pub fn remember(&self, model: &ModelVersion, generation: u64) -> Result<(), StoreError> {
        let mut seen = NewestSeen::load(&self.folder, Trust::in_the_service())?;
        let before = seen.clone();
        seen.generation = self.newest(&seen).max(generation);
        seen.models.insert(model.name.clone(), model.version);
        if seen == before { Ok(()) } else { seen.store(&self.folder) }
    }

    /// Seals the store with another key. Whatever happens, one of the two keys opens it.
    pub fn rotate(&self) -> Result<Rotated, StoreError> {
        let trust = Trust::in_the_service();
        let _writing = self.lock()?;
        self.finish_rotation();
        let opened = self.open_to_change(trust)?;
        let key = self.key.prepare(trust)?;
        let already = opened.key.as_ref().is_some_and(|old| old.bytes() == key.bytes());
        let generation = if already {
            opened.generation
        } else {
            let generation = self.write_with(&opened.store, &key, opened.generation)?;
            self.carry_gallery(&opened, &key, generation);
            generation
        };
        Ok(Rotated { generation, left: self.key.promote() })
    }

    /// Promotes the next key if the store is sealed with it already, as after a power cut.
    pub fn finish_rotation(&self) {
        let trust = Trust::in_the_service();
        let sealed_with = |key: &KeyBytes| {
            let bytes = read_trusted(&self.file(), MAX_STORE_BYTES, trust).ok()?;
            let head = sealed::read_head(&bytes, &self.file()).ok()?;
            Some(head.key == KeyId::of(key))
        };
        let next = self.key.next(trust).ok().flatten();
        if matches!(self.key, KeyPlace::Own(_))
            && next.as_ref().and_then(sealed_with) == Some(true)
            && let Some(left) = self.key.promote()
        {
            log::warn!("{left}");
        }
    }

    /// Accepts the store, and the model in force, as the newest, whatever their age. Returns the store's
    /// generation.
    pub fn accept_rollback(&self) -> Result<u64, StoreError> {
        let _writing = self.lock()?;
        let opened = self.open_of_any_age(ModelDigest([0; 32]), Trust::in_the_service())?;
        let seen = NewestSeen::load(&self.folder, Trust::in_the_service()).unwrap_or_default();
        NewestSeen { models: Default::default(), ..seen.clone() }.store(&self.folder)?;
        let Some(opened) = opened else { return Ok(seen.generation) };
        opened.refused.iter().for_each(|error| log::warn!("{error}"));
        let generation = self.write(&opened.store, Some(&opened))?;
        if let Some(key) = &opened.key {
            self.carry_gallery(&opened, key, generation);
        }
        Ok(generation)
    }

    /// Removes all templates of a person, and the person from the last good gallery. Returns the number of
    /// templates. Only while no daemon runs.
    pub fn forget(&self, person: &PersonId) -> Result<usize, StoreError> {
        if !self.folder.exists() {
            return Ok(0);
        }
        let _writing = self.lock()?;
        // If the person cannot be removed from the last good gallery, delete that gallery.
        self.forget_locked(person).inspect_err(|_| self.drop_gallery())
    }

    fn forget_locked(&self, person: &PersonId) -> Result<usize, StoreError> {
        let Some(opened) = self.open(ModelDigest([0; 32]), Trust::in_the_service())? else {
            self.drop_gallery();
            return Ok(0);
        };
        self.forget_in_gallery(&opened, person)?;
        let mut store = opened.store.clone();
        let gone = store.forget(person);
        if gone > 0 {
            opened.refused.iter().for_each(|error| log::warn!("{error}"));
            let generation = self.write(&store, Some(&opened))?;
            if let Some(key) = &opened.key {
                self.carry_gallery(&opened, key, generation);
            }
        }
        Ok(gone)
    }

    fn open_to_change(&self, trust: Trust) -> Result<OpenedStore, StoreError> {
        let opened = self.open(ModelDigest([0; 32]), trust)?;
        let opened = opened.ok_or_else(|| StoreError::NoStore(shown(&self.file())))?;
        match opened.refused {
            refused if refused.is_empty() => Ok(OpenedStore { refused, ..opened }),
            mut refused => Err(refused.remove(0)),
        }
    }
}
