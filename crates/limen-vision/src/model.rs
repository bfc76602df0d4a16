//! The networks. Only this room names `limen-nn`, the engine that runs them.
//!
//! [`Models`] is the set that the pipeline needs (detector, landmarks, embedder). Each network is checked
//! before use: the file's SHA-256, the shapes of its graph, and its output for a self-test pattern.
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
use std::ops::Range;
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
    /// This version could not read the manifest.
    #[error("the model manifest cannot be read: {0}")]
    Manifest(String),
    /// The text of a manifest is no TOML, or an entry is missing or does not fit.
    #[error(
        "{file}: the model manifest cannot be read: line {line}: {message}",
        file = .file.display(), line = line_of(.text, .at.as_ref())
    )]
    Misread {
        /// The manifest.
        file: PathBuf,
        /// Its text.
        text: String,
        /// What the TOML reader says.
        message: String,
        /// The bytes of the text that `message` is about.
        at: Option<Range<usize>>,
    },
    /// The manifest has no such model.
    #[error("the manifest has no model named {0:?}; it has: {1}")]
    Unknown(String, String),
    /// No model has this name.
    #[error(
        "there is no model named \"{name}\"; there are: {known}; `limen models add` installs another one"
    )]
    NoSuchModel {
        /// The name that was asked for.
        name: ModelName,
        /// The names of all models.
        known: String,
    },
    /// No manifest describes this file.
    #[error(
        "{file}: no manifest describes this network (sha256 {digest}); \
         install it with one that does: limen models add {file} --manifest MANIFEST",
        file = .file.display()
    )]
    Undescribed {
        /// The network's file.
        file: PathBuf,
        /// The digest of that file.
        digest: ModelDigest,
    },
    /// The manifest of a pack, or the contents of the folder of packs, are wrong.
    #[error("{file}: {what}", file = .file.display())]
    Pack {
        /// The file that is wrong.
        file: PathBuf,
        /// What is wrong, and the remedy.
        what: String,
    },
    /// Another model has the name of this pack.
    #[error("the name \"{name}\" is taken by {by}; {remedy}")]
    Taken {
        /// The name of both.
        name: ModelName,
        /// The model that has the name.
        by: String,
        /// What to do about it.
        remedy: String,
    },
    /// The network was never trained on faces, while the door's lock is real.
    #[error(
        "model {0} is untrained: it cannot tell people apart and never drives a lock; \
         choose a trained one (`limen models`), or write driver = \"dry-run\""
    )]
    Untrained(String),
    /// A file of a pack could not be read or written, or others may write it.
    #[error(transparent)]
    Rights(#[from] FileError),
    /// The file could not be read.
    #[error("{file}: {source}", file = .file.display())]
    File {
        /// The file that failed.
        file: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The file is not the one that was measured.
    #[error(
        "model {name}: the file's SHA-256 is {found}, but {expected} is pinned: \
         put the original file back, or pin the new one if you mean it"
    )]
    Digest {
        /// The model's name.
        name: String,
        /// The digest of the file.
        found: ModelDigest,
        /// The digest in the manifest or the configuration.
        expected: ModelDigest,
    },
    /// tract could not load the graph.
    #[error("model {name}: the graph does not load: {what}")]
    Graph {
        /// The model's name.
        name: String,
        /// The error of tract.
        what: String,
    },
    /// The graph has other inputs or outputs than the manifest says.
    #[error("model {name}: its {place} has the shape {found}, but the manifest says {expected}")]
    Shape {
        /// The model's name.
        name: String,
        /// The input or the output.
        place: String,
        /// The shape in the graph.
        found: String,
        /// The shape in the manifest.
        expected: String,
    },
    /// The network's output differs from the measured one.
    #[error(
        "model {name}: self-test: {place} is {found}, expected {expected} within {tolerance}: \
         this machine computes the network wrongly, or the manifest belongs to another file"
    )]
    SelfTest {
        /// The model's name.
        name: String,
        /// The number: its output, and its index in it from 1.
        place: String,
        /// The number that came out.
        found: f32,
        /// The number in the manifest.
        expected: f32,
        /// The largest difference that is allowed.
        tolerance: f32,
    },
    /// Running the network failed.
    #[error("model {name}: running it failed: {what}")]
    Run {
        /// The model's name.
        name: String,
        /// The error of tract.
        what: String,
    },
    /// The output of the embedding network is no embedding.
    #[error("model {name}: the output is not a vector of finite numbers")]
    NotFinite {
        /// The model's name.
        name: String,
    },
    /// The output is all zeros, while embeddings are compared by the angle.
    #[error("model {name}: the output is all zeros, which has no direction to compare (metric = \"cosine\")")]
    NoDirection {
        /// The model's name.
        name: String,
    },
}

fn line_of(text: &str, at: Option<&Range<usize>>) -> usize {
    let before = at.and_then(|at| text.get(..at.start)).unwrap_or_default();
    1 + before.matches('\n').count()
}

/// The three networks, loaded once and shared between threads.
pub struct Models {
    /// Finds faces: 128x128 RGB to 896 boxes.
    pub detector: Network,
    /// Places 468 points on a face: 192x192 RGB.
    pub landmarks: Network,
    /// The face network: an aligned crop to an embedding.
    pub embedder: Network,
    manifest: Cow<'static, str>,
    cohort: Option<Cow<'static, [u8]>>,
}

impl Models {
    /// Loads and checks all three networks.
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

    /// The digest that templates made by these models carry.
    pub fn digest(&self) -> ModelDigest {
        self.embedder.digest()
    }

    /// The text of the manifest that describes the embedder: the built-in one, or the pack's.
    pub fn manifest(&self) -> &str {
        &self.manifest
    }

    /// The verified bytes of the cohort file that the embedder's entry names; `None` if it names none.
    pub fn cohort(&self) -> Option<&[u8]> {
        self.cohort.as_deref()
    }
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Models").field("embedder", &self.embedder).finish_non_exhaustive()
    }
}
