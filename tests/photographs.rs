//! What a photograph must be like: which way up, how large the face in it, and nothing over it.

use limen_core::embedding::Crops;
use limen_core::event::Unusable;
use limen_vision::analyst::Analyst;
use limen_vision::frame::Picture;
use limen_vision::pixels::photograph::load_photograph;
use limen_vision::quality::Gate;

use crate::support::{Site, limen, models, photo};

fn analyst() -> Analyst {
    Analyst::new(models(), Gate::default(), Crops::Plain)
}

/// What is said of each face of a photograph.
fn said(picture: &Picture) -> Vec<Option<Unusable>> {
    let faces = analyst().faces(picture).expect("the networks run");
    faces.into_iter().map(|(_, face)| face.err()).collect()
}

fn obama() -> Picture {
    load_photograph(&photo("obama")).expect("a photograph of the demo")
}

/// A picture turned clockwise about its middle, its size kept.
fn turned(picture: &Picture, degrees: f64) -> Picture {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (mid_x, mid_y) = (f64::from(picture.width()) / 2.0, f64::from(picture.height()) / 2.0);
    Picture::from_fn(picture.width(), picture.height(), |x, y| {
        let (x, y) = (f64::from(x) - mid_x, f64::from(y) - mid_y);
        picture.pixel((cos * x + sin * y + mid_x) as i64, (cos * y - sin * x + mid_y) as i64)
    })
}

/// Pictures on a wall of this size, each with its left and upper edge and a width.
fn on_a_wall(width: u32, height: u32, pictures: &[(&Picture, u32, u32, u32)]) -> Picture {
    Picture::from_fn(width, height, |x, y| {
        let shown = pictures.iter().find_map(|(picture, left, top, wide)| {
            let high = picture.height() * wide / picture.width();
            let inside = (*left..left + wide).contains(&x) && (*top..top + high).contains(&y);
            inside.then(|| mean_of(picture, (x - left, y - top), *wide))
        });
        shown.unwrap_or([(150 + x / 40) as u8, (140 + y / 50) as u8, 130])
    })
}

/// The mean of the pixels of a picture that fall into one of its copy, which is so wide.
fn mean_of(picture: &Picture, (x, y): (u32, u32), wide: u32) -> [u8; 3] {
    let at = |step: u32| i64::from(step) * i64::from(picture.width()) / i64::from(wide);
    let each = (i64::from(picture.width()) / i64::from(wide)).max(1);
    let sum = |channel: usize| -> i64 {
        (0..each * each).map(|i| i64::from(picture.pixel(at(x) + i % each, at(y) + i / each)[channel])).sum()
    };
    [0, 1, 2].map(|channel| (sum(channel) / (each * each)) as u8)
}

#[test]
fn a_photograph_says_which_way_it_lies() {
    let upright = obama();
    assert_eq!(said(&upright), [None]);
    assert_eq!(said(&upright.turned(2)), [Some(Unusable::UpsideDown)]);
    for quarter in [1, 3] {
        assert_eq!(said(&upright.turned(quarter)), [Some(Unusable::OnItsSide)], "{quarter}");
    }
}

#[test]
fn a_head_may_lean_to_a_shoulder_but_not_lie_on_it() {
    for (degrees, expected) in [(25.0, None), (-25.0, None), (55.0, Some(Unusable::Tilted))] {
        assert_eq!(said(&turned(&obama(), degrees)), [expected], "{degrees}");
    }
    for degrees in [130.0, 150.0, 180.0, -140.0] {
        let said = said(&turned(&obama(), degrees));
        assert!(said.iter().all(|why| *why == Some(Unusable::UpsideDown)), "{degrees}: {said:?}");
    }
}

#[test]
fn a_standing_person_is_found_though_the_face_is_a_small_part() {
    let person = obama();
    for wide in [300, 420, 700] {
        let wall = on_a_wall(1200, 1600, &[(&person, 350, 200, wide)]);
        let faces = analyst().faces(&wall).expect("the networks run");
        let [(bounds, Ok(_))] = &faces[..] else { panic!("{wide}: {faces:?}") };
        assert!(bounds.centre().x > 350.0 && bounds.centre().x < 350.0 + wide as f32, "{bounds:?}");
    }
}

#[test]
fn a_far_smaller_face_behind_does_not_spoil_a_portrait_and_a_second_person_does() {
    let (person, other) = (obama(), load_photograph(&photo("biden")).expect("a photograph of the demo"));
    let portrait = on_a_wall(1600, 1200, &[(&person, 300, 50, 900), (&other, 1350, 50, 120)]);
    assert_eq!(said(&portrait), [None]);
    let standing = on_a_wall(1600, 1200, &[(&person, 300, 300, 320), (&other, 1000, 300, 320)]);
    assert_eq!(said(&standing).len(), 2);
}

#[test]
fn a_covered_face_is_refused_whatever_covers_it() {
    let whole = obama();
    let found = analyst().boxes(&whole).expect("the networks run")[0];
    let row = |y: u32| (y as f32 - found.top) / found.height;
    for (from, to) in [(0.55, 1.2), (0.15, 0.42)] {
        for shade in [[20; 3], [168, 198, 222], [240; 3]] {
            let covered = Picture::from_fn(whole.width(), whole.height(), |x, y| {
                let beside = (x as f32 - found.centre().x).abs() > found.width * 0.45;
                let shown = whole.pixel(i64::from(x), i64::from(y));
                if beside || row(y) < from || row(y) > to { shown } else { shade }
            });
            let said = said(&covered);
            let refused = [Some(Unusable::Covered), Some(Unusable::NotAFace)];
            assert!(said.iter().all(|why| refused.contains(why)), "{from} {shade:?}: {said:?}");
        }
    }
}

#[test]
fn enrolling_an_upside_down_photograph_says_to_turn_it() {
    let site = Site::empty();
    let bytes = limen_vision::pixels::encode::encode_jpeg(&obama().turned(2)).expect("a JPEG");
    let file = site.write("upside-down.jpg", bytes);
    let gallery = site.path("gallery.toml");
    let ran = limen([
        "--gallery".as_ref(),
        gallery.as_os_str(),
        "enroll".as_ref(),
        "ada".as_ref(),
        "--name".as_ref(),
        "Ada".as_ref(),
        file.as_os_str(),
    ]);
    assert_ne!(ran.code, 0);
    assert!(ran.err.contains("it is upside down; turn the photograph round"), "{}", ran.err);
}
