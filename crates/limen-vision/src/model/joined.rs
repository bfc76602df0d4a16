//! What a concatenation is to the rest of the program: an embedder like any other, described by one entry.

use limen_core::embedding::{MAX_DIMENSIONS, Metric, ModelDigest};

use super::concatenation::{Concatenation, ConcatenationError};
use super::manifest::{ManifestEntry, ManifestOutput, Role};

/// The entry of a concatenation of these networks, in the order of its parts. What speaks of one network only is that of
/// the first.
pub(super) fn joined(
    all: &Concatenation,
    networks: &[&ManifestEntry],
) -> Result<ManifestEntry, ConcatenationError> {
    let dimensions = networks.iter().map(|entry| entry.dimensions()).sum();
    let Some((first, others)) = networks.split_first() else { return Err(ConcatenationError::Parts(0)) };
    if let Some(same) = others.iter().find(|other| other.digest == first.digest) {
        return Err(ConcatenationError::Twice(same.name.clone()));
    }
    if dimensions > MAX_DIMENSIONS {
        return Err(ConcatenationError::TooLong(dimensions));
    }
    Ok(ManifestEntry {
        name: all.name.clone(),
        version: all.version,
        role: Role::Embedding,
        default: false,
        file: String::new(),
        digest: digest(all, networks),
        trained: networks.iter().all(|entry| entry.trained),
        outputs: vec![ManifestOutput { name: "embedding".to_owned(), shape: vec![1, dimensions] }],
        metric: Metric::L2,
        same_face: all.same_face,
        turned_self: all.turned_self,
        self_test: Vec::new(),
        cohort: None,
        quantisation: None,
        ..ManifestEntry::clone(first)
    })
}

/// The digest that templates carry: of the networks, their crops and their factors.
fn digest(all: &Concatenation, networks: &[&ManifestEntry]) -> ModelDigest {
    let parts = networks.iter().zip(&all.parts);
    let bytes = parts.flat_map(|(entry, part)| {
        let ModelDigest(marked) = entry.mark();
        marked.into_iter().chain(part.factor.to_le_bytes())
    });
    ModelDigest::of(&bytes.collect::<Vec<u8>>())
}
