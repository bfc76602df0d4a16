//! The architecture as a test: an import only ever points down.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::project;

/// Rooms from low to high; those of one layer do not import each other.
const LAYERS: [&[&str]; 7] = [
    &[
        "clock",
        "frame",
        "geometry",
        "embedding",
        "person",
        "credential",
        "event",
        "files",
        "secret",
        "mistake",
        "failpoint",
    ],
    &["camera", "vision", "gallery", "matching", "door", "entry"],
    &["policy", "audit"],
    &["config"],
    &["pipeline", "enrol", "evaluation"],
    &["control", "service", "daemon"],
    &["cli"],
];

/// Imports inside a layer that are meant: who, and what they may name.
const MEANT: [(&str, &[&str]); 4] = [
    ("matching", &["gallery"]),
    ("entry", &["door"]),
    ("daemon", &["control", "service"]),
    ("vocabulary", &[]),
];

struct Source {
    /// Its room: the first part of its path below `src`.
    room: String,
    path: PathBuf,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = project("src");
    let mut found = Vec::new();
    collect(&root, &mut found);
    found
        .into_iter()
        .map(|path| {
            let below = path.strip_prefix(&root).expect("below src");
            let first = below.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("text");
            Source { room: first.trim_end_matches(".rs").to_owned(), path: below.to_owned(), text }
        })
        .collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file: no comments, no tests.
fn code(text: &str) -> String {
    let lines = text.lines().take_while(|line| !line.contains("#[cfg(test)]"));
    lines.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
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

#[test]
fn an_import_only_points_down() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !["lib", "main"].contains(&source.room.as_str())) {
        let own = layer_of(&source.room).unwrap_or_else(|| panic!("{} has no layer", source.path.display()));
        for room in named_rooms(&source.text) {
            let Some(other) = layer_of(&room) else { continue };
            let meant = MEANT.iter().any(|(who, what)| *who == source.room && what.contains(&room.as_str()));
            let vocabulary = own == 0 && other == 0;
            if room != source.room && other >= own && !meant && !vocabulary {
                wrong.push(format!("{} names {room}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_room_has_a_layer_and_every_layer_a_room() {
    let rooms: Vec<String> = sources().into_iter().map(|source| source.room).collect();
    for room in LAYERS.iter().flat_map(|layer| layer.iter()) {
        assert!(rooms.iter().any(|found| found == room), "{room} is no room any more");
    }
}

#[test]
fn a_device_crate_is_named_in_one_place_only() {
    let places = [
        ("limen_nn", "vision/model"),
        ("v4l", "camera/v4l"),
        ("rppal", "door/rppal.rs"),
        ("gpiocdev", "door/gpiochip.rs"),
        ("evdev", "entry/device.rs"),
        ("argon2", "credential/hash.rs"),
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
fn only_the_policy_makes_a_lease() {
    for source in sources() {
        let makes = code(&source.text).contains("Lease::new(");
        let tests = source.path.to_string_lossy().ends_with("_tests.rs");
        assert!(!makes || tests || source.path == Path::new("policy/grant.rs"), "{}", source.path.display());
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
