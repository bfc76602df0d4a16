//! The gallery file: who is enrolled, with which photographs, and when each person may enter.
//!
//! An administrator or `limen enroll` writes it. It is checked as a whole: if it has a mistake, nothing new
//! in it takes effect. Photographs must be in the folder of the gallery file, so that an entry cannot name
//! any other file of the machine.

mod embeddings;
mod entry;
mod groups;
mod means;
mod waiver;
mod wrong_text;

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;
use toml::value::Datetime;

pub(super) use embeddings::given_embedding;
use embeddings::{SaidEmbedding, check_embeddings};
pub use entry::{MAX_PHOTOS, Photo, RosterEntry};
pub use groups::MAX_GROUPS_OF_A_PERSON;
use groups::check_groups_of;
use means::{Cards, SaidMeans, check_challenge, check_means};
use waiver::check_waiver;
use wrong_text::note_text;

use crate::diagnostics::{Diagnostic, DiagnosticList, Review};
use limen_core::people::Standing;
use limen_core::person::{PersonId, PersonName, is_deceptive};
use limen_files::{FileError, Trust, read_trusted_text};

/// The largest number of people. Comparing a face with so many takes a few milliseconds on one core and 260
/// MB of memory.
pub const MAX_PEOPLE: usize = 100_000;
/// The largest number of photographs in the file. While the gallery is read, a template of each photograph is
/// in memory: about 1.1 kB with the default model.
pub const MAX_ALL_PHOTOS: usize = 200_000;
/// The value of the key `templates` after the photographs were discarded.
pub(super) const STORED: &str = "stored";
/// The longest path of a photograph, in bytes.
const MAX_PHOTO_PATH: usize = 255;
/// The line that begins a person's entry in the file.
pub(super) const PERSON: &str = "[[person]]";
/// The largest gallery file, in bytes: enough for every person with an embedding of the default model.
pub const MAX_FILE_BYTES: u64 = 128 << 20;

/// Why a gallery file is not used.
#[derive(Debug, Error)]
pub enum RosterError {
    /// The file could not be read, or other users may write to it.
    #[error(transparent)]
    File(#[from] FileError),
    /// The mistakes in the file, at least one.
    #[error("{}", DiagnosticList(.0))]
    Wrong(Vec<Diagnostic>),
}

/// A gallery file without mistakes.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    /// The file that it was read from.
    pub file: PathBuf,
    /// The people, in the order of the file. Their ids differ.
    pub people: Vec<RosterEntry>,
}

impl Roster {
    /// Reads the gallery file at `path`.
    pub fn load(path: &Path, trust: Trust) -> Result<Self, RosterError> {
        Self::parse(&read_trusted_text(path, MAX_FILE_BYTES, trust)?, path)
    }

    /// Parses the text of a gallery file. `file` is not read: mistakes only name it.
    pub fn parse(text: &str, file: &Path) -> Result<Self, RosterError> {
        match Self::read(text, file) {
            (roster, diagnostics) if diagnostics.is_empty() => Ok(roster),
            (_, diagnostics) => Err(RosterError::Wrong(diagnostics)),
        }
    }

    /// Reads as much as possible and returns all mistakes. If there are mistakes, use the people only to look
    /// for further mistakes, such as unreadable photographs. Two of them may then have the same id.
    pub fn read(text: &str, file: &Path) -> (Self, Vec<Diagnostic>) {
        let mut review = Review::new(file, text);
        let mut people = PeopleSoFar::default();
        let in_pieces = review.read_in_pieces(PERSON, |review, said: SaidRoster| people.add(review, said));
        if !in_pieces {
            (review, people) = (Review::new(file, text), PeopleSoFar::default());
            let said = review.read();
            people.add(&mut review, said);
        }
        let people = people.checked(&mut review);
        (Self { file: file.to_owned(), people }, review.finish())
    }

    /// The folder that photographs' paths are relative to.
    pub fn folder(&self) -> &Path {
        self.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }
}

/// The file as TOML.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SaidRoster {
    person: Vec<Spanned<SaidPerson>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct SaidPerson {
    id: Option<Spanned<String>>,
    name: Option<Spanned<String>>,
    photos: Vec<Spanned<String>>,
    embeddings: Vec<Spanned<SaidEmbedding>>,
    templates: Option<Spanned<String>>,
    suspended: bool,
    extended_time: bool,
    challenge: Option<Spanned<String>>,
    pin: Option<Spanned<toml::Value>>,
    duress_pin: Option<Spanned<toml::Value>>,
    card: Option<Spanned<toml::Value>>,
    second_factor: Option<Spanned<String>>,
    second_factor_schedules: Vec<Spanned<String>>,
    groups: Vec<Spanned<String>>,
    valid_from: Option<Spanned<Datetime>>,
    valid_until: Option<Spanned<Datetime>>,
}

/// All keys of a person, the same as in [`SaidPerson`].
pub(super) const KEYS: [&str; 16] = [
    "id",
    "name",
    "photos",
    "embeddings",
    "templates",
    "suspended",
    "extended-time",
    "challenge",
    "pin",
    "duress-pin",
    "card",
    "second-factor",
    "second-factor-schedules",
    "groups",
    "valid-from",
    "valid-until",
];

/// The people who were read so far.
#[derive(Default)]
struct PeopleSoFar {
    said: usize,
    lines: HashMap<PersonId, usize>,
    cards: Cards,
    checked: Vec<RosterEntry>,
}

impl PeopleSoFar {
    fn add(&mut self, review: &mut Review<'_>, said: SaidRoster) {
        self.said += said.person.len();
        if self.said <= MAX_PEOPLE {
            for person in said.person {
                let card = person.get_ref().card.as_ref().map(Spanned::span);
                let Some(entry) = check_person(review, person, &mut self.lines) else { continue };
                self.cards.add(review, &entry, card);
                self.checked.push(entry);
            }
        }
    }

    fn checked(self, review: &mut Review<'_>) -> Vec<RosterEntry> {
        if self.said > MAX_PEOPLE {
            let what = format!("{} people are more than {MAX_PEOPLE}", self.said);
            review.note(None, "[[person]]", what, "use fewer");
        }
        if self.checked.iter().map(|person| person.photos.len()).sum::<usize>() > MAX_ALL_PHOTOS {
            let what = format!("there are more than {MAX_ALL_PHOTOS} photographs in all");
            review.note(None, "[[person]] photos", what, "use fewer per person");
        }
        self.checked
    }
}

fn check_person(
    review: &mut Review<'_>,
    person: Spanned<SaidPerson>,
    lines: &mut HashMap<PersonId, usize>,
) -> Option<RosterEntry> {
    let at = person.span();
    let said = person.into_inner();
    let id = check_id(review, at.clone(), said.id.as_ref(), lines);
    let who = id.as_ref().map_or_else(|| "[[person]]".to_owned(), |id| format!("person \"{id}\""));
    let name = check_name(review, at.clone(), &who, said.name.as_ref());
    let photos = check_photos(review, &who, &said.photos);
    let embeddings = check_embeddings(review, &who, &said.embeddings);
    let stored = said.templates.as_ref().is_some_and(|said| check_templates(review, &who, said));
    if said.photos.is_empty() && said.embeddings.is_empty() && said.templates.is_none() {
        let remedy = "add photos = [\"FILE\", ...]; to keep this person out, use suspended = true";
        review.note_missing(Some(at.clone()), &who, "has neither photographs nor embeddings", remedy);
    }
    let standing = check_standing(review, &who, &said);
    let group_lines = said.groups.iter().map(|group| review.line_of(group.span().start)).collect();
    let schedules = said.second_factor_schedules.iter();
    let schedule_lines = schedules.map(|name| review.line_of(name.span().start)).collect();
    let line = review.line_of(at.start);
    // A missing id or name is noted already; go on, to check the photographs.
    let id = id.or_else(|| PersonId::new(said.id.as_ref()?.get_ref()).ok());
    let id = id.or_else(|| PersonId::new(&format!("in-line-{line}")).ok())?;
    Some(RosterEntry {
        name: name.or_else(|| PersonName::new(id.as_str()).ok())?,
        id,
        standing,
        photos,
        embeddings,
        stored,
        line,
        group_lines,
        schedule_lines,
    })
}

fn check_templates(review: &mut Review<'_>, who: &str, said: &Spanned<String>) -> bool {
    let stored = said.get_ref() == STORED;
    if !stored {
        let what = format!("\"{}\" is not known", said.get_ref());
        let remedy = "write \"stored\" if the photographs were discarded; otherwise remove this key";
        review.note(Some(said.span()), format!("{who} templates"), what, remedy);
    }
    stored
}

fn check_id(
    review: &mut Review<'_>,
    at: Range<usize>,
    said: Option<&Spanned<String>>,
    lines: &mut HashMap<PersonId, usize>,
) -> Option<PersonId> {
    let Some(said) = said else {
        review.note_missing(Some(at), "[[person]]", "has no id", "add id = \"...\" of a-z, 0-9 and '-'");
        return None;
    };
    let id = match PersonId::new(said.get_ref()) {
        Ok(id) => id,
        Err(error) => {
            note_text(review, said, "[[person]] id", &error);
            return None;
        }
    };
    let line = review.line_of(said.span().start);
    if let Some(first) = lines.get(&id) {
        let what = format!("\"{id}\" is already the id of the person in line {first}");
        review.note(
            Some(said.span()),
            "[[person]] id",
            what,
            "give each person one [[person]] and an id of their own",
        );
        return None;
    }
    lines.insert(id.clone(), line);
    Some(id)
}

fn check_name(
    review: &mut Review<'_>,
    at: Range<usize>,
    who: &str,
    said: Option<&Spanned<String>>,
) -> Option<PersonName> {
    let Some(said) = said else {
        review.note_missing(Some(at), who, "has no name", "add name = \"...\"");
        return None;
    };
    PersonName::new(said.get_ref())
        .inspect_err(|error| note_text(review, said, &format!("{who} name"), error))
        .ok()
}

fn check_photos(review: &mut Review<'_>, who: &str, said: &[Spanned<String>]) -> Vec<Photo> {
    let key = format!("{who} photos");
    if let Some(excess) = said.get(MAX_PHOTOS) {
        let what = format!("{} photographs are more than {MAX_PHOTOS}", said.len());
        review.note(Some(excess.span()), &key, what, "keep the clearest");
    }
    let mut photos: Vec<Photo> = Vec::new();
    for photo in said.iter().take(MAX_PHOTOS) {
        match check_photo_path(photo.get_ref()) {
            Ok(path) if photos.iter().any(|known| known.path == path) => {
                let what = format!("\"{}\" is listed twice", photo.get_ref());
                review.note(Some(photo.span()), &key, what, "list it once");
            }
            Ok(path) => photos.push(Photo { path, line: review.line_of(photo.span().start) }),
            Err(why) => {
                let what = format!("\"{}\" {why}", photo.get_ref());
                review.note(
                    Some(photo.span()),
                    &key,
                    what,
                    "put the photograph into the gallery file's folder",
                );
            }
        }
    }
    photos
}

/// Checks that a photograph's path stays in the folder of the gallery file. Otherwise returns the reason.
///
/// Symbolic links are checked when the photograph is read.
pub(super) fn check_photo_path(text: &str) -> Result<PathBuf, &'static str> {
    let path = Path::new(text);
    if text.is_empty() {
        return Err("is empty");
    }
    if text.len() > MAX_PHOTO_PATH {
        return Err("is longer than 255 bytes");
    }
    if text.chars().any(is_deceptive) {
        return Err("has a control or text-direction character");
    }
    if path.is_absolute() {
        return Err("is an absolute path");
    }
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err("has \".\" or \"..\" in it");
    }
    Ok(path.to_owned())
}

fn check_standing(review: &mut Review<'_>, who: &str, said: &SaidPerson) -> Standing {
    let valid_from = said.valid_from.as_ref().and_then(|day| review.day(&format!("{who} valid-from"), day));
    let valid_until =
        said.valid_until.as_ref().and_then(|day| review.day(&format!("{who} valid-until"), day));
    if let (Some(first), Some(last), Some(at)) = (valid_from, valid_until, &said.valid_until)
        && last < first
    {
        let what = format!("{last} is before valid-from, {first}");
        review.note(Some(at.span()), format!("{who} valid-until"), what, "name a later day");
    }
    let groups = check_groups_of(review, who, &said.groups);
    let means = SaidMeans {
        pin: said.pin.as_ref(),
        duress: said.duress_pin.as_ref(),
        card: said.card.as_ref(),
        rule: said.second_factor.as_ref(),
        schedules: &said.second_factor_schedules,
    };
    let means = check_means(review, who, means);
    let challenge = check_challenge(review, who, said.challenge.as_ref());
    check_waiver(review, who, said.challenge.as_ref(), challenge, &means);
    let SaidPerson { suspended, extended_time, .. } = *said;
    Standing { suspended, valid_from, valid_until, groups, extended_time, challenge, means }
}

#[cfg(test)]
#[path = "roster_tests.rs"]
mod tests;
