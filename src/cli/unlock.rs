//! `limen unlock`: asks the daemon to unlock the door; it records who asked.

use serde_json::json;

use super::context::CommandContext;
use super::number::whole;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{say, say_json};
use crate::control::{Request, ask};

/// Unlock the door for a while. The daemon does this and records who asked. For operators and administrators.
/// Prints "unlocked" when the door is unlocked. If it is already unlocked for longer, that stays.
///
/// With --json one object: state, seconds.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Seconds to stay unlocked
    #[arg(long, default_value_t = 5, value_parser = whole(1..=30_u64))]
    seconds: u64,
}

pub fn unlock(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    let seconds = arguments.seconds;
    ask(&context.socket_whatever_the_configuration(), Request::Unlock { seconds })?;
    if context.json {
        say_json(&json!({ "state": "unlocked", "seconds": seconds }));
    } else {
        say(&format!("unlocked for {seconds} s"));
    }
    Ok(CommandOutcome::Yes)
}
