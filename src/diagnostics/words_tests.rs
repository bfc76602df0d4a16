//! Files of people who do not know TOML, and the messages for them.

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::super::Review;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct TestFile {
    door: TestDoor,
    person: Vec<Spanned<TestRecord>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct TestDoor {
    pin: Option<Spanned<i64>>,
    unlock_seconds: Option<Spanned<f64>>,
    external_pull: Option<Spanned<bool>>,
    driver: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct TestRecord {
    id: Option<Spanned<String>>,
    photos: Vec<Spanned<String>>,
    valid_until: Option<Spanned<Datetime>>,
}

/// The only mistake in a text, without the file's name.
fn diagnostic(text: &str) -> String {
    let mut review = Review::new(Path::new("a.toml"), text);
    let _: TestFile = review.read();
    let found = review.finish();
    assert_eq!(found.len(), 1, "{text}: {found:#?}");
    found[0].to_string().replacen("a.toml:", "", 1)
}

fn is_answered(text: &str, answer: &str) {
    assert_eq!(diagnostic(text), answer, "{text}");
}

#[test]
fn a_value_of_another_kind_is_answered_with_how_it_is_written() {
    for (line, answer) in [
        (
            "pin = \"17\"",
            "[door] pin: is text, and should be a whole number; write it without quotation marks: 17",
        ),
        (
            "pin = \"GPIO17\"",
            "[door] pin: is text, and should be a whole number; write a number without quotation marks, such as 17",
        ),
        (
            "pin = 17.5",
            "[door] pin: is a number, and should be a whole number; write a number without quotation marks, such as 17",
        ),
        (
            "pin = [17]",
            "[door] pin: is a list, and should be a whole number; write a number without quotation marks, such as 17",
        ),
        (
            "pin = { bcm = 17 }",
            "[door] pin: is a group of keys, and should be a whole number; write a number without quotation marks, such as 17",
        ),
        (
            "unlock-seconds = \"5\"",
            "[door] unlock-seconds: is text, and should be a number; write it without quotation marks: 5",
        ),
        (
            "external-pull = \"true\"",
            "[door] external-pull: is text, and should be true or false; write true or false, without quotation marks",
        ),
        (
            "external-pull = 1",
            "[door] external-pull: is a number, and should be true or false; write true or false, without quotation marks",
        ),
        ("driver = 3", "[door] driver: is a number, and should be text; write it in quotation marks: \"3\""),
        (
            "driver = 07:00:00",
            "[door] driver: is a date or a time, and should be text; write it in quotation marks: \"07:00:00\"",
        ),
        (
            "driver = [\"rppal\"]",
            "[door] driver: is a list, and should be text; write one text in quotation marks, without [ and ]",
        ),
    ] {
        is_answered(&format!("[door]\n{line}\n"), &format!("2: {answer}"));
    }
    for (line, answer) in [
        (
            "photos = \"ada.jpg\"",
            "[person] photos: is text, and should be a list; write a list: [\"ada.jpg\"]",
        ),
        (
            "valid-until = \"30.06.2027\"",
            "[person] valid-until: is text, and should be a date; write the date without quotation marks: 2027-06-30",
        ),
        (
            "valid-until = \"6/30/2027\"",
            "[person] valid-until: is text, and should be a date; \
             write the date without quotation marks, year first: 2027-06-30",
        ),
        (
            "valid-until = 20270630",
            "[person] valid-until: is a number, and should be a date; \
             write the date without quotation marks, year first: 2027-06-30",
        ),
    ] {
        is_answered(&format!("[[person]]\n{line}\n"), &format!("2: {answer}"));
    }
}

#[test]
fn one_pair_of_brackets_for_two_and_two_for_one_are_told_apart() {
    is_answered(
        "[person]\nid = \"ada\"\n",
        "1: [person]: is a section, and should be a list; write its name in two pairs of brackets: [[...]]",
    );
    is_answered(
        "[[door]]\npin = 17\n",
        "1: [door]: is in two pairs of brackets, but there can be only one; \
         write its name in one pair of brackets: [...]",
    );
    is_answered(
        "door = \"front\"\n",
        "1: [door]: is text, and should be a section; \
         write its keys below a line with its name in brackets, or as { key = value }",
    );
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest_one_or_with_all() {
    for (key, answer) in [
        ("pins", "did you mean pin?"),
        ("PIN", "did you mean pin?"),
        ("unlock_seconds", "did you mean unlock-seconds?"),
        ("unlock-second", "did you mean unlock-seconds?"),
        ("seconds", "did you mean unlock-seconds?"),
        ("extrenal-pull", "did you mean external-pull?"),
        ("colour", "use one of pin, unlock-seconds, external-pull, driver"),
    ] {
        is_answered(
            &format!("[door]\n{key} = 1\n"),
            &format!("2: [door] {key}: there is no such key; {answer}"),
        );
    }
    is_answered("[dooor]\n", "1: [dooor]: there is no such section; did you mean door?");
    is_answered(
        "# mine\npin = 17\n[door]\n",
        "2: pin: stands before the first section, where no key belongs; move it below its section: [door], [person]",
    );
}

#[test]
fn a_text_that_is_no_toml_is_answered_with_what_the_line_should_be() {
    for (line, answer) in [
        (
            "driver = \u{201c}rppal\u{201d}",
            "has quotation marks that are not straight; write straight ones, as a plain text editor does: key = \"text\"",
        ),
        ("driver = rppal", "is text without quotation marks; write driver = \"rppal\""),
        ("driver = \"rppal", "has a quotation mark too few or too many; write driver = \"text\""),
        ("driver = rppal\"", "cannot be read; write driver = \"text\""),
        (
            "driver = \"C:\\limen\"",
            "has a \\ in its text, which begins a special character; write it twice (\\\\), or the text in '...'",
        ),
        ("driver: \"rppal\"", "has ':' after \"driver\"; write driver = \"rppal\""),
        ("driver \"rppal\"", "is neither key = value nor a [section]; write # before a remark"),
        ("pin = = 17", "has '=' twice; write pin = 17"),
        ("driver =", "has no value; write driver = ..., or # before the line"),
        ("unlock-seconds = 0,5", "has a decimal comma; write unlock-seconds = 0.5"),
        (
            "unlock seconds = 5",
            "\"unlock seconds\" is no key: a key has no spaces; write unlock-seconds = ...",
        ),
        ("unlock-seconds = 5 s", "is a number with something behind it; write unlock-seconds = 5"),
        ("unlock-seconds = 5s", "is a number with something behind it; write unlock-seconds = 5"),
        ("pin = 017", "is a number that begins with 0; write pin = 17"),
        ("external-pull = True", "should be true or false; write external-pull = true"),
        ("external-pull = no", "should be true or false; write external-pull = false"),
        ("valid-until = 30.06.2027", "is no date; write valid-until = 2027-06-30"),
        ("valid-until = 2027/6/30", "is no date; write valid-until = 2027-06-30"),
        ("valid-until = 30/06/2027", "is no date; write valid-until = 2027-06-30"),
        ("valid-until = 2027-02-30", "is no date; write valid-until = 2027-06-30"),
        (
            "photos = [\"a.jpg\" \"b.jpg\"]",
            "a list is not written right, here or before; write [\"one\", \"two\"]: a comma between each two, and ] at the end",
        ),
        (
            "[person",
            "a section's name is not written right; write [section], or [[section]] where there may be several",
        ),
        (
            "pin = 1\npin = 2",
            "is written twice; keep one of the two; write all keys of a section below one [section]",
        ),
    ] {
        let found = diagnostic(&format!("[door]\n{line}\n"));
        let at = if line.contains('\n') { "3" } else { "2" };
        assert_eq!(found, format!("{at}: {answer}"), "{line}");
    }
}

#[test]
fn no_message_of_the_readers_own_is_left() {
    let jargon = ["invalid type", "expected", "i64", "map", "sequence", "TOML", "literal", "struct"];
    for text in [
        "[door]\npin = true\n",
        "[door]\ndriver = 1\n",
        "[door\n",
        "= 1\n",
        "a\n",
        "[door]\nx = \"\"\"\n",
        "x = [\n",
    ] {
        let found = diagnostic(text);
        assert!(jargon.iter().all(|word| !found.contains(word)), "{text}: {found}");
    }
}
