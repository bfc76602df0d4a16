//! What the parts tell each other: observations of faces on the way up, facts for the record.
//!
//! Glossary: a *track* is one face followed over frames; a *probe* is what is compared with the gallery;
//! an *observation* is one frame's outcome for one track; a *fact* is something that the audit keeps.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::embedding::Distance;
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
    /// The head is turned or tilted away.
    TurnedAway,
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
    pub score: f32,
}

/// The outcome of comparing a probe with the gallery.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The nearest person; none in an empty gallery.
    pub best: Option<Candidate>,
    /// The nearest other person.
    pub runner_up: Option<Candidate>,
    /// What the best score was held against.
    pub threshold: f32,
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
    /// The decision is close: the next frames of this track deserve the mirrored crop as well.
    pub look_closer: bool,
}

/// What allows the door to be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantKind {
    /// An enrolled person was recognised.
    Face,
    /// Somebody allowed to asked for it by command.
    Manual,
}

/// Why somebody was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "why", content = "detail")]
pub enum Refusal {
    /// No usable picture of the face was had.
    Unusable(Unusable),
    /// The comparison named nobody.
    NoMatch(NoMatch),
    /// Recognised, but too few frames agreed before the face was gone.
    TooFewFrames,
    /// Recognised, but suspended in the gallery.
    Suspended,
    /// Recognised, but not yet or no longer valid.
    NotValidNow,
    /// Recognised and limited by date or schedule, while the kernel does not trust the clock.
    ClockNotTrusted,
    /// Recognised, but none of the person's groups may enter at this time.
    OutsideSchedule,
    /// Recognised, but nobody of the group that must come first has been let in today.
    FirstPersonMissing,
    /// Recognised, but no second person was in time.
    SecondPersonMissing,
    /// Recognised, but let in a short while ago.
    AntiPassback,
    /// Recognised, but the audit did not accept the record in time.
    AuditFailed,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable(why) => why.fmt(f),
            Self::NoMatch(why) => why.fmt(f),
            Self::TooFewFrames => f.write_str("recognised, but too few frames agreed"),
            Self::Suspended => f.write_str("suspended in the gallery"),
            Self::NotValidNow => f.write_str("outside the dates in the gallery"),
            Self::ClockNotTrusted => f.write_str("limited by time, and the clock is not synchronised"),
            Self::OutsideSchedule => f.write_str("outside the schedules of their groups"),
            Self::FirstPersonMissing => f.write_str("nobody who must come first has been let in today"),
            Self::SecondPersonMissing => f.write_str("no second person was recognised in time"),
            Self::AntiPassback => f.write_str("let in a short while ago already"),
            Self::AuditFailed => f.write_str("the audit could not record it"),
        }
    }
}

/// Why the door was locked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relock {
    /// The unlock time was over.
    TimeOver,
    /// Somebody asked for it by command.
    Command,
    /// The person was removed or suspended while the door was open.
    Revoked,
    /// The daemon is leaving.
    Shutdown,
    /// A part failed.
    Fault,
}

/// A part of the machine that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The camera or its cable.
    Camera,
    /// The vision thread.
    Vision,
    /// The line to the relay.
    Door,
    /// The record file.
    Audit,
    /// The gallery file, its photographs or the template store.
    Gallery,
    /// The control socket.
    Control,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Camera => "camera",
            Self::Vision => "vision",
            Self::Door => "door",
            Self::Audit => "audit",
            Self::Gallery => "gallery",
            Self::Control => "control",
        })
    }
}

/// Who asked, from the socket's peer credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Caller {
    /// User.
    pub uid: u32,
    /// Process.
    pub pid: i32,
}

/// What may be done to the template store by command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreChange {
    /// Sealed with another key.
    Rotate,
    /// An older one, or an older model, taken as the newest.
    AcceptRollback,
}

/// Something that happened and that the audit keeps: one record each.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Fact {
    /// The daemon started.
    Started {
        /// Of the program.
        version: String,
        /// Digest of the embedding model.
        model: String,
        /// Driver of the lock.
        driver: String,
    },
    /// The daemon left in order.
    Stopped,
    /// The door was unlocked.
    Granted {
        /// By what.
        grant: GrantKind,
        /// Whom, if a person.
        person: Option<PersonId>,
        /// Who was recognised before and goes in as well, where two people are needed.
        #[serde(skip_serializing_if = "Option::is_none")]
        second: Option<PersonId>,
        /// Whose face, if a face.
        track: Option<TrackId>,
        /// Distance to the template; for administrators.
        distance: Option<f32>,
        /// Longest time unlocked, in milliseconds.
        unlock_ms: u64,
        /// Who asked, if by command.
        caller: Option<Caller>,
    },
    /// Somebody was recognised who enters only with a second person; nothing opens until that one comes.
    Waiting {
        /// Whose face.
        track: TrackId,
        /// Whom.
        person: PersonId,
        /// How long the first waits, in seconds.
        seconds: u64,
    },
    /// A track ended, or was decided, without a grant.
    Refused {
        /// Whose face.
        track: TrackId,
        /// Why.
        refusal: Refusal,
        /// The nearest person, for administrators.
        nearest: Option<PersonId>,
        /// And how far.
        distance: Option<f32>,
        /// Frames of the track that were compared.
        frames: u32,
    },
    /// The door was locked again.
    Locked {
        /// Why.
        why: Relock,
        /// Who asked, if by command.
        caller: Option<Caller>,
    },
    /// A part failed; the door is locked while it is away.
    Fault {
        /// Which.
        part: Part,
        /// What it said.
        what: String,
    },
    /// A failed part is back.
    Recovered {
        /// Which.
        part: Part,
        /// How long it was away, in milliseconds.
        after_ms: u64,
    },
    /// A gallery came into force.
    GalleryLoaded {
        /// People in it.
        people: usize,
        /// Templates in it.
        templates: usize,
        /// Ids that are new.
        added: Vec<PersonId>,
        /// Ids that are gone.
        removed: Vec<PersonId>,
        /// The number of the store that has its templates; the next one is not older.
        #[serde(skip_serializing_if = "Option::is_none")]
        store: Option<u64>,
    },
    /// A template in the store was altered, or put there from elsewhere, and is not used.
    TemplateRefused {
        /// Whose it claims to be.
        person: Option<PersonId>,
    },
    /// The store was changed by command.
    StoreChanged {
        /// How.
        how: StoreChange,
        /// Its number since then.
        store: u64,
        /// Who asked the daemon; none where no daemon ran.
        caller: Option<Caller>,
    },
    /// A gallery was refused; the old one stays in force.
    GalleryRefused {
        /// What was wrong with it.
        what: String,
    },
    /// The daemon runs with a setting that lowers what it promises.
    Risk {
        /// Which setting, and what it means.
        what: String,
    },
    /// A snapshot of the camera was handed out.
    Snapshot {
        /// To whom.
        caller: Caller,
    },
    /// Records may be missing: the last run ended without closing the file.
    Gap {
        /// What was found.
        what: String,
    },
}

/// How long a frame counts as fresh; evidence older than this opens nothing.
pub const FRESHNESS: Duration = Duration::from_millis(500);
