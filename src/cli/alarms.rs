//! `limen alarms`: lists and acknowledges alarms. The exit code is 1 while an alarm is listed.

use limen_core::event::AlarmKind;
use serde_json::Value;

use super::context::CommandContext;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{BAD, GOOD, NOTE, say, say_json, styled};
use crate::control::{Request, ask};

/// The subcommands of `limen alarms`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the alarms that are not cleared; exit code 1 if there is one. With --json one object per alarm: alarm,
    /// holds, acknowledged, times, for_s
    List,
    /// Mark one alarm or all alarms as seen; an alarm is cleared when its cause is over. For operators and
    /// administrators
    Acknowledge {
        /// The name of the alarm, as listed; left out: all alarms
        #[arg(value_parser = named)]
        alarm: Option<AlarmKind>,
    },
}

pub fn alarms(context: &CommandContext, command: &Command) -> Result<CommandOutcome, CommandError> {
    let request = match command {
        Command::List => Request::Alarms,
        Command::Acknowledge { alarm } => Request::Acknowledge { alarm: *alarm },
    };
    let answer = ask(&context.socket_whatever_the_configuration(), request)?;
    let alarms = answer.get("alarms").and_then(Value::as_array).cloned().unwrap_or_default();
    for alarm in &alarms {
        if context.json {
            say_json(alarm);
        } else {
            say(&in_words(alarm));
        }
    }
    if alarms.is_empty() && !context.json {
        say(&styled(GOOD, "no alarms", 0));
    }
    Ok(CommandOutcome::of(alarms.is_empty()))
}

fn in_words(alarm: &Value) -> String {
    let name = alarm["alarm"].as_str().unwrap_or("unknown");
    let (style, state) = match (alarm["holds"] == true, alarm["acknowledged"] == true) {
        (true, false) => (BAD, "now"),
        (true, true) => (NOTE, "now, seen"),
        (false, _) => (NOTE, "over, not seen"),
    };
    let times = alarm["times"].as_u64().unwrap_or(1);
    let often = if times > 1 { format!(", {times} times") } else { String::new() };
    format!(
        "{} {state}, raised {} ago{often}",
        styled(style, name, 16),
        ago(alarm["for_s"].as_u64().unwrap_or(0))
    )
}

fn ago(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

fn named(name: &str) -> Result<AlarmKind, String> {
    let names = AlarmKind::ALL.map(AlarmKind::name).join(", ");
    AlarmKind::named(name).ok_or_else(|| format!("use one of: {names}"))
}
