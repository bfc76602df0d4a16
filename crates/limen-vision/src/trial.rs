//! Tries a network on photographs of two people before it is installed: whether it tells them apart by the crop that its
//! manifest names.
//!
//! A self-test proves what a network computes, and says nothing about its crop. With a wrong one it still runs, and
//! recognises nobody.

use limen_core::embedding::{Distance, Embedding};
use thiserror::Error;

use crate::align::{cut, to_crop, worst_placed};
use crate::detect::detect;
use crate::embed::{embed, embed_crop};
use crate::frame::Picture;
use crate::landmarks::{Mesh, find_mesh};
use crate::model::{Crop, CropTemplate, EmbedderPart, ManifestEntry, ModelError, Models};

/// How far a point may lie from its place, as a share of the crop's spread. By a right crop of the built-in photographs
/// it is at most 0.3, with both sides of the face exchanged 1.3.
const MOST_MISPLACED: f32 = 0.6;
/// How many times as well a named crop must tell the people apart to be the right one. By the right crop of two
/// networks strangers are 1.8 and 2.2 times as far apart as one person's photographs, by the other's 1.5 and 1.1.
const CLEARLY_BETTER: f32 = 1.2;

/// A photograph with one face.
#[derive(Debug)]
pub struct Shown {
    /// The person whom it shows, by any number.
    pub person: usize,
    /// The picture.
    pub picture: Picture,
}

/// Why a network is not installed.
#[derive(Debug, Error)]
pub enum TrialError {
    /// A network failed on a photograph.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The photographs are of no use.
    #[error("the test photographs show no face, or only one person; build limen anew")]
    Photographs,
    /// The points of the crop belong elsewhere.
    #[error(
        "model {name}: crop: on a real face point {point} lies {off:.0} pixels from the place that the manifest gives \
         it, as the others lie; correct the number of the point, or its place"
    )]
    Misplaced {
        /// The model's name.
        name: String,
        /// The number of the point.
        point: usize,
        /// The distance, in pixels of the crop.
        off: f32,
    },
    /// The network does not recognise the test photographs.
    #[error(
        "model {name}: two people on the test photographs are {other:.2} apart, and photographs of one person \
         {same:.2}: it would let strangers in; {remedy}"
    )]
    Confused {
        /// The model's name.
        name: String,
        /// How near two people come.
        other: Distance,
        /// How far apart one person's photographs are.
        same: Distance,
        /// What to write.
        remedy: String,
    },
    /// By another crop the network recognises clearly better.
    #[error(
        "model {name}: by this crop two people on the test photographs are {found:.2} times as far apart as one \
         person's photographs, but {better:.2} times by the crop \"{crop}\"; write crop = \"{crop}\""
    )]
    OtherCrop {
        /// The model's name.
        name: String,
        /// How well the manifest's crop tells the people apart.
        found: f32,
        /// How well the other does.
        better: f32,
        /// The name of the other.
        crop: &'static str,
    },
}

/// Tries the face network of `models` on photographs of at least two people, one of them on two photographs. Of an
/// untrained network only the numbers are checked: it recognises nobody.
pub fn try_out(models: &Models, photographs: &[Shown]) -> Result<(), TrialError> {
    let faces = Faces::find(models, photographs)?;
    let entry = models.embedder.entry();
    let apart = faces.apart(|picture, mesh| by_all(models, picture, mesh))?;
    if !entry.trained {
        return Ok(());
    }
    match models.embedder.parts() {
        [part] => faces.check_crop(entry, part, apart),
        // Each of several was tried by itself.
        _ if apart.other <= apart.same => Err(confused(entry, apart, "check its factors".to_owned())),
        _ => Ok(()),
    }
}

fn confused(entry: &ManifestEntry, apart: Apart, remedy: String) -> TrialError {
    TrialError::Confused { name: entry.name.clone(), other: apart.other, same: apart.same, remedy }
}

/// How far apart photographs are.
#[derive(Debug, Clone, Copy)]
struct Apart {
    /// The farthest two of one person.
    same: Distance,
    /// The nearest two of two people.
    other: Distance,
}

impl Apart {
    /// How many times as far apart two people are as one person; 0 for a network that answers the same to everything.
    fn ratio(self) -> f32 {
        let (same, other) = (self.same.get(), self.other.get());
        if other > 0.0 { other / same.max(f32::MIN_POSITIVE) } else { 0.0 }
    }
}

/// The photographs with the meshes of their faces.
struct Faces<'a>(Vec<(&'a Shown, Mesh)>);

impl<'a> Faces<'a> {
    fn find(models: &Models, photographs: &'a [Shown]) -> Result<Self, TrialError> {
        let mesh = |shown: &Shown| -> Result<Mesh, TrialError> {
            let faces = detect(&models.detector, &shown.picture)?;
            let face = faces.first().ok_or(TrialError::Photographs)?;
            Ok(find_mesh(&models.landmarks, &shown.picture, face)?)
        };
        let found: Result<_, TrialError> =
            photographs.iter().map(|shown| Ok((shown, mesh(shown)?))).collect();
        Ok(Self(found?))
    }

    /// Refuses a crop that no real face fits, or by which the network tells nobody apart, or clearly worse than by
    /// another.
    fn check_crop(&self, entry: &ManifestEntry, part: &EmbedderPart, apart: Apart) -> Result<(), TrialError> {
        self.check_places(entry, &part.crop)?;
        let (crop, best) = self.best_named(part)?;
        if apart.other <= apart.same {
            let remedy = match best.ratio() > 1.0 {
                true => format!("write crop = \"{crop}\""),
                false => "write the crop that it was trained on; by no named crop it does better".to_owned(),
            };
            return Err(confused(entry, apart, remedy));
        }
        let (found, better) = (apart.ratio(), best.ratio());
        if better > found * CLEARLY_BETTER {
            return Err(TrialError::OtherCrop { name: entry.name.clone(), found, better, crop });
        }
        Ok(())
    }

    fn check_places(&self, entry: &ManifestEntry, template: &CropTemplate) -> Result<(), TrialError> {
        for (_, mesh) in &self.0 {
            let fitted = to_crop(mesh, template).ok_or(TrialError::Photographs)?;
            let Some((point, off)) = worst_placed(mesh, &fitted, template) else { continue };
            if off > MOST_MISPLACED * template.spread() {
                return Err(TrialError::Misplaced { name: entry.name.clone(), point, off });
            }
        }
        Ok(())
    }

    /// The crop with a name that tells the people apart best.
    fn best_named(&self, part: &EmbedderPart) -> Result<(&'static str, Apart), TrialError> {
        let (side, _) = part.network.input_size();
        let mut tried = Vec::with_capacity(Crop::NAMED.len());
        for (name, crop) in Crop::NAMED {
            let template = crop.for_side(side);
            let by_one = |picture: &Picture, mesh: &Mesh| {
                of_crops(picture, mesh, &[&template], |crops| {
                    crops.first().map(|crop| embed_crop(&part.network, crop)).transpose()
                })
            };
            tried.push((name, self.apart(by_one)?));
        }
        // Of two that are one crop for this input, the first has its usual name.
        let best =
            tried.into_iter().reduce(|best, one| if one.1.ratio() > best.1.ratio() { one } else { best });
        best.ok_or(TrialError::Photographs)
    }

    fn apart(
        &self,
        embedded: impl Fn(&Picture, &Mesh) -> Result<Embedding, TrialError>,
    ) -> Result<Apart, TrialError> {
        let embeddings: Result<Vec<Embedding>, TrialError> =
            self.0.iter().map(|(shown, mesh)| embedded(&shown.picture, mesh)).collect();
        let people = self.0.iter().map(|(shown, _)| shown.person);
        let known: Vec<(usize, Embedding)> = people.zip(embeddings?).collect();
        let (mut same, mut other) = (None, None);
        for (at, (person, one)) in known.iter().enumerate() {
            for (whose, two) in known.iter().skip(at + 1) {
                let distance = one.l2(two).ok_or(TrialError::Photographs)?;
                match person == whose {
                    true => same = same.max(Some(distance)),
                    false => other = Some(other.map_or(distance, |least: Distance| least.min(distance))),
                }
            }
        }
        same.zip(other).map(|(same, other)| Apart { same, other }).ok_or(TrialError::Photographs)
    }
}

/// The embedding by all networks, each with its own crop.
fn by_all(models: &Models, picture: &Picture, mesh: &Mesh) -> Result<Embedding, TrialError> {
    let templates: Vec<&CropTemplate> = models.embedder.parts().iter().map(|part| &part.crop).collect();
    of_crops(picture, mesh, &templates, |crops| embed(&models.embedder, crops).map(Some))
}

/// The mean of what a network answers to a face and to its mirror image.
fn of_crops(
    picture: &Picture,
    mesh: &Mesh,
    templates: &[&CropTemplate],
    embedded: impl Fn(&[Picture]) -> Result<Option<Embedding>, ModelError>,
) -> Result<Embedding, TrialError> {
    let plain: Option<Vec<Picture>> = templates.iter().map(|template| cut(picture, mesh, template)).collect();
    let plain = plain.ok_or(TrialError::Photographs)?;
    let mirrored: Vec<Picture> = plain.iter().map(Picture::mirrored).collect();
    let both = [embedded(&plain)?, embedded(&mirrored)?];
    Embedding::mean(both.iter().flatten()).ok_or(TrialError::Photographs)
}
