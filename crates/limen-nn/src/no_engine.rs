//! No engine: what a fuzzer of parsers links in place of tract, which takes half an hour to build with a sanitizer.
//! Every network is refused.

use std::convert::Infallible;

use crate::error::NetworkError;
use crate::input::PictureInput;

/// A network that is planned; there is none.
pub struct Plan(Infallible);

impl Plan {
    /// Refuses a file.
    pub fn of(_: &[u8], _: &PictureInput, _: &[Vec<usize>]) -> Result<Self, NetworkError> {
        Err(NetworkError::Graph("there is no inference engine in the fuzzer".to_owned()))
    }

    /// Never runs.
    pub fn run(&self, _: usize, _: usize, _: &[u8]) -> Result<Vec<Vec<f32>>, String> {
        match self.0 {}
    }
}
