//! Faces in wide and tall pictures are found as in one of 640x480. Measured on photographs, where this machine has them.

use limen_core::clock::Moment;
use limen_core::embedding::Crops;
use limen_lab::pairs::read_pairs;
use limen_vision::detect;
use limen_vision::field::{FieldOfView, Region};
use limen_vision::follow::Vision;
use limen_vision::frame::Picture;
use limen_vision::geometry::Rect;
use limen_vision::pixels::photograph::load_photograph;
use limen_vision::pixels::scale::shrink;
use limen_vision::quality::Gate;

use crate::support::{faces, models, visitor};

/// An empty scene of this size with a picture pasted at that place.
fn scene((width, height): (u32, u32), pasted: &Picture, (left, top): (u32, u32)) -> Picture {
    Picture::from_fn(width, height, |x, y| {
        let inside = |at: u32, from: u32, length: u32| (from..from + length).contains(&at);
        if inside(x, left, pasted.width()) && inside(y, top, pasted.height()) {
            return pasted.pixel((x - left).into(), (y - top).into());
        }
        [(x * 160 / width) as u8, (y * 160 / height) as u8, 90]
    })
}

/// The box of the nearest face that a camera of this view finds.
fn found(picture: &Picture, field: FieldOfView) -> Option<Rect> {
    let mut vision = Vision::new(models(), Gate::default(), Crops::Plain);
    vision.set_field(field);
    vision.look(picture, Moment::default()).expect("runs").nearest.map(|face| face.bounds)
}

#[test]
fn a_face_is_found_in_a_tall_and_in_a_wide_picture_wherever_it_is() {
    let face = shrink(visitor("obama"), 280);
    let own = detect::detect(&models().detector, &face).expect("runs").swap_remove(0).bounds;
    assert!(own.height < 90.0, "{own:?}");
    for size in [(640, 480), (720, 1280), (1280, 720)] {
        let (right, bottom) = (size.0 - face.width(), size.1 - face.height());
        for place in [(0, 0), (right, 0), (right / 2, bottom / 2), (0, bottom / 3), (right, bottom)] {
            let wanted = Rect { left: own.left + place.0 as f32, top: own.top + place.1 as f32, ..own };
            let bounds = found(&scene(size, &face, place), FieldOfView::default());
            assert!(
                bounds.is_some_and(|bounds| bounds.iou(&wanted) > 0.5),
                "{size:?} at {place:?}: {bounds:?}"
            );
        }
    }
}

#[test]
fn who_is_outside_the_region_or_too_small_is_not_looked_at() {
    let face = shrink(visitor("obama"), 280);
    let street = scene((640, 480), &face, (350, 150));
    let left = Region::new([0.0, 0.0, 0.55, 1.0]);
    let right = Region::new([0.45, 0.2, 0.55, 0.8]);
    let all = FieldOfView::default();
    assert!(found(&street, all).is_some() && found(&street, FieldOfView { region: right, ..all }).is_some());
    assert_eq!(found(&street, FieldOfView { region: left, ..all }), None);
    assert!(found(&street, FieldOfView { min_face: 0.1, ..all }).is_some());
    assert_eq!(found(&street, FieldOfView { min_face: 0.6, ..all }), None);
}

#[test]
fn a_face_that_is_followed_out_of_the_region_is_lost() {
    let face = shrink(visitor("obama"), 280);
    let mut vision = Vision::new(models(), Gate::default(), Crops::Plain);
    vision.set_field(FieldOfView { region: Region::new([0.0, 0.0, 0.5, 1.0]), min_face: 0.0 });
    let mut seen = |left: u32, ms: u64| {
        let taken = Moment::from_boot(std::time::Duration::from_millis(ms));
        vision.look(&scene((640, 480), &face, (left, 100)), taken).expect("runs").nearest.is_some()
    };
    assert!(seen(90, 1000) && seen(110, 1033) && seen(130, 1066));
    assert!(!seen(240, 1100), "its middle is at 380 of 640");
}

/// How many of how many faces of this height are found in each of three sizes.
fn count(height: f32, most: usize, folder: &std::path::Path) -> ([usize; 3], usize) {
    let (mut hits, mut all, mut known) = ([0; 3], 0usize, std::collections::BTreeSet::new());
    for pair in read_pairs(&folder.join("pairs.txt")).expect("a list of pairs") {
        if all == most || !known.insert(pair.first.clone()) {
            continue;
        }
        let Ok(photograph) = load_photograph(&folder.join(&pair.first)) else { continue };
        let Some(own) = detect::detect(&models().detector, &photograph).expect("runs").into_iter().next()
        else {
            continue;
        };
        let side = photograph.width().max(photograph.height()) as f32;
        let small = shrink(photograph, (side * height / own.bounds.height).round() as u32);
        let scale = small.width().max(small.height()) as f32 / side;
        // Somewhere, differently for each photograph.
        let part = |step: usize, length: u32| ((all * step % 100) as u32 * length) / 100;
        for (hit, size) in hits.iter_mut().zip([(640, 480), (720, 1280), (1280, 720)]) {
            let (Some(right), Some(bottom)) =
                (u32::checked_sub(size.0, small.width()), u32::checked_sub(size.1, small.height()))
            else {
                continue;
            };
            let place = (part(37, right), part(61, bottom));
            let wanted = Rect {
                left: own.bounds.left * scale + place.0 as f32,
                top: own.bounds.top * scale + place.1 as f32,
                width: own.bounds.width * scale,
                height: own.bounds.height * scale,
            };
            let bounds = found(&scene(size, &small, place), FieldOfView::default());
            *hit += usize::from(bounds.is_some_and(|bounds| bounds.iou(&wanted) > 0.4));
        }
        all += 1;
    }
    (hits, all)
}

#[test]
#[ignore = "counts thousands of searches: cargo test --test limen tall_pictures -- --ignored --nocapture"]
fn faces_in_tall_and_wide_pictures_are_found_about_as_often_as_in_640x480() {
    let Some(folder) = faces("faces_in_tall_and_wide_pictures_are_found_about_as_often_as_in_640x480") else {
        return;
    };
    for height in [100.0, 120.0, 140.0, 160.0, 200.0] {
        let ([usual, tall, wide], all) = count(height, 500, &folder);
        println!("{height} pixels: 640x480 {usual}, 720x1280 {tall}, 1280x720 {wide} of {all}");
        let least = usual.saturating_sub(all / 12);
        assert!(tall >= least && wide >= least, "{height}: {tall} and {wide} for {usual} of {all}");
    }
}
