//! The record of a command. Each has one, unless the record of what it did names the caller already.

use super::commands::{Command, Verdict};
use super::event::Action;
use crate::event::{Caller, Fact};

/// A picture of the camera: its record is another one, [`Fact::Snapshot`].
const SNAPSHOT: Command = Command::Serve("snapshot");

/// The record that a command still needs besides those among the actions `done`.
pub(super) fn of(
    command: Command,
    caller: Caller,
    verdict: Option<Verdict>,
    done: &[Action],
) -> Option<Fact> {
    let refused = verdict.and_then(Result::err).map(|denial| denial.to_string());
    let unrecorded = refused.is_some() || !done.iter().any(names_a_caller);
    let name = command.name().to_owned();
    (unrecorded && command != SNAPSHOT).then_some(Fact::Command {
        command: name,
        caller,
        behind: None,
        refused,
    })
}

/// Whether a record says who commanded it.
fn names_a_caller(action: &Action) -> bool {
    match action {
        Action::Record(fact) | Action::RecordAndAnswer(_, fact) => matches!(
            fact,
            Fact::Locked { caller: Some(_), .. }
                | Fact::Granted { caller: Some(_), .. }
                | Fact::Mode { caller: Some(_), .. }
                | Fact::Alarm { caller: Some(_), .. }
        ),
        _ => false,
    }
}
