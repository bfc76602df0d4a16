//! Vectors of floats, one instruction set a file: the few operations that the kernels are written in.
//!
//! A kernel is a [`SimdJob`], written once over [`Lanes`]; an instruction set runs it in a function compiled for it.
//! A value of an instruction set's type exists only where the processor has been found to have it, and so is the
//! proof that its operations may be used. What stays unsafe is reading and writing memory by pointer.

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(super) mod avx512;
#[cfg(target_arch = "aarch64")]
pub(super) mod neon;
pub(super) mod portable;

/// Counts by hand, as `for` does: the checks that a range has in a debug build keep sums out of registers.
macro_rules! count {
    ($index:ident in 0..$end:expr => $body:block) => {
        let mut $index = 0;
        while $index < $end {
            $body
            $index += 1;
        }
    };
}
pub(super) use count;

/// The largest number of columns of lanes that are computed side by side, in any instruction set.
pub(super) const MOST_COLUMNS: usize = 4;

/// Work that is written for any instruction set.
pub(super) trait SimdJob {
    /// Does it. Implementations are `inline(always)`, or they would be compiled for the oldest processor.
    fn run<L: Lanes>(self, lanes: L);
}

/// An instruction set that the processor has.
pub(super) trait Lanes: Copy {
    /// As many floats as it has lanes.
    type Vector: Copy;
    /// Four floats that follow each other in memory, each to be multiplied with a vector of its own.
    type Four: Copy;

    /// Floats a vector.
    const COUNT: usize;
    /// How many pixels are computed at once for a number of columns: as many as leave no register spilt.
    const PIXELS: [usize; MOST_COLUMNS + 1];
    /// The largest number of columns that are computed side by side.
    const COLUMNS: usize;

    /// Runs a job in a function compiled for this instruction set.
    fn run<J: SimdJob>(self, job: J);

    /// The same number in each lane.
    fn splat(self, value: f32) -> Self::Vector;
    /// The sum.
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The greater, lane by lane.
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The smaller, lane by lane.
    fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `sum + a * b`, rounded once where the instruction set can.
    fn mul_add(self, sum: Self::Vector, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// The same number, read from memory, in each lane.
    ///
    /// # Safety
    /// A float can be read there.
    unsafe fn splat_from(self, from: *const f32) -> Self::Vector;
    /// Reads a vector.
    ///
    /// # Safety
    /// [`Self::COUNT`] floats can be read there.
    unsafe fn load(self, from: *const f32) -> Self::Vector;
    /// Reads the first lanes; the others are zero.
    ///
    /// # Safety
    /// `count` floats can be read there; `count` is at most [`Self::COUNT`].
    unsafe fn load_first(self, from: *const f32, count: usize) -> Self::Vector;
    /// Writes a vector.
    ///
    /// # Safety
    /// [`Self::COUNT`] floats can be written there.
    unsafe fn store(self, to: *mut f32, value: Self::Vector);
    /// Writes the first lanes.
    ///
    /// # Safety
    /// `count` floats can be written there; `count` is at most [`Self::COUNT`].
    unsafe fn store_first(self, to: *mut f32, value: Self::Vector, count: usize);
    /// Takes up four floats.
    ///
    /// # Safety
    /// They can be read there for as long as the result is used.
    unsafe fn four(self, from: *const f32) -> Self::Four;
    /// `sum + a * b[LANE]`.
    ///
    /// # Safety
    /// `LANE` is 0 to 3, and what [`Self::four`] asks for still holds.
    unsafe fn mul_add_one<const LANE: i32>(
        self,
        sum: Self::Vector,
        a: Self::Vector,
        b: Self::Four,
    ) -> Self::Vector;

    /// Reads a column of channels: a vector, or all channels where there are fewer.
    ///
    /// # Safety
    /// So many floats can be read there.
    #[inline(always)]
    unsafe fn load_channels(self, from: *const f32, channels: usize) -> Self::Vector {
        // SAFETY: as the caller promises.
        unsafe { if channels >= Self::COUNT { self.load(from) } else { self.load_first(from, channels) } }
    }

    /// Writes a column of channels: a vector, or all channels where there are fewer.
    ///
    /// # Safety
    /// So many floats can be written there.
    #[inline(always)]
    unsafe fn store_channels(self, to: *mut f32, value: Self::Vector, channels: usize) {
        // SAFETY: as the caller promises.
        unsafe {
            if channels >= Self::COUNT {
                self.store(to, value)
            } else {
                self.store_first(to, value, channels)
            }
        }
    }

    /// What is below zero times its slope.
    #[inline(always)]
    fn slope(self, value: Self::Vector, slopes: Self::Vector) -> Self::Vector {
        let zero = self.splat(0.0);
        self.mul_add(self.max(value, zero), self.min(value, zero), slopes)
    }
}
