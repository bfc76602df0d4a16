//! Checks `[camera]` and `[camera.rpicam]`: which camera, and how it is set up.

use std::ops::RangeInclusive;
use std::path::Path;

use limen_vision::field::{FieldOfView, Region};
use limen_vision::frame::{Orientation, PixelFormat};
use toml::Spanned;

use super::raw::{RawCamera, RawRpicam};
use super::values::{choice, flag, number, path, text};
use crate::camera::rpicam::settings::{
    Exposure, Flicker, Focus, MAX_CAMERA, MAX_DIOPTRES, MAX_GAIN, MAX_SHUTTER, ModuleSettings, WIDTH_STEP,
};
use crate::camera::{CameraDriver, CameraSettings};
use crate::diagnostics::Review;

const DEFAULT_DEVICE: &str = "/dev/video0";

pub(super) fn check_camera(review: &mut Review<'_>, raw: &RawCamera) -> CameraSettings {
    const SIDE: RangeInclusive<i64> = 64..=8192;
    let drivers = [("v4l2", CameraDriver::V4l2), ("rpicam", CameraDriver::Rpicam)];
    let driver = choice(review, "[camera] driver", &raw.driver, &drivers).unwrap_or_default();
    if driver == CameraDriver::Rpicam {
        check_for_module(review, raw);
    }
    CameraSettings {
        driver,
        device: path(review, "[camera] device", &raw.device, Path::new("/dev"))
            .unwrap_or_else(|| DEFAULT_DEVICE.into()),
        format: raw.format.as_ref().and_then(|format| check_format(review, format)),
        width: number(review, "[camera] width", &raw.width, SIDE, "pixels").map(|pixels| pixels as u32),
        height: number(review, "[camera] height", &raw.height, SIDE, "pixels").map(|pixels| pixels as u32),
        fps: number(review, "[camera] fps", &raw.fps, 1..=120, "frames a second").map(|fps| fps as u32),
        identity: text(review, "[camera] identity", &raw.identity).map(str::to_owned),
        allow_virtual: flag(&raw.allow_virtual),
        orientation: check_orientation(review, raw),
        field: check_field(review, raw),
        module: check_module(review, &raw.rpicam),
    }
}

/// What a video device may have and a module may not.
fn check_for_module(review: &mut Review<'_>, raw: &RawCamera) {
    if let Some(format) = &raw.format {
        let what = "is for driver = \"v4l2\"; rpicam-vid has one format only";
        review.note(Some(format.span()), "[camera] format", what, "leave it out");
    }
    let step = i64::from(WIDTH_STEP);
    if let Some(width) = raw.width.as_ref().filter(|width| width.get_ref() % step != 0) {
        let what = format!("{} is no multiple of {step}, so rpicam-vid would pad the rows", width.get_ref());
        review.note(Some(width.span()), "[camera] width", what, "use 640 or 1280, or leave it out");
    }
    if let Some(height) = raw.height.as_ref().filter(|height| height.get_ref() % 2 != 0) {
        let what = format!("{} is odd", height.get_ref());
        review.note(Some(height.span()), "[camera] height", what, "use an even number, for example 480");
    }
}

fn check_module(review: &mut Review<'_>, raw: &RawRpicam) -> ModuleSettings {
    let exposures = [("normal", Exposure::Normal), ("short", Exposure::Short)];
    let mains = [("off", Flicker::Off), ("50", Flicker::Hz50), ("60", Flicker::Hz60)];
    let camera = number(review, "[camera.rpicam] camera", &raw.camera, 0..=MAX_CAMERA.into(), "");
    let dioptres = 0.0..=f64::from(MAX_DIOPTRES);
    let lens = number(review, "[camera.rpicam] lens-position", &raw.lens_position, dioptres, "dioptres");
    let shutter =
        number(review, "[camera.rpicam] shutter-us", &raw.shutter_us, 1..=MAX_SHUTTER.into(), "microseconds");
    let gain = number(review, "[camera.rpicam] gain", &raw.gain, 1.0..=MAX_GAIN.into(), "");
    ModuleSettings {
        camera: camera.map_or(0, |camera| camera as u32),
        focus: lens.map_or(Focus::Continuous, |lens| Focus::Lens(lens as f32)),
        exposure: choice(review, "[camera.rpicam] exposure", &raw.exposure, &exposures).unwrap_or_default(),
        shutter: shutter.map(|micros| micros as u32),
        gain: gain.map(|gain| gain as f32),
        flicker: choice(review, "[camera.rpicam] flicker", &raw.flicker, &mains).unwrap_or_default(),
        hdr: flag(&raw.hdr),
    }
}

/// Which part of the picture is looked at, and how large a face must be.
fn check_field(review: &mut Review<'_>, raw: &RawCamera) -> FieldOfView {
    let height = "of the picture's height";
    let min_face = number(review, "[camera] min-face", &raw.min_face, 0.0..=0.9, height);
    FieldOfView {
        region: raw.region.as_ref().and_then(|region| check_region(review, region)),
        min_face: min_face.map_or(0.0, |fraction| fraction as f32),
    }
}

fn check_region(review: &mut Review<'_>, raw: &Spanned<Vec<f64>>) -> Option<Region> {
    let fractions: Vec<f32> = raw.get_ref().iter().map(|fraction| *fraction as f32).collect();
    let region = fractions.try_into().ok().and_then(Region::new);
    if region.is_none() {
        let what = "is no part of the picture";
        let remedy = "use [left, top, width, height], fractions of the upright picture from 0 to 1; width and height at \
                      least 0.1, and left + width and top + height at most 1";
        review.note(Some(raw.span()), "[camera] region", what, remedy);
    }
    region
}

fn check_orientation(review: &mut Review<'_>, raw: &RawCamera) -> Orientation {
    let mirror = flag(&raw.mirror);
    let Some(rotate) = &raw.rotate else { return Orientation::new(0, mirror) };
    let quarters = [0, 90, 180, 270].iter().zip(0..).find(|(degrees, _)| *degrees == rotate.get_ref());
    if quarters.is_none() {
        let what = format!("{} is no quarter turn", rotate.get_ref());
        let remedy = "use 0, 90, 180 or 270: the degrees clockwise that make the camera's picture upright";
        review.note(Some(rotate.span()), "[camera] rotate", what, remedy);
    }
    Orientation::new(quarters.map_or(0, |(_, quarters)| quarters), mirror)
}

fn check_format(review: &mut Review<'_>, raw: &Spanned<String>) -> Option<PixelFormat> {
    let found = PixelFormat::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(raw.get_ref()));
    if found.is_none() {
        let what = format!("\"{}\" is no known pixel format", raw.get_ref());
        let names = PixelFormat::ALL.map(PixelFormat::name).join(", ");
        review.note(
            Some(raw.span()),
            "[camera] format",
            what,
            format!("use one of {names}, or leave it out"),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn parsed(text: &str) -> Result<CameraSettings, String> {
        let settings = Settings::parse(text, Path::new("/etc/limen/limen.toml"));
        settings.map(|settings| settings.camera).map_err(|error| error.to_string())
    }

    #[test]
    fn the_kernels_video_devices_are_the_default() {
        let camera = parsed("").expect("the defaults");
        assert_eq!((camera.driver, camera.module), (CameraDriver::V4l2, ModuleSettings::default()));
    }

    #[test]
    fn a_module_is_set_up_as_it_is_written() {
        let text = "[camera]\ndriver = \"rpicam\"\nwidth = 1280\nheight = 720\n[camera.rpicam]\ncamera = 1\nlens-position = 1.5\n\
                    exposure = \"short\"\nshutter-us = 5000\ngain = 4.0\nflicker = \"50\"\nhdr = true\n";
        let camera = parsed(text).expect("right");
        let module = ModuleSettings {
            camera: 1,
            focus: Focus::Lens(1.5),
            exposure: Exposure::Short,
            shutter: Some(5000),
            gain: Some(4.0),
            flicker: Flicker::Hz50,
            hdr: true,
        };
        assert_eq!((camera.driver, camera.module), (CameraDriver::Rpicam, module));
    }

    #[test]
    fn what_a_module_cannot_do_is_named_with_its_line() {
        for (text, said) in [
            ("driver = \"libcamera\"", "limen.toml:2: [camera] driver: \"libcamera\" is not known"),
            ("driver = \"rpicam\"\nwidth = 720", "limen.toml:3: [camera] width: 720 is no multiple of 128"),
            ("driver = \"rpicam\"\nheight = 481", "limen.toml:3: [camera] height: 481 is odd"),
            ("driver = \"rpicam\"\nformat = \"YUYV\"", "limen.toml:3: [camera] format: is for driver"),
            ("[camera.rpicam]\ncamera = 9", "limen.toml:3: [camera.rpicam] camera: 9 is out of range"),
            ("[camera.rpicam]\nlens-position = -1.0", "[camera.rpicam] lens-position: -1 is out of range"),
            ("[camera.rpicam]\ngain = 0.5", "[camera.rpicam] gain: 0.5 is out of range"),
            ("[camera.rpicam]\nshutter-us = 200000", "[camera.rpicam] shutter-us: 200000 is out of range"),
            ("[camera.rpicam]\nflicker = \"55\"", "[camera.rpicam] flicker: \"55\" is not known"),
        ] {
            let error = parsed(&format!("[camera]\n{text}\n")).expect_err(text);
            assert!(error.contains(said), "{error}");
        }
        assert!(parsed("[camera]\nwidth = 720\nheight = 481\n").is_ok(), "a video device may have it");
    }
}
