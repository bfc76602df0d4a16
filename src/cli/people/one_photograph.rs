//! `limen people remove-photograph`: removes one photograph of a person, and its template.

use std::path::Path;

use serde_json::json;

use super::photographs::{Deleted, delete};
use super::revoke::{Revoked, ask_for_it};
use crate::cli::context::CommandContext;
use crate::cli::id::person_id;
use crate::cli::outcome::{CommandError, CommandOutcome};
use crate::cli::output::{note, say, say_json};
use crate::gallery::remove_photo;

pub fn remove_photograph(
    context: &CommandContext,
    id: &str,
    photo: &Path,
    file_too: bool,
) -> Result<CommandOutcome, CommandError> {
    let settings = context.settings_of_gallery()?;
    let id = person_id(id)?;
    let folder =
        settings.gallery.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = name_in(folder, photo);
    remove_photo(&settings.gallery, &id, &name)?;
    // After a failure the photograph stays removed, because it may show somebody else.
    let revocation = ask_for_it(context, &settings, &id).map_err(|why| {
        let what = format!(
            "{name} is out of the gallery file, but NOT out of force: whoever is on it still opens the door as {id}\n{why}"
        );
        CommandError::Device(what)
    })?;
    if revocation.how == Revoked::Alone {
        note(&format!("{id} is held back until the mistakes are mended"));
    }
    let Deleted { gone, left } =
        if file_too { delete(folder, std::slice::from_ref(&name)) } else { Deleted::default() };
    let left =
        if file_too { left } else { vec![format!("the photograph {name} (--delete deletes it as well)")] };
    if context.json {
        say_json(&json!({ "id": id.as_str(), "removed": name, "deleted": gone, "left": left }));
    } else {
        say(&format!("{name} is no longer a photograph of {id}"));
        gone.iter().for_each(|name| say(&format!("  deleted: {name}")));
        left.iter().for_each(|what| say(&format!("  left: {what}")));
    }
    Ok(CommandOutcome::Yes)
}

/// The photograph's name in the gallery, also if the user named it by another path.
fn name_in(folder: &Path, photo: &Path) -> String {
    let inside = || {
        let (file, home) = (photo.canonicalize().ok()?, folder.canonicalize().ok()?);
        Some(file.strip_prefix(home).ok()?.to_owned())
    };
    let is_name = !photo.is_absolute() && folder.join(photo).exists();
    let name = if is_name { None } else { inside() };
    name.as_deref().unwrap_or(photo).to_string_lossy().into_owned()
}
