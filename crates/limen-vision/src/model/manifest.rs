//! `models/manifest.toml`, and the manifest of a pack: every fact about a network that the program relies on.

mod checks;

use limen_core::embedding::{Distance, Metric, ModelDigest};
use limen_core::person::printable;
use serde::Deserialize;

use super::ModelError;
use super::builtin::MANIFEST;

/// The manifest version that this program reads.
const SCHEMA: u32 = 1;

/// What a network is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Finds faces.
    Detection,
    /// Places points on a face.
    Landmarks,
    /// Makes an embedding of an aligned face.
    Embedding,
}

/// The whole manifest.
#[derive(Debug, Clone, Deserialize)]
pub struct Manifest {
    schema: u32,
    #[serde(rename = "model")]
    entries: Vec<Entry>,
}

/// One network. Keys that only people or other rooms read (licence, origin, error rates) are passed over.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Entry {
    /// Its name in configuration and log.
    pub name: String,
    /// How new it is among the networks of this name, 0 if not said: one older than the last in force is refused.
    #[serde(default)]
    pub version: u32,
    /// What it is for.
    pub role: Role,
    /// The one to use unless configured otherwise.
    #[serde(default)]
    pub default: bool,
    /// File name below `models/`.
    pub file: String,
    /// SHA-256 of the file.
    #[serde(rename = "sha256", deserialize_with = "digest")]
    pub digest: ModelDigest,
    /// Trained on faces; an untrained network proves that an architecture runs, nothing more.
    pub trained: bool,
    /// What goes in.
    pub input: Input,
    /// What comes out, in this order.
    pub outputs: Vec<Output>,
    /// How two embeddings are compared.
    #[serde(default)]
    pub metric: Metric,
    /// Two frames of one track that are farther apart show two faces; above zero, by the metric.
    #[serde(default, deserialize_with = "same_face")]
    pub same_face: Option<Distance>,
    /// What must come out for the test pattern.
    pub self_test: Vec<SelfTest>,
    /// The faces of nobody that distances are centred with.
    pub cohort: Option<CohortFile>,
    /// Int8 against float; only in a quantised entry.
    pub quantisation: Option<Quantisation>,
}

/// What goes into a network.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Input {
    /// Order of the axes.
    pub layout: Layout,
    /// Batch of one, three channels, height, width, in the order of `layout`.
    pub shape: Vec<usize>,
    /// Order of the channels.
    pub channels: Channels,
    /// Taken from each of R, G, B (0 to 255).
    pub subtract: [f32; 3],
    /// What the difference is divided by.
    pub divide: f32,
}

/// Order of the axes of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Layout {
    /// Channels first.
    #[serde(rename = "NCHW")]
    Nchw,
    /// Channels last.
    #[serde(rename = "NHWC")]
    Nhwc,
}

/// Order of the channels of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Channels {
    /// Red first.
    #[serde(rename = "RGB")]
    Rgb,
    /// Blue first.
    #[serde(rename = "BGR")]
    Bgr,
}

/// What comes out of a network.
#[derive(Debug, Clone, Deserialize)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
}

impl Output {
    /// How many numbers it holds.
    pub fn numbers(&self) -> usize {
        self.shape.iter().fold(1, |numbers, side| numbers.saturating_mul(*side))
    }
}

/// The first numbers of an output for the test pattern, measured in another runtime.
#[derive(Debug, Clone, Deserialize)]
pub struct SelfTest {
    /// Name of the output.
    pub output: String,
    /// Its first numbers.
    pub first: Vec<f32>,
    /// How far this machine's may lie from them.
    pub tolerance: f32,
}

/// `[model.cohort]`: a file of embeddings of nobody in particular, made for this network alone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CohortFile {
    /// Its name, by which an error-rate table says that it was measured with it.
    pub name: String,
    /// Its file, beside the manifest.
    pub file: String,
    /// SHA-256 of the file.
    #[serde(deserialize_with = "digest")]
    pub sha256: ModelDigest,
    /// How many vectors it holds, 2 to 10,000.
    pub vectors: usize,
    /// Numbers a vector, as many as the network gives.
    pub dimensions: usize,
    /// How many of the nearest vectors count.
    pub nearest: usize,
    /// What a stored number is multiplied by, above zero.
    pub scale: f32,
}

/// What quantisation cost, measured by `models/fit`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Quantisation {
    /// L2 between the int8 and the float embedding of the same crop, mean over the faces measured.
    pub mean_l2_difference: f32,
    /// True accepts of the float network at one false accept in 10,000, as a fraction.
    #[serde(rename = "tar-1e-4-float")]
    pub tar_float: f32,
    /// The same of the int8 network.
    #[serde(rename = "tar-1e-4-int8")]
    pub tar_int8: f32,
}

impl Manifest {
    /// The manifest compiled in.
    pub fn built_in() -> Result<Self, ModelError> {
        Self::parse(MANIFEST)
    }

    /// Reads a manifest and checks that its entries are consistent.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let manifest: Self = toml::from_str(text).map_err(|error| {
            let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or_default();
            let line = 1 + before.matches('\n').count();
            ModelError::Manifest(format!("line {line}: {}", printable(error.message(), 300)))
        })?;
        if manifest.schema != SCHEMA {
            let what = format!("schema {} where this version reads {SCHEMA}", manifest.schema);
            return Err(ModelError::Manifest(what));
        }
        manifest.entries.iter().try_for_each(Entry::check)?;
        Ok(manifest)
    }

    /// All entries.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry to use for a role unless configured otherwise.
    pub fn default_for(&self, role: Role) -> Result<&Entry, ModelError> {
        self.find(|e| e.role == role && e.default, || format!("default for {role:?}"))
    }

    /// The entry of a file's digest.
    pub fn by_digest(&self, digest: &ModelDigest) -> Result<&Entry, ModelError> {
        self.find(|e| e.digest == *digest, || format!("sha256 {digest}"))
    }

    fn find(
        &self,
        is_it: impl Fn(&Entry) -> bool,
        wanted: impl Fn() -> String,
    ) -> Result<&Entry, ModelError> {
        self.entries.iter().find(|e| is_it(e)).ok_or_else(|| {
            let names: Vec<_> = self.entries.iter().map(|e| e.name.as_str()).collect();
            ModelError::Unknown(wanted(), names.join(", "))
        })
    }
}

impl Entry {
    /// Input width and height in pixels.
    pub fn input_size(&self) -> (u32, u32) {
        let (height, width) = self.input.sides();
        (width as u32, height as u32)
    }

    /// How many numbers an embedding has; of a network with several outputs, the first.
    pub fn dimensions(&self) -> usize {
        self.outputs.first().map_or(0, Output::numbers)
    }
}

impl Input {
    /// The same for the engine: what each byte of a picture is to the network.
    pub fn to_network(&self) -> limen_nn::Input {
        let sources = if self.channels == Channels::Rgb { [0, 1, 2] } else { [2, 1, 0] };
        let factor = 1.0 / self.divide;
        let value = |byte: u8, source: usize| (f32::from(byte) - self.subtract[source]) * factor;
        let (height, width) = self.sides();
        limen_nn::Input {
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

fn same_face<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Distance>, D::Error> {
    let distance =
        Distance::new(f32::deserialize(deserializer)?).filter(|distance| *distance > Distance::ZERO);
    let wrong = || serde::de::Error::custom("same-face must be a finite distance above zero");
    distance.map(Some).ok_or_else(wrong)
}

fn digest<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<ModelDigest, D::Error> {
    let text = String::deserialize(deserializer)?;
    ModelDigest::parse(&text).ok_or_else(|| serde::de::Error::custom("sha256 must be 64 hexadecimal digits"))
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
        let input = Input {
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
