//! The two ways to a line; each names its crate alone.

pub(super) mod gpiochip;
pub(super) mod rppal;
