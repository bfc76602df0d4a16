//! Writes clips to a folder: SPECIES/CLIP/NNNNNN.jpg and SPECIES/CLIP/clip.toml. By `make liveness-clips`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::clip::Clip;
use super::random::Random;
use super::species::{SPECIES, Setting};
use super::still::{Cast, Part};
use crate::support::{faces, models};

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
            let clip = make(&setting, &mut Random::of(order.seed, species, attempt as u64));
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
