//! Reads a list of people as spreadsheets write it: CSV with a header line and one line per photograph,
//! `file,id,name,groups`.
//!
//! Columns may be separated by commas, semicolons or tabs; quotes, a byte-order mark and Excel's `sep=;` are accepted.
//! Only the column `file` is required; id and name then come from the name of the file, as in a folder.

use std::collections::HashMap;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Trim};
use limen_core::person::{GroupId, PersonId, PersonName, printable, printable_path};
use limen_files::{Trust, read_trusted_text};

use super::folder::MAX_FILES;
use super::naming;
use super::request::{EnrollmentRequest, PersonToEnroll};
use crate::cli::outcome::CommandError;

/// The largest list, in bytes.
const MAX_BYTES: u64 = 16 << 20;
/// The names of the columns.
const COLUMNS: [&str; 4] = ["file", "id", "name", "groups"];

/// The people of a list. Relative paths start from the folder of the list.
///
/// # Errors
/// The list cannot be read, has no column `file`, names nobody, or has too many lines.
pub(super) fn read(list: &Path) -> Result<EnrollmentRequest, CommandError> {
    let text = read_trusted_text(list, MAX_BYTES, Trust::Anyone)?;
    parse(&text, list)
}

fn parse(text: &str, list: &Path) -> Result<EnrollmentRequest, CommandError> {
    let text = text.trim_start_matches('\u{feff}');
    // Excel writes the delimiter on a line before the table.
    let (said, table, skipped) = match text.split_once('\n') {
        Some((first, rest)) if first.to_ascii_lowercase().starts_with("sep=") => {
            (first.as_bytes().get(4).copied(), rest, 1)
        }
        _ => (None, text, 0),
    };
    let delimiter = said.unwrap_or_else(|| delimiter_of(table));
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(table.as_bytes());
    let place = |line: u64| format!("{}:{line}", printable_path(list));
    let header = reader
        .headers()
        .map_err(|error| CommandError::Usage(format!("{}: {error}", printable_path(list))))?;
    let columns = Columns::of(header, list)?;
    let mut request = EnrollmentRequest::default();
    for (count, record) in reader.records().enumerate() {
        if count >= MAX_FILES {
            return Err(CommandError::Usage(format!(
                "{}: more than {MAX_FILES} lines",
                printable_path(list)
            )));
        }
        let row = match record {
            Ok(record) => columns.row(&record, list).map_err(|why| (line_of(record.position()), why)),
            Err(error) => Err((line_of(error.position()), error.to_string())),
        };
        match row {
            Ok(Some(wanted)) => request.add(wanted),
            Ok(None) => {}
            Err((line, why)) => request.problems.push(format!("{}: {why}", place(line + skipped))),
        }
    }
    if request.people.is_empty() && request.problems.is_empty() {
        return Err(CommandError::Usage(format!(
            "{}: names nobody; write one line per photograph",
            printable_path(list)
        )));
    }
    Ok(request)
}

fn line_of(position: Option<&csv::Position>) -> u64 {
    position.map_or(0, csv::Position::line)
}

/// The delimiter of the columns: the one that is most frequent in the header.
fn delimiter_of(table: &str) -> u8 {
    let header = table.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |delimiter: u8| header.bytes().filter(|byte| *byte == delimiter).count();
    [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|delimiter| (count(*delimiter), *delimiter == b','))
        .unwrap_or(b',')
}

/// The index of each known column.
struct Columns(HashMap<&'static str, usize>);

impl Columns {
    fn of(header: &StringRecord, list: &Path) -> Result<Self, CommandError> {
        let place = |column: &'static str| {
            let place = header.iter().position(|title| title.trim().eq_ignore_ascii_case(column))?;
            Some((column, place))
        };
        let columns: HashMap<_, _> = COLUMNS.into_iter().filter_map(place).collect();
        if !columns.contains_key("file") {
            let what = "the first line names no column \"file\"; begin with file,id,name,groups";
            return Err(CommandError::Usage(format!("{}: {what}", printable_path(list))));
        }
        Ok(Self(columns))
    }

    fn field<'r>(&self, record: &'r StringRecord, column: &str) -> Option<&'r str> {
        record.get(*self.0.get(column)?).filter(|text| !text.is_empty())
    }

    /// The person of one line; `None` for an empty line.
    fn row(&self, record: &StringRecord, list: &Path) -> Result<Option<PersonToEnroll>, String> {
        if record.iter().all(str::is_empty) {
            return Ok(None);
        }
        let file =
            self.field(record, "file").ok_or("no file is named; write one into the column \"file\"")?;
        let file = list.parent().unwrap_or(Path::new("")).join(file.replace('\\', "/"));
        let (id, name) = self.person(record, &file)?;
        let groups = self.field(record, "groups").unwrap_or_default();
        let groups = groups.split([',', ';', '|', ' ']).filter(|group| !group.is_empty());
        let groups =
            groups.map(|group| GroupId::new(group).map_err(|why| wrong("group", group, &why.to_string())));
        Ok(Some(PersonToEnroll { id, name, groups: groups.collect::<Result<_, _>>()?, files: vec![file] }))
    }

    fn person(&self, record: &StringRecord, file: &Path) -> Result<(PersonId, PersonName), String> {
        let said = |text: &str| PersonName::new(text).map_err(|why| wrong("name", text, &why.to_string()));
        let id = self
            .field(record, "id")
            .map(|text| PersonId::new(text).map_err(|why| wrong("id", text, &why.to_string())));
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        Ok(match (id.transpose()?, self.field(record, "name")) {
            (Some(id), Some(name)) => (id, said(name)?),
            (None, Some(name)) => (naming::id_of(name)?, said(name)?),
            (Some(id), None) => match naming::of_file(stem) {
                Ok((of_file, name)) if of_file == id => (id, name),
                _ => (id.clone(), said(id.as_str())?),
            },
            (None, None) => naming::of_file(stem)?,
        })
    }
}

fn wrong(what: &str, text: &str, why: &str) -> String {
    format!("the {what} \"{}\" {why}", printable(text, 80))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> EnrollmentRequest {
        parse(text, Path::new("office/people.csv")).unwrap_or_else(|error| panic!("{error}"))
    }

    fn ada() -> PersonToEnroll {
        PersonToEnroll {
            id: PersonId::new("ada").expect("an id"),
            name: PersonName::new("Lovelace, Ada").expect("a name"),
            groups: ["staff", "night"].map(|group| GroupId::new(group).expect("an id")).to_vec(),
            files: vec!["office/a.jpg".into(), "office/more/b.jpg".into()],
        }
    }

    #[test]
    fn commas_semicolons_quotes_and_marks_are_all_the_same_list() {
        let commas = "file,id,name,groups\na.jpg,ada,\"Lovelace, Ada\",staff night\nmore/b.jpg,ada,\"Lovelace, Ada\",\n";
        let excel = "\u{feff}Name;Groups;ID;File\r\nLovelace, Ada;\"staff;night\";ada;a.jpg\r\n\r\n\
                     Lovelace, Ada;;ada;more\\b.jpg\r\n;;;\r\n";
        let said = format!("sep=;\r\n{}", excel.trim_start_matches('\u{feff}'));
        for text in [commas, excel, &said] {
            let request = parsed(text);
            assert_eq!((request.people, request.problems), (vec![ada()], Vec::new()), "{text}");
        }
    }

    #[test]
    fn what_is_not_said_follows_from_the_files_name() {
        let people = parsed("file\nJürgen Groß.jpg\nJürgen Groß 2.jpg\n").people;
        assert_eq!((people.len(), people[0].id.as_str(), people[0].files.len()), (1, "juergen-gross", 2));
        let people = parsed("file,name\nimg_1.jpg,Zoë\n").people;
        assert_eq!((people[0].id.as_str(), people[0].name.as_str()), ("zoe", "Zoë"));
        let people = parsed("file,id\nIMG_0001.jpg,ada\nBob.jpg,bob\n").people;
        assert_eq!(people.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["ada", "Bob"]);
    }

    #[test]
    fn every_wrong_line_is_named_and_a_list_without_files_is_none() {
        let problems = parsed("file,id\n,ada\na.jpg,A da\nb.jpg,bob\n").problems.join("\n");
        assert!(problems.contains("people.csv:2: no file is named"), "{problems}");
        assert!(problems.contains("people.csv:3: the id \"A da\""), "{problems}");
        let refused = parse("id,name\nada,Ada\n", Path::new("people.csv")).map(drop);
        assert!(refused.is_err_and(|error| error.to_string().contains("begin with file,id,name,groups")));
    }
}
