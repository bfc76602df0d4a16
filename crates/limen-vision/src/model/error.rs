//! Why a model is not used.

use std::ops::Range;
use std::path::PathBuf;

use limen_core::embedding::ModelDigest;
use limen_files::FileError;
use thiserror::Error;

use super::name::ModelName;

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
    /// A concatenation names a network that is not there.
    #[error(
        "concatenation {concatenation}: there is no network named \"{name}\"; install it before, or name one that \
         `limen models` lists"
    )]
    NoSuchPart {
        /// The name of the concatenation.
        concatenation: String,
        /// The name of the network.
        name: String,
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
