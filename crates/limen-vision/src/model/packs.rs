//! The folder of installed packs: `<name>.onnx`, `<name>.toml` and, for some, `<name>.cohort.bin`; of a concatenation
//! `<name>.toml` alone.
//!
//! The manifest is written last; without it, a pack is incomplete. Packs decide who enters, so they are read
//! only if nobody else may write them.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use limen_core::embedding::ModelDigest;
use limen_files::{Trust, lock_file, write_atomically};

use super::built_in_packs::{built_in_pack, built_in_packs};
use super::concatenation::{Concatenation, ConcatenationError};
use super::error::ModelError;
use super::name::ModelName;
use super::pack::{Described, Pack, read_manifest};

/// The folder's name in the state folder.
const FOLDER: &str = "models";
/// The endings of a pack's file names.
const ENDINGS: [&str; 3] = [".toml", ".onnx", ".cohort.bin"];
/// The mode of the files: networks are no secret.
const FILE_MODE: u32 = 0o644;
const FOLDER_MODE: u32 = 0o755;

/// The folder of installed packs. It may not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packs {
    folder: PathBuf,
}

impl Packs {
    /// The packs in this state folder.
    pub fn in_state(state: &Path) -> Self {
        Self { folder: state.join(FOLDER) }
    }

    /// The embedding networks that are compiled in and need no folder.
    pub fn built_in() -> Result<Vec<Pack>, ModelError> {
        built_in_packs()
    }

    /// The names of all packs, complete or not, sorted.
    pub fn names(&self) -> Result<Vec<String>, ModelError> {
        let failed = |source| ModelError::File { file: self.folder.clone(), source };
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut names = BTreeSet::new();
        for entry in entries {
            let file = entry.map_err(failed)?.file_name();
            let file = file.to_string_lossy();
            // A hidden file is still being written.
            let stem = ENDINGS.iter().find_map(|ending| file.strip_suffix(ending));
            names.extend(stem.filter(|stem| !stem.starts_with('.')).map(str::to_owned));
        }
        Ok(names.into_iter().collect())
    }

    /// The pack of this name, with verified digests.
    pub fn read(&self, name: &ModelName) -> Result<Pack, ModelError> {
        let [manifest, network, cohort] = self.files(name);
        if name.is_built_in()? {
            let what = "has the name of a network of this program, which is used instead; remove it";
            return Err(ModelError::Pack { file: manifest, what: what.to_owned() });
        }
        if !manifest.exists() {
            let what = "is missing: the pack was cut off half-way; install it again with `limen models add`";
            return Err(ModelError::Pack { file: manifest, what: what.to_owned() });
        }
        let trust = Trust::in_the_service();
        let pack = match read_manifest(&manifest, trust)? {
            (text, Described::Concatenation(all)) => self.concatenated(&all, text, &manifest)?,
            _ => Pack::from_files(&network, &manifest, |_| cohort.clone(), trust)?,
        };
        if pack.entry.name != name.as_str() {
            let what = format!("describes a model named \"{}\"; install it under that name", pack.entry.name);
            return Err(ModelError::Pack { file: manifest, what });
        }
        Ok(pack)
    }

    /// Reads a concatenation before its installation. Its networks must be installed or compiled in.
    pub fn read_concatenation(&self, manifest: &Path, trust: Trust) -> Result<Pack, ModelError> {
        match read_manifest(manifest, trust)? {
            (text, Described::Concatenation(all)) => self.concatenated(&all, text, manifest),
            (_, Described::Network(_)) => {
                let what = "describes a network; name its ONNX file before --manifest";
                Err(ModelError::Pack { file: manifest.to_owned(), what: what.to_owned() })
            }
        }
    }

    fn concatenated(&self, all: &Concatenation, text: String, file: &Path) -> Result<Pack, ModelError> {
        let networks: Result<Vec<Pack>, ModelError> =
            all.parts.iter().map(|part| self.network(all, &part.model)).collect();
        Pack::concatenated(all, text.into(), file, networks?)
    }

    /// The network that a concatenation names, installed or compiled in.
    fn network(&self, all: &Concatenation, name: &str) -> Result<Pack, ModelError> {
        if let Some(pack) = built_in_pack(name)? {
            let nested = || all.mistake(&ConcatenationError::Nested(pack.entry.name.clone()));
            return if pack.parts.is_empty() { Ok(pack) } else { Err(nested()) };
        }
        let name = ModelName::new(name).ok_or_else(|| all.lacks(name))?;
        let [manifest, network, cohort] = self.files(&name);
        if !manifest.exists() {
            return Err(all.lacks(name.as_str()));
        }
        let trust = Trust::in_the_service();
        match read_manifest(&manifest, trust)? {
            (_, Described::Network(_)) => Pack::from_files(&network, &manifest, |_| cohort.clone(), trust),
            (_, Described::Concatenation(_)) => {
                Err(all.mistake(&ConcatenationError::Nested(name.to_string())))
            }
        }
    }

    /// The name of the pack whose network has this digest. Packs that cannot be read are skipped.
    pub(super) fn describing(&self, digest: ModelDigest) -> Result<Option<ModelName>, ModelError> {
        let is_it = |name: &ModelName| {
            let [manifest, ..] = self.files(name);
            read_manifest(&manifest, Trust::in_the_service()).is_ok_and(
                |(_, described)| matches!(described, Described::Network(entry) if entry.digest == digest),
            )
        };
        Ok(self.names()?.iter().filter_map(|name| ModelName::new(name)).find(is_it))
    }

    /// Installs a checked pack, each file in one step and the manifest last. The state folder must exist.
    pub fn install(&self, pack: &Pack) -> Result<(), ModelError> {
        let wrong = || ModelError::Manifest(format!("the model's name {}", ModelName::RULE));
        let name = ModelName::new(&pack.entry.name).ok_or_else(wrong)?;
        let _writing = lock_file(&self.folder)?;
        self.refuse_if_taken(&name, pack)?;
        self.make_folder()?;
        let [manifest, network, cohort] = self.files(&name);
        match &pack.cohort {
            Some(bytes) => write_atomically(&cohort, bytes, FILE_MODE)?,
            None if cohort.exists() => {
                std::fs::remove_file(&cohort).map_err(|source| ModelError::File { file: cohort, source })?;
            }
            None => {}
        }
        match pack.parts.is_empty() {
            true => write_atomically(&network, &pack.network, FILE_MODE)?,
            false if network.exists() => {
                std::fs::remove_file(&network)
                    .map_err(|source| ModelError::File { file: network, source })?;
            }
            false => {}
        }
        Ok(write_atomically(&manifest, pack.manifest.as_bytes(), FILE_MODE)?)
    }

    /// The paths of manifest, network and cohort.
    fn files(&self, name: &ModelName) -> [PathBuf; 3] {
        ENDINGS.map(|ending| self.folder.join(format!("{name}{ending}")))
    }

    fn refuse_if_taken(&self, name: &ModelName, pack: &Pack) -> Result<(), ModelError> {
        let taken = |by: String, remedy: String| Err(ModelError::Taken { name: name.clone(), by, remedy });
        if name.is_built_in()? {
            let remedy = "write another name into the manifest".to_owned();
            return taken("a network of this program".to_owned(), remedy);
        }
        // A pack that cannot be read is damaged and is installed again.
        let [manifest, network, _] = self.files(name);
        match read_manifest(&manifest, Trust::in_the_service()) {
            Ok((_, Described::Network(entry))) if entry.digest != pack.entry.digest => {
                let by = format!("an installed network with the digest {}", entry.digest.short());
                let (manifest, network) = (manifest.display(), network.display());
                let remedy = format!(
                    "write another name into the manifest, or remove {network} and {manifest} before"
                );
                taken(by, remedy)
            }
            Ok((text, Described::Concatenation(_))) if text != pack.manifest => {
                let remedy =
                    format!("write another name into the manifest, or remove {} before", manifest.display());
                taken("an installed concatenation that differs".to_owned(), remedy)
            }
            _ => Ok(()),
        }
    }

    fn make_folder(&self) -> Result<(), ModelError> {
        let failed = |source| ModelError::File { file: self.folder.clone(), source };
        if self.folder.exists() {
            return Ok(());
        }
        DirBuilder::new().mode(FOLDER_MODE).create(&self.folder).map_err(failed)?;
        // The umask may have removed some of the bits.
        std::fs::set_permissions(&self.folder, Permissions::from_mode(FOLDER_MODE)).map_err(failed)
    }
}
