//! What a site's own gallery says: the terminal's report, the JSON object and the proposal are made of it.

use limen_lab::calibration::Calibration;

use crate::config::Settings;

/// Everything that is said.
pub struct Report<'a> {
    pub gallery: String,
    pub model: String,
    pub cohort: String,
    pub settings: &'a Settings,
    pub visitors: u32,
    pub found: Calibration,
    /// The photographs that disagree, as people know them; in the order of `found.disagreeing`.
    pub photographs: Vec<String>,
    /// What the gallery's own loading noted.
    pub notes: Vec<String>,
}

impl Report<'_> {
    /// Pairs that nothing is done about yet, photographs that disagree, and a target that is not met.
    pub fn warnings(&self) -> usize {
        let unhandled = self.found.look_alikes.iter().filter(|pair| !pair.is_handled()).count();
        let unmet = self.found.door.promise.is_some_and(|promise| !promise.is_kept());
        unhandled + self.found.disagreeing.len() + usize::from(unmet)
    }
}
