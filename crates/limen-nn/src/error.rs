//! Why a network is not used, or did not run.

use std::fmt;

use thiserror::Error;

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
        place: GraphEnd,
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
pub enum GraphEnd {
    /// The list of inputs.
    Inputs,
    /// The list of outputs.
    Outputs,
    /// The only input.
    Input,
    /// An output, by its number from 0.
    Output(usize),
}

impl fmt::Display for GraphEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inputs => f.write_str("list of inputs"),
            Self::Outputs => f.write_str("list of outputs"),
            Self::Input => f.write_str("input"),
            Self::Output(number) => write!(f, "output {}", number + 1),
        }
    }
}
