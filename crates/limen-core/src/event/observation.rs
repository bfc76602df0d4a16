//! Observations: what the vision saw of a face in a frame, for the policy.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::clock::Moment;
use crate::embedding::{Distance, Score};
use crate::person::PersonId;

/// The number of a track. It is never used twice while the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct TrackId(pub u64);

impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Why a face was not good enough to compare.
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
    /// The head is turned to one side, up or down.
    TurnedAway,
    /// The head leans towards a shoulder.
    Tilted,
    /// The face lies on its side in the picture.
    OnItsSide,
    /// The face is upside down in the picture.
    UpsideDown,
    /// Something covers the face, or a part of it shows no detail.
    Covered,
    /// Too little difference between light and dark.
    LowContrast,
    /// Half of the face is in the dark.
    UnevenLight,
    /// The picture of the face is blocky or noisy.
    Coarse,
    /// Wider or narrower than a face is.
    Stretched,
    /// The landmark network finds no face there.
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
    /// The score is close to the threshold; a probe of both crops decides.
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

/// A person of the gallery, and how near the probe is.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The person of the template.
    pub person: PersonId,
    /// The distance between probe and template.
    pub distance: Distance,
    /// What is compared with the threshold: the distance, centred by the cohort where there is one. It may be
    /// negative.
    pub score: Score,
}

/// The outcome of comparing a probe with the gallery.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The nearest person; none if the gallery is empty.
    pub best: Option<Candidate>,
    /// The second nearest person.
    pub runner_up: Option<Candidate>,
    /// The threshold for the best score.
    pub threshold: Score,
    /// The person, if the score is within the threshold and ahead of the runner-up by the margin; otherwise
    /// why not.
    pub verdict: Result<PersonId, NoMatch>,
}

/// The outcome of one frame for one track.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The track that it belongs to.
    pub track: TrackId,
    /// When the newest frame of the fused probe was taken.
    pub taken: Moment,
    /// The number of frames in the fused probe, 1 or more.
    pub frames: u32,
    /// The comparison of the fused probe with the gallery.
    pub fused: Comparison,
    /// The person nearest to this frame alone, if the fused probe named a person. A frame counts only for the
    /// person that it shows.
    pub nearest_alone: Option<PersonId>,
    /// How many other living faces the newest frame shows.
    pub others: usize,
    /// Whether the score is close to the threshold: the next frames of this track should embed the mirrored
    /// crop too.
    pub look_closer: bool,
}

/// How long a frame counts as fresh. Older evidence opens nothing.
pub const FRESHNESS: Duration = Duration::from_millis(500);
