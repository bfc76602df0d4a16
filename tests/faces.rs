//! Measured on 4,307 photographs, where this machine has them.

use std::collections::HashMap;
use std::path::Path;

use limen_core::embedding::Crops;
use limen_lab::accuracy::{PairScore, accuracy};
use limen_lab::pairs::read_pairs;
use limen_lab::pictures::{Collection, Embedded};
use limen_vision::analyst::Analyst;
use limen_vision::quality::Gate;

use crate::support::{faces, models};

/// Worker threads: the cores of a small machine.
const THREADS: usize = 2;

#[test]
fn faces_are_found_and_pairs_told_apart_as_well_as_promised() {
    let Some(folder) = faces("faces_are_found_and_pairs_told_apart_as_well_as_promised") else { return };
    let collection = Collection::scan(&folder).expect("a folder a person");
    let analyst = Analyst::new(models(), Gate::wide_open(), Crops::Mirrored);
    let faces = collection.embed(&analyst, None, THREADS, &|| {}).expect("the networks run");
    let found = faces.iter().filter(|face| face.is_ok()).count();
    let share = found as f64 / faces.len() as f64;
    println!("a face was found in {found} of {} photographs, {:.2} %", faces.len(), 100.0 * share);
    assert!(share >= 0.995);

    let pairs = read_pairs(&folder.join("pairs.txt")).expect("a list of pairs");
    let files = collection.pictures.iter().map(|known| known.file.as_path());
    let embedded: HashMap<&Path, &Embedded> = files.zip(&faces).collect();
    let least = [("plain", 0.978), ("mirrored", 0.982)];
    for (crops, least) in least {
        let embedding = |name: &Path| {
            let face = embedded.get(name)?.as_ref().ok()?;
            Some(if crops == "plain" { &face.plain } else { &face.mirrored })
        };
        let scored: Vec<PairScore> = pairs
            .iter()
            .filter_map(|pair| {
                let score = embedding(&pair.first)?.l2(embedding(&pair.second)?)?.get();
                Some(PairScore { score, genuine: pair.genuine })
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
