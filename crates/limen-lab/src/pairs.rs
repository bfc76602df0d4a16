//! Lists of pairs in the format of Labeled Faces in the Wild.
//!
//! A line `NAME N M` names the pictures N and M of one person; `NAME N NAME M` names one picture each of two
//! people. The first line may contain counts, which are ignored. Picture N of NAME is `NAME/NAME_000N.jpg`.

use std::fs;
use std::path::{Path, PathBuf};

use super::EvaluationError;

/// The fewest pairs of each kind: they are split into ten parts.
const LEAST: usize = 10;

/// Two pictures, and whether they show one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The first picture, relative to the folder of images.
    pub first: PathBuf,
    /// The second picture, relative to the folder of images.
    pub second: PathBuf,
    /// Whether both pictures show the same person.
    pub genuine: bool,
}

/// Reads a list of pairs.
pub fn read_pairs(file: &Path) -> Result<Vec<Pair>, EvaluationError> {
    let text =
        fs::read_to_string(file).map_err(|source| EvaluationError::File { file: file.to_owned(), source })?;
    parse_pairs(&text, file)
}

/// Parses the text of a list; `file` only names it in errors.
pub fn parse_pairs(text: &str, file: &Path) -> Result<Vec<Pair>, EvaluationError> {
    let mut pairs = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_counts = index == 0 && fields.len() <= 2 && fields.iter().all(|f| f.parse::<u64>().is_ok());
        if fields.is_empty() || is_counts {
            continue;
        }
        let pair = pair_of(&fields)
            .ok_or_else(|| EvaluationError::Line { file: file.to_owned(), line: index + 1 })?;
        pairs.push(pair);
    }
    let genuine = pairs.iter().filter(|pair| pair.genuine).count();
    let impostor = pairs.len() - genuine;
    if genuine < LEAST || impostor < LEAST {
        return Err(EvaluationError::TooFew { file: file.to_owned(), genuine, impostor });
    }
    Ok(pairs)
}

fn pair_of(fields: &[&str]) -> Option<Pair> {
    match *fields {
        [name, first, second] => {
            Some(Pair { first: picture(name, first)?, second: picture(name, second)?, genuine: true })
        }
        [name, first, other, second] => Some(Pair {
            first: picture(name, first)?,
            second: picture(other, second)?,
            genuine: name == other,
        }),
        _ => None,
    }
}

fn picture(name: &str, number: &str) -> Option<PathBuf> {
    let number: u32 = number.parse().ok()?;
    let safe = !name.contains('/') && !name.starts_with('.');
    safe.then(|| PathBuf::from(format!("{name}/{name}_{number:04}.jpg")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(lines: &str) -> Result<Vec<Pair>, EvaluationError> {
        parse_pairs(lines, Path::new("pairs.txt"))
    }

    fn ten_each() -> String {
        "10\n".to_owned() + &"Ada\t1\t2\n".repeat(10) + &"Ada 1 Bob 12\n".repeat(10)
    }

    #[test]
    fn both_kinds_of_lines_are_read() {
        let pairs = list(&ten_each()).expect("pairs");
        assert_eq!(pairs.len(), 20);
        assert_eq!(pairs[0].second, Path::new("Ada/Ada_0002.jpg"));
        assert!(pairs[0].genuine && !pairs[10].genuine);
        assert_eq!(pairs[10].second, Path::new("Bob/Bob_0012.jpg"));
    }

    #[test]
    fn a_line_that_is_no_pair_is_named() {
        for bad in ["Ada\n", "Ada 1 two\n", "../etc 1 2\n", "Ada 1 Bob 2 3\n"] {
            let error = list(&(ten_each() + bad)).expect_err(bad);
            assert!(error.to_string().starts_with("pairs.txt:22: "), "{error}");
        }
    }

    #[test]
    fn too_few_pairs_are_refused() {
        assert!(matches!(list("Ada 1 2\n"), Err(EvaluationError::TooFew { genuine: 1, impostor: 0, .. })));
    }
}
