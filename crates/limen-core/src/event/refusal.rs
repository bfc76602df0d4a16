//! Why a person was refused: for the record, and in words for people.

use std::fmt;

use serde::Serialize;

use super::motion::DenyCue;
use super::observation::{NoMatch, Unusable};

/// Why a person was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "why", content = "detail")]
pub enum Refusal {
    /// There was no usable picture of the face.
    Unusable(Unusable),
    /// The comparison named nobody.
    NoMatch(NoMatch),
    /// Recognised, but the face was gone before enough frames agreed.
    TooFewFrames,
    /// Recognised, but suspended in the gallery.
    Suspended,
    /// Recognised, but not yet or no longer valid.
    NotValidNow,
    /// Recognised, and limited by date or schedule, while the kernel does not trust the clock.
    ClockNotTrusted,
    /// Recognised, but none of the person's groups may enter at this time.
    OutsideSchedule,
    /// Recognised, but today nobody was let in yet of the group that must come first.
    FirstPersonMissing,
    /// Recognised, but no second person came in time.
    SecondPersonMissing,
    /// Recognised, but no second factor was proven in time, or the person has none.
    SecondFactorMissing,
    /// Recognised, but the PIN was wrong, and the right one did not come in time.
    WrongPin,
    /// Recognised, but the card was not the person's, and the right one did not come in time.
    WrongCard,
    /// Recognised, but locked out after too many wrong PINs or cards.
    LockedOut,
    /// Recognised, but let in a short while ago.
    AntiPassback,
    /// Recognised, but the door is in lock-down.
    LockDown,
    /// Recognised, but there was another living face in the picture, and the site guards against tailgating.
    MoreThanOneFace,
    /// Recognised, but the audit did not confirm the record in time.
    AuditFailed,
    /// Recognised, but it stayed open whether a living head stands there.
    LivenessUnsure,
    /// Recognised, but after failed challenges this person, or the door, is slowed for a moment.
    LivenessPaused,
    /// Recognised, but the head turned to another side than was asked, or before it was asked.
    WrongTurn,
    /// Recognised, but a sheet was turned instead of a head.
    Sheet,
    /// Recognised, but the head did not turn in time when it was asked to.
    NoResponse,
    /// Recognised, but the face returned the door's light as a sheet does.
    LooksFlat,
    /// Recognised, but something showed that no living head stands there.
    DenyCue(DenyCue),
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
            Self::SecondFactorMissing => f.write_str("no second factor was proven in time"),
            Self::WrongPin => f.write_str("the PIN was wrong"),
            Self::WrongCard => f.write_str("the card was not theirs"),
            Self::LockedOut => f.write_str("locked out for a while after wrong PINs or cards"),
            Self::AntiPassback => f.write_str("let in a short while ago already"),
            Self::LockDown => f.write_str("the door is in lock-down"),
            Self::MoreThanOneFace => f.write_str("more than one face before the door: come one at a time"),
            Self::AuditFailed => f.write_str("the audit could not record it"),
            Self::LivenessUnsure => f.write_str("it stayed open whether a living head stands there"),
            Self::LivenessPaused => f.write_str("slowed for a moment after failed attempts to turn the head"),
            Self::WrongTurn => f.write_str("the head turned to another side than was asked, or too early"),
            Self::Sheet => f.write_str("what turned was a sheet, not a head"),
            Self::NoResponse => f.write_str("the head did not turn in time"),
            Self::LooksFlat => f.write_str("the face looks flat in the door's light"),
            Self::DenyCue(cue) => cue.fmt(f),
        }
    }
}
