//! The architecture as a test: an import only ever points down.

use std::fs;
use std::path::{Path, PathBuf};

use crate::source_code::{code, collect};
use crate::support::project;

/// The crates, each with those that it may name.
const CRATES: [(&str, &[&str]); 8] = [
    ("limen-core", &[]),
    ("limen-nn", &[]),
    ("limen-metrics", &["limen-core"]),
    ("limen-files", &["limen-core"]),
    ("limen-audit", &["limen-core", "limen-files"]),
    ("limen-vision", &["limen-core", "limen-files", "limen-nn"]),
    ("limen-lab", &["limen-core", "limen-files", "limen-vision"]),
    // For the names in its tests alone: the gateway links nothing of the door.
    ("limen-gateway", &["limen-core"]),
];

/// The rooms of the program itself, from low to high; those of one layer do not import each other.
const LAYERS: [&[&str]; 7] = [
    &["clocks", "diagnostics"],
    &["camera", "gallery", "door", "entry"],
    &["config"],
    &["pipeline", "enrol"],
    &["control", "service"],
    &["daemon"],
    &["cli"],
];

/// Imports inside a layer that are meant: who, and what they may name.
const MEANT: [(&str, &[&str]); 1] = [("entry", &["door"])];

struct Source {
    /// The first part of its path below its crate.
    room: String,
    path: PathBuf,
    text: String,
}

fn sources() -> Vec<Source> {
    let crates = CRATES.iter().map(|(name, _)| format!("crates/{name}/src"));
    crates.chain(["src".to_owned()]).flat_map(|place| sources_of(&place)).collect()
}

fn sources_of(place: &str) -> Vec<Source> {
    let root = project(place);
    let mut found = Vec::new();
    collect(&root, &mut found);
    let source = |path: PathBuf| {
        let below = path.strip_prefix(&root).expect("below the crate");
        let first = below.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("text");
        let room = first.trim_end_matches(".rs").to_owned();
        Source { room, path: Path::new(place).join(below), text }
    };
    found.into_iter().map(source).collect()
}

/// The rooms that a text names by `crate::room`, tests included.
fn named_rooms(text: &str) -> Vec<String> {
    let name = |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| line.split("crate::").skip(1).map(name).collect::<Vec<String>>()).collect()
}

fn layer_of(room: &str) -> Option<usize> {
    LAYERS.iter().position(|rooms| rooms.contains(&room))
}

/// The rooms of the program: not its two entrances.
fn rooms() -> Vec<Source> {
    let is_room = |source: &Source| !["lib", "main", "bin"].contains(&source.room.as_str());
    sources_of("src").into_iter().filter(is_room).collect()
}

#[test]
fn an_import_only_points_down() {
    let mut wrong = Vec::new();
    for source in rooms() {
        let own = layer_of(&source.room).unwrap_or_else(|| panic!("{} has no layer", source.path.display()));
        for room in named_rooms(&source.text) {
            let Some(other) = layer_of(&room) else { continue };
            let meant = MEANT.iter().any(|(who, what)| *who == source.room && what.contains(&room.as_str()));
            if room != source.room && other >= own && !meant {
                wrong.push(format!("{} names {room}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_layer_has_its_rooms() {
    let rooms: Vec<String> = rooms().into_iter().map(|source| source.room).collect();
    for room in LAYERS.iter().flat_map(|layer| layer.iter()) {
        assert!(rooms.iter().any(|found| found == room), "{room} is no room any more");
    }
}

#[test]
fn a_crate_needs_only_what_lies_beneath_it() {
    let folders = fs::read_dir(project("crates")).expect("a folder").count();
    assert_eq!(folders, CRATES.len(), "every crate is listed here");
    for (name, may) in CRATES {
        let manifest =
            fs::read_to_string(project("crates").join(name).join("Cargo.toml")).expect("a manifest");
        let needed = manifest.lines().filter(|line| line.starts_with("limen-"));
        for needed in needed.filter_map(|line| line.split(['.', ' ']).next()) {
            assert!(may.contains(&needed), "{name} needs {needed}");
        }
    }
}

#[test]
fn the_core_touches_nothing_of_the_machine() {
    let is_test = |source: &Source| {
        let name = source.path.file_stem().unwrap_or_default().to_string_lossy();
        name.ends_with("tests") || name.ends_with("walks")
    };
    for source in sources_of("crates/limen-core/src").into_iter().filter(|source| !is_test(source)) {
        let code = code(&source.text);
        for what in
            ["std::fs", "std::net", "std::thread", "std::env", "Instant::now", "SystemTime", "Timestamp::now"]
        {
            assert!(!code.contains(what), "{} names {what}", source.path.display());
        }
    }
}

#[test]
fn a_device_crate_is_named_in_one_place_only() {
    let places = [
        ("tract_onnx", "crates/limen-nn/src"),
        ("limen_nn", "crates/limen-vision/src/model"),
        ("v4l", "src/camera/v4l"),
        ("rppal", "src/door/driver/rppal.rs"),
        ("gpiocdev", "src/door/driver/gpiochip.rs"),
        ("evdev", "src/entry/device.rs"),
        ("argon2", "crates/limen-core/src/credential/hash.rs"),
        ("rumqttc_v5", "crates/limen-gateway/src/mqtt.rs"),
        ("rumqttc_v4", "crates/limen-gateway/src/mqtt.rs"),
    ];
    for source in sources() {
        let code = code(&source.text);
        for (name, place) in places {
            let named = code.lines().any(|line| {
                let line = line.trim_start();
                line.starts_with(&format!("use {name}::")) || line.contains(&format!(" {name}::"))
            });
            let here = source.path.to_string_lossy().starts_with(place);
            let sibling = |line: &str| {
                let imports = ["use super::", "use crate::camera::", "use crate::door::"];
                imports.iter().any(|start| line.trim_start().starts_with(start)) && line.contains(name)
            };
            let through_room = code.contains(&format!("mod {name};")) || code.lines().any(sibling);
            assert!(!named || here || through_room, "{} names {name}", source.path.display());
        }
    }
}

#[test]
fn only_a_grant_makes_a_lease() {
    for source in sources() {
        let makes = code(&source.text).contains("Lease::new(");
        let may = ["policy/grant.rs", "limen-core/src/lease.rs"].iter().any(|end| source.path.ends_with(end));
        assert!(!makes || may, "{}", source.path.display());
    }
}

#[test]
fn a_file_has_one_reason_to_exist_and_says_it_first() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "{} does not say why it exists", source.path.display());
    }
}

#[test]
fn the_program_has_no_failpoints() {
    let program = fs::read(env!("CARGO_BIN_EXE_limen")).expect("the program");
    assert!(!program.windows(16).any(|words| words == b"fault injection:"), "built with fault-injection");
    let manifest = fs::read_to_string(project("Cargo.toml")).expect("text");
    let manifest: toml::Table = manifest.parse().expect("TOML");
    assert!(manifest["features"].get("default").is_none(), "no feature is a default");
}

#[test]
fn every_fault_in_the_table_has_its_test() {
    let table = fs::read_to_string(project("tests/devices/README.md")).expect("text");
    let mut tests = String::new();
    for entry in fs::read_dir(project("tests/devices")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|e| e == "rs") {
            tests += &fs::read_to_string(path).expect("text");
        }
    }
    let named: Vec<&str> =
        table.split('`').skip(1).step_by(2).filter(|word| word.matches('_').count() > 3).collect();
    assert!(named.len() >= 25, "{} faults", named.len());
    for name in named {
        assert!(tests.contains(&format!("fn {name}() {{")), "{name} is no test");
    }
}
