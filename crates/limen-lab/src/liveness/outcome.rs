//! What can become of an attempt.

use limen_core::event::DenyCue;

/// What has become of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// A living head stands there.
    Accepted,
    /// None does.
    Refused(RefusalCause),
    /// The evidence says too little: the door stays locked.
    Unsure,
    /// No turn began in time after a prompt, or there was no face.
    NoResponse,
}

/// Why it is said that no living head stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalCause {
    /// A turn to another side, or too early.
    WrongTurn,
    /// The turn of a sheet.
    Sheet,
    /// What else shows it.
    Cue(DenyCue),
}

impl AttemptOutcome {
    /// In a word or two, for a table.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Unsure => "unsure",
            Self::NoResponse => "no response",
            Self::Refused(RefusalCause::WrongTurn) => "wrong turn",
            Self::Refused(RefusalCause::Sheet) => "sheet",
            Self::Refused(RefusalCause::Cue(DenyCue::Frame)) => "frame around it",
            Self::Refused(RefusalCause::Cue(DenyCue::MovesAsOne)) => "moves as one",
            Self::Refused(RefusalCause::Cue(DenyCue::TwoFaces)) => "two faces",
            Self::Refused(RefusalCause::Cue(DenyCue::Jump)) => "jump",
        }
    }
}
