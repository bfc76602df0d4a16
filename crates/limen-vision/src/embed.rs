//! Turns an aligned crop into an embedding: the last stage. A network whose answer is no vector of finite numbers is an
//! error, never a face.

use limen_core::embedding::Embedding;

use super::model::{ModelError, ModelNetwork};
use crate::frame::Picture;

/// The embedding of an aligned crop of the network's input size, as the network's metric compares it: if that
/// is the angle, it has unit length, so that means are means of directions.
pub fn embed(network: &ModelNetwork, crop: &Picture) -> Result<Embedding, ModelError> {
    let entry = network.entry();
    let output = network.run(crop.rgb())?.swap_remove(0);
    let embedding =
        Embedding::new(output).ok_or_else(|| ModelError::NotFinite { name: entry.name.clone() })?;
    embedding.measured_by(entry.metric).ok_or_else(|| ModelError::NoDirection { name: entry.name.clone() })
}
