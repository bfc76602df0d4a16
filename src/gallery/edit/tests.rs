//! What an edit changes, what it leaves unchanged, and what it refuses.

use std::os::unix::fs::PermissionsExt as _;

use limen_core::credential::PinHash;
use limen_core::person::{GroupId, PersonName};

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
    NewPerson { id: id(with_id), name: name(named), photos: photos.to_vec(), groups: Vec::new() }
}

fn more(of: &str, photo: &str) -> Addition {
    Addition::Photos(id(of), vec![photo.to_owned()])
}

fn edited(
    text: &str,
    edit: impl FnOnce(&mut DocumentMut) -> Result<(), EditError>,
) -> Result<String, EditError> {
    changed_text(text, Path::new("gallery.toml"), Must::BeWhole, edit).map(|(text, _)| text)
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
    let shipped = include_str!("../../../config/gallery.toml");
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
    let text = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let hash = PinHash::parse(text).expect("a hash");
    let set = |before: &str, which, hash| edited(before, |d| put_pin(d, &id("bob"), which, hash));
    let usual = set(TEXT, WhichPin::Usual, Some(&hash)).expect("set");
    assert_eq!(usual, TEXT.replace("[\"b.jpg\"]\n", &format!("[\"b.jpg\"]\npin = \"{text}\"\n")));
    let both = set(&usual, WhichPin::Duress, Some(&hash)).expect("set");
    assert!(
        both.contains("\nduress-pin = ") && set(&both, WhichPin::Usual, Some(&hash)).expect("set") == both
    );
    assert_eq!(set(&both, WhichPin::Duress, None).expect("removed"), usual);
    assert_eq!(set(&both, WhichPin::Usual, None).expect("removed"), TEXT);
    let nobody = edited(TEXT, |d| put_pin(d, &id("eve"), WhichPin::Usual, Some(&hash)));
    assert!(matches!(nobody, Err(EditError::Unknown(_))));
}

#[test]
fn a_file_with_a_pin_is_read_by_nobody_else() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("gallery.toml");
    add_people(&file, &[person("ada", "Ada", &["a.jpg".to_owned()])]).expect("added");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("ours");
    set_pin(&file, &id("ada"), WhichPin::Usual, None, &mut good).expect("removed");
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_file_is_made_and_keeps_its_mode() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("gallery.toml");
    add_people(&file, &[person("ada", "Ada", &["a.jpg".to_owned()])]).expect("added");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).expect("ours");
    add(&file, &[more("ada", "b.jpg")], &mut good).expect("added");
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o440);
    assert_eq!(Roster::load(&file, Trust::Checked).expect("no mistake").people[0].photos.len(), 2);
    remove_person(&file, &id("ada")).expect("removed");
}

#[test]
fn what_a_check_refuses_leaves_the_folder_as_it_was() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("gallery.toml");
    let refused =
        add(&file, &[Addition::Person(person("ada", "Ada", &["a.jpg".to_owned()]))], &mut |roster| {
            assert_eq!(roster.people[0].id, id("ada"));
            Err("no such group".to_owned())
        });
    assert!(refused.expect_err("refused").to_string().contains("no such group"));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn a_change_is_undone_unless_somebody_else_changed_the_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("gallery.toml");
    let first = add_people(&file, &[person("ada", "Ada", &["a.jpg".to_owned()])]).expect("added");
    let text = fs::read_to_string(&file).expect("text");
    let second = add(&file, &[more("ada", "b.jpg")], &mut good).expect("added");
    assert!(matches!(undo(&file, &first), Err(EditError::Overtaken)));
    undo(&file, &second).expect("undone");
    assert_eq!(fs::read_to_string(&file).expect("text"), text);
    undo(&file, &first).expect("undone");
    assert!(!file.exists());
}

#[test]
fn one_photograph_is_taken_away_but_never_the_last_nor_one_that_the_store_keeps() {
    let two = TEXT.replace("[\"a.jpg\"]", "[\"a.jpg\", \"a2.jpg\"]");
    let take = |text: &str, photo: &str| edited(text, |d| take_photo(d, &id("ada"), photo));
    assert_eq!(take(&two, "a2.jpg").expect("taken"), TEXT);
    assert!(matches!(take(&two, "b.jpg"), Err(EditError::NoSuchPhoto(..))));
    assert!(matches!(take(TEXT, "a.jpg"), Err(EditError::LastPhoto(..))));
    let stored = two.replace("name = \"Ada\"", "name = \"Ada\"\ntemplates = \"stored\"");
    assert!(matches!(take(&stored, "a2.jpg"), Err(EditError::Stored(_))));
}

#[test]
fn groups_are_written_where_there_are_some() {
    let groups = vec![GroupId::new("staff").expect("an id")];
    let new = NewPerson { groups, ..person("eve", "Eve", &["e.jpg".to_owned()]) };
    assert!(edited(TEXT, |d| insert_person(d, &new)).expect("added").contains("groups = [\"staff\"]\n"));
}

#[test]
fn what_is_taken_away_waits_for_nobody_elses_mistakes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("gallery.toml");
    let text = format!("{TEXT}[[person]]\nid = \"Eve\"\ncolour = 1\n");
    fs::write(&file, &text).expect("written");
    assert!(matches!(add(&file, &[more("ada", "x.jpg")], &mut good), Err(EditError::Roster(_))));
    set_pin(&file, &id("ada"), WhichPin::Usual, None, &mut good).expect("taken away");
    let two = text.replace("[\"a.jpg\"]", "[\"a.jpg\", \"a2.jpg\"]");
    fs::write(&file, &two).expect("written");
    remove_photo(&file, &id("ada"), "a2.jpg").expect("taken away");
    assert_eq!(fs::read_to_string(&file).expect("text"), text);
    remove_person(&file, &id("ada")).expect("removed");
    let changed = fs::read_to_string(&file).expect("text");
    assert!(!changed.contains("ada") && changed.contains("colour = 1"), "{changed}");
    fs::write(&file, "[[person]\n").expect("written");
    let error = remove_person(&file, &id("ada")).expect_err("no TOML");
    assert!(matches!(error, EditError::Syntax(_)));
    let (said, place) = (error.to_string(), format!("{}:1: column ", file.display()));
    assert!(said.starts_with(&place) && said.contains("; write [section]"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
