//! Packs: networks that somebody brings along, with the manifest that describes them.

mod concatenations;
mod crops;
mod installation;
mod lengths;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use limen::enrol::{Enroller, GallerySource, StoreUse, load_gallery, remake};
use limen::gallery::StoreFile;
use limen_core::embedding::ModelDigest;
use limen_core::embedding::{Crops, Metric};
use limen_files::Trust;
use limen_vision::analyst::Analyst;
use limen_vision::model::{
    EmbedderChoice, MANIFEST, Manifest, ManifestEntry, ModelError, ModelNetwork, Models,
};
use limen_vision::quality::Gate;

use crate::support::{Site, models, photo, project};
use installation::{Installation, REAL_DOOR, describing, means, network, trained_pack};

#[test]
fn a_pack_is_installed_listed_chosen_and_recognises() {
    let door = Installation::new(Site::with_obama());
    let (network, manifest) = trained_pack();
    let added = door.add(&network, &manifest);
    assert_eq!(added.code, 0, "{}", added.err);
    assert!(added.out.contains("`limen models use mine` chooses it"), "{}", added.out);
    for (path, mode) in
        [("state/models", 0o755), ("state/models/mine.onnx", 0o644), ("state/models/mine.toml", 0o644)]
    {
        let found = fs::metadata(door.0.path(path)).expect(path).permissions().mode();
        assert_eq!(found & 0o7777, mode, "{path}");
    }
    let row = door.row("mine");
    assert_eq!(
        (&row["source"], &row["used"], &row["tables"]),
        (&"installed".into(), &false.into(), &true.into())
    );
    assert_eq!((&row["width"], &row["dimensions"], &row["metric"]), (&150.into(), &128.into(), &"l2".into()));
    assert_eq!(door.row("embedding-int8")["used"], true);

    let chosen = door.limen(&["models", "use", "mine"]);
    assert_eq!(chosen.code, 0, "{}", chosen.err);
    assert!(chosen.out.contains("1 template is made again"), "{}", chosen.out);
    assert!(door.configuration().ends_with("\n[model]\nembedding = \"mine\"\n"), "{}", door.configuration());
    assert_eq!(
        (&door.row("mine")["used"], &door.row("embedding-int8")["used"]),
        (&true.into(), &false.into())
    );
    let checked = door.limen(&["check", "--without-devices"]);
    assert_eq!(checked.code, 0, "{}", checked.out);
    assert!(checked.out.contains("mine 65b09360: digest, shapes and self-test"), "{}", checked.out);
    assert_eq!(door.limen(&["identify", photo("obama2").to_str().expect("UTF-8")]).code, 0);
    assert_eq!(door.limen(&["identify", photo("biden").to_str().expect("UTF-8")]).code, 1);
}

#[test]
fn a_manifest_that_contradicts_its_network_is_refused() {
    let door = Installation::new(Site::empty());
    let (network, manifest) = means();
    for (from, to, says) in [
        ("[1, 32, 32, 3]", "[1, 48, 48, 3]", "its input has the shape"),
        ("\"NHWC\", shape = [1, 32, 32, 3]", "\"NCHW\", shape = [1, 3, 32, 32]", "its input has the shape"),
        ("shape = [1, 4]", "shape = [1, 8]", "its output embedding has the shape"),
        ("e4431900", "00000000", "the file's SHA-256 is e4431900"),
        ("first = [1.7", "first = [1.8", "self-test: number 1 of output embedding"),
        ("[[model.self-test]]", "[[model.untested]]", "m.toml:4: [model]: \"self-test\" is missing; add it"),
        ("role = \"embedding\"", "role = \"detection\"", "describes no embedding network"),
        ("name = \"means\"", "name = \"../means\"", "\"../means\" is no model's name"),
        ("schema = 1", "schema = 2", "schema 2"),
        ("schema = 1", "schema = = 1", "m.toml:2: column 10: has '=' twice; write schema = 1"),
    ] {
        assert!(manifest.contains(from), "{from} is in the manifest");
        door.refuses(3, &network, &manifest.replacen(from, to, 1), says);
    }
}

#[test]
fn a_mistake_in_a_manifest_is_one_line_with_its_place_and_the_remedy() {
    let door = Installation::new(Site::empty());
    let (network, manifest) = means();
    for (from, to, code, says) in [
        (
            "\"NHWC\"",
            "\"HWC\"",
            3,
            "m.toml:11: [model.input] layout: \"HWC\" is not known; use \"NCHW\" or \"NHWC\"",
        ),
        (
            "trained = false",
            "trained = \"no\"",
            3,
            "m.toml:10: [model] trained: is text, and should be true or false; write",
        ),
        (
            "sha256 = \"e4431900",
            "sha256 = \"e443",
            3,
            "m.toml:9: [model] sha256: is no SHA-256 digest; write the 64 hex",
        ),
        (
            "[[model.self-test]]",
            "[[model.error-rates]]\ncohort = 3\n[[model.self-test]]",
            2,
            "[model.error-rates] cohort: is a number, and should be text; write it in quotation marks: \"3\"",
        ),
    ] {
        door.refuses(code, &network, &manifest.replacen(from, to, 1), says);
        let ran = door.add(&network, &manifest.replacen(from, to, 1));
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    }
}

#[test]
fn a_file_that_is_no_embedding_network_is_refused() {
    let door = Installation::new(Site::empty());
    let garbage = b"this is no network at all".as_slice();
    door.refuses(3, garbage, &describing(garbage, "first = [0.0]"), "the graph does not load");
    let detector = fs::read(project("models/detector.onnx")).expect("committed");
    door.refuses(
        3,
        &detector,
        &describing(&detector, "first = [0.0]"),
        "its list of outputs has the shape 2",
    );
    let nan = network("not-a-number.onnx");
    door.refuses(3, &nan, &describing(&nan, "first = [1.30684]"), "not a vector of finite numbers");
    door.refuses(
        3,
        &nan,
        &describing(&nan, "first = [1.30684, 0.0]"),
        "self-test: number 2 of output embedding is NaN",
    );
    let (network, manifest) = means();
    let two = format!("{manifest}{}", &manifest[manifest.find("[[model]]").expect("an entry")..]);
    door.refuses(3, &network, &two, "describes 2 models; keep the one");
    let ran = door.limen(&["models", "add", "/no/such.onnx", "--manifest", "/no/such.toml"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("/no/such.toml"), "{}", ran.err);
}

#[test]
fn a_name_that_is_taken_is_refused_and_the_same_network_is_installed_again() {
    let door = Installation::new(Site::empty());
    let (network, manifest) = means();
    for name in ["int8", "dlib", "embedding-int8", "mobilefacenet", "fused", "detector"] {
        let manifest = manifest.replacen("\"means\"", &format!("\"{name}\""), 1);
        door.refuses(2, &network, &manifest, "is taken by a network of this program; write another name");
    }
    assert_eq!(door.add(&network, &manifest).code, 0);
    assert_eq!(door.add(&network, &manifest).code, 0, "again");
    let other = installation::network("means-any-batch.onnx");
    let ran = door.add(&other, &describing(&other, "first = [1.70784]"));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("taken by an installed network with the digest e4431900"), "{}", ran.err);
    assert_eq!(fs::read(door.installed("means.onnx")).expect("there"), network);
}

#[test]
fn a_pack_that_changed_after_its_installation_is_listed_as_broken_and_not_used() {
    let door = Installation::new(Site::empty());
    let (network, manifest) = trained_pack();
    assert_eq!(door.add(&network, &manifest).code, 0);
    assert_eq!(door.limen(&["models", "use", "mine"]).code, 0);
    let broken = |words: &str| {
        let listed = door.limen(&["models"]);
        assert_eq!(listed.code, 1, "{}", listed.out);
        let line = listed.out.lines().find(|line| line.starts_with("mine")).expect("never left out");
        assert!(
            line.contains("broken") && line.contains(words) && line.contains("in use"),
            "{words}: {line}"
        );
        assert!(door.row("mine")["problem"].as_str().is_some_and(|problem| problem.contains(words)));
        let checked = door.limen(&["check", "--without-devices"]);
        assert!(checked.code == 1 && checked.out.contains(words), "{words}: {}", checked.out);
        assert_eq!(door.limen(&["models", "use", "mine"]).code, 3);
    };
    let mut changed = network.clone();
    changed.push(0);
    fs::write(door.installed("mine.onnx"), changed).expect("ours");
    broken("SHA-256 is");
    fs::write(door.installed("mine.onnx"), &network).expect("ours");
    fs::set_permissions(door.installed("mine.toml"), fs::Permissions::from_mode(0o666)).expect("ours");
    broken("chmod go-w");
    fs::write(door.installed("mine.toml"), "schema = 1\n").expect("ours");
    fs::set_permissions(door.installed("mine.toml"), fs::Permissions::from_mode(0o644)).expect("ours");
    broken("mine.toml:1: \"model\" is missing");
    fs::remove_file(door.installed("mine.toml")).expect("ours");
    broken("cut off half-way");
    assert_eq!(door.add(&network, &manifest).code, 0, "installing again mends it");
    assert_eq!(door.limen(&["models"]).code, 0);
    fs::write(door.installed("Odd Name.onnx"), "").expect("ours");
    assert!(door.limen(&["models"]).out.contains("is no model's name"), "listed as well");
}

#[test]
fn a_network_that_may_not_decide_is_not_chosen() {
    let door = Installation::new(Site::empty());
    let (network, manifest) = means();
    assert_eq!(door.add(&network, &manifest).code, 0);
    let trained = manifest.replace("trained = false", "trained = true").replace("\"means\"", "\"trained\"");
    door.install_untried(&network, &trained);
    let refused = |configuration: &str, name: &str, words: &str| {
        door.configure(configuration);
        let before = door.configuration();
        let ran = door.limen(&["models", "use", name]);
        assert_eq!(ran.code, 2, "{name}: {}", ran.err);
        assert!(ran.err.contains(words), "{name}: {}", ran.err);
        assert_eq!(door.configuration(), before);
    };
    let distance = "[recognition]\nmax-distance = 0.5\n";
    refused(
        "",
        "nobodys",
        "no model named \"nobodys\"; there are: embedding-int8, mobilefacenet, fused, means, trained;",
    );
    refused("", "no/name", "\"no/name\" is no model's name");
    refused("", "trained", "set [recognition] max-distance");
    refused(&format!("{REAL_DOOR}{distance}"), "means", "untrained");
    door.configure(&format!("{REAL_DOOR}{distance}"));
    assert_eq!(door.limen(&["models", "use", "trained"]).code, 0, "trained, and a distance is set");
}

#[test]
fn the_daemon_does_not_start_with_a_network_that_may_not_decide() {
    let door = Installation::new(Site::empty());
    let (network, manifest) = means();
    assert_eq!(door.add(&network, &manifest).code, 0);
    let model = "[model]\nembedding = \"means\"\n";
    let refused = |configuration: &str, words: &str| {
        door.configure(configuration);
        let ran = door.limen(&["run"]);
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(ran.err.contains(words), "{}", ran.err);
    };
    refused(&format!("{model}{REAL_DOOR}[recognition]\nmax-distance = 0.5\n"), "write driver = \"dry-run\"");
    refused(model, "set [recognition] max-distance");
    refused("[model]\nembedding = \"nobodys\"\n", "no model named \"nobodys\"");
    door.configure(model);
    let checked = door.limen(&["check", "--without-devices"]);
    assert_eq!(checked.code, 1);
    assert!(
        checked.out.contains("means is untrained") && checked.out.contains("max-distance"),
        "{}",
        checked.out
    );
}

#[test]
fn a_pack_brings_its_manifest_its_metric_and_its_cohort() {
    let door = Installation::new(Site::empty());
    let (network, manifest) = means();
    // Four vectors of four bytes.
    let cohort = b"vectors of nobod";
    let named = |digest: ModelDigest| {
        format!(
            "{manifest}\n[model.cohort]\nname = \"nobody\"\nfile = \"faces.bin\"\nsha256 = \"{digest}\"\n\
             vectors = 4\ndimensions = 4\nnearest = 2\nscale = 0.1\n"
        )
    };
    let manifest = named(ModelDigest::of(cohort));
    door.refuses(3, &network, &manifest, "faces.bin");
    door.0.write("faces.bin", cohort);
    door.refuses(3, &network, &named(ModelDigest::of(b"others")), "its cohort faces.bin: the file's SHA-256");
    door.0.write("faces.bin", b"short");
    let short = named(ModelDigest::of(b"short"));
    door.refuses(2, &network, &short, "cohort nobody: 5 bytes, but the manifest says 4 vectors of 4");
    door.0.write("faces.bin", cohort);
    assert_eq!(door.add(&network, &manifest).code, 0);
    let choice = EmbedderChoice::named("means", door.packs()).expect("a name");
    let loaded = Models::load(&choice).expect("installed");
    assert_eq!(loaded.manifest(), manifest);
    assert_eq!(loaded.cohort(), Some(cohort.as_slice()));
    assert_eq!(loaded.embedder.entry().metric, Metric::Cosine);
    fs::write(door.installed("means.cohort.bin"), "changed").expect("ours");
    assert!(matches!(Models::load(&choice), Err(ModelError::Digest { .. })));
    assert!(models().manifest() == MANIFEST, "the built-in network is described by the built-in manifest");
}

#[test]
fn a_file_named_by_path_is_described_by_the_installed_pack_of_its_digest() {
    let door = Installation::new(Site::empty());
    let (network, manifest) = means();
    let path = door.0.write("elsewhere.onnx", &network);
    let choice = EmbedderChoice::File { path, sha256: ModelDigest::of(&network), packs: door.packs() };
    let error = Models::load(&choice).expect_err("nobody describes it").to_string();
    assert!(error.contains("install it with one that does: limen models add"), "{error}");
    assert_eq!(door.add(&network, &manifest).code, 0);
    assert_eq!(Models::load(&choice).expect("described").embedder.entry().name, "means");
    door.configure(&format!(
        "[model]\npath = \"elsewhere.onnx\"\nsha256 = \"{}\"\n[recognition]\nmax-distance = 0.5\n",
        ModelDigest::of(&network)
    ));
    assert!(
        door.limen(&["models"])
            .out
            .lines()
            .any(|line| line.contains("elsewhere.onnx") && line.contains("in use"))
    );
    assert_eq!(door.limen(&["models", "use", "int8"]).code, 0);
    assert!(!door.configuration().contains("elsewhere"), "{}", door.configuration());
}

#[test]
fn a_graph_for_a_batch_of_any_size_is_used_with_the_manifests_size() {
    let network = network("means-any-batch.onnx");
    let manifest = Manifest::parse(&describing(&network, "first = [1.70784, -1.56372]")).expect("no mistake");
    assert!(ModelNetwork::load(&network, &manifest.entries()[0]).is_ok());
    let text = describing(&network, "first = [0.0]").replace("[1, 32, 32, 3]", "[1, 48, 48, 3]");
    let manifest = Manifest::parse(&text).expect("no mistake");
    assert!(matches!(ModelNetwork::load(&network, &manifest.entries()[0]), Err(ModelError::Shape { .. })));
}

#[test]
fn a_damaged_graph_is_refused_or_computes_the_same_and_never_panics() {
    let (network, manifest) = means();
    let entry = Manifest::parse(&manifest).expect("no mistake").entries()[0].clone();
    let mut refused = 0;
    for at in 0..network.len() {
        for mask in [0x01, 0x80, 0xff] {
            let mut damaged = network.clone();
            damaged[at] ^= mask;
            let entry = ManifestEntry { digest: ModelDigest::of(&damaged), ..entry.clone() };
            refused += usize::from(ModelNetwork::load(&damaged, &entry).is_err());
        }
    }
    assert!(refused > network.len(), "{refused}");
}

#[test]
fn templates_of_another_network_are_made_again_and_embeddings_of_another_are_named() {
    let door = Installation::new(Site::with_obama());
    let (network, manifest) = means();
    assert_eq!(door.add(&network, &manifest).code, 0);
    let gallery = fs::read_to_string(door.0.path("gallery.toml")).expect("text");
    let numbers = format!("{}=", "A".repeat(683));
    door.0.write(
        "gallery.toml",
        format!(
            "{gallery}[[person]]\nid = \"ada\"\nname = \"Ada\"\n\
             embeddings = [{{ model = \"{}\", data = \"{numbers}\" }}]\n",
            models().digest()
        ),
    );
    let source = GallerySource {
        file: door.0.path("gallery.toml"),
        store: StoreUse::Own(StoreFile::in_state(&door.0.path("state"), None)),
        trust: Trust::Checked,
    };
    let enroller = |models| Enroller::new(Analyst::new(models, Gate::default(), Crops::Mirrored));
    let built_in = load_gallery(&source, None, &mut enroller(models()), &mut |_, _| {}).expect("good").built;
    assert_eq!((built_in.gallery.people().len(), built_in.notes.len()), (2, 0));

    let other =
        Models::load(&EmbedderChoice::named("means", door.packs()).expect("a name")).expect("installed");
    let ahead = remake(&source, other.digest()).expect("readable");
    let without: Vec<&str> = ahead.without.iter().map(|id| id.as_str()).collect();
    assert_eq!((ahead.photographs, without), (1, vec!["ada"]));
    let built =
        load_gallery(&source, None, &mut enroller(other.clone()), &mut |_, _| {}).expect("good").built;
    assert_eq!((built.gallery.model(), built.store.model()), (other.digest(), other.digest()));
    assert_eq!(built.gallery.people()[0].template().expect("one").dimensions(), 4);
    let notes: Vec<String> = built.notes.iter().map(ToString::to_string).collect();
    assert!(notes[0].contains("person \"ada\": 1 embeddings are of another model"), "{notes:#?}");
    assert!(notes[1].contains("person \"ada\": cannot enter"), "{notes:#?}");
    assert_eq!(remake(&source, other.digest()).expect("readable").photographs, 0, "the store was written");
}
