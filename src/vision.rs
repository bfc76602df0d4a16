//! From a picture to embeddings: detect, track, place the mesh, judge, align, embed.
//!
//! [`Vision`] follows faces over a camera's frames; [`Analyst`] looks at single photographs. Both go the
//! same way with a face, so that what is enrolled and what is seen at the door are comparable.

pub mod align;
pub mod detect;
pub mod embed;
pub mod landmarks;
pub mod model;
pub mod quality;
pub mod track;
mod view;
mod warp;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clock::Moment;
use crate::embedding::{Crops, Embedding};
use crate::event::{TrackId, Unusable};
use crate::frame::Picture;
use crate::geometry::Rect;
use detect::Detection;
use model::{ModelError, Models};
use quality::{Gate, Quality};
use track::Tracker;

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

/// How long each stage took for one picture; zero for a stage that did not run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timing {
    /// Finding faces.
    pub detect: Duration,
    /// Placing the mesh.
    pub landmarks: Duration,
    /// Cutting the crop and judging it.
    pub align: Duration,
    /// Running the face network.
    pub embed: Duration,
}

/// Looks at single pictures.
#[derive(Debug, Clone)]
pub struct Analyst {
    models: Arc<Models>,
    gate: Gate,
    crops: Crops,
}

impl Analyst {
    /// With these networks, this gate, and these crops.
    pub fn new(models: Arc<Models>, gate: Gate, crops: Crops) -> Self {
        Self { models, gate, crops }
    }

    /// The networks.
    pub fn models(&self) -> &Arc<Models> {
        &self.models
    }

    /// Every face of a picture with its box, the best detection first; a face that the gate refuses has
    /// the reason instead of an embedding.
    pub fn faces(&self, picture: &Picture) -> Result<Vec<FoundFace>, ModelError> {
        let mut timing = Timing::default();
        self.detect(picture, &mut timing)?
            .iter()
            .map(|detection| Ok((detection.bounds, self.face(picture, detection, self.crops, &mut timing)?)))
            .collect()
    }

    /// The boxes of the faces in a picture, without looking closer.
    pub fn boxes(&self, picture: &Picture) -> Result<Vec<Rect>, ModelError> {
        Ok(self.detect(picture, &mut Timing::default())?.iter().map(|d| d.bounds).collect())
    }

    fn detect(&self, picture: &Picture, timing: &mut Timing) -> Result<Vec<Detection>, ModelError> {
        timed(&mut timing.detect, || detect::detect(&self.models.detector, picture))
    }

    fn face(
        &self,
        picture: &Picture,
        detection: &Detection,
        crops: Crops,
        timing: &mut Timing,
    ) -> Result<Result<Face, Unusable>, ModelError> {
        let mesh = timed(&mut timing.landmarks, || {
            landmarks::find_mesh(&self.models.landmarks, picture, detection)
        })?;
        if let Err(why) = quality::check_mesh(&self.gate, &mesh, picture.width(), picture.height()) {
            return Ok(Err(why));
        }
        let (side, _) = self.models.embedder.input_size();
        let judged = timed(&mut timing.align, || {
            let cut = |side| -> Result<Picture, Unusable> {
                let to_crop = align::to_crop(&mesh, side).ok_or(Unusable::NotAFace)?;
                Ok(align::crop(picture, &to_crop, side))
            };
            let crop = cut(side)?;
            // The gate's limits were measured on this side, whatever the network's.
            let judged = if side == align::SIDE { None } else { Some(cut(align::SIDE)?) };
            let quality = quality::check_crop(&self.gate, &mesh, judged.as_ref().unwrap_or(&crop))?;
            Ok::<_, Unusable>((crop, quality))
        });
        let (crop, quality) = match judged {
            Ok(judged) => judged,
            Err(why) => return Ok(Err(why)),
        };
        timed(&mut timing.embed, || {
            let plain = embed::embed(&self.models.embedder, &crop)?;
            let mirrored = match crops {
                Crops::Plain => None,
                Crops::Mirrored => Some(embed::embed(&self.models.embedder, &crop.mirrored())?),
            };
            Ok(Ok(Face { plain, mirrored, quality }))
        })
    }
}

/// One face in one frame.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// The face, followed over frames.
    pub track: TrackId,
    /// Its box, in pixels of the frame.
    pub bounds: Rect,
    /// Its embedding, or why there is none.
    pub face: Result<Face, Unusable>,
}

/// What one frame showed.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// When the frame was taken.
    pub taken: Moment,
    /// The nearest face, which alone decides.
    pub nearest: Option<Sighting>,
    /// How many faces there were.
    pub faces: usize,
    /// How many of them, the nearest left out, belong to somebody alive: a face that never moves is a poster.
    pub others: usize,
    /// The picture shows nothing.
    pub blind: bool,
    /// Tracks that have ended.
    pub ended: Vec<TrackId>,
    /// What it cost.
    pub timing: Timing,
}

/// Follows faces over a camera's frames.
#[derive(Debug)]
pub struct Vision {
    analyst: Analyst,
    tracker: Tracker,
    closer: Option<TrackId>,
}

impl Vision {
    /// A vision that has seen nothing yet.
    pub fn new(analyst: Analyst) -> Self {
        Self { analyst, tracker: Tracker::default(), closer: None }
    }

    /// Embeds the mirrored crop too for this track from now on: its decision is close.
    pub fn look_closer(&mut self, track: TrackId) {
        self.closer = Some(track);
    }

    /// Looks at a frame. Of several faces only the nearest, the largest box, is embedded: the door answers
    /// one person at a time.
    pub fn look(&mut self, picture: &Picture, taken: Moment) -> Result<Look, ModelError> {
        let mut timing = Timing::default();
        let detections = self.analyst.detect(picture, &mut timing)?;
        let boxes: Vec<Rect> = detections.iter().map(|d| d.bounds).collect();
        let (ids, ended) = self.tracker.follow(&boxes, taken);
        let largest =
            detections.iter().zip(&ids).max_by(|(a, _), (b, _)| a.bounds.area().total_cmp(&b.bounds.area()));
        let nearest = match largest {
            None => None,
            Some((detection, &track)) => {
                let crops = if self.closer == Some(track) { Crops::Mirrored } else { self.analyst.crops };
                let face = self.analyst.face(picture, detection, crops, &mut timing)?;
                Some(Sighting { track, bounds: detection.bounds, face })
            }
        };
        let others = match &nearest {
            Some(sighting) => {
                self.tracker.moving().filter(|id| ids.contains(id) && *id != sighting.track).count()
            }
            None => 0,
        };
        let blind = view::shows_nothing(picture);
        Ok(Look { taken, nearest, faces: detections.len(), others, blind, ended, timing })
    }

    /// Forgets every track, as after a lost camera, and names them.
    pub fn forget(&mut self) -> Vec<TrackId> {
        self.tracker.end_all()
    }
}

fn timed<T>(total: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    *total += start.elapsed();
    result
}
