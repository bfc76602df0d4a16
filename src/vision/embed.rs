//! Turns an aligned crop into an embedding.

use super::model::{ModelError, Network};
use crate::embedding::Embedding;
use crate::frame::Picture;

/// The embedding of an aligned crop of the network's input size.
pub fn embed(network: &Network, crop: &Picture) -> Result<Embedding, ModelError> {
    let output = network.run(crop.rgb())?.swap_remove(0);
    Embedding::new(output).ok_or_else(|| ModelError::NotFinite { name: network.entry().name.clone() })
}
