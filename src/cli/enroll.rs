//! `limen enroll`: adds people to the gallery file, with photographs from files or from the camera.

mod arrival;
mod batch;
mod consent;
mod doubts;
mod folder;
mod list;
mod naming;
mod photo;
mod request;
mod site;
mod staged_photos;
mod taken;

use std::path::PathBuf;

use limen_core::person::{PersonId, PersonName};
use serde_json::json;

use super::context::CommandContext;
use super::id::person_id;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{note, say, say_json};
use super::people::discard::{discard_photographs, refuse_without_store, say_what_is_left};
use crate::config::Settings;
use arrival::{Arrival, KnownPhoto};
use batch::enroll_all;
use consent::Consent;
use photo::CheckedPhoto;
use site::EnrollmentSite;
use taken::take_pictures;

/// Enrol one person with photographs or from the camera, or many people at once.
///
/// Each photograph must show exactly one face, large and sharp enough; it is copied into the gallery file's
/// folder. If the id is already enrolled, the photographs are added. Every face is compared with all enrolled people
/// and with the person's own photographs. A photograph that surely shows somebody else is refused; if it may show
/// somebody else, you are asked. A running daemon is asked to reload; if it refuses, the change is undone, and the exit
/// code is 3.
///
/// With --from-directory everybody in a folder is enrolled: "Ada Lovelace.jpg", "Ada Lovelace 2.jpg" or a folder "Ada
/// Lovelace" is "ada-lovelace". Photographs that are already enrolled stay as they are, so that a folder can be
/// enrolled again after photographs were added. --list does the same with a table.
///
/// With --json one object per person: id, name (null if enrolled before), photos.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The person's id, which logs use: a-z, 0-9 and '-'
    #[arg(required_unless_present_any = ["from_directory", "list"])]
    id: Option<String>,
    /// The person's name; needed for a new person
    #[arg(long)]
    name: Option<String>,
    /// Take the photographs with the door's camera
    #[arg(long, conflicts_with = "photos")]
    camera: bool,
    /// JPEG or PNG files
    #[arg(required_unless_present_any = ["camera", "from_directory", "list"], value_name = "PHOTO")]
    photos: Vec<PathBuf>,
    /// Delete the photographs in the gallery's folder after the daemon has put their templates into the store
    #[arg(long, conflicts_with_all = ["from_directory", "list"])]
    discard_photographs: bool,
    /// Enrol everybody in this folder: one file or one folder per person
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["id", "name", "camera", "photos"])]
    from_directory: Option<PathBuf>,
    /// Enrol everybody in this CSV file: a header file,id,name,groups, then one line per photograph
    #[arg(long, value_name = "FILE", conflicts_with_all = ["id", "name", "camera", "photos", "from_directory"])]
    list: Option<PathBuf>,
    /// Enrol the people without problems; the others are listed
    #[arg(long)]
    skip_bad: bool,
    /// Do not ask if a photograph may show somebody else, or if two people look alike
    #[arg(long)]
    yes: bool,
}

pub fn enroll(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    let settings = context.settings_of_gallery()?;
    let consent = Consent { yes: arguments.yes };
    let request = match (&arguments.from_directory, &arguments.list) {
        (Some(folder), _) => folder::look_into(folder)?,
        (None, Some(list)) => list::read(list)?,
        (None, None) if arguments.skip_bad => {
            let what = "--skip-bad is for --from-directory and --list; leave the bad photograph out";
            return Err(CommandError::Usage(what.to_owned()));
        }
        (None, None) => return enroll_one(context, &settings, arguments, consent),
    };
    enroll_all(context, &settings, request, consent, arguments.skip_bad)
}

fn enroll_one(
    context: &CommandContext,
    settings: &Settings,
    arguments: &Arguments,
    consent: Consent,
) -> Result<CommandOutcome, CommandError> {
    if arguments.discard_photographs {
        refuse_without_store(context)?;
        if !context.socket(settings).exists() {
            let what = "--discard-photographs needs the running daemon, because only that makes the templates; start it \
                        (systemctl start limen), or discard them later: limen people discard-photographs ID";
            return Err(CommandError::Usage(what.to_owned()));
        }
    }
    let id = person_id(arguments.id.as_deref().unwrap_or_default())?;
    let site = EnrollmentSite::open(context, settings)?;
    let name = name_for(&id, arguments.name.as_deref(), site.entry(&id).is_some())?;
    let analyst = site.analyst();
    let photos = if arguments.camera {
        take_pictures(context, settings, &analyst)?
    } else {
        let files = arguments.photos.iter();
        files.map(|photo| CheckedPhoto::file(&analyst, photo, site.home())).collect::<Result<_, _>>()?
    };
    refuse_the_same(&site, &id, &photos)?;
    let known = site.photos_of(&id);
    let arrivals = [Arrival { id: id.clone(), name, groups: Vec::new(), photos, known }];
    if let Some(what) = arrivals[0].too_many() {
        return Err(CommandError::Usage(what));
    }
    if !consent.to(&site.doubts(&arrivals)?)? {
        note("nobody was enrolled");
        return Ok(CommandOutcome::No);
    }
    let done = site.enrol(&arrivals)?;
    let photos: Vec<&str> = done.iter().flat_map(|done| &done.photos).map(String::as_str).collect();
    if context.json {
        say_json(
            &json!({ "id": id.as_str(), "name": arrivals[0].name.as_ref().map(PersonName::as_str), "photos": photos }),
        );
    } else {
        say(&format!("{id} is enrolled with {}", photos.join(", ")));
    }
    if arguments.discard_photographs {
        let deleted = discard_photographs(context, settings, &id)?;
        note(&format!("deleted again: {}", deleted.gone.join(", ")));
        say_what_is_left(&deleted);
    }
    Ok(CommandOutcome::Yes)
}

/// Checks the name of a person: a new person needs one, an enrolled person already has one.
fn name_for(id: &PersonId, said: Option<&str>, known: bool) -> Result<Option<PersonName>, CommandError> {
    let name = said.map(PersonName::new).transpose();
    match name.map_err(|why| CommandError::Usage(format!("the name {why}; choose another")))? {
        None if !known => Err(CommandError::Usage(format!("\"{id}\" is new; add --name NAME"))),
        Some(_) if known => {
            let what = format!("\"{id}\" is enrolled already; leave --name out to add photographs");
            Err(CommandError::Usage(what))
        }
        name => Ok(name),
    }
}

/// Refuses photographs that are the same picture; the daemon would refuse them too.
fn refuse_the_same(
    site: &EnrollmentSite<'_>,
    id: &PersonId,
    photos: &[CheckedPhoto],
) -> Result<(), CommandError> {
    let mut owners = site.owners();
    let seen = photos.iter().filter_map(|photo| {
        Some(match owners.take(id, photo)? {
            KnownPhoto::Enrolled => {
                format!(
                    "{}: is the same picture as one that \"{id}\" has already; leave it out",
                    photo.source
                )
            }
            KnownPhoto::Twice(what) | KnownPhoto::Anothers(what) => what,
        })
    });
    let problems: Vec<String> = seen.collect();
    if problems.is_empty() {
        return Ok(());
    }
    Err(CommandError::Usage(format!("nobody was enrolled:\n{}", problems.join("\n"))))
}
