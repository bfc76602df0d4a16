//! Which embedding network to use, and the pack that a name stands for.

use std::path::{Path, PathBuf};

use limen_core::embedding::ModelDigest;

use super::built_in_packs::{DEFAULT_ALIASES, built_in_pack, built_in_packs};
use super::error::ModelError;
use super::manifest::{Manifest, Role};
use super::name::ModelName;
use super::pack::Pack;
use super::packs::Packs;

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
        match DEFAULT_ALIASES.contains(&text) {
            true => Some(Self::BuiltIn),
            false => ModelName::new(text).map(|name| Self::Named { name, packs }),
        }
    }

    /// The chosen pack, with verified digests.
    pub fn pack(&self) -> Result<Pack, ModelError> {
        let manifest = Manifest::built_in()?;
        match self {
            Self::BuiltIn => Pack::built_in(manifest.default_for(Role::Embedding)?),
            Self::Named { name, packs } => named(name, packs),
            Self::File { path, sha256, packs } => pinned(&manifest, path, *sha256, packs),
        }
    }
}

fn named(name: &ModelName, packs: &Packs) -> Result<Pack, ModelError> {
    if let Some(pack) = built_in_pack(name.as_str())? {
        return Ok(pack);
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
    fn the_default_network_answers_to_all_its_names() {
        let packs = || Packs::in_state(Path::new("/nonexistent"));
        let digest = |name| {
            let choice = EmbedderChoice::named(name, packs()).expect("a name");
            choice.pack().expect("compiled in").entry.digest
        };
        assert_eq!(digest("int8"), digest("embedding-int8"));
        assert_eq!(digest("dlib"), digest("embedding-int8"));
        let other = EmbedderChoice::named("other", packs()).expect("a name");
        let error = other.pack().expect_err("not installed").to_string();
        assert!(
            error.contains("no model named \"other\"; there are: embedding-int8, mobilefacenet, fused;"),
            "{error}"
        );
    }
}
