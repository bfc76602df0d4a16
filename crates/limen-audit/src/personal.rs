//! The personal part of a record: the fields that name people. It lies beside the core and can be forgotten.
//!
//! Every id lies in an item of its own with 16 random bytes of salt. The core holds one commitment, the hash
//! of the items' hashes. To forget an item is to leave its hash in its place: the commitment still holds,
//! and the salt keeps anybody from finding the id by trying all ids.
//!
//! What names somebody is told by its type, `limen_core::event::Personal`: a new field of a fact needs nothing here.

mod finder;
pub mod version_1;

use limen_core::event::Fact;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::error::AuditError;
use super::line::{Hash, hex, unhex};

/// Bytes of salt an item: as many as nobody can try.
const SALT: usize = 16;

/// A value that names a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    salt: String,
    /// The field of the fact that it belongs to.
    pub key: String,
    /// An id, or a text that contains ids.
    pub value: String,
}

impl Item {
    /// Whether the item names this person.
    pub fn names(&self, id: &str) -> bool {
        says(&self.value, id)
    }
}

/// Whether a value is this id, or a text that has it as a word.
pub fn says(value: &str, id: &str) -> bool {
    let mut words = value.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    value == id || words.any(|word| word == id)
}

/// An item as it stands in the line.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    text: &'a [u8],
    digest: Hash,
    /// Whether only the item's hash is left.
    pub forgotten: bool,
}

impl Piece<'_> {
    /// The item, unless it was forgotten.
    pub fn item(&self) -> Option<Item> {
        if self.forgotten { None } else { serde_json::from_slice(self.text).ok() }
    }
}

/// A fact as JSON without what names somebody, and that: keys and values, in their order. A list stays there
/// empty.
pub fn take_out(fact: &Fact) -> Result<(Value, Vec<(String, String)>), AuditError> {
    let taken = finder::find(fact)?;
    let mut left = serde_json::to_value(fact)?;
    let Value::Object(fields) = &mut left else { return Ok((left, taken)) };
    for (key, _) in &taken {
        match fields.get_mut(key) {
            Some(Value::Array(values)) => values.clear(),
            _ => drop(fields.remove(key)),
        }
    }
    Ok((left, taken))
}

/// Puts the items back into the fields from which [`take_out`] removed them.
pub fn put_back(fact: &mut Value, items: impl IntoIterator<Item = Item>) {
    let Value::Object(fields) = fact else { return };
    for item in items {
        match fields.get_mut(&item.key) {
            Some(Value::Array(values)) => values.push(item.value.into()),
            _ => drop(fields.insert(item.key, item.value.into())),
        }
    }
}

/// Returns the commitment, in hexadecimal, and the text of the personal part.
pub fn commit(taken: Vec<(String, String)>) -> Result<(String, Vec<u8>), AuditError> {
    let mut text = b"[".to_vec();
    let mut salts = vec![0; SALT * taken.len()];
    getrandom::fill(&mut salts).map_err(|error| AuditError::Random(error.to_string()))?;
    for ((key, value), salt) in taken.into_iter().zip(salts.chunks_exact(SALT)) {
        if text.len() > 1 {
            text.push(b',');
        }
        serde_json::to_writer(&mut text, &Item { salt: hex(salt), key, value })?;
    }
    text.push(b']');
    let root = root(&pieces(&text).unwrap_or_default());
    Ok((hex(&root), text))
}

/// The items of a personal part, in order; `None` if the text is no personal part.
pub fn pieces(text: &[u8]) -> Option<Vec<Piece<'_>>> {
    let mut rest = text.strip_prefix(b"[")?;
    let mut pieces = Vec::new();
    loop {
        let piece = next_piece(rest)?;
        rest = &rest[piece.text.len()..];
        pieces.push(piece);
        match rest.split_first()? {
            (b',', more) => rest = more,
            (b']', []) => return Some(pieces),
            _ => return None,
        }
    }
}

fn next_piece(rest: &[u8]) -> Option<Piece<'_>> {
    if let Some(digits) = rest.strip_prefix(b"\"") {
        let digest = unhex(digits.get(..64)?)?;
        return (digits.get(64) == Some(&b'"')).then_some(Piece {
            text: &rest[..66],
            digest,
            forgotten: true,
        });
    }
    let mut items = serde_json::Deserializer::from_slice(rest).into_iter::<serde::de::IgnoredAny>();
    items.next()?.ok()?;
    let text = &rest[..items.byte_offset()];
    let digest = Sha256::new().chain_update(b"limen audit item\0").chain_update(text).finalize().into();
    Some(Piece { text, digest, forgotten: false })
}

/// The hash that the core commits to.
pub fn root(pieces: &[Piece<'_>]) -> Hash {
    let begun = Sha256::new().chain_update(b"limen audit personal\0");
    pieces.iter().fold(begun, |hash, piece| hash.chain_update(piece.digest)).finalize().into()
}

/// The personal part without the items that `goes` selects; `None` if it selects none.
pub fn forget(text: &[u8], goes: impl Fn(&Item) -> bool) -> Option<Vec<u8>> {
    let pieces = pieces(text)?;
    let gone: Vec<bool> = pieces.iter().map(|piece| piece.item().is_some_and(|item| goes(&item))).collect();
    if !gone.contains(&true) {
        return None;
    }
    let shown = pieces.iter().zip(gone).map(|(piece, gone)| {
        if gone { format!("\"{}\"", hex(&piece.digest)).into_bytes() } else { piece.text.to_vec() }
    });
    Some([b"[".to_vec(), shown.collect::<Vec<_>>().join(&b','), b"]".to_vec()].concat())
}

#[cfg(test)]
mod tests {
    use limen_core::event::Personal;
    use limen_core::person::PersonId;
    use serde_json::json;

    use super::*;

    fn loaded(added: &[&str], removed: &[&str]) -> Fact {
        let id = |text: &&str| Personal(PersonId::new(text).expect("an id"));
        Fact::GalleryLoaded {
            people: 3,
            templates: 3,
            added: added.iter().map(id).collect(),
            removed: removed.iter().map(id).collect(),
            store: None,
        }
    }

    #[test]
    fn what_was_taken_out_is_put_back() {
        let fact = loaded(&["ada", "bob"], &[]);
        let whole = json!(fact);
        let (mut fact, taken) = take_out(&fact).expect("JSON");
        let (_, text) = commit(taken).expect("random bytes");
        assert_eq!((&fact["people"], &fact["added"], &fact["removed"]), (&json!(3), &json!([]), &json!([])));
        put_back(&mut fact, pieces(&text).expect("items").iter().filter_map(Piece::item));
        assert_eq!(fact, whole);
    }

    #[test]
    fn a_forgotten_id_leaves_the_commitment_and_the_others() {
        let (_, taken) = take_out(&loaded(&["zoe", "bob"], &["zoe"])).expect("JSON");
        let (root_before, text) = commit(taken).expect("random bytes");
        let left = forget(&text, |item| item.names("zoe")).expect("two items");
        let pieces = pieces(&left).expect("items");
        assert_eq!(hex(&root(&pieces)), root_before);
        let ids: Vec<String> = pieces.iter().filter_map(Piece::item).map(|item| item.value).collect();
        assert_eq!(ids, ["bob"]);
        // Of the letters in "zoe" only the "e" is a hexadecimal digit, so no salt or hash contains the name.
        assert!(!String::from_utf8_lossy(&left).contains("zoe"));
        assert!(forget(&left, |item| item.names("zoe")).is_none());
    }

    #[test]
    fn a_text_names_whoever_it_has_as_a_word() {
        let item = |value: &str| Item { salt: String::new(), key: "what".into(), value: value.into() };
        assert!(item("gallery.toml:3: \"ada\": no face in ada-1.jpg").names("ada"));
        assert!(!item("gallery.toml:3: \"adam\": no face").names("ada"));
    }

    #[test]
    fn the_salt_makes_the_same_id_look_different() {
        let commit = || commit(vec![("person".into(), "ada".into())]).expect("random bytes").0;
        assert_ne!(commit(), commit());
    }
}
