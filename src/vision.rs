//! From a picture to embeddings: detect, track, place the mesh, judge, align, embed.
//!
//! [`Vision`] follows faces over a camera's frames ([`follow`], [`attention`]); [`Analyst`] looks at single photographs. Both go the
//! same way with a face, so that what is enrolled and what is seen at the door are comparable.

pub mod align;
pub mod attention;
pub mod detect;
pub mod embed;
pub mod follow;
mod foreign;
pub mod landmarks;
pub mod model;
pub mod quality;
mod search;
pub mod track;
mod upright;
mod warp;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use attention::Plan;
pub use follow::{Look, Sighting, Vision};

use crate::frame::{Picture, View};
use crate::geometry::Rect;
use detect::Detection;
use landmarks::Mesh;
use limen_core::embedding::{Crops, Embedding};
use limen_core::event::Unusable;
use model::{ModelError, Models};
use quality::{Gate, Quality};

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
enum WayUp {
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

    /// Judges faces by this gate from now on.
    pub fn replace_gate(&mut self, gate: Gate) {
        self.gate = gate;
    }

    /// The same for photographs that others are compared with, of which more is asked.
    #[must_use]
    pub fn for_templates(self) -> Self {
        Self { gate: self.gate.for_templates(), ..self }
    }

    /// The networks.
    pub fn models(&self) -> &Arc<Models> {
        &self.models
    }

    /// Every face of a photograph with its box, the best detection first; a face that the gate refuses has
    /// the reason instead of an embedding.
    ///
    /// Where the whole shows no face, its parts are looked at, larger parts first, and then the photograph turned. So
    /// faces are found that are small in it; those that are much smaller than one found before are passed over.
    pub fn faces(&self, photograph: &Picture) -> Result<Vec<FoundFace>, ModelError> {
        let whole = self.judged(photograph, &self.detect(photograph, &mut Timing::default())?)?;
        if whole.iter().any(is_face) {
            return Ok(whole);
        }
        for parts in search::looks(photograph.width(), photograph.height()) {
            let found = search::in_parts(&self.models.detector, photograph, &parts)?;
            let mut faces = self.judged(photograph, &found)?;
            faces.retain(is_face);
            if !faces.is_empty() {
                return Ok(faces);
            }
        }
        Ok(self.lying(photograph)?.unwrap_or(whole))
    }

    /// What the gate says of each of these faces.
    fn judged(&self, photograph: &Picture, found: &[Detection]) -> Result<Vec<FoundFace>, ModelError> {
        let mut timing = Timing::default();
        let face = |found: &Detection| {
            let (_, face) = self.face(photograph, found, self.crops, WayUp::Unknown, &mut timing)?;
            Ok((found.bounds, face))
        };
        found.iter().map(face).collect()
    }

    /// The faces of a photograph that lies on its side or stands on its head, the way that shows the clearest; none
    /// where no way shows any.
    fn lying(&self, photograph: &Picture) -> Result<Option<Vec<FoundFace>>, ModelError> {
        let mut best: Option<(f32, Vec<FoundFace>)> = None;
        for quarters in 1..4 {
            let turned = photograph.turned(quarters);
            let found = self.detect(&turned, &mut Timing::default())?;
            let Some(score) = found.first().map(|face| face.score) else { continue };
            let mut faces = self.judged(&turned, &found)?;
            faces.retain(is_face);
            if faces.is_empty() || best.as_ref().is_some_and(|(most, _)| *most >= score) {
                continue;
            }
            let why = if quarters == 2 { Unusable::UpsideDown } else { Unusable::OnItsSide };
            let back =
                |bounds| upright::turned_back(bounds, quarters, photograph.width(), photograph.height());
            best = Some((score, faces.iter().map(|(bounds, _)| (back(bounds), Err(why))).collect()));
        }
        Ok(best.map(|(_, faces)| faces))
    }

    /// The boxes of the faces in a picture, without looking closer.
    pub fn boxes(&self, picture: &Picture) -> Result<Vec<Rect>, ModelError> {
        Ok(self.detect(picture, &mut Timing::default())?.iter().map(|d| d.bounds).collect())
    }

    fn detect(&self, view: &dyn View, timing: &mut Timing) -> Result<Vec<Detection>, ModelError> {
        timed(&mut timing.detect, || detect::detect(&self.models.detector, view))
    }

    fn mesh(&self, view: &dyn View, face: &Detection, timing: &mut Timing) -> Result<Mesh, ModelError> {
        timed(&mut timing.landmarks, || landmarks::find_mesh(&self.models.landmarks, view, face))
    }

    /// The face of a detection, and its mesh unless the detection alone shows that it cannot be used, or it stands on
    /// its head.
    fn face(
        &self,
        view: &dyn View,
        detection: &Detection,
        crops: Crops,
        way_up: WayUp,
        timing: &mut Timing,
    ) -> Result<(Option<Mesh>, Result<Face, Unusable>), ModelError> {
        let (width, height) = (view.width(), view.height());
        if let Err(why) = quality::check_detection(&self.gate, detection, width, height) {
            return Ok((None, Err(why)));
        }
        let mesh = self.mesh(view, detection, timing)?;
        let asked =
            way_up == WayUp::Unknown && quality::may_stand_on_its_head(&self.gate, &mesh, width, height);
        if asked && timed(&mut timing.detect, || upright::is_upside_down(&self.models.detector, view, &mesh))?
        {
            return Ok((None, Err(Unusable::UpsideDown)));
        }
        let face = self.judge(view, &mesh, crops, timing)?;
        Ok((Some(mesh), face))
    }

    /// The face of a mesh, if it passes the gate.
    fn judge(
        &self,
        view: &dyn View,
        mesh: &Mesh,
        crops: Crops,
        timing: &mut Timing,
    ) -> Result<Result<Face, Unusable>, ModelError> {
        if let Err(why) = quality::check_mesh(&self.gate, mesh, view.width(), view.height()) {
            return Ok(Err(why));
        }
        let (side, _) = self.models.embedder.input_size();
        let judged = timed(&mut timing.align, || {
            let cut = |side| -> Result<Picture, Unusable> {
                let to_crop = align::to_crop(mesh, side).ok_or(Unusable::NotAFace)?;
                Ok(align::crop(view, &to_crop, side))
            };
            let crop = cut(side)?;
            // The gate's limits were measured on this side, whatever the network's.
            let judged = if side == align::SIDE { None } else { Some(cut(align::SIDE)?) };
            let quality = quality::check_crop(&self.gate, mesh, judged.as_ref().unwrap_or(&crop))?;
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

/// Whether the landmark network, too, sees a face there.
fn is_face((_, face): &FoundFace) -> bool {
    !matches!(face, Err(Unusable::NotAFace))
}

fn timed<T>(total: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    *total += start.elapsed();
    result
}
