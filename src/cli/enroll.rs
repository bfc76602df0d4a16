//! `limen enroll`: people, from photographs or from the camera, into the gallery file.

mod directory;

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::camera::picture_from_camera;
use super::context::{Context, PairRule, analyst, shown};
use super::output::{note, say, say_json};
use super::people::discard::{discard_photographs, refuse_without_store, say_what_is_left};
use super::people::person_id;
use super::trouble::{Answer, Trouble};
use crate::camera::photograph::photograph_from_bytes;
use crate::camera::snapshot::encode_jpeg;
use crate::clock::Moment;
use crate::config::Settings;
use crate::embedding::Embedding;
use crate::enrol::only_face;
use crate::files::{Trust, read_trusted};
use crate::gallery::assembly::MAX_PHOTO_BYTES;
use crate::gallery::{NewPerson, Roster, add_people, add_photos};
use crate::person::{PersonId, PersonName};
use crate::vision::Analyst;
use crate::vision::model::Models;

/// Pictures that the camera takes of a person.
const CAMERA_PICTURES: usize = 3;
/// How long the camera waits for them.
const CAMERA_PATIENCE: Duration = Duration::from_secs(30);
/// Pictures are taken this far apart, so that they differ.
const CAMERA_PAUSE: Duration = Duration::from_millis(700);
/// Photographs of the gallery are for root and the service.
const PHOTO_MODE: u32 = 0o640;

/// Enrol somebody with photographs or from the camera.
///
/// Each photograph must show exactly one face, large and sharp enough; it is copied into the gallery file's
/// folder. With the id of somebody enrolled the photographs are added. A running daemon is asked to reload.
/// With --from-directory everybody of a folder is enrolled, one photograph a person, named by the file.
/// With --json one object a person: id, photos.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Names the person in logs: a-z, 0-9 and '-'
    #[arg(required_unless_present = "from_directory")]
    id: Option<String>,
    /// The person's name; needed for somebody new
    #[arg(long)]
    name: Option<String>,
    /// Take the photographs with the door's camera
    #[arg(long, conflicts_with = "photos")]
    camera: bool,
    /// JPEG or PNG files
    #[arg(required_unless_present_any = ["camera", "from_directory"], value_name = "PHOTO")]
    photos: Vec<PathBuf>,
    /// Delete the photographs of the gallery's folder once the daemon has put their templates into the store
    #[arg(long, conflicts_with = "from_directory")]
    discard_photographs: bool,
    /// Enrol everybody of this folder, one photograph a person: "Ada Lovelace.jpg" is "ada-lovelace"
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["id", "name", "camera", "photos"])]
    from_directory: Option<PathBuf>,
}

/// A checked photograph, ready to be put into the gallery's folder.
struct Checked {
    bytes: Vec<u8>,
    extension: &'static str,
    /// For messages.
    source: String,
    /// Its name, if it lies in the gallery's folder already.
    in_place: Option<String>,
    embedding: Embedding,
}

pub fn enroll(context: &Context, arguments: &Arguments) -> Result<Answer, Trouble> {
    if let Some(folder) = &arguments.from_directory {
        return directory::enroll_directory(context, folder);
    }
    let settings = context.settings()?;
    if arguments.discard_photographs {
        refuse_without_store(context)?;
        if !context.socket(&settings).exists() {
            let what = "--discard-photographs needs the running daemon, which alone makes the templates; start it \
                        (systemctl start limen), or discard them later: limen people discard-photographs ID";
            return Err(Trouble::Usage(what.to_owned()));
        }
    }
    let id = person_id(arguments.id.as_deref().unwrap_or_default())?;
    let known = enrolled_ids(context, &settings)?.contains(&id);
    let name = match &arguments.name {
        Some(name) => Some(
            PersonName::new(name).map_err(|why| Trouble::Usage(format!("the name {why}; choose another")))?,
        ),
        None => None,
    };
    if !known && name.is_none() {
        return Err(Trouble::Usage(format!("\"{id}\" is new; add --name NAME")));
    }
    if known && name.is_some() {
        let what = format!("\"{id}\" is enrolled already; leave --name out to add photographs");
        return Err(Trouble::Usage(what));
    }
    let models = context.models(&settings)?;
    let analyst = analyst(&settings, &models).for_templates();
    let folder = folder_of(&settings.gallery);
    let checked = if arguments.camera {
        take_pictures(context, &settings, &analyst)?
    } else {
        arguments
            .photos
            .iter()
            .map(|photo| check_photo(&analyst, photo, &folder))
            .collect::<Result<_, _>>()?
    };
    warn_of_strangers(&settings, &models, &checked)?;
    let photos = put_in_place(&checked, &folder, &id)?;
    match name {
        Some(name) => {
            let person = NewPerson { id: id.clone(), name, photos: photos.clone() };
            add_people(&settings.gallery, &[person])?;
        }
        None => add_photos(&settings.gallery, &id, &photos)?,
    }
    context.ask_for_reload(&settings)?;
    if context.json {
        say_json(&json!({ "id": id, "photos": photos }));
    } else {
        say(&format!("{id} is enrolled with {}", photos.join(", ")));
    }
    if arguments.discard_photographs {
        let deleted = discard_photographs(context, &settings, &id)?;
        note(&format!("deleted again: {}", deleted.gone.join(", ")));
        say_what_is_left(&deleted);
    }
    Ok(Answer::Yes)
}

fn enrolled_ids(context: &Context, settings: &Settings) -> Result<HashSet<PersonId>, Trouble> {
    if !settings.gallery.exists() {
        return Ok(HashSet::new());
    }
    let roster = Roster::load(&settings.gallery, context.trust())?;
    Ok(roster.people.into_iter().map(|entry| entry.id).collect())
}

fn folder_of(gallery: &Path) -> PathBuf {
    gallery.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

fn check_photo(analyst: &Analyst, photo: &Path, folder: &Path) -> Result<Checked, Trouble> {
    let source = shown(photo);
    let bytes = read_trusted(photo, MAX_PHOTO_BYTES, Trust::Anyone)?;
    let embedding = embedding_of(analyst, &bytes, &source)?;
    let extension = if bytes.starts_with(b"\x89PNG") { "png" } else { "jpg" };
    let in_place = match (photo.canonicalize(), folder.canonicalize()) {
        (Ok(photo), Ok(folder)) => photo.strip_prefix(folder).ok().and_then(Path::to_str).map(str::to_owned),
        _ => None,
    };
    Ok(Checked { bytes, extension, source, in_place, embedding })
}

fn embedding_of(analyst: &Analyst, bytes: &[u8], source: &str) -> Result<Embedding, Trouble> {
    let picture = photograph_from_bytes(bytes, source)?;
    let face =
        only_face(analyst.faces(&picture)?).map_err(|why| Trouble::Device(format!("{source}: {why}")))?;
    Ok(face.embedding())
}

/// Photographs of one person should lie near each other; two that do not may show two people.
fn warn_of_strangers(settings: &Settings, models: &Models, checked: &[Checked]) -> Result<(), Trouble> {
    let rule = PairRule::new(settings, models)?;
    for (index, one) in checked.iter().enumerate() {
        for other in &checked[index + 1..] {
            let verdict = rule.compare(&one.embedding, &other.embedding);
            if !verdict.same {
                note(&format!(
                    "{} and {} look unlike (distance {:.3}); do both show the same person?",
                    one.source, other.source, verdict.distance
                ));
            }
        }
    }
    Ok(())
}

/// Copies the photographs into the gallery's folder as `ID-N.jpg` and returns their names there.
fn put_in_place(checked: &[Checked], folder: &Path, id: &PersonId) -> Result<Vec<String>, Trouble> {
    let mut number = 0;
    let mut names = Vec::new();
    for photo in checked {
        if let Some(name) = &photo.in_place {
            names.push(name.clone());
            continue;
        }
        names.push(loop {
            number += 1;
            let name = format!("{id}-{number}.{}", photo.extension);
            if write_new(&folder.join(&name), &photo.bytes)? {
                break name;
            }
        });
    }
    Ok(names)
}

/// False if there is such a file already.
fn write_new(path: &Path, bytes: &[u8]) -> Result<bool, Trouble> {
    let failed = |error: std::io::Error| {
        Trouble::Device(format!("{}: cannot write it: {error}; run as root?", shown(path)))
    };
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(PHOTO_MODE).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(false),
        opened => opened.map_err(failed)?,
    };
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(true)
}

/// Good pictures of the one person before the camera; why a picture is no good is said as it happens.
fn take_pictures(context: &Context, settings: &Settings, analyst: &Analyst) -> Result<Vec<Checked>, Trouble> {
    note(&format!(
        "look at the camera: {CAMERA_PICTURES} pictures are taken; turn the head a little between"
    ));
    let deadline = Moment::now() + CAMERA_PATIENCE;
    let mut taken: Vec<Checked> = Vec::new();
    let mut said = String::new();
    while taken.len() < CAMERA_PICTURES {
        if Moment::now() >= deadline {
            let what = format!("no good picture within {} s: {said}", CAMERA_PATIENCE.as_secs());
            return Err(Trouble::Device(what));
        }
        let picture = picture_from_camera(context, settings)?;
        let source = format!("picture {}", taken.len() + 1);
        let jpeg = match only_face(analyst.faces(&picture)?) {
            // What is kept is what the daemon will embed: the JPEG.
            Ok(_) => another(encode_jpeg(&picture)?, &taken),
            Err(why) => Err(why),
        };
        match jpeg {
            Ok(bytes) => {
                let embedding = embedding_of(analyst, &bytes, &source)?;
                note(&format!("{source} is good"));
                taken.push(Checked { bytes, extension: "jpg", source, in_place: None, embedding });
            }
            Err(why) if why != said => {
                note(&why);
                said = why;
            }
            Err(_) => {}
        }
        std::thread::sleep(CAMERA_PAUSE);
    }
    Ok(taken)
}

/// A picture that was not taken before: a camera that hangs gives the same one again and again, and the gallery refuses
/// it a second time.
fn another(jpeg: Vec<u8>, taken: &[Checked]) -> Result<Vec<u8>, String> {
    if taken.iter().any(|before| before.bytes == jpeg) {
        return Err("the camera gives the very same picture again".to_owned());
    }
    Ok(jpeg)
}
