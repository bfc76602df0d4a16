//! What the parts tell each other: observations of faces on the way up, facts for the record.
//!
//! Glossary: a *track* is one face followed over frames; a *probe* is what is compared with the gallery;
//! an *observation* is one frame's outcome for one track; a *fact* is something that the audit keeps.

mod entry;
mod fact;
mod personal;
mod refusal;
mod site;

use std::fmt;
use std::time::Duration;

use serde::Serialize;

pub use entry::{EntryDevice, EntryMistake, FactorRefusal};
pub use fact::{Caller, Fact, GrantKind, Part, Relock, StoreChange};
pub use personal::Personal;
pub use refusal::Refusal;
pub use site::{AlarmKind, AlarmStep, Input, Mode, ModeSource};

use crate::clock::Moment;
use crate::embedding::{Distance, Score};
use crate::person::PersonId;

/// One face followed over frames. Never used twice while the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct TrackId(pub u64);

impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Why a face was not good enough to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unusable {
    /// Too few pixels between the eyes.
    TooSmall,
    /// Too little fine detail: out of focus or moving.
    Blurred,
    /// Too little light on the face.
    TooDark,
    /// Too much light on the face.
    TooBright,
    /// The head is turned to a side, up or down.
    TurnedAway,
    /// The head leans to a shoulder.
    Tilted,
    /// The face lies on its side in the picture.
    OnItsSide,
    /// The face stands on its head in the picture.
    UpsideDown,
    /// Something lies over the face, or a part of it shows no detail.
    Covered,
    /// Too little difference between light and dark.
    LowContrast,
    /// Half of the face is in the dark.
    UnevenLight,
    /// Made of blocks, or noise.
    Coarse,
    /// Wider or narrower than a face is.
    Stretched,
    /// The landmark network does not see a face there.
    NotAFace,
    /// Part of the face lies outside the picture.
    CutOff,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooSmall => "the face is too small: come closer",
            Self::Blurred => "the face is blurred: hold still",
            Self::TooDark => "the face is too dark: add light",
            Self::TooBright => "the face is too bright: less light from the front",
            Self::TurnedAway => "the face is turned away: look at the camera",
            Self::Tilted => "the head is tilted: hold it upright",
            Self::OnItsSide => {
                "the face lies on its side: hold the head upright, or turn the picture by a quarter"
            }
            Self::UpsideDown => "the face is upside down: turn the picture round",
            Self::Covered => "part of the face is covered: uncover it, mouth and eyes",
            Self::LowContrast => "the face is pale: clean the lens, no light into it",
            Self::UnevenLight => "half of the face is in the dark: light from the front",
            Self::Coarse => "the picture is coarse: more light, less compression",
            Self::Stretched => "the picture is stretched: keep its proportions",
            Self::NotAFace => "no clear face",
            Self::CutOff => "part of the face is outside the picture",
        })
    }
}

/// Why a comparison did not name a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoMatch {
    /// Nobody is enrolled with this model.
    EmptyGallery,
    /// The nearest person is farther than the threshold.
    TooFar,
    /// Two people are about equally near.
    Ambiguous,
    /// About as near as the threshold: it is being looked at more closely.
    TooClose,
}

impl fmt::Display for NoMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyGallery => "nobody is enrolled",
            Self::TooFar => "nobody enrolled is near enough",
            Self::Ambiguous => "two enrolled people are about equally near",
            Self::TooClose => "too close to call: looking again",
        })
    }
}

/// Somebody in the gallery, and how far from the probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Who.
    pub person: PersonId,
    /// Distance between probe and template.
    pub distance: Distance,
    /// What is held against the threshold: the distance, after cohort centring where there is a cohort
    /// (it may then be negative).
    pub score: Score,
}

/// The outcome of comparing a probe with the gallery.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The nearest person; none in an empty gallery.
    pub best: Option<Candidate>,
    /// The nearest other person.
    pub runner_up: Option<Candidate>,
    /// What the best score was held against.
    pub threshold: Score,
    /// The person, if near enough and ahead of the runner-up by the margin; else why not.
    pub verdict: Result<PersonId, NoMatch>,
}

/// One frame's outcome for one track.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Whose.
    pub track: TrackId,
    /// When the newest frame in it was taken.
    pub taken: Moment,
    /// How many frames the fused probe holds, 1 or more.
    pub frames: u32,
    /// The fused probe against the gallery.
    pub fused: Comparison,
    /// The person nearest to this frame alone, where the fused probe named one: a frame only counts for the
    /// person it shows.
    pub nearest_alone: Option<PersonId>,
    /// Other living faces in the newest frame.
    pub others: usize,
    /// The decision is close: the next frames of this track deserve the mirrored crop as well.
    pub look_closer: bool,
}

/// How long a frame counts as fresh; evidence older than this opens nothing.
pub const FRESHNESS: Duration = Duration::from_millis(500);
