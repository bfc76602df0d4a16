//! The networks that the recipe builds and the repository does not hold. `make check-recipe` puts them into `models/`.

use std::io::Write as _;
use std::sync::Arc;

use limen::config::Settings;
use limen_core::embedding::Crops;
use limen_core::embedding::Embedding;
use limen_vision::analyst::Analyst;
use limen_vision::model::{MANIFEST, Manifest, ManifestEntry, Models};
use limen_vision::pixels::photograph::load_photograph;
use limen_vision::quality::Gate;

use crate::support::{models, photo, project};

fn entry(name: &str) -> ManifestEntry {
    let manifest = Manifest::built_in().expect("the manifest of this repository");
    manifest.entries().iter().find(|entry| entry.name == name).expect("listed").clone()
}

/// The pipeline's networks with this one for the face, where it is built; else the test says that it is skipped.
fn with_embedder(name: &str) -> Option<Arc<Models>> {
    let entry = entry(name);
    if !project("models").join(&entry.file).exists() {
        // Not by eprintln!, which the test harness swallows.
        let _ = writeln!(std::io::stderr(), "skipped: {name}: not built; make check-recipe builds it");
        return None;
    }
    let chosen = format!("[model]\npath = \"{}\"\nsha256 = \"{}\"\n", entry.file, entry.digest);
    let settings = Settings::parse(&chosen, &project("models/limen.toml")).expect("a configuration");
    // Loading proves the digest, the shapes and the self-test.
    Some(Models::load(&settings.model).unwrap_or_else(|error| panic!("{error}")))
}

/// The embedding of the face in a photograph of the demo.
fn embedding(models: &Arc<Models>, name: &str) -> Embedding {
    let analyst = Analyst::new(Arc::clone(models), Gate::wide_open(), Crops::Plain);
    let picture = load_photograph(&photo(name)).expect("a photograph of the demo");
    let mut faces = analyst.faces(&picture).expect("the networks run");
    assert_eq!(faces.len(), 1, "{name} shows one face");
    faces.remove(0).1.expect("a usable face").plain
}

#[test]
fn the_float_embedding_is_near_the_int8_one() {
    let Some(float) = with_embedder("embedding-float") else { return };
    for name in ["obama", "obama2", "biden"] {
        let distance = embedding(&float, name).l2(&embedding(&models(), name)).expect("of one length").get();
        println!("embedding, {name}: int8 is {distance:.3} from float");
        assert!(distance < 0.12, "{name}: {distance}");
    }
}

#[test]
fn nn4_small2_gives_unit_vectors_and_int8_ones_near_float() {
    let float = with_embedder("nn4-small2-float");
    let int8 = with_embedder("nn4-small2-int8");
    for models in [&float, &int8].into_iter().flatten() {
        let found = embedding(models, "obama");
        assert_eq!(found.dimensions(), 128);
        let norm = found.values().iter().map(|v| v * v).sum::<f32>().sqrt();
        assert!((norm - 1.0).abs() < 1e-5, "{norm}");
    }
    let (Some(float), Some(int8)) = (float, int8) else { return };
    let [first, second] = ["obama", "biden"].map(|name| embedding(&float, name));
    let apart = first.l2(&second).expect("of one length").get();
    for (name, float) in [("obama", &first), ("biden", &second)] {
        let distance = embedding(&int8, name).l2(float).expect("of one length").get();
        println!(
            "nn4.small2, {name}: int8 is {distance:.3} from float; the two photographs {apart:.3} apart"
        );
        assert!(distance < apart / 2.0, "{name}: {distance}, photographs {apart}");
    }
}

#[test]
fn an_untrained_network_says_so_and_has_no_error_rates() {
    let manifest: toml::Table = MANIFEST.parse().expect("a manifest");
    let listed = manifest["model"].as_array().expect("a list");
    for name in ["nn4-small2-float", "nn4-small2-int8"] {
        assert!(!entry(name).trained);
        let facts = listed.iter().find(|facts| facts["name"].as_str() == Some(name)).expect("listed");
        assert!(facts.get("error-rates").is_none(), "{name}: random weights have no threshold");
    }
}
