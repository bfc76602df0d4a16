//! The photographs compiled in, all works of the US government; `photographs/ORIGIN.md` says where from.

use limen_vision::frame::Picture;
use limen_vision::pixels::photograph::{PhotographError, photograph_from_bytes};

use crate::camera::CAMERA_SIZE;

/// A photograph and who is on it.
#[derive(Debug)]
pub struct Photograph {
    /// Its file's name without the ending.
    pub name: &'static str,
    /// Its file.
    pub jpeg: &'static [u8],
    /// Whether it shows the person whom the demo enrols.
    pub enrolled: bool,
}

impl Photograph {
    /// Decoded.
    pub fn picture(&self) -> Result<Picture, PhotographError> {
        photograph_from_bytes(self.jpeg, &format!("built-in photograph {}", self.name))
    }

    /// Head and shoulders, as somebody at the door is seen: the upper part of a tall photograph, doubled if
    /// it is small, because a face of less than about 100 of the frame's 640 pixels is not found reliably.
    pub fn at_the_door(&self) -> Result<Picture, PhotographError> {
        let picture = self.picture()?;
        let side = picture.width().min(picture.height());
        let times = if side < CAMERA_SIZE.0 / 2 { 2 } else { 1 };
        Ok(Picture::from_fn(side * times, side * times, |x, y| {
            picture.pixel(i64::from(x / times), i64::from(y / times))
        }))
    }
}

macro_rules! photograph {
    ($name:literal, $enrolled:literal) => {
        Photograph {
            name: $name,
            jpeg: include_bytes!(concat!("photographs/", $name, ".jpg")),
            enrolled: $enrolled,
        }
    };
}

/// The one that is enrolled.
pub static ENROLLED: Photograph = photograph!("obama", true);

/// Those that come to the door, in this order.
pub static VISITORS: [Photograph; 5] = [
    photograph!("obama2", true),
    photograph!("biden", false),
    photograph!("obama-partial-face", true),
    photograph!("obama3", true),
    photograph!("obama-partial-face2", true),
];
