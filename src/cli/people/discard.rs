//! `limen people discard-photographs`: deletes photographs whose templates are in the store. A photograph beside the
//! encrypted store would make the encryption useless.

use limen_core::people::PhotoDigest;
use limen_core::person::PersonId;
use limen_files::{Trust, read_trusted};
use serde_json::json;

use super::photographs::{Deleted, delete, photo_names};
use crate::cli::context::CommandContext;
use crate::cli::id::person_id;
use crate::cli::outcome::{CommandError, CommandOutcome};
use crate::cli::output::{note, say, say_json};
use crate::config::Settings;
use crate::control::{Request, ask};
use crate::gallery::assembly::MAX_PHOTO_BYTES;
use crate::gallery::roster::RosterEntry;
use crate::gallery::{EditError, Roster, discard_photos, restore_photos};

pub fn discard(context: &CommandContext, id: &str) -> Result<CommandOutcome, CommandError> {
    refuse_without_store(context)?;
    let settings = context.settings_of_gallery()?;
    let id = person_id(id)?;
    let deleted = discard_photographs(context, &settings, &id)?;
    tell(context, &id, &deleted);
    Ok(CommandOutcome::Yes)
}

/// Refuses `--gallery`: a gallery named there has no store for the templates.
///
/// # Errors
/// A gallery is named.
pub fn refuse_without_store(context: &CommandContext) -> Result<(), CommandError> {
    match context.gallery() {
        None => Ok(()),
        Some(_) => Err(CommandError::Usage(
            "with --gallery there is no store to keep templates in; leave it out, or keep the photographs"
                .to_owned(),
        )),
    }
}

/// Deletes a person's photographs after their templates are in the store and the gallery file no longer lists them.
///
/// # Errors
/// The person or the photographs do not exist, a template is not in the store, or the daemon refuses.
pub fn discard_photographs(
    context: &CommandContext,
    settings: &Settings,
    id: &PersonId,
) -> Result<Deleted, CommandError> {
    let roster = Roster::load(&settings.gallery, context.trust())?;
    let entry = roster.people.iter().find(|entry| entry.id == *id);
    let entry = entry.ok_or_else(|| EditError::Unknown(id.clone()))?;
    let photos = photo_names(entry);
    if photos.is_empty() {
        return Err(CommandError::Usage(format!("{id} has no photographs in the gallery file")));
    }
    let daemon = context.socket(settings).exists();
    if daemon {
        stored_by_the_daemon(context, settings)?
    } else {
        stored(context, settings, &roster, entry)?
    }
    discard_photos(&settings.gallery, id, &photos)?;
    if daemon && let Err(error) = stored_by_the_daemon(context, settings) {
        restore_photos(&settings.gallery, id, &photos, entry.stored)?;
        return Err(error);
    }
    Ok(delete(roster.folder(), &photos))
}

/// Lets the daemon reload, which puts every template into the store.
fn stored_by_the_daemon(context: &CommandContext, settings: &Settings) -> Result<(), CommandError> {
    let answer = ask(&context.socket(settings), Request::Reload)?;
    let list = |key: &str| answer.get(key).and_then(|list| list.as_array()).cloned().unwrap_or_default();
    if answer.get("store").is_none_or(serde_json::Value::is_null) {
        let why: Vec<String> = list("store_trouble").iter().map(|text| text.to_string()).collect();
        let what = format!("the templates are not in the store, so the photographs stay: {}", why.join("; "));
        return Err(CommandError::Device(what));
    }
    if list("needs_restart").iter().any(|section| section == "[model]") {
        let what = "another model is configured than is in force, and it needs the photographs for its templates; \
                    restart the daemon first (systemctl restart limen)";
        return Err(CommandError::Usage(what.to_owned()));
    }
    Ok(())
}

/// Checks, if no daemon runs, that the store has the templates already.
fn stored(
    context: &CommandContext,
    settings: &Settings,
    roster: &Roster,
    entry: &RosterEntry,
) -> Result<(), CommandError> {
    let model = context.models(settings)?.digest();
    let opened = settings.store_file().open(model, Trust::in_the_service())?;
    for photo in &entry.photos {
        let bytes = read_trusted(&roster.folder().join(&photo.path), MAX_PHOTO_BYTES, context.trust())?;
        let digest = PhotoDigest::of(&bytes);
        if opened.as_ref().is_none_or(|opened| opened.store.find(&entry.id, &digest).is_none()) {
            let what = format!(
                "the template of {} is not in the store yet; start the daemon, which makes it",
                photo.path.display()
            );
            return Err(CommandError::Usage(what));
        }
    }
    Ok(())
}

fn tell(context: &CommandContext, id: &PersonId, deleted: &Deleted) {
    if context.json {
        return say_json(&json!({ "id": id.as_str(), "discarded": deleted.gone, "left": deleted.left }));
    }
    say(&format!("{id} stays enrolled; deleted: {}", deleted.gone.join(", ")));
    say_what_is_left(deleted);
}

/// Prints what the deletion does not reach, and that another model needs new photographs.
pub fn say_what_is_left(deleted: &Deleted) {
    deleted.left.iter().for_each(|what| note(&format!("left: {what}")));
    note(
        "left: copies elsewhere, such as backups and the files that were enrolled from; another model will need new photographs",
    );
}
