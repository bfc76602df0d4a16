//! `limen people`: who is enrolled?

use serde_json::{Value, json};

use super::audit::forget_in_records;
use super::context::Context;
use super::output::{NOTE, STRONG, say, say_json, styled};
use super::trouble::{Answer, Trouble};
use crate::credential::SecondFactor;
use crate::files::Trust;
use crate::gallery::roster::Entry;
use crate::gallery::{Means, Roster, remove_person};
use crate::person::{GroupId, PersonId};

/// What to do with the people of the gallery file.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// One line a person; with --json one object a person: id, name, photos, embeddings, suspended,
    /// valid_from, valid_until, groups, pin, duress_pin, card (has one), second_factor, second_factor_schedules
    List,
    /// Everything about one person
    Show {
        /// Whose
        id: String,
    },
    /// Take a person out of the gallery file and out of the records; a running grant is revoked, the
    /// photographs stay
    Remove {
        /// Whose
        id: String,
    },
}

pub fn people(context: &Context, command: Command) -> Result<Answer, Trouble> {
    let settings = context.settings()?;
    let roster = || Roster::load(&settings.gallery, context.trust());
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
                return Err(Trouble::Usage(format!("\"{id}\" is not enrolled; `limen people` lists who is")));
            };
            if context.json { say_json(&to_json(entry)) } else { show(entry) }
        }
        Command::Remove { id } => {
            let id = person_id(&id)?;
            remove_person(&settings.gallery, &id)?;
            context.ask_for_reload(&settings)?;
            // A gallery that somebody names has no records.
            let records = match context.trust() {
                Trust::Anyone => 0,
                _ => forget_in_records(context, &settings, &id)?,
            };
            if context.json {
                say_json(&json!({ "removed": id, "records": records }));
            } else {
                say(&format!(
                    "{id} is no longer enrolled; the photographs are still in the gallery's folder"
                ));
            }
        }
    }
    Ok(Answer::Yes)
}

/// An id from the command line.
pub fn person_id(text: &str) -> Result<PersonId, Trouble> {
    let shown = crate::person::printable(text, 80);
    PersonId::new(text).map_err(|why| Trouble::Usage(format!("the id \"{shown}\" {why}")))
}

fn to_json(entry: &Entry) -> Value {
    json!({
        "id": entry.id,
        "name": entry.name.as_str(),
        "photos": entry.photos.iter().map(|photo| photo.path.display().to_string()).collect::<Vec<_>>(),
        "embeddings": entry.embeddings.len(),
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

fn to_line(entry: &Entry) -> String {
    let count = entry.photos.len() + entry.embeddings.len();
    let plural = if count == 1 { "" } else { "s" };
    format!("{:<24} {} ({count} template{plural}){}", entry.id, entry.name, limits(entry))
}

fn show(entry: &Entry) {
    say(&format!("{} {}{}", styled(STRONG, entry.id.as_str(), 0), entry.name, limits(entry)));
    for photo in &entry.photos {
        say(&format!("  photograph {}", super::context::shown(&photo.path)));
    }
    if !entry.embeddings.is_empty() {
        say(&format!("  {} embeddings in the file", entry.embeddings.len()));
    }
    show_means(&entry.standing.means);
}

/// What the person has and needs besides a face; what it is, nobody is told.
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

fn limits(entry: &Entry) -> String {
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
