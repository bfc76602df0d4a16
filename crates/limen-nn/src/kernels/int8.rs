//! Kernels over bytes: convolutions whose sums are 32-bit integers, and what a graph does to these sums.

mod conv;
mod epilogue;
mod kernel;
#[cfg(target_arch = "aarch64")]
mod neon;
mod packed;
mod pool;
mod portable;
mod supported;
#[cfg(test)]
mod tests;
mod tile;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod unaligned;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use conv::{Conv, Outputs};
pub use epilogue::{Epilogue, FloatTail};
pub use packed::ByteWeights;
pub use pool::{BytePool, ByteTables};
