//! What is compared, on which the threshold depends.

use limen_core::embedding::Crops;

/// What is compared: the key of a table, and the number of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// The number of enrolled people, each of whom is compared.
    pub people: usize,
    /// The number of photographs in the template.
    pub photographs: usize,
    /// The number of frames in the probe.
    pub frames: u32,
    /// The crops of the probe; templates always contain the mirrored crop too.
    pub crops: Crops,
}
