//! Memory that vector loads like: aligned to 64 bytes, readable as bytes or as numbers.

/// How far a kernel may read behind the last element, in bytes.
pub const SLACK: usize = 64;

/// One cache line.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct CacheLine([u8; 64]);

/// A number of whole cache lines, zero at first.
#[derive(Debug, Clone, Default)]
pub struct Buffer(Vec<CacheLine>);

impl Buffer {
    /// Room for so many bytes and [`SLACK`] more.
    pub fn with_bytes(bytes: usize) -> Self {
        Self(vec![CacheLine([0; 64]); bytes.div_ceil(64) + SLACK / 64])
    }

    /// How many bytes have room in it, besides [`SLACK`].
    pub fn room(&self) -> usize {
        (self.0.len() * 64).saturating_sub(SLACK)
    }

    /// All of it as bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: a line is 64 initialised bytes without padding; a vector's lines are contiguous.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * 64) }
    }

    /// All of it as bytes.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`; the borrow is exclusive, and any byte is a valid part of a line.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * 64) }
    }

    /// All of it as numbers.
    pub fn floats(&self) -> &[f32] {
        // SAFETY: as in `bytes`; 64 is a multiple of an f32's size and alignment, and any bits are an f32.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * 16) }
    }

    /// All of it as numbers.
    pub fn floats_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `floats`; the borrow is exclusive, and any f32 is four valid bytes of a line.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * 16) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_aligned_zero_and_one_memory_in_both_views() {
        let mut buffer = Buffer::with_bytes(130);
        assert_eq!(buffer.bytes().len(), 3 * 64 + SLACK);
        assert_eq!(buffer.bytes().as_ptr().align_offset(64), 0);
        assert!(buffer.bytes().iter().all(|&byte| byte == 0));
        buffer.floats_mut()[1] = 1.0;
        assert_eq!(buffer.bytes()[4..8], 1.0_f32.to_ne_bytes());
        buffer.bytes_mut()[4..8].copy_from_slice(&2.0_f32.to_ne_bytes());
        assert_eq!(buffer.floats()[1], 2.0);
    }
}
