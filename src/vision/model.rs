//! The networks: the only room that names tract.
//!
//! A [`Models`] is the set the pipeline needs (detector, landmarks, embedder). Each network is checked
//! before it is used: the file's SHA-256, the shapes of its graph, and its answer to a self-test pattern.

mod builtin;
mod manifest;
mod network;

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

pub use builtin::{MANIFEST, builtin_file};
pub use manifest::{Entry, Manifest, Role};
pub use network::Network;

use crate::embedding::ModelDigest;

/// Why a model is not used.
#[derive(Debug, Error)]
pub enum ModelError {
    /// The manifest is not what this version reads.
    #[error("the model manifest cannot be read: {0}")]
    Manifest(String),
    /// No such entry.
    #[error("the manifest has no model named {0:?}; it has: {1}")]
    Unknown(String, String),
    /// The file cannot be read.
    #[error("{file}: {source}", file = .file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another file than the one that was measured.
    #[error(
        "model {name}: the file's SHA-256 is {found}, but {expected} is pinned: \
         put the original file back, or pin the new one if you mean it"
    )]
    Digest {
        /// The model.
        name: String,
        /// Of the file.
        found: ModelDigest,
        /// Of the manifest or the configuration.
        expected: ModelDigest,
    },
    /// tract refuses the graph.
    #[error("model {name}: the graph does not load: {what}")]
    Graph {
        /// The model.
        name: String,
        /// What tract said.
        what: String,
    },
    /// The graph has other inputs or outputs than the manifest says.
    #[error("model {name}: its {place} has the shape {found}, but the manifest says {expected}")]
    Shape {
        /// The model.
        name: String,
        /// Which input or output.
        place: String,
        /// In the graph.
        found: String,
        /// In the manifest.
        expected: String,
    },
    /// The network computes something else than where it was measured.
    #[error(
        "model {name}: self-test: {place} is {found}, expected {expected} within {tolerance}: \
         this machine computes the network wrongly, or the manifest belongs to another file"
    )]
    SelfTest {
        /// The model.
        name: String,
        /// Which number.
        place: String,
        /// What came out.
        found: f32,
        /// What should have.
        expected: f32,
        /// By how much it may differ.
        tolerance: f32,
    },
    /// Running the network failed.
    #[error("model {name}: running it failed: {what}")]
    Run {
        /// The model.
        name: String,
        /// What tract said.
        what: String,
    },
    /// The embedding network gave something that is no embedding.
    #[error("model {name}: the output is not a vector of finite numbers")]
    NotFinite {
        /// The model.
        name: String,
    },
}

/// Which embedding network to use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum EmbedderChoice {
    /// The quantised network compiled in.
    #[default]
    BuiltIn,
    /// A file, whose digest the configuration pins; it is described by a manifest entry of that digest.
    File {
        /// The ONNX file.
        path: PathBuf,
        /// What its SHA-256 must be.
        sha256: ModelDigest,
    },
}

/// The three networks, loaded once and shared between threads.
#[derive(Debug)]
pub struct Models {
    /// Finds faces: 128x128 RGB to 896 boxes.
    pub detector: Network,
    /// 468 points on a face: 192x192 RGB.
    pub landmarks: Network,
    /// The face network: an aligned crop to an embedding.
    pub embedder: Network,
    cohort: Option<Vec<u8>>,
}

impl Models {
    /// Loads and checks all three.
    pub fn load(choice: &EmbedderChoice) -> Result<Arc<Self>, ModelError> {
        let manifest = Manifest::built_in()?;
        let embedder = match choice {
            EmbedderChoice::BuiltIn => load_built_in(&manifest, Role::Embedding)?,
            EmbedderChoice::File { path, sha256 } => {
                let bytes =
                    std::fs::read(path).map_err(|source| ModelError::File { file: path.clone(), source })?;
                let found = ModelDigest::of(&bytes);
                if found != *sha256 {
                    let name = path.display().to_string();
                    return Err(ModelError::Digest { name, found, expected: *sha256 });
                }
                Network::load(&bytes, manifest.by_digest(sha256)?)?
            }
        };
        let cohort = cohort_of(embedder.entry())?;
        Ok(Arc::new(Self {
            detector: load_built_in(&manifest, Role::Detection)?,
            landmarks: load_built_in(&manifest, Role::Landmarks)?,
            embedder,
            cohort,
        }))
    }

    /// The text of the manifest that describes the face network.
    pub fn manifest(&self) -> &str {
        MANIFEST
    }

    /// The made-up faces that belong to the face network, if it has some.
    pub fn cohort(&self) -> Option<&[u8]> {
        self.cohort.as_deref()
    }

    /// The digest that templates of these models carry.
    pub fn digest(&self) -> ModelDigest {
        self.embedder.digest()
    }
}

fn cohort_of(entry: &Entry) -> Result<Option<Vec<u8>>, ModelError> {
    let Some(cohort) = &entry.cohort else { return Ok(None) };
    let bytes = builtin_file(&cohort.file)
        .ok_or_else(|| ModelError::Unknown(cohort.name.clone(), "it is not compiled in".to_owned()))?;
    let found = ModelDigest::of(bytes);
    if found != cohort.sha256 {
        return Err(ModelError::Digest { name: cohort.name.clone(), found, expected: cohort.sha256 });
    }
    Ok(Some(bytes.to_vec()))
}

fn load_built_in(manifest: &Manifest, role: Role) -> Result<Network, ModelError> {
    let entry = manifest.default_for(role)?;
    let bytes = builtin_file(&entry.file)
        .ok_or_else(|| ModelError::Unknown(entry.name.clone(), "it is not compiled in".to_owned()))?;
    Network::load(bytes, entry)
}
