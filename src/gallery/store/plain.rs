//! Format 1, which was not encrypted: it is read once, then written sealed.
//!
//! Layout, numbers little-endian: magic (8 bytes), version (u32), length of the whole file (u64), digest of
//! the model (32), numbers per embedding (u32), records (u32); then for each record the id's length (u8), the
//! id, the photograph's SHA-256 (32), the plain embedding, the mirrored one (f32 each); at the end the
//! SHA-256 of all before it. Anybody can make such a file, so it counts as older than any sealed one.

use std::path::Path;

use limen_core::embedding::{MAX_DIMENSIONS, ModelDigest};
use limen_core::people::PhotoDigest;
use limen_core::person::PersonId;
use sha2::{Digest as _, Sha256};

use super::cursor::Cursor;
use super::error::{StoreError, shown};
use super::templates::Store;

/// The version of this format.
pub const VERSION: u32 = 1;
const DIGEST: usize = 32;

/// Whether this is a file of format 1.
pub fn is_plain(bytes: &[u8]) -> bool {
    bytes.get(8..12) == Some(&VERSION.to_le_bytes())
}

/// Reads a store of format 1 after magic and version were checked. Its model is in force.
pub fn decode(bytes: &[u8], path: &Path) -> Result<Store, StoreError> {
    let mut cursor = Cursor(bytes);
    let length = cursor.take(12).and_then(|_| cursor.u64());
    let length = length.ok_or_else(|| StoreError::HalfWritten(shown(path)))?;
    if (bytes.len() as u64) < length {
        return Err(StoreError::HalfWritten(shown(path)));
    }
    let checked = check_sum(bytes).filter(|_| bytes.len() as u64 == length);
    checked.and_then(decode_checked).ok_or_else(|| StoreError::Damaged(shown(path)))
}

/// The bytes before the checksum, if it is correct.
fn check_sum(bytes: &[u8]) -> Option<&[u8]> {
    let (covered, sum) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST)?)?;
    (Sha256::digest(covered).as_slice() == sum).then_some(covered)
}

/// Reads header and records without the checksum; `None` if they are wrong.
fn decode_checked(bytes: &[u8]) -> Option<Store> {
    let mut cursor = Cursor(bytes.get(8 + 4 + 8..)?);
    let mut store = Store::empty(ModelDigest(cursor.array()?));
    let dimensions = cursor.u32()? as usize;
    let records = cursor.u32()?;
    if dimensions > MAX_DIMENSIONS {
        return None;
    }
    for _ in 0..records {
        let [length] = cursor.array()?;
        let id = std::str::from_utf8(cursor.take(usize::from(length))?).ok()?;
        let person = PersonId::new(id).ok()?;
        let photo = PhotoDigest(cursor.array()?);
        store.insert(person, photo, cursor.template(dimensions)?).ok()?;
    }
    cursor.0.is_empty().then_some(store)
}
