//! A face as the stages hand it on, and how long they took.

use std::time::{Duration, Instant};

use limen_core::embedding::{Crops, Embedding};
use limen_core::event::Unusable;

use crate::geometry::Rect;
use crate::quality::Quality;

/// A face that passed the gate.
#[derive(Debug, Clone)]
pub struct Face {
    /// Of the aligned crop.
    pub plain: Embedding,
    /// Of its mirror image, if asked for.
    pub mirrored: Option<Embedding>,
    /// What the gate measured.
    pub quality: Quality,
}

impl Face {
    /// The mean of the crops that were embedded.
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

/// A face of a picture: its box, and the face or why it cannot be used.
pub type FoundFace = (Rect, Result<Face, Unusable>);

/// Whether it is known already that a face is the right way up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WayUp {
    Known,
    Unknown,
}

/// How long each stage took for one picture; zero for a stage that did not run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timing {
    /// Seeing whether anything moved.
    pub glance: Duration,
    /// Finding faces.
    pub detect: Duration,
    /// Placing the mesh.
    pub landmarks: Duration,
    /// Cutting the crop and judging it.
    pub align: Duration,
    /// Running the face network.
    pub embed: Duration,
}

/// Adds how long `work` took to `total`.
pub(crate) fn timed<T>(total: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    *total += start.elapsed();
    result
}
