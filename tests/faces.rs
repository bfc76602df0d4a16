//! Measured on 4,307 photographs, where this machine has them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use limen::camera::photograph::load_photograph;
use limen::evaluation::accuracy::{Scored, accuracy};
use limen::evaluation::pairs::read_pairs;
use limen::vision::quality::Gate;
use limen::vision::{Analyst, Crops, Face};

use crate::support::{faces, models};

/// Worker threads: the cores of a small machine.
const THREADS: usize = 2;

fn photographs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for person in std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()) {
        if person.is_dir() {
            let files = std::fs::read_dir(&person).expect("a folder").map(|e| e.expect("an entry").path());
            found.extend(files.filter(|path| path.extension().is_some_and(|e| e == "jpg")));
        }
    }
    found.sort();
    found
}

fn embed_all(files: &[PathBuf]) -> HashMap<PathBuf, Option<Face>> {
    let analyst = Analyst::new(models(), Gate::wide_open(), Crops::Mirrored);
    let part = files.len().div_ceil(THREADS).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = files
            .chunks(part)
            .map(|files| {
                let analyst = analyst.clone();
                scope.spawn(move || {
                    files.iter().map(|f| (f.clone(), face_of(&analyst, f))).collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    })
}

/// The face of the best detection.
fn face_of(analyst: &Analyst, file: &Path) -> Option<Face> {
    let picture = load_photograph(file).expect("a photograph");
    let faces = analyst.faces(&picture).expect("the networks run");
    faces.into_iter().next().and_then(|(_, face)| face.ok())
}

#[test]
fn faces_are_found_and_pairs_told_apart_as_well_as_promised() {
    let Some(folder) = faces("faces_are_found_and_pairs_told_apart_as_well_as_promised") else { return };
    let files = photographs(&folder);
    let embedded = embed_all(&files);
    let found = embedded.values().flatten().count();
    let share = found as f64 / files.len() as f64;
    println!("a face was found in {found} of {} photographs, {:.2} %", files.len(), 100.0 * share);
    assert!(share >= 0.995);

    let pairs = read_pairs(&folder.join("pairs.txt")).expect("a list of pairs");
    let least = [("plain", 0.978), ("mirrored", 0.982)];
    for (crops, least) in least {
        let embedding = |name: &Path| {
            let face = embedded.get(&folder.join(name))?.as_ref()?;
            Some(if crops == "plain" { face.plain.clone() } else { face.embedding() })
        };
        let scored: Vec<Scored> = pairs
            .iter()
            .filter_map(|pair| {
                let distance = embedding(&pair.first)?.l2(&embedding(&pair.second)?);
                Some(Scored { distance, genuine: pair.genuine })
            })
            .collect();
        let accuracy = accuracy(&scored);
        println!(
            "{crops}: {} of {} pairs; accuracy {:.2} % at {:.3}, {:.2} % in tenths",
            scored.len(),
            pairs.len(),
            100.0 * accuracy.best,
            accuracy.threshold,
            100.0 * accuracy.in_tenths
        );
        assert!(accuracy.best >= least, "{crops}: {}", accuracy.best);
    }
}
