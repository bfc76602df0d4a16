//! `limen lock`: asks the daemon to lock, or drives the line itself if no daemon answers. The last daemon has written
//! the line into a file.
//!
//! It is `ExecStopPost=` of the unit: after a `kill -9` the relay stays as it was until this command locks it.

use limen_core::person::printable_path;
use serde_json::json;

use super::context::CommandContext;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{say, say_json};
use crate::control::{ControlError, Request, ask};
use crate::door::statefile::{STATE_NAME, lock_now};

pub fn lock(context: &CommandContext) -> Result<CommandOutcome, CommandError> {
    let socket = context.socket_whatever_the_configuration();
    let by = match ask(&socket, Request::Lock) {
        Ok(_) => "the daemon".to_owned(),
        Err(ControlError::Socket { .. }) => {
            let file = socket.with_file_name(STATE_NAME);
            if !file.exists() {
                let what = format!(
                    "no daemon answers, and {} names no line: limen has not run since the machine started",
                    printable_path(&file)
                );
                return Err(CommandError::Device(what));
            }
            lock_now(&file)?
        }
        Err(error) => return Err(error.into()),
    };
    if context.json {
        say_json(&json!({ "state": "locked", "by": by }));
    } else {
        say(&format!("locked by {by}"));
    }
    Ok(CommandOutcome::Yes)
}
