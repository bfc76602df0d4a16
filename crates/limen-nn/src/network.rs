//! One network: loaded, checked, run.

use std::fmt;

use thiserror::Error;

use crate::engine::Plan;
use crate::guard::guarded;
use crate::input::Input;

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
    plan: Plan,
}

impl Network {
    /// Loads an ONNX file of one input, and of outputs of these shapes in this order.
    ///
    /// # Errors
    /// [`NetworkError::Graph`] where the graph does not load, [`NetworkError::Shape`] where it is another.
    pub fn load(bytes: &[u8], input: &Input, outputs: &[Vec<usize>]) -> Result<Self, NetworkError> {
        let plan = guarded(|| Plan::of(bytes, input, outputs));
        let plan = plan.unwrap_or_else(|what| Err(NetworkError::Graph(what)))?;
        Ok(Self { height: input.height, width: input.width, plan })
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
        self.plan.run(height, width, rgb).map_err(NetworkError::Run)
    }
}
