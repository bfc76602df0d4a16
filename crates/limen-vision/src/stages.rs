//! The stages that every face passes through, in order, at the door and on a photograph.

use std::sync::Arc;

use limen_core::embedding::{Crops, Embedding};
use limen_core::event::Unusable;

use crate::detect::{self, Detection};
use crate::face::{Face, Timing, WayUp, timed};
use crate::frame::{Area, Picture, View};
use crate::landmarks::{self, Mesh};
use crate::model::{ModelError, Models};
use crate::quality::{self, Gate};
use crate::{align, embed, tiles, upright};

/// The networks, and how they are used.
#[derive(Debug, Clone)]
pub struct Stages {
    /// The three networks.
    pub models: Arc<Models>,
    /// The gate that faces must pass.
    pub gate: Gate,
    /// The crops that are embedded.
    pub crops: Crops,
}

impl Stages {
    /// All faces in the picture, best first.
    pub fn detect(&self, view: &dyn View, timing: &mut Timing) -> Result<Vec<Detection>, ModelError> {
        timed(&mut timing.detect, || detect::detect(&self.models.detector, view))
    }

    /// All faces in a part of a camera's frame.
    pub fn search(
        &self,
        view: &dyn View,
        part: Area,
        timing: &mut Timing,
    ) -> Result<Vec<Detection>, ModelError> {
        timed(&mut timing.detect, || tiles::detect_in_tiles(&self.models.detector, view, part))
    }

    /// The mesh of a detected face.
    pub fn mesh(&self, view: &dyn View, face: &Detection, timing: &mut Timing) -> Result<Mesh, ModelError> {
        timed(&mut timing.landmarks, || landmarks::find_mesh(&self.models.landmarks, view, face))
    }

    /// The face of a detection, and its mesh. There is no mesh if the detection alone shows that the face
    /// cannot be used, or if the face is upside down.
    pub fn face(
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

    /// The embedding of a face that the gate need not accept; `None` if no crop can be cut.
    pub fn embed_anyway(
        &self,
        view: &dyn View,
        mesh: &Mesh,
        timing: &mut Timing,
    ) -> Result<Option<Embedding>, ModelError> {
        let (side, _) = self.models.embedder.input_size();
        let cut = || align::to_crop(mesh, side).map(|to_crop| align::crop(view, &to_crop, side));
        let Some(crop) = timed(&mut timing.align, cut) else { return Ok(None) };
        timed(&mut timing.embed, || embed::embed(&self.models.embedder, &crop).map(Some))
    }

    /// The face of a mesh, if it passes the gate.
    pub fn judge(
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
            // The gate's limits were measured at this side, whatever the network's input size.
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
