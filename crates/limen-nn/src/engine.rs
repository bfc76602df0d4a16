//! tract: from the bytes of a file to a plan that runs.

use std::io::Cursor;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::GenericFactoid;

use crate::error::{GraphEnd, NetworkError};
use crate::input::PictureInput;
use crate::operators::{Buffers, picture};
use crate::transform::with_kernels;

/// A network that is planned.
pub struct Plan {
    buffers: Arc<Buffers>,
    plan: Arc<TypedRunnableModel>,
    /// What tract keeps for a run, of those that no run uses now.
    idle: Mutex<Vec<TypedSimpleState>>,
}

impl Plan {
    /// Reads and checks a file, puts our kernels into its graph and lets tract plan the rest.
    pub fn of(bytes: &[u8], input: &PictureInput, outputs: &[Vec<usize>]) -> Result<Self, NetworkError> {
        let typed = typed(bytes, input, outputs)?;
        let buffers = Arc::new(Buffers::default());
        let model = with_kernels(&typed, input, &buffers).map_err(refused)?;
        // The kernels have packed the weights.
        drop(typed);
        let plan = model.into_optimized().and_then(|model| model.into_runnable()).map_err(refused)?;
        Ok(Self { buffers, plan, idle: Mutex::default() })
    }

    /// Runs a picture of this size; one flat vector an output.
    pub fn run(&self, height: usize, width: usize, rgb: &[u8]) -> Result<Vec<Vec<f32>>, String> {
        let picture = picture(height, width, rgb, &self.buffers);
        self.compute(picture).map_err(|error| format!("{error:#}"))
    }

    fn compute(&self, picture: Tensor) -> TractResult<Vec<Vec<f32>>> {
        let idle = self.idle().pop();
        let mut state = idle.map_or_else(|| self.plan.spawn(), Ok)?;
        let outputs = numbers(&state.run(tvec!(picture.into()))?)?;
        // One whose run failed is gone.
        self.idle().push(state);
        Ok(outputs)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<TypedSimpleState>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The numbers of each output.
pub(crate) fn numbers(outputs: &[TValue]) -> TractResult<Vec<Vec<f32>>> {
    outputs.iter().map(|output| Ok(output.try_as_plain_ram()?.as_slice::<f32>()?.to_vec())).collect()
}

/// The graph of a file as tract reads it, with types and the shapes that are described.
pub(crate) fn typed(
    bytes: &[u8],
    input: &PictureInput,
    outputs: &[Vec<usize>],
) -> Result<TypedModel, NetworkError> {
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

fn check_shapes(
    model: &TypedModel,
    input: &PictureInput,
    outputs: &[Vec<usize>],
) -> Result<(), NetworkError> {
    let counts =
        [(GraphEnd::Inputs, model.inputs.len(), 1), (GraphEnd::Outputs, model.outputs.len(), outputs.len())];
    for (place, found, expected) in counts {
        if found != expected {
            let (found, expected) = (found.to_string(), expected.to_string());
            return Err(NetworkError::Shape { place, found, expected });
        }
    }
    check_shape(GraphEnd::Input, model.input_fact(0).map_err(refused)?, &input.shape())?;
    for (number, output) in outputs.iter().enumerate() {
        check_shape(GraphEnd::Output(number), model.output_fact(number).map_err(refused)?, output)?;
    }
    Ok(())
}

fn check_shape(place: GraphEnd, fact: &TypedFact, expected: &[usize]) -> Result<(), NetworkError> {
    if fact.datum_type == f32::datum_type() && fact.shape.as_concrete() == Some(expected) {
        return Ok(());
    }
    Err(NetworkError::Shape { place, found: format!("{fact:?}"), expected: format!("{expected:?} of f32") })
}
