//! Secret keys on the disk, and how each is replaced by the next: no power cut loses the chain.
//!
//! 1. `seal.key.next` is written and synced, long before it is needed.
//! 2. A seal names the public half of `seal.key.next`. It is signed with `seal.key`, written and synced.
//! 3. `seal.key.next` is renamed to `seal.key`, the old key's bytes are overwritten, the folder is synced.
//!
//! At any time the newest seal names one of the two files, and [`KeyFolder::resume`] finds out which.

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

/// The folder with the keys.
#[derive(Debug, Clone)]
pub struct KeyFolder(PathBuf);

/// The key that the chain goes on with.
#[derive(Debug)]
pub enum Resumed {
    /// The key that the newest seal names.
    Continued(SecretKey),
    /// A key that a new chain begins with, and the reason for the new chain.
    Begun(SecretKey, String),
}

impl KeyFolder {
    /// The keys in this folder.
    pub fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Finds the secret key whose public half is `named`, the newest seal's next key. Without a seal, or if
    /// that key is missing, it takes a new one: from the file `first`, else from the systemd credential, else
    /// a random one.
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

    /// Writes and syncs the next key (step 1).
    pub fn prepare(&self) -> Result<SecretKey, AuditError> {
        let next = SecretKey::random()?;
        self.write(NEXT, &next)?;
        Ok(next)
    }

    /// Replaces the old key by the next one (step 3). If that is done already, it does nothing.
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

/// The key in a file; `None` if there is no file. If the file holds no key, that is logged, and the result is
/// `None`.
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

/// The first key that was given to this machine when it was installed.
fn first_key(first: Option<&Path>) -> Result<Option<SecretKey>, AuditError> {
    let Some(path) = given(first) else { return Ok(None) };
    match read_key(&path, Trust::Checked)? {
        None => Err(AuditError::NoKey(path)),
        key => Ok(key),
    }
}

/// The path of the given first key: the configured file, else the systemd credential if there is one.
pub fn given(first: Option<&Path>) -> Option<PathBuf> {
    first.map(Path::to_owned).or_else(|| limen_files::keys::credential(CREDENTIAL))
}

/// The next key on its way from the keeper's thread to the recorder's thread.
#[derive(Debug, Default)]
pub enum Slot {
    /// There is no next key yet.
    #[default]
    Empty,
    /// The key is on the disk; the next seal can name it.
    Ready(SecretKey),
    /// A seal has named the key. From now on, seals are signed with it.
    Used,
    /// That seal is synced, so the key must be promoted.
    Due,
}

/// The slot, shared by two threads.
pub type NextKey = Arc<Mutex<Slot>>;

/// Makes sure that there is a next key: promotes the one that a synced seal named, then prepares another one.
/// It retries each step that failed.
#[derive(Debug)]
pub struct SealKeyKeeper {
    keys: KeyFolder,
    next: NextKey,
}

impl SealKeyKeeper {
    /// A keeper that has done nothing yet.
    pub fn new(keys: KeyFolder, next: NextKey) -> Self {
        Self { keys, next }
    }

    /// Notes that the seal which used the next key is synced.
    pub fn seal_is_durable(&mut self) {
        let mut slot = self.slot();
        if matches!(*slot, Slot::Used) {
            *slot = Slot::Due;
        }
    }

    /// Promotes the next key if a synced seal has named it.
    pub fn promote(&mut self) -> Result<(), AuditError> {
        if matches!(*self.slot(), Slot::Due) {
            self.keys.promote()?;
            *self.slot() = Slot::Empty;
        }
        Ok(())
    }

    /// Promotes the next key if that is due, and prepares another if there is none.
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
