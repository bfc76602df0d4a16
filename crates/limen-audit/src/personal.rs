//! The personal part of a record: the fields that name people. It lies beside the core and can be forgotten.
//!
//! Each id is in its own item, with 16 random bytes of salt. The core holds one commitment, the hash of the
//! items' hashes. To forget an item, its hash takes its place: the commitment still holds, and the salt keeps
//! others from finding the id by trying all ids.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::error::AuditError;
use super::line::{Hash, hex, unhex};

/// The fields of a fact that name people: one id, or a list of ids.
const IDS: [&str; 5] = ["person", "second", "nearest", "added", "removed"];
/// A kind of fact whose text `what` may name people, because it repeats lines of the gallery file.
const TALKATIVE: &str = "gallery-refused";
/// The length of an item's salt, in bytes: too long to try all values.
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
        let mut words = self.value.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        self.value == id || words.any(|word| word == id)
    }
}

/// An item in the text of a line.
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

/// Removes the fields that name people from a fact, and returns their names and values in order. A list
/// stays, but empty.
pub fn take_out(fact: &mut Value) -> Vec<(String, String)> {
    let talkative = fact["kind"] == TALKATIVE;
    let Value::Object(fields) = fact else { return Vec::new() };
    let keys = IDS.into_iter().chain(talkative.then_some("what"));
    let mut taken = Vec::new();
    for key in keys {
        match fields.get_mut(key) {
            Some(Value::String(value)) => {
                taken.push((key.to_owned(), std::mem::take(value)));
                fields.remove(key);
            }
            Some(Value::Array(values)) => {
                let ids =
                    values.drain(..).filter_map(|value| Some((key.to_owned(), value.as_str()?.to_owned())));
                taken.extend(ids);
            }
            _ => {}
        }
    }
    taken
}

/// The removed fields as items, still without salt.
pub fn items_of(taken: Vec<(String, String)>) -> Vec<Item> {
    taken.into_iter().map(|(key, value)| Item { salt: String::new(), key, value }).collect()
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
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_taken_out_is_put_back() {
        let whole = json!({"kind": "gallery-loaded", "people": 3, "added": ["ada", "bob"], "removed": []});
        let mut fact = whole.clone();
        let (_, text) = commit(take_out(&mut fact)).expect("random bytes");
        assert_eq!(fact, json!({"kind": "gallery-loaded", "people": 3, "added": [], "removed": []}));
        put_back(&mut fact, pieces(&text).expect("items").iter().filter_map(Piece::item));
        assert_eq!(fact, whole);
    }

    #[test]
    fn a_forgotten_id_leaves_the_commitment_and_the_others() {
        let mut fact = json!({"kind": "gallery-loaded", "added": ["zoe", "bob"], "removed": ["zoe"]});
        let (root_before, text) = commit(take_out(&mut fact)).expect("random bytes");
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
