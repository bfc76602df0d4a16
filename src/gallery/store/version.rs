//! The newest format of the store: the one that is written, and up to which stores are read.

/// The version of this format, as the head names it.
pub const VERSION: u32 = 2;
