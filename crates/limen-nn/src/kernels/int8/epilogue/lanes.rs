//! What the epilogue asks of a vector of numbers.

/// A vector of 32-bit numbers. [`EpilogueLanes::COUNT`] divides 32.
///
/// # Safety
///
/// Every function may only be called where the processor has the vector; those with a pointer only where as many
/// values as the vector has lie there.
pub trait EpilogueLanes: Copy {
    /// Numbers in it.
    const COUNT: usize;

    /// The same number in every place.
    unsafe fn splat(value: f32) -> Self;
    /// Integers as numbers.
    unsafe fn integers(from: *const i32) -> Self;
    /// Numbers.
    unsafe fn load(from: *const f32) -> Self;
    /// Writes the numbers.
    unsafe fn store(self, to: *mut f32);
    /// Writes the lowest eight bits of each number, and adds to them.
    unsafe fn store_bytes(self, more: u8, to: *mut u8);
    /// The sums.
    unsafe fn plus(self, other: Self) -> Self;
    /// The differences.
    unsafe fn minus(self, other: Self) -> Self;
    /// The products.
    unsafe fn times(self, other: Self) -> Self;
    /// The quotients.
    unsafe fn divided(self, other: Self) -> Self;
    /// The greater ones; the other's, where there is no number.
    unsafe fn most(self, other: Self) -> Self;
    /// The smaller ones.
    unsafe fn least(self, other: Self) -> Self;
}

impl EpilogueLanes for f32 {
    const COUNT: usize = 1;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        value
    }
    #[inline(always)]
    unsafe fn integers(from: *const i32) -> Self {
        // SAFETY: the caller's.
        unsafe { *from as f32 }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's.
        unsafe { *from }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's.
        unsafe { *to = self }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, more: u8, to: *mut u8) {
        // SAFETY: the caller's.
        unsafe { *to = (self.to_bits() as u8).wrapping_add(more) }
    }
    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        self + other
    }
    #[inline(always)]
    unsafe fn minus(self, other: Self) -> Self {
        self - other
    }
    #[inline(always)]
    unsafe fn times(self, other: Self) -> Self {
        self * other
    }
    #[inline(always)]
    unsafe fn divided(self, other: Self) -> Self {
        self / other
    }
    #[inline(always)]
    unsafe fn most(self, other: Self) -> Self {
        self.max(other)
    }
    #[inline(always)]
    unsafe fn least(self, other: Self) -> Self {
        self.min(other)
    }
}
