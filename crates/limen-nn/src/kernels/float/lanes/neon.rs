//! Four lanes and thirty-two registers: NEON, which every 64-bit Arm has.

use std::arch::aarch64::*;

use super::{Lanes, MOST_COLUMNS, SimdJob};

const COUNT: usize = 4;

/// Proof that the processor has NEON.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Neon(());

impl Neon {
    /// The proof, if the processor has it.
    pub(in super::super) fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
    }
}

#[target_feature(enable = "neon")]
fn compiled_for<J: SimdJob>(lanes: Neon, job: J) {
    job.run(lanes);
}

impl Lanes for Neon {
    type Vector = float32x4_t;
    // Held in a register: a multiplication can name one lane of it.
    type Four = float32x4_t;

    const COUNT: usize = COUNT;
    const PIXELS: [usize; MOST_COLUMNS + 1] = [0, 12, 8, 6, 4];
    const COLUMNS: usize = 4;

    #[inline(always)]
    fn run<J: SimdJob>(self, job: J) {
        // SAFETY: the processor has NEON.
        unsafe { compiled_for(self, job) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> float32x4_t {
        // SAFETY: the processor has NEON.
        unsafe { vdupq_n_f32(value) }
    }

    #[inline(always)]
    fn add(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the processor has NEON.
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    fn max(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the processor has NEON.
        unsafe { vmaxq_f32(a, b) }
    }

    #[inline(always)]
    fn min(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the processor has NEON.
        unsafe { vminq_f32(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, sum: float32x4_t, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the processor has NEON.
        unsafe { vfmaq_f32(sum, a, b) }
    }

    #[inline(always)]
    unsafe fn splat_from(self, from: *const f32) -> float32x4_t {
        // SAFETY: the processor has NEON; the caller lets a float be read.
        unsafe { vld1q_dup_f32(from) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> float32x4_t {
        // SAFETY: the processor has NEON; the caller lets four floats be read.
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn load_first(self, from: *const f32, count: usize) -> float32x4_t {
        let mut values = [0.0; COUNT];
        for (i, value) in values.iter_mut().enumerate().take(count) {
            // SAFETY: i < count, and so many the caller lets be read.
            *value = unsafe { from.wrapping_add(i).read_unaligned() };
        }
        // SAFETY: the processor has NEON; four floats are read from an array of four.
        unsafe { vld1q_f32(values.as_ptr()) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: float32x4_t) {
        // SAFETY: the processor has NEON; the caller lets four floats be written.
        unsafe { vst1q_f32(to, value) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, value: float32x4_t, count: usize) {
        let mut values = [0.0; COUNT];
        // SAFETY: the processor has NEON; four floats are written to an array of four.
        unsafe { vst1q_f32(values.as_mut_ptr(), value) };
        for (i, value) in values.into_iter().enumerate().take(count) {
            // SAFETY: i < count, and so many the caller lets be written.
            unsafe { to.wrapping_add(i).write(value) }
        }
    }

    #[inline(always)]
    unsafe fn four(self, from: *const f32) -> float32x4_t {
        // SAFETY: the processor has NEON; the caller lets four floats be read.
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn mul_add_one<const LANE: i32>(
        self,
        sum: float32x4_t,
        a: float32x4_t,
        b: float32x4_t,
    ) -> float32x4_t {
        // SAFETY: the processor has NEON.
        unsafe { vfmaq_laneq_f32::<LANE>(sum, a, b) }
    }
}
