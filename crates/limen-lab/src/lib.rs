//! Error rates: how often two pictures of one person are taken for two people, and two people for one.
//!
//! Glossary: a *genuine* pair shows one person, an *impostor* pair two people. A pair is *accepted* if its
//! score is at most the threshold. FAR is the fraction of impostor pairs accepted, FRR the fraction of
//! genuine pairs refused, TAR is 1 - FRR.
//!
//! For liveness ([`liveness`]): APCER is the fraction of an attack's attempts accepted, for each species of attack; BPCER
//! the fraction of living people's attempts refused (ISO/IEC 30107-3).

pub mod accuracy;
pub mod bootstrap;
pub mod calibration;
pub mod liveness;
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
        /// The list of pairs.
        file: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The folder does not contain pictures of enough people.
    #[error(
        "{folder}: {people} people and {pictures} pictures; it needs a folder a person with .jpg or .png files, \
         two people at least and 100000 pictures at most",
        folder = .folder.display()
    )]
    Folder {
        /// The folder that was given.
        folder: PathBuf,
        /// The number of subfolders found.
        people: usize,
        /// The number of pictures found.
        pictures: usize,
    },
    /// A network failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A plot could not be written.
    #[error("{file}: {what}", file = .file.display())]
    Plot {
        /// The file of the plot.
        file: PathBuf,
        /// Why it could not be written.
        what: String,
    },
    /// A line of the list is no pair.
    #[error(
        "{file}:{line}: not a pair; write NAME N M for two pictures of one person, NAME N NAME M for two people",
        file = .file.display()
    )]
    Line {
        /// The list of pairs.
        file: PathBuf,
        /// The number of the line, from 1.
        line: usize,
    },
    /// The list has too few pairs of one kind.
    #[error("{file}: {genuine} genuine and {impostor} impostor pairs; at least 10 of each are needed", file = .file.display())]
    TooFew {
        /// The list of pairs.
        file: PathBuf,
        /// The number of genuine pairs.
        genuine: usize,
        /// The number of impostor pairs.
        impostor: usize,
    },
}
