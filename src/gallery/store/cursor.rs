//! Reads the numbers and embeddings of a file step by step.

use limen_core::embedding::Embedding;

use super::templates::PhotoTemplate;

/// The bytes that are left to read. A step is `None` if too few are left, before anything is allocated.
pub(super) struct Cursor<'a>(pub &'a [u8]);

impl<'a> Cursor<'a> {
    /// The next bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next bytes, as many as are wanted.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// The next number of four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next number of eight bytes.
    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// The next so many numbers, all finite.
    pub fn embedding(&mut self, dimensions: usize) -> Option<Embedding> {
        let bytes = self.take(dimensions.checked_mul(4)?)?;
        let values: Vec<f32> = bytes
            .chunks_exact(4)
            .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
            .collect();
        Embedding::new(values)
    }

    /// The next two embeddings of so many numbers.
    pub fn template(&mut self, dimensions: usize) -> Option<PhotoTemplate> {
        Some(PhotoTemplate { plain: self.embedding(dimensions)?, mirrored: self.embedding(dimensions)? })
    }
}
