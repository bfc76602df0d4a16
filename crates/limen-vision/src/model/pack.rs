//! A pack: an embedding network, the manifest that describes it and, for some, a cohort; or a manifest that puts two
//! networks together.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use limen_core::embedding::ModelDigest;
use limen_files::{Trust, read_trusted, read_trusted_text};

use super::builtin::{MANIFEST, builtin_file};
use super::concatenation::Concatenation;
use super::error::ModelError;
use super::joined::joined;
use super::manifest::{CohortFile, Manifest, ManifestEntry, Role};
use super::name::ModelName;
use super::network::ModelNetwork;

/// The largest network, in bytes: the file and the graph made from it are in memory together, and the service
/// has 512 MiB.
const MAX_NETWORK_BYTES: u64 = 200 << 20;
/// The largest manifest, in bytes; the built-in one has 22 kB.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;
/// The largest cohort, in bytes: 10,000 vectors of 1024 floats.
const MAX_COHORT_BYTES: u64 = 41 << 20;

/// The files of one embedding network, with verified digests. Only [`Pack::load`] checks the network itself.
pub struct Pack {
    /// The manifest's entry for the network.
    pub entry: ManifestEntry,
    /// The manifest's text.
    pub manifest: Cow<'static, str>,
    /// The bytes of the ONNX file; none of a concatenation.
    pub network: Cow<'static, [u8]>,
    /// The bytes of the cohort file, if there is one.
    pub cohort: Option<Cow<'static, [u8]>>,
    /// The networks of a concatenation, each with its factor; none of a network.
    pub parts: Vec<PackPart>,
}

/// A network of a concatenation.
#[derive(Debug)]
pub struct PackPart {
    /// The network.
    pub pack: Pack,
    /// What its embedding is multiplied by.
    pub factor: f32,
}

/// What the manifest of a pack describes.
pub(super) enum Described {
    /// A network.
    Network(Box<ManifestEntry>),
    /// Two networks put together.
    Concatenation(Concatenation),
}

impl Pack {
    /// One of this program's own networks, for any role.
    pub fn built_in(entry: &ManifestEntry) -> Result<Self, ModelError> {
        let network = compiled_in(entry, &entry.file)?;
        Self::of_built_in_entry(entry, network)
    }

    /// A network that the built-in manifest describes, wherever its bytes come from.
    pub(super) fn of_built_in_entry(
        entry: &ManifestEntry,
        network: Cow<'static, [u8]>,
    ) -> Result<Self, ModelError> {
        let read = |cohort: &CohortFile| compiled_in(entry, &cohort.file);
        Self::verified(entry.clone(), MANIFEST.into(), network, read)
    }

    /// Reads a pack before its installation: a network, its manifest and, beside that, the cohort file.
    pub fn read(network: &Path, manifest: &Path, trust: Trust) -> Result<Self, ModelError> {
        let folder = manifest.parent().unwrap_or(Path::new(""));
        Self::from_files(network, manifest, |cohort| folder.join(&cohort.file), trust)
    }

    /// Reads a pack whose cohort file `cohort_file` finds.
    pub(super) fn from_files(
        network: &Path,
        manifest: &Path,
        cohort_file: impl Fn(&CohortFile) -> PathBuf,
        trust: Trust,
    ) -> Result<Self, ModelError> {
        let (text, Described::Network(entry)) = read_manifest(manifest, trust)? else {
            let what = "describes a concatenation, which has no file of its own; leave the ONNX file out";
            return Err(ModelError::Pack { file: manifest.to_owned(), what: what.to_owned() });
        };
        let network = read_trusted(network, MAX_NETWORK_BYTES, trust)?;
        Self::verified(*entry, text.into(), network.into(), |cohort| {
            Ok(read_trusted(&cohort_file(cohort), MAX_COHORT_BYTES, trust)?.into())
        })
    }

    fn verified(
        entry: ManifestEntry,
        manifest: Cow<'static, str>,
        network: Cow<'static, [u8]>,
        read_cohort: impl FnOnce(&CohortFile) -> Result<Cow<'static, [u8]>, ModelError>,
    ) -> Result<Self, ModelError> {
        verify(&entry.name, &network, entry.digest)?;
        let cohort = match &entry.cohort {
            Some(named) => {
                let bytes = read_cohort(named)?;
                verify(&format!("{}, its cohort {}", entry.name, named.file), &bytes, named.sha256)?;
                Some(bytes)
            }
            None => None,
        };
        Ok(Self { entry, manifest, network, cohort, parts: Vec::new() })
    }

    /// A concatenation of these networks, described by the text of the manifest `file`.
    pub(super) fn concatenated(
        all: &Concatenation,
        text: Cow<'static, str>,
        file: &Path,
        networks: Vec<Self>,
    ) -> Result<Self, ModelError> {
        let wrong = |error: ModelError| ModelError::Pack { file: file.to_owned(), what: error.to_string() };
        let entries: Vec<&ManifestEntry> = networks.iter().map(|pack| &pack.entry).collect();
        let entry = joined(all, &entries).map_err(|what| wrong(all.mistake(&what)))?;
        let factors = all.parts.iter().map(|part| part.factor);
        let parts = networks.into_iter().zip(factors).map(|(pack, factor)| PackPart { pack, factor });
        Ok(Self { entry, manifest: text, network: Cow::default(), cohort: None, parts: parts.collect() })
    }

    /// Loads the network and checks shapes, self-test and finite numbers.
    pub fn load(&self) -> Result<ModelNetwork, ModelError> {
        ModelNetwork::load(&self.network, &self.entry)
    }
}

impl fmt::Debug for Pack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pack({}, {})", self.entry.name, self.entry.digest.short())
    }
}

/// Reads the manifest of a pack: its text, and the one network or concatenation that it describes.
pub(super) fn read_manifest(file: &Path, trust: Trust) -> Result<(String, Described), ModelError> {
    let wrong = |what: String| ModelError::Pack { file: file.to_owned(), what };
    let text = read_trusted_text(file, MAX_MANIFEST_BYTES, trust)?;
    let manifest = Manifest::read(&text, file).map_err(|error| match error {
        ModelError::Misread { .. } => error,
        error => wrong(error.to_string()),
    })?;
    let (name, described) = match (manifest.entries(), manifest.concatenations()) {
        ([entry], []) => (entry.name.clone(), Described::Network(Box::new(entry.clone()))),
        ([], [all]) => (all.name.clone(), Described::Concatenation(all.clone())),
        ([], several) => {
            let count = several.len();
            return Err(wrong(format!("describes {count} concatenations; keep one [[concatenation]]")));
        }
        (entries, concatenations) => {
            let count = entries.len() + concatenations.len();
            return Err(wrong(format!(
                "describes {count} models; keep the one [[model]] entry of the network"
            )));
        }
    };
    if matches!(&described, Described::Network(entry) if entry.role != Role::Embedding) {
        return Err(wrong("describes no embedding network; only such a one can be installed".to_owned()));
    }
    if ModelName::new(&name).is_none() {
        let shown = limen_core::person::printable(&name, 80);
        return Err(wrong(format!("the name \"{shown}\" {}", ModelName::RULE)));
    }
    Ok((text, described))
}

fn compiled_in(entry: &ManifestEntry, file: &str) -> Result<Cow<'static, [u8]>, ModelError> {
    let what = || format!("is not compiled in, as model {} wants it", entry.name);
    let missing = || ModelError::Pack { file: file.into(), what: what() };
    builtin_file(file).map(Cow::Borrowed).ok_or_else(missing)
}

fn verify(name: &str, bytes: &[u8], expected: ModelDigest) -> Result<(), ModelError> {
    let found = ModelDigest::of(bytes);
    if found == expected {
        return Ok(());
    }
    Err(ModelError::Digest { name: name.to_owned(), found, expected })
}
