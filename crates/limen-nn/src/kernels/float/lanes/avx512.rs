//! Sixteen lanes and thirty-two registers: AVX-512F.

use std::arch::x86_64::*;

use super::{Lanes, MOST_COLUMNS, SimdJob};

/// Proof that the processor has AVX-512F.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Avx512(());

impl Avx512 {
    /// The proof, if the processor and the system have it.
    pub(in super::super) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Self(()))
    }
}

#[target_feature(enable = "avx512f,avx2,fma")]
fn compiled_for<J: SimdJob>(lanes: Avx512, job: J) {
    job.run(lanes);
}

/// The mask of a whole vector. It costs nothing, and a load and a store under it are not checked in debug builds,
/// which would keep vectors out of registers.
const ALL: __mmask16 = 0xffff;

#[inline(always)]
fn first(count: usize) -> __mmask16 {
    ((1_u32 << count) - 1) as __mmask16
}

// Every block below: `self` exists, so the processor has AVX-512F, which implies AVX2 and FMA; beyond that the
// memory that is read or written is the caller's promise.
impl Lanes for Avx512 {
    type Vector = __m512;
    type Four = *const f32;

    const COUNT: usize = 16;
    const PIXELS: [usize; MOST_COLUMNS + 1] = [0, 12, 12, 8, 6];
    const COLUMNS: usize = 4;

    #[inline(always)]
    fn run<J: SimdJob>(self, job: J) {
        // SAFETY: the processor has AVX-512F.
        unsafe { compiled_for(self, job) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        // SAFETY: the processor has AVX-512F.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the processor has AVX-512F.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the processor has AVX-512F.
        unsafe { _mm512_max_ps(a, b) }
    }

    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the processor has AVX-512F.
        unsafe { _mm512_min_ps(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, sum: __m512, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the processor has AVX-512F.
        unsafe { _mm512_fmadd_ps(a, b, sum) }
    }

    #[inline(always)]
    unsafe fn splat_from(self, from: *const f32) -> __m512 {
        // SAFETY: the processor has AVX-512F; the caller lets a float be read.
        unsafe { _mm512_broadcastss_ps(_mm_load_ss(from)) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        // SAFETY: the processor has AVX-512F; the caller lets 16 floats be read.
        unsafe { _mm512_maskz_loadu_ps(ALL, from) }
    }

    #[inline(always)]
    unsafe fn load_first(self, from: *const f32, count: usize) -> __m512 {
        // SAFETY: the processor has AVX-512F; lanes beyond the count, which the caller lets be read, are masked.
        unsafe { _mm512_maskz_loadu_ps(first(count), from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: __m512) {
        // SAFETY: the processor has AVX-512F; the caller lets 16 floats be written.
        unsafe { _mm512_mask_storeu_ps(to, ALL, value) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, value: __m512, count: usize) {
        // SAFETY: the processor has AVX-512F; lanes beyond the count, which the caller lets be written, are masked.
        unsafe { _mm512_mask_storeu_ps(to, first(count), value) }
    }

    #[inline(always)]
    unsafe fn four(self, from: *const f32) -> *const f32 {
        from
    }

    #[inline(always)]
    unsafe fn mul_add_one<const LANE: i32>(self, sum: __m512, a: __m512, b: *const f32) -> __m512 {
        // SAFETY: the caller lets four floats be read there, and names one of them.
        self.mul_add(sum, a, unsafe { self.splat_from(b.wrapping_add(LANE as usize)) })
    }
}
