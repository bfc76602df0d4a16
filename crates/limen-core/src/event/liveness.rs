//! How it was shown that a living head stands at the door, and how a challenge ended: for the records.

use std::fmt;

use serde::Serialize;

/// How it was shown that somebody who was let in is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LivenessProof {
    /// Not at all: the site asks for no proof.
    Off,
    /// By how the head moved, unasked.
    Motion,
    /// By turning the head as asked.
    Challenge,
    /// By a PIN: the gallery says that this person cannot turn their head.
    Waived,
    /// By a PIN after an attempt that left it open.
    PinAfterUnsure,
}

impl LivenessProof {
    /// Whether it counts only together with the person's PIN.
    pub fn needs_pin(self) -> bool {
        matches!(self, Self::Waived | Self::PinAfterUnsure)
    }

    /// What the record of a grant says; `None` if the site asks for no proof.
    pub fn recorded(self) -> Option<Self> {
        (self != Self::Off).then_some(self)
    }
}

/// How an attempt at a challenge ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChallengeOutcome {
    /// All turns were right, and the same face looks straight again.
    Passed,
    /// The head turned to another side than was asked, or before it was asked.
    WrongTurn,
    /// The head did not turn in time, or the face went away.
    NoResponse,
    /// The turn was that of a sheet.
    Sheet,
    /// It stayed open whether a solid head turned, or the face was not surely the same.
    Unsure,
    /// All turns were right, but the face returned the door's light as a sheet does.
    LooksFlat,
    /// Something showed that no living head stands there.
    DenyCue,
    /// Something ended it that has nothing to do with the person: other rules, a fault, a command.
    Interrupted,
}

impl fmt::Display for ChallengeOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "passed",
            Self::WrongTurn => "turned to the wrong side, or too early",
            Self::NoResponse => "did not turn in time",
            Self::Sheet => "moved as a sheet does",
            Self::Unsure => "left it open whether a head turned",
            Self::LooksFlat => "looks flat in the door's light",
            Self::DenyCue => "looks like a picture",
            Self::Interrupted => "interrupted",
        })
    }
}
