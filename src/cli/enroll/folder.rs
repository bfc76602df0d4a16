//! Reads a folder of photographs: one file or several numbered files per person, or one folder per person.

use std::fs;
use std::path::{Path, PathBuf};

use limen_core::person::printable_path;
use limen_files::remedy;

use super::naming;
use super::request::{EnrollmentRequest, PersonToEnroll};
use crate::cli::outcome::CommandError;

/// The most photographs in one folder, or lines in one list.
pub(super) const MAX_FILES: usize = 10_000;
/// Files that Windows and file servers leave in folders, in lower case. Hidden files are ignored as well.
const LITTER: [&str; 7] =
    ["thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir", "$recycle.bin"];
/// Extensions of other files that may lie beside photographs, in lower case.
const NO_PICTURES: [&str; 24] = [
    "txt", "csv", "tsv", "xls", "xlsx", "ods", "doc", "docx", "odt", "pdf", "md", "htm", "html", "json",
    "xml", "xmp", "aae", "mov", "mp4", "avi", "zip", "ini", "db", "lnk",
];

/// The people of a folder.
///
/// # Errors
/// The folder cannot be read, has no photograph, or has too many.
pub(super) fn look_into(folder: &Path) -> Result<EnrollmentRequest, CommandError> {
    let mut request = EnrollmentRequest::default();
    for path in entries(folder)? {
        if path.is_dir() {
            look_into_a_persons(&path, &mut request)?;
        } else if is_no_picture(&path) {
            request.left_out.push(printable_path(&path));
        } else {
            add(&mut request, &path, naming::of_file, vec![path.clone()], path.file_stem());
        }
    }
    match request.files() {
        0 if request.problems.is_empty() => {
            let what = "no photograph in it; put in one file per person, named after the person, or one folder per person";
            Err(CommandError::Usage(format!("{}: {what}", printable_path(folder))))
        }
        n if n > MAX_FILES => Err(CommandError::Usage(format!(
            "{}: {n} photographs, at most {MAX_FILES}",
            printable_path(folder)
        ))),
        _ => Ok(request),
    }
}

fn look_into_a_persons(folder: &Path, request: &mut EnrollmentRequest) -> Result<(), CommandError> {
    let mut files = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            let what = "a folder in a person's folder; put its photographs beside the others, or move it out";
            request.problems.push(format!("{}: {what}", printable_path(&path)));
        } else if is_no_picture(&path) {
            request.left_out.push(printable_path(&path));
        } else {
            files.push(path);
        }
    }
    if files.is_empty() {
        request
            .problems
            .push(format!("{}: no photograph in it; add one, or remove the folder", printable_path(folder)));
    } else {
        add(request, folder, naming::of_folder, files, folder.file_name());
    }
    Ok(())
}

fn add(
    request: &mut EnrollmentRequest,
    path: &Path,
    named: fn(&str) -> Result<(limen_core::person::PersonId, limen_core::person::PersonName), String>,
    files: Vec<PathBuf>,
    name: Option<&std::ffi::OsStr>,
) {
    let text = name.and_then(|name| name.to_str()).ok_or_else(|| "its name is no text; rename it".to_owned());
    match text.and_then(named) {
        Ok((id, name)) => request.add(PersonToEnroll { id, name, groups: Vec::new(), files }),
        Err(why) => request.problems.push(format!("{}: {why}", printable_path(path))),
    }
}

/// The entries of a folder that are no litter, sorted by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let failed = |error: std::io::Error| {
        CommandError::Device(format!("{}: {error}{}", printable_path(folder), remedy(&error)))
    };
    let entries: Result<Vec<PathBuf>, _> =
        fs::read_dir(folder).map_err(failed)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut found: Vec<PathBuf> =
        entries.map_err(failed)?.into_iter().filter(|path| !is_litter(path)).collect();
    found.sort();
    Ok(found)
}

fn is_litter(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.starts_with('.') || LITTER.contains(&name.as_str())
}

/// Whether the extension is one of [`NO_PICTURES`]. Other files go to the reader of photographs, which reports them.
fn is_no_picture(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    NO_PICTURES.contains(&ending.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, "").expect("written");
        }
        folder
    }

    fn people(request: &EnrollmentRequest) -> Vec<(String, String, usize)> {
        let mut people: Vec<_> = request
            .people
            .iter()
            .map(|wanted| (wanted.id.to_string(), wanted.name.to_string(), wanted.files.len()))
            .collect();
        people.sort();
        people
    }

    #[test]
    fn a_file_or_a_folder_is_a_person_and_numbered_files_are_one() {
        let folder = folder(&[
            "joe.jpg",
            "Joe.png",
            "Ada Lovelace 2.jpg",
            "Ada Lovelace (2).jpg",
            "dan/1.jpg",
            "dan/2.heic",
        ]);
        let request = look_into(folder.path()).expect("a folder");
        let expected = [("ada-lovelace", "Ada Lovelace", 2), ("dan", "dan", 2), ("joe", "Joe", 2)];
        assert_eq!(people(&request), expected.map(|(id, name, n)| (id.to_owned(), name.to_owned(), n)));
        assert!(request.problems.is_empty() && request.left_out.is_empty());
    }

    #[test]
    fn what_systems_leave_behind_is_left_out_and_all_else_is_named() {
        let folder = folder(&[
            "ada.webp",
            ".DS_Store",
            "._ada.jpg",
            "Thumbs.db",
            "desktop.ini",
            "__MACOSX/x.jpg",
            "dan/.DS_Store",
            "eve/deep/1.jpg",
            "eve/1.jpg",
            "list.csv",
        ]);
        let request = look_into(folder.path()).expect("a folder");
        assert_eq!(people(&request).iter().map(|(id, ..)| id.as_str()).collect::<Vec<_>>(), ["ada", "eve"]);
        assert!(request.left_out.len() == 1 && request.left_out[0].ends_with("list.csv"));
        let problems = request.problems.join("\n");
        assert!(request.problems.len() == 2 && problems.contains("dan: no photograph"), "{problems}");
        assert!(problems.contains("eve/deep: a folder in a person's folder"), "{problems}");
    }
}
