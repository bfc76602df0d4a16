//! What is calibrated: a gallery, and how its site compares.

use limen_core::embedding::Margin;
use limen_core::people::Gallery;
use limen_vision::matching::LookAlikes;
use limen_vision::matching::scoring::Scoring;
use limen_vision::matching::thresholds::Thresholds;

/// What is calibrated.
#[derive(Debug, Clone, Copy)]
pub struct CalibrationSite<'a> {
    /// The enrolled people.
    pub gallery: &'a Gallery,
    /// How embeddings are compared.
    pub scoring: &'a Scoring,
    /// The thresholds that the door uses, which count whole attempts.
    pub thresholds: &'a Thresholds,
    /// The target rate of the thresholds; none with a fixed distance.
    pub target_far: Option<f64>,
    /// How many frames must agree.
    pub frames: u32,
    /// How much nearer the nearest person must be than any other.
    pub margin: Margin,
    /// The pairs that have a larger margin already.
    pub look_alikes: &'a LookAlikes,
}
