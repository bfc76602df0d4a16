//! A mistake for a text that is no id, name or group.

use limen_core::person::PersonError;
use toml::Spanned;

use crate::diagnostics::Review;

/// Notes the text, and why it cannot be used.
pub(super) fn note_text(review: &mut Review<'_>, said: &Spanned<String>, key: &str, error: &PersonError) {
    review.note(Some(said.span()), key, format!("\"{}\" {error}", said.get_ref()), "");
}
