//! A folder of photographs, one a person, each named by its file: `Ada Lovelace.jpg` enrols "ada-lovelace".
//!
//! All or nobody: what is wrong with any file is said, for every file at once, and nothing is enrolled.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Checked, check_photo, enrolled_ids, folder_of, put_in_place};
use crate::camera::photograph::is_photograph;
use crate::cli::context::{Context, PairRule, analyst, shown};
use crate::cli::output::{note, progress, say, say_json};
use crate::cli::trouble::{Answer, Trouble};
use crate::gallery::{NewPerson, add_people};
use crate::person::{PersonId, PersonName};

/// The most photographs of one folder; a gallery of more is written by a program.
const MAX_PHOTOS: usize = 10_000;

/// Enrols everybody of a folder.
pub(super) fn enroll_directory(context: &Context, folder: &Path) -> Result<Answer, Trouble> {
    let settings = context.settings()?;
    let files = photographs(folder)?;
    let known = enrolled_ids(context, &settings)?;
    let models = context.models(&settings)?;
    let analyst = analyst(&settings, &models).for_templates();
    let home = folder_of(&settings.gallery);
    let mut problems = Vec::new();
    let mut people: Vec<(PersonId, PersonName, Checked)> = Vec::new();
    let bar = progress(files.len(), "looking at photographs");
    for file in &files {
        let checked = named(file).and_then(|(id, name)| {
            if known.contains(&id) || people.iter().any(|(taken, ..)| *taken == id) {
                return Err(format!("{}: \"{id}\" is enrolled already; rename the file", shown(file)));
            }
            let checked = check_photo(&analyst, file, &home).map_err(|trouble| trouble.to_string())?;
            Ok((id, name, checked))
        });
        match checked {
            Ok(person) => people.push(person),
            Err(problem) => problems.push(problem),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if !problems.is_empty() {
        let what = format!("nobody was enrolled:\n{}", problems.join("\n"));
        return Err(Trouble::Usage(what));
    }
    warn_of_one_under_two_names(&PairRule::new(&settings, &models)?, &people);
    let mut enrolled = Vec::new();
    for (id, name, checked) in &people {
        let photos = put_in_place(std::slice::from_ref(checked), &home, id)?;
        enrolled.push(NewPerson { id: id.clone(), name: name.clone(), photos });
    }
    add_people(&settings.gallery, &enrolled)?;
    context.ask_for_reload(&settings)?;
    for person in &enrolled {
        if context.json {
            say_json(&json!({ "id": person.id, "photos": person.photos }));
        } else {
            say(&format!("{} is enrolled with {}", person.id, person.photos.join(", ")));
        }
    }
    Ok(Answer::Yes)
}

fn photographs(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let failed = |error: std::io::Error| Trouble::Device(format!("{}: {error}", shown(folder)));
    let entries: Result<Vec<PathBuf>, _> =
        fs::read_dir(folder).map_err(failed)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut files: Vec<PathBuf> =
        entries.map_err(failed)?.into_iter().filter(|file| is_photograph(file)).collect();
    files.sort();
    match files.len() {
        0 => {
            let what = "no .jpg or .png file in it; one photograph a person, named by the file";
            Err(Trouble::Usage(format!("{}: {what}", shown(folder))))
        }
        n if n > MAX_PHOTOS => {
            Err(Trouble::Usage(format!("{}: {n} photographs, at most {MAX_PHOTOS}", shown(folder))))
        }
        _ => Ok(files),
    }
}

/// Id and name of a file's person: the name is the file's, hyphens and underscores as spaces, and the id its
/// letters and digits.
fn named(file: &Path) -> Result<(PersonId, PersonName), String> {
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    let stem = stem.ok_or_else(|| format!("{}: the file's name is no text; rename it", shown(file)))?;
    let spaced: String = stem.chars().map(|c| if c == '_' || c == '-' { ' ' } else { c }).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let wrong = |what: String| format!("{}: {what}; rename the file", shown(file));
    let name = PersonName::new(&words.join(" ")).map_err(|why| wrong(format!("the name {why}")))?;
    let keep = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii();
    let plain = |word: &&str| word.chars().filter(|c| keep(*c)).collect::<String>().to_ascii_lowercase();
    let id = words.iter().map(plain).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    let id = PersonId::new(&id)
        .map_err(|why| wrong(format!("the id \"{}\" {why}", crate::person::printable(&id, 80))))?;
    Ok((id, name))
}

/// Two photographs of one person under two names: nobody could be told from themselves.
fn warn_of_one_under_two_names(rule: &PairRule, people: &[(PersonId, PersonName, Checked)]) {
    for (index, (id, _, one)) in people.iter().enumerate() {
        for (other_id, _, other) in &people[index + 1..] {
            let verdict = rule.compare(&one.embedding, &other.embedding);
            if verdict.same {
                note(&format!(
                    "\"{id}\" and \"{other_id}\" look alike (score {:.3}); are they two people?",
                    verdict.score
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_its_person() {
        let of = |file: &str| named(Path::new(file)).map(|(id, name)| (id.to_string(), name.to_string()));
        let ada = || ("ada-lovelace".to_owned(), "Ada Lovelace".to_owned());
        assert_eq!(of("images/Ada Lovelace.jpg"), Ok(ada()));
        assert_eq!(of("Ada_Lovelace.png"), Ok(ada()));
        assert_eq!(of("O'Neill, Pat.jpg"), Ok(("oneill-pat".to_owned(), "O'Neill, Pat".to_owned())));
    }

    #[test]
    fn a_name_without_an_id_is_refused_with_the_remedy() {
        for file in ["Zoë.jpg", "---.jpg", "\u{202e}ada.jpg"] {
            let error = named(Path::new(file)).expect_err(file);
            assert!(error.ends_with("rename the file"), "{error}");
        }
    }
}
