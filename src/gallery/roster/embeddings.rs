//! Embeddings in the gallery file itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use limen_core::embedding::{Embedding, MAX_DIMENSIONS, ModelDigest};
use serde::Deserialize;
use toml::Spanned;

use super::entry::MAX_PHOTOS;
use crate::diagnostics::Review;

/// An embedding as TOML.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SaidEmbedding {
    model: String,
    data: String,
}

/// The embeddings of one person, each with its model.
pub(super) fn check_embeddings(
    review: &mut Review<'_>,
    who: &str,
    said: &[Spanned<SaidEmbedding>],
) -> Vec<(ModelDigest, Embedding)> {
    let key = format!("{who} embeddings");
    if let Some(excess) = said.get(MAX_PHOTOS) {
        let what = format!("{} embeddings are more than {MAX_PHOTOS}", said.len());
        review.note(Some(excess.span()), &key, what, "keep fewer");
    }
    let mut embeddings = Vec::new();
    for embedding in said.iter().take(MAX_PHOTOS) {
        let said = embedding.get_ref();
        match check_embedding(&said.model, &said.data) {
            Ok(checked) => embeddings.push(checked),
            Err((what, remedy)) => review.note(Some(embedding.span()), &key, what, remedy),
        }
    }
    embeddings
}

/// An embedding and its model, if they can be read.
pub fn given_embedding(model: &str, data: &str) -> Option<(ModelDigest, Embedding)> {
    check_embedding(model, data).ok()
}

fn check_embedding(
    model: &str,
    data: &str,
) -> Result<(ModelDigest, Embedding), (&'static str, &'static str)> {
    const AGAIN: &str = "copy it again from where it was made";
    let model = ModelDigest::parse(model)
        .ok_or(("model is not a SHA-256 digest", "write the 64 hexadecimal digits of the model's digest"))?;
    if data.len() > MAX_DIMENSIONS * 4 * 4 / 3 + 4 {
        return Err(("data is too long: more than 1024 numbers", AGAIN));
    }
    let bytes = STANDARD.decode(data).map_err(|_| ("data is not base64", AGAIN))?;
    if !bytes.len().is_multiple_of(4) {
        return Err(("data is not a whole number of 4-byte floats", AGAIN));
    }
    let values: Vec<f32> =
        bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
    let embedding =
        Embedding::new(values).ok_or(("data is not 1 to 1024 finite little-endian floats", AGAIN))?;
    Ok((model, embedding))
}
