//! Secret keys on the disk, and how one follows the other without a power cut ever losing the chain.
//!
//! 1. `seal.key.next` is written and synced, long before it is needed.
//! 2. A seal is written, signed with `seal.key`, naming the public half of `seal.key.next`, and synced.
//! 3. `seal.key.next` is renamed to `seal.key`, the old key's bytes are overwritten, the folder synced.
//!
//! At every moment the newest seal names one of the two files, and [`KeyFolder::resume`] finds out which.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use limen_core::secret::MAX_KEY_BYTES;
use limen_files::{Trust, read_trusted, sync_folder, write_atomically};
use zeroize::Zeroizing;

use super::error::AuditError;
use super::folder::{OWN_MODE, failed};
use super::seal::{SealKey, SecretKey};

const KEY: &str = "seal.key";
const NEXT: &str = "seal.key.next";
/// The systemd credential with the first key: `LoadCredentialEncrypted=audit-key:...`.
pub const CREDENTIAL: &str = "audit-key";

/// The folder that the keys lie in.
#[derive(Debug, Clone)]
pub struct KeyFolder(PathBuf);

/// The key to go on with.
#[derive(Debug)]
pub enum Resumed {
    /// The one that the newest seal names.
    Continued(SecretKey),
    /// A chain has to begin with this one, for this reason.
    Begun(SecretKey, String),
}

impl KeyFolder {
    /// The keys in this folder.
    pub fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Finds the key that `named`, the newest seal's next key, is the public half of. Without a seal, or
    /// without its key, a new one is begun with: the one in `first`, else the systemd credential, else a
    /// random one.
    pub fn resume(&self, named: Option<SealKey>, first: Option<&Path>) -> Result<Resumed, AuditError> {
        let (key, next) = (self.read(KEY)?, self.read(NEXT)?);
        if let Some(named) = named {
            if let Some(key) = key.filter(|key| key.public() == named) {
                return Ok(Resumed::Continued(key));
            }
            if let Some(next) = next.filter(|next| next.public() == named) {
                self.promote()?;
                return Ok(Resumed::Continued(next));
            }
            let why = "no key on the disk is the one that the newest seal names";
            return self.begin(SecretKey::random()?, why);
        }
        if let Some(key) = key {
            return Ok(Resumed::Begun(key, "first start".to_owned()));
        }
        match first_key(first)? {
            Some(key) => self.begin(key, "first start, with a key that was given"),
            None => self.begin(SecretKey::random()?, "first start"),
        }
    }

    fn begin(&self, key: SecretKey, why: &str) -> Result<Resumed, AuditError> {
        self.write(KEY, &key)?;
        Ok(Resumed::Begun(key, why.to_owned()))
    }

    /// Step 1.
    pub fn prepare(&self) -> Result<SecretKey, AuditError> {
        let next = SecretKey::random()?;
        self.write(NEXT, &next)?;
        Ok(next)
    }

    /// Step 3. Done already, it does nothing.
    pub fn promote(&self) -> Result<(), AuditError> {
        let (path, next) = (self.0.join(KEY), self.0.join(NEXT));
        if !next.exists() {
            return Ok(sync_folder(&self.0)?);
        }
        limen_files::keys::promote(&next, &path).map_err(failed(&path, "replace"))?;
        Ok(sync_folder(&self.0)?)
    }

    fn write(&self, name: &str, key: &SecretKey) -> Result<(), AuditError> {
        Ok(write_atomically(&self.0.join(name), &key.text(), OWN_MODE)?)
    }

    fn read(&self, name: &str) -> Result<Option<SecretKey>, AuditError> {
        read_key(&self.0.join(name), Trust::in_the_service())
    }
}

/// A file's key; `None` if there is no file. A file without a key in it is reported and counts as none.
fn read_key(path: &Path, trust: Trust) -> Result<Option<SecretKey>, AuditError> {
    match read_trusted(path, MAX_KEY_BYTES, trust) {
        Ok(bytes) => {
            let key = SecretKey::parse(&Zeroizing::new(bytes));
            if key.is_none() {
                log::error!("{}: holds no key", path.display());
            }
            Ok(key)
        }
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(AuditError::Key(error)),
    }
}

/// The key that whoever installs this machine gave it.
fn first_key(first: Option<&Path>) -> Result<Option<SecretKey>, AuditError> {
    let Some(path) = given(first) else { return Ok(None) };
    match read_key(&path, Trust::Checked)? {
        None => Err(AuditError::NoKey(path)),
        key => Ok(key),
    }
}

/// Where a first key is given: the configured file, else the systemd credential where there is one.
pub fn given(first: Option<&Path>) -> Option<PathBuf> {
    first.map(Path::to_owned).or_else(|| limen_files::keys::credential(CREDENTIAL))
}

/// Where the next key is on its way from the keeper's thread to the recorder's.
#[derive(Debug, Default)]
pub enum Slot {
    /// None is made yet.
    #[default]
    Empty,
    /// It lies on the disk, for the next seal to name.
    Ready(SecretKey),
    /// A seal has named it, and signs with it from now on.
    Used,
    /// That seal is synced, so the key is to be promoted.
    Due,
}

/// The slot, shared by two threads.
pub type NextKey = Arc<Mutex<Slot>>;

/// Sees to it that there is a next key: promotes the one that a synced seal named, then prepares another.
/// Each step is tried again after a failure.
#[derive(Debug)]
pub struct Keeper {
    keys: KeyFolder,
    next: NextKey,
}

impl Keeper {
    /// A keeper that has everything still to do.
    pub fn new(keys: KeyFolder, next: NextKey) -> Self {
        Self { keys, next }
    }

    /// The seal that used the next key up is synced.
    pub fn seal_is_durable(&mut self) {
        let mut slot = self.slot();
        if matches!(*slot, Slot::Used) {
            *slot = Slot::Due;
        }
    }

    /// Promotes the next key if that is due.
    pub fn promote(&mut self) -> Result<(), AuditError> {
        if matches!(*self.slot(), Slot::Due) {
            self.keys.promote()?;
            *self.slot() = Slot::Empty;
        }
        Ok(())
    }

    /// Does what is due: promotes, and prepares the next key if there is none.
    pub fn advance(&mut self) -> Result<(), AuditError> {
        self.promote()?;
        if matches!(*self.slot(), Slot::Empty) {
            let key = self.keys.prepare()?;
            *self.slot() = Slot::Ready(key);
        }
        Ok(())
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
