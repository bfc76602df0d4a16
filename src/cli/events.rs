//! `limen events`: prints events as they happen, one per line, until the daemon ends or the reader closes the output.

use serde_json::Value;

use super::context::CommandContext;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{FAINT, is_lost, note, say, say_json, styled};
use crate::control::follow;

/// Show every event as it happens, until interrupted or the daemon ends. For operators and administrators.
///
/// With --json one object per event: time, event with its kind as in the records.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Do not print the note that only new events are shown
    #[arg(long, short)]
    follow: bool,
}

pub fn events(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    if !arguments.follow && !context.json {
        note("showing events as they come; what has happened is in `limen audit show`");
    }
    let mut refused = None;
    follow(&context.socket_whatever_the_configuration(), |line| {
        if let Some(why) = line.get("error").and_then(Value::as_str) {
            refused = Some(why.to_owned());
            return false;
        }
        match (context.json, line.get("event")) {
            (true, _) => say_json(&Value::from(line)),
            (false, Some(event)) => {
                say(&in_words(line.get("time").and_then(Value::as_str).unwrap_or(""), event))
            }
            (false, None) => {}
        }
        !is_lost()
    })?;
    match refused {
        Some(why) => Err(CommandError::Usage(why)),
        None => Ok(CommandOutcome::Yes),
    }
}

fn in_words(time: &str, event: &Value) -> String {
    let kind = event["kind"].as_str().unwrap_or("");
    let fields =
        event.as_object().into_iter().flatten().filter(|(key, value)| *key != "kind" && !value.is_null());
    let details: Vec<String> = fields
        .map(|(key, value)| match value {
            Value::String(text) => format!("{key}={text}"),
            other => format!("{key}={other}"),
        })
        .collect();
    let second = time.split('.').next().unwrap_or(time);
    format!("{} {kind:<16} {}", styled(FAINT, second, 19), details.join(" "))
}
