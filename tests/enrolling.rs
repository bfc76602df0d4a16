//! Enrolling as people do it: what is refused, what is asked about, and that nothing is left behind.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use crate::support::{Ran, Site, limen, limen_told, photo};

fn path(name: &str) -> String {
    photo(name).to_str().expect("UTF-8").to_owned()
}

/// Enrols one of the demo's photographs.
fn enrol(site: &Site, id: &str, name: &str, more: &[&str]) -> Ran {
    let photo = path(name);
    site.limen(&[&["enroll", id, photo.as_str()], more].concat())
}

fn enrolled(site: &Site, id: &str, name: &str) {
    let ran = enrol(site, id, name, &["--name", id]);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

/// Everything in the site's folder, and what the gallery says.
fn state(site: &Site) -> (Vec<String>, String) {
    let entries =
        fs::read_dir(site.path("")).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    (names, fs::read_to_string(site.path("gallery.toml")).unwrap_or_default())
}

fn refused(site: &Site, ran: &Ran, before: &(Vec<String>, String), why: &str) {
    assert_ne!(ran.code, 0, "{}", ran.out);
    assert!(ran.err.contains(why), "{}", ran.err);
    assert_eq!(state(site), *before, "something was left behind");
}

/// A folder of the site with copies of the demo's photographs.
fn folder(site: &Site, files: &[(&str, &str)]) -> String {
    for (name, file) in files {
        let to = site.path("people").join(file);
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        fs::copy(photo(name), to).expect("copied");
    }
    site.path("people").to_str().expect("UTF-8").to_owned()
}

fn from_folder(site: &Site, folder: &str, more: &[&str]) -> Ran {
    site.limen(&[&["enroll", "--from-directory", folder], more].concat())
}

fn people(site: &Site) -> Vec<(String, String, usize)> {
    let listed = site.limen(&["--json", "people"]).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let photos = |value: &serde_json::Value| value.as_array().map_or(0, Vec::len);
    listed.iter().map(|one| (text(&one["id"]), text(&one["name"]), photos(&one["photos"]))).collect()
}

fn person(id: &str, name: &str, photos: usize) -> (String, String, usize) {
    (id.to_owned(), name.to_owned(), photos)
}

#[test]
fn the_same_photograph_is_enrolled_once_whoever_it_is_said_to_show() {
    let site = Site::empty();
    enrolled(&site, "ada", "obama");
    let before = state(&site);
    let same = "is the same picture as";
    refused(&site, &enrol(&site, "bob", "obama", &["--name", "Bob", "--yes"]), &before, same);
    refused(&site, &enrol(&site, "ada", "obama", &["--yes"]), &before, same);
    refused(&site, &enrol(&site, "eve", "biden", &["--name", "Eve", &path("biden")]), &before, same);
    assert_eq!(site.limen(&["identify", &path("obama")]).code, 0, "the gallery is as good as before");
}

#[test]
fn a_photograph_that_is_not_there_is_said_to_be_missing() {
    let site = Site::empty();
    let before = state(&site);
    let missing = site.limen(&["enroll", "ada", "--name", "Ada", "nowhere.jpg"]);
    refused(&site, &missing, &before, "nowhere.jpg: there is no such file; check the name and the folder");
}

#[test]
fn enrolling_warns_when_photographs_show_two_people() {
    let site = Site::empty();
    let before = state(&site);
    let both = enrol(&site, "mix", "obama", &["--name", "Mix", &path("biden")]);
    refused(&site, &both, &before, "do both show the same person?");
    enrolled(&site, "ada", "obama");
    let before = state(&site);
    let another = enrol(&site, "ada", "biden", &[]);
    refused(&site, &another, &before, "biden.jpg looks unlike ada-1.jpg; do both show the same person?");
    refused(&site, &enrol(&site, "ada", "biden", &["--yes"]), &before, "looks unlike");
    assert_eq!(enrol(&site, "ada", "obama2", &[]).code, 0, "her own");
}

#[test]
fn two_people_whose_files_differ_in_a_number_are_told_for_whom_they_are_taken() {
    let site = Site::empty();
    let folder = folder(&site, &[("obama", "IMG_0001.jpg"), ("biden", "IMG_0002.jpg")]);
    let before = state(&site);
    let numbered = from_folder(&site, &folder, &[]);
    refused(&site, &numbered, &before, "both are for \"img\"");
    assert!(numbered.err.contains("differ in more than a number"), "{}", numbered.err);
}

#[test]
fn one_person_under_two_ids_is_asked_about_and_check_names_the_pair() {
    let site = Site::empty();
    enrolled(&site, "ada", "obama");
    let before = state(&site);
    let second = enrol(&site, "bob", "obama2", &["--name", "Bob"]);
    refused(&site, &second, &before, "\"bob\" looks like \"ada\", ada");
    assert!(second.code == 2 && second.err.contains("--yes"), "{}", second.err);
    let folder = folder(&site, &[("obama3", "Eve.jpg")]);
    let third = from_folder(&site, &folder, &[]);
    assert!(third.code == 2 && third.err.contains("\"eve\" looks like \"ada\""), "{}", third.err);
    assert_eq!(enrol(&site, "bob", "obama2", &["--name", "Bob", "--yes"]).code, 0);
    site.write("limen.toml", "");
    let config = site.path("limen.toml");
    let check = |site: &Site| {
        let ran = limen(["check", "--without-devices", "--config", config.to_str().expect("UTF-8")]);
        (ran.code, ran.out.contains("look alike"), state(site))
    };
    assert!(matches!(check(&site), (1, true, _)));
    site.write("limen.toml", "[[recognition.look-alikes]]\npeople = [\"ada\", \"bob\"]\nmargin = 0.1\n");
    assert!(matches!(check(&site), (0, false, _)), "a pair that is known is no news");
}

#[test]
fn what_is_refused_or_fails_half_way_leaves_nothing_behind() {
    let site = Site::empty();
    site.copy("obama");
    site.write("gallery.toml", "person = [{ id = \"ada\", name = \"Ada\", photos = [\"obama.jpg\"] }]\n");
    let before = state(&site);
    refused(&site, &enrol(&site, "bob", "biden", &["--name", "Bob"]), &before, "cannot be edited by command");

    let site = Site::empty();
    let before = state(&site);
    let files: Vec<String> = (0..21).map(|number| varied(&site, number)).collect();
    let all: Vec<&str> = files.iter().map(String::as_str).collect();
    let many = site.limen(&[&["enroll", "bob", "--name", "Bob"], all.as_slice()].concat());
    for file in &files {
        fs::remove_file(file).expect("removed");
    }
    refused(&site, &many, &before, "21 photographs, at most 20");

    let site = Site::empty();
    site.write("real.toml", "");
    fs::remove_file(site.path("gallery.toml")).expect("removed");
    symlink("real.toml", site.path("gallery.toml")).expect("linked");
    let before = state(&site);
    refused(&site, &enrol(&site, "bob", "biden", &["--name", "Bob"]), &before, "symbolic link");
}

/// A photograph that differs from others by a comment behind its end.
fn varied(site: &Site, number: usize) -> String {
    let mut bytes = fs::read(photo("obama")).expect("a photograph");
    bytes.extend(format!("{number}").bytes());
    site.write(&format!("varied-{number}.jpg"), bytes).to_str().expect("UTF-8").to_owned()
}

#[test]
fn a_disk_that_is_full_leaves_no_half_of_a_photograph() {
    let site = Site::empty();
    let before = state(&site);
    // Files of this process may not grow beyond 8 blocks: less than the photograph.
    let script = "ulimit -f 8; exec \"$@\"";
    let ran = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_limen"), "--gallery"])
        .args([site.path("gallery.toml").as_os_str(), "enroll".as_ref(), "bob".as_ref(), "--name".as_ref()])
        .args(["Bob".as_ref(), photo("biden").as_os_str()])
        .output()
        .expect("sh");
    assert_eq!(ran.status.code(), Some(3), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(state(&site), before);
}

/// A daemon that refuses every reload, beside the site's configuration.
fn refusing_daemon(site: &Site) -> std::thread::JoinHandle<usize> {
    fs::create_dir(site.path("run")).expect("made");
    let listener = UnixListener::bind(site.path("run/control.sock")).expect("a socket");
    std::thread::spawn(move || {
        let mut asked = 0;
        for stream in listener.incoming() {
            let mut stream = stream.expect("a client");
            let mut line = String::new();
            BufReader::new(stream.try_clone().expect("the same")).read_line(&mut line).expect("a request");
            if line.contains("status") {
                break;
            }
            asked += 1;
            writeln!(stream, r#"{{"v":1,"ok":false,"error":"no key for the store"}}"#).expect("answered");
        }
        asked
    })
}

#[test]
fn what_a_running_daemon_refuses_is_taken_back_and_the_exit_code_says_so() {
    let site = Site::empty();
    site.write("limen.toml", "[paths]\nstate = \"state\"\nruntime = \"run\"\n");
    let config = site.path("limen.toml");
    let with_config = |arguments: &[&str]| {
        let all = ["--config", config.to_str().expect("UTF-8")];
        limen(all.iter().copied().chain(arguments.iter().copied()))
    };
    assert_eq!(with_config(&["enroll", "ada", "--name", "Ada", &path("obama")]).code, 0, "no daemon yet");
    let daemon = refusing_daemon(&site);
    let before = state(&site);
    let ran = with_config(&["enroll", "bob", "--name", "Bob", &path("biden")]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    refused(&site, &ran, &before, "no key for the store");
    assert_eq!(with_config(&["enroll", "ada", &path("obama2")]).code, 3);
    assert_eq!(state(&site), before);
    let pin = limen_told(["--config", config.to_str().expect("UTF-8"), "pin", "ada", "--stdin"], "4711\n");
    assert_eq!((pin.code, state(&site)), (3, before), "{}", pin.err);
    with_config(&["status"]);
    assert_eq!(
        daemon.join().expect("ended"),
        6,
        "asked once for each change and once for each that was taken back"
    );
}

#[test]
fn a_folder_of_photographs_named_by_their_people_is_enrolled_all_or_nobody() {
    let site = Site::empty();
    let folder = folder(&site, &[("obama", "Barack Obama.jpg"), ("biden", "joe_biden.jpg")]);
    site.write("people/nobody.jpg", "no picture");
    let refused = from_folder(&site, &folder, &[]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("nobody was enrolled") && refused.err.contains("nobody.jpg"),
        "{}",
        refused.err
    );
    assert!(people(&site).is_empty());

    let some = from_folder(&site, &folder, &["--skip-bad"]);
    assert!(
        some.code == 0 && some.err.contains("skipped:") && some.err.contains("nobody.jpg"),
        "{}",
        some.err
    );
    assert!(some.out.contains("barack-obama is enrolled (Barack Obama)"), "{}", some.out);
    let who = site.limen(&["--json", "identify", &path("obama2")]);
    assert_eq!(who.json()[0]["id"], "barack-obama", "{}", who.out);
}

#[test]
fn a_folder_is_enrolled_again_after_something_was_added() {
    let site = Site::empty();
    let to = folder(&site, &[("obama", "barack.jpg")]);
    assert_eq!(from_folder(&site, &to, &[]).code, 0);
    let before = state(&site);
    let again = from_folder(&site, &to, &[]);
    assert!(again.code == 0 && again.err.contains("1 photographs are enrolled already"), "{}", again.err);
    assert_eq!(state(&site), before);
    folder(&site, &[("biden", "joe.jpg"), ("obama2", "barack 2.jpg")]);
    assert_eq!(from_folder(&site, &to, &[]).code, 0);
    assert_eq!(people(&site), [person("barack", "barack", 2), person("joe", "joe", 1)]);
}

#[test]
fn folders_numbers_accents_and_litter_are_taken_as_people_mean_them() {
    let site = Site::empty();
    let folder = folder(
        &site,
        &[
            ("obama", "Jürgen Groß.jpg"),
            ("obama2", "Jürgen Groß (2).jpg"),
            ("biden", "Dan/1.jpg"),
            ("obama", "Jürgen Groß - Kopie.jpg"),
        ],
    );
    for litter in [".DS_Store", "._x.jpg", "Thumbs.db", "desktop.ini", "Dan/.DS_Store"] {
        fs::write(Path::new(&folder).join(litter), "litter").expect("written");
    }
    let ran = from_folder(&site, &folder, &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(people(&site), [person("dan", "Dan", 1), person("juergen-gross", "Jürgen Groß", 2)]);
    assert!(ran.err.contains("is the same picture as") && !ran.err.contains("Thumbs"), "{}", ran.err);
}

#[test]
fn pictures_of_other_kinds_and_empty_folders_are_named() {
    let site = Site::empty();
    let folder = folder(&site, &[("biden", "cy.jpg")]);
    fs::write(Path::new(&folder).join("ada.heic"), b"\0\0\0\x18ftypheic\0\0\0\0").expect("written");
    fs::write(Path::new(&folder).join("bob.webp"), b"RIFF\0\0\0\0WEBPVP8 ").expect("written");
    fs::write(Path::new(&folder).join("notes.txt"), "nobody").expect("written");
    fs::create_dir(Path::new(&folder).join("dan")).expect("made");
    let ran = from_folder(&site, &folder, &[]);
    assert_eq!(ran.code, 2);
    for named in ["ada.heic: this is a HEIC", "bob.webp: this is a WebP", "dan: no photograph", "notes.txt"] {
        assert!(ran.err.contains(named), "{named}: {}", ran.err);
    }
}

#[test]
fn a_list_names_files_ids_names_and_groups() {
    let site = Site::empty();
    site.write("limen.toml", "[[group]]\nname = \"staff\"\n");
    let folder = folder(&site, &[("obama", "1.jpg"), ("obama2", "2.jpg"), ("biden", "3.jpg")]);
    let list = Path::new(&folder).join("list.csv");
    let enrol = |text: &str| {
        fs::write(&list, text).expect("written");
        let config = site.path("limen.toml");
        limen([config.as_os_str()].into_iter().flat_map(|config| {
            ["--config".as_ref(), config, "enroll".as_ref(), "--list".as_ref(), list.as_os_str()]
        }))
    };
    let ran = enrol("\u{feff}File;ID;Name;Groups\r\n1.jpg;bo;\"Obama; Barack\";staf\r\n");
    assert!(ran.code == 2 && ran.err.contains("no group is called \"staf\""), "{}", ran.err);
    assert!(people(&site).is_empty() && !site.path("bo-1.jpg").exists());
    let ran = enrol(
        "\u{feff}File;ID;Name;Groups\r\n1.jpg;bo;\"Obama; Barack\";staff\r\n2.jpg;bo;;\r\n3.jpg;;Joe;\r\n",
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(people(&site), [person("bo", "Obama; Barack", 2), person("joe", "Joe", 1)]);
    assert!(state(&site).1.contains("groups = [\"staff\"]"));
}

#[test]
fn one_photograph_is_taken_away_but_not_the_last() {
    let site = Site::empty();
    enrolled(&site, "ada", "obama");
    assert_eq!(enrol(&site, "ada", "obama2", &[]).code, 0);
    let taken = site.limen(&["people", "remove-photograph", "ada", "ada-1.jpg"]);
    assert!(
        taken.code == 0 && taken.out.contains("left: the photograph ada-1.jpg"),
        "{}{}",
        taken.out,
        taken.err
    );
    assert_eq!(people(&site), [person("ada", "ada", 1)]);
    let before = state(&site);
    let last = site.limen(&["people", "remove-photograph", "ada", "ada-2.jpg"]);
    refused(&site, &last, &before, "limen people remove ada");
    assert_eq!(enrol(&site, "ada", "obama3", &[]).code, 0);
    let third = site.path("ada-3.jpg");
    let deleted =
        site.limen(&["people", "remove-photograph", "ada", third.to_str().expect("UTF-8"), "--delete"]);
    assert!(deleted.code == 0 && !third.exists(), "{}", deleted.err);
}

#[test]
fn what_is_written_for_the_daemon_has_the_rights_it_needs_whatever_the_umask() {
    let site = Site::empty();
    let script = "umask 0077; exec \"$@\"";
    let ran = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_limen"), "--gallery"])
        .args([site.path("new.toml").as_os_str(), "enroll".as_ref(), "bob".as_ref(), "--name".as_ref()])
        .args(["Bob".as_ref(), photo("biden").as_os_str()])
        .output()
        .expect("sh");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    for file in ["bob-1.jpg", "new.toml"] {
        let mode = fs::metadata(site.path(file)).expect("written").mode() & 0o777;
        assert_eq!(mode, 0o640, "{file}");
    }
}
