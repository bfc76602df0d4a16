//! Networks of each metric, with vectors of any length.

use std::sync::Arc;

use limen::config::Settings;
use limen::enrol::{Enroller, GallerySource, StoreUse, load_gallery};
use limen::pipeline::{rule, scoring};
use limen_core::clock::Moment;
use limen_core::embedding::Crops;
use limen_core::event::{Observation, TrackId};
use limen_files::Trust;
use limen_vision::analyst::Analyst;
use limen_vision::matching::{Matcher, Prepared};
use limen_vision::model::Models;
use limen_vision::quality::Gate;

use super::installation::{Installation, describing, network};
use crate::support::{Site, visitor};

/// A door at which obama is enrolled by a pack: this network, compared by this metric, with these lines more in its
/// manifest, opening up to this distance.
fn door(file: &str, metric: &str, more: &str, max_distance: f32) -> Installation {
    let door = Installation::new(Site::with_obama());
    let network = network(file);
    let first = if file == "means.onnx" { "first = [1.70784]" } else { "first = [34.15683]" };
    let manifest = describing(&network, first)
        .replace("name = \"means\"", "name = \"mine\"")
        .replace("trained = false", "trained = true")
        .replace("metric = \"cosine\"", &format!("metric = \"{metric}\"\n{more}"));
    door.install_untried(&network, &manifest);
    door.configure(&format!(
        "[model]\nembedding = \"mine\"\n[recognition]\nmax-distance = {max_distance:.1}\n"
    ));
    door
}

/// What the door's matcher says of three frames of three photographs, one track.
fn observed(door: &Installation) -> Vec<Observation> {
    let settings = Settings::load(&door.0.path("limen.toml"), Trust::Checked).expect("no mistake");
    let models = Models::load(&settings.model).expect("installed");
    let analyst = |crops| Analyst::new(Arc::clone(&models), Gate::default(), crops);
    let source =
        GallerySource { file: door.0.path("gallery.toml"), store: StoreUse::Memory, trust: Trust::Checked };
    let mut enroller = Enroller::new(analyst(Crops::Mirrored));
    let gallery = load_gallery(&source, None, &mut enroller, &mut |_, _| {}).expect("good").built.gallery;
    let scoring = scoring(&settings.recognition, &models).expect("no cohort");
    let rule = rule(&settings, &models, &scoring).expect("a distance");
    let mut matcher = Matcher::new(rule, Arc::new(Prepared::new(gallery, scoring)));
    let frames = ["obama2", "obama3", "obama"].into_iter();
    frames
        .map(|name| {
            let mut faces = analyst(Crops::Plain).faces(&visitor(name)).expect("the networks run");
            let face = faces.remove(0).1.expect("a usable face");
            matcher.observe(TrackId(1), Moment::default(), face.embedding(), face.crops(), 1.0)
        })
        .collect()
}

#[test]
fn a_network_of_each_metric_and_length_fuses_its_frames_and_names_who_is_enrolled() {
    for (file, metric, max_distance) in [
        ("means.onnx", "cosine", 0.5),
        ("means-long.onnx", "cosine", 0.5),
        ("means.onnx", "l2", 1.0),
        ("means-long.onnx", "l2", 20.0),
    ] {
        let door = door(file, metric, "", max_distance);
        let seen = observed(&door);
        let frames: Vec<u32> = seen.iter().map(|seen| seen.frames).collect();
        assert_eq!(frames, [1, 2, 3], "{file} by {metric}");
        assert!(seen.iter().all(|seen| seen.fused.verdict.is_ok()), "{file} by {metric}: {seen:?}");
        let checked = door.limen(&["check", "--without-devices"]);
        assert_eq!(checked.code, 0, "{file} by {metric}: {}", checked.out);
    }
}

#[test]
fn the_manifest_says_how_far_apart_the_frames_of_one_face_may_be() {
    for (metric, limit) in [("cosine", "0.000001"), ("l2", "0.001")] {
        let strict = door("means-long.onnx", metric, &format!("same-face = {limit}"), 2.0);
        let frames: Vec<u32> = observed(&strict).iter().map(|seen| seen.frames).collect();
        assert_eq!(frames, [1, 1, 1], "{metric}");
    }
}

#[test]
fn a_distance_that_accepts_everybody_is_refused_where_the_network_is_known() {
    let door = door("means.onnx", "cosine", "", 20.0);
    let checked = door.limen(&["check", "--without-devices"]);
    assert_eq!(checked.code, 1, "{}", checked.out);
    assert!(checked.out.contains("max-distance = 20.000 accepts everybody"), "{}", checked.out);
}
