//! One network: loaded, checked, run.

use crate::engine::Plan;
use crate::error::NetworkError;
use crate::guard::guarded;
use crate::input::PictureInput;

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
    pub fn load(bytes: &[u8], input: &PictureInput, outputs: &[Vec<usize>]) -> Result<Self, NetworkError> {
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
