//! One network: loaded, checked, run.

use std::io::Cursor;
use std::sync::OnceLock;

use limen_core::embedding::ModelDigest;
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::GenericFactoid;

use super::ModelError;
use super::guard::guarded;
use super::lowered::Lowered;
use super::manifest::Entry;

/// A loaded network with the facts of its manifest entry. Cheap to share, safe to run from any thread.
pub struct Network {
    entry: Entry,
    digest: ModelDigest,
    engine: Engine,
}

/// What computes a network.
enum Engine {
    /// Our own kernels.
    Lowered(Box<Lowered>),
    /// tract, for a graph with anything that we have no kernel for.
    Tract(Arc<TypedRunnableModel>),
}

impl Network {
    /// Loads a graph and proves that it is the one the manifest describes.
    pub fn load(bytes: &[u8], entry: &Entry) -> Result<Self, ModelError> {
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

    fn prove(bytes: &[u8], entry: &Entry) -> Result<Self, ModelError> {
        let engine = match Lowered::of(bytes, entry) {
            Some(lowered) => Engine::Lowered(Box::new(lowered)),
            None => Engine::Tract(Self::plan(bytes, entry)?),
        };
        let network = Self { entry: entry.clone(), digest: entry.digest, engine };
        network.self_test()?;
        Ok(network)
    }

    fn plan(bytes: &[u8], entry: &Entry) -> Result<Arc<TypedRunnableModel>, ModelError> {
        let refused =
            |what: TractError| ModelError::Graph { name: entry.name.clone(), what: format!("{what:#}") };
        avoid_broken_kernels().map_err(|what| ModelError::Graph { name: entry.name.clone(), what })?;
        // Shapes noted inside the graph may speak of a batch that the manifest settles.
        let reader = tract_onnx::onnx().with_ignore_value_info(true);
        let mut graph = reader.model_for_read(&mut Cursor::new(bytes)).map_err(refused)?;
        settle_input(&mut graph, &entry.input.shape).map_err(refused)?;
        let typed = graph.into_typed().map_err(refused)?;
        check_shapes(&typed, entry)?;
        typed.into_optimized().and_then(|model| model.into_runnable()).map_err(refused)
    }

    /// The same network in tract, whatever our kernels could do.
    #[cfg(test)]
    pub(super) fn in_tract(bytes: &[u8], entry: &Entry) -> Result<Self, ModelError> {
        let engine = Engine::Tract(Self::plan(bytes, entry)?);
        Ok(Self { entry: entry.clone(), digest: entry.digest, engine })
    }

    /// Whether our own kernels compute it.
    #[cfg(test)]
    pub(super) fn is_lowered(&self) -> bool {
        matches!(self.engine, Engine::Lowered(_))
    }

    /// The manifest's facts.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// SHA-256 of the file.
    pub fn digest(&self) -> ModelDigest {
        self.digest
    }

    /// Input width and height in pixels.
    pub fn input_size(&self) -> (u32, u32) {
        self.entry.input_size()
    }

    /// Runs packed RGB bytes of exactly [`Self::input_size`] through the network, normalised as the
    /// manifest says; one flat vector an output, in the manifest's order.
    pub fn run(&self, rgb: &[u8]) -> Result<Vec<Vec<f32>>, ModelError> {
        let (width, height) = self.input_size();
        if rgb.len() != width as usize * height as usize * 3 {
            return Err(self.failed(format!("{} bytes for an input of {width}x{height} RGB", rgb.len())));
        }
        match &self.engine {
            Engine::Lowered(lowered) => Ok(lowered.run(rgb)),
            Engine::Tract(plan) => self.run_plan(plan, rgb),
        }
    }

    fn run_plan(&self, plan: &Arc<TypedRunnableModel>, rgb: &[u8]) -> Result<Vec<Vec<f32>>, ModelError> {
        let values = self.entry.input.normalise(rgb);
        let tensor = Tensor::from_shape(&self.entry.input.shape, &values).map_err(|e| self.failed(e))?;
        let outputs = plan.run(tvec!(tensor.into())).map_err(|e| self.failed(e))?;
        outputs
            .iter()
            .map(|output| {
                let view = output.try_as_plain_ram().map_err(|e| self.failed(e))?;
                Ok(view.as_slice::<f32>().map_err(|e| self.failed(e))?.to_vec())
            })
            .collect()
    }

    fn failed(&self, what: impl std::fmt::Display) -> ModelError {
        ModelError::Run { name: self.entry.name.clone(), what: format!("{what:#}") }
    }

    /// Proves that the network computes here what it computed where it was measured, and finite numbers
    /// beyond. The picture: pixel (row r, column c) is ((7r+3c) mod 256, (5r+11c) mod 256, rc mod 256).
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

/// Keeps tract from its int8 kernels for Intel AMX. Those of 0.23.9 load whole tiles of 64 rows where the
/// packed matrix ends after fewer (a 7x7 stem has 147 rows, a 3x3 convolution of 32 channels 288), and so
/// read up to 1 KiB behind its end: a segmentation fault whenever that is the last page of a mapping.
fn avoid_broken_kernels() -> Result<(), String> {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    DONE.get_or_init(|| {
        if !cfg!(target_arch = "x86_64") {
            return Ok(());
        }
        tract_onnx::tract_core::knobs::set_config_global("TRACT_CPU_ISA", "-amx-int8")
            .map_err(|error| format!("tract's AMX kernels cannot be turned off: {error:#}"))
    })
    .clone()
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Network({}, {})", self.entry.name, self.digest.short())
    }
}

/// Takes from the manifest what the graph leaves open about its input, a batch of any size for one. What the
/// graph states stays as it is, for [`check_shapes`] to compare.
fn settle_input(graph: &mut InferenceModel, wanted: &[usize]) -> TractResult<()> {
    let [input] = graph.inputs[..] else { return Ok(()) };
    let mut fact = graph.outlet_fact(input)?.clone();
    if fact.shape.is_open() {
        fact.shape = wanted.iter().copied().collect();
    }
    let open: Vec<bool> =
        fact.shape.dims().map(|dim| !matches!(dim, GenericFactoid::Only(TDim::Val(_)))).collect();
    if open.len() == wanted.len() {
        for (axis, side) in wanted.iter().enumerate().filter(|(axis, _)| open[*axis]) {
            fact.shape.set_dim(axis, side.to_dim());
        }
    }
    graph.set_outlet_fact(input, fact)
}

fn check_shapes(model: &TypedModel, entry: &Entry) -> Result<(), ModelError> {
    let counts = [("inputs", model.inputs.len(), 1), ("outputs", model.outputs.len(), entry.outputs.len())];
    for (place, found, expected) in counts {
        if found != expected {
            return Err(ModelError::Shape {
                name: entry.name.clone(),
                place: format!("list of {place}"),
                found: found.to_string(),
                expected: expected.to_string(),
            });
        }
    }
    let refused =
        |what: TractError| ModelError::Graph { name: entry.name.clone(), what: format!("{what:#}") };
    check_shape(entry, "input", model.input_fact(0).map_err(refused)?, &entry.input.shape)?;
    for (index, output) in entry.outputs.iter().enumerate() {
        let fact = model.output_fact(index).map_err(refused)?;
        check_shape(entry, &format!("output {}", output.name), fact, &output.shape)?;
    }
    Ok(())
}

fn check_shape(entry: &Entry, place: &str, fact: &TypedFact, expected: &[usize]) -> Result<(), ModelError> {
    let same = fact.datum_type == f32::datum_type() && fact.shape.as_concrete() == Some(expected);
    if same {
        return Ok(());
    }
    Err(ModelError::Shape {
        name: entry.name.clone(),
        place: place.to_owned(),
        found: format!("{fact:?}"),
        expected: format!("{expected:?} of f32"),
    })
}
