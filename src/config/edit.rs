//! Changes to the configuration by command: comments, order and layout of the rest stay as they are.
//!
//! The changed text is read back and checked before it replaces the file, in one step, under a lock: an edit
//! cannot leave a configuration that the daemon refuses.

mod change;
mod model;
mod proposal;

pub use change::{ConfigEditError, Edited, undo};
pub use model::set_model;
pub use proposal::{Proposal, ProposedPair};
