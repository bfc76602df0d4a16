//! `limen audit forget`: the daemon removes a person from the records, or this program if no daemon runs.

use limen_audit::forget_alone;
use limen_core::person::PersonId;
use serde_json::{Value, json};

use super::super::context::CommandContext;
use super::super::id::person_id;
use super::super::outcome::{CommandError, CommandOutcome};
use super::super::output::{note, say, say_json};
use crate::clocks;
use crate::config::Settings;
use crate::control::{Request, ask};

pub fn forget(context: &CommandContext, id: &str) -> Result<CommandOutcome, CommandError> {
    let id = person_id(id)?;
    let records = forget_in_records(context, &context.settings()?, &id)?;
    if context.json {
        say_json(&json!({ "forgotten": id.as_str(), "records": records }));
    } else {
        say(&format!("{id} was removed from {records} records; the journal may still name {id}"));
    }
    Ok(CommandOutcome::Yes)
}

/// Removes a person from the records. Returns how many records named the person.
///
/// # Errors
/// The daemon refuses, or the records cannot be read or written.
pub fn forget_in_records(
    context: &CommandContext,
    settings: &Settings,
    id: &PersonId,
) -> Result<u64, CommandError> {
    let socket = context.socket(settings);
    let asked = socket.exists().then(|| ask(&socket, Request::Forget { id: id.as_str().to_owned() }));
    let (records, old) = match asked {
        Some(Ok(answer)) => {
            let answer = Value::from(answer);
            (answer["records"].as_u64().unwrap_or(0), answer["old"].as_u64().unwrap_or(0))
        }
        Some(Err(error)) if !error.nobody_listens() => return Err(error.into()),
        Some(Err(_)) | None if settings.audit.folder.exists() => {
            let forgotten = forget_alone(&settings.audit, clocks::now, id)?;
            (forgotten.records as u64, forgotten.old as u64)
        }
        Some(Err(_)) | None => (0, 0),
    };
    if old > 0 {
        note(&format!(
            "{old} records of format 1 name {id} and cannot be changed; they are deleted with their file"
        ));
    }
    Ok(records)
}
