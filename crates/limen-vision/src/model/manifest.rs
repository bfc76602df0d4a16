//! `models/manifest.toml` and the manifests of packs: all facts about networks that the program relies on.

mod checks;

use std::fmt;
use std::path::Path;

use limen_core::embedding::{Distance, Metric, ModelDigest};
use limen_core::person::printable;
use serde::Deserialize;

use super::builtin::MANIFEST;
use super::concatenation::{Concatenation, ConcatenationError};
use super::crop::{Crop, CropError, CropTemplate};
use super::error::ModelError;
use super::values::{digest, same_face};

/// The manifest version that this program reads.
const SCHEMA: u32 = 1;
/// The source of the manifest that is compiled in, for messages.
const BUILT_IN_FILE: &str = "models/manifest.toml";

/// The purpose of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Finds faces in a picture.
    Detection,
    /// Places points on a face.
    Landmarks,
    /// Embeds an aligned face.
    Embedding,
}

/// The whole manifest.
#[derive(Debug, Clone, Deserialize)]
pub struct Manifest {
    schema: u32,
    #[serde(default, rename = "model")]
    entries: Vec<ManifestEntry>,
    #[serde(default, rename = "concatenation")]
    concatenations: Vec<Concatenation>,
}

/// One network. Fields that only people or other modules read (licence, origin, error rates) are ignored.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ManifestEntry {
    /// The network's name in configuration and log.
    pub name: String,
    /// The version among the networks of this name; 0 if not given. A network older than the last one in use
    /// is refused.
    #[serde(default)]
    pub version: u32,
    /// The purpose of the network.
    pub role: Role,
    /// Whether it is used unless configured otherwise.
    #[serde(default)]
    pub default: bool,
    /// The file's name in `models/`.
    pub file: String,
    /// The SHA-256 of the file.
    #[serde(rename = "sha256", deserialize_with = "digest")]
    pub digest: ModelDigest,
    /// Whether it was trained on faces. An untrained network only proves that an architecture runs.
    pub trained: bool,
    /// The input of the network.
    pub input: ManifestInput,
    /// Where a face lies in the input; embedding networks have one.
    pub crop: Option<Crop>,
    /// The outputs, in order.
    pub outputs: Vec<ManifestOutput>,
    /// How two embeddings are compared.
    #[serde(default)]
    pub metric: Metric,
    /// Two frames of a track that are farther apart show two people; above zero, by the metric.
    #[serde(default, deserialize_with = "same_face")]
    pub same_face: Option<Distance>,
    /// A turned frame that is farther than this from the frontal ones of its track may show another person; above zero,
    /// by the metric.
    #[serde(default, deserialize_with = "same_face")]
    pub turned_self: Option<Distance>,
    /// The expected outputs for the test pattern.
    pub self_test: Vec<SelfTest>,
    /// The cohort of synthetic faces with which distances are centred.
    pub cohort: Option<CohortFile>,
    /// The cost of quantisation; only for a quantised network.
    pub quantisation: Option<ManifestQuantisation>,
}

/// The input of a network.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ManifestInput {
    /// The order of the axes.
    pub layout: Layout,
    /// The shape: batch of one, three channels, height and width, in the order of `layout`.
    pub shape: Vec<usize>,
    /// The order of the channels.
    pub channels: Channels,
    /// What is subtracted from each of R, G, B (0 to 255).
    pub subtract: [f32; 3],
    /// The divisor of the difference.
    pub divide: f32,
}

/// The order of the axes of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Layout {
    /// Channels before height and width.
    #[serde(rename = "NCHW")]
    Nchw,
    /// Channels after height and width.
    #[serde(rename = "NHWC")]
    Nhwc,
}

/// The order of the channels of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Channels {
    /// Red, green, blue.
    #[serde(rename = "RGB")]
    Rgb,
    /// Blue, green, red.
    #[serde(rename = "BGR")]
    Bgr,
}

/// An output of a network.
#[derive(Debug, Clone, Deserialize)]
pub struct ManifestOutput {
    /// The name of the output.
    pub name: String,
    /// The length of each axis.
    pub shape: Vec<usize>,
}

impl ManifestOutput {
    /// The number of all its values.
    pub fn numbers(&self) -> usize {
        self.shape.iter().fold(1, |numbers, side| numbers.saturating_mul(*side))
    }
}

/// The first numbers of an output for the test pattern, measured with another runtime.
#[derive(Debug, Clone, Deserialize)]
pub struct SelfTest {
    /// The name of the output.
    pub output: String,
    /// The first numbers of the output.
    pub first: Vec<f32>,
    /// The largest difference that is allowed.
    pub tolerance: f32,
}

/// `[model.cohort]`: a file of embeddings of synthetic faces, made for this network alone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CohortFile {
    /// The cohort's name, which error-rate tables measured with it use.
    pub name: String,
    /// The name of the file, beside the manifest.
    pub file: String,
    /// The SHA-256 of the file.
    #[serde(deserialize_with = "digest")]
    pub sha256: ModelDigest,
    /// The number of vectors, 2 to 10,000.
    pub vectors: usize,
    /// The numbers per vector, as many as in an embedding of the network.
    pub dimensions: usize,
    /// How many of the nearest vectors count.
    pub nearest: usize,
    /// The factor for each stored number, above zero.
    pub scale: f32,
}

/// The cost of quantisation, measured by `models/fit`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ManifestQuantisation {
    /// The mean L2 distance between the int8 and the float embedding of the same crop.
    pub mean_l2_difference: f32,
    /// The float network's true accept rate at a false accept rate of 1 in 10,000, 0 to 1.
    #[serde(rename = "tar-1e-4-float")]
    pub tar_float: f32,
    /// The same for the int8 network.
    #[serde(rename = "tar-1e-4-int8")]
    pub tar_int8: f32,
}

impl Manifest {
    /// The manifest that is compiled in.
    pub fn built_in() -> Result<Self, ModelError> {
        Self::parse(MANIFEST)
    }

    /// Reads a manifest and checks that its entries are consistent.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        Self::read(text, Path::new(BUILT_IN_FILE))
    }

    /// Reads the manifest in `file`, whose text is `text`, and checks that its entries are consistent.
    pub(super) fn read(text: &str, file: &Path) -> Result<Self, ModelError> {
        let manifest: Self = toml::from_str(text).map_err(|error| ModelError::Misread {
            file: file.to_owned(),
            text: text.to_owned(),
            message: printable(error.message(), 300),
            at: error.span(),
        })?;
        if manifest.schema != SCHEMA {
            let what = format!("schema {} where this version reads {SCHEMA}", manifest.schema);
            return Err(ModelError::Manifest(what));
        }
        if manifest.entries.is_empty() && manifest.concatenations.is_empty() {
            let message = "missing field `model`".to_owned();
            return Err(ModelError::Misread {
                file: file.to_owned(),
                text: text.to_owned(),
                message,
                at: Some(0..0),
            });
        }
        manifest.entries.iter().try_for_each(ManifestEntry::check)?;
        manifest.concatenations.iter().try_for_each(|all| all.check().map_err(|what| all.mistake(&what)))?;
        Ok(manifest)
    }

    /// All concatenations, in the order of the file.
    pub fn concatenations(&self) -> &[Concatenation] {
        &self.concatenations
    }

    /// All entries, in the order of the file.
    pub fn entries(&self) -> &[ManifestEntry] {
        &self.entries
    }

    /// The entry for a role that is used unless configured otherwise.
    pub fn default_for(&self, role: Role) -> Result<&ManifestEntry, ModelError> {
        self.find(|e| e.role == role && e.default, || format!("default for {role:?}"))
    }

    /// The entry of the file with this digest.
    pub fn by_digest(&self, digest: &ModelDigest) -> Result<&ManifestEntry, ModelError> {
        self.find(|e| e.digest == *digest, || format!("sha256 {digest}"))
    }

    fn find(
        &self,
        is_it: impl Fn(&ManifestEntry) -> bool,
        wanted: impl Fn() -> String,
    ) -> Result<&ManifestEntry, ModelError> {
        self.entries.iter().find(|e| is_it(e)).ok_or_else(|| {
            let names: Vec<_> = self.entries.iter().map(|e| e.name.as_str()).collect();
            ModelError::Unknown(wanted(), names.join(", "))
        })
    }
}

impl ManifestEntry {
    /// The input's width and height, in pixels.
    pub fn input_size(&self) -> (u32, u32) {
        let (height, width) = self.input.sides();
        (width as u32, height as u32)
    }

    /// The digest of this network with its crop, which templates carry.
    pub(super) fn mark(&self) -> ModelDigest {
        self.crop_template().map_or(self.digest, |crop| crop.mark(self.digest))
    }

    /// The crop that an embedding network gets, in pixels of its input.
    pub fn crop_template(&self) -> Result<CropTemplate, ModelError> {
        let (side, _) = self.input_size();
        self.crop.as_ref().map(|crop| crop.for_side(side)).ok_or_else(|| self.mistake(CropError::Missing))
    }

    fn mistake(&self, what: impl fmt::Display) -> ModelError {
        ModelError::Manifest(format!("model {}: {what}", printable(&self.name, 80)))
    }

    /// The number of dimensions of an embedding: the size of the first output.
    pub fn dimensions(&self) -> usize {
        self.outputs.first().map_or(0, ManifestOutput::numbers)
    }
}

impl ManifestInput {
    /// The input for the engine: how a byte of a picture becomes a number.
    pub fn to_network(&self) -> limen_nn::PictureInput {
        let sources = if self.channels == Channels::Rgb { [0, 1, 2] } else { [2, 1, 0] };
        let factor = 1.0 / self.divide;
        let value = |byte: u8, source: usize| (f32::from(byte) - self.subtract[source]) * factor;
        let (height, width) = self.sides();
        limen_nn::PictureInput {
            height,
            width,
            channels_last: self.layout == Layout::Nhwc,
            sources,
            values: sources.map(|source| (0..=255).map(|byte| value(byte, source)).collect()),
        }
    }

    fn sides(&self) -> (usize, usize) {
        match self.layout {
            Layout::Nchw => (self.shape[2], self.shape[3]),
            Layout::Nhwc => (self.shape[1], self.shape[2]),
        }
    }
}

impl Concatenation {
    /// There is no network of this name.
    pub(super) fn lacks(&self, name: &str) -> ModelError {
        ModelError::NoSuchPart { concatenation: self.name.clone(), name: printable(name, 80) }
    }

    /// A mistake in it.
    pub(super) fn mistake(&self, what: &ConcatenationError) -> ModelError {
        ModelError::Manifest(format!("concatenation {}: {what}", printable(&self.name, 80)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_manifest_has_a_default_for_each_role() {
        let manifest = Manifest::built_in().expect("the manifest of this repository");
        for role in [Role::Detection, Role::Landmarks, Role::Embedding] {
            assert!(manifest.default_for(role).is_ok(), "{role:?}");
        }
    }

    #[test]
    fn a_manifest_that_contradicts_itself_is_refused() {
        for (from, to, says) in [
            ("schema = 1", "schema = 2", "schema 2"),
            ("shape = [1, 3, 150, 150]", "shape = [1, 4, 150, 150]", "three channels"),
            ("divide = 256.0", "divide = 0.0", "divide"),
        ] {
            let text = MANIFEST.replacen(from, to, 1);
            assert_ne!(text, MANIFEST, "{from} is in the manifest");
            let error = Manifest::parse(&text).expect_err(to).to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn each_channel_takes_its_own_from_the_colour_that_it_reads() {
        let input = ManifestInput {
            layout: Layout::Nhwc,
            shape: vec![1, 4, 5, 3],
            channels: Channels::Bgr,
            subtract: [1.0, 2.0, 3.0],
            divide: 2.0,
        };
        let read = input.to_network();
        assert_eq!((read.shape(), read.sources), ([1, 4, 5, 3], [2, 1, 0]));
        assert_eq!(read.values.map(|table| table[9]), [3.0, 3.5, 4.0]);
    }
}
