//! Eight lanes and sixteen registers: AVX2 with FMA.

use std::arch::x86_64::*;

use super::{Lanes, MOST_COLUMNS, SimdJob};

const COUNT: usize = 8;

/// Proof that the processor has AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Avx2(());

impl Avx2 {
    /// The proof, if the processor and the system have both.
    pub(in super::super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

#[target_feature(enable = "avx2,fma")]
fn compiled_for<J: SimdJob>(lanes: Avx2, job: J) {
    job.run(lanes);
}

/// The mask of a lane that counts. One of a whole vector costs nothing, and a load and a store under it are not
/// checked in debug builds, which would keep vectors out of registers.
const ALL: i32 = -1;

/// All bits of the first lanes.
#[inline(always)]
fn first(_proof: Avx2, count: usize) -> __m256i {
    const ONES_THEN_ZEROS: [i32; 2 * COUNT] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    let from = &ONES_THEN_ZEROS[COUNT - count..][..COUNT];
    // SAFETY: the processor has AVX2; eight numbers are read from a slice of eight.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

impl Lanes for Avx2 {
    type Vector = __m256;
    type Four = *const f32;

    const COUNT: usize = COUNT;
    const PIXELS: [usize; MOST_COLUMNS + 1] = [0, 12, 6, 4, 3];
    const COLUMNS: usize = 3;

    #[inline(always)]
    fn run<J: SimdJob>(self, job: J) {
        // SAFETY: the processor has AVX2 and FMA.
        unsafe { compiled_for(self, job) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        // SAFETY: the processor has AVX2.
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: the processor has AVX2.
        unsafe { _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    fn max(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: the processor has AVX2.
        unsafe { _mm256_max_ps(a, b) }
    }

    #[inline(always)]
    fn min(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: the processor has AVX2.
        unsafe { _mm256_min_ps(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, sum: __m256, a: __m256, b: __m256) -> __m256 {
        // SAFETY: the processor has FMA.
        unsafe { _mm256_fmadd_ps(a, b, sum) }
    }

    #[inline(always)]
    unsafe fn splat_from(self, from: *const f32) -> __m256 {
        // SAFETY: the processor has AVX2; the caller lets a float be read.
        unsafe { _mm256_broadcastss_ps(_mm_load_ss(from)) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m256 {
        // SAFETY: the processor has AVX2; the caller lets eight floats be read.
        unsafe { _mm256_maskload_ps(from, _mm256_set1_epi32(ALL)) }
    }

    #[inline(always)]
    unsafe fn load_first(self, from: *const f32, count: usize) -> __m256 {
        // SAFETY: the processor has AVX2; lanes beyond the count, which the caller lets be read, are masked.
        unsafe { _mm256_maskload_ps(from, first(self, count)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: __m256) {
        // SAFETY: the processor has AVX2; the caller lets eight floats be written.
        unsafe { _mm256_maskstore_ps(to, _mm256_set1_epi32(ALL), value) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, value: __m256, count: usize) {
        // SAFETY: the processor has AVX2; lanes beyond the count, which the caller lets be written, are masked.
        unsafe { _mm256_maskstore_ps(to, first(self, count), value) }
    }

    #[inline(always)]
    unsafe fn four(self, from: *const f32) -> *const f32 {
        from
    }

    #[inline(always)]
    unsafe fn mul_add_one<const LANE: i32>(self, sum: __m256, a: __m256, b: *const f32) -> __m256 {
        // SAFETY: the caller lets four floats be read there, and names one of them.
        self.mul_add(sum, a, unsafe { self.splat_from(b.wrapping_add(LANE as usize)) })
    }
}
