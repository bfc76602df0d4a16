//! The photographs compiled in, all works of the US government; `photographs/ORIGIN.md` says where from.

use crate::camera::photograph::{PhotographError, photograph_from_bytes};
use crate::frame::Picture;

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
