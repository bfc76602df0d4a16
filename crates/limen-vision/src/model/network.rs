//! A network: loading, checking, running.

use limen_core::embedding::ModelDigest;
use limen_nn::{GraphEnd, NetworkError, guarded};

use super::error::ModelError;
use super::manifest::ManifestEntry;

/// A loaded network with its manifest entry. Cheap to clone, can run on any thread.
pub struct ModelNetwork {
    entry: ManifestEntry,
    digest: ModelDigest,
    network: limen_nn::Network,
}

impl ModelNetwork {
    /// Loads a graph and checks that it is the one that the manifest describes.
    pub fn load(bytes: &[u8], entry: &ManifestEntry) -> Result<Self, ModelError> {
        let digest = ModelDigest::of(bytes);
        if digest != entry.digest {
            return Err(ModelError::Digest {
                name: entry.name.clone(),
                found: digest,
                expected: entry.digest,
            });
        }
        guarded(|| Self::prove(bytes, entry))
            .unwrap_or_else(|what| Err(ModelError::Graph { name: entry.name.clone(), what }))
    }

    fn prove(bytes: &[u8], entry: &ManifestEntry) -> Result<Self, ModelError> {
        let outputs: Vec<_> = entry.outputs.iter().map(|output| output.shape.clone()).collect();
        let network = limen_nn::Network::load(bytes, &entry.input.to_network(), &outputs)
            .map_err(|error| told(error, entry))?;
        let network = Self { entry: entry.clone(), digest: entry.digest, network };
        network.self_test()?;
        Ok(network)
    }

    /// The network's manifest entry.
    pub fn entry(&self) -> &ManifestEntry {
        &self.entry
    }

    /// The SHA-256 of the file.
    pub fn digest(&self) -> ModelDigest {
        self.digest
    }

    /// The input's width and height, in pixels.
    pub fn input_size(&self) -> (u32, u32) {
        self.entry.input_size()
    }

    /// Runs the network on packed RGB bytes of exactly [`Self::input_size`], normalised as the manifest says.
    /// Returns one flat vector per output, in the manifest's order.
    pub fn run(&self, rgb: &[u8]) -> Result<Vec<Vec<f32>>, ModelError> {
        self.network.run(rgb).map_err(|error| told(error, &self.entry))
    }

    /// Checks that the network's outputs are those in the manifest, and finite. The picture: pixel (row r,
    /// column c) is ((7r+3c) mod 256, (5r+11c) mod 256, rc mod 256).
    fn self_test(&self) -> Result<(), ModelError> {
        let (width, height) = self.input_size();
        let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
        for r in 0..height {
            for c in 0..width {
                rgb.extend([(7 * r + 3 * c) as u8, (5 * r + 11 * c) as u8, (r * c) as u8]);
            }
        }
        let outputs = self.run(&rgb)?;
        for (expected, (name, found)) in
            self.entry.self_test.iter().zip(self.entry.outputs.iter().map(|o| &o.name).zip(&outputs))
        {
            for (index, (&want, &got)) in expected.first.iter().zip(found).enumerate() {
                let near = (want - got).abs() <= expected.tolerance;
                if !near {
                    return Err(ModelError::SelfTest {
                        name: self.entry.name.clone(),
                        place: format!("number {} of output {name}", index + 1),
                        found: got,
                        expected: want,
                        tolerance: expected.tolerance,
                    });
                }
            }
        }
        if outputs.iter().flatten().any(|value| !value.is_finite()) {
            return Err(ModelError::NotFinite { name: self.entry.name.clone() });
        }
        Ok(())
    }
}

impl std::fmt::Debug for ModelNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Network({}, {})", self.entry.name, self.digest.short())
    }
}

/// The engine's error, in the manifest's names.
fn told(error: NetworkError, entry: &ManifestEntry) -> ModelError {
    let name = entry.name.clone();
    match error {
        NetworkError::Graph(what) => ModelError::Graph { name, what },
        NetworkError::Run(what) => ModelError::Run { name, what },
        NetworkError::Shape { place, found, expected } => {
            let place = match place {
                GraphEnd::Output(number) => {
                    let output = entry.outputs.get(number).map_or("", |output| &output.name);
                    format!("output {output}")
                }
                place => place.to_string(),
            };
            ModelError::Shape { name, place, found, expected }
        }
    }
}
