//! What is done with a frame, and that nothing is missed by doing less: faces followed between two searches,
//! still scenes, and frames that are looked at as the camera sent them.

use std::sync::Arc;
use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::embedding::Crops;
use limen_core::event::{TrackId, Unusable};
use limen_vision::follow::{Look, Vision};
use limen_vision::frame::{Frame, Orientation, Picture, PixelFormat};
use limen_vision::frame_planner::FramePlan;
use limen_vision::frame_planner::{FRAMES_BETWEEN, SEARCH};
use limen_vision::pixels::decode::encode_yuyv;
use limen_vision::pixels::photograph::load_photograph;
use limen_vision::pixels::raw::Raw;
use limen_vision::pixels::scale::{fit_picture, shrink};
use limen_vision::quality::{Gate, check_detection, check_mesh};
use limen_vision::{detect, landmarks};

use crate::support::{faces, models, nobody, photo, visitor};

/// A vision and the clock of its frames.
struct Watch {
    vision: Vision,
    now: Moment,
    interval: Duration,
}

impl Watch {
    fn every(ms: u64) -> Self {
        let vision = Vision::new(models(), Gate::default(), Crops::Plain);
        Self { vision, now: Moment::from_boot(Duration::from_secs(100)), interval: Duration::from_millis(ms) }
    }

    fn show(&mut self, picture: &Picture) -> Look {
        self.now = self.now + self.interval;
        self.vision.look(picture, self.now).expect("the networks run")
    }
}

/// A visitor before the door, moved to the right and down by so many pixels.
fn at_the_door(name: &str, right: u32, down: u32) -> Picture {
    onto(&nobody(), &[(name, 40 + right, 40 + down)])
}

/// Faces of 240 pixels pasted over a scene, their left upper corners there.
fn onto(scene: &Picture, faces: &[(&str, u32, u32)]) -> Picture {
    let faces: Vec<_> = faces.iter().map(|(name, x, y)| (shrink(visitor(name), 240), *x, *y)).collect();
    Picture::from_fn(scene.width(), scene.height(), |x, y| {
        let inside = faces.iter().find(|(face, left, top)| {
            x.checked_sub(*left).is_some_and(|x| x < face.width())
                && y.checked_sub(*top).is_some_and(|y| y < face.height())
        });
        match inside {
            Some((face, left, top)) => face.pixel(i64::from(x - left), i64::from(y - top)),
            None => scene.pixel(i64::from(x), i64::from(y)),
        }
    })
}

fn track(look: &Look) -> Option<TrackId> {
    look.nearest.as_ref().map(|sighting| sighting.track)
}

#[test]
fn a_face_that_stays_is_followed_and_gives_the_embedding_that_a_search_gives() {
    let (mut watch, door) = (Watch::every(33), at_the_door("obama", 0, 0));
    let looks: Vec<Look> = (0..12).map(|_| watch.show(&door)).collect();
    let plans: Vec<FramePlan> = looks.iter().map(|look| look.plan).collect();
    let between = FRAMES_BETWEEN as usize;
    for (number, plan) in plans.iter().enumerate() {
        let wanted = if number % (between + 1) == 0 { FramePlan::Search } else { FramePlan::Follow };
        assert_eq!(*plan, wanted, "{number}: {plans:?}");
    }
    let embedding = |look: &Look| {
        let sighting = look.nearest.as_ref().expect("a face");
        sighting.face.as_ref().expect("a usable face").plain.clone()
    };
    for look in &looks {
        assert_eq!(track(look), track(&looks[0]));
        let apart = embedding(look).l2(&embedding(&looks[0])).expect("of one network").get();
        assert!(apart < 0.1, "{apart}");
    }
}

#[test]
fn a_face_that_walks_keeps_its_track_and_its_box_stays_on_it() {
    let mut watch = Watch::every(33);
    let mut followed = 0;
    let first = track(&watch.show(&at_the_door("obama2", 0, 0)));
    for step in 1..20 {
        let picture = at_the_door("obama2", step * 14, step * 5);
        let look = watch.show(&picture);
        followed += usize::from(look.plan == FramePlan::Follow);
        let sighting = look.nearest.expect("a face");
        assert_eq!(Some(sighting.track), first, "step {step}");
        let found = &detect::detect(&models().detector, &picture).expect("runs")[0];
        let overlap = sighting.bounds.iou(&found.bounds);
        assert!(overlap > 0.6, "step {step}, {:?}: {overlap}", look.plan);
    }
    assert!(followed >= 12, "{followed} of 19 frames were followed");
}

#[test]
fn a_face_that_is_gone_is_searched_for_in_the_same_frame_and_not_believed() {
    let mut watch = Watch::every(33);
    watch.show(&at_the_door("obama", 0, 0));
    assert_eq!(watch.show(&at_the_door("obama", 0, 0)).plan, FramePlan::Follow);
    let look = watch.show(&nobody());
    assert_eq!((look.plan, look.faces, track(&look)), (FramePlan::Search, 0, None));
}

#[test]
fn a_face_that_appears_elsewhere_when_one_is_gone_has_a_track_of_its_own() {
    let mut watch = Watch::every(33);
    let first = track(&watch.show(&at_the_door("obama", 0, 0)));
    assert_eq!(watch.show(&at_the_door("obama", 0, 0)).plan, FramePlan::Follow);
    let look = watch.show(&at_the_door("biden", 320, 150));
    assert_eq!(look.plan, FramePlan::Search);
    assert!(track(&look).is_some() && track(&look) != first);
}

#[test]
fn a_second_face_is_seen_within_the_time_between_two_searches_and_then_nobody_is_followed() {
    for interval in [33, 66, 100] {
        let mut watch = Watch::every(interval);
        let one = onto(&nobody(), &[("obama", 20, 100)]);
        let two = onto(&nobody(), &[("obama", 20, 100), ("biden", 360, 100)]);
        watch.show(&one);
        assert_eq!(watch.show(&one).plan, FramePlan::Follow);
        let entered = watch.now;
        while watch.show(&two).faces < 2 {}
        assert!(watch.now.since(entered) <= SEARCH, "{interval} ms");
        for _ in 0..5 {
            let look = watch.show(&two);
            assert_eq!((look.plan, look.faces), (FramePlan::Search, 2));
        }
    }
}

#[test]
fn an_empty_still_scene_rests_between_searches_a_second_apart() {
    let mut watch = Watch::every(100);
    let plans: Vec<FramePlan> = (0..21).map(|_| watch.show(&nobody()).plan).collect();
    for (number, plan) in plans.iter().enumerate() {
        assert_eq!(
            *plan,
            if number % 10 == 0 { FramePlan::Search } else { FramePlan::Rest },
            "{number}: {plans:?}"
        );
    }
}

#[test]
fn whoever_stands_still_is_looked_at_in_every_frame() {
    let lit = fit_picture(&visitor("obama"), 640, 480);
    let in_the_dark = Picture::from_fn(640, 480, |x, y| {
        lit.pixel(i64::from(x), i64::from(y)).map(|value| (f32::from(value) * 0.12) as u8)
    });
    for (picture, wanted) in [(lit, None), (in_the_dark, Some(Unusable::TooDark))] {
        let mut watch = Watch::every(100);
        for number in 0..15 {
            let look = watch.show(&picture);
            assert_ne!(look.plan, FramePlan::Rest, "{wanted:?}, {number}");
            let face = look.nearest.map(|sighting| sighting.face);
            assert_eq!(face.expect("a face").err(), wanted, "{number}");
        }
    }
}

#[test]
fn somebody_who_enters_a_still_scene_is_seen_in_that_frame() {
    let mut watch = Watch::every(100);
    watch.show(&nobody());
    assert_eq!(watch.show(&nobody()).plan, FramePlan::Rest);
    let look = watch.show(&at_the_door("obama", 0, 0));
    assert_eq!((look.plan, look.faces), (FramePlan::Search, 1));
}

#[test]
fn after_a_lost_camera_the_first_frame_is_searched() {
    let mut watch = Watch::every(33);
    watch.show(&at_the_door("obama", 0, 0));
    assert_eq!(watch.vision.forget().len(), 1);
    assert_eq!(watch.show(&at_the_door("obama", 0, 0)).plan, FramePlan::Search);
}

#[test]
fn a_frame_as_the_camera_sent_it_shows_what_the_decoded_one_shows() {
    for name in ["obama", "obama2", "obama3", "biden"] {
        let picture = fit_picture(&visitor(name), 640, 480);
        let frame = Frame {
            format: PixelFormat::Yuyv,
            width: 640,
            height: 480,
            stride: 1280,
            bytes: encode_yuyv(&picture),
            orientation: Orientation::UPRIGHT,
            taken: Moment::default(),
            sequence: 0,
        };
        let decoded = limen_vision::pixels::decode::decode(&frame).expect("whole");
        let raw = Raw::of(&frame).expect("whole");
        let look = |view: &dyn limen_vision::frame::View| {
            let mut vision = Vision::new(models(), Gate::default(), Crops::Plain);
            let look = vision.look(view, Moment::default()).expect("the networks run");
            let sighting = look.nearest.expect("a face");
            (sighting.bounds, sighting.face.expect("usable").plain)
        };
        let ((raw_box, raw_face), (box_, face)) = (look(&raw), look(&decoded));
        let (overlap, apart) = (raw_box.iou(&box_), raw_face.l2(&face).expect("of one network").get());
        println!("{name}: boxes overlap by {overlap:.3}, embeddings lie {apart:.4} apart");
        assert!(overlap > 0.97 && apart < 0.06, "{name}: {overlap}, {apart}");
    }
}

#[test]
fn a_face_refused_without_its_mesh_would_be_refused_with_it_for_the_same_reason() {
    let (models, gate) = (models(), particular());
    let mut skipped = 0;
    for name in ["obama", "obama2", "obama3", "biden", "obama-partial-face", "obama-partial-face2"] {
        let whole = load_photograph(&photo(name)).expect("a photograph of the demo");
        for longest in [100, 160, 200, 260, 320, 400] {
            let picture = fit_picture(&shrink(whole.clone(), longest), 640, 480);
            for cut in [0, 60, 100, 140] {
                let picture = Picture::from_fn(640 - 2 * cut, 480, |x, y| {
                    picture.pixel(i64::from(x + 2 * cut), i64::from(y))
                });
                skipped += refused_alike(&models, &gate, &picture);
            }
        }
    }
    assert!(skipped > 5, "{skipped} faces were refused by their detection");
}

#[test]
fn photographs_refused_without_a_mesh_would_be_refused_with_it() {
    let Some(folder) = faces("photographs_refused_without_a_mesh_would_be_refused_with_it") else { return };
    let (models, gate) = (models(), particular());
    let mut people: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path()).collect();
    people.sort();
    let mut skipped = 0;
    for person in people.iter().filter(|path| path.is_dir()).step_by(40) {
        let first = std::fs::read_dir(person).expect("a folder").flatten().map(|e| e.path()).min();
        let Some(Ok(picture)) = first.map(|photo| load_photograph(&photo)) else { continue };
        for longest in [140, 200, 250, 320, 400] {
            let picture = fit_picture(&shrink(picture.clone(), longest), 640, 480);
            skipped += refused_alike(&models, &gate, &picture);
        }
    }
    println!("{skipped} faces were refused by their detection");
    assert!(skipped > 20, "{skipped} faces were refused by their detection");
}

/// Asks for eyes far apart, so that the detector finds faces that are too small.
fn particular() -> Gate {
    Gate { min_eye_distance: 90.0, ..Gate::default() }
}

/// How many faces of a picture are refused by their detection alone; each must be refused by its mesh too.
fn refused_alike(models: &Arc<limen_vision::model::Models>, gate: &Gate, picture: &Picture) -> usize {
    let (width, height) = (picture.width(), picture.height());
    let found = detect::detect(&models.detector, picture).expect("runs");
    let refused =
        found.iter().filter_map(|face| Some((face, check_detection(gate, face, width, height).err()?)));
    refused
        .map(|(face, why)| {
            let mesh = landmarks::find_mesh(&models.landmarks, picture, face).expect("runs");
            let with_mesh = check_mesh(gate, &mesh, width, height).err();
            // Where there is no face after all, any reason will do.
            let alike = with_mesh == Some(why) || with_mesh == Some(Unusable::NotAFace);
            assert!(alike, "{why:?} without the mesh, {with_mesh:?} with it, {face:?}");
        })
        .count()
}
