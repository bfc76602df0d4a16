//! Each stage against numbers measured elsewhere.

use limen_core::embedding::{Crops, Embedding};
use limen_core::event::Unusable;
use limen_vision::analyst::Analyst;
use limen_vision::face::Face;
use limen_vision::frame::Picture;
use limen_vision::matching::thresholds::{Case, Thresholds};
use limen_vision::model::{
    EmbedderChoice, MANIFEST, Manifest, ModelError, ModelNetwork, Models, Packs, Role,
};
use limen_vision::pixels::photograph::load_photograph;
use limen_vision::quality::Gate;

use crate::support::{Site, models, photo, visitor};

fn face(name: &str) -> Face {
    let analyst = Analyst::new(models(), Gate::wide_open(), Crops::Mirrored);
    let picture = load_photograph(&photo(name)).expect("a photograph of the demo");
    let mut faces = analyst.faces(&picture).expect("the networks run");
    assert_eq!(faces.len(), 1, "{name} shows one face");
    faces.remove(0).1.expect("a usable face")
}

fn mirrored(name: &str) -> Embedding {
    face(name).embedding()
}

/// The pixel formula of the check vectors, fed as the manifest says.
fn check_picture(side: u32) -> Vec<u8> {
    (0..side)
        .flat_map(|r| {
            (0..side).flat_map(move |c| [(7 * r + 3 * c) as u8, (5 * r + 11 * c) as u8, (r * c) as u8])
        })
        .collect()
}

fn assert_near(found: &[f32], expected: &[f32], tolerance: f32) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected} within {tolerance}");
    }
}

#[test]
fn detector_and_landmarks_give_the_check_vectors() {
    let models = models();
    let detected = models.detector.run(&check_picture(128)).expect("runs");
    assert_near(&detected[0], &[-0.40109, -0.56399, 24.30406, 24.30368, -2.41453, -4.75687], 1e-3);
    assert_near(&detected[1], &[-4.45992, -3.96164, -4.57170], 1e-3);
    let mesh = models.landmarks.run(&check_picture(192)).expect("runs");
    assert_near(&mesh[0], &[92.46138, 129.83809, -1.41274, 93.96306, 122.00054, -16.15925], 1e-2);
    assert_near(&mesh[1], &[-12.29219], 1e-3);
}

#[test]
fn the_quantised_embedding_is_near_the_float_check_vector() {
    let found = models().embedder.parts()[0].network.run(&check_picture(150)).expect("runs").remove(0);
    let float =
        [-0.038_579_5, 0.106_726, 0.026_856_2, -0.048_404_1, -0.059_960_8, -0.077_333_1, -0.015_186_6];
    assert_near(&found, &float, 0.02);
    let norm = found.iter().map(|v| v * v).sum::<f32>().sqrt();
    assert!((norm - 1.31985).abs() < 0.05, "norm {norm}");
}

#[test]
fn mobilefacenet_gives_the_numbers_of_tensorflow_lite() {
    let packs = Packs::in_state(&crate::support::project("nonexistent"));
    let choice = EmbedderChoice::named("mobilefacenet", packs).expect("a name");
    let loaded = Models::load(&choice).expect("compiled in");
    let found = loaded.embedder.parts()[0].network.run(&check_picture(112)).expect("runs").remove(0);
    assert_eq!(found.len(), 192);
    let measured =
        [-0.162_50, 0.747_94, 0.166_43, -0.093_67, -1.254_18, 1.402_59, -1.073_46, -0.454_43, -2.723_75];
    assert_near(&found, &measured, 1e-3);
}

fn apart(one: &Embedding, other: &Embedding) -> f32 {
    one.l2(other).expect("of one network").get()
}

#[test]
fn photographs_lie_as_far_apart_as_measured() {
    let [one, two, three] = ["obama", "obama2", "obama3"].map(mirrored);
    for (found, expected) in
        [(apart(&one, &two), 0.379), (apart(&one, &three), 0.320), (apart(&two, &three), 0.429)]
    {
        assert!((found - expected).abs() < 0.03, "{found} is not near {expected}");
    }
    let partial = apart(&one, &mirrored("obama-partial-face"));
    assert!((partial - 0.219).abs() < 0.03, "{partial}");
    for other in [&one, &two, &three] {
        let distance = apart(&mirrored("biden"), other);
        assert!((0.74..0.89).contains(&distance), "biden: {distance}");
    }
}

#[test]
fn a_face_with_an_eye_outside_the_picture_is_not_embedded() {
    let analyst = Analyst::new(models(), Gate::wide_open(), Crops::Plain);
    let picture = load_photograph(&photo("obama-partial-face2")).expect("a photograph of the demo");
    let faces = analyst.faces(&picture).expect("the networks run");
    assert_eq!(faces[0].1.as_ref().err(), Some(&Unusable::CutOff));
}

/// What the default gate says of a picture's one face.
fn judged(picture: &Picture) -> Result<(), Unusable> {
    let analyst = Analyst::new(models(), Gate::default(), Crops::Plain);
    let mut faces = analyst.faces(picture).expect("the networks run");
    assert_eq!(faces.len(), 1, "one face");
    faces.remove(0).1.map(drop)
}

fn changed(picture: &Picture, change: impl Fn(u8) -> f32) -> Picture {
    Picture::from_fn(picture.width(), picture.height(), |x, y| {
        picture.pixel(i64::from(x), i64::from(y)).map(|value| change(value).clamp(0.0, 255.0) as u8)
    })
}

/// The mean of a square of `side` pixels around each.
fn blurred(picture: &Picture, side: i64) -> Picture {
    Picture::from_fn(picture.width(), picture.height(), |x, y| {
        let around = |channel: usize| {
            let (left, top) = (i64::from(x) - side / 2, i64::from(y) - side / 2);
            let sum: i64 = (0..side * side)
                .map(|i| i64::from(picture.pixel(left + i % side, top + i / side)[channel]))
                .sum();
            (sum / (side * side)) as u8
        };
        [around(0), around(1), around(2)]
    })
}

#[test]
fn a_poor_picture_is_refused_with_what_to_change() {
    let good = visitor("obama");
    assert_eq!(judged(&good), Ok(()));
    assert_eq!(judged(&changed(&good, |value| f32::from(value) * 0.12)), Err(Unusable::TooDark));
    assert_eq!(judged(&changed(&good, |value| 225.0 + f32::from(value) * 0.3)), Err(Unusable::TooBright));
    assert_eq!(judged(&blurred(&visitor("obama2"), 13)), Err(Unusable::Blurred));
    let (width, height) = (good.width() / 4, good.height() / 4);
    let far = Picture::from_fn(width, height, |x, y| good.pixel(i64::from(x * 4), i64::from(y * 4)));
    assert_eq!(judged(&far), Err(Unusable::TooSmall));
}

#[test]
fn plain_crops_lie_as_far_apart_as_measured() {
    let [one, two, three] = ["obama", "obama2", "obama3"].map(|name| face(name).plain);
    for (found, expected) in
        [(apart(&one, &two), 0.395), (apart(&one, &three), 0.325), (apart(&two, &three), 0.466)]
    {
        assert!((found - expected).abs() < 0.03, "{found} is not near {expected}");
    }
}

#[test]
fn the_manifest_says_what_quantisation_cost() {
    let manifest = Manifest::built_in().expect("readable");
    let entry = manifest.default_for(Role::Embedding).expect("a default");
    let cost = entry.quantisation.as_ref().expect("the default is quantised");
    println!(
        "int8 against float: mean L2 {:.4}, TAR at FAR 1e-4 {:.2} % against {:.2} %",
        cost.mean_l2_difference,
        100.0 * cost.tar_int8,
        100.0 * cost.tar_float
    );
    assert!(cost.mean_l2_difference < 0.1);
    assert!(cost.tar_int8 > cost.tar_float - 0.01, "quantising costs no true accepts");
}

fn packs(site: &Site) -> Packs {
    Packs::in_state(&site.path(""))
}

#[test]
fn a_model_file_of_another_digest_is_refused() {
    let site = Site::empty();
    let path = site.write("model.onnx", b"not a model");
    let sha256 = models().digest();
    let error =
        Models::load(&EmbedderChoice::File { path, sha256, packs: packs(&site) }).expect_err("another file");
    assert!(matches!(error, ModelError::Digest { .. }), "{error}");
    assert!(error.to_string().contains("put the original file back"), "{error}");
}

#[test]
fn a_model_file_of_the_pinned_digest_is_used() {
    let site = Site::empty();
    let bytes = std::fs::read(crate::support::project("models/embedding-int8.onnx")).expect("committed");
    let path = site.write("mine.onnx", bytes);
    let sha256 = models().digest();
    let loaded =
        Models::load(&EmbedderChoice::File { path, sha256, packs: packs(&site) }).expect("the same file");
    assert_eq!(loaded.digest(), sha256);
}

#[test]
fn a_graph_of_other_shapes_or_a_missed_self_test_is_refused() {
    let manifest = Manifest::built_in().expect("readable");
    let entry = manifest.default_for(Role::Landmarks).expect("a default");
    let bytes = std::fs::read(crate::support::project("models").join(&entry.file)).expect("committed");
    let mut other = entry.clone();
    other.outputs[0].shape = vec![1, 7];
    assert!(matches!(ModelNetwork::load(&bytes, &other), Err(ModelError::Shape { .. })));
    let mut other = entry.clone();
    other.self_test[0].first[0] += 1.0;
    assert!(matches!(ModelNetwork::load(&bytes, &other), Err(ModelError::SelfTest { .. })));
    let mut cut = bytes.clone();
    cut.truncate(bytes.len() / 2);
    assert!(matches!(ModelNetwork::load(&cut, entry), Err(ModelError::Digest { .. })));
}

#[test]
fn the_measured_tables_tell_photographs_of_one_person_from_another() {
    let thresholds = Thresholds::for_target(MANIFEST, "embedding-int8", "none", 1e-4, 1).expect("measured");
    let threshold =
        thresholds.threshold(Case { people: 1, photographs: 1, frames: 1, crops: Crops::Mirrored });
    let enrolled = mirrored("obama");
    for name in ["obama2", "obama3"] {
        assert!(apart(&enrolled, &mirrored(name)) <= threshold.get(), "{name}");
    }
    assert!(apart(&enrolled, &mirrored("biden")) > threshold.get());
}
