//! Brings a revocation into force: what was removed from the gallery file must no longer open the door. If it still
//! does, the user must be told.

use limen_core::person::PersonId;
use serde_json::Value;

use crate::cli::context::CommandContext;
use crate::cli::outcome::CommandError;
use crate::cli::output::note;
use crate::config::Settings;
use crate::control::{Answer, Request, ask_either};
use crate::gallery::EditError;

/// How far a revocation is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// No daemon runs; it reads the file when it starts.
    AtTheNextStart,
    /// The daemon has read the whole gallery file.
    Whole,
    /// Only the revocation is in force. All other changes in the file wait until its mistakes are corrected.
    Alone,
}

/// A revocation in the gallery file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// How far it is in force.
    pub how: Revoked,
    /// Whether the person was in force in the daemon before.
    pub was_in_force: bool,
}

/// Brings a revocation into force in the running daemon.
///
/// # Errors
/// It is not in force; the message says that the person still can enter.
pub fn bring_into_force(
    context: &CommandContext,
    settings: &Settings,
    id: &PersonId,
) -> Result<Revocation, CommandError> {
    ask_for_it(context, settings, id).map_err(|why| still_can_enter(id, &why))
}

/// [`bring_into_force`] with a plain reason as the error.
///
/// # Errors
/// The reason why the revocation is not in force.
pub fn ask_for_it(
    context: &CommandContext,
    settings: &Settings,
    id: &PersonId,
) -> Result<Revocation, String> {
    let socket = context.socket(settings);
    let answer = match socket.exists().then(|| ask_either(&socket, Request::Reload)) {
        Some(Ok(answer)) => answer,
        Some(Err(error)) if !error.nobody_listens() => {
            return Err(format!("{error}; then `limen reload`"));
        }
        Some(Err(_)) | None => {
            note("no daemon is running; it will read the gallery when it starts");
            return Ok(Revocation { how: Revoked::AtTheNextStart, was_in_force: false });
        }
    };
    if answer.get("ok").and_then(Value::as_bool) == Some(true) {
        let was_in_force = names(answer.get("removed"), id);
        return Ok(Revocation { how: Revoked::Whole, was_in_force });
    }
    let why = answer.get("error").and_then(|why| why.as_str()).unwrap_or("the daemon said no");
    if !is_out_of_force(&answer) {
        return Err(why.to_owned());
    }
    note(&format!(
        "that is in force; everything else in the gallery file waits until its mistakes are mended:\n{why}"
    ));
    let was_in_force = names(answer.get("gallery").map(|gallery| &gallery["taken"]["out"]), id);
    Ok(Revocation { how: Revoked::Alone, was_in_force })
}

fn names(people: Option<&Value>, id: &PersonId) -> bool {
    let people = people.and_then(Value::as_array);
    people.is_some_and(|people| people.iter().any(|person| person == id.as_str()))
}

/// Whether the daemon's answer says that the person can no longer enter.
fn is_out_of_force(answer: &Answer) -> bool {
    let gallery = answer.get("gallery");
    gallery.and_then(|gallery| gallery["still_can_enter"].as_bool()) == Some(false)
}

/// The configuration, for a revocation.
///
/// # Errors
/// The configuration cannot be read or has mistakes; the message says that the person still can enter.
pub fn settings_to_revoke_by(context: &CommandContext, id: &PersonId) -> Result<Settings, CommandError> {
    context.settings_of_gallery().map_err(|why| still_can_enter(id, &why.to_string()))
}

/// The trouble if the gallery file could not be edited. The person still can enter, unless the file does not name the
/// person.
pub fn not_edited(
    context: &CommandContext,
    settings: &Settings,
    id: &PersonId,
    error: EditError,
) -> CommandError {
    if let EditError::Syntax(_) | EditError::File(_) = error {
        // The daemon also reads the file, so that status and alarms report it until it is corrected.
        if let Err(why) = ask_for_it(context, settings, id) {
            return still_can_enter(id, &why);
        }
    }
    match error {
        EditError::Unknown(_) => error.into(),
        EditError::Syntax(_) => still_can_enter(id, &format!("{error}\nmend the gallery file first")),
        error => still_can_enter(id, &error.to_string()),
    }
}

fn still_can_enter(id: &PersonId, why: &str) -> CommandError {
    CommandError::Device(format!("{why}\n{id} STILL CAN ENTER"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_keeps_the_file_from_being_edited_leaves_the_person_in() {
        let ada = PersonId::new("ada").expect("an id");
        let (context, settings) = (CommandContext::new(None, None, false), Settings::defaults());
        let told = |error| not_edited(&context, &settings, &ada, error);
        for error in
            [EditError::Layout("people"), EditError::Overtaken, EditError::Refused("full".to_owned())]
        {
            let error = told(error);
            assert!(error.to_string().ends_with("ada STILL CAN ENTER"), "{error}");
            assert_eq!(error.exit_code(), 3);
        }
        let unknown = told(EditError::Unknown(ada.clone()));
        assert!(unknown.exit_code() == 2 && !unknown.to_string().contains("STILL"), "{unknown}");
    }
}
