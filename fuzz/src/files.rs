//! The files that an administrator writes.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::Timestamp;
use limen::config::edit::{ConfigEditError, Proposal, set_model};
use limen::config::{ConfigError, Settings};
use limen::diagnostics::{Diagnostic, misread};
use limen::gallery::{Addition, EditError, NewPerson, Roster, RosterError, add, add_people, remove_person};
use limen_core::clock::WallClock;
use limen_core::people::Standing;
use limen_core::person::{PersonId, PersonName, is_deceptive};
use limen_core::policy::AccessRules;
use limen_files::Trust;
use limen_lab::liveness::clip_file::{ClipFacts, FrameTimes};
use limen_vision::geometry::{Point, Similarity};
use limen_vision::model::{MESH_POINTS, Manifest, ManifestEntry, Role};

/// Moments around which clocks change, years end and calendars do: any schedule must answer at all of them.
const MOMENTS: [&str; 6] = [
    "-009998-01-02T00:00:00Z",
    "1970-01-01T00:00:00Z",
    "2026-03-29T00:59:59Z",
    "2026-10-25T01:30:00Z",
    "2028-02-29T23:59:59.999Z",
    "9999-12-29T23:59:59Z",
];

/// `limen.toml`: settings with which everything can be asked, or mistakes that each say where and what.
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Settings::parse(text, Path::new("/etc/limen/limen.toml")) {
        Ok(settings) => {
            assert!(settings.needs_restart(&settings).is_empty());
            drop((settings.risks(), format!("{settings:?}")));
            ask_when(&settings.access);
            edit_configuration(text);
        }
        Err(ConfigError::Wrong(diagnostics)) => are_well_said(&diagnostics, text),
        Err(error @ (ConfigError::File(_) | ConfigError::Missing(_))) => {
            panic!("no file was opened: {error}")
        }
    }
}

/// Everybody of each group at each moment, and of all groups together.
fn ask_when(access: &AccessRules) {
    let all: Vec<_> = access.groups.keys().cloned().collect();
    let each = all.iter().map(|group| vec![group.clone()]).take(4);
    for groups in each.chain([all.clone(), Vec::new()]) {
        let standing = Standing { groups, ..Standing::default() };
        for utc in MOMENTS.map(|text| text.parse::<Timestamp>().expect("a moment")) {
            let local = access.local_time(WallClock { utc, synchronised: true });
            let explained = access.explain(&standing, local);
            assert_eq!(explained.allowed, access.admit(&standing, local).is_ok());
            assert!(explained.reasons.iter().all(|reason| !reason.text.contains('\n')));
        }
    }
}

/// What a command changes is read back as what it was asked to be, or the file stays as it was.
fn edit_configuration(text: &str) {
    let file = written("limen.toml", text.as_bytes());
    match set_model(&file, "mine") {
        Ok(()) => {
            let settings = Settings::load(&file, Trust::Checked).expect("an edit leaves a good file");
            assert!(format!("{:?}", settings.model).contains("mine"));
        }
        Err(ConfigEditError::Layout(_) | ConfigEditError::Config(_)) => {
            assert_eq!(fs::read(&file).expect("still there"), text.as_bytes());
        }
        Err(error) => panic!("{error}"),
    }
    let proposal = Proposal { target_far: Some((1e-5, "a reason".to_owned())), ..Proposal::default() };
    match proposal.write(&file) {
        Ok(_) => {
            let settings = Settings::load(&file, Trust::Checked).expect("an edit leaves a good file");
            assert_eq!(settings.recognition.target_far, 1e-5);
        }
        Err(ConfigEditError::Layout(_)) => {}
        Err(error) => panic!("{error}"),
    }
}

/// `gallery.toml`: people whom every command can add to, or mistakes that each say where and what.
pub fn gallery(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Roster::parse(text, Path::new("/etc/limen/gallery.toml")) {
        Ok(roster) => {
            if let Err(RosterError::Wrong(diagnostics)) = roster.check_groups([].iter()) {
                are_well_said(&diagnostics, text);
            }
            assert!(roster.people.iter().all(|entry| entry.line <= text.lines().count().max(1)));
            edit_gallery(text, &roster);
        }
        Err(RosterError::Wrong(diagnostics)) => are_well_said(&diagnostics, text),
        Err(RosterError::File(error)) => panic!("no file was opened: {error}"),
    }
}

/// Somebody added is there, somebody removed is not, and nobody else is touched.
fn edit_gallery(text: &str, roster: &Roster) {
    let file = written("gallery.toml", text.as_bytes());
    let id = PersonId::new("new-and-unheard-of").expect("an id");
    let name = PersonName::new("New").expect("a name");
    let photos = vec!["new.jpg".to_owned()];
    match add_people(&file, &[NewPerson { id: id.clone(), name, photos, groups: Vec::new() }]) {
        Ok(_) => {}
        Err(EditError::Layout(_) | EditError::Known(_)) => return,
        Err(error) => panic!("{error}"),
    }
    assert_eq!(ids(&read(&file)), [ids(roster), vec![id.to_string()]].concat());
    let newer = Addition::Photos(id.clone(), vec!["newer.jpg".to_owned()]);
    add(&file, &[newer], &mut |_| Ok(())).expect("whoever was added can be given a photograph");
    remove_person(&file, &id).expect("whoever was added can be removed");
    assert_eq!(ids(&read(&file)), ids(roster));
    if let Some(first) = roster.people.first() {
        remove_person(&file, &first.id).expect("whoever is there can be removed");
        assert_eq!(ids(&read(&file)), ids(roster)[1..]);
    }
}

fn ids(roster: &Roster) -> Vec<String> {
    roster.people.iter().map(|entry| entry.id.to_string()).collect()
}

fn read(file: &Path) -> Roster {
    Roster::load(file, Trust::Checked).expect("an edit leaves a good file")
}

/// The manifest of a network that somebody installs.
pub fn manifest(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Manifest::parse(text) {
        Ok(manifest) => manifest.entries().iter().for_each(has_a_crop_if_it_embeds),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Eight different points of the mesh at places that a face can be fitted to.
fn has_a_crop_if_it_embeds(entry: &ManifestEntry) {
    if entry.role != Role::Embedding {
        return;
    }
    let template = entry.crop_template().expect("a manifest without one is refused");
    let points: BTreeSet<usize> = template.anchors().iter().map(|anchor| anchor.point).collect();
    assert!(points.len() == 8 && points.iter().all(|point| *point < MESH_POINTS));
    assert!(template.anchors().iter().all(|anchor| anchor.at.x.is_finite() && anchor.at.y.is_finite()));
    let places: Vec<Point> = template.anchors().iter().map(|anchor| anchor.at).collect();
    assert!(Similarity::fit(&places, &places).is_some());
}

/// `clip.toml`: times that ascend, or a mistake that says where and what.
pub fn clip(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match ClipFacts::parse(text) {
        Ok(facts) => {
            let times = facts.prompts.iter().map(|prompt| prompt.at);
            assert!(times.is_sorted_by(|one, next| one < next));
            match facts.times {
                FrameTimes::Listed(times) => assert!(times.is_sorted_by(|one, next| one < next)),
                FrameTimes::Rate(rate) => assert!(rate.is_finite() && rate > 0.0),
            }
        }
        Err(mistake) => {
            let said = misread(Path::new("clip.toml"), text, &mistake.message, mistake.at);
            are_well_said(&[said], text);
        }
    }
}

/// A file of this thread's, for its owner alone to write.
pub fn written(name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let file = super::folder().join(name);
    fs::write(&file, bytes).expect("written");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("its mode");
    file
}

/// At least one; each names a line of the file and cannot disguise a line of a log.
fn are_well_said(diagnostics: &[Diagnostic], text: &str) {
    assert!(!diagnostics.is_empty());
    let lines = 1 + text.bytes().filter(|byte| *byte == b'\n').count();
    for diagnostic in diagnostics {
        assert!(diagnostic.line.is_none_or(|line| (1..=lines).contains(&line)), "{diagnostic:?}");
        assert!(!diagnostic.what.is_empty(), "{diagnostic:?}");
        assert!(!diagnostic.to_string().chars().any(is_deceptive), "{diagnostic:?}");
    }
}
