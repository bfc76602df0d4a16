//! What limen and the unit of the camera say to each other: one line of JSON each way, then at most one more when the
//! program ends. Pure. The pipes travel with the answer (`wire`).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::settings::StreamSettings;

/// The version of what is said here.
pub const VERSION: u32 = 1;
/// The longest line, in bytes.
pub const LONGEST: usize = 4096;

/// What limen asks for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartRequest {
    /// [`VERSION`].
    pub v: u32,
    /// How the camera is to be set up.
    pub start: StreamSettings,
}

/// What the unit says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The program runs. With it come the read ends of two pipes: frames, then metadata.
    Started(Started),
    /// The program was not started.
    Refused(Refusal),
    /// The program, which ran, has ended.
    Ended {
        /// Its exit code or signal, and the last line that it complained in.
        why: String,
    },
}

/// Which camera delivers, and what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// [`VERSION`].
    pub v: u32,
    /// The module at this number.
    pub module: CameraModule,
    /// The bytes of a frame, as the unit reckons them from the settings.
    pub frame_bytes: usize,
}

/// A camera module that `rpicam-vid --list-cameras` knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameraModule {
    /// The sensor's name, for example `imx708`.
    pub sensor: String,
    /// Where it is connected, for example `/base/axi/pcie@120000/rp1/i2c@88000/imx708@1a`.
    pub path: String,
}

/// Why the unit starts no program. Each message names the remedy.
#[derive(Debug, Error, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// The request is none, or of another version.
    #[error(
        "limen-camera.service does not understand this limen ({0}); restart it: systemctl restart limen-camera"
    )]
    BadRequest(String),
    /// A user whom the pictures are none of the business of.
    #[error(
        "limen-camera.service hands pictures to the user limen and to root only, and this is user {0}; use sudo"
    )]
    NotYours(u32),
    /// Somebody has the camera already.
    #[error(
        "camera {0} is in use by another limen; end it, or use `limen status`, which asks the running one"
    )]
    Busy(u32),
    /// The program is not there, or cannot be trusted.
    #[error("{0}")]
    Program(String),
    /// There is no such module.
    #[error(
        "there is no camera {wanted}: rpicam-vid finds {found}; check the ribbon cable with the power off, and see \
         `rpicam-vid --list-cameras`"
    )]
    NoSuchCamera {
        /// The number that was asked for.
        wanted: u32,
        /// How many modules there are.
        found: usize,
    },
    /// The system refuses a step.
    #[error("limen-camera.service cannot start rpicam-vid: {0}; see `journalctl -u limen-camera`")]
    Failed(String),
}

/// One message as a line.
pub fn to_line(message: &impl Serialize) -> Vec<u8> {
    // Every message has names for keys and no map of its own, so it can be written.
    let mut line = serde_json::to_vec(message).unwrap_or_default();
    line.push(b'\n');
    line
}

/// A request, as the unit hears it.
///
/// # Errors
/// What is wrong with it, for the answer.
pub fn parse_request(line: &[u8]) -> Result<StreamSettings, Refusal> {
    let request: StartRequest =
        serde_json::from_slice(line).map_err(|error| Refusal::BadRequest(error.to_string()))?;
    if request.v != VERSION {
        return Err(Refusal::BadRequest(format!("its version is {}, here it is {VERSION}", request.v)));
    }
    match request.start.mistake() {
        Some(mistake) => Err(Refusal::BadRequest(mistake)),
        None => Ok(request.start),
    }
}

/// An answer, as limen hears it.
///
/// # Errors
/// Why it is none.
pub fn parse_answer(line: &[u8]) -> Result<Answer, String> {
    serde_json::from_slice(line).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::rpicam::settings::{Flicker, Focus, ModuleSettings};

    fn request() -> StartRequest {
        let module = ModuleSettings {
            focus: Focus::Lens(1.5),
            flicker: Flicker::Hz50,
            shutter: Some(5000),
            ..ModuleSettings::default()
        };
        StartRequest { v: VERSION, start: StreamSettings { width: 640, height: 480, fps: 30, module } }
    }

    #[test]
    fn a_request_is_heard_as_it_was_said() {
        assert_eq!(parse_request(to_line(&request()).trim_ascii_end()), Ok(request().start));
    }

    #[test]
    fn an_answer_is_heard_as_it_was_said() {
        let module = CameraModule { sensor: "imx708".to_owned(), path: "/base/i2c/imx708@1a".to_owned() };
        for answer in [
            Answer::Started(Started { v: VERSION, module, frame_bytes: 460_800 }),
            Answer::Refused(Refusal::NoSuchCamera { wanted: 1, found: 1 }),
            Answer::Ended { why: "exit code 255".to_owned() },
        ] {
            assert_eq!(parse_answer(to_line(&answer).trim_ascii_end()), Ok(answer));
        }
    }

    #[test]
    fn another_version_unknown_keys_and_settings_out_of_range_are_refused() {
        let refused =
            |request: &StartRequest| parse_request(&to_line(request)).expect_err("wrong").to_string();
        assert!(refused(&StartRequest { v: 2, ..request() }).contains("version is 2"));
        let mut wide = request();
        wide.start.width = 641;
        assert!(refused(&wide).contains("width 641"));
        let more = br#"{"v":1,"start":{"width":640,"height":480,"fps":30,"module":{},"program":"/bin/sh"}}"#;
        assert!(matches!(parse_request(more), Err(Refusal::BadRequest(_))));
        assert!(matches!(parse_request(b"\xff"), Err(Refusal::BadRequest(_))));
        assert!(parse_answer(b"open sesame").is_err());
    }
}
