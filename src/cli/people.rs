//! `limen people`: lists, shows and removes enrolled people.

pub mod discard;
mod one_photograph;
pub mod photographs;
mod remove;
pub mod revoke;

use std::path::PathBuf;

use limen_core::credential::SecondFactor;
use limen_core::people::Means;
use limen_core::person::{GroupId, printable_path};
use serde_json::{Value, json};

use super::context::CommandContext;
use super::id::person_id;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{NOTE, STRONG, say, say_json, styled};
use crate::gallery::Roster;
use crate::gallery::roster::RosterEntry;

/// The subcommands of `limen people`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List all people; with --json one object per person: id, name, photos, embeddings, suspended,
    /// valid_from, valid_until, groups, pin, duress_pin, card (has one), second_factor, second_factor_schedules
    List,
    /// Show everything about one person
    Show {
        /// The person's id, as `limen people` lists it
        id: String,
    },
    /// Remove a person from the gallery file, the template store and the records; a running grant is revoked.
    /// Prints what is left; with --json one object: removed, templates, records, photographs, left
    Remove {
        /// The person's id, as `limen people` lists it
        id: String,
        /// Delete the photographs as well
        #[arg(long)]
        photographs: bool,
    },
    /// Remove one photograph of a person, for example if it shows somebody else, and its template. With --json
    /// one object: id, removed, deleted, left
    RemovePhotograph {
        /// The person's id, as `limen people` lists it
        id: String,
        /// The photograph, as `limen people show ID` names it
        photo: PathBuf,
        /// Delete the file as well
        #[arg(long)]
        delete: bool,
    },
    /// Delete a person's photographs and keep the templates, so that a thief of the card has no pictures. Another
    /// model will need new photographs. With --json one object: id, discarded, left
    DiscardPhotographs {
        /// The person's id, as `limen people` lists it
        id: String,
    },
}

pub fn people(context: &CommandContext, command: Command) -> Result<CommandOutcome, CommandError> {
    let roster = || -> Result<Roster, CommandError> {
        Ok(Roster::load(&context.settings_of_gallery()?.gallery, context.trust())?)
    };
    match command {
        Command::List => {
            let roster = roster()?;
            for entry in &roster.people {
                if context.json { say_json(&to_json(entry)) } else { say(&to_line(entry)) }
            }
            if roster.people.is_empty() && !context.json {
                say("nobody is enrolled");
            }
        }
        Command::Show { id } => {
            let id = person_id(&id)?;
            let roster = roster()?;
            let Some(entry) = roster.people.iter().find(|entry| entry.id == id) else {
                return Err(CommandError::Usage(format!(
                    "\"{id}\" is not enrolled; `limen people` lists who is"
                )));
            };
            if context.json { say_json(&to_json(entry)) } else { show(entry) }
        }
        Command::Remove { id, photographs } => return remove::remove(context, &id, photographs),
        Command::RemovePhotograph { id, photo, delete } => {
            return one_photograph::remove_photograph(context, &id, &photo, delete);
        }
        Command::DiscardPhotographs { id } => return discard::discard(context, &id),
    }
    Ok(CommandOutcome::Yes)
}

fn to_json(entry: &RosterEntry) -> Value {
    json!({
        "id": entry.id.as_str(),
        "name": entry.name.as_str(),
        "photos": entry.photos.iter().map(|photo| photo.path.display().to_string()).collect::<Vec<_>>(),
        "embeddings": entry.embeddings.len(),
        "stored": entry.stored,
        "suspended": entry.standing.suspended,
        "valid_from": entry.standing.valid_from.map(|day| day.to_string()),
        "valid_until": entry.standing.valid_until.map(|day| day.to_string()),
        "pin": entry.standing.means.pin.is_some(),
        "duress_pin": entry.standing.means.duress.is_some(),
        "card": entry.standing.means.card.is_some(),
        "second_factor": entry.standing.means.rule.map(SecondFactor::name),
        "second_factor_schedules": entry.standing.means.schedules,
        "groups": entry.standing.groups.iter().map(GroupId::as_str).collect::<Vec<_>>(),
    })
}

fn to_line(entry: &RosterEntry) -> String {
    let count = entry.photos.len() + entry.embeddings.len();
    let plural = if count == 1 { "" } else { "s" };
    let stored = if entry.stored { ", more in the store" } else { "" };
    format!("{:<24} {} ({count} template{plural}{stored}){}", entry.id, entry.name, limits(entry))
}

fn show(entry: &RosterEntry) {
    say(&format!("{} {}{}", styled(STRONG, entry.id.as_str(), 0), entry.name, limits(entry)));
    for photo in &entry.photos {
        say(&format!("  photograph {}", printable_path(&photo.path)));
    }
    if entry.stored {
        say("  templates of discarded photographs in the store");
    }
    if !entry.embeddings.is_empty() {
        say(&format!("  {} embeddings in the file", entry.embeddings.len()));
    }
    show_means(&entry.standing.means);
}

/// Prints whether the person has a PIN or a card and needs one, but never the value.
fn show_means(means: &Means) {
    let has = [
        (means.pin.is_some(), "a PIN"),
        (means.duress.is_some(), "a duress PIN"),
        (means.card.is_some(), "a card"),
    ];
    for what in has.into_iter().filter_map(|(has, what)| has.then_some(what)) {
        say(&format!("  has {what}"));
    }
    if let Some(rule) = means.rule {
        let when = match means.schedules.as_slice() {
            [] => String::new(),
            names => format!(" while {} is open", names.join(" or ")),
        };
        say(&format!("  needs {rule} besides the face{when}"));
    }
}

fn limits(entry: &RosterEntry) -> String {
    let standing = &entry.standing;
    let mut limits = String::new();
    if standing.suspended {
        limits.push_str(&format!(", {}", styled(NOTE, "suspended", 0)));
    }
    if let Some(day) = standing.valid_from {
        limits.push_str(&format!(", from {day}"));
    }
    if let Some(day) = standing.valid_until {
        limits.push_str(&format!(", until {day}"));
    }
    if !standing.groups.is_empty() {
        let groups: Vec<&str> = standing.groups.iter().map(GroupId::as_str).collect();
        limits.push_str(&format!(", in {}", groups.join(", ")));
    }
    limits
}
