//! Format 2: every record is sealed by itself, bound to its person, its model and its place.
//!
//! Numbers are little-endian; a *seal* is XChaCha20-Poly1305 with a random nonce.
//!
//! ```text
//! head      magic (8), version (u32), generation (u64), key id (16), numbers per embedding (u32),
//!           records (u32), nonce (24), tag (16): an empty seal over all before the nonce
//! record    length of the id (u8), id padded with zeroes (64), model (32), nonce (24),
//!           sealed: photograph's SHA-256 (32), numbers (u32), plain, mirrored (f32 each), zeroes; tag (16)
//! ```
//!
//! All records have the same size, so that an altered one hides no other. A record is authenticated with the
//! generation, its index, its id and its model: it does not open if it was moved to another place or person,
//! repeated, or kept from an older store.

use std::io::{self, Write};
use std::path::Path;

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use limen_core::embedding::{MAX_DIMENSIONS, ModelDigest};
use limen_core::people::PhotoDigest;
use limen_core::person::{MAX_ID_LENGTH, PersonId};
use limen_core::secret::KeyBytes;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::cursor::Cursor;
use super::error::{StoreError, shown};
use super::templates::{PhotoTemplate, Store, TemplateSource};
use super::version::VERSION;

pub const MAGIC: &[u8; 8] = b"LIMENTPL";
const NONCE: usize = 24;
const TAG: usize = 16;
/// The length of the part of the head that its tag covers, in bytes.
const COVERED: usize = 8 + 4 + 8 + 16 + 4 + 4;
/// The length of the whole head, in bytes.
pub const HEAD: usize = COVERED + NONCE + TAG;
/// The length of a record before its sealed part, in bytes.
const OPEN: usize = 1 + MAX_ID_LENGTH + 32 + NONCE;

/// The number of records that are opened before their memory is freed.
const LET_GO: usize = 1024;

/// Identifies a key without revealing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyId(pub(super) [u8; 16]);

impl KeyId {
    /// The id of a key.
    pub fn of(key: &KeyBytes) -> Self {
        let digest = Sha256::new().chain_update(b"limen store key\0").chain_update(key.bytes()).finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }
}

/// The contents of a head, not authenticated yet.
#[derive(Debug, Clone, Copy)]
pub struct StoreHead {
    /// The generation, larger than that of any store written before.
    pub generation: u64,
    /// The key that it is sealed with.
    pub key: KeyId,
    /// The length of the longest embedding.
    dimensions: usize,
    records: usize,
}

/// A store, and why parts of it are not used.
pub struct Unsealed {
    pub store: Store,
    pub refused: Vec<StoreError>,
}

/// Writes the store with new nonces, record by record: a large one is not in memory twice.
pub fn seal(store: &Store, key: &KeyBytes, generation: u64, to: &mut dyn Write) -> io::Result<()> {
    let cipher = XChaCha20Poly1305::new(key.bytes().into());
    let dimensions = store.entries().map(|(.., template)| template.plain.dimensions()).max().unwrap_or(0);
    let records = store.entries().count();
    let mut head = Vec::with_capacity(COVERED);
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&VERSION.to_le_bytes());
    head.extend_from_slice(&generation.to_le_bytes());
    head.extend_from_slice(&KeyId::of(key).0);
    // At most 1024 numbers, and far fewer than 2^32 photographs: the roster limits both.
    head.extend_from_slice(&(dimensions as u32).to_le_bytes());
    head.extend_from_slice(&(records as u32).to_le_bytes());
    to.write_all(&head)?;
    write_sealed(to, &cipher, &[b"limen store head 2\0", head.as_slice()].concat(), b"")?;
    for (index, (person, source, template)) in store.entries().enumerate() {
        let named = name_of(person);
        to.write_all(&named)?;
        to.write_all(&source.0.0)?;
        let inside = inside(source, template, dimensions);
        write_sealed(to, &cipher, &beside(generation, index, &named, &source.0), &inside)?;
    }
    Ok(())
}

/// Writes nonce, sealed text and tag.
pub fn write_sealed(
    to: &mut dyn Write,
    cipher: &XChaCha20Poly1305,
    aad: &[u8],
    msg: &[u8],
) -> io::Result<()> {
    let unsealed = |what: String| io::Error::other(StoreError::Sealing(what));
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|error| unsealed(error.to_string()))?;
    let sealed = cipher.encrypt((&nonce).into(), Payload { msg, aad });
    to.write_all(&nonce)?;
    to.write_all(&sealed.map_err(|error| unsealed(error.to_string()))?)
}

fn record_size(dimensions: usize) -> usize {
    OPEN + inside_size(dimensions) + TAG
}

fn inside_size(dimensions: usize) -> usize {
    32 + 4 + 2 * 4 * dimensions
}

/// The id as it is written in a record.
fn name_of(person: &PersonId) -> [u8; 1 + MAX_ID_LENGTH] {
    let mut name = [0; 1 + MAX_ID_LENGTH];
    let id = person.as_str().as_bytes();
    // An id has at most 64 bytes.
    name[0] = id.len() as u8;
    name[1..=id.len()].copy_from_slice(id);
    name
}

fn inside((_, photo): &TemplateSource, template: &PhotoTemplate, dimensions: usize) -> Zeroizing<Vec<u8>> {
    let mut inside = Zeroizing::new(Vec::with_capacity(inside_size(dimensions)));
    inside.extend_from_slice(&photo.0);
    inside.extend_from_slice(&(template.plain.dimensions() as u32).to_le_bytes());
    for value in template.plain.values().iter().chain(template.mirrored.values()) {
        inside.extend_from_slice(&value.to_le_bytes());
    }
    inside.resize(inside_size(dimensions), 0);
    inside
}

/// What authenticates a record besides its sealed part.
fn beside(generation: u64, index: usize, name: &[u8], model: &ModelDigest) -> Vec<u8> {
    let (generation, index) = (generation.to_le_bytes(), (index as u64).to_le_bytes());
    [b"limen template 2\0".as_slice(), &generation, &index, &model.0, name].concat()
}

/// Reads a head of format 2, with magic and version, without a key.
pub fn read_head(bytes: &[u8], path: &Path) -> Result<StoreHead, StoreError> {
    let mut cursor = Cursor(bytes);
    let half = || StoreError::HalfWritten(shown(path));
    let magic: [u8; 8] = cursor.array().ok_or_else(half)?;
    if &magic != MAGIC {
        return Err(StoreError::NotAStore(shown(path)));
    }
    let found = cursor.u32().ok_or_else(half)?;
    if found != VERSION {
        return Err(StoreError::OtherVersion { path: shown(path), found });
    }
    let read = (cursor.u64(), cursor.array(), cursor.u32(), cursor.u32(), cursor.take(NONCE + TAG));
    let (Some(generation), Some(key), Some(dimensions), Some(records), Some(_)) = read else {
        return Err(half());
    };
    Ok(StoreHead { generation, key: KeyId(key), dimensions: dimensions as usize, records: records as usize })
}

/// Opens a store whose head [`read_head`] has read, with its key. `model` will be in force. If the head is
/// not authentic, all of it is refused; a record that is not authentic is omitted and named.
///
/// It begins with the last record and frees the memory of what it has opened: a large store is not in memory
/// twice.
pub fn unseal(
    mut bytes: Vec<u8>,
    key: &KeyBytes,
    model: ModelDigest,
    path: &Path,
) -> Result<Unsealed, StoreError> {
    let head = read_head(&bytes, path)?;
    let cipher = XChaCha20Poly1305::new(key.bytes().into());
    let (covered, proof) = bytes[..HEAD].split_at(COVERED);
    let authentic = open(&cipher, &[b"limen store head 2\0", covered].concat(), proof).is_some();
    if !authentic || head.dimensions > MAX_DIMENSIONS {
        return Err(StoreError::Damaged(shown(path)));
    }
    let size = record_size(head.dimensions);
    let there = ((bytes.len() - HEAD) / size).min(head.records);
    let (mut store, mut refused) = (Store::empty(model), Vec::new());
    if there < head.records {
        refused.push(StoreError::CutShort { path: shown(path), count: head.records - there });
    } else if bytes.len() > HEAD + there * size {
        refused.push(StoreError::Excess(shown(path)));
    }
    for index in (0..there).rev() {
        let start = HEAD + index * size;
        let record = &bytes[start..start + size];
        let taken =
            open_record(&cipher, head, index, record).and_then(|(person, (model, photo), template)| {
                store.insert_of(model, person, photo, template).ok()
            });
        if taken.is_none() {
            refused.push(refusal(record, index, path));
        }
        if index.is_multiple_of(LET_GO) {
            bytes.truncate(start);
            bytes.shrink_to_fit();
        }
    }
    refused.reverse();
    Ok(Unsealed { store, refused })
}

/// Opens what [`write_sealed`] wrote; `None` if it is not authentic.
pub fn open(cipher: &XChaCha20Poly1305, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, msg) = sealed.split_first_chunk::<NONCE>()?;
    cipher.decrypt(nonce.into(), Payload { msg, aad }).ok().map(Zeroizing::new)
}

fn open_record(
    cipher: &XChaCha20Poly1305,
    head: StoreHead,
    index: usize,
    record: &[u8],
) -> Option<(PersonId, TemplateSource, PhotoTemplate)> {
    let mut cursor = Cursor(record);
    let name = cursor.take(1 + MAX_ID_LENGTH)?;
    let model = ModelDigest(cursor.array()?);
    let inside = open(cipher, &beside(head.generation, index, name, &model), cursor.0)?;
    let mut cursor = Cursor(&inside);
    let photo = PhotoDigest(cursor.array()?);
    let dimensions = cursor.u32()? as usize;
    Some((person_in(name)?, (model, photo), cursor.template(dimensions)?))
}

fn person_in(name: &[u8]) -> Option<PersonId> {
    let (length, id) = name.split_first()?;
    let id = std::str::from_utf8(id.get(..usize::from(*length))?).ok()?;
    PersonId::new(id).ok()
}

fn refusal(record: &[u8], index: usize, path: &Path) -> StoreError {
    let path = shown(path);
    match record.get(..=MAX_ID_LENGTH).and_then(person_in) {
        Some(person) => StoreError::Altered { path, person },
        None => StoreError::AlteredBeyondName { path, index },
    }
}
