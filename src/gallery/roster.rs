//! The gallery file: who is enrolled, with which photographs, and when each may enter.
//!
//! Written by an administrator or by `limen enroll`. What it says is checked whole; one mistake anywhere and
//! none of it comes into force. Photographs stay in the file's own folder, so that a line in it cannot name
//! some other file of the machine.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;
use toml::value::Datetime;

use super::Standing;
use crate::embedding::{Embedding, MAX_DIMENSIONS, ModelDigest};
use crate::files::{FileError, Trust, read_trusted_text};
use crate::mistake::{Listed, MAX_MISTAKES, Mistake, Review};
use crate::person::{GroupId, PersonError, PersonId, PersonName, is_deceptive};

/// The most people; the error tables are measured up to this size.
pub const MAX_PEOPLE: usize = 10_000;
/// The most photographs, and the most embeddings, a person; more change the mean template no further.
pub const MAX_PHOTOS: usize = 20;
/// The most photographs in all: their templates are held in memory, about 1 KiB each with the default model.
pub const MAX_ALL_PHOTOS: usize = 50_000;
/// The most groups a person: each is looked at when the person stands at the door.
pub const MAX_GROUPS_OF_A_PERSON: usize = 16;
/// The longest path of a photograph, in bytes.
const MAX_PHOTO_PATH: usize = 255;
/// The largest gallery file: room for every person with several embeddings in the file.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// Why a gallery file is not used.
#[derive(Debug, Error)]
pub enum RosterError {
    /// It cannot be read, or others may write it.
    #[error(transparent)]
    File(#[from] FileError),
    /// It was read, and this is wrong in it; at least one.
    #[error("{}", Listed(.0))]
    Wrong(Vec<Mistake>),
}

/// A gallery file without mistakes.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    /// The file it was read from.
    pub file: PathBuf,
    /// Everybody in it, in its order; ids differ.
    pub people: Vec<Entry>,
}

/// One person of the file.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Who, for files and logs.
    pub id: PersonId,
    /// Who, for people.
    pub name: PersonName,
    /// Whether and when.
    pub standing: Standing,
    /// Photographs, at most [`MAX_PHOTOS`].
    pub photos: Vec<Photo>,
    /// Embeddings given in the file, each with the model it is of.
    pub embeddings: Vec<(ModelDigest, Embedding)>,
    /// The line of the file it begins in, from 1.
    pub line: usize,
    /// The lines of `standing.groups`, one each.
    pub group_lines: Vec<usize>,
}

/// A photograph as the file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// Relative to the file's folder, without `..`.
    pub path: PathBuf,
    /// The line of the file, from 1.
    pub line: usize,
}

impl Roster {
    /// Reads the gallery file at `path`.
    pub fn load(path: &Path, trust: Trust) -> Result<Self, RosterError> {
        Self::parse(&read_trusted_text(path, MAX_FILE_BYTES, trust)?, path)
    }

    /// Reads a gallery file's text; `file` is only named in mistakes.
    pub fn parse(text: &str, file: &Path) -> Result<Self, RosterError> {
        let mut review = Review::new(file, text);
        let said: SaidRoster = review.read();
        let people = check_people(&mut review, said.person);
        match review.finish() {
            mistakes if mistakes.is_empty() => Ok(Self { file: file.to_owned(), people }),
            mistakes => Err(RosterError::Wrong(mistakes)),
        }
    }

    /// Every person's groups must be among those that the configuration knows.
    pub fn check_groups<'a>(
        &self,
        known: impl Iterator<Item = &'a GroupId> + Clone,
    ) -> Result<(), RosterError> {
        let mut mistakes = Vec::new();
        for entry in &self.people {
            for (group, line) in entry.standing.groups.iter().zip(&entry.group_lines) {
                if !known.clone().any(|other| other == group) && mistakes.len() < MAX_MISTAKES {
                    mistakes.push(self.unknown_group(entry, group, *line, known.clone()));
                }
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(RosterError::Wrong(mistakes)) }
    }

    fn unknown_group<'a>(
        &self,
        entry: &Entry,
        group: &GroupId,
        line: usize,
        known: impl Iterator<Item = &'a GroupId>,
    ) -> Mistake {
        let names: Vec<&str> = known.map(GroupId::as_str).collect();
        let remedy = match names.as_slice() {
            [] => format!("the configuration has no [[group]]; add one with name = \"{group}\""),
            names => format!("use one of {}, or add a [[group]] to the configuration", names.join(", ")),
        };
        Mistake {
            file: self.file.clone(),
            line: Some(line),
            key: format!("person \"{}\" groups", entry.id),
            what: format!("no group is called \"{group}\""),
            remedy,
        }
    }

    /// The folder that photographs are named relative to.
    pub fn folder(&self) -> &Path {
        self.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }
}

/// The file as TOML has it.
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
    suspended: bool,
    extended_time: bool,
    groups: Vec<Spanned<String>>,
    valid_from: Option<Spanned<Datetime>>,
    valid_until: Option<Spanned<Datetime>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SaidEmbedding {
    model: String,
    data: String,
}

fn check_people(review: &mut Review<'_>, said: Vec<Spanned<SaidPerson>>) -> Vec<Entry> {
    if said.len() > MAX_PEOPLE {
        let what = format!("{} people are more than {MAX_PEOPLE}", said.len());
        review.note(None, "[[person]]", what, "use fewer");
        return Vec::new();
    }
    let mut lines = HashMap::new();
    let people: Vec<Entry> =
        said.into_iter().filter_map(|person| check_person(review, person, &mut lines)).collect();
    if people.iter().map(|person| person.photos.len()).sum::<usize>() > MAX_ALL_PHOTOS {
        let what = format!("there are more than {MAX_ALL_PHOTOS} photographs in all");
        review.note(None, "[[person]] photos", what, "use fewer a person");
    }
    people
}

fn check_person(
    review: &mut Review<'_>,
    person: Spanned<SaidPerson>,
    lines: &mut HashMap<PersonId, usize>,
) -> Option<Entry> {
    let at = person.span();
    let said = person.into_inner();
    let id = check_id(review, at.clone(), said.id.as_ref(), lines);
    let who = id.as_ref().map_or_else(|| "[[person]]".to_owned(), |id| format!("person \"{id}\""));
    let name = check_name(review, at.clone(), &who, said.name.as_ref());
    let photos = check_photos(review, &who, &said.photos);
    let embeddings = check_embeddings(review, &who, &said.embeddings);
    if said.photos.is_empty() && said.embeddings.is_empty() {
        let remedy = "add photos = [\"FILE\", ...]; to take somebody out of force use suspended = true";
        review.note_missing(Some(at.clone()), &who, "has neither photographs nor embeddings", remedy);
    }
    let standing = check_standing(review, &who, &said);
    let group_lines = said.groups.iter().map(|group| review.line_of(group.span().start)).collect();
    let line = review.line_of(at.start);
    Some(Entry { id: id?, name: name?, standing, photos, embeddings, line, group_lines })
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
        let what = format!("\"{id}\" is also the person in line {first}");
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

fn note_text(review: &mut Review<'_>, said: &Spanned<String>, key: &str, error: &PersonError) {
    review.note(Some(said.span()), key, format!("\"{}\" {error}", said.get_ref()), "");
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

/// A photograph's path if it cannot lead out of the folder it is relative to; else why not.
///
/// Symbolic links are looked at when the photograph is read.
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

fn check_embeddings(
    review: &mut Review<'_>,
    who: &str,
    said: &[Spanned<SaidEmbedding>],
) -> Vec<(ModelDigest, Embedding)> {
    let key = format!("{who} embeddings");
    if let Some(excess) = said.get(MAX_PHOTOS) {
        let what = format!("{} embeddings are more than {MAX_PHOTOS}", said.len());
        review.note(Some(excess.span()), &key, what, "keep fewer");
    }
    let mut embeddings = Vec::new();
    for embedding in said.iter().take(MAX_PHOTOS) {
        match check_embedding(embedding.get_ref()) {
            Ok(checked) => embeddings.push(checked),
            Err((what, remedy)) => review.note(Some(embedding.span()), &key, what, remedy),
        }
    }
    embeddings
}

fn check_embedding(said: &SaidEmbedding) -> Result<(ModelDigest, Embedding), (&'static str, &'static str)> {
    const AGAIN: &str = "copy it again from where it was made";
    let model = ModelDigest::parse(&said.model)
        .ok_or(("model is not a SHA-256 digest", "write the 64 hexadecimal digits of the model's digest"))?;
    if said.data.len() > MAX_DIMENSIONS * 4 * 4 / 3 + 4 {
        return Err(("data is too long: more than 1024 numbers", AGAIN));
    }
    let bytes = STANDARD.decode(&said.data).map_err(|_| ("data is not base64", AGAIN))?;
    if !bytes.len().is_multiple_of(4) {
        return Err(("data is not a whole number of 4-byte floats", AGAIN));
    }
    let values: Vec<f32> =
        bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
    let embedding =
        Embedding::new(values).ok_or(("data is not 1 to 1024 finite little-endian floats", AGAIN))?;
    Ok((model, embedding))
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
    Standing { suspended: said.suspended, valid_from, valid_until, groups, extended_time: said.extended_time }
}

fn check_groups_of(review: &mut Review<'_>, who: &str, said: &[Spanned<String>]) -> Vec<GroupId> {
    let key = format!("{who} groups");
    if let Some(excess) = said.get(MAX_GROUPS_OF_A_PERSON) {
        let what = format!("{} groups are more than {MAX_GROUPS_OF_A_PERSON}", said.len());
        review.note(Some(excess.span()), &key, what, "name those that let the person in most");
    }
    let mut groups = Vec::new();
    for group in said {
        match GroupId::new(group.get_ref()) {
            Ok(id) if groups.contains(&id) => {
                review.note(Some(group.span()), &key, format!("\"{id}\" is listed twice"), "list it once");
            }
            Ok(id) => groups.push(id),
            Err(error) => note_text(review, group, &key, &error),
        }
    }
    groups
}

#[cfg(test)]
#[path = "roster_tests.rs"]
mod tests;
