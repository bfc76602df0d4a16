//! The store's key: where it is, and how it is replaced.
//!
//! 1. The next key is put beside the key, with `.next` after its name, and is synced.
//! 2. The store is written again, sealed with the next key, in one step.
//! 3. The next key is renamed to the key, the old one's bytes are overwritten, the folder is synced.
//!
//! At any time the store's head names one of the two keys, and both are read.

use std::path::{Path, PathBuf};

use limen_core::secret::{KeyBytes, MAX_KEY_BYTES};
use limen_files::{Trust, read_secret, read_trusted, sync_folder, write_atomically};

use super::error::{StoreError, shown};

/// The systemd credential with the key: `LoadCredentialEncrypted=store-key:...`; the next one is called
/// `store-key.next`.
pub const CREDENTIAL: &str = "store-key";
/// The key's name in the state folder, unless another place is given.
const KEY_NAME: &str = "store.key";

/// Where the key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// In a file in the state folder, made by the daemon. It protects only a copy of the store alone.
    Own(PathBuf),
    /// In a file that the configuration names.
    Given(PathBuf),
    /// In a systemd credential.
    Credential(PathBuf),
}

impl KeyPlace {
    /// The file that the configuration names, else the systemd credential if there is one, else a file in the
    /// state folder.
    pub fn find(given: Option<&Path>, state: &Path) -> Self {
        match (given, limen_files::keys::credential(CREDENTIAL)) {
            (Some(file), _) => Self::Given(file.to_owned()),
            (None, Some(file)) => Self::Credential(file),
            (None, None) => Self::Own(state.join(KEY_NAME)),
        }
    }

    /// The path of the key's file.
    pub fn file(&self) -> &Path {
        match self {
            Self::Own(file) | Self::Given(file) | Self::Credential(file) => file,
        }
    }

    /// The path of the next key's file.
    pub fn next_file(&self) -> PathBuf {
        let mut name = self.file().as_os_str().to_owned();
        name.push(".next");
        name.into()
    }

    /// The key; `None` if there is none.
    pub fn key(&self, trust: Trust) -> Result<Option<KeyBytes>, StoreError> {
        self.read(self.file(), trust)
    }

    /// The next key, if there is one.
    pub fn next(&self, trust: Trust) -> Result<Option<KeyBytes>, StoreError> {
        self.read(&self.next_file(), trust)
    }

    fn read(&self, file: &Path, trust: Trust) -> Result<Option<KeyBytes>, StoreError> {
        let read = match self {
            // systemd lets nobody else into its folder; the mode of a credential's file shows an access list.
            Self::Credential(_) => read_trusted(file, MAX_KEY_BYTES, trust).map(zeroize::Zeroizing::new),
            Self::Own(_) | Self::Given(_) => read_secret(file, MAX_KEY_BYTES, trust),
        };
        match read {
            Ok(text) => KeyBytes::parse(&text).map(Some).ok_or_else(|| StoreError::BadKey(shown(file))),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(StoreError::Key(error)),
        }
    }

    /// Makes the first key, only in the state folder: a given key is never replaced by another one.
    pub fn make(&self) -> Result<KeyBytes, StoreError> {
        match self {
            Self::Own(file) => make_in(file),
            Self::Given(file) | Self::Credential(file) => Err(StoreError::BadKey(shown(file))),
        }
    }

    /// Makes the next key in the state folder, or reads the given one (step 1).
    pub fn prepare(&self, trust: Trust) -> Result<KeyBytes, StoreError> {
        let missing = match self {
            Self::Own(_) => return make_in(&self.next_file()),
            Self::Given(_) => StoreError::NoNextKey(shown(&self.next_file())),
            Self::Credential(_) => StoreError::NoNextCredential(format!("{CREDENTIAL}.next")),
        };
        self.next(trust)?.ok_or(missing)
    }

    /// Replaces the key by the next one (step 3). Returns what must be done by hand, if it cannot be done
    /// here.
    pub fn promote(&self) -> Option<String> {
        let (file, next) = (self.file(), self.next_file());
        if let Self::Credential(_) = self {
            return Some(format!(
                "the store is sealed with the credential {CREDENTIAL}.next; give the service that key as \
                 {CREDENTIAL} and take {CREDENTIAL}.next out of the unit, then restart it"
            ));
        }
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let done = limen_files::keys::promote(&next, file).map_err(|error| error.to_string());
        match done.and_then(|()| sync_folder(folder).map_err(|error| error.to_string())) {
            Ok(()) => None,
            Err(why) => {
                let (next, file) = (shown(&next), shown(file));
                Some(format!(
                    "the store is sealed with the key in {next}, which could not take its place ({why}): \
                     mv {next} {file}"
                ))
            }
        }
    }
}

fn make_in(file: &Path) -> Result<KeyBytes, StoreError> {
    let key = limen_files::keys::random_key().map_err(|error| StoreError::Sealing(error.to_string()))?;
    write_atomically(file, &key.text(), 0o600).map_err(StoreError::Key)?;
    Ok(key)
}
