//! Finds all faces in a photograph, including small ones and those on their side or upside down.

use std::sync::Arc;

use limen_core::embedding::Crops;
use limen_core::event::Unusable;

use crate::detect::Detection;
use crate::face::{FoundFace, Timing, WayUp};
use crate::frame::Picture;
use crate::geometry::Rect;
use crate::model::{ModelError, Models};
use crate::quality::Gate;
use crate::stages::Stages;
use crate::{search, upright};

/// Finds and embeds the faces of photographs.
#[derive(Debug, Clone)]
pub struct Analyst {
    stages: Stages,
}

impl Analyst {
    /// An analyst with these networks, this gate, and these crops.
    pub fn new(models: Arc<Models>, gate: Gate, crops: Crops) -> Self {
        Self { stages: Stages { models, gate, crops } }
    }

    /// The same analyst for photographs that become templates, with a stricter gate.
    #[must_use]
    pub fn for_templates(self) -> Self {
        Self { stages: Stages { gate: self.stages.gate.for_templates(), ..self.stages } }
    }

    /// The networks that it uses.
    pub fn models(&self) -> &Arc<Models> {
        &self.stages.models
    }

    /// Every face of a photograph with its box, the best detection first. A face that the gate refuses has
    /// the reason instead of an embedding.
    ///
    /// First the whole photograph is searched. If no face is found, its parts are searched, halves before
    /// quarters: this finds smaller faces. If there is still no face, the photograph is turned by 90, 180 and
    /// 270 degrees. The search ends at the first step that finds a face, so it ignores much smaller faces
    /// beside that one.
    pub fn faces(&self, photograph: &Picture) -> Result<Vec<FoundFace>, ModelError> {
        let whole = self.judged(photograph, &self.stages.detect(photograph, &mut Timing::default())?)?;
        if whole.iter().any(is_face) {
            return Ok(whole);
        }
        for parts in search::looks(photograph.width(), photograph.height()) {
            let found = search::in_parts(&self.stages.models.detector, photograph, &parts)?;
            let mut faces = self.judged(photograph, &found)?;
            faces.retain(is_face);
            if !faces.is_empty() {
                return Ok(faces);
            }
        }
        Ok(self.lying(photograph)?.unwrap_or(whole))
    }

    /// The faces of these detections, each with the gate's decision.
    fn judged(&self, photograph: &Picture, found: &[Detection]) -> Result<Vec<FoundFace>, ModelError> {
        let mut timing = Timing::default();
        let face = |found: &Detection| {
            let (_, face) =
                self.stages.face(photograph, found, self.stages.crops, WayUp::Unknown, &mut timing)?;
            Ok((found.bounds, face))
        };
        found.iter().map(face).collect()
    }

    /// The faces of a photograph that is on its side or upside down, from the rotation whose best detection
    /// has the highest score. `None` if no rotation shows a face.
    fn lying(&self, photograph: &Picture) -> Result<Option<Vec<FoundFace>>, ModelError> {
        let mut best: Option<(f32, Vec<FoundFace>)> = None;
        for quarters in 1..4 {
            let turned = photograph.turned(quarters);
            let found = self.stages.detect(&turned, &mut Timing::default())?;
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

    /// The boxes of the faces in a picture, without a mesh or an embedding.
    pub fn boxes(&self, picture: &Picture) -> Result<Vec<Rect>, ModelError> {
        Ok(self.stages.detect(picture, &mut Timing::default())?.iter().map(|d| d.bounds).collect())
    }
}

/// Whether the landmark network confirms that the detection is a face.
fn is_face((_, face): &FoundFace) -> bool {
    !matches!(face, Err(Unusable::NotAFace))
}
