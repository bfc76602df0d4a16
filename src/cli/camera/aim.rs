//! `limen camera aim`: shows in the terminal where the camera finds faces, and says what to change. No picture leaves it.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use limen_core::embedding::Crops;
use limen_vision::follow::{Look, Vision};
use limen_vision::frame::{Frame, Orientation};
use limen_vision::geometry::Rect;
use limen_vision::quality::Gate;
use serde_json::{Value, json};

use super::advice::{FaceSeen, TurnTest, advice};
use crate::camera::FrameSource;
use crate::camera::v4l::V4lCamera;
use crate::cli::context::CommandContext;
use crate::cli::outcome::{CommandError, CommandOutcome};
use crate::cli::output::{GOOD, NOTE, is_lost, say, say_json, styled};
use crate::pipeline::see;

/// The longest wait for a frame.
const PATIENCE: Duration = Duration::from_secs(2);
/// Without a terminal, so often a line.
const EVERY: Duration = Duration::from_secs(1);
/// The columns of the map of the picture.
const COLUMNS: u32 = 40;
/// A character is about twice as high as wide.
const SHAPE: u32 = 2;

/// Watches the camera until it is interrupted, or for so many seconds.
pub fn aim(context: &CommandContext, seconds: Option<u32>) -> Result<CommandOutcome, CommandError> {
    let settings = context.settings()?;
    let models = context.models(&settings)?;
    let gate = settings.recognition.gate;
    let mut vision = Vision::new(models, measuring(gate), Crops::Plain);
    vision.set_field(settings.camera.field);
    let mut camera = V4lCamera::open(&settings.camera)?;
    let display = match (context.json, std::io::stdout().is_terminal()) {
        (true, _) => Display::Json,
        (false, true) => Display::Live,
        (false, false) => Display::Lines,
    };
    let mut aiming = Aiming::new(gate, settings.camera.orientation);
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds.into()));
    watch(&mut camera, &mut vision, &mut aiming, display, || {
        is_lost() || end.is_some_and(|end| Instant::now() >= end)
    })?;
    Ok(CommandOutcome::Yes)
}

/// Shows each frame until `is_over`.
fn watch(
    camera: &mut dyn FrameSource,
    vision: &mut Vision,
    aiming: &mut Aiming,
    display: Display,
    is_over: impl Fn() -> bool,
) -> Result<(), CommandError> {
    let mut drawn = 0;
    let mut told: Option<Instant> = None;
    while !is_over() {
        let name = camera.describe();
        let Some(frame) = camera.next(PATIENCE)? else {
            return Err(CommandError::Device(format!("{name}: no picture within {} s", PATIENCE.as_secs())));
        };
        let seen = see(vision, &frame).map_err(|error| CommandError::Device(format!("{name}: {error}")))?;
        aiming.take(&frame, &seen.look);
        match display {
            Display::Live => {
                let lines = aiming.picture();
                // To the first line of what was drawn before, which is erased.
                let back = if drawn > 0 { format!("\x1b[{drawn}A\x1b[J") } else { String::new() };
                say(&format!("{back}{}", lines.join("\n")));
                drawn = lines.len();
            }
            Display::Lines | Display::Json if told.is_none_or(|told| told.elapsed() >= EVERY) => {
                told = Some(Instant::now());
                if display == Display::Json { say_json(&aiming.json()) } else { say(&aiming.line()) }
            }
            Display::Lines | Display::Json => {}
        }
    }
    Ok(())
}

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Display {
    /// A map that is drawn anew with each frame.
    Live,
    /// One line a second.
    Lines,
    /// One JSON object a second.
    Json,
}

/// A gate that measures every face, of whatever size and light, and still tells which way up it is.
fn measuring(gate: Gate) -> Gate {
    Gate { max_roll: gate.max_roll, min_presence: gate.min_presence, ..Gate::wide_open() }
}

/// What the camera shows now, and how far the test of left and right has come.
struct Aiming {
    gate: Gate,
    mounted: Orientation,
    turn: TurnTest,
    picture: (u32, u32),
    faces: usize,
    face: Option<FaceSeen>,
}

impl Aiming {
    fn new(gate: Gate, mounted: Orientation) -> Self {
        Self { gate, mounted, turn: TurnTest::default(), picture: (1, 1), faces: 0, face: None }
    }

    fn take(&mut self, frame: &Frame, look: &Look) {
        self.picture = frame.orientation.swapped((frame.width, frame.height));
        self.faces = look.faces;
        self.face = look.nearest.as_ref().map(|nearest| FaceSeen {
            bounds: nearest.bounds,
            picture: self.picture,
            quality: nearest.face.as_ref().map(|face| face.quality).map_err(|why| *why),
        });
        let quality = self.face.and_then(|face| face.quality.ok());
        self.turn = self.turn.next(quality.map(|quality| quality.yaw));
    }

    fn advice(&self) -> Vec<String> {
        match &self.face {
            // Who turns the head because of the question does not look past the camera.
            Some(face) if self.turn == TurnTest::Asked => {
                let straight = face.quality.map(|quality| limen_vision::quality::Quality { yaw: 0.0, ..quality });
                advice(&FaceSeen { quality: straight, ..*face }, &self.gate, self.mounted)
            }
            Some(face) => advice(face, &self.gate, self.mounted),
            None => vec![
                "nobody is seen: stand before the camera; if its picture lies on its side, write [camera] rotate".to_owned(),
            ],
        }
    }

    /// Size, light, sharpness and pose, in words.
    fn measures(&self) -> String {
        let Some(face) = &self.face else { return "no face".to_owned() };
        let place = format!(
            "face {:.0}x{:.0} at {:.0}, {:.0}",
            face.bounds.width, face.bounds.height, face.bounds.left, face.bounds.top
        );
        let others = if self.faces > 1 { format!(" ({} faces)", self.faces) } else { String::new() };
        match &face.quality {
            Ok(quality) => format!(
                "{place}{others}, eyes {:.0} pixels apart, light {:.0}, sharpness {:.1}, yaw {:.0}, pitch {:.0}",
                quality.eye_distance, quality.brightness, quality.sharpness, quality.yaw, quality.pitch
            ),
            Err(why) => format!("{place}{others}, {why}"),
        }
    }

    fn line(&self) -> String {
        let advice = self.advice();
        let advice = if advice.is_empty() { "good".to_owned() } else { advice.join("; ") };
        format!("{}: {advice}. {}", self.measures(), self.turn.says(self.mounted))
    }

    fn json(&self) -> Value {
        let quality = self.face.and_then(|face| face.quality.ok());
        json!({
            "picture": [self.picture.0, self.picture.1],
            "faces": self.faces,
            "box": self.face.map(|face| [face.bounds.left, face.bounds.top, face.bounds.width, face.bounds.height]),
            "unusable": self.face.and_then(|face| face.quality.err()).map(|why| why.to_string()),
            "eye_distance": quality.map(|quality| quality.eye_distance),
            "light": quality.map(|quality| quality.brightness),
            "sharpness": quality.map(|quality| quality.sharpness),
            "yaw": quality.map(|quality| quality.yaw),
            "pitch": quality.map(|quality| quality.pitch),
            "advice": self.advice(),
            "mirrored": self.turn.mirrored(),
        })
    }

    /// A map of the picture, and below it what is measured and what to change.
    fn picture(&self) -> Vec<String> {
        let mut lines = map(self.picture, self.face.map(|face| face.bounds));
        lines.push(self.measures());
        let advice = self.advice();
        if advice.is_empty() {
            lines.push(styled(GOOD, "good", 0));
        }
        lines.extend(advice.iter().map(|advice| styled(NOTE, advice, 0)));
        lines.push(self.turn.says(self.mounted));
        lines
    }
}

/// The picture as characters: `#` where the face is.
fn map((width, height): (u32, u32), face: Option<Rect>) -> Vec<String> {
    let rows = (COLUMNS * height / width.max(1) / SHAPE).clamp(4, 2 * COLUMNS);
    let middle = |cell: u32, cells: u32, length: u32| (cell as f32 + 0.5) * length as f32 / cells as f32;
    let is_face = |column: u32, row: u32| {
        face.is_some_and(|face| {
            let (x, y) = (middle(column, COLUMNS, width), middle(row, rows, height));
            (face.left..face.left + face.width).contains(&x)
                && (face.top..face.top + face.height).contains(&y)
        })
    };
    let line = |row: u32| (0..COLUMNS).map(|column| if is_face(column, row) { '#' } else { '.' }).collect();
    (0..rows).map(line).collect()
}

#[cfg(test)]
mod tests {
    use limen_core::clock::Moment;
    use limen_core::event::{TrackId, Unusable};
    use limen_vision::follow::Sighting;
    use limen_vision::frame::PixelFormat;

    use super::*;

    #[test]
    fn the_map_shows_the_face_where_it_is_in_a_wide_and_in_a_tall_picture() {
        let face = Rect { left: 320.0, top: 0.0, width: 160.0, height: 240.0 };
        let lines = map((640, 480), Some(face));
        assert_eq!((lines.len(), lines[0].len()), (15, 40));
        assert_eq!(lines[0], format!("{}##########{}", ".".repeat(20), ".".repeat(10)));
        assert!(!lines[14].contains('#') && map((640, 480), None).iter().all(|line| !line.contains('#')));
        assert_eq!(map((720, 1280), None).len(), 35);
    }

    #[test]
    fn what_is_seen_of_a_turned_camera_is_told_in_its_upright_picture_and_without_a_picture() {
        let mut aiming = Aiming::new(Gate::default(), Orientation::new(1, false));
        let frame = Frame {
            format: PixelFormat::Grey,
            width: 640,
            height: 480,
            stride: 640,
            bytes: Vec::new(),
            orientation: Orientation::new(1, false),
            taken: Moment::default(),
            sequence: 0,
        };
        let bounds = Rect { left: 190.0, top: 270.0, width: 100.0, height: 100.0 };
        let nearest = Some(Sighting { track: TrackId(1), bounds, face: Err(Unusable::UpsideDown) });
        aiming.take(&frame, &Look { nearest, faces: 1, ..Look::default() });
        let json = aiming.json();
        assert_eq!(json["picture"], json!([480, 640]));
        assert_eq!(json["box"], json!([190.0, 270.0, 100.0, 100.0]));
        assert_eq!(json["mirrored"], Value::Null);
        assert!(aiming.line().contains("rotate = 270"), "{}", aiming.line());
        aiming.take(&frame, &Look::default());
        assert!(aiming.line().starts_with("no face: nobody is seen"), "{}", aiming.line());
    }
}
