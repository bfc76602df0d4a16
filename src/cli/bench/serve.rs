//! `limen bench --serve`: measures one frame at a time, so that several programs can measure the same frames in turns.

use std::io::BufRead;
use std::path::Path;
use std::time::{Duration, Instant};

use limen_core::clock::Moment;
use limen_core::person::printable_path;
use limen_core::policy::Event;
use limen_vision::follow::Vision;
use limen_vision::frame::{Frame, Orientation, PixelFormat};
use limen_vision::frame_planner::SEARCH_A_STILL_SCENE;
use limen_vision::matching::Matcher;
use serde_json::{Map, Value, json};

use super::stages::{STAGES, milliseconds, times_of};
use crate::camera::CAMERA_SIZE;
use crate::cli::outcome::{CommandError, CommandOutcome};
use crate::cli::output::{is_lost, say_json};
use crate::pipeline::{observe, see};

/// Answers each line with one line. A line is the name of a frame's file and, after a space, the milliseconds since the
/// frame before. Without these the time is so long that the whole frame is searched. Reading the file is not measured.
pub(super) fn serve(
    mut vision: Vision,
    mut matcher: Matcher,
    names: impl BufRead,
) -> Result<CommandOutcome, CommandError> {
    let mut taken = Moment::default();
    for name in names.lines() {
        let name = name.map_err(|error| CommandError::Device(format!("standard input: {error}")))?;
        let (file, pause) = match name.rsplit_once(' ').map(|(file, pause)| (file, pause.parse())) {
            Some((file, Ok(pause))) => (file, Duration::from_millis(pause)),
            _ => (name.as_str(), SEARCH_A_STILL_SCENE),
        };
        taken = taken + pause;
        let frame = Frame { taken, ..read(Path::new(file))? };
        say_json(&pass(&mut vision, &mut matcher, &frame)?);
        if is_lost() {
            break;
        }
    }
    Ok(CommandOutcome::Yes)
}

/// Runs a frame through all stages, from its bytes to the events for the policy.
fn pass(vision: &mut Vision, matcher: &mut Matcher, frame: &Frame) -> Result<Value, CommandError> {
    let start = Instant::now();
    let seen = see(vision, frame).map_err(|error| CommandError::Device(error.to_string()))?;
    let looked = start.elapsed();
    let events = observe(matcher, &seen.look, None);
    let times = times_of(&seen, looked, start.elapsed().saturating_sub(looked));
    let ms: Map<String, Value> = STAGES
        .iter()
        .zip(times)
        .map(|(stage, time): (_, Duration)| ((*stage).to_owned(), json!(milliseconds(time))))
        .collect();
    let compared = events.iter().any(|event| matches!(event, Event::Observed(_)));
    Ok(json!({ "ms": ms, "faces": seen.look.faces, "compared": compared }))
}

/// Reads a frame as a camera delivers it. The length of the file tells its format.
fn read(file: &Path) -> Result<Frame, CommandError> {
    let bytes = std::fs::read(file)
        .map_err(|error| CommandError::Device(format!("{}: {error}", printable_path(file))))?;
    let (width, height) = CAMERA_SIZE;
    let pixels = width as usize * height as usize;
    let formats = [(PixelFormat::Yuyv, 2), (PixelFormat::Rgb24, 3)];
    let Some((format, pixel)) = formats.into_iter().find(|(_, pixel)| bytes.len() == pixels * pixel) else {
        let (file, length) = (printable_path(file), bytes.len());
        let what = format!("{file}: {length} bytes are no frame of 640x480; write it as raw YUYV or RGB");
        return Err(CommandError::Device(what));
    };
    let stride = width as usize * pixel;
    let (taken, orientation) = (Moment::default(), Orientation::UPRIGHT);
    Ok(Frame { format, width, height, stride, bytes, orientation, taken, sequence: 0 })
}
