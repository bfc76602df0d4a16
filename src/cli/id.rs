//! A person's id on the command line.

use limen_core::person::{PersonId, printable};

use super::outcome::CommandError;

/// Parses an id from the command line.
///
/// # Errors
/// The text has not the form of an id.
pub fn person_id(text: &str) -> Result<PersonId, CommandError> {
    let shown = printable(text, 80);
    PersonId::new(text).map_err(|why| CommandError::Usage(format!("the id \"{shown}\" {why}")))
}
