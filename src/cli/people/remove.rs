//! `limen people remove`: removes every trace of a person, and names what it cannot remove.

use limen_core::person::PersonId;
use limen_files::read_trusted_text;
use serde_json::json;

use super::photographs::{Deleted, delete, photo_names};
use super::revoke::{Revoked, bring_into_force, not_edited, settings_to_revoke_by};
use crate::cli::audit::forget_in_records;
use crate::cli::context::CommandContext;
use crate::cli::id::person_id;
use crate::cli::outcome::{CommandError, CommandOutcome};
use crate::cli::output::{note, say, say_json};
use crate::config::Settings;
use crate::gallery::roster::MAX_FILE_BYTES;
use crate::gallery::{EditError, Roster, remove_person};

/// What was removed, and what was not.
#[derive(Default)]
struct Traces {
    /// How many templates were removed; `None` if the daemon removed them, or if they are left.
    templates: Option<usize>,
    records: u64,
    photographs: Vec<String>,
    left: Vec<String>,
    /// Failures after which the command can be repeated.
    failed: Vec<String>,
}

impl Traces {
    fn is_nothing(&self) -> bool {
        self.templates.unwrap_or(0) == 0 && self.records == 0 && self.failed.is_empty()
    }
}

/// Removes a person. It can be repeated after a failure: a person who is no longer in the file may still be in force,
/// in the store and in the records.
pub fn remove(
    context: &CommandContext,
    id: &str,
    with_photographs: bool,
) -> Result<CommandOutcome, CommandError> {
    let id = person_id(id)?;
    let settings = settings_to_revoke_by(context, &id)?;
    let photos = photographs_of(context, &settings, &id);
    let unlisted = match remove_person(&settings.gallery, &id) {
        Ok(_) => None,
        // A gallery that is named with --gallery has no templates and no records.
        Err(error @ EditError::Unknown(_)) if context.gallery().is_none() => Some(error),
        Err(error) => return Err(not_edited(context, &settings, &id, error)),
    };
    let revocation = bring_into_force(context, &settings, &id)?;
    let mut traces = Traces::default();
    if context.gallery().is_none() {
        take_out_of_the_state(context, &settings, &id, revocation.how, &mut traces);
    }
    match unlisted {
        Some(error) if !revocation.was_in_force && traces.is_nothing() => return Err(error.into()),
        Some(_) => traces.left.push(format!(
            "the photographs of the entry, if they are still there: it was removed before; look for {id}-*.jpg"
        )),
        None => take_photographs(&settings, photos, with_photographs, &mut traces),
    }
    traces.left.extend(left_elsewhere(&settings, &id));
    tell(context, &id, &traces);
    traces.failed.iter().for_each(|what| note(&format!("{what}\ncorrect that and run this command again")));
    Ok(if traces.failed.is_empty() { CommandOutcome::Yes } else { CommandOutcome::Incomplete })
}

/// Removes a person from the store and the records. A failure does not stop the other removals.
fn take_out_of_the_state(
    context: &CommandContext,
    settings: &Settings,
    id: &PersonId,
    revoked: Revoked,
    traces: &mut Traces,
) {
    match revoked {
        Revoked::Whole => {}
        Revoked::AtTheNextStart => drop_templates(settings, id, traces),
        Revoked::Alone => traces
            .left
            .push("the templates in the store, until the mistakes in the gallery file are mended".to_owned()),
    }
    match forget_in_records(context, settings, id) {
        Ok(records) => traces.records = records,
        Err(error) => {
            traces.left.push("the id in the records".to_owned());
            traces.failed.push(error.to_string());
        }
    }
}

fn take_photographs(settings: &Settings, photos: Vec<String>, delete_them: bool, traces: &mut Traces) {
    if delete_them {
        let folder = settings.gallery.parent().unwrap_or(std::path::Path::new("."));
        let Deleted { gone, left } = delete(folder, &photos);
        traces.photographs = gone;
        traces.left.extend(left);
    } else if !photos.is_empty() {
        let names = photos.join(", ");
        traces.left.push(format!("the photographs {names} (--photographs deletes them as well)"));
    }
}

/// The photographs that the gallery file lists for a person, even if the file has mistakes.
fn photographs_of(context: &CommandContext, settings: &Settings, id: &PersonId) -> Vec<String> {
    let text = read_trusted_text(&settings.gallery, MAX_FILE_BYTES, context.trust());
    let roster = text.map(|text| Roster::read(&text, &settings.gallery).0).unwrap_or_default();
    let entry = roster.people.iter().find(|entry| entry.id == *id);
    entry.map(photo_names).unwrap_or_default()
}

/// Removes the templates from the store if no daemon does it.
fn drop_templates(settings: &Settings, id: &PersonId, traces: &mut Traces) {
    match settings.store_file().forget(id) {
        Ok(gone) => traces.templates = Some(gone),
        Err(error) => {
            let left = "the templates in the store, until the daemon next reads the gallery";
            traces.left.push(left.to_owned());
            traces.failed.push(error.to_string());
        }
    }
}

fn left_elsewhere(settings: &Settings, id: &PersonId) -> Vec<String> {
    let mut pairs = settings.recognition.look_alikes.pairs();
    let named = pairs.any(|(one, other, _)| one == id || other == id);
    let pair = "a pair of [[recognition.look-alikes]] in the configuration; remove it by hand".to_owned();
    let beyond = "the id in the journal (journalctl -u limen); backups, exported records, photographs kept \
                  elsewhere and caches of `limen eval`, of which this program knows nothing";
    named.then_some(pair).into_iter().chain([beyond.to_owned()]).collect()
}

fn tell(context: &CommandContext, id: &PersonId, traces: &Traces) {
    let Traces { templates, records, photographs, left, .. } = traces;
    if context.json {
        return say_json(&json!({
            "removed": id.as_str(), "templates": templates, "records": records, "photographs": photographs, "left": left,
        }));
    }
    say(&format!("{id} is no longer enrolled"));
    let stay = left.iter().any(|what| what.starts_with("the templates"));
    let templates = match templates {
        Some(count) => format!("{count} templates"),
        None if stay => "no templates yet".to_owned(),
        None => "all templates".to_owned(),
    };
    say(&format!("  removed: the entry in the gallery file, {templates}, the id in {records} records"));
    photographs.iter().for_each(|name| say(&format!("  removed: the photograph {name}")));
    left.iter().for_each(|what| say(&format!("  left: {what}")));
}
