//! Whether a living head stands there: what the policy asks before anybody is let in.

mod challenge;

pub use challenge::{Challenge, Failure, LONGEST, Progress};
