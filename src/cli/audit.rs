//! `limen audit show`: what happened?

use serde_json::{Value, json};

use super::context::Context;
use super::output::{FAINT, say, say_json, styled};
use super::trouble::{Answer, Trouble};
use crate::audit::{ClockQuality, Record, newest_records};

/// What to do with the records.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The newest records, oldest first; with --json the records as they stand in the file
    Show {
        /// How many
        #[arg(long, short = 'n', default_value_t = 50)]
        lines: usize,
    },
}

pub fn audit(context: &Context, command: &Command) -> Result<Answer, Trouble> {
    let Command::Show { lines } = command;
    let settings = context.settings()?;
    let records = newest_records(&settings.audit, *lines)?;
    for record in &records {
        if context.json { say_json(&json!(record)) } else { say(&to_line(record)) }
    }
    Ok(Answer::Yes)
}

fn to_line(record: &Record) -> String {
    let doubt = if record.clock == ClockQuality::Synchronised { "" } else { " (clock not set)" };
    let kind = record.fact["kind"].as_str().unwrap_or("?");
    let details: Vec<String> = match &record.fact {
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, value)| *key != "kind" && !value.is_null())
            .map(|(key, value)| format!("{key}={value}"))
            .collect(),
        _ => Vec::new(),
    };
    let time = styled(FAINT, &format!("{:.0}{doubt}", record.time), 0);
    format!("{:>6} {time} {kind} {}", record.seq, details.join(" "))
}
