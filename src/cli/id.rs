//! A person's id on the command line.

use limen_core::person::{PersonId, printable};

use super::trouble::Trouble;

/// Parses an id from the command line.
///
/// # Errors
/// The text has not the form of an id.
pub fn person_id(text: &str) -> Result<PersonId, Trouble> {
    let shown = printable(text, 80);
    PersonId::new(text).map_err(|why| Trouble::Usage(format!("the id \"{shown}\" {why}")))
}
