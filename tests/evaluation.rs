//! `limen eval` on a few photographs: what it reports, what it writes, and what it says of those it cannot use.

use std::path::Path;

use crate::support::{Ran, Site, limen, photo, project};

/// Three photographs of one person and one of another, a folder a person.
fn people() -> Site {
    let site = Site::empty();
    for (person, photos) in [("ann", ["obama", "obama2", "obama3"].as_slice()), ("joe", ["biden"].as_slice())]
    {
        std::fs::create_dir_all(site.path("images").join(person)).expect("a folder");
        for (index, name) in photos.iter().enumerate() {
            let bytes = std::fs::read(photo(name)).expect("committed");
            site.write(&format!("images/{person}/{person}_{:04}.jpg", index + 1), bytes);
        }
    }
    site
}

fn eval(site: &Site, arguments: &[&str]) -> Ran {
    let images = site.path("images");
    let mut all = vec!["--json", "eval", "--images", images.to_str().expect("UTF-8")];
    all.extend(arguments);
    limen(all)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn rates_come_with_intervals_and_plots_and_from_the_cache_they_are_the_same() {
    let site = people();
    let (out, cache) = (site.path("out"), site.path("cache"));
    let arguments = ["--out", text(&out), "--cache", text(&cache)];
    let first = eval(&site, &arguments);
    assert_eq!(first.code, 0, "{}", first.err);
    let report = &first.json()[0];
    assert_eq!((&report["images"], &report["failures"]), (&4.into(), &0.into()));
    assert_eq!((&report["genuine"], &report["impostor"]), (&3.into(), &3.into()));
    assert_eq!(report["tar"].as_array().map(Vec::len), Some(5));
    assert_eq!(report["cohort"], "synthetic-1");
    for plot in ["roc.svg", "det.svg", "scores.svg"] {
        assert!(std::fs::read_to_string(out.join(plot)).expect("written").contains("<svg"), "{plot}");
    }
    assert!(std::fs::read_to_string(out.join("curve.csv")).expect("written").lines().count() > 100);
    assert_eq!(eval(&site, &arguments).out, first.out);
}

#[test]
fn templates_and_probes_are_drawn_at_random_as_often_as_asked() {
    let ran = eval(&people(), &["--gallery", "2", "--draws", "5"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report = &ran.json()[0];
    assert_eq!((&report["templates"], &report["draws"]), (&2.into(), &5.into()));
    // In each draw a template of two, the third photograph and the stranger.
    assert_eq!((&report["genuine"], &report["impostor"]), (&5.into(), &5.into()));
}

#[test]
fn two_networks_are_compared_in_one_plot() {
    let site = people();
    let (out, int8) = (site.path("out"), project("models/embedding-int8.onnx"));
    let ran = eval(&site, &["--out", text(&out), "--model", "int8", "--model", text(&int8)]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.json().len(), 2);
    assert!(out.join("scores-2.svg").exists());
    let roc = std::fs::read_to_string(out.join("roc.svg")).expect("written");
    assert_eq!(roc.matches("embedding-int8").count(), 2, "a line of the legend each");
}

#[test]
fn whatever_cannot_be_used_is_counted_and_named() {
    let site = people();
    site.write("images/joe/joe_0002.jpg", "no picture");
    std::fs::create_dir(site.path("images/nobody")).expect("a folder");
    let mut pairs = "ann 1 2\n".repeat(10) + &"ann 1 joe 1\n".repeat(10);
    pairs += "ann 1 9\nann 1 joe 2\n";
    let list = site.write("pairs.txt", pairs);
    let ran = eval(&site, &["--pairs", text(&list)]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report = &ran.json()[0];
    assert_eq!(report["failures"], 1);
    assert_eq!(report["failed"][0]["file"], "joe/joe_0002.jpg");
    assert_eq!(report["no_picture"][0], "nobody");
    assert_eq!(report["pairs"], 20);
    let missing: Vec<&str> = report["pairs_missing"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|p| p["why"].as_str())
        .collect();
    assert!(missing[0].contains("ann_0009.jpg is not there"), "{missing:?}");
    assert!(missing[1].starts_with("joe/joe_0002.jpg"), "{missing:?}");
}

#[test]
fn arguments_that_make_no_sense_say_what_does() {
    let site = people();
    for (arguments, code, words) in [
        (["--gallery", "many"].as_slice(), 2, "--gallery is the number of pictures in a template"),
        (&["--probe-frames", "2"], 2, "--probe-frames needs --gallery N"),
        (&["--gallery", "4"], 2, "no pairs to compare"),
        (&["--model", "no such"], 2, "neither a file nor a model's name"),
        (&["--model", "nobody"], 2, "nobody"),
    ] {
        let ran = eval(&site, arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(words), "{arguments:?}: {}", ran.err);
    }
    let ran = limen(["eval", "--images", "/no/such/folder"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("/no/such/folder"), "{}", ran.err);
}
