//! The epilogue in the vectors of AVX-512 and AVX2.

use std::arch::x86_64::*;

use crate::kernels::int8::epilogue::{EpilogueLanes, Pixel, Rounding, finish};
use crate::kernels::int8::packed::BLOCK;
use crate::kernels::int8::unaligned::{read, write};

/// The epilogue in vectors of sixteen.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
pub fn finish_avx512(rounding: &Rounding, sums: &[i32; BLOCK], pixel: &mut Pixel<'_>) {
    // SAFETY: where this function may be called, the vectors are there.
    unsafe { finish::<__m512>(rounding, sums, pixel) }
}

/// The epilogue in vectors of eight.
#[target_feature(enable = "avx2")]
pub fn finish_avx2(rounding: &Rounding, sums: &[i32; BLOCK], pixel: &mut Pixel<'_>) {
    // SAFETY: where this function may be called, the vectors are there.
    unsafe { finish::<__m256>(rounding, sums, pixel) }
}

/// The lanes of a vector all of whose operations are single instructions, but for the one that narrows to bytes.
macro_rules! lanes {
    (pairs $($instruction:ident $name:ident),+) => {
        $(
            #[inline(always)]
            unsafe fn $name(self, other: Self) -> Self {
                // SAFETY: the caller's.
                unsafe { $instruction(self, other) }
            }
        )+
    };
    (
        $vector:ty, $count:literal, $splat:ident, $convert:ident, $add:ident, $sub:ident, $mul:ident, $div:ident,
        $max:ident, $min:ident, $narrow:ident
    ) => {
        impl EpilogueLanes for $vector {
            const COUNT: usize = $count;

            #[inline(always)]
            unsafe fn splat(value: f32) -> Self {
                // SAFETY: the caller's.
                unsafe { $splat(value) }
            }
            #[inline(always)]
            unsafe fn integers(from: *const i32) -> Self {
                // SAFETY: the caller's.
                unsafe { $convert(read(from)) }
            }
            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: the caller's.
                unsafe { read(from) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                // SAFETY: the caller's.
                unsafe { write(to, self) }
            }
            #[inline(always)]
            unsafe fn store_bytes(self, more: u8, to: *mut u8) {
                // SAFETY: the caller's.
                unsafe { $narrow(self, more, to) }
            }
            lanes!(pairs $add plus, $sub minus, $mul times, $div divided, $max most, $min least);
        }
    };
}

lanes!(
    __m512,
    16,
    _mm512_set1_ps,
    _mm512_cvtepi32_ps,
    _mm512_add_ps,
    _mm512_sub_ps,
    _mm512_mul_ps,
    _mm512_div_ps,
    _mm512_max_ps,
    _mm512_min_ps,
    narrow_avx512
);
lanes!(
    __m256,
    8,
    _mm256_set1_ps,
    _mm256_cvtepi32_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_mul_ps,
    _mm256_div_ps,
    _mm256_max_ps,
    _mm256_min_ps,
    narrow_avx2
);

#[inline(always)]
unsafe fn narrow_avx512(lanes: __m512, more: u8, to: *mut u8) {
    // SAFETY: the caller's.
    unsafe {
        let bytes = _mm512_cvtepi32_epi8(_mm512_castps_si512(lanes));
        write(to, _mm_add_epi8(bytes, _mm_set1_epi8(more.cast_signed())));
    }
}

#[inline(always)]
unsafe fn narrow_avx2(lanes: __m256, more: u8, to: *mut u8) {
    // SAFETY: the caller's.
    unsafe {
        let bytes = _mm256_and_si256(_mm256_castps_si256(lanes), _mm256_set1_epi32(0xff));
        let words = _mm_packus_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256::<1>(bytes));
        let bytes = _mm_add_epi8(_mm_packus_epi16(words, words), _mm_set1_epi8(more.cast_signed()));
        write(to, _mm_cvtsi128_si64(bytes));
    }
}
