//! What the documentation says of the sources is so.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::project;

/// Every source in which a test may stand.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "py") {
            found.push(path);
        }
    }
}

/// The names of all tests: functions marked as one, and those of the guests' lists.
fn tests() -> String {
    let mut files = Vec::new();
    ["src", "crates", "tests"].iter().for_each(|folder| sources(&project(folder), &mut files));
    let mut names = String::new();
    for file in files {
        let listed = ["tests/devices", "tests/pi"].iter().any(|folder| file.starts_with(project(folder)));
        let text = fs::read_to_string(&file).expect("text");
        let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
        for (at, line) in lines.iter().enumerate() {
            let marked = lines[..at].iter().rev().take(3).any(|above| {
                above.starts_with("#[test]") || above.starts_with("@test(") || above.starts_with("@both")
            });
            let name = line.strip_prefix("fn ").or_else(|| line.strip_prefix("def "));
            if let (Some((name, _)), true) = (name.and_then(|rest| rest.split_once('(')), marked || listed) {
                names.push_str(&format!("\n{name}\n"));
            }
        }
    }
    names
}

/// The words of a text that are written as code and look like a test's name.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split('`').skip(1).step_by(2);
    words.filter(|word| {
        let letters =
            word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        letters && word.matches('_').count() >= 2
    })
}

/// The folders of the project in which a page names files.
const FOLDERS: [&str; 5] = ["src/", "crates/", "tests/", "docs/", "examples/"];
/// Paths that look like ours and are another project's.
const OF_OTHERS: [&str; 1] = ["tests/test_images"];

/// Every page of the project, but for the history of its changes, which names what was.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            pages(&path, found);
        } else if name.ends_with(".md") && name != "CHANGELOG.md" {
            found.push(path);
        }
    }
}

/// The paths that a page names. What has `NAME` in it stands for many.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split_whitespace().filter(|word| !word.contains("://"));
    let parts =
        words.flat_map(|word| word.split(|c: char| !c.is_ascii_alphanumeric() && !"_-./*".contains(c)));
    parts.map(|part| part.trim_start_matches("../").trim_end_matches('.')).filter(|part| {
        let ours = FOLDERS.iter().any(|folder| part.starts_with(folder) && part.len() > folder.len());
        ours && !OF_OTHERS.contains(part) && !part.contains("NAME") && !part.contains('*')
    })
}

/// Where the links of a page lead, but for those out of the project.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let files = targets.filter(|target| !target.contains(':')).filter_map(|target| target.split('#').next());
    files.filter(|file| !file.is_empty())
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let mut found = Vec::new();
    pages(&project(""), &mut found);
    assert!(found.len() > 20, "{} pages", found.len());
    let mut missing = Vec::new();
    for page in found {
        let text = fs::read_to_string(&page).expect("text");
        let beside = page.parent().expect("a page lies in a folder");
        let named = paths(&text).filter(|path| !project(path).exists() && !beside.join(path).exists());
        let linked = links(&text).filter(|file| !beside.join(file).exists());
        missing.extend(named.chain(linked).map(|path| format!("{} names {path}", page.display())));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The text of a file, or of every source in a folder.
fn text_of(place: &Path) -> String {
    let mut files = vec![place.to_owned()];
    if place.is_dir() {
        files.clear();
        sources(place, &mut files);
    }
    files.iter().map(|file| fs::read_to_string(file).expect("text")).collect()
}

/// The names of the code in a cell: the last word of each path, and no file's.
fn code_in(cell: &str) -> impl Iterator<Item = &str> {
    let paths = cell.split('`').skip(1).step_by(2).filter(|path| !path.contains('.'));
    paths.filter_map(|path| path.rsplit("::").next())
}

#[test]
fn every_step_of_a_walk_names_what_is_in_its_file() {
    let page = fs::read_to_string(project("ARCHITECTURE.md")).expect("text");
    let steps: Vec<Vec<&str>> = page.lines().map(|line| line.split(" | ").collect()).collect();
    let mut walked = 0;
    let mut missing = Vec::new();
    for step in steps.iter().filter(|cells| cells.len() == 4 && cells[0].starts_with("| ")) {
        let files: String = paths(step[3]).map(|path| text_of(&project(path))).collect();
        walked += code_in(step[2]).count();
        missing.extend(code_in(step[2]).filter(|name| !files.contains(name)).map(|name| (step[0], name)));
    }
    assert!(walked > 40, "{walked} names");
    assert!(missing.is_empty(), "not there: {missing:#?}");
}

#[test]
fn every_attack_names_the_test_that_shows_what_stops_it() {
    let page = fs::read_to_string(project("docs/threat-model.md")).expect("text");
    let tests = tests();
    let missing: Vec<&str> = named(&page).filter(|name| !tests.contains(&format!("\n{name}\n"))).collect();
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
    let attacks: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| **"))
        .map(|line| line.split(" | ").collect())
        .filter(|cells: &Vec<&str>| cells.len() >= 4)
        .collect();
    assert!(attacks.len() > 40, "{} attacks", attacks.len());
    for cells in attacks {
        let shown = cells[2];
        let says = named(shown).next().is_some() || shown.starts_with("no test") || shown == "as above";
        assert!(says, "{}: no test is named", cells[0]);
    }
}
