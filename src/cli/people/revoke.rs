//! Whether what was taken out of the gallery file is out of force: the one thing that a revocation must not be silent
//! about.

use crate::cli::context::Context;
use crate::cli::output::note;
use crate::cli::trouble::Trouble;
use crate::config::Settings;
use crate::control::{Answer, Request, ask_either};
use crate::gallery::EditError;
use crate::person::PersonId;

/// What became of a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// No daemon runs; it reads the file when it starts.
    AtTheNextStart,
    /// The gallery file is in force.
    Whole,
    /// It is out of force, and everything else in the file waits until its mistakes are mended.
    Alone,
}

/// Brings a revocation into force in the running daemon, or says loudly that it is not.
pub fn bring_into_force(context: &Context, settings: &Settings, id: &PersonId) -> Result<Revoked, Trouble> {
    let socket = context.socket(settings);
    if !socket.exists() {
        note("no daemon is running; it will read the gallery when it starts");
        return Ok(Revoked::AtTheNextStart);
    }
    let answer = ask_either(&socket, Request::Reload)
        .map_err(|error| still_can_enter(id, &format!("{error}; then `limen reload`")))?;
    if answer.get("ok").and_then(serde_json::Value::as_bool) == Some(true) {
        return Ok(Revoked::Whole);
    }
    let why = answer.get("error").and_then(|why| why.as_str()).unwrap_or("the daemon said no");
    if !is_out_of_force(&answer) {
        return Err(still_can_enter(id, why));
    }
    note(&format!(
        "that is in force; everything else in the gallery file waits until its mistakes are mended:\n{why}"
    ));
    Ok(Revoked::Alone)
}

/// A daemon that could read the file at all has taken out of force what it takes away.
fn is_out_of_force(answer: &Answer) -> bool {
    let gallery = answer.get("gallery");
    gallery.and_then(|gallery| gallery["still_can_enter"].as_bool()) == Some(false)
}

/// The gallery file could not be edited: if that is because it is no TOML, the person stays where they are.
pub fn not_edited(id: &PersonId, error: EditError) -> Trouble {
    match error {
        EditError::Syntax(_) => still_can_enter(id, &format!("{}\nmend the gallery file first", error)),
        error => error.into(),
    }
}

fn still_can_enter(id: &PersonId, why: &str) -> Trouble {
    Trouble::Device(format!("{why}\n{id} STILL CAN ENTER"))
}
