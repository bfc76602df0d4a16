//! Which embedding network to use, and the pack that a name stands for.

use std::fmt;
use std::path::{Path, PathBuf};

use limen_core::embedding::ModelDigest;

use super::manifest::{Manifest, Role};
use super::pack::Pack;
use super::packs::Packs;
use super::{ModelError, builtin_file};

/// The longest name of a model, in characters. It is part of file names and log lines.
const MAX_NAME_LENGTH: usize = 64;
/// Another name of the default network in a configuration.
const DEFAULT_ALIAS: &str = "int8";

/// A model's name: 1 to 64 of `a-z`, `0-9`, `-`, beginning and ending with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelName(String);

impl ModelName {
    /// The rule for names, as the end of a message about a wrong one.
    pub const RULE: &str = "is no model's name; use 1 to 64 of a-z, 0-9 and '-' between them";

    /// Checks a text and makes a name of it; `None` if it breaks [`Self::RULE`].
    pub fn new(text: &str) -> Option<Self> {
        let allowed = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let sound = allowed && (1..=MAX_NAME_LENGTH).contains(&text.len());
        (sound && !text.starts_with('-') && !text.ends_with('-')).then(|| Self(text.to_owned()))
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether one of this program's own networks has the name, so that no pack may have it.
    pub(super) fn is_built_in(&self) -> Result<bool, ModelError> {
        let manifest = Manifest::built_in()?;
        let mut compiled_in = manifest.entries().iter().filter(|entry| builtin_file(&entry.file).is_some());
        Ok(self.0 == DEFAULT_ALIAS || compiled_in.any(|entry| entry.name == self.0))
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Which embedding network to use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum EmbedderChoice {
    /// The quantised network that is compiled in.
    #[default]
    BuiltIn,
    /// A network that is compiled in or installed, by its name.
    Named {
        /// The name of the network.
        name: ModelName,
        /// The folder of installed packs.
        packs: Packs,
    },
    /// A file whose digest is in the configuration. The built-in manifest describes it, or an installed pack
    /// with that digest.
    File {
        /// The ONNX file.
        path: PathBuf,
        /// The SHA-256 that it must have.
        sha256: ModelDigest,
        /// The folder of installed packs.
        packs: Packs,
    },
}

impl EmbedderChoice {
    /// The network of this name; `None` if the text is no valid name.
    pub fn named(text: &str, packs: Packs) -> Option<Self> {
        match text {
            DEFAULT_ALIAS => Some(Self::BuiltIn),
            _ => ModelName::new(text).map(|name| Self::Named { name, packs }),
        }
    }

    /// The chosen pack, with verified digests.
    pub fn pack(&self) -> Result<Pack, ModelError> {
        let manifest = Manifest::built_in()?;
        match self {
            Self::BuiltIn => Pack::built_in(manifest.default_for(Role::Embedding)?),
            Self::Named { name, packs } => named(&manifest, name, packs),
            Self::File { path, sha256, packs } => pinned(&manifest, path, *sha256, packs),
        }
    }
}

/// The embedding networks that are compiled in.
pub(super) fn built_in_packs() -> Result<Vec<Pack>, ModelError> {
    let manifest = Manifest::built_in()?;
    let embedders = manifest.entries().iter().filter(|entry| entry.role == Role::Embedding);
    embedders.filter(|entry| builtin_file(&entry.file).is_some()).map(Pack::built_in).collect()
}

fn named(manifest: &Manifest, name: &ModelName, packs: &Packs) -> Result<Pack, ModelError> {
    let compiled_in = manifest.entries().iter().find(|entry| {
        entry.name == name.as_str() && entry.role == Role::Embedding && builtin_file(&entry.file).is_some()
    });
    if let Some(entry) = compiled_in {
        return Pack::built_in(entry);
    }
    let installed = packs.names()?;
    if installed.iter().any(|found| found == name.as_str()) {
        return packs.read(name);
    }
    let built_in = built_in_packs()?.into_iter().map(|pack| pack.entry.name);
    let known: Vec<String> = built_in.chain(installed).collect();
    Err(ModelError::NoSuchModel { name: name.clone(), known: known.join(", ") })
}

fn pinned(manifest: &Manifest, path: &Path, sha256: ModelDigest, packs: &Packs) -> Result<Pack, ModelError> {
    let bytes = std::fs::read(path).map_err(|source| ModelError::File { file: path.to_owned(), source })?;
    let found = ModelDigest::of(&bytes);
    if found != sha256 {
        return Err(ModelError::Digest { name: path.display().to_string(), found, expected: sha256 });
    }
    if let Ok(entry) = manifest.by_digest(&sha256) {
        return Pack::of_built_in_entry(entry, bytes.into());
    }
    match packs.describing(sha256)? {
        Some(name) => packs.read(&name),
        None => Err(ModelError::Undescribed { file: path.to_owned(), digest: sha256 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_fit_for_a_file_and_a_log() {
        for name in ["a", "means-2", &"a".repeat(64)] {
            assert!(ModelName::new(name).is_some(), "{name}");
        }
        for name in ["", "-a", "a-", "A", "a/b", "../a", "a.b", "a b", "ä", &"a".repeat(65)] {
            assert!(ModelName::new(name).is_none(), "{name}");
        }
    }

    #[test]
    fn the_names_of_this_programs_networks_are_taken() {
        for (name, taken) in [("int8", true), ("embedding-int8", true), ("detector", true), ("mine", false)] {
            let name = ModelName::new(name).expect("a name");
            assert_eq!(name.is_built_in().expect("readable"), taken, "{name}");
        }
    }

    #[test]
    fn the_default_network_answers_to_both_its_names() {
        let packs = || Packs::in_state(Path::new("/nonexistent"));
        let digest = |name| {
            let choice = EmbedderChoice::named(name, packs()).expect("a name");
            choice.pack().expect("compiled in").entry.digest
        };
        assert_eq!(digest("int8"), digest("embedding-int8"));
        let other = EmbedderChoice::named("other", packs()).expect("a name");
        let error = other.pack().expect_err("not installed").to_string();
        assert!(error.contains("no model named \"other\"; there are: embedding-int8;"), "{error}");
    }
}
