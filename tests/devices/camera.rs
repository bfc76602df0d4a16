//! The cameras of the guest: one that shows what a test writes, one that can be unplugged.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use limen::camera::mode::code_of;
use limen_vision::frame::{Picture, PixelFormat};
use limen_vision::pixels::decode::{encode_yu12, encode_yuyv};
use limen_vision::pixels::encode::encode_jpeg;
use limen_vision::pixels::scale::fit_picture;
use v4l::video::Output as _;
use v4l::{Device, Format, FourCC};

use super::harness::{LONG, within};

pub const LOOPBACK: &str = "/dev/video10";
const VIVID: &str = "/dev/video0";
pub const SIZE: (u32, u32) = (640, 480);
const FRAME: Duration = Duration::from_millis(66);

/// A picture as the bytes of a camera's frame.
pub fn frame(picture: &Picture, format: PixelFormat) -> Vec<u8> {
    frame_of_size(picture, format, SIZE)
}

pub fn frame_of_size(picture: &Picture, format: PixelFormat, size: (u32, u32)) -> Vec<u8> {
    let fitted = fit_picture(picture, size.0, size.1);
    match format {
        PixelFormat::Yuyv => encode_yuyv(&fitted),
        PixelFormat::Mjpeg => encode_jpeg(&fitted).expect("encoded"),
        PixelFormat::Grey => fitted
            .rgb()
            .chunks_exact(3)
            .map(|p| ((u32::from(p[0]) * 77 + u32::from(p[1]) * 150 + u32::from(p[2]) * 29) >> 8) as u8)
            .collect(),
        PixelFormat::Rgb24 => fitted.rgb().to_vec(),
        PixelFormat::Uyvy => {
            encode_yuyv(&fitted).chunks_exact(4).flat_map(|p| [p[1], p[0], p[3], p[2]]).collect()
        }
        PixelFormat::Nv12 => nv12(&encode_yuyv(&fitted), size.0 as usize * 2),
        PixelFormat::Yu12Full => encode_yu12(&fitted),
        other => panic!("no test writes {}", other.name()),
    }
}

/// The luminance of all rows of YUYV, so many bytes long, and behind it the colour of every other row.
fn nv12(yuyv: &[u8], row: usize) -> Vec<u8> {
    let luminance = yuyv.iter().step_by(2);
    let colour = yuyv.chunks_exact(row).step_by(2).flat_map(|line| line.iter().skip(1).step_by(2));
    luminance.chain(colour).copied().collect()
}

/// One colour all over.
pub fn flat(value: u8) -> Picture {
    Picture::from_fn(SIZE.0, SIZE.1, |_, _| [value; 3])
}

/// Writes frames into the loopback camera, fifteen a second unless told otherwise.
pub struct Feeder {
    shown: Arc<Mutex<Vec<Vec<u8>>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    format: PixelFormat,
}

impl Feeder {
    /// Shows a picture until another is shown.
    pub fn start(format: PixelFormat, first: &Picture) -> Self {
        Self::start_every(FRAME, format, first)
    }

    /// The same, a frame every `pause`.
    pub fn start_every(pause: Duration, format: PixelFormat, first: &Picture) -> Self {
        let code = code_of(format);
        let mut device = Device::with_path(LOOPBACK).expect("the loopback camera");
        device.set_format(&Format::new(SIZE.0, SIZE.1, FourCC::new(code))).expect("a format");
        let shown = Arc::new(Mutex::new(vec![frame(first, format)]));
        let stop = Arc::new(AtomicBool::new(false));
        let (current, ended) = (Arc::clone(&shown), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut number = 0;
            while !ended.load(Ordering::Relaxed) {
                let bytes = {
                    let clip = current.lock().expect("not poisoned");
                    clip.get(number % clip.len().max(1)).cloned()
                };
                if let Some(bytes) = bytes {
                    device.write_all(&bytes).expect("a frame");
                }
                number += 1;
                std::thread::sleep(pause);
            }
        });
        let feeder = Self { shown, stop, thread: Some(thread), format };
        assert!(within(LONG, || Device::with_path(LOOPBACK).is_ok()));
        feeder
    }

    pub fn show(&self, picture: &Picture) {
        self.show_bytes(frame(picture, self.format));
    }

    pub fn show_bytes(&self, bytes: Vec<u8>) {
        self.show_clip(vec![bytes]);
    }

    /// Frames one after the other, again and again.
    pub fn show_clip(&self, frames: Vec<Vec<u8>>) {
        *self.shown.lock().expect("not poisoned") = frames;
    }

    /// No more frames, while the device stays open: a camera that hangs.
    pub fn stall(&self) {
        self.show_clip(Vec::new());
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join);
    }
}

/// The vivid camera, unplugged; it is plugged in again when this and everybody else has put it down.
pub struct Unplugged {
    _held: Device,
}

impl Unplugged {
    pub fn now() -> Self {
        let device = Device::with_path(VIVID).expect("vivid");
        let controls = device.query_controls().expect("a list");
        let unplug = controls.iter().find(|control| control.name == "Disconnect").expect("vivid can");
        // The kernel answers after the device is gone.
        let _ = device.set_control(v4l::Control { id: unplug.id, value: v4l::control::Value::Boolean(true) });
        Self { _held: device }
    }
}
