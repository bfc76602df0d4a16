//! The photographs that are compiled in. All are works of the US government; `photographs/ORIGIN.md` has their sources.

use limen_vision::frame::Picture;
use limen_vision::pixels::photograph::{PhotographError, photograph_from_bytes};
use limen_vision::trial::Shown;

use crate::camera::CAMERA_SIZE;

/// A built-in photograph.
#[derive(Debug)]
pub struct Photograph {
    /// The name of its file, without the extension.
    pub name: &'static str,
    /// The bytes of its file.
    pub jpeg: &'static [u8],
    /// Whether it shows the person whom the demo enrols.
    pub enrolled: bool,
}

impl Photograph {
    /// Decodes the photograph.
    ///
    /// # Errors
    /// The file cannot be decoded.
    pub fn picture(&self) -> Result<Picture, PhotographError> {
        photograph_from_bytes(self.jpeg, &format!("built-in photograph {}", self.name))
    }

    /// Head and shoulders, as a camera sees a person at the door: the upper square of a tall photograph. It is doubled
    /// if it is small, because a face of less than about 100 of the frame's 640 pixels is not found reliably.
    ///
    /// # Errors
    /// The file cannot be decoded.
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

/// The photograph that is enrolled.
pub static ENROLLED: Photograph = photograph!("obama", true);

/// The photographs that come to the door, in this order.
pub static VISITORS: [Photograph; 5] = [
    photograph!("obama2", true),
    photograph!("biden", false),
    photograph!("obama-partial-face", true),
    photograph!("obama3", true),
    photograph!("obama-partial-face2", true),
];

/// Photographs of two people, the enrolled one on three: what a new network must tell apart.
///
/// # Errors
/// A file cannot be decoded.
pub fn of_two_people() -> Result<Vec<Shown>, PhotographError> {
    let whole = VISITORS.iter().filter(|visitor| !visitor.name.contains("partial"));
    [&ENROLLED]
        .into_iter()
        .chain(whole)
        .map(|photograph| {
            Ok(Shown { person: usize::from(photograph.enrolled), picture: photograph.picture()? })
        })
        .collect()
}
