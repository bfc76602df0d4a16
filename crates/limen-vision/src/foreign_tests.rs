//! Which pictures the gate accepts as photographs of faces, and which not.

use super::*;

/// A picture with the light and detail of a face, without blocks: waves of several lengths.
fn face(x: u32, y: u32) -> f32 {
    let (x, y) = (x as f32, y as f32);
    let wave = |length: f32, turn: f32| ((x * turn.cos() + y * turn.sin()) / length).sin();
    120.0 + 30.0 * wave(9.0, 0.4) + 25.0 * wave(4.0, 1.9) + 12.0 * wave(2.0, 1.1) + 6.0 * wave(1.1, 2.7)
}

fn crop(of: impl Fn(u32, u32) -> f32) -> Picture {
    Picture::from_fn(SIDE, SIDE, |x, y| [of(x, y).clamp(0.0, 255.0) as u8; 3])
}

fn square_mesh(width: f32, height: f32) -> Vec<Point> {
    [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)].map(|(x, y)| Point::new(x, y)).to_vec()
}

fn judged(of: impl Fn(u32, u32) -> f32) -> Result<(), Unusable> {
    check(&crop(of))
}

/// Checked as a photograph for a template.
fn judged_to_enrol(of: impl Fn(u32, u32) -> f32) -> Result<(), Unusable> {
    check_template(&crop(of), &square_mesh(90.0, 100.0))
}

#[test]
fn a_face_like_those_measured_passes() {
    assert_eq!(judged(face), Ok(()));
    assert_eq!(judged_to_enrol(face), Ok(()));
}

#[test]
fn what_lies_over_eyes_or_mouth_is_a_cover_whatever_its_shade() {
    for shade in [10.0, 90.0, 150.0, 240.0] {
        let over = |rows: std::ops::Range<u32>| {
            move |x: u32, y: u32| if rows.contains(&y) && (25..125).contains(&x) { shade } else { face(x, y) }
        };
        assert_eq!(judged(over(75..130)), Err(Unusable::Covered), "mouth, {shade}");
        assert_eq!(judged(over(34..62)), Err(Unusable::Covered), "eyes, {shade}");
        assert_eq!(judged_to_enrol(over(0..32)), Err(Unusable::Covered), "forehead, {shade}");
    }
}

#[test]
fn noise_does_not_hide_a_cover() {
    let noise = |x: u32, y: u32| ((x * 7919 + y * 104_729).wrapping_mul(2_654_435_761) >> 28) as f32 - 8.0;
    let masked = |x, y| if y > 75 { 150.0 } else { face(x, y) } + noise(x, y);
    assert_eq!(judged(masked), Err(Unusable::Covered));
}

#[test]
fn light_that_hides_half_a_face_is_refused() {
    assert_eq!(judged(|x, y| face(x, y) * if x < 75 { 0.2 } else { 1.0 }), Err(Unusable::UnevenLight));
    assert_eq!(judged(|x, y| 100.0 + face(x, y) / 10.0), Err(Unusable::LowContrast));
    assert_eq!(judged(|x, y| face(x, y) * 2.2), Err(Unusable::TooBright));
}

#[test]
fn blocks_and_noise_are_coarse() {
    assert_eq!(judged(|x, y| face(x / 8 * 8, y / 8 * 8)), Err(Unusable::Coarse));
    let noise = |x: u32, y: u32| ((x * 7919 + y * 104_729).wrapping_mul(2_654_435_761) >> 25) as f32 - 64.0;
    assert_eq!(judged(|x, y| face(x, y) + noise(x, y)), Err(Unusable::Coarse));
}

#[test]
fn a_stretched_photograph_is_not_enrolled() {
    for (width, height) in [(70.0, 100.0), (110.0, 100.0)] {
        assert_eq!(check_template(&crop(face), &square_mesh(width, height)), Err(Unusable::Stretched));
    }
}

#[test]
fn a_photograph_that_moved_is_too_soft_to_enrol() {
    let moved = |x: u32, y: u32| (0..9).map(|step| face(x + step, y)).sum::<f32>() / 9.0;
    assert_eq!(judged_to_enrol(moved), Err(Unusable::Blurred));
}
