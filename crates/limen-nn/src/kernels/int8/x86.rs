//! Sums with the dot products of AVX-512 VNNI and AVX-VNNI, and with the multiplications of AVX2.

mod avx2;
mod avx512;
mod lanes;
mod pixels;
mod vnni;

use super::kernel::Kernel;

/// Those that this processor can run, the best first.
pub fn kernels() -> [Option<Kernel>; 3] {
    [avx512::kernel(), vnni::kernel(), avx2::kernel()]
}
