//! The networks: the only room that names the engine that runs them, `limen-nn`.
//!
//! A [`Models`] is the set the pipeline needs (detector, landmarks, embedder). Each network is checked
//! before it is used: the file's SHA-256, the shapes of its graph, and its answer to a self-test pattern.
//!
//! The embedder is a [`Pack`]: a network with the manifest that describes it. One is compiled in; others are
//! installed in the folder of [`Packs`], or named by path and digest.

mod builtin;
mod choice;
mod manifest;
mod network;
mod pack;
mod packs;

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

pub use builtin::{MANIFEST, builtin_file, let_go_of_files};
pub use choice::{EmbedderChoice, ModelName};
pub use manifest::{CohortFile, Entry, Manifest, Role};
pub use network::Network;
pub use pack::Pack;
pub use packs::Packs;

use limen_core::embedding::ModelDigest;
use limen_files::FileError;

/// Why a model is not used.
#[derive(Debug, Error)]
pub enum ModelError {
    /// The manifest is not what this version reads.
    #[error("the model manifest cannot be read: {0}")]
    Manifest(String),
    /// No such entry.
    #[error("the manifest has no model named {0:?}; it has: {1}")]
    Unknown(String, String),
    /// A name that no model has.
    #[error(
        "there is no model named \"{name}\"; there are: {known}; `limen models add` installs another one"
    )]
    NoSuchModel {
        /// Which was asked for.
        name: ModelName,
        /// Those that there are.
        known: String,
    },
    /// A file that no manifest describes.
    #[error(
        "{file}: no manifest describes this network (sha256 {digest}); \
         install it with one that does: limen models add {file} --manifest MANIFEST",
        file = .file.display()
    )]
    Undescribed {
        /// The network.
        file: PathBuf,
        /// Its digest.
        digest: ModelDigest,
    },
    /// A pack's manifest, or what lies in the folder of packs, is not what it has to be.
    #[error("{file}: {what}", file = .file.display())]
    Pack {
        /// Which file.
        file: PathBuf,
        /// What is wrong, and what to do.
        what: String,
    },
    /// A pack whose name is another model's.
    #[error("the name \"{name}\" is taken by {by}; {remedy}")]
    Taken {
        /// Of both.
        name: ModelName,
        /// Whose it is.
        by: String,
        /// What to do.
        remedy: String,
    },
    /// A network that was never trained on faces, and a door that really opens.
    #[error(
        "model {0} is untrained: it tells nobody from anybody and never drives a lock; \
         choose a trained one (`limen models`), or write driver = \"dry-run\""
    )]
    Untrained(String),
    /// A file of a pack cannot be read or written, or others may write it.
    #[error(transparent)]
    Rights(#[from] FileError),
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
    /// A network that is compared by the angle gave zeros.
    #[error("model {name}: the output is all zeros, which has no direction to compare (metric = \"cosine\")")]
    NoDirection {
        /// The model.
        name: String,
    },
}

/// The three networks, loaded once and shared between threads.
pub struct Models {
    /// Finds faces: 128x128 RGB to 896 boxes.
    pub detector: Network,
    /// 468 points on a face: 192x192 RGB.
    pub landmarks: Network,
    /// The face network: an aligned crop to an embedding.
    pub embedder: Network,
    manifest: Cow<'static, str>,
    cohort: Option<Cow<'static, [u8]>>,
}

impl Models {
    /// Loads and checks all three.
    pub fn load(choice: &EmbedderChoice) -> Result<Arc<Self>, ModelError> {
        let built_in = Manifest::built_in()?;
        let load_default = |role| Pack::built_in(built_in.default_for(role)?)?.load();
        let pack = choice.pack()?;
        Ok(Arc::new(Self {
            detector: load_default(Role::Detection)?,
            landmarks: load_default(Role::Landmarks)?,
            embedder: pack.load()?,
            manifest: pack.manifest,
            cohort: pack.cohort,
        }))
    }

    /// The digest that templates of these models carry.
    pub fn digest(&self) -> ModelDigest {
        self.embedder.digest()
    }

    /// The text of the manifest that describes the embedder: the built-in one, or the pack's.
    pub fn manifest(&self) -> &str {
        &self.manifest
    }

    /// The bytes of the file that the embedder's entry names as its cohort, their digest verified.
    pub fn cohort(&self) -> Option<&[u8]> {
        self.cohort.as_deref()
    }
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Models").field("embedder", &self.embedder).finish_non_exhaustive()
    }
}
