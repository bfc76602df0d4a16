//! The networks. Only this room names `limen-nn`, the engine that runs them.
//!
//! [`Models`] is the set that the pipeline needs (detector, landmarks, embedder). Each network is checked
//! before use: the file's SHA-256, the shapes of its graph, and its output for a self-test pattern.
//!
//! The embedder is a [`Pack`]: a network with the manifest that describes it, or a manifest that puts two networks
//! together. Two networks are compiled in; others are installed in the folder of [`Packs`], or named by path and digest.

mod built_in_packs;
mod builtin;
mod choice;
mod concatenation;
mod crop;
mod embedder;
mod error;
mod joined;
mod manifest;
mod name;
mod network;
mod pack;
mod packs;
mod values;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub use builtin::{MANIFEST, builtin_file, let_go_of_files};
pub use choice::EmbedderChoice;
pub use concatenation::{Concatenation, ConcatenationError, ConcatenationPart};
pub use crop::{Crop, CropError, CropTemplate, MESH_POINTS};
pub use embedder::{Embedder, EmbedderPart};
pub use error::ModelError;
pub use manifest::{CohortFile, Manifest, ManifestEntry, Role};
pub use name::ModelName;
pub use network::ModelNetwork;
pub use pack::Pack;
pub use packs::Packs;

use limen_core::embedding::ModelDigest;
use limen_core::policy::LivenessLimits;

use crate::liveness::distributions::LivenessModel;

/// The three networks, loaded once and shared between threads.
pub struct Models {
    /// Finds faces: 128x128 RGB to 896 boxes.
    pub detector: ModelNetwork,
    /// Places 468 points on a face: 192x192 RGB.
    pub landmarks: ModelNetwork,
    /// The face network, or two of them: aligned crops to an embedding.
    pub embedder: Embedder,
    liveness: LivenessModel,
    manifest: Cow<'static, str>,
    cohort: Option<Cow<'static, [u8]>>,
}

impl Models {
    /// Loads and checks all three networks.
    pub fn load(choice: &EmbedderChoice) -> Result<Arc<Self>, ModelError> {
        Self::with(&choice.pack()?).map(Arc::new)
    }

    /// The built-in detector and landmarks, and this pack for the face; loads and checks all three.
    pub fn with(pack: &Pack) -> Result<Self, ModelError> {
        let built_in = Manifest::built_in()?;
        let load_default = |role| Pack::built_in(built_in.default_for(role)?)?.load();
        Ok(Self {
            detector: load_default(Role::Detection)?,
            landmarks: load_default(Role::Landmarks)?,
            embedder: Embedder::load(pack)?,
            liveness: LivenessModel::of_manifest(MANIFEST).map_err(ModelError::Manifest)?,
            manifest: pack.manifest.clone(),
            cohort: pack.cohort.clone(),
        })
    }

    /// The digest that templates made by these models carry: it says which networks made them, of which crops.
    pub fn digest(&self) -> ModelDigest {
        self.embedder.digest()
    }

    /// How solid heads and sheets move, by the built-in mesh.
    pub fn liveness(&self) -> &LivenessModel {
        &self.liveness
    }

    /// Which evidence of how a face moves is enough.
    pub fn liveness_limits(&self) -> LivenessLimits {
        let limits = &self.liveness.limits;
        let compares = self.embedder.entry().turned_self.is_some();
        LivenessLimits {
            solid: limits.solid,
            side: limits.side,
            turn: limits.turn,
            sheet: limits.sheet,
            light: self.liveness.light.most(),
            compares,
        }
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
