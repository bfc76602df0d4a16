//! Why there is no threshold.

use std::ops::Range;

use limen_core::embedding::Distance;
use thiserror::Error;

/// Why there is no threshold.
#[derive(Debug, Error, PartialEq)]
pub enum ThresholdError {
    /// The manifest could not be read.
    #[error("the error-rate tables of the model manifest cannot be read: {message}")]
    Unreadable {
        /// What the TOML reader says.
        message: String,
        /// The bytes of the manifest that `message` is about.
        at: Option<Range<usize>>,
    },
    /// The model was never measured.
    #[error(
        "model {0} has no error-rate table for cohort = {1:?}: set [recognition] max-distance, \
         and know that its false accept rate is then unknown"
    )]
    NoTable(String, String),
    /// An error-rate table is wrong.
    #[error("model {model}: error-rate table {table}: {what}")]
    Table {
        /// The name of the model.
        model: String,
        /// The place of the table in the manifest.
        table: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The target is no rate.
    #[error("{0} is no false accept rate; use more than 0, to 1")]
    Rate(f64),
    /// The fixed distance accepts every face.
    #[error(
        "[recognition] max-distance = {0} accepts everybody with this model; use a smaller one, 2 at most"
    )]
    AcceptsEverybody(Distance),
    /// The manifest has no limit for two frames of the same face.
    #[error(
        "model {0}: neither its manifest nor an error-rate table without a cohort says how far apart two frames of \
         one face may be; add same-face = DISTANCE to its manifest (models/README.md)"
    )]
    NoSameFace(String),
}
