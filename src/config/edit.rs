//! Changes that commands make to the configuration file. Comments, order and layout of everything else stay.
//!
//! The file is locked during a change. The changed text is checked before it replaces the file in one step, so
//! that a change never leaves a configuration that the daemon refuses.

mod change;
mod codes;
mod model;
mod proposal;

pub use change::{ConfigEdit, ConfigEditError, undo};
pub use codes::set_code;
pub use model::set_model;
pub use proposal::{Proposal, ProposedPair};
