//! The epilogue in the vectors of NEON.

use std::arch::aarch64::*;

use crate::kernels::int8::epilogue::{EpilogueLanes, Pixel, Rounding, finish};
use crate::kernels::int8::packed::BLOCK;
use crate::kernels::int8::unaligned::write;

/// The epilogue in vectors of four.
#[target_feature(enable = "neon")]
pub fn finish_neon(rounding: &Rounding, sums: &[i32; BLOCK], pixel: &mut Pixel<'_>) {
    // SAFETY: where this function may be called, the vectors are there.
    unsafe { finish::<float32x4_t>(rounding, sums, pixel) }
}

impl EpilogueLanes for float32x4_t {
    const COUNT: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the caller's.
        unsafe { vdupq_n_f32(value) }
    }
    #[inline(always)]
    unsafe fn integers(from: *const i32) -> Self {
        // SAFETY: the caller's.
        unsafe { vcvtq_f32_s32(vld1q_s32(from)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's.
        unsafe { vld1q_f32(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's.
        unsafe { vst1q_f32(to, self) }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, more: u8, to: *mut u8) {
        // SAFETY: the caller's.
        unsafe {
            let words = vmovn_u32(vreinterpretq_u32_f32(self));
            let bytes = vadd_u8(vmovn_u16(vcombine_u16(words, words)), vdup_n_u8(more));
            write(to, vget_lane_u32::<0>(vreinterpret_u32_u8(bytes)));
        }
    }
    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { vaddq_f32(self, other) }
    }
    #[inline(always)]
    unsafe fn minus(self, other: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { vsubq_f32(self, other) }
    }
    #[inline(always)]
    unsafe fn times(self, other: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { vmulq_f32(self, other) }
    }
    #[inline(always)]
    unsafe fn divided(self, other: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { vdivq_f32(self, other) }
    }
    #[inline(always)]
    unsafe fn most(self, other: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { vmaxnmq_f32(self, other) }
    }
    #[inline(always)]
    unsafe fn least(self, other: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { vminnmq_f32(self, other) }
    }
}
