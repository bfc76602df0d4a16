//! Error rates: how often two pictures of one person are taken for two, and of two for one.
//!
//! Glossary: a *genuine* pair shows one person, an *impostor* pair two; a pair is *accepted* if its score
//! does not exceed the threshold; FAR is the share of impostor pairs accepted, FRR of genuine pairs
//! refused, TAR is 1 - FRR.

pub mod accuracy;
pub mod bootstrap;
pub mod calibration;
pub mod pairs;
pub mod pictures;
pub mod plot;
pub mod rates;
pub mod sides;

use std::path::PathBuf;

use limen_files::remedy;
use limen_vision::model::ModelError;
use thiserror::Error;

/// Why there is nothing to evaluate.
#[derive(Debug, Error)]
pub enum EvaluationError {
    /// The list of pairs cannot be read.
    #[error("{file}: {source}{}", remedy(source), file = .file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder that holds no people.
    #[error(
        "{folder}: {people} people and {pictures} pictures; it needs a folder a person with .jpg or .png files, \
         two people at least and 100000 pictures at most",
        folder = .folder.display()
    )]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Subfolders found.
        people: usize,
        /// Pictures found.
        pictures: usize,
    },
    /// A network failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A plot cannot be written.
    #[error("{file}: {what}", file = .file.display())]
    Plot {
        /// Which.
        file: PathBuf,
        /// Why.
        what: String,
    },
    /// A line is no pair.
    #[error(
        "{file}:{line}: not a pair; write NAME N M for two pictures of one person, NAME N NAME M for two people",
        file = .file.display()
    )]
    Line {
        /// In which file.
        file: PathBuf,
        /// In which line, from 1.
        line: usize,
    },
    /// A list without one of the kinds.
    #[error("{file}: {genuine} genuine and {impostor} impostor pairs; at least 10 of each are needed", file = .file.display())]
    TooFew {
        /// In which file.
        file: PathBuf,
        /// Pairs of one person.
        genuine: usize,
        /// Pairs of two people.
        impostor: usize,
    },
}
