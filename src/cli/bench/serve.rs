//! `limen bench --serve`: one frame at a time, for who lets several programs look at the same frames in turns.

use std::io::BufRead;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Bench, Pass, STAGES, milliseconds, packed};
use crate::camera::CAMERA_SIZE;
use crate::cli::context::shown;
use crate::cli::output::say_json;
use crate::cli::trouble::{Answer, Trouble};
use crate::clock::Moment;
use crate::frame::{Frame, PixelFormat};

/// Between one frame and the next, whatever the clock says: an emulated machine is slow, and one that only counts
/// instructions has none.
const FRAME: Duration = Duration::from_millis(33);

/// Answers each line, the name of a frame's file, with one line; reading the file is not measured.
pub(super) fn serve(bench: &mut Bench, names: impl BufRead) -> Result<Answer, Trouble> {
    let mut taken = Moment::default();
    for name in names.lines() {
        let name = name.map_err(|error| Trouble::Device(format!("standard input: {error}")))?;
        taken = taken + FRAME;
        let frame = Frame { taken, ..read(Path::new(&name))? };
        say_json(&answer(&bench.pass(&frame)?));
    }
    Ok(Answer::Yes)
}

fn answer(pass: &Pass) -> Value {
    let times = STAGES.iter().zip(pass.times);
    let ms: Map<String, Value> =
        times.map(|(stage, time)| ((*stage).to_owned(), json!(milliseconds(time)))).collect();
    json!({ "ms": ms, "faces": pass.faces, "compared": pass.compared })
}

/// A frame as a camera delivers it; its format follows from its length.
fn read(file: &Path) -> Result<Frame, Trouble> {
    let bytes = std::fs::read(file).map_err(|error| Trouble::Device(format!("{}: {error}", shown(file))))?;
    let pixels = CAMERA_SIZE.0 as usize * CAMERA_SIZE.1 as usize;
    let formats = [(PixelFormat::Yuyv, 2), (PixelFormat::Rgb24, 3)];
    let Some((format, pixel)) = formats.into_iter().find(|(_, pixel)| bytes.len() == pixels * pixel) else {
        let (file, length) = (shown(file), bytes.len());
        let what = format!("{file}: {length} bytes are no frame of 640x480; write it as raw YUYV or RGB");
        return Err(Trouble::Device(what));
    };
    Ok(packed(format, pixel, bytes))
}
