//! A change of the gallery file is in force, or it is taken back.

use super::context::Context;
use super::trouble::Trouble;
use crate::config::Settings;
use crate::gallery::{Edited, undo};

/// What became of a change.
pub enum Force {
    /// The daemon has taken it, or will when it starts.
    Yes,
    /// The daemon refused it, and the file is as it was before.
    TakenBack(Trouble),
    /// The daemon refused it, and the file could not be put back.
    Left(Trouble),
}

/// Asks a running daemon to take the change; what it refuses is undone.
pub fn bring_into_force(context: &Context, settings: &Settings, edited: &Edited) -> Force {
    let Err(why) = context.ask_for_reload(settings) else { return Force::Yes };
    match undo(&settings.gallery, edited) {
        Ok(()) => {
            let left = match context.ask_for_reload(settings) {
                Ok(_) => "",
                Err(_) => "; a PIN that it replaced is out of force until the daemon takes the file again",
            };
            Force::TakenBack(Trouble::Device(format!(
                "the daemon did not take it, so nothing was changed in the gallery file{left}:\n{why}"
            )))
        }
        Err(error) => Force::Left(Trouble::Device(format!(
            "NOT in force, and still in the gallery file:\n{why}\nit could not be taken back: {error}"
        ))),
    }
}

impl Force {
    /// For a change that leaves nothing else to be cleared up.
    pub fn into_result(self) -> Result<(), Trouble> {
        match self {
            Self::Yes => Ok(()),
            Self::TakenBack(trouble) | Self::Left(trouble) => Err(trouble),
        }
    }
}
