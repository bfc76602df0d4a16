//! Finds name and id of a person in the name of a file: `Ada Lovelace.jpg` is Ada Lovelace with the id "ada-lovelace",
//! and `Ada Lovelace (2).jpg` is another photograph of her.
//!
//! The name stays as it is written. The id is the name in plain letters: umlauts become ae, oe and ue, and all other
//! letters are transliterated.

use deunicode::deunicode_char;
use limen_core::person::{PersonError, PersonId, PersonName, printable};
use unicode_normalization::UnicodeNormalization as _;

/// The words that file managers add to the name of a copy, in lower case.
const COPY: [&str; 6] = ["copy", "copie", "kopie", "kopia", "copia", "cópia"];

/// The id and the name of the person in the name of a file; a number at its end is ignored.
pub(super) fn of_file(stem: &str) -> Result<(PersonId, PersonName), String> {
    named(words_without_number(words(stem)))
}

/// The id and the name of the person in the name of a folder.
pub(super) fn of_folder(name: &str) -> Result<(PersonId, PersonName), String> {
    named(words(name))
}

/// The id for a name.
pub(super) fn id_of(name: &str) -> Result<PersonId, String> {
    let id = in_plain_letters(&words(name));
    PersonId::new(&id).map_err(|why| wrong("id", &id, &why))
}

fn named(words: Vec<String>) -> Result<(PersonId, PersonName), String> {
    let text = words.join(" ");
    let name = PersonName::new(&text).map_err(|why| wrong("name", &text, &why))?;
    let id = in_plain_letters(&words);
    let id = PersonId::new(&id).map_err(|why| wrong("id", &id, &why))?;
    Ok((id, name))
}

fn wrong(what: &str, text: &str, why: &PersonError) -> String {
    format!("the {what} \"{}\" {why}; rename it, or name people in a list (--list)", printable(text, 80))
}

/// The words between spaces, underscores and hyphens. An accent that is a character of its own is joined to its letter.
fn words(text: &str) -> Vec<String> {
    let spaced: String = text.nfc().map(|c| if c == '_' || c == '-' { ' ' } else { c }).collect();
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// Removes "2", "(2)" and "copy" from the end, as long as a name is left.
fn words_without_number(mut words: Vec<String>) -> Vec<String> {
    // Some write "Ada(2)", without a space.
    if let Some((name, number)) = words.last().and_then(|last| last.split_once('('))
        && !name.is_empty()
        && is_number(number.trim_end_matches(')'))
    {
        let name = name.to_owned();
        words.pop();
        words.push(name);
    }
    while words.len() > 1 && words.last().is_some_and(|last| is_number(last) || is_copy(last)) {
        words.pop();
    }
    words
}

fn is_number(word: &str) -> bool {
    let digits = word.trim_start_matches('(').trim_end_matches(')');
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_copy(word: &str) -> bool {
    let word = word.to_lowercase();
    COPY.contains(&word.trim_matches(['(', ')']))
}

fn in_plain_letters(words: &[String]) -> String {
    let plain = words.iter().flat_map(|word| {
        let letters: String = word.chars().map(transliterated).collect();
        let kept = letters.to_ascii_lowercase();
        // The transliteration of one word may have spaces.
        let parts = kept
            .split(|c: char| c.is_whitespace() || c == '-')
            .map(|part| part.chars().filter(char::is_ascii_alphanumeric).collect::<String>());
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>()
    });
    plain.collect::<Vec<_>>().join("-")
}

fn transliterated(c: char) -> &'static str {
    match c {
        'ä' | 'Ä' => "ae",
        'ö' | 'Ö' => "oe",
        'ü' | 'Ü' => "ue",
        _ => deunicode_char(c).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stem: &str) -> (String, String) {
        let (id, name) = of_file(stem).expect(stem);
        (id.to_string(), name.to_string())
    }

    fn person(id: &str, name: &str) -> (String, String) {
        (id.to_owned(), name.to_owned())
    }

    #[test]
    fn a_file_names_its_person() {
        assert_eq!(of("Ada Lovelace"), person("ada-lovelace", "Ada Lovelace"));
        assert_eq!(of("Ada_Lovelace"), person("ada-lovelace", "Ada Lovelace"));
        assert_eq!(of("O'Neill, Pat"), person("oneill-pat", "O'Neill, Pat"));
    }

    #[test]
    fn a_number_at_the_end_is_that_of_a_further_photograph() {
        for stem in
            ["Barack Obama 2", "Barack Obama (2)", "Barack_Obama_0002", "Barack Obama(3)", "Barack-Obama-1"]
        {
            assert_eq!(of(stem), person("barack-obama", "Barack Obama"), "{stem}");
        }
        for stem in ["Barack Obama - Copy", "Barack Obama - Kopie (2)", "Barack Obama copy 2"] {
            assert_eq!(of(stem), person("barack-obama", "Barack Obama"), "{stem}");
        }
        assert_eq!(of("4711"), person("4711", "4711"));
        assert_eq!(of_folder("Room 2").expect("a name").0.as_str(), "room-2");
    }

    #[test]
    fn names_keep_their_letters_and_ids_are_plain() {
        assert_eq!(of("Jürgen Groß"), person("juergen-gross", "Jürgen Groß"));
        // As a Mac keeps it: the letter, then its dots.
        assert_eq!(of("Ju\u{308}rgen Groß"), person("juergen-gross", "Jürgen Groß"));
        assert_eq!(of("Zoë Łukasz"), person("zoe-lukasz", "Zoë Łukasz"));
        assert_eq!(of("Дмитрий").0, "dmitrii");
        assert_eq!(of("山田 太郎").1, "山田 太郎");
        assert_eq!(of("山田 太郎").0, "shan-tian-tai-lang");
    }

    #[test]
    fn a_name_without_an_id_is_refused_with_the_remedy() {
        for stem in ["---", "\u{202e}ada", "!?"] {
            assert!(of_file(stem).expect_err(stem).contains("rename it"), "{stem}");
        }
    }
}
