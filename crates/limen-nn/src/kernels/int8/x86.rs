//! Sums with the dot products of AVX-512 VNNI and AVX-VNNI, and with the multiplications of AVX2.

mod avx2;
mod avx512;
mod lanes;
mod vnni;

use super::tile::Kernel;

/// Those that this processor can run, the best first.
pub fn kernels() -> [Option<Kernel>; 3] {
    [avx512::kernel(), vnni::kernel(), avx2::kernel()]
}

/// Runs `$function::<N>` for the number of pixels at hand, which is one of those listed.
macro_rules! for_pixels {
    ($pixels:expr, $function:ident, $tile:expr, $sums:expr, [$($count:literal)+]) => {
        match $pixels {
            $($count => $function::<$count>($tile, $sums),)+
            _ => unreachable!("a tile has as many pixels as its kernel takes"),
        }
    };
}
use for_pixels;
