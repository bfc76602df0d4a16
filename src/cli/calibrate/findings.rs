//! What a site's own gallery says: the terminal's report, the JSON object and the proposal are made of it.

use limen_lab::calibration::Calibration;

use crate::config::Settings;

/// Everything that the command prints.
pub struct CalibrationReport<'a> {
    pub gallery: String,
    pub model: String,
    pub cohort: String,
    pub settings: &'a Settings,
    pub visitors: u32,
    pub found: Calibration,
    /// The names of the photographs that disagree, in the order of `found.disagreeing`.
    pub photographs: Vec<String>,
    /// The notes from loading the gallery.
    pub notes: Vec<String>,
}

impl CalibrationReport<'_> {
    /// The number of look-alikes without a margin, of photographs that disagree, and 1 if the target is not met.
    pub fn warnings(&self) -> usize {
        let unhandled = self.found.look_alikes.iter().filter(|pair| !pair.is_handled()).count();
        let unmet = self.found.door.promise.is_some_and(|promise| !promise.is_kept());
        unhandled + self.found.disagreeing.len() + usize::from(unmet)
    }
}
