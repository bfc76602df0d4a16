//! What makes embeddings: one network, or two whose embeddings are put one behind the other.

use std::fmt;

use limen_core::embedding::ModelDigest;

use super::crop::CropTemplate;
use super::error::ModelError;
use super::manifest::ManifestEntry;
use super::network::ModelNetwork;
use super::pack::Pack;

/// One network of an embedder.
#[derive(Debug)]
pub struct EmbedderPart {
    /// The network.
    pub network: ModelNetwork,
    /// The crop that it gets.
    pub crop: CropTemplate,
    /// What its embedding is multiplied by; 1 for the only network.
    pub factor: f32,
}

/// The networks that make an embedding, at least one.
pub struct Embedder {
    entry: ManifestEntry,
    digest: ModelDigest,
    parts: Vec<EmbedderPart>,
}

impl Embedder {
    /// Loads the networks of a pack and checks each.
    pub(super) fn load(pack: &Pack) -> Result<Self, ModelError> {
        let (digest, parts) = match pack.parts.as_slice() {
            [] => (pack.entry.mark(), vec![part(pack, 1.0)?]),
            several => {
                let loaded: Result<_, ModelError> =
                    several.iter().map(|of| part(&of.pack, of.factor)).collect();
                (pack.entry.digest, loaded?)
            }
        };
        Ok(Self { entry: pack.entry.clone(), digest, parts })
    }

    /// The manifest's entry; for a concatenation one that speaks of both networks.
    pub fn entry(&self) -> &ManifestEntry {
        &self.entry
    }

    /// The digest that templates carry: of networks, crops and factors. For a network with dlib's crop it is the
    /// SHA-256 of its file.
    pub fn digest(&self) -> ModelDigest {
        self.digest
    }

    /// The networks, in the order of their numbers in the embedding.
    pub fn parts(&self) -> &[EmbedderPart] {
        &self.parts
    }
}

impl fmt::Debug for Embedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Embedder({}, {})", self.entry.name, self.digest.short())
    }
}

fn part(pack: &Pack, factor: f32) -> Result<EmbedderPart, ModelError> {
    Ok(EmbedderPart { network: pack.load()?, crop: pack.entry.crop_template()?, factor })
}
