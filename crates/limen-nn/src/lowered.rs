//! A network as a short list of fused steps over our own kernels, for graphs of which every node is known.
//!
//! It runs in place of tract's plan, not inside it: nothing would be left for tract to do, and neither its copy
//! of the weights nor the time of its optimiser is spent. What is not known in full stays with tract.
//!
//! From the file to the steps: `onnx` reads a `graph`, `fuse` makes one step of what belongs together, `memory`
//! lays the values that are not needed at the same time over each other.

mod fuse;
mod graph;
mod memory;
mod onnx;
mod steps;
#[cfg(test)]
mod tests;

use std::io::Cursor;
use std::sync::{Mutex, PoisonError};

use tract_onnx::tract_core::prelude::Framework;

use crate::input::Input;
use crate::kernels::buffer::Buffer;
use steps::{Place, Step};

/// A network in steps. Safe to run from any thread.
pub struct Lowered {
    steps: Vec<Step>,
    /// Bytes of each buffer.
    slots: Vec<usize>,
    /// Where each output lies, and how many numbers it has.
    outputs: Vec<(Place, usize)>,
    /// Buffers that no run uses now.
    idle: Mutex<Vec<Vec<Buffer>>>,
}

impl Lowered {
    /// The steps for a file, if all of it is known and has the input and the outputs that are described.
    pub fn of(bytes: &[u8], input: &Input, outputs: &[Vec<usize>]) -> Option<Self> {
        if input.channels_last {
            return None;
        }
        let model = tract_onnx::onnx().proto_model_for_read(&mut Cursor::new(bytes)).ok()?;
        let graph = onnx::read(&model, &input.shape())?;
        drop(model);
        let described = graph.outputs.len() == outputs.len()
            && graph
                .outputs
                .iter()
                .zip(outputs)
                .all(|(value, output)| graph.values[*value].shape.flat() == Some(output.as_slice()));
        described.then(|| fuse::fuse(graph, input.clone()))?
    }

    /// Runs packed RGB bytes of the size of the input; one flat vector an output.
    pub fn run(&self, rgb: &[u8]) -> Vec<Vec<f32>> {
        let mut buffers = self
            .idle()
            .pop()
            .unwrap_or_else(|| self.slots.iter().map(|bytes| Buffer::with_bytes(*bytes)).collect());
        for step in &self.steps {
            step.run(rgb, &mut buffers);
        }
        let numbers = |(place, length): &(Place, usize)| {
            buffers[place.slot].floats()[place.offset..][..*length].to_vec()
        };
        let outputs = self.outputs.iter().map(numbers).collect();
        self.idle().push(buffers);
        outputs
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Buffer>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
