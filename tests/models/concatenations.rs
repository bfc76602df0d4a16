//! Two networks in one embedding.

use std::fs;

use limen_core::embedding::{Crops, Embedding};
use limen_vision::analyst::Analyst;
use limen_vision::model::{EmbedderChoice, Models, Packs};
use limen_vision::pixels::photograph::load_photograph;
use limen_vision::quality::Gate;

use super::installation::{Installation, means, pack_like};
use crate::support::{Ran, Site, photo, project};

const BOTH: &str = "schema = 1\n[[concatenation]]\nname = \"both\"\n\
    parts = [{ model = \"dlib\", factor = 1.4 }, { model = \"mobilefacenet\", factor = 1.2 }]\n";

fn add(door: &Installation, manifest: &str) -> Ran {
    let manifest = door.0.write("both.toml", manifest);
    door.limen(&["models", "add", "--manifest", manifest.to_str().expect("UTF-8")])
}

/// The embedding of a photograph of the demo.
fn embedding(name: &str, packs: Packs) -> Embedding {
    let models = Models::load(&EmbedderChoice::named(name, packs).expect("a name")).expect("there");
    let analyst = Analyst::new(models, Gate::default(), Crops::Plain);
    let picture = load_photograph(&photo("obama")).expect("a photograph of the demo");
    analyst.faces(&picture).expect("the networks run").remove(0).1.expect("a usable face").plain
}

#[test]
fn two_networks_are_installed_as_one_listed_chosen_and_recognise() {
    let door = Installation::new(Site::with_obama());
    let added = add(&door, BOTH);
    assert_eq!(added.code, 0, "{}", added.err);
    assert_eq!(add(&door, BOTH).code, 0, "again");
    let row = door.row("both");
    assert_eq!((&row["dimensions"], &row["metric"], &row["width"]), (&320.into(), &"l2".into(), &().into()));
    assert_eq!(row["parts"][1]["model"], "mobilefacenet");
    assert_eq!(door.row("mobilefacenet")["parts"], serde_json::Value::Null);
    door.configure("[recognition]\nmax-distance = 1.3\n");
    let chosen = door.limen(&["models", "use", "both"]);
    assert_eq!(chosen.code, 0, "{}", chosen.err);
    assert!(chosen.out.contains("1 template is made again"), "{}", chosen.out);
    assert_eq!(door.limen(&["identify", photo("obama2").to_str().expect("UTF-8")]).code, 0);
    assert_eq!(door.limen(&["identify", photo("biden").to_str().expect("UTF-8")]).code, 1);
}

#[test]
fn the_built_in_one_needs_no_distance_of_its_own() {
    let door = Installation::new(Site::with_obama());
    let chosen = door.limen(&["models", "use", "fused"]);
    assert_eq!(chosen.code, 0, "{}", chosen.err);
    assert_eq!(
        (&door.row("fused")["tables"], &door.row("mobilefacenet")["tables"]),
        (&true.into(), &true.into())
    );
    for (name, code) in [("obama2", 0), ("obama3", 0), ("biden", 1)] {
        assert_eq!(door.limen(&["identify", photo(name).to_str().expect("UTF-8")]).code, code, "{name}");
    }
}

#[test]
fn the_embedding_is_that_of_each_network_times_its_factor() {
    let door = Installation::new(Site::empty());
    assert_eq!(add(&door, BOTH).code, 0);
    let packs = || Packs::in_state(&project("nonexistent"));
    let parts = [("dlib", 1.4_f32), ("mobilefacenet", 1.2)].map(|(name, factor)| {
        embedding(name, packs()).values().iter().map(|number| number * factor).collect::<Vec<f32>>()
    });
    assert_eq!(embedding("both", door.packs()).values(), parts.concat());
}

#[test]
fn factors_and_networks_are_part_of_what_templates_carry() {
    let door = Installation::new(Site::empty());
    let turned = "schema = 1\n[[concatenation]]\nname = \"turned\"\nparts = [\
        { model = \"mobilefacenet\", factor = 1.2 }, { model = \"dlib\", factor = 1.4 }]\n";
    let other = BOTH.replacen("\"both\"", "\"other\"", 1).replacen("1.2", "1.25", 1);
    let mut digests = Vec::new();
    for (name, manifest) in [("both", BOTH), ("other", &other), ("turned", turned)] {
        assert_eq!(add(&door, manifest).code, 0, "{name}");
        digests.push(door.row(name)["sha256"].as_str().expect("hexadecimal").to_owned());
    }
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), 3);
    let ran = add(&door, &BOTH.replacen("1.2", "1.3", 1));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("taken by an installed concatenation that differs"), "{}", ran.err);
}

#[test]
fn a_concatenation_that_cannot_be_is_refused_by_name() {
    let door = Installation::new(Site::empty());
    assert_eq!(add(&door, BOTH).code, 0);
    for (from, to, says) in [
        ("1.4", "0.0", "concatenation new: the factor of \"dlib\" is 0; write a number above 0"),
        ("1.2", "-1.2", "concatenation new: the factor of \"mobilefacenet\" is -1.2"),
        ("1.2", "nan", "the factor of \"mobilefacenet\" is NaN"),
        ("\"dlib\"", "\"new\"", "concatenation new: names itself"),
        ("\"dlib\"", "\"fused\"", "its part \"fused\" is a concatenation; name networks"),
        ("\"dlib\"", "\"both\"", "its part \"both\" is a concatenation; name networks"),
        ("\"dlib\"", "\"mobilefacenet\"", "both parts are the network \"mobilefacenet\""),
        ("\"dlib\"", "\"nobodys\"", "concatenation new: there is no network named \"nobodys\""),
        ("\"dlib\"", "\"../dlib\"", "there is no network named \"../dlib\""),
        (", { model = \"mobilefacenet\", factor = 1.2 }", "", "has 1 parts; name two networks"),
        ("factor = 1.4", "weight = 1.4", "weight"),
    ] {
        let text = BOTH.replacen("\"both\"", "\"new\"", 1);
        assert!(text.contains(from), "{from} is in the manifest");
        let ran = add(&door, &text.replacen(from, to, 1));
        assert!(ran.err.contains(says) && !ran.err.contains("panicked"), "{says}: {}", ran.err);
        assert_eq!(ran.code, 3, "{}", ran.err);
        assert!(!door.installed("new.toml").exists(), "{says}: nothing is installed");
    }
    let ran =
        add(&door, &BOTH.replacen("\"dlib\"", "\"int8\"", 1).replacen("\"mobilefacenet\"", "\"dlib\"", 1));
    assert!(ran.err.contains("both parts are the network \"embedding-int8\""), "{}", ran.err);
}

#[test]
fn a_manifest_and_an_onnx_file_must_belong_together() {
    let door = Installation::new(Site::empty());
    let (network, manifest) = means();
    door.refuses(3, &network, BOTH, "has no file of its own; leave the ONNX file out");
    let ran = add(&door, &manifest);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("describes a network; name its ONNX file"), "{}", ran.err);
}

#[test]
fn a_concatenation_whose_network_is_gone_is_broken() {
    let door = Installation::new(Site::empty());
    let (network, manifest) = pack_like("mobilefacenet");
    assert_eq!(door.add(&network, &manifest).code, 0);
    assert_eq!(add(&door, &BOTH.replacen("\"mobilefacenet\"", "\"mine\"", 1)).code, 0);
    assert_eq!(door.limen(&["models"]).code, 0);
    fs::remove_file(door.installed("mine.toml")).expect("ours");
    let problem = door.row("both")["problem"].as_str().expect("broken").to_owned();
    assert!(problem.contains("there is no network named \"mine\""), "{problem}");
}
