//! Turns aligned crops into an embedding: the last stage. A network whose answer is no vector of finite numbers is an
//! error, never a face.

use limen_core::embedding::Embedding;

use super::model::{Embedder, ModelError, ModelNetwork};
use crate::frame::Picture;

/// The embedding of a face: that of each network of the embedder, times its factor, one behind the other. `crops` has the
/// face as each network gets it, in their order.
pub fn embed(embedder: &Embedder, crops: &[Picture]) -> Result<Embedding, ModelError> {
    let entry = embedder.entry();
    let mut numbers = Vec::with_capacity(entry.dimensions());
    for (part, crop) in embedder.parts().iter().zip(crops) {
        let one = embed_crop(&part.network, crop)?;
        numbers.extend(one.values().iter().map(|number| number * part.factor));
    }
    Embedding::new(numbers).ok_or_else(|| ModelError::NotFinite { name: entry.name.clone() })
}

/// The embedding of an aligned crop of the network's input size, as the network's metric compares it: if that
/// is the angle, it has unit length, so that means are means of directions.
pub fn embed_crop(network: &ModelNetwork, crop: &Picture) -> Result<Embedding, ModelError> {
    let entry = network.entry();
    let output = network.run(crop.rgb())?.swap_remove(0);
    let embedding =
        Embedding::new(output).ok_or_else(|| ModelError::NotFinite { name: entry.name.clone() })?;
    embedding.measured_by(entry.metric).ok_or_else(|| ModelError::NoDirection { name: entry.name.clone() })
}
