//! `limen mode`: prints or sets the mode of the door.

use limen_core::event::Mode;
use serde_json::json;

use super::context::CommandContext;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{say, say_json};
use crate::control::{Request, ask};

/// Show the mode in force, or set another one. For operators and administrators.
///
/// With --json one object: mode.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The mode; "schedule" leaves it to the schedules again. Left out: show the mode in force
    #[arg(value_parser = ["normal", "office-open", "lock-down", "schedule"])]
    mode: Option<String>,
}

pub fn mode(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    let socket = context.socket_whatever_the_configuration();
    let wanted = arguments.mode.as_deref();
    let answer = match wanted {
        None => ask(&socket, Request::Status)?,
        // "schedule" is the absence of a commanded mode, so that the schedules decide.
        Some(name) => ask(&socket, Request::Mode { mode: Mode::named(name) })?,
    };
    let mode = answer.get("mode").and_then(|mode| mode.as_str()).unwrap_or("unknown");
    if context.json {
        say_json(&json!({ "mode": mode }));
    } else {
        let by = if wanted == Some("schedule") { ", by the schedules" } else { "" };
        say(&format!("mode {mode}{by}"));
    }
    Ok(CommandOutcome::Yes)
}
