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
        let Some(crops) = timed(&mut timing.align, || self.crops(view, mesh)) else { return Ok(None) };
        timed(&mut timing.embed, || embed::embed(&self.models.embedder, &crops).map(Some))
    }

    /// The face as each network of the embedder gets it; `None` if no crop can be cut.
    fn crops(&self, view: &dyn View, mesh: &Mesh) -> Option<Vec<Picture>> {
        self.models.embedder.parts().iter().map(|part| align::cut(view, mesh, &part.crop)).collect()
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
        let judged = timed(&mut timing.align, || {
            let crops = self.crops(view, mesh).ok_or(Unusable::NotAFace)?;
            // The gate's limits were measured on this crop, whatever those of the networks are.
            let gates = align::gates_crop();
            let mut cut = self.models.embedder.parts().iter().zip(&crops);
            let quality = match cut.find(|(part, _)| part.crop == gates) {
                Some((_, crop)) => quality::check_crop(&self.gate, mesh, crop)?,
                None => {
                    let crop = align::cut(view, mesh, &gates).ok_or(Unusable::NotAFace)?;
                    quality::check_crop(&self.gate, mesh, &crop)?
                }
            };
            Ok::<_, Unusable>((crops, quality))
        });
        let (cuts, quality) = match judged {
            Ok(judged) => judged,
            Err(why) => return Ok(Err(why)),
        };
        timed(&mut timing.embed, || {
            let plain = embed::embed(&self.models.embedder, &cuts)?;
            let mirrored = match crops {
                Crops::Plain => None,
                Crops::Mirrored => {
                    let mirrored: Vec<Picture> = cuts.iter().map(Picture::mirrored).collect();
                    Some(embed::embed(&self.models.embedder, &mirrored)?)
                }
            };
            Ok(Ok(Face { plain, mirrored, quality }))
        })
    }
}
