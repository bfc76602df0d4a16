//! Recognises two photographs by the library, without a configuration and without a door.
//!
//!     cargo run --example compare [ENROLLED FIRST SECOND]
//!
//! One photograph is enrolled. Two others are compared with it: how far each is, whether it is near enough, and which of
//! the two is nearer. Without arguments it takes three photographs of the demo.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use limen::config::Settings;
use limen::enrol::only_face;
use limen::pipeline::{Attempt, same_face, scoring, thresholds};
use limen_core::embedding::Crops;
use limen_core::event::Comparison;
use limen_core::people::{Gallery, Person, Standing};
use limen_core::person::{PersonId, PersonName};
use limen_vision::analyst::Analyst;
use limen_vision::face::Face;
use limen_vision::matching::{Matcher, Prepared, Rule};
use limen_vision::model::{EmbedderChoice, Models};
use limen_vision::pixels::photograph::load_photograph;

/// The three photographs where none are named: two of one person, one of another.
const DEMO: [&str; 3] = ["obama.jpg", "obama2.jpg", "biden.jpg"];

fn main() -> Result<(), Box<dyn Error>> {
    let named: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let photographs = match named.len() {
        0 => DEMO.map(demo),
        _ => named.try_into().map_err(|_| "name three photographs: ENROLLED FIRST SECOND")?,
    };
    let [enrolled, first, second] = photographs.each_ref().map(PathBuf::as_path);
    let [to_first, to_second] = compare(enrolled, [first, second])?;
    say(first, &to_first);
    say(second, &to_second);
    let nearer = if score(&to_first) <= score(&to_second) { first } else { second };
    println!("{} is nearer to {}", nearer.display(), enrolled.display());
    Ok(())
}

fn demo(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/demo/photographs").join(name)
}

/// Enrols one photograph and compares two others with it.
fn compare(enrolled: &Path, photographs: [&Path; 2]) -> Result<[Comparison; 2], Box<dyn Error>> {
    // The networks that are compiled in, and what an empty configuration says.
    let models = Arc::new(Models::load(&EmbedderChoice::BuiltIn)?);
    let recognition = Settings::defaults().recognition;
    let analyst = Analyst::new(Arc::clone(&models), recognition.gate, Crops::Mirrored);

    // A gallery of one person with one photograph.
    let face = face_of(&analyst, enrolled)?;
    let (id, name) = (PersonId::new("enrolled")?, PersonName::new("Whoever is enrolled")?);
    let person = Person::new(id, name, Standing::default(), vec![face.embedding()], 1);
    let gallery = Gallery::new(person.into_iter().collect(), models.digest());

    // How distances become scores, and which score is near enough: both follow from measured error rates.
    let scoring = scoring(&recognition, &models)?;
    let rule = Rule {
        thresholds: thresholds(&recognition, &models, &scoring, Attempt::Photograph)?,
        margin: recognition.margin,
        look_alikes: recognition.look_alikes.clone(),
        window: 1,
        same_face: same_face(&recognition, &models)?,
    };
    let matcher = Matcher::new(rule, Arc::new(Prepared::new(gallery, scoring)));

    let [first, second] = photographs.map(|photograph| face_of(&analyst, photograph));
    Ok([first?, second?].map(|face| matcher.compare(&face.embedding(), 1, face.crops())))
}

/// The one good face of a photograph.
fn face_of(analyst: &Analyst, photograph: &Path) -> Result<Face, Box<dyn Error>> {
    let faces = analyst.faces(&load_photograph(photograph)?)?;
    Ok(only_face(faces).map_err(|why| format!("{}: {why}", photograph.display()))?)
}

/// The smaller, the more alike.
fn score(comparison: &Comparison) -> f32 {
    comparison.best.as_ref().map_or(f32::MAX, |best| best.score.get())
}

fn say(photograph: &Path, comparison: &Comparison) {
    let distance = comparison.best.as_ref().map_or(f32::MAX, |best| best.distance.get());
    let verdict = match &comparison.verdict {
        Ok(_) => "the same person".to_owned(),
        Err(why) => why.to_string(),
    };
    println!(
        "{}: distance {distance:.3}, score {:.3}, threshold {:.3}: {verdict}",
        photograph.display(),
        score(comparison),
        comparison.threshold.get()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_photographs_the_one_of_the_person_enrolled_is_nearer_and_near_enough() {
        let [enrolled, same, other] = DEMO.map(demo);
        let [same, other] = compare(&enrolled, [&same, &other]).expect("three photographs with a face each");
        assert!(score(&same) < score(&other));
        assert!(same.verdict.is_ok() && other.verdict.is_err(), "{same:?} {other:?}");
    }
}
