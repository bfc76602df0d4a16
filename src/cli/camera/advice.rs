//! What to change about a camera that is being aimed, from what it shows of a face. Pure.

use limen_core::event::Unusable;
use limen_vision::frame::Orientation;
use limen_vision::geometry::Rect;
use limen_vision::quality::{Gate, Quality};

/// How far above the gate's least size and sharpness a face should be, so that it passes on worse days too.
const AMPLE: f32 = 1.5;
/// Darker than this mean luminance, 0 to 255, faces of dark skin and backlit ones soon fail.
const DIM: f32 = 60.0;
/// Brighter than this, details are soon lost.
const GLARING: f32 = 205.0;
/// Faces should look to the camera up to this share of the largest turn that the gate allows.
const FRONTAL: f32 = 0.6;
/// Nearer to an edge than this fraction of the picture, the middle of a face leaves no room for people of another size.
const NEAR_AN_EDGE: f32 = 0.2;

/// What one frame shows of the nearest face.
#[derive(Debug, Clone, Copy)]
pub struct FaceSeen {
    /// Its box, in pixels of the upright picture.
    pub bounds: Rect,
    /// The width and height of the upright picture, in pixels.
    pub picture: (u32, u32),
    /// What was measured, or why nothing could be.
    pub quality: Result<Quality, Unusable>,
}

/// What to change; empty if all is well.
pub fn advice(seen: &FaceSeen, gate: &Gate, mounted: Orientation) -> Vec<String> {
    let mut advice = place(seen);
    match &seen.quality {
        Ok(quality) => advice.extend(measures(quality, gate)),
        Err(why) => advice.push(refusal(*why, mounted)),
    }
    advice
}

/// Where the face is in the picture.
fn place(seen: &FaceSeen) -> Vec<String> {
    let (centre, (width, height)) = (seen.bounds.centre(), seen.picture);
    let (across, down) = (centre.x / width as f32, centre.y / height as f32);
    let off = |at: f32, low: &str, high: &str| {
        if at < NEAR_AN_EDGE {
            Some(low.to_owned())
        } else if at > 1.0 - NEAR_AN_EDGE {
            Some(high.to_owned())
        } else {
            None
        }
    };
    let aside = off(
        across,
        "turn the camera towards the left side of its picture",
        "turn the camera towards the right side of its picture",
    );
    let upwards = off(down, "tilt the camera up", "tilt the camera down");
    aside.into_iter().chain(upwards).collect()
}

/// Size, light, sharpness and pose.
fn measures(quality: &Quality, gate: &Gate) -> Vec<String> {
    let mut advice = Vec::new();
    let least = gate.min_eye_distance;
    if quality.eye_distance < least * AMPLE {
        advice.push(format!(
            "come nearer, or mount the camera nearer: {:.0} pixels between the eyes, {:.0} would be ample",
            quality.eye_distance,
            least * AMPLE
        ));
    }
    if quality.brightness < DIM.max(gate.min_brightness) {
        advice.push("put light on the face, from the front".to_owned());
    } else if quality.brightness > GLARING.min(gate.max_brightness) {
        advice.push("take light from the face, or shade it".to_owned());
    }
    if quality.sharpness < gate.min_sharpness * AMPLE {
        advice.push("the face is blurred: clean and focus the lens, and add light".to_owned());
    }
    if quality.yaw.abs() > gate.max_yaw * FRONTAL {
        let degrees = quality.yaw.abs();
        advice
            .push(format!("faces look past the camera by {degrees:.0} degrees: mount it where people look"));
    }
    if quality.pitch.abs() > gate.max_pitch * FRONTAL {
        advice.push("mount the camera at the height of the eyes".to_owned());
    }
    advice
}

fn refusal(why: Unusable, mounted: Orientation) -> String {
    let turned = |by: u32| (mounted.degrees() + by) % 360;
    match why {
        Unusable::UpsideDown => {
            format!("the picture is upside down: write [camera] rotate = {}", turned(180))
        }
        Unusable::OnItsSide => {
            format!("the picture lies on its side: write [camera] rotate = {} or {}", turned(90), turned(270))
        }
        why => format!("the face cannot be used: {why}"),
    }
}

/// Finds out by one turn of a head whether the picture is mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TurnTest {
    /// Waits for somebody who has looked straight for so many frames.
    #[default]
    Nobody,
    /// Somebody looks straight, for so many frames.
    Straight(u32),
    /// Asked for a turn to the person's left.
    Asked,
    /// The turn showed on this side of the picture; whether it is mirrored.
    Told(bool),
}

/// So many frames in a row must show a face that looks straight before it is asked to turn.
const STRAIGHT_FRAMES: u32 = 5;
/// Up to so many degrees a face looks straight.
const STRAIGHT: f32 = 8.0;
/// From so many degrees on a face is turned.
const TURNED: f32 = 18.0;

impl TurnTest {
    /// Goes on with the next frame's yaw in degrees, positive to the person's own left; `None` without a face.
    pub fn next(self, yaw: Option<f32>) -> Self {
        match (self, yaw) {
            (Self::Told(_), _) => self,
            (_, None) => Self::Nobody,
            (Self::Asked, Some(yaw)) if yaw.abs() >= TURNED => Self::Told(yaw < 0.0),
            (Self::Asked, Some(_)) => self,
            (Self::Nobody, Some(yaw)) if yaw.abs() <= STRAIGHT => Self::Straight(1),
            (Self::Straight(frames), Some(yaw)) if yaw.abs() <= STRAIGHT => {
                if frames + 1 >= STRAIGHT_FRAMES {
                    Self::Asked
                } else {
                    Self::Straight(frames + 1)
                }
            }
            _ => Self::Nobody,
        }
    }

    /// Whether the picture is mirrored; `None` if that is not known yet.
    pub fn mirrored(self) -> Option<bool> {
        match self {
            Self::Told(mirrored) => Some(mirrored),
            _ => None,
        }
    }

    /// What to say about it.
    pub fn says(self, mounted: Orientation) -> String {
        match self {
            Self::Nobody | Self::Straight(_) => "look straight at the camera".to_owned(),
            Self::Asked => "now turn your head to your own left, and back".to_owned(),
            Self::Told(false) => "left and right are as they should be".to_owned(),
            Self::Told(true) => format!(
                "the picture is mirrored: write [camera] mirror = {} (or was that your right? then start again)",
                !mounted.is_mirrored()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Quality = Quality {
        eye_distance: 60.0,
        yaw: 3.0,
        pitch: -4.0,
        sharpness: 9.0,
        brightness: 120.0,
        presence: 1.0,
    };

    fn seen(left: f32, top: f32, quality: Result<Quality, Unusable>) -> FaceSeen {
        FaceSeen { bounds: Rect { left, top, width: 100.0, height: 100.0 }, picture: (640, 480), quality }
    }

    fn said(seen: &FaceSeen, mounted: Orientation) -> String {
        advice(seen, &Gate::default(), mounted).join("; ")
    }

    #[test]
    fn a_good_face_in_the_middle_needs_nothing() {
        assert_eq!(said(&seen(270.0, 190.0, Ok(GOOD)), Orientation::UPRIGHT), "");
    }

    #[test]
    fn each_thing_that_is_wrong_is_said_with_what_to_change() {
        let wrong = [
            (Quality { eye_distance: 30.0, ..GOOD }, "come nearer"),
            (Quality { brightness: 40.0, ..GOOD }, "put light on the face"),
            (Quality { brightness: 220.0, ..GOOD }, "take light from the face"),
            (Quality { sharpness: 5.0, ..GOOD }, "blurred"),
            (Quality { yaw: -25.0, ..GOOD }, "by 25 degrees"),
            (Quality { pitch: 22.0, ..GOOD }, "height of the eyes"),
        ];
        for (quality, part) in wrong {
            let said = said(&seen(270.0, 190.0, Ok(quality)), Orientation::UPRIGHT);
            assert!(said.contains(part) && !said.contains(';'), "{part}: {said}");
        }
    }

    #[test]
    fn a_face_at_an_edge_says_where_to_turn_the_camera() {
        for (left, top, part) in [
            (0.0, 190.0, "left side"),
            (530.0, 190.0, "right side"),
            (270.0, 0.0, "tilt the camera up"),
            (270.0, 370.0, "tilt the camera down"),
        ] {
            assert!(said(&seen(left, top, Ok(GOOD)), Orientation::UPRIGHT).contains(part), "{part}");
        }
    }

    #[test]
    fn a_picture_that_is_not_upright_is_told_what_to_write_from_how_it_is_mounted_now() {
        let upside_down = seen(270.0, 190.0, Err(Unusable::UpsideDown));
        assert!(said(&upside_down, Orientation::UPRIGHT).contains("rotate = 180"));
        assert!(said(&upside_down, Orientation::new(3, false)).contains("rotate = 90"));
        let side = seen(270.0, 190.0, Err(Unusable::OnItsSide));
        assert!(said(&side, Orientation::new(1, true)).contains("rotate = 180 or 0"));
    }

    fn test_of(yaws: &[Option<f32>]) -> TurnTest {
        yaws.iter().fold(TurnTest::default(), |test, yaw| test.next(*yaw))
    }

    #[test]
    fn one_turn_to_the_left_tells_whether_the_picture_is_mirrored() {
        let straight = [Some(2.0); 5];
        assert_eq!(test_of(&straight), TurnTest::Asked);
        for (yaw, mirrored) in [(25.0, false), (-25.0, true)] {
            let turned = [&straight[..], &[Some(yaw / 2.0), Some(yaw), Some(0.0), None]].concat();
            assert_eq!(test_of(&turned).mirrored(), Some(mirrored));
        }
        assert!(TurnTest::Told(true).says(Orientation::UPRIGHT).contains("mirror = true"));
        assert!(TurnTest::Told(true).says(Orientation::new(0, true)).contains("mirror = false"));
    }

    #[test]
    fn nobody_is_asked_who_does_not_look_straight_or_leaves() {
        assert_eq!(test_of(&[Some(25.0); 9]), TurnTest::Nobody);
        assert_eq!(test_of(&[Some(0.0), Some(0.0), Some(20.0), Some(0.0), Some(0.0)]), TurnTest::Straight(2));
        assert_eq!(test_of(&[Some(0.0), Some(0.0), Some(0.0), Some(0.0), Some(0.0), None]), TurnTest::Nobody);
    }
}
