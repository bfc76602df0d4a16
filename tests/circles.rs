//! The imports of files as a test: no two files import each other, not even round about.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::source_code::{code, collect};
use crate::support::project;

/// The crate, then the modules in it.
type Module = Vec<String>;

/// A file of the sources, and its text.
struct Source {
    path: PathBuf,
    text: String,
}

/// The files by the modules that they are.
type Sources = BTreeMap<Module, Source>;

fn sources() -> Sources {
    let mut paths = Vec::new();
    let crates = fs::read_dir(project("crates")).expect("a folder");
    let folders = crates.map(|entry| entry.expect("an entry").path().join("src"));
    folders.chain([project("src")]).for_each(|folder| collect(&folder, &mut paths));
    let source = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("text");
        Source { path: path.strip_prefix(project("")).expect("below the project").to_owned(), text }
    };
    by_module(paths.into_iter().map(source))
}

fn by_module(sources: impl IntoIterator<Item = Source>) -> Sources {
    let sources = sources.into_iter().filter(|source| !is_test(&source.path));
    sources.map(|source| (module_of(&source.path), source)).collect()
}

/// Whether a file has tests alone.
fn is_test(path: &Path) -> bool {
    let ends = |part: &str| part.ends_with("tests") || part.ends_with("walks");
    path.with_extension("").iter().any(|part| ends(&part.to_string_lossy()))
}

/// The module of `src/FILE.rs` or `crates/CRATE/src/FILE.rs`.
fn module_of(path: &Path) -> Module {
    let path = path.with_extension("");
    let mut parts = path.iter().map(|part| part.to_string_lossy().replace('-', "_"));
    let above: Vec<String> = parts.by_ref().take_while(|part| part != "src").collect();
    let name = above.last().map_or("limen", String::as_str).to_owned();
    [name].into_iter().chain(parts.filter(|part| part != "lib")).collect()
}

/// Words, `::`, and each other character by itself.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(next) = rest.chars().next() {
        let word = rest.find(|c: char| !is_of_a_word(c)).unwrap_or(rest.len());
        let mark = if rest.starts_with("::") { 2 } else { next.len_utf8() };
        let (token, behind) = rest.split_at(if word > 0 { word } else { mark });
        tokens.push(token);
        rest = behind.trim_start();
    }
    tokens
}

fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_word(token: &str) -> bool {
    token.chars().all(is_of_a_word)
}

/// Adds the paths of one `use`, or of a branch of it behind a path, and returns the tokens behind it.
fn read_use<'a>(mut rest: &'a [&'a str], trunk: &[&'a str], paths: &mut Vec<Vec<&'a str>>) -> &'a [&'a str] {
    let mut path = trunk.to_vec();
    loop {
        match rest {
            ["{", ..] => {
                while let ["{" | ",", branch @ ..] = rest {
                    rest = read_use(branch, &path, paths);
                }
                return rest.get(1..).unwrap_or_default();
            }
            ["::", behind @ ..] => rest = behind,
            ["as", _, behind @ ..] => rest = behind,
            [word, behind @ ..] if is_word(word) || *word == "*" => {
                path.push(word);
                rest = behind;
            }
            _ => break,
        }
    }
    // A comma may stand behind the last branch.
    if path.len() > trunk.len() {
        paths.push(path);
    }
    rest
}

/// The words of a path that stands in an expression or a type.
fn inline_path<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    let pairs = tokens.chunks(2).take_while(|pair| is_word(pair[0]));
    let last = pairs.clone().position(|pair| pair.get(1) != Some(&"::"));
    pairs.map(|pair| pair[0]).take(last.map_or(usize::MAX, |last| last + 1)).collect()
}

/// The other files that a file names by a path.
fn imports(module: &Module, sources: &Sources) -> BTreeSet<Module> {
    let code = code(&sources[module].text);
    let tokens = tokens(&code);
    let mut found = BTreeSet::new();
    // Where a path begins: the file, or a module written inside it.
    let mut place = module.clone();
    // Of each open brace, whether it is a module's.
    let mut open = Vec::new();
    let (mut rest, mut before) = (&tokens[..], "");
    while let [token, behind @ ..] = rest {
        let mut paths = Vec::new();
        let next = match rest {
            ["pub", "(", "in", behind @ ..] => {
                let end = behind.iter().position(|token| *token == ")");
                &behind[end.unwrap_or(behind.len())..]
            }
            ["mod", name, "{", behind @ ..] => {
                place.push((*name).to_owned());
                open.push(true);
                behind
            }
            ["use", tree @ ..] => read_use(tree, &[], &mut paths),
            [word, "::", ..] if before != "::" && is_word(word) => {
                paths.push(inline_path(rest));
                behind
            }
            _ => {
                match *token {
                    "{" => open.push(false),
                    "}" if open.pop() == Some(true) => drop(place.pop()),
                    _ => {}
                }
                behind
            }
        };
        found.extend(paths.iter().filter_map(|path| file_of(path, &place, sources)));
        before = *token;
        rest = next;
    }
    found.remove(module);
    found
}

/// The file that a path leads to from a place; none if it leads out of these crates, or is no module's.
fn file_of(path: &[&str], place: &[String], sources: &Sources) -> Option<Module> {
    let (first, others) = path.split_first()?;
    let child = [place, &[(*first).to_owned()]].concat();
    let mut module = match *first {
        "crate" => place[..1].to_vec(),
        "self" => place.to_vec(),
        "super" => place[..place.len() - 1].to_vec(),
        _ if sources.contains_key(&child) => child,
        name => sources.get_key_value(&[name.to_owned()][..])?.0.clone(),
    };
    for part in others {
        if *part == "super" {
            module.pop();
            continue;
        }
        module.push((*part).to_owned());
        if !sources.contains_key(&module) {
            module.pop();
            break;
        }
    }
    while !sources.contains_key(&module) {
        module.pop()?;
    }
    Some(module)
}

/// The circles: in each, every file imports every other one, itself or through others. One import a line.
fn circles(sources: &Sources) -> Vec<Vec<String>> {
    let named: BTreeMap<&Module, BTreeSet<Module>> =
        sources.keys().map(|module| (module, imports(module, sources))).collect();
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        named.keys().map(|module| (*module, reached_from(module, &named))).collect();
    let round = |module: &&Module| -> BTreeSet<&Module> {
        reached[*module].iter().filter(|other| reached[**other].contains(*module)).copied().collect()
    };
    let circles: BTreeSet<BTreeSet<&Module>> = named.keys().map(round).filter(|c| !c.is_empty()).collect();
    let path = |module: &Module| sources[module].path.display().to_string();
    let told = |circle: &BTreeSet<&Module>| -> Vec<String> {
        let imports = circle.iter().flat_map(|one| named[*one].iter().map(move |other| (*one, other)));
        let inside = imports.filter(|(_, other)| circle.contains(other));
        inside.map(|(one, other)| format!("{} imports {}", path(one), path(other))).collect()
    };
    circles.iter().map(told).collect()
}

fn reached_from<'a>(module: &Module, named: &'a BTreeMap<&Module, BTreeSet<Module>>) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<&Module> = named[module].iter().collect();
    while let Some(next) = ahead.pop() {
        if reached.insert(next) {
            ahead.extend(&named[next]);
        }
    }
    reached
}

#[test]
fn no_two_files_of_a_room_import_each_other_round_about() {
    let sources = sources();
    assert!(sources.len() > 250, "{} files", sources.len());
    let circles = circles(&sources);
    assert!(circles.is_empty(), "{} circles: {circles:#?}", circles.len());
}

/// The circles of a made-up crate.
fn circles_of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let source = |(path, text): &(&str, &str)| Source { path: path.into(), text: (*text).to_owned() };
    circles(&by_module(files.iter().map(source)))
}

#[test]
fn files_that_import_each_other_round_about_are_found_and_no_others() {
    let found = circles_of(&[
        ("crates/limen-core/src/lib.rs", "pub mod room;"),
        ("crates/limen-core/src/room.rs", "mod chair;\nmod table;\npub use table::{Table, leg::{Leg,},};"),
        ("crates/limen-core/src/room/chair.rs", "use crate::room as here;"),
        ("crates/limen-core/src/room/table.rs", "fn stand() -> super::super::room::chair::Chair {}"),
        ("src/house.rs", "use limen_core::{room::{self, Table}};"),
    ]);
    let [circle] = &found[..] else { panic!("{found:#?}") };
    let expected = [
        "crates/limen-core/src/room.rs imports crates/limen-core/src/room/table.rs",
        "crates/limen-core/src/room/chair.rs imports crates/limen-core/src/room.rs",
        "crates/limen-core/src/room/table.rs imports crates/limen-core/src/room/chair.rs",
    ];
    assert_eq!(circle[..], expected);
}

#[test]
fn what_is_said_tested_or_kept_inside_a_file_is_no_import() {
    let found = circles_of(&[
        ("src/lib.rs", "pub mod room;"),
        ("src/room.rs", "pub mod chair;\nuse chair::Chair;\nmod inner { use super::Table; }\nstruct Table;"),
        (
            "src/room/chair.rs",
            "/// As [`super::Table`].\nstruct Chair<'a>(&'a str);\n\
             const SAID: [&str; 2] = [\"\\\" super::Table\", r#\"\" super::Table\"#];\n\
             const MARKS: [char; 2] = ['\"', '\\''];\npub(in crate::room) struct Leg;\n\
             #[cfg(test)]\nuse super::Table;\n#[cfg(test)]\nmod tests { use super::super::Table; fn a() {} }",
        ),
        ("src/room/chair_tests.rs", "use super::chair::Chair;"),
    ]);
    assert!(found.is_empty(), "{found:#?}");
}
