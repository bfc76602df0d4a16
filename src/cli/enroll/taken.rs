//! Takes pictures of a person with the door's camera.

use std::time::Duration;

use limen_core::people::PhotoDigest;
use limen_vision::analyst::Analyst;
use limen_vision::pixels::encode::encode_jpeg;

use super::photo::CheckedPhoto;
use crate::cli::camera::picture_from_camera;
use crate::cli::context::CommandContext;
use crate::cli::outcome::CommandError;
use crate::cli::output::note;
use crate::clocks;
use crate::config::Settings;
use crate::enrol::only_face;

/// How many pictures the camera takes of a person.
const CAMERA_PICTURES: usize = 3;
/// The longest time for all pictures.
const CAMERA_PATIENCE: Duration = Duration::from_secs(30);
/// The time between two pictures, so that they differ.
const CAMERA_PAUSE: Duration = Duration::from_millis(700);

/// Takes good pictures of the only person in front of the camera. If a picture is not good, a note says why.
pub(super) fn take_pictures(
    context: &CommandContext,
    settings: &Settings,
    analyst: &Analyst,
) -> Result<Vec<CheckedPhoto>, CommandError> {
    note(&format!(
        "look at the camera: {CAMERA_PICTURES} pictures are taken; turn your head a little between them"
    ));
    let deadline = clocks::moment() + CAMERA_PATIENCE;
    let mut taken: Vec<CheckedPhoto> = Vec::new();
    let mut said = String::new();
    while taken.len() < CAMERA_PICTURES {
        if clocks::moment() >= deadline {
            let what = format!("no good picture within {} s: {said}", CAMERA_PATIENCE.as_secs());
            return Err(CommandError::Device(what));
        }
        let picture = picture_from_camera(context, settings)?;
        let source = format!("picture {}", taken.len() + 1);
        let jpeg = match only_face(analyst.faces(&picture)?) {
            // The daemon will embed the JPEG, so the JPEG is checked.
            Ok(_) => another(encode_jpeg(&picture)?, &taken),
            Err(why) => Err(why),
        };
        match jpeg {
            Ok(bytes) => {
                let checked = CheckedPhoto::taken(analyst, bytes, source)?;
                note(&format!("{} is good", checked.source));
                taken.push(checked);
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

/// Refuses a picture that was taken before. A camera that hangs delivers the same picture again and again, and the
/// gallery refuses it the second time.
fn another(jpeg: Vec<u8>, taken: &[CheckedPhoto]) -> Result<Vec<u8>, String> {
    let digest = PhotoDigest::of(&jpeg);
    if taken.iter().any(|before| before.digest == digest) {
        return Err("the camera gives the very same picture again".to_owned());
    }
    Ok(jpeg)
}
