//! `limen audit`: shows the records, verifies them, and removes a person from them.

mod csv;
mod forget;
mod show;
mod verify;

use super::context::CommandContext;
use super::outcome::{CommandError, CommandOutcome};

pub use forget::forget_in_records;

/// The subcommands of `limen audit`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print records, oldest first
    Show(show::Arguments),
    /// Find every changed, removed or reordered record; exit code 1 if there is one
    Verify(verify::Arguments),
    /// Remove a person from the records; they can still be verified
    Forget {
        /// The person's id, as `limen people` lists it
        id: String,
    },
}

pub fn audit(context: &CommandContext, command: &Command) -> Result<CommandOutcome, CommandError> {
    match command {
        Command::Show(arguments) => show::show(context, arguments),
        Command::Verify(arguments) => verify::verify(context, arguments),
        Command::Forget { id } => forget::forget(context, id),
    }
}
