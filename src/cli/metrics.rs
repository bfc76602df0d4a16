//! `limen metrics`: prints what the daemon counts as text for Prometheus, or writes it to a file for node_exporter.

use std::path::{Path, PathBuf};

use limen_files::write_atomically;
use limen_metrics::{SilentAlarms, down, text};
use serde_json::{Value, json};

use super::context::CommandContext;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{say, say_json};
use crate::control::{Request, ask};

/// Everybody may read it: it names nobody.
const MODE: u32 = 0o644;

/// Print what the daemon counts as text for Prometheus. Nobody is named in it.
///
/// If no daemon answers, the text is "limen_up 0" alone, and the exit code is 3.
///
/// With --json one object: text, or textfile.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Replace this file instead of printing; node_exporter reads it if its name ends in .prom
    #[arg(long, value_name = "PATH", value_parser = textfile)]
    textfile: Option<PathBuf>,
    /// Also tell the silent alarm (duress), which whoever reads the metrics could then see
    #[arg(long)]
    tell_duress: bool,
}

pub fn metrics(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    let silent = if arguments.tell_duress { SilentAlarms::Told } else { SilentAlarms::Hidden };
    let answer = ask(&context.socket_whatever_the_configuration(), Request::Status);
    let said = answer.as_ref().map_or_else(|_| down(), |status| text(&Value::from(status.clone()), silent));
    match &arguments.textfile {
        Some(path) => {
            write_atomically(path, said.as_bytes(), MODE)?;
            if answer.is_ok() && context.json {
                say_json(&json!({ "textfile": path }));
            }
        }
        None if !context.json => say(said.trim_end()),
        None if answer.is_ok() => say_json(&json!({ "text": said })),
        None => {}
    }
    // The error says why the daemon did not answer.
    answer?;
    Ok(CommandOutcome::Yes)
}

/// The path of a file that node_exporter reads.
fn textfile(path: &str) -> Result<PathBuf, String> {
    let named = Path::new(path).extension().is_some_and(|ending| ending == "prom");
    if named {
        Ok(PathBuf::from(path))
    } else {
        Err("node_exporter reads only names that end in .prom".to_owned())
    }
}
