//! `limen people remove`: every trace of a person goes, and what cannot go is named.

use serde_json::json;

use super::photographs::{Deleted, delete};
use super::revoke::{Revoked, bring_into_force, not_edited};
use super::{person_id, photo_names};
use crate::cli::audit::forget_in_records;
use crate::cli::context::Context;
use crate::cli::output::{note, say, say_json};
use crate::cli::trouble::{Answer, Trouble};
use crate::config::Settings;
use crate::files::read_trusted_text;
use crate::gallery::roster::MAX_FILE_BYTES;
use crate::gallery::{Roster, remove_person};
use crate::person::PersonId;

/// What went, and what did not.
#[derive(Default)]
struct Traces {
    /// None where the daemon dropped them, which does not count, or where they are left.
    templates: Option<usize>,
    records: u64,
    photographs: Vec<String>,
    left: Vec<String>,
}

pub fn remove(context: &Context, id: &str, with_photographs: bool) -> Result<Answer, Trouble> {
    let settings = context.settings()?;
    let id = person_id(id)?;
    let photos = photographs_of(context, &settings, &id);
    remove_person(&settings.gallery, &id).map_err(|error| not_edited(&id, error))?;
    let mut traces = Traces::default();
    let revoked = bring_into_force(context, &settings, &id)?;
    // A gallery that somebody names has neither templates nor records.
    if context.gallery().is_none() {
        match revoked {
            Revoked::Whole => {}
            Revoked::AtTheNextStart => drop_templates(&settings, &id, &mut traces),
            Revoked::Alone => traces.left.push(
                "the templates in the store, until the mistakes in the gallery file are mended".to_owned(),
            ),
        }
        traces.records = forget_in_records(context, &settings, &id)?;
    }
    if with_photographs {
        let folder = settings.gallery.parent().unwrap_or(std::path::Path::new("."));
        let Deleted { gone, left } = delete(folder, &photos);
        traces.photographs = gone;
        traces.left.extend(left);
    } else if !photos.is_empty() {
        let names = photos.join(", ");
        traces.left.push(format!("the photographs {names} (--photographs deletes them as well)"));
    }
    traces.left.extend(left_elsewhere(&settings, &id));
    tell(context, &id, &traces);
    Ok(Answer::Yes)
}

/// The photographs that the gallery file lists, whatever else is wrong in it.
fn photographs_of(context: &Context, settings: &Settings, id: &PersonId) -> Vec<String> {
    let text = read_trusted_text(&settings.gallery, MAX_FILE_BYTES, context.trust());
    let roster = text.map(|text| Roster::read(&text, &settings.gallery).0).unwrap_or_default();
    let entry = roster.people.iter().find(|entry| entry.id == *id);
    entry.map(photo_names).unwrap_or_default()
}

/// Takes the templates out of the store where no daemon does.
fn drop_templates(settings: &Settings, id: &PersonId, traces: &mut Traces) {
    match settings.vault().forget(id) {
        Ok(gone) => traces.templates = Some(gone),
        Err(error) => {
            note(&error.to_string());
            traces
                .left
                .push("the templates in the store, until the daemon next reads the gallery".to_owned());
        }
    }
}

fn left_elsewhere(settings: &Settings, id: &PersonId) -> Vec<String> {
    let mut pairs = settings.recognition.look_alikes.pairs();
    let named = pairs.any(|(one, other, _)| one == id || other == id);
    let pair = "a pair of [[recognition.look-alikes]] in the configuration; take it out by hand".to_owned();
    let beyond = "the id in the journal (journalctl -u limen); backups, exported records, photographs kept \
                  elsewhere and caches of `limen eval`, of which this program knows nothing";
    named.then_some(pair).into_iter().chain([beyond.to_owned()]).collect()
}

fn tell(context: &Context, id: &PersonId, traces: &Traces) {
    let Traces { templates, records, photographs, left } = traces;
    if context.json {
        return say_json(&json!({
            "removed": id, "templates": templates, "records": records, "photographs": photographs, "left": left,
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
