//! `limen camera`: lists the cameras, takes a picture to aim one, and pulses its light. The list reads the devices themselves. If a
//! daemon runs, it holds the camera, so the picture comes from the daemon.

mod light;

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use limen_core::person::printable_path;
use limen_vision::frame::Picture;
use limen_vision::pixels::decode as pixels;
use limen_vision::pixels::photograph::photograph_from_bytes;
use serde_json::json;

use super::context::CommandContext;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{BAD, STRONG, note, say, say_json, styled};
use crate::camera::listing;
use crate::camera::open::open;
use crate::camera::rpicam::serve::CameraServer;
use crate::camera::snapshot::write_snapshot;
use crate::config::Settings;
use crate::control::{ControlError, Request, ask};
use crate::service;

mod advice;
mod aim;

/// Frames that are dropped before a picture is kept: a camera needs some to find its exposure.
const SETTLING: usize = 5;
/// The longest time for one frame.
const PATIENCE: Duration = Duration::from_secs(2);

/// The subcommands of `limen camera`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the cameras and what they offer; with --json one object per camera: device, links, identity,
    /// card, virtual, modes, error
    List,
    /// Pulse the light of [camera.light] for a few seconds, and say what the camera sees of it: how long after the line the
    /// picture changes, by how much, and how nose and sides of a face before it answer; while no daemon runs. With
    /// --json one object: delay_ms, change, face (nose, sides, beside, difference, ratio), advice
    Light,
    /// Take a picture into a new file, to aim the camera; if the daemon takes it, that is recorded
    Snapshot {
        /// A JPEG file that does not exist yet
        file: PathBuf,
    },
    /// Start camera modules for limen; limen-camera.service runs this
    Serve,
    /// Show live where faces are found, and say what to change about size, light, sharpness and place; asks for one turn
    /// of the head to tell whether the picture is mirrored. No picture leaves. Needs the camera for itself: stop the
    /// daemon first. With --json, or without a terminal, one line a second
    Aim {
        /// End after so many seconds; without it, with Ctrl-C
        #[arg(long, value_name = "N")]
        seconds: Option<u32>,
    },
}

pub fn camera(context: &CommandContext, command: &Command) -> Result<CommandOutcome, CommandError> {
    match command {
        Command::List => Ok(list(context)),
        Command::Serve => serve(),
        Command::Light => light::light(context),
        Command::Aim { seconds } => aim::aim(context, *seconds),
        Command::Snapshot { file } => {
            let settings = context.settings()?;
            let picture = picture_from_camera(context, &settings)?;
            write_snapshot(&picture, file)?;
            let (width, height) = (picture.width(), picture.height());
            if context.json {
                say_json(&json!({ "file": printable_path(file), "width": width, "height": height }));
            } else {
                say(&format!("{}: {width}x{height}", printable_path(file)));
            }
            Ok(CommandOutcome::Yes)
        }
    }
}

fn serve() -> Result<CommandOutcome, CommandError> {
    let server = CameraServer::installed().map_err(|error| CommandError::Device(error.to_string()))?;
    service::ready("starts camera modules for limen");
    server.serve();
    Ok(CommandOutcome::Yes)
}

fn list(context: &CommandContext) -> CommandOutcome {
    let listing = listing::list();
    let cameras = &listing.cameras;
    for camera in cameras {
        if context.json {
            say_json(&json!(camera));
            continue;
        }
        let card = camera.card.as_ref().map_or(String::new(), |card| format!(" {card}"));
        let kind = if camera.is_virtual { " (virtual: fed by a program)" } else { "" };
        say(&format!("{}{card}{kind}", styled(STRONG, &camera.device, 0)));
        camera.links.iter().for_each(|link| say(&format!("  device = \"{link}\"")));
        if let Some(identity) = &camera.identity {
            say(&format!("  identity = \"{identity}\""));
        }
        for mode in &camera.modes {
            let fps = mode.fps.map_or(String::new(), |fps| format!(" at up to {fps:.0} per second"));
            say(&format!("  {:<6}{}x{}{fps}", mode.format, mode.width, mode.height));
        }
        if let Some(error) = &camera.error {
            let why =
                error.strip_prefix(&camera.device).and_then(|why| why.strip_prefix(": ")).unwrap_or(error);
            say(&format!("  {} {why}", styled(BAD, "cannot be used:", 0)));
        }
    }
    if cameras.is_empty() && !context.json {
        note(&no_camera(&listing));
    }
    CommandOutcome::of(cameras.iter().any(|camera| camera.error.is_none()))
}

/// What to do if none of the video devices is a camera.
fn no_camera(listing: &listing::Listing) -> String {
    let found = match listing.devices {
        0 => "there is no camera on this machine (no /dev/video*)".to_owned(),
        n => {
            let plural = if n == 1 { "" } else { "s" };
            let drivers = match &listing.others[..] {
                [] => "codecs and the like".to_owned(),
                drivers => format!("codecs and the like: {}", drivers.join(", ")),
            };
            format!("there is no camera among {n} video device{plural} of this machine ({drivers})")
        }
    };
    let module = if listing.is_raspberry_pi() {
        "a camera module of this Raspberry Pi would show a device of the driver unicam or rp1-cfe: check its ribbon cable and \
         `rpicam-hello --list-cameras`"
    } else {
        "a camera module of a Raspberry Pi speaks through libcamera only"
    };
    format!(
        "{found}; plug in a USB camera with YUYV or MJPEG; {module}, and takes driver = \"rpicam\" (README, Cameras)"
    )
}

/// Takes one picture: from the daemon if one runs, because it holds the camera, else from the camera itself.
///
/// # Errors
/// The daemon or the camera gives no picture.
pub fn picture_from_camera(context: &CommandContext, settings: &Settings) -> Result<Picture, CommandError> {
    match ask(&context.socket(settings), Request::Snapshot) {
        Ok(answer) => {
            let jpeg = answer.get("jpeg").and_then(|value| value.as_str()).unwrap_or_default();
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(jpeg)
                .map_err(|error| ControlError::Answer(error.to_string()))?;
            Ok(photograph_from_bytes(&bytes, "the daemon's picture")?)
        }
        Err(ControlError::Socket { .. }) => from_device(settings),
        Err(error) => Err(error.into()),
    }
}

fn from_device(settings: &Settings) -> Result<Picture, CommandError> {
    let mut camera = open(&settings.camera)?;
    let mut newest = None;
    for _ in 0..SETTLING {
        newest = camera.next(PATIENCE)?.or(newest);
    }
    let frame = newest.ok_or_else(|| {
        CommandError::Device(format!("{}: no picture within {} s", camera.describe(), PATIENCE.as_secs()))
    })?;
    pixels::decode(&frame).map_err(|error| CommandError::Device(format!("{}: {error}", camera.describe())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(devices: usize, others: &[&str]) -> listing::Listing {
        let others = others.iter().map(|driver| (*driver).to_owned()).collect();
        listing::Listing { cameras: Vec::new(), devices, others }
    }

    #[test]
    fn codecs_are_not_called_no_device_and_the_owner_of_a_ribbon_camera_is_told_what_to_do() {
        assert!(no_camera(&listing(0, &[])).contains("no /dev/video*"));
        assert!(no_camera(&listing(6, &[])).starts_with("there is no camera among 6 video devices"));
        assert!(no_camera(&listing(1, &[])).contains("among 1 video device of"));
        for devices in [0, 1, 6] {
            assert!(no_camera(&listing(devices, &[])).contains("driver = \"rpicam\""));
        }
    }

    #[test]
    fn codecs_are_named_by_their_drivers_and_those_of_a_pi_tell_of_the_ribbon_cable() {
        let said = no_camera(&listing(14, &["bcm2835-codec", "bcm2835-isp"]));
        assert!(said.contains("(codecs and the like: bcm2835-codec, bcm2835-isp)"), "{said}");
        assert!(said.contains("check its ribbon cable"), "{said}");
        assert!(!no_camera(&listing(1, &["hantro-vpu"])).contains("check its ribbon cable"));
    }
}
