//! Checks whether a face is good enough to compare. A refusal has a reason.
//!
//! A poor picture's embedding lies near nobody or, worse, near everybody: blurred faces resemble each other.
//! So the gate refuses poor frames, and the person is told what to change.

use limen_core::event::Unusable;

use super::detect::Detection;
use super::landmarks::Mesh;
use super::{align, foreign, upright};
use crate::frame::Picture;
use crate::geometry::Point;

/// If the detector's eye distance is less than this fraction of the limit, the mesh's will be too small too:
/// for 368 faces the detector's was 0.91 to 1.22 of the mesh's.
const CLEARLY_SMALL: f32 = 0.8;
/// If the detector's eyes lie farther outside the picture than this fraction of the box, the mesh's will be
/// outside too: for 368 faces the two differed by at most 0.07 of it.
const CLEARLY_OUTSIDE: f32 = 0.15;

/// The limits of the gate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate {
    /// The smallest distance between the eyes, in pixels of the frame.
    pub min_eye_distance: f32,
    /// The largest turn to one side, in degrees.
    pub max_yaw: f32,
    /// The largest nod up or down, in degrees.
    pub max_pitch: f32,
    /// The largest lean towards a shoulder, in degrees. Below 180, faces upside down are refused too.
    pub max_roll: f32,
    /// The smallest sharpness, see [`Quality::sharpness`].
    pub min_sharpness: f32,
    /// The smallest mean luminance of the crop, 0 to 255.
    pub min_brightness: f32,
    /// The largest mean luminance of the crop, 0 to 255.
    pub max_brightness: f32,
    /// The smallest face-presence score of the landmark network, 0 to 1.
    pub min_presence: f32,
    /// Whether faces are refused that are unlike those on which the error rates were measured.
    pub familiar: bool,
    /// Whether the photograph becomes a template, for which the limits are stricter.
    pub template: bool,
}

/// The smallest face-presence score of a template's photograph.
const MIN_PRESENCE_OF_TEMPLATES: f32 = 0.99;
/// The largest mean luminance of the crop of a template's photograph; one in 5,000 of those measured has
/// more.
const MAX_BRIGHTNESS_OF_TEMPLATES: f32 = 190.0;

impl Gate {
    /// The same gate with the limits for a template's photograph.
    pub fn for_templates(self) -> Self {
        Self {
            min_presence: self.min_presence.max(MIN_PRESENCE_OF_TEMPLATES),
            max_brightness: self.max_brightness.min(MAX_BRIGHTNESS_OF_TEMPLATES),
            template: true,
            ..self
        }
    }

    /// A gate without limits, for error rates over all faces.
    pub fn wide_open() -> Self {
        Self {
            min_eye_distance: 0.0,
            max_yaw: 180.0,
            max_pitch: 180.0,
            max_roll: 180.0,
            min_sharpness: 0.0,
            min_brightness: 0.0,
            max_brightness: 255.0,
            min_presence: 0.0,
            familiar: false,
            template: false,
        }
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            min_eye_distance: 24.0,
            max_yaw: 35.0,
            max_pitch: 30.0,
            max_roll: 45.0,
            // Of the photographs measured 1 % are below 4.2; a blur over a tenth of the face's width gives 2
            // to 4.
            min_sharpness: 4.0,
            min_brightness: 30.0,
            max_brightness: 235.0,
            min_presence: 0.5,
            familiar: true,
            template: false,
        }
    }
}

/// What was measured on a face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// The distance between the eyes, in pixels of the frame.
    pub eye_distance: f32,
    /// The turn to one side, in degrees.
    pub yaw: f32,
    /// The nod up or down, in degrees.
    pub pitch: f32,
    /// The mean absolute Laplacian of the crop's luminance, in percent of its standard deviation: independent
    /// of light and contrast.
    pub sharpness: f32,
    /// The mean luminance of the crop, 0 to 255.
    pub brightness: f32,
    /// The face-presence score, 0 to 1.
    pub presence: f32,
}

impl Quality {
    /// The weight of this frame in a fused probe: 1 for a sharp frontal face, less for a poorer one, always
    /// above zero.
    pub fn weight(&self) -> f32 {
        let frontal = (1.0 - self.yaw.abs().max(self.pitch.abs()) / 90.0).clamp(0.1, 1.0);
        let large = (self.eye_distance / 60.0).clamp(0.25, 1.0);
        frontal * large
    }
}

/// Refuses faces that are, by the detector's key points, so small or so far outside the picture that a mesh
/// would not change it. This saves the most expensive stage for distant faces.
pub fn check_detection(gate: &Gate, face: &Detection, width: u32, height: u32) -> Result<(), Unusable> {
    let [right, left, ..] = face.keypoints;
    let beyond = face.bounds.width.max(face.bounds.height) * CLEARLY_OUTSIDE;
    let outside = |p: Point| {
        p.x < -beyond || p.y < -beyond || p.x > width as f32 + beyond || p.y > height as f32 + beyond
    };
    if right.distance(left) < gate.min_eye_distance * CLEARLY_SMALL {
        Err(Unusable::TooSmall)
    } else if outside(right) || outside(left) {
        Err(Unusable::CutOff)
    } else {
        Ok(())
    }
}

/// Whether to check which way up the face is: not if it is refused anyway, and not if the gate accepts faces
/// any way up.
pub fn may_stand_on_its_head(gate: &Gate, mesh: &Mesh, width: u32, height: u32) -> bool {
    let settled = [Unusable::NotAFace, Unusable::TooSmall, Unusable::CutOff];
    let judged = check_mesh(gate, mesh, width, height);
    gate.max_roll < 180.0 && !judged.is_err_and(|why| settled.contains(&why))
}

/// Checks that need no pixels: the face must be in the picture, large enough, a face, and turned to the
/// camera.
pub fn check_mesh(gate: &Gate, mesh: &Mesh, width: u32, height: u32) -> Result<(), Unusable> {
    let (right, left) = mesh.eyes();
    let inside = |p: Point| p.x >= 0.0 && p.y >= 0.0 && p.x < width as f32 && p.y < height as f32;
    let far_from = |value: f32, most: f32| value.is_nan() || value.abs() > most;
    if mesh.presence.is_nan() || mesh.presence < gate.min_presence {
        Err(Unusable::NotAFace)
    } else if right.distance(left) < gate.min_eye_distance {
        Err(Unusable::TooSmall)
    } else if !is_whole(gate, mesh, inside) {
        Err(Unusable::CutOff)
    } else if far_from(mesh.pose.yaw, gate.max_yaw) || far_from(mesh.pose.pitch, gate.max_pitch) {
        Err(Unusable::TurnedAway)
    } else if far_from(mesh.pose.roll, gate.max_roll) {
        Err(upright::tilt(mesh.pose.roll))
    } else {
        Ok(())
    }
}

/// Whether eyes and mouth lie in the picture, and as much of the face as the gate requires.
fn is_whole(gate: &Gate, mesh: &Mesh, inside: impl Fn(Point) -> bool) -> bool {
    let (right, left) = mesh.eyes();
    let eyes_and_mouth = inside(right) && inside(left) && mouth(mesh).into_iter().all(&inside);
    eyes_and_mouth && !(gate.familiar && ends_in_the_face(mesh, inside))
}

/// Measures the crop and applies the limits on light and sharpness.
pub fn check_crop(gate: &Gate, mesh: &Mesh, crop: &Picture) -> Result<Quality, Unusable> {
    let (right, left) = mesh.eyes();
    let (brightness, sharpness) = light_and_detail(crop);
    let quality = Quality {
        eye_distance: right.distance(left),
        yaw: mesh.pose.yaw,
        pitch: mesh.pose.pitch,
        sharpness,
        brightness,
        presence: mesh.presence,
    };
    if brightness < gate.min_brightness {
        Err(Unusable::TooDark)
    } else if brightness > gate.max_brightness {
        Err(Unusable::TooBright)
    } else if sharpness < gate.min_sharpness {
        Err(Unusable::Blurred)
    } else {
        check_familiar(gate, mesh, crop)?;
        Ok(quality)
    }
}

fn check_familiar(gate: &Gate, mesh: &Mesh, crop: &Picture) -> Result<(), Unusable> {
    if gate.familiar {
        foreign::check(crop)?;
    }
    if gate.template {
        let to_crop = align::to_crop(mesh, &align::gates_crop()).ok_or(Unusable::NotAFace)?;
        let points: Vec<Point> = mesh.points.iter().map(|point| to_crop.apply(*point)).collect();
        foreign::check_template(crop, &points)?;
    }
    Ok(())
}

/// How many points of [`BROWS`] may lie outside: the end of one eyebrow.
const MOST_OF_BROWS_OUTSIDE: usize = 2;
/// The numbers of the mesh points of both eyebrows, and of the middle of the lower lip.
const BROWS: [usize; 10] = [70, 63, 105, 66, 107, 336, 296, 334, 293, 300];
const LOWER_LIP: usize = 17;

/// Whether the picture ends within the face: the crop would have streaks there.
fn ends_in_the_face(mesh: &Mesh, inside: impl Fn(Point) -> bool) -> bool {
    let missing = BROWS.iter().filter(|point| !inside(mesh.points[**point])).count();
    missing > MOST_OF_BROWS_OUTSIDE || !inside(mesh.points[LOWER_LIP])
}

/// The corners of the mouth.
fn mouth(mesh: &Mesh) -> [Point; 2] {
    [mesh.points[61], mesh.points[291]]
}

/// The mean luminance (BT.601 weights), and the mean absolute Laplacian in percent of the standard deviation.
fn light_and_detail(crop: &Picture) -> (f32, f32) {
    let luma: Vec<f32> = crop
        .rgb()
        .chunks_exact(3)
        .map(|p| 0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2]))
        .collect();
    let count = luma.len() as f32;
    let mean = luma.iter().sum::<f32>() / count;
    let deviation = (luma.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / count).sqrt();
    let (width, height) = (crop.width() as usize, crop.height() as usize);
    if width < 3 || height < 3 || deviation < 1.0 {
        return (mean, 0.0);
    }
    let mut sum = 0.0;
    for y in 1..height - 1 {
        let row = |y: usize| &luma[y * width..(y + 1) * width];
        let (above, here, below) = (row(y - 1), row(y), row(y + 1));
        for x in 1..width - 1 {
            sum += (above[x] + below[x] + here[x - 1] + here[x + 1] - 4.0 * here[x]).abs();
        }
    }
    let laplacian = sum / ((width - 2) * (height - 2)) as f32;
    (mean, 100.0 * laplacian / deviation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_crop_has_no_detail() {
        assert_eq!(light_and_detail(&Picture::from_fn(50, 50, |_, _| [90; 3])).1, 0.0);
    }

    #[test]
    fn sharpness_does_not_depend_on_contrast() {
        let ramp = |gain: u32| Picture::from_fn(60, 60, move |x, y| [((x / 4 + y / 3) % 7 * gain) as u8; 3]);
        let (faint, strong) = (light_and_detail(&ramp(5)).1, light_and_detail(&ramp(30)).1);
        assert!((faint - strong).abs() < 0.05 * strong, "{faint} against {strong}");
    }

    #[test]
    fn blurring_lowers_sharpness() {
        let noise = Picture::from_fn(64, 64, |x, y| [((x * 7919 + y * 104_729) % 251) as u8; 3]);
        let blurred = Picture::from_fn(64, 64, |x, y| {
            let sum: u32 = (0..16i64)
                .map(|i| u32::from(noise.pixel(i64::from(x) + i % 4, i64::from(y) + i / 4)[0]))
                .sum();
            [(sum / 16) as u8; 3]
        });
        assert!(light_and_detail(&blurred).1 < 0.5 * light_and_detail(&noise).1);
    }
}
