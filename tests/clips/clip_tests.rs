//! Clips are as their descriptions say, and the same for the same seed.

use limen_core::event::Side;
use limen_vision::geometry::Point;

use super::camera::Camera;
use super::canvas::Canvas;
use super::clip::EMPTY;
use super::random::Random;
use super::script::Script;
use super::species::{SPECIES, Setting};
use super::still::{Cast, Still};
use crate::support::{models, photo};

fn cast() -> Cast {
    let still = |name: &str| Still::load(&models(), &photo(name)).expect("a face");
    let named = |name: &str| (name.to_owned(), still(name));
    Cast { frontal: vec![named("obama"), named("biden")], turned: vec![named("obama2")] }
}

fn random(number: u64) -> Random {
    Random::of(7, "scripts", number)
}

#[test]
fn a_script_asks_for_both_sides_and_is_answered_in_time_by_turns_that_return() {
    for number in 0..300 {
        let script = Script::drawn(1.5, number % 2 == 0, &mut random(number));
        assert!((3..=4).contains(&script.steps.len()));
        for side in [Side::Left, Side::Right] {
            assert!(script.steps.iter().any(|step| step.side == side));
        }
        let mut straight = 1.5;
        for (step, answer) in script.steps.iter().zip(&script.answers) {
            let late = answer.begins - step.at;
            assert!((0.15..1.5).contains(&late) && step.side == answer.side, "{answer:?}");
            assert!(step.at >= straight && step.at >= 1.8, "{script:?}");
            straight = answer.ends();
        }
        assert!(script.ends() - 1.5 < 9.0, "{script:?}");
    }
}

#[test]
fn a_turn_reaches_its_angle_and_ends_straight() {
    let script = Script::drawn(1.5, true, &mut random(3));
    for answer in &script.answers {
        let angles = script.angles(answer.begins + answer.takes);
        let turned = match answer.side {
            Side::Left => angles.yaw,
            Side::Right => -angles.yaw,
            Side::Up => angles.pitch,
        };
        assert!((turned - answer.angle).abs() < 0.1 && (20.0..=32.0).contains(&turned), "{turned}");
    }
    let after = script.angles(script.ends());
    assert!(after.yaw.abs() < 0.01 && after.pitch.abs() < 0.01);
}

#[test]
fn a_wrong_replay_differs_from_what_was_asked() {
    for number in 0..200 {
        let asked = Script::drawn(1.5, false, &mut random(number));
        let order = asked.clone().in_another_order(&mut random(number));
        assert!(order.answers.iter().zip(&asked.steps).any(|(answer, step)| answer.side != step.side));
        let times = asked.clone().at_other_times(&mut random(number));
        let late = times.answers.iter().zip(&asked.steps).map(|(answer, step)| answer.begins - step.at);
        assert!(late.into_iter().all(|late| !(0.15..1.5).contains(&late)), "{times:?}");
    }
}

#[test]
fn every_species_shows_the_hallway_first_and_then_something_that_a_seed_repeats() {
    let cast = cast();
    for (species, make) in SPECIES {
        let setting = Setting { cast: &cast, person: 0, may_ask_up: true };
        let clip = make(&setting, &mut random(1));
        let later = (clip.camera.fps as f32 * (EMPTY + 2.0)) as u32;
        assert!(clip.count() > later, "{species}");
        let shown = clip.frame(later);
        assert_eq!((shown.width(), shown.height()), (clip.camera.width, clip.camera.height));
        let changed = |a: u8, b: u8| a.abs_diff(b) > 30;
        let empty = clip.frame(0);
        let differing = shown.rgb().iter().zip(empty.rgb()).filter(|(a, b)| changed(**a, **b)).count();
        assert!(differing > shown.rgb().len() / 50, "{species}: {differing}");
        let again = make(&setting, &mut random(1));
        assert!(again.frame(later) == shown, "{species}: another picture of the same seed");
        let text = again.description();
        assert!(text.contains(&format!("live = {}\n", species.starts_with("head"))), "{text}");
        assert_eq!(
            text.contains("challenge = ["),
            !["print-still", "screen-still", "replay-fixed"].contains(&species)
        );
    }
}

#[test]
fn a_description_is_toml_with_a_time_for_each_prompt() {
    let cast = cast();
    let setting = Setting { cast: &cast, person: 1, may_ask_up: false };
    let clip = SPECIES[0].1(&setting, &mut random(2));
    let read: toml::Table = clip.description().parse().expect("TOML");
    let length = |key: &str| read[key].as_array().expect("a list").len();
    assert_eq!(length("challenge"), length("at-ms"));
    assert_eq!(read["fps"].as_integer(), Some(i64::from(clip.camera.fps)));
}

#[test]
fn a_camera_adds_noise_of_the_given_strength_and_writes_jpeg() {
    let camera = Camera { noise: 5.0, ..Camera::CLEAR };
    let grey = Canvas::from_fn(640, 480, |_, _| [120.0; 3]);
    let picture = camera.shoot(&camera.facing(grey), &mut random(0), |_, _| ());
    let off = picture.rgb().iter().map(|value| (f32::from(*value) - 120.0).powi(2)).sum::<f32>();
    let deviation = (off / picture.rgb().len() as f32).sqrt();
    assert!((4.5..5.5).contains(&deviation), "{deviation}");
    assert!(camera.jpeg(&picture).starts_with(&[0xff, 0xd8]));
}

#[test]
fn what_is_painted_is_blurred_as_if_it_had_always_been_there() {
    let scene = || Canvas::from_fn(640, 480, |x, y| [(x % 200) as f32, (y % 100) as f32, 90.0]);
    let square = |canvas: &mut Canvas| {
        let corners = [Point::new(-5.0, 100.0), Point::new(60.0, 170.0)];
        let pixels = canvas.around(&corners, 0.0);
        for y in pixels.rows.0..pixels.rows.1 {
            (pixels.columns.0..pixels.columns.1).for_each(|x| canvas.paint(x, y, [250.0; 3], 1.0));
        }
    };
    let camera = Camera::CLEAR;
    let painted = camera.shoot(&camera.facing(scene()), &mut random(0), |canvas, _| square(canvas));
    let mut always = scene();
    square(&mut always);
    assert!(painted == camera.shoot(&camera.facing(always), &mut random(0), |_, _| ()));
}
