//! A face as one stage passes it to the next, and the time that each stage took.

use std::time::{Duration, Instant};

use limen_core::embedding::{Crops, Embedding};
use limen_core::event::Unusable;

use crate::geometry::Rect;
use crate::quality::Quality;

/// A face that passed the gate.
#[derive(Debug, Clone)]
pub struct Face {
    /// The embedding of the aligned crop.
    pub plain: Embedding,
    /// The embedding of the mirrored crop, if asked for.
    pub mirrored: Option<Embedding>,
    /// What the gate measured.
    pub quality: Quality,
}

impl Face {
    /// The mean of the embeddings of both crops, or the only one.
    pub fn embedding(&self) -> Embedding {
        let crops = [Some(&self.plain), self.mirrored.as_ref()];
        // Both come from one network, so they have the same length and the mean exists.
        Embedding::mean(crops.into_iter().flatten()).unwrap_or_else(|| self.plain.clone())
    }

    /// Which crops were embedded.
    pub fn crops(&self) -> Crops {
        if self.mirrored.is_some() { Crops::Mirrored } else { Crops::Plain }
    }
}

/// The box of a face in a picture, and the face or the reason why it cannot be used.
pub type FoundFace = (Rect, Result<Face, Unusable>);

/// Whether it is known that a face is upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WayUp {
    Known,
    Unknown,
}

/// The time that each stage took for one picture; zero for a stage that did not run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timing {
    /// To check whether anything moved.
    pub glance: Duration,
    /// To find faces.
    pub detect: Duration,
    /// To place the mesh.
    pub landmarks: Duration,
    /// To cut the crop and check its quality.
    pub align: Duration,
    /// To run the face network.
    pub embed: Duration,
    /// To follow the points of the face, and to judge how they move.
    pub liveness: Duration,
}

/// Adds the time that `work` takes to `total`.
pub(crate) fn timed<T>(total: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    *total += start.elapsed();
    result
}
