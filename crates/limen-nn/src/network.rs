//! One network: loaded, checked, run.

use std::fmt;
use std::io::Cursor;
use std::sync::OnceLock;

use thiserror::Error;
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::GenericFactoid;

use crate::guard::guarded;
use crate::input::Input;
use crate::operators::{Buffers, picture};
use crate::transform::with_kernels;

/// Why a network is not used, or did not run.
#[derive(Debug, Error)]
pub enum NetworkError {
    /// tract refuses the graph.
    #[error("the graph does not load: {0}")]
    Graph(String),
    /// The graph has other inputs or outputs than its description says.
    #[error("its {place} has the shape {found}, but the description says {expected}")]
    Shape {
        /// Which input or output.
        place: Place,
        /// In the graph.
        found: String,
        /// In the description.
        expected: String,
    },
    /// Running the network failed.
    #[error("running it failed: {0}")]
    Run(String),
}

/// Which of a graph's ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The list of inputs.
    Inputs,
    /// The list of outputs.
    Outputs,
    /// The only input.
    Input,
    /// An output, by its number from 0.
    Output(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inputs => f.write_str("list of inputs"),
            Self::Outputs => f.write_str("list of outputs"),
            Self::Input => f.write_str("input"),
            Self::Output(number) => write!(f, "output {}", number + 1),
        }
    }
}

/// A loaded network. Safe to run from any thread.
pub struct Network {
    height: usize,
    width: usize,
    buffers: Arc<Buffers>,
    plan: Arc<TypedRunnableModel>,
}

impl Network {
    /// Loads an ONNX file of one input, and of outputs of these shapes in this order.
    ///
    /// # Errors
    /// [`NetworkError::Graph`] where the graph does not load, [`NetworkError::Shape`] where it is another.
    pub fn load(bytes: &[u8], input: Input, outputs: &[Vec<usize>]) -> Result<Self, NetworkError> {
        guarded(|| {
            let typed = typed(bytes, &input, outputs)?;
            let buffers = Arc::new(Buffers::default());
            let plan = with_kernels(&typed, &input, &buffers).and_then(|model| {
                // The weights that the kernels have packed.
                drop(typed);
                model.into_optimized()?.into_runnable()
            });
            Ok(Self { height: input.height, width: input.width, buffers, plan: plan.map_err(refused)? })
        })
        .unwrap_or_else(|what| Err(NetworkError::Graph(what)))
    }

    /// Runs a picture of packed RGB bytes through the network; one flat vector an output, in the graph's order.
    ///
    /// # Errors
    /// [`NetworkError::Run`] for a picture of another size, and where tract fails.
    pub fn run(&self, rgb: &[u8]) -> Result<Vec<Vec<f32>>, NetworkError> {
        let (height, width) = (self.height, self.width);
        if rgb.len() != width * height * 3 {
            let what = format!("{} bytes for an input of {width}x{height} RGB", rgb.len());
            return Err(NetworkError::Run(what));
        }
        computed(&self.plan, picture(height, width, rgb, &self.buffers))
            .map_err(|error| NetworkError::Run(format!("{error:#}")))
    }
}

/// The numbers of each output.
pub(crate) fn computed(plan: &Arc<TypedRunnableModel>, input: Tensor) -> TractResult<Vec<Vec<f32>>> {
    let outputs = plan.run(tvec!(input.into()))?;
    outputs.iter().map(|output| Ok(output.try_as_plain_ram()?.as_slice::<f32>()?.to_vec())).collect()
}

/// The graph of a file as tract reads it, with types and the shapes that are described.
pub(crate) fn typed(bytes: &[u8], input: &Input, outputs: &[Vec<usize>]) -> Result<TypedModel, NetworkError> {
    avoid_broken_kernels().map_err(NetworkError::Graph)?;
    // Shapes noted inside the graph may speak of a batch that the description settles.
    let reader = tract_onnx::onnx().with_ignore_value_info(true);
    let mut graph = reader.model_for_read(&mut Cursor::new(bytes)).map_err(refused)?;
    settle_input(&mut graph, &input.shape()).map_err(refused)?;
    let typed = graph.into_typed().map_err(refused)?;
    check_shapes(&typed, input, outputs)?;
    Ok(typed)
}

fn refused(what: TractError) -> NetworkError {
    NetworkError::Graph(format!("{what:#}"))
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

/// Takes from the description what the graph leaves open about its input, a batch of any size for one. What the
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

fn check_shapes(model: &TypedModel, input: &Input, outputs: &[Vec<usize>]) -> Result<(), NetworkError> {
    let counts =
        [(Place::Inputs, model.inputs.len(), 1), (Place::Outputs, model.outputs.len(), outputs.len())];
    for (place, found, expected) in counts {
        if found != expected {
            let (found, expected) = (found.to_string(), expected.to_string());
            return Err(NetworkError::Shape { place, found, expected });
        }
    }
    check_shape(Place::Input, model.input_fact(0).map_err(refused)?, &input.shape())?;
    for (number, output) in outputs.iter().enumerate() {
        check_shape(Place::Output(number), model.output_fact(number).map_err(refused)?, output)?;
    }
    Ok(())
}

fn check_shape(place: Place, fact: &TypedFact, expected: &[usize]) -> Result<(), NetworkError> {
    if fact.datum_type == f32::datum_type() && fact.shape.as_concrete() == Some(expected) {
        return Ok(());
    }
    Err(NetworkError::Shape { place, found: format!("{fact:?}"), expected: format!("{expected:?} of f32") })
}
