//! Changes to the gallery file by command: comments, order and layout of the rest stay as they are.
//!
//! The changed text is read back and checked before it replaces the file, in one step, under a lock: an edit cannot
//! leave a gallery that the daemon refuses. What takes something away waits for nobody else's mistakes: the daemon
//! brings it into force all the same.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use thiserror::Error;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use super::roster::{Roster, RosterError, STORED};
use crate::credential::PinHash;
use crate::files::{FileError, Trust, lock_file, read_trusted_text, write_atomically};
use crate::person::{PersonId, PersonName};

/// The largest gallery file that is edited.
const MAX_FILE_BYTES: u64 = 64 << 20;
/// Permission bits of a gallery file made here: it may hold embeddings, so others do not read it.
const NEW_FILE_MODE: u32 = 0o640;

/// Why the gallery file was not changed.
#[derive(Debug, Error)]
pub enum EditError {
    /// It cannot be read, locked or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It has mistakes already, or the change would be one.
    #[error(transparent)]
    Roster(#[from] RosterError),
    /// The id is taken.
    #[error("\"{0}\" is enrolled already; choose another id, or add photographs to this one")]
    Known(PersonId),
    /// Nobody has the id.
    #[error("\"{0}\" is not in the gallery file; `limen people list` shows who is")]
    Unknown(PersonId),
    /// People or photographs are written in a way that cannot be edited in place.
    #[error(
        "the gallery file's {0} cannot be edited by command; write them as in the example, or edit by hand"
    )]
    Layout(&'static str),
    /// The text is no TOML.
    #[error("the gallery file is no TOML: {0}")]
    Syntax(#[from] toml_edit::TomlError),
}

/// Somebody to be added.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// Names the person in files and logs.
    pub id: PersonId,
    /// Names the person for people.
    pub name: PersonName,
    /// Photographs, named relative to the gallery file's folder.
    pub photos: Vec<String>,
}

/// Adds people, all or none. The file is made if missing.
pub fn add_people(file: &Path, people: &[NewPerson]) -> Result<(), EditError> {
    change(file, |document| people.iter().try_for_each(|person| insert_person(document, person)))
}

/// Takes a person out, whatever else is wrong in the file. The photographs stay where they are.
pub fn remove_person(file: &Path, id: &PersonId) -> Result<(), EditError> {
    change_with_mode(file, 0o777, Check::Syntax, |document| delete_person(document, id))
}

/// Adds photographs to a person.
pub fn add_photos(file: &Path, id: &PersonId, photos: &[String]) -> Result<(), EditError> {
    change(file, |document| append_photos(document, id, photos))
}

/// One of a person's PINs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichPin {
    /// The one that opens.
    Usual,
    /// The one that opens and raises a silent alarm.
    Duress,
}

impl WhichPin {
    /// The key of the gallery file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Usual => "pin",
            Self::Duress => "duress-pin",
        }
    }

    /// For people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Usual => "PIN",
            Self::Duress => "duress PIN",
        }
    }
}

/// Sets a person's PIN, or takes it away, the latter whatever else is wrong in the file; without the PIN there is no
/// duress PIN either. From then on the file is for its owner and group alone: whoever reads the hash of a PIN can try
/// all of them.
pub fn set_pin(file: &Path, id: &PersonId, which: WhichPin, hash: Option<&PinHash>) -> Result<(), EditError> {
    let check = if hash.is_some() { Check::Whole } else { Check::Syntax };
    change_with_mode(file, 0o770, check, |document| put_pin(document, id, which, hash))
}

/// Takes photographs off a person's list and says that the store has their templates.
pub fn discard_photos(file: &Path, id: &PersonId, photos: &[String]) -> Result<(), EditError> {
    change(file, |document| drop_photos(document, id, photos))
}

/// Undoes [`discard_photos`]; `stored` is what the file said of the store before.
pub fn restore_photos(file: &Path, id: &PersonId, photos: &[String], stored: bool) -> Result<(), EditError> {
    change(file, |document| {
        append_photos(document, id, photos)?;
        if !stored {
            person_of(document, id)?.remove("templates");
        }
        Ok(())
    })
}

fn change(
    file: &Path,
    edit: impl FnOnce(&mut DocumentMut) -> Result<(), EditError>,
) -> Result<(), EditError> {
    change_with_mode(file, 0o777, Check::Whole, edit)
}

/// What the changed text must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    /// Without mistakes.
    Whole,
    /// TOML: a revocation waits for nobody else's mistakes.
    Syntax,
}

/// Of the file's permission bits those in `kept` stay.
fn change_with_mode(
    file: &Path,
    kept: u32,
    check: Check,
    edit: impl FnOnce(&mut DocumentMut) -> Result<(), EditError>,
) -> Result<(), EditError> {
    let _writing = lock_file(file)?;
    let (text, mode) = match read_trusted_text(file, MAX_FILE_BYTES, Trust::Checked) {
        Ok(text) => (text, fs::metadata(file).map_or(NEW_FILE_MODE, |m| m.permissions().mode() & 0o777)),
        Err(error) if error.is_missing() => (String::new(), NEW_FILE_MODE),
        Err(error) => return Err(error.into()),
    };
    let changed = changed_text(&text, file, check, edit)?;
    Ok(write_atomically(file, changed.as_bytes(), mode & kept)?)
}

fn changed_text(
    text: &str,
    file: &Path,
    check: Check,
    edit: impl FnOnce(&mut DocumentMut) -> Result<(), EditError>,
) -> Result<String, EditError> {
    let mut document: DocumentMut = text.parse()?;
    edit(&mut document)?;
    let changed = document.to_string();
    if check == Check::Whole {
        Roster::parse(&changed, file)?;
    }
    Ok(changed)
}

fn insert_person(document: &mut DocumentMut, new: &NewPerson) -> Result<(), EditError> {
    let NewPerson { id, name, photos } = new;
    // Comments after the last entry stay before the new one.
    let mut before = document.trailing().as_str().unwrap_or_default().to_owned();
    document.set_trailing("");
    if !before.is_empty() && !before.ends_with('\n') {
        before.push('\n');
    }
    let people = people_of(document)?;
    if people.iter().any(|person| is(person, id)) {
        return Err(EditError::Known(id.clone()));
    }
    let mut person = Table::new();
    if !before.is_empty() || !people.is_empty() {
        before.push('\n');
    }
    person.decor_mut().set_prefix(before);
    person.insert("id", value(id.as_str()));
    person.insert("name", value(name.as_str()));
    person.insert("photos", value(photos.iter().map(String::as_str).collect::<Array>()));
    people.push(person);
    Ok(())
}

fn delete_person(document: &mut DocumentMut, id: &PersonId) -> Result<(), EditError> {
    let people = people_of(document)?;
    let count = people.len();
    people.retain(|person| !is(person, id));
    if people.len() == count { Err(EditError::Unknown(id.clone())) } else { Ok(()) }
}

fn append_photos(document: &mut DocumentMut, id: &PersonId, photos: &[String]) -> Result<(), EditError> {
    let list = photos_of(person_of(document, id)?)?;
    photos.iter().for_each(|photo| list.push(photo.as_str()));
    Ok(())
}

fn put_pin(
    document: &mut DocumentMut,
    id: &PersonId,
    which: WhichPin,
    hash: Option<&PinHash>,
) -> Result<(), EditError> {
    let person = person_of(document, id)?;
    match hash {
        Some(hash) => drop(person.insert(which.key(), value(hash.to_string()))),
        None => {
            person.remove(WhichPin::Duress.key());
            if which == WhichPin::Usual {
                person.remove(which.key());
            }
        }
    }
    Ok(())
}

fn drop_photos(document: &mut DocumentMut, id: &PersonId, photos: &[String]) -> Result<(), EditError> {
    let person = person_of(document, id)?;
    let list = photos_of(person)?;
    list.retain(|photo| !photos.iter().any(|gone| photo.as_str() == Some(gone)));
    if list.is_empty() {
        person.remove("photos");
    }
    person.insert("templates", value(STORED));
    Ok(())
}

fn photos_of(person: &mut Table) -> Result<&mut Array, EditError> {
    let list = person.entry("photos").or_insert(value(Array::new()));
    list.as_array_mut().ok_or(EditError::Layout("photos"))
}

fn person_of<'a>(document: &'a mut DocumentMut, id: &PersonId) -> Result<&'a mut Table, EditError> {
    let people = people_of(document)?;
    people.iter_mut().find(|person| is(person, id)).ok_or_else(|| EditError::Unknown(id.clone()))
}

fn people_of(document: &mut DocumentMut) -> Result<&mut ArrayOfTables, EditError> {
    document
        .entry("person")
        .or_insert(Item::ArrayOfTables(ArrayOfTables::new()))
        .as_array_of_tables_mut()
        .ok_or(EditError::Layout("people"))
}

fn is(person: &Table, id: &PersonId) -> bool {
    person.get("id").and_then(Item::as_str) == Some(id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Who may enter.\n\n# The first.\n[[person]]\nid = \"ada\" # since 1843\nname = \"Ada\"\n\
                        photos = [\"a.jpg\"]\n\n# The second.\n[[person]]\nid = \"bob\"\nname = \"Bob\"\n\
                        photos = [\"b.jpg\"]\n# The end.\n";

    fn id(text: &str) -> PersonId {
        PersonId::new(text).expect("an id")
    }

    fn name(text: &str) -> PersonName {
        PersonName::new(text).expect("a name")
    }

    fn person(with_id: &str, named: &str, photos: &[String]) -> NewPerson {
        NewPerson { id: id(with_id), name: name(named), photos: photos.to_vec() }
    }

    fn edited(
        text: &str,
        edit: impl FnOnce(&mut DocumentMut) -> Result<(), EditError>,
    ) -> Result<String, EditError> {
        changed_text(text, Path::new("gallery.toml"), Check::Whole, edit)
    }

    #[test]
    fn a_person_is_added_at_the_end_and_all_else_stays() {
        let photos = ["e.jpg".to_owned()];
        let changed = edited(TEXT, |d| insert_person(d, &person("eve", "Eve", &photos))).expect("added");
        let new = "\n[[person]]\nid = \"eve\"\nname = \"Eve\"\nphotos = [\"e.jpg\"]\n";
        assert_eq!(changed, format!("{TEXT}{new}"));
    }

    #[test]
    fn the_first_person_comes_after_the_shipped_comments() {
        let shipped = include_str!("../../config/gallery.toml");
        let photos = ["e.jpg".to_owned()];
        let changed = edited(shipped, |d| insert_person(d, &person("eve", "Eve", &photos))).expect("added");
        assert!(changed.starts_with(shipped), "{changed}");
    }

    #[test]
    fn a_person_is_removed_with_their_comment_only() {
        let changed = edited(TEXT, |d| delete_person(d, &id("bob"))).expect("removed");
        assert!(changed.contains("id = \"ada\" # since 1843") && changed.contains("# The end."));
        assert!(!changed.contains("bob"));
    }

    #[test]
    fn photographs_are_added_to_those_there_are() {
        let photos = ["a2.jpg".to_owned()];
        let changed = edited(TEXT, |d| append_photos(d, &id("ada"), &photos)).expect("added");
        assert_eq!(changed, TEXT.replace("[\"a.jpg\"]", "[\"a.jpg\", \"a2.jpg\"]"));
    }

    #[test]
    fn discarded_photographs_leave_the_list_and_come_back_if_it_must_be() {
        let photos = ["a.jpg".to_owned()];
        let changed = edited(TEXT, |d| drop_photos(d, &id("ada"), &photos)).expect("discarded");
        assert_eq!(changed, TEXT.replace("photos = [\"a.jpg\"]", "templates = \"stored\""));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("gallery.toml");
        fs::write(&file, TEXT).expect("written");
        discard_photos(&file, &id("ada"), &photos).expect("discarded");
        restore_photos(&file, &id("ada"), &photos, false).expect("restored");
        assert_eq!(fs::read_to_string(&file).expect("text"), TEXT);
    }

    #[test]
    fn what_would_be_a_mistake_is_not_done() {
        let photos = ["a.jpg".to_owned()];
        let known = edited(TEXT, |d| insert_person(d, &person("ada", "Ada", &photos)));
        assert!(matches!(known, Err(EditError::Known(_))));
        assert!(matches!(edited(TEXT, |d| delete_person(d, &id("eve"))), Err(EditError::Unknown(_))));
        let twice = edited(TEXT, |d| append_photos(d, &id("ada"), &photos));
        assert!(matches!(twice, Err(EditError::Roster(_))));
        let outside = edited(TEXT, |d| append_photos(d, &id("ada"), &["../x.jpg".to_owned()]));
        assert!(matches!(outside, Err(EditError::Roster(_))));
        let inline = "person = [{ id = \"ada\", name = \"Ada\", photos = [\"a.jpg\"] }]\n";
        assert!(matches!(edited(inline, |d| delete_person(d, &id("ada"))), Err(EditError::Layout("people"))));
    }

    #[test]
    fn a_pin_is_set_replaced_and_taken_away_and_all_else_stays() {
        let text =
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let hash = PinHash::parse(text).expect("a hash");
        let set = |before: &str, which, hash| edited(before, |d| put_pin(d, &id("bob"), which, hash));
        let usual = set(TEXT, WhichPin::Usual, Some(&hash)).expect("set");
        assert_eq!(usual, TEXT.replace("[\"b.jpg\"]\n", &format!("[\"b.jpg\"]\npin = \"{text}\"\n")));
        let both = set(&usual, WhichPin::Duress, Some(&hash)).expect("set");
        assert!(
            both.contains("\nduress-pin = ")
                && set(&both, WhichPin::Usual, Some(&hash)).expect("set") == both
        );
        assert_eq!(set(&both, WhichPin::Duress, None).expect("removed"), usual);
        assert_eq!(set(&both, WhichPin::Usual, None).expect("removed"), TEXT);
        let nobody = edited(TEXT, |d| put_pin(d, &id("eve"), WhichPin::Usual, Some(&hash)));
        assert!(matches!(nobody, Err(EditError::Unknown(_))));
    }

    #[test]
    fn what_is_taken_away_waits_for_nobody_elses_mistakes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("gallery.toml");
        let text = format!("{TEXT}[[person]]\nid = \"Eve\"\ncolour = 1\n");
        fs::write(&file, &text).expect("written");
        assert!(matches!(add_photos(&file, &id("ada"), &["x.jpg".to_owned()]), Err(EditError::Roster(_))));
        set_pin(&file, &id("ada"), WhichPin::Usual, None).expect("taken away");
        remove_person(&file, &id("ada")).expect("removed");
        let changed = fs::read_to_string(&file).expect("text");
        assert!(!changed.contains("ada") && changed.contains("colour = 1"), "{changed}");
        fs::write(&file, "[[person]\n").expect("written");
        assert!(matches!(remove_person(&file, &id("ada")), Err(EditError::Syntax(_))));
    }

    #[test]
    fn a_file_with_a_pin_is_read_by_nobody_else() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("gallery.toml");
        add_people(&file, &[person("ada", "Ada", &["a.jpg".to_owned()])]).expect("added");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("ours");
        set_pin(&file, &id("ada"), WhichPin::Usual, None).expect("removed");
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn a_file_is_made_and_keeps_its_mode() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("gallery.toml");
        add_people(&file, &[person("ada", "Ada", &["a.jpg".to_owned()])]).expect("added");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("ours");
        add_photos(&file, &id("ada"), &["b.jpg".to_owned()]).expect("added");
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(Roster::load(&file, Trust::Checked).expect("no mistake").people[0].photos.len(), 2);
        remove_person(&file, &id("ada")).expect("removed");
    }
}
