//! Loads and stores of the innermost loops.
//!
//! `read_unaligned`, what the intrinsics for loads are made of, and `add` of a pointer check in every call what
//! they rely on where a program is built with debug assertions, as this one is for its tests and demonstration.
//! There, the kernels took twice as long with them.

/// A value at any address.
#[repr(C, packed)]
#[derive(Clone, Copy)]
struct Unaligned<T>(T);

/// Reads a value.
///
/// # Safety
///
/// It lies there, whatever the alignment, and any bits are such a value.
#[inline(always)]
pub unsafe fn read<T: Copy, P>(from: *const P) -> T {
    // SAFETY: the caller's; a packed structure has no alignment.
    unsafe { (*from.cast::<Unaligned<T>>()).0 }
}

/// Writes a value.
///
/// # Safety
///
/// There is room for it, whatever the alignment.
#[inline(always)]
pub unsafe fn write<T: Copy, P>(to: *mut P, value: T) {
    // SAFETY: the caller's; a packed structure has no alignment, and what is copied needs no drop.
    unsafe { *to.cast::<Unaligned<T>>() = Unaligned(value) }
}
