//! Writes clips to a folder: SPECIES/CLIP/NNNNNN.jpg and SPECIES/CLIP/clip.toml, by `make liveness-clips`; and the demo's, by
//! `make demo-clip`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use limen_core::event::Side;

use super::camera::Camera;
use super::canvas::Canvas;
use super::clip::{Clip, EMPTY};
use super::head::Head;
use super::random::Random;
use super::script::Script;
use super::space::Pose;
use super::species::{SPECIES, Setting};
use super::still::{Cast, Part, Still};
use crate::support::{faces, models, photo, project};

/// What is written; each part from a variable of the environment, `LIMEN_CLIPS` first.
struct Order {
    folder: PathBuf,
    /// `LIMEN_CLIPS_ATTEMPTS`: clips of each species, each of another person.
    attempts: usize,
    /// `LIMEN_CLIPS_SEED`
    seed: u64,
    /// `LIMEN_CLIPS_PART`: `fit` and `test` have different people.
    part: Part,
    /// `LIMEN_CLIPS_SPECIES`, separated by commas; all if there is none.
    species: Vec<String>,
    /// `LIMEN_CLIPS_UP`: 1 if prompts may ask for a turn up.
    may_ask_up: bool,
    /// `LIMEN_CLIPS_TRY`: 2 for another try of the same people, at other cameras and with other challenges.
    number: u64,
}

impl Order {
    /// What the environment asks for; `None` if it names no folder.
    fn from_environment() -> Option<Self> {
        let said = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let number = |name: &str, usual: u64| {
            said(name).map_or(usual, |value| value.parse().unwrap_or_else(|_| panic!("{name}: a number")))
        };
        Some(Self {
            folder: said("LIMEN_CLIPS")?.into(),
            attempts: number("LIMEN_CLIPS_ATTEMPTS", 3) as usize,
            seed: number("LIMEN_CLIPS_SEED", 1),
            part: match said("LIMEN_CLIPS_PART").as_deref() {
                None => Part::Everybody,
                Some("fit") => Part::Fit,
                Some("test") => Part::Test,
                Some(other) => panic!("LIMEN_CLIPS_PART: fit or test, not {other}"),
            },
            species: said("LIMEN_CLIPS_SPECIES")
                .map_or_else(Vec::new, |names| names.split(',').map(|name| name.trim().to_owned()).collect()),
            may_ask_up: said("LIMEN_CLIPS_UP").as_deref() == Some("1"),
            number: number("LIMEN_CLIPS_TRY", 1).max(1),
        })
    }

    fn wants(&self, species: &str) -> bool {
        self.species.is_empty() || self.species.iter().any(|name| name == species)
    }
}

#[test]
#[ignore = "writes clips to LIMEN_CLIPS; run it by make liveness-clips"]
fn write_liveness_clips() {
    let order = Order::from_environment().expect("LIMEN_CLIPS names the folder to write to");
    let Some(folder) = faces("write_liveness_clips") else { return };
    let known = |name: &String| SPECIES.iter().any(|(species, _)| species == name);
    assert!(
        order.species.iter().all(known),
        "LIMEN_CLIPS_SPECIES: {:?} are all",
        SPECIES.map(|(name, _)| name)
    );
    let cast = Cast::of(&models(), &folder, order.part, order.attempts, order.seed);
    for (species, make) in SPECIES.iter().filter(|(species, _)| order.wants(species)) {
        let (start, mut frames) = (Instant::now(), 0);
        for attempt in 0..order.attempts {
            let setting = Setting { cast: &cast, person: attempt, may_ask_up: order.may_ask_up };
            // The tries of a seed do not meet: nobody renders so many people.
            let drawn = attempt as u64 + (order.number - 1) * 1_000_000;
            let clip = make(&setting, &mut Random::of(order.seed, species, drawn));
            frames += clip.count();
            write(&clip, &order.folder.join(species).join(format!("{}-{attempt:03}", order.seed)));
        }
        let seconds = start.elapsed().as_secs_f32();
        println!("{species}: {} clips, {frames} frames, {seconds:.0} s", order.attempts);
    }
}

fn write(clip: &Clip, folder: &Path) {
    fs::create_dir_all(folder).expect("a folder to write to");
    let save = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("written");
    for number in 0..clip.count() {
        save(&format!("{number:06}.jpg"), &clip.camera.jpeg(&clip.frame(number)));
    }
    save("clip.toml", clip.description().as_bytes());
}

#[test]
#[ignore = "writes src/cli/demo/head.mjpeg; run it by make demo-clip"]
fn write_the_head_of_the_demo() {
    let still = Still::load(&models(), &photo("obama3")).expect("a face");
    let script = Script::of([(Side::Left, 1.2), (Side::Right, 2.8)]);
    let head = Head::of(&still);
    // Small, and nothing behind it, so that it is not a burden on the program.
    let camera = Camera { width: 400, height: 300, noise: 0.0, quality: 60, ..Camera::CLEAR };
    let behind = camera.facing(Canvas::from_fn(camera.width, camera.height, |_, _| [205.0, 190.0, 165.0]));
    let frames = (0..((script.ends() + 0.2) * camera.fps as f32) as u32).map(|number| {
        let time = number as f32 / camera.fps as f32;
        let pose = Pose { angles: script.angles(time), at: [0.0, 0.0, 0.5] };
        camera.shoot(&behind, &mut Random::of(3, "demo", 1), |canvas, lens| {
            if time >= EMPTY {
                head.draw(canvas, lens, pose);
            }
        })
    });
    let clip: Vec<u8> = frames.flat_map(|picture| camera.jpeg(&picture)).collect();
    assert!(clip.len() <= 300_000, "{} bytes", clip.len());
    fs::write(project("src/cli/demo/head.mjpeg"), clip).expect("written");
}
