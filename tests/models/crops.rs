//! A network's crop: named or in points, and tried on photographs before the network is installed.

use limen_core::embedding::{Crops, Embedding};
use limen_vision::analyst::Analyst;
use limen_vision::model::{Crop, EmbedderChoice, Models, Packs};
use limen_vision::pixels::photograph::load_photograph;
use limen_vision::quality::Gate;

use super::installation::{Installation, means, pack_like};
use crate::support::{Site, models, photo, project};

const ARCFACE: &str = "crop = \"arcface-112\"";
const DLIB: &str = "crop = \"dlib-150\"";

/// The points of a crop, as a manifest writes them, each place changed.
fn points(crop: &Crop, side: u32, change: impl Fn(f32, f32) -> (f32, f32)) -> String {
    let template = crop.for_side(side);
    let written = template.anchors().iter().map(|anchor| {
        let (x, y) = change(anchor.at.x, anchor.at.y);
        format!("{{ point = {}, at = [{x}, {y}] }}", anchor.point)
    });
    format!("crop = [{}]", written.collect::<Vec<_>>().join(", "))
}

#[test]
fn a_network_is_installed_by_its_own_crop_named_or_in_points() {
    let (network, manifest) = pack_like("mobilefacenet");
    let in_points = points(&Crop::ARCFACE, 112, |x, y| (x, y));
    for crop in [ARCFACE, &in_points] {
        let door = Installation::new(Site::empty());
        let ran = door.add(&network, &manifest.replacen(ARCFACE, crop, 1));
        assert_eq!(ran.code, 0, "{crop}: {}", ran.err);
    }
}

#[test]
fn a_network_with_another_ones_crop_is_refused_with_the_crop_to_write() {
    let door = Installation::new(Site::empty());
    for (name, own, right, wrong) in [
        ("mobilefacenet", ARCFACE, "arcface-112", DLIB),
        ("mobilefacenet", ARCFACE, "arcface-112", "crop = \"openface-96\""),
        ("embedding-int8", DLIB, "dlib-150", ARCFACE),
    ] {
        let (network, manifest) = pack_like(name);
        let says = "two people on the test photographs are";
        door.refuses(3, &network, &manifest.replacen(own, wrong, 1), says);
        let ran = door.add(&network, &manifest.replacen(own, wrong, 1));
        assert!(ran.err.contains(&format!("write crop = \"{right}\"")), "{}", ran.err);
    }
}

#[test]
fn a_manifest_without_a_crop_is_refused_with_what_to_write() {
    let door = Installation::new(Site::empty());
    for (name, own) in [("mobilefacenet", ARCFACE), ("embedding-int8", DLIB)] {
        let (network, manifest) = pack_like(name);
        door.refuses(3, &network, &manifest.replacen(own, "", 1), "model mine: crop is missing");
        let ran = door.add(&network, &manifest.replacen(own, "", 1));
        assert!(ran.err.contains("\"arcface-112\", \"dlib-150\", \"openface-96\""), "{}", ran.err);
        let unknown = manifest.replacen(own, "crop = \"ghostface\"", 1);
        door.refuses(3, &network, &unknown, "is no known crop; write");
    }
}

#[test]
fn points_that_no_face_fits_are_refused_by_their_number() {
    let door = Installation::new(Site::empty());
    let (network, manifest) = pack_like("mobilefacenet");
    let mirrored = points(&Crop::ARCFACE, 112, |x, y| (112.0 - x, y));
    door.refuses(3, &network, &manifest.replacen(ARCFACE, &mirrored, 1), "crop: on a real face point");
    let small = points(&Crop::ARCFACE, 112, |x, y| (x / 3.0, y / 3.0));
    door.refuses(3, &network, &manifest.replacen(ARCFACE, &small, 1), "write crop = \"arcface-112\"");
}

#[test]
fn a_network_that_tells_nobody_apart_is_refused_unless_it_says_that_it_is_untrained() {
    let door = Installation::new(Site::empty());
    let (network, manifest) = means();
    let trained = manifest.replace("trained = false", "trained = true");
    door.refuses(3, &network, &trained, "would let strangers in");
    assert_eq!(door.add(&network, &manifest).code, 0);
}

#[test]
fn templates_made_by_another_crop_are_of_another_model() {
    assert_eq!(
        models().digest(),
        models().embedder.entry().digest,
        "the built-in network's are those of its file"
    );
    let door = Installation::new(Site::empty());
    let (network, manifest) = pack_like("mobilefacenet");
    let marked = |crop: &str| {
        door.install_untried(&network, &manifest.replacen(ARCFACE, crop, 1));
        let choice = EmbedderChoice::named("mine", door.packs()).expect("a name");
        Models::load(&choice).expect("installed").digest()
    };
    let (one, other) = (marked(ARCFACE), marked(DLIB));
    assert_ne!(one, other);
    assert_eq!(other, limen_core::embedding::ModelDigest::of(&network), "as before manifests named crops");
    assert_eq!(marked(&points(&Crop::ARCFACE, 112, |x, y| (x, y))), one);
}

#[test]
fn mobilefacenet_tells_the_people_of_the_photographs_apart() {
    let packs = Packs::in_state(&project("nonexistent"));
    let choice = EmbedderChoice::named("mobilefacenet", packs).expect("a name");
    let analyst = Analyst::new(Models::load(&choice).expect("compiled in"), Gate::default(), Crops::Mirrored);
    let embedding = |name: &str| -> Embedding {
        let picture = load_photograph(&photo(name)).expect("a photograph of the demo");
        let mut faces = analyst.faces(&picture).expect("the networks run");
        faces.remove(0).1.expect("a usable face").embedding()
    };
    let [one, two, three, stranger] = ["obama", "obama2", "obama3", "biden"].map(embedding);
    // As ONNX Runtime and a crop in numpy have them.
    for (other, expected) in [(&two, 0.61), (&three, 0.58), (&stranger, 1.47)] {
        let found = one.l2(other).expect("of one length").get();
        assert!((found - expected).abs() < 0.05, "{found} is not near {expected}");
    }
}
