//! The groups that people name in the gallery file.

use limen_core::person::GroupId;
use toml::Spanned;

use super::wrong_text::note_text;
use crate::diagnostics::Review;

/// The largest number of groups per person. All of them are checked when the person is at the door.
pub const MAX_GROUPS_OF_A_PERSON: usize = 16;

/// The groups of one person; `who` names the person in mistakes.
pub(super) fn check_groups_of(review: &mut Review<'_>, who: &str, said: &[Spanned<String>]) -> Vec<GroupId> {
    let key = format!("{who} groups");
    if let Some(excess) = said.get(MAX_GROUPS_OF_A_PERSON) {
        let what = format!("{} groups are more than {MAX_GROUPS_OF_A_PERSON}", said.len());
        review.note(Some(excess.span()), &key, what, "name those that let the person in most");
    }
    let mut groups = Vec::new();
    for group in said {
        match GroupId::new(group.get_ref()) {
            Ok(id) if groups.contains(&id) => {
                review.note(Some(group.span()), &key, format!("\"{id}\" is listed twice"), "list it once");
            }
            Ok(id) => groups.push(id),
            Err(error) => note_text(review, group, &key, &error),
        }
    }
    groups
}
