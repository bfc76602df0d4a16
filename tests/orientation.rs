//! A camera that is mounted on its side, upside down, or behind a mirror shows what an upright one shows.

use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::embedding::Crops;
use limen_core::event::Side;
use limen_vision::follow::Vision;
use limen_vision::frame::{Frame, Orientation, Picture, PixelFormat, View};
use limen_vision::model::EmbedderPart;
use limen_vision::pixels::photograph::load_photograph;
use limen_vision::pixels::raw::Raw;
use limen_vision::pixels::scale::fit_picture;
use limen_vision::quality::Gate;
use limen_vision::{align, detect, embed, landmarks};

use crate::motion::Subject;
use crate::support::{models, photo, visitor};

/// The frame that a camera mounted like this sends of what is here shown upright.
fn sent(upright: &Picture, orientation: Orientation, taken: Moment) -> Frame {
    let unmirrored = if orientation.is_mirrored() { upright.mirrored() } else { upright.clone() };
    let stored = unmirrored.turned(4 - (orientation.degrees() / 90) as u8);
    Frame {
        format: PixelFormat::Rgb24,
        width: stored.width(),
        height: stored.height(),
        stride: stored.width() as usize * 3,
        bytes: stored.rgb().to_vec(),
        orientation,
        taken,
        sequence: 0,
    }
}

/// What the networks make of the only face in a view.
fn measured(view: &dyn View) -> (detect::Detection, landmarks::Mesh, limen_core::embedding::Embedding) {
    let models = models();
    let face = detect::detect(&models.detector, view).expect("runs").swap_remove(0);
    let mesh = landmarks::find_mesh(&models.landmarks, view, &face).expect("runs");
    let cut = |part: &EmbedderPart| align::cut(view, &mesh, &part.crop).expect("a mesh");
    let crops: Vec<Picture> = models.embedder.parts().iter().map(cut).collect();
    let embedding = embed::embed(&models.embedder, &crops).expect("runs");
    (face, mesh, embedding)
}

/// A face that looks to one side, so that left and right differ.
fn looks_aside() -> Picture {
    fit_picture(&load_photograph(&photo("obama2")).expect("a photograph of the demo"), 640, 480)
}

#[test]
fn in_all_eight_mountings_a_face_has_its_box_its_points_its_pose_and_its_embedding() {
    for upright in [looks_aside(), fit_picture(&visitor("biden"), 480, 640)] {
        let (face, mesh, embedding) = measured(&upright);
        for orientation in Orientation::ALL {
            let frame = sent(&upright, orientation, Moment::default());
            let raw = Raw::of(&frame).expect("whole");
            assert_eq!((raw.width(), raw.height()), (upright.width(), upright.height()), "{orientation}");
            let (box_, points, found) = measured(&raw);
            assert!(box_.bounds.iou(&face.bounds) > 0.98, "{orientation}: {box_:?} for {face:?}");
            let apart = points.points.iter().zip(&mesh.points).map(|(a, b)| a.distance(*b));
            let most = apart.fold(0.0, f32::max);
            let size = face.bounds.width;
            assert!(most < 0.02 * size, "{orientation}: points lie {most} of {size} pixels apart");
            assert!((points.pose.yaw - mesh.pose.yaw).abs() < 1.5, "{orientation}: {:?}", points.pose);
            assert!((points.pose.roll - mesh.pose.roll).abs() < 1.5, "{orientation}: {:?}", points.pose);
            let far = found.l2(&embedding).expect("of one network").get();
            assert!(far < 0.06, "{orientation}: embeddings lie {far} apart");
        }
    }
}

#[test]
fn a_mirrored_picture_that_is_not_configured_as_one_turns_the_head_to_the_other_side() {
    let mirrored = sent(&looks_aside(), Orientation::new(0, true), Moment::default());
    let yaw = |frame: &Frame| measured(&Raw::of(frame).expect("whole")).1.pose.yaw;
    assert!(yaw(&mirrored) < -8.0, "he looks to his right");
    assert!(yaw(&Frame { orientation: Orientation::UPRIGHT, ..mirrored }) > 8.0);
}

#[test]
fn in_all_eight_mountings_a_turn_to_a_side_is_one_to_the_persons_own() {
    let head = Subject::new(true);
    let turns = [0.0, 0.0, 12.0, 22.0, 28.0, 28.0];
    for (side, sign) in [(Side::Left, 1.0), (Side::Right, -1.0)] {
        let pictures: Vec<Picture> = turns.iter().map(|turn| head.turned(turn * sign)).collect();
        for orientation in Orientation::ALL {
            let mut vision = Vision::new(models(), Gate::default(), Crops::Plain);
            vision.set_liveness(true);
            let mut told = Vec::new();
            for (number, picture) in (1..).zip(&pictures) {
                let frame =
                    sent(picture, orientation, Moment::from_boot(Duration::from_millis(100 * number)));
                let look = vision.look(&Raw::of(&frame).expect("whole"), frame.taken).expect("runs");
                told.extend(look.motion.and_then(|motion| motion.turn).map(|turn| turn.side));
            }
            assert!(!told.is_empty() && told.iter().all(|found| *found == side), "{orientation}: {told:?}");
        }
    }
}

#[test]
#[ignore = "measures time: cargo test --release --test limen orientation:: -- --ignored --nocapture"]
fn a_quarter_turn_costs_at_most_a_fifth_of_a_millisecond_a_frame() {
    let upright = fit_picture(&visitor("obama2"), 640, 480);
    let quarter = Orientation::new(1, false);
    let frames =
        [sent(&upright, Orientation::UPRIGHT, Moment::default()), sent(&upright, quarter, Moment::default())];
    let mut visions = [0, 1].map(|_| Vision::new(models(), Gate::default(), Crops::Plain));
    let mut times = [Vec::new(), Vec::new()];
    // In turns, so that what else the machine does slows both.
    for number in 1..=400 {
        let taken = Moment::from_boot(Duration::from_millis(33 * number));
        for ((vision, frame), times) in visions.iter_mut().zip(&frames).zip(&mut times) {
            let begun = std::time::Instant::now();
            let look = vision.look(&Raw::of(frame).expect("whole"), taken).expect("runs");
            times.push(begun.elapsed());
            assert!(look.nearest.is_some());
        }
    }
    let mean = |times: &Vec<Duration>| times.iter().sum::<Duration>() / times.len() as u32;
    let [straight, turned] = [mean(&times[0]), mean(&times[1])];
    println!("upright {straight:?}, turned by 90 degrees {turned:?} a frame");
    assert!(turned.saturating_sub(straight) < Duration::from_micros(200), "{turned:?} for {straight:?}");
}
