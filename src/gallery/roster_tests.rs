//! What a gallery file may say, and the message for each mistake.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use limen_core::embedding::ModelDigest;

use super::*;

fn parse(text: &str) -> Result<Roster, RosterError> {
    Roster::parse(text, Path::new("gallery.toml"))
}

fn diagnostics(text: &str) -> String {
    parse(text).expect_err("a mistake").to_string()
}

fn embedding_of(values: &[f32]) -> String {
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let (model, data) = (ModelDigest::of(b"model"), STANDARD.encode(bytes));
    format!(
        "[[person]]\nid = \"ada\"\nname = \"Ada\"\nembeddings = [{{ model = \"{model}\", data = \"{data}\" }}]\n"
    )
}

#[test]
fn a_person_has_an_id_a_name_photographs_and_dates() {
    let roster = parse(
        "[[person]]\nid = \"ada\"\nname = \"Ada Lovelace\"\nphotos = [\"ada-1.jpg\", \"ada/2.jpg\"]\n\
         valid-until = 2027-06-30\n",
    )
    .expect("no mistake");
    let ada = &roster.people[0];
    assert_eq!(ada.name.as_str(), "Ada Lovelace");
    assert_eq!(ada.photos[1], Photo { path: "ada/2.jpg".into(), line: 4 });
    assert_eq!(ada.standing.valid_until, Date::new(2027, 6, 30).ok());
    assert_eq!(ada.line, 1);
}

#[test]
fn templates_in_the_store_take_the_place_of_photographs() {
    let stored = "[[person]]\nid = \"ada\"\nname = \"Ada\"\ntemplates = \"stored\"\n";
    let roster = parse(stored).expect("no mistake");
    assert!(roster.people[0].stored && roster.people[0].photos.is_empty());
    let shown = diagnostics(&stored.replace("stored", "store"));
    assert_eq!(
        shown,
        "gallery.toml:4: person \"ada\" templates: \"store\" is not known; \
         write \"stored\" if the photographs were discarded; otherwise remove this key"
    );
}

#[test]
fn nobody_is_a_gallery_too() {
    assert!(parse("").expect("empty").people.is_empty());
    let shipped = include_str!("../../config/gallery.toml");
    assert!(parse(shipped).expect("the shipped file").people.is_empty());
}

#[test]
fn every_mistake_is_listed_with_its_line() {
    let text = "[[person]]\nid = \"Ada\"\nname = \"A\\u202e\"\nphotos = [\"../../etc/passwd\", \"/etc/passwd\"]\n\
                [[person]]\nid = \"bob\"\nname = \"Bob\"\n[[person]]\nid = \"bob\"\nname = \"Bob\"\nphotos = [\"b.jpg\"]\n";
    let shown = diagnostics(text);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 6, "{shown}");
    assert!(lines[0].starts_with("gallery.toml:2: [[person]] id: \"Ada\" may have only a-z"), "{shown}");
    assert!(lines[1].starts_with("gallery.toml:3: [[person]] name:"), "{shown}");
    assert!(lines[2].contains("has \".\" or \"..\" in it; put the photograph into"), "{shown}");
    assert!(lines[3].contains("is an absolute path"), "{shown}");
    assert!(lines[4].starts_with("gallery.toml:5: person \"bob\": has neither photographs"), "{shown}");
    assert!(
        lines[5]
            .starts_with("gallery.toml:9: [[person]] id: \"bob\" is already the id of the person in line 6"),
        "{shown}"
    );
}

#[test]
fn an_unknown_key_is_named_with_those_that_exist() {
    let shown = diagnostics("[[person]]\nid = \"ada\"\nname = \"Ada\"\nphoto = [\"a.jpg\"]\n");
    assert!(
        shown.starts_with("gallery.toml:4: [person] photo: there is no such key; did you mean photos?"),
        "{shown}"
    );
    assert_eq!(shown.lines().count(), 1, "what a left-out key may have held is not called missing: {shown}");
}

#[test]
fn embeddings_are_base64_of_finite_little_endian_floats() {
    let roster = parse(&embedding_of(&[0.5, -1.0])).expect("no mistake");
    assert_eq!(roster.people[0].embeddings[0].1.values(), [0.5, -1.0]);
    assert!(diagnostics(&embedding_of(&[f32::NAN])).contains("finite"));
    assert!(diagnostics(&embedding_of(&[])).contains("1 to 1024"));
    let good = embedding_of(&[0.5]);
    assert!(
        diagnostics(&good.replace("data = \"", "data = \"%"))
            .contains("gallery.toml:4: person \"ada\" embeddings: data is not base64")
    );
    assert!(diagnostics(&good.replace("data = \"AAAAPw==\"", "data = \"AAAA\"")).contains("whole number"));
    assert!(diagnostics(&good.replace("model = \"", "model = \"x")).contains("not a SHA-256 digest"));
}

#[test]
fn a_day_is_a_day_without_time_and_the_last_is_not_before_the_first() {
    let with =
        |dates: &str| format!("[[person]]\nid = \"ada\"\nname = \"Ada\"\nphotos = [\"a.jpg\"]\n{dates}");
    let shown = diagnostics(&with("valid-from = 2027-06-30T12:00:00\n"));
    assert!(shown.starts_with("gallery.toml:5: person \"ada\" valid-from: is not a day"), "{shown}");
    let shown = diagnostics(&with("valid-from = 2027-06-30\nvalid-until = 2027-06-29\n"));
    assert!(shown.starts_with("gallery.toml:6: person \"ada\" valid-until: 2027-06-29 is before"), "{shown}");
}

#[test]
fn twenty_one_photographs_are_too_many() {
    let photos: Vec<String> = (0..21).map(|n| format!("\"{n}.jpg\"")).collect();
    let text = format!("[[person]]\nid = \"a\"\nname = \"A\"\nphotos = [{}]\n", photos.join(","));
    assert!(diagnostics(&text).contains("21 photographs are more than 20"));
}

#[test]
fn a_hundred_thousand_people_are_read_and_one_more_is_too_many() {
    let person = |n: usize| format!("[[person]]\nid = \"p{n}\"\nname = \"P\"\nphotos = [\"{n}.jpg\"]\n");
    let mut text: String = (0..MAX_PEOPLE).map(person).collect();
    let roster = parse(&text).expect("no mistake");
    assert_eq!((roster.people.len(), roster.people[MAX_PEOPLE - 1].line), (MAX_PEOPLE, 4 * MAX_PEOPLE - 3));
    text += &person(MAX_PEOPLE);
    assert!(diagnostics(&text).contains("100001 people are more than 100000"));
}

#[test]
fn a_file_written_in_another_way_is_read_whole() {
    let people = "person = [{ id = \"ada\", name = \"Ada\", photos = [\"1.jpg\"] }]\n";
    assert_eq!(parse(people).expect("no mistake").people.len(), 1);
    let cut = "[[person]]\nid = \"ada\"\nname = \"\"\"\n[[person]]\n\"\"\"\nphotos = [\"1.jpg\"]\n";
    let roster = parse(cut).expect("no mistake");
    assert_eq!((roster.people.len(), roster.people[0].name.as_str()), (1, "[[person]]"));
    assert_eq!(roster.people[0].photos[0].line, 6);
}
