//! Four lanes in plain Rust, for every processor; the compiler makes of them what it can.

use super::{Lanes, MOST_COLUMNS, SimdJob};

const COUNT: usize = 4;

/// The instruction set that is always there.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Portable;

#[inline(always)]
fn each(mut make: impl FnMut(usize) -> f32) -> [f32; COUNT] {
    [make(0), make(1), make(2), make(3)]
}

impl Lanes for Portable {
    type Vector = [f32; COUNT];
    type Four = [f32; 4];

    const COUNT: usize = COUNT;
    const PIXELS: [usize; MOST_COLUMNS + 1] = [0, 4, 4, 4, 4];
    const COLUMNS: usize = 2;

    #[inline(always)]
    fn run<J: SimdJob>(self, job: J) {
        job.run(self);
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::Vector {
        [value; COUNT]
    }

    #[inline(always)]
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        each(|i| a[i] + b[i])
    }

    #[inline(always)]
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        each(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }

    #[inline(always)]
    fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        each(|i| if a[i] < b[i] { a[i] } else { b[i] })
    }

    // Rounded twice: a fused product is a call into the C library where the processor has none.
    #[inline(always)]
    fn mul_add(self, sum: Self::Vector, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        each(|i| sum[i] + a[i] * b[i])
    }

    #[inline(always)]
    unsafe fn splat_from(self, from: *const f32) -> Self::Vector {
        // SAFETY: the caller lets a float be read.
        self.splat(unsafe { from.read_unaligned() })
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::Vector {
        // SAFETY: the caller lets four floats be read; arrays of floats are aligned like floats.
        unsafe { from.cast::<[f32; COUNT]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn load_first(self, from: *const f32, count: usize) -> Self::Vector {
        // SAFETY: lane i is read only if i < count, and so many the caller lets be read.
        each(|i| if i < count { unsafe { from.wrapping_add(i).read_unaligned() } } else { 0.0 })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: Self::Vector) {
        // SAFETY: the caller lets four floats be written.
        unsafe { to.cast::<[f32; COUNT]>().write_unaligned(value) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, value: Self::Vector, count: usize) {
        for (i, value) in value.into_iter().enumerate().take(count) {
            // SAFETY: i < count, and so many the caller lets be written.
            unsafe { to.wrapping_add(i).write_unaligned(value) }
        }
    }

    #[inline(always)]
    unsafe fn four(self, from: *const f32) -> Self::Four {
        // SAFETY: the caller lets four floats be read.
        unsafe { from.cast::<[f32; 4]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn mul_add_one<const LANE: i32>(
        self,
        sum: Self::Vector,
        a: Self::Vector,
        b: Self::Four,
    ) -> Self::Vector {
        self.mul_add(sum, a, [b[LANE as usize]; COUNT])
    }
}
