//! What the network made of each photograph, kept so that a start does not take minutes.
//!
//! The store is only a cache: everything in it comes from photographs that are still there, so a store that
//! cannot be read is made again and nothing is lost. It is biometric data all the same: mode 0600, never in
//! a log. A record is found by person *and* by the digest of the photograph's bytes, so a photograph that
//! was replaced is embedded again.
//!
//! Layout, numbers little-endian: magic (8 bytes), version (u32), length of the whole file (u64), digest of
//! the model (32), numbers an embedding (u32), records (u32); then for each record the id's length (u8), the
//! id, the photograph's SHA-256 (32), the plain embedding, the mirrored one (f32 each); at the end the
//! SHA-256 of all before it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::embedding::{Embedding, MAX_DIMENSIONS, ModelDigest};
use crate::files::{FileError, Trust, read_trusted, write_atomically};
use crate::person::{PersonId, printable};

/// The store's name in the state folder.
pub const STORE_NAME: &str = "templates.limen";
/// The largest store that is read: the most photographs with 512 numbers an embedding.
const MAX_STORE_BYTES: u64 = 1 << 30;
const MAGIC: &[u8; 8] = b"LIMENTPL";
const VERSION: u32 = 1;
const DIGEST: usize = 32;
const HEADER: usize = 8 + 4 + 8 + DIGEST + 4 + 4;

/// SHA-256 of a photograph file's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhotoDigest(pub [u8; 32]);

impl PhotoDigest {
    /// The digest of a photograph file's bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for PhotoDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PhotoDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhotoDigest(")?;
        self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// What the network makes of one photograph.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoTemplate {
    /// Of the face as it is.
    pub plain: Embedding,
    /// Of the face mirrored left to right.
    pub mirrored: Embedding,
}

impl PhotoTemplate {
    /// The mean of both; `None` if they differ in length.
    pub fn single(&self) -> Option<Embedding> {
        Embedding::mean([&self.plain, &self.mirrored])
    }
}

/// Why a store is not used. In every case it is made again from the photographs, and nothing is lost.
#[derive(Debug, Error)]
pub enum StoreError {
    /// It cannot be read or written, or others may write it.
    #[error(transparent)]
    File(#[from] FileError),
    /// Something else's file.
    #[error("{0}: is no template store; move it away, the templates are made again from the photographs")]
    NotAStore(String),
    /// Written by another version of the program.
    #[error(
        "{path}: has format {found}, this program reads {ours}; \
         nothing to do, the templates are made again from the photographs",
        ours = VERSION
    )]
    OtherVersion {
        /// Which.
        path: String,
        /// Its format's number.
        found: u32,
    },
    /// Shorter than it says.
    #[error(
        "{0}: is only half there (a disk that was full, or a copy that was cut short); \
         nothing to do, the templates are made again from the photographs"
    )]
    HalfWritten(String),
    /// The checksum or a record is wrong.
    #[error(
        "{0}: is damaged; check the disk or card, \
         the templates are made again from the photographs"
    )]
    Damaged(String),
    /// A template that does not fit the store it should go into.
    #[error("a template's length differs from the others': the embedder changed its model")]
    OtherLength,
}

/// The templates of one model, by person and photograph.
#[derive(Debug, Clone, PartialEq)]
pub struct Store {
    model: ModelDigest,
    records: BTreeMap<PersonId, BTreeMap<PhotoDigest, PhotoTemplate>>,
}

impl Store {
    /// No templates of `model`.
    pub fn empty(model: ModelDigest) -> Self {
        Self { model, records: BTreeMap::new() }
    }

    /// The model whose templates these are.
    pub fn model(&self) -> ModelDigest {
        self.model
    }

    /// How many photographs have their template here.
    pub fn len(&self) -> usize {
        self.records.values().map(BTreeMap::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The template of this person's photograph, if it is known.
    pub fn find(&self, person: &PersonId, photo: &PhotoDigest) -> Option<&PhotoTemplate> {
        self.records.get(person)?.get(photo)
    }

    /// Takes the template of this person's photograph out, if it is known.
    pub fn take(&mut self, person: &PersonId, photo: &PhotoDigest) -> Option<PhotoTemplate> {
        let photos = self.records.get_mut(person)?;
        let template = photos.remove(photo);
        if photos.is_empty() {
            self.records.remove(person);
        }
        template
    }

    /// Adds a template, or replaces that of the same photograph. Every embedding has the same length.
    pub fn insert(
        &mut self,
        person: PersonId,
        photo: PhotoDigest,
        template: PhotoTemplate,
    ) -> Result<(), StoreError> {
        let length = self.dimensions().unwrap_or_else(|| template.plain.dimensions());
        if template.plain.dimensions() != length || template.mirrored.dimensions() != length {
            return Err(StoreError::OtherLength);
        }
        self.records.entry(person).or_default().insert(photo, template);
        Ok(())
    }

    /// Reads a store.
    pub fn read(path: &Path, trust: Trust) -> Result<Self, StoreError> {
        let bytes = read_trusted(path, MAX_STORE_BYTES, trust)?;
        Self::decode(&bytes, path)
    }

    /// Replaces the store in one step, mode 0600.
    pub fn write(&self, path: &Path) -> Result<(), StoreError> {
        Ok(write_atomically(path, &self.encode(), 0o600)?)
    }

    fn dimensions(&self) -> Option<usize> {
        let first = self.records.values().flat_map(BTreeMap::values).next()?;
        Some(first.plain.dimensions())
    }

    fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (person, photos) in &self.records {
            for (photo, template) in photos {
                let id = person.as_str().as_bytes();
                // An id has at most 64 bytes.
                body.push(id.len() as u8);
                body.extend_from_slice(id);
                body.extend_from_slice(&photo.0);
                for value in template.plain.values().iter().chain(template.mirrored.values()) {
                    body.extend_from_slice(&value.to_le_bytes());
                }
            }
        }
        let mut bytes = Vec::with_capacity(HEADER + body.len() + DIGEST);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&((HEADER + body.len() + DIGEST) as u64).to_le_bytes());
        bytes.extend_from_slice(&self.model.0);
        // At most 1024 numbers and far fewer than 2^32 photographs: the roster bounds both.
        bytes.extend_from_slice(&(self.dimensions().unwrap_or(0) as u32).to_le_bytes());
        bytes.extend_from_slice(&(self.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&body);
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(checksum.as_slice());
        bytes
    }

    fn decode(bytes: &[u8], path: &Path) -> Result<Self, StoreError> {
        let shown = || printable(&path.to_string_lossy(), 4096);
        let mut cursor = Cursor(bytes);
        let magic: [u8; 8] = cursor.array().ok_or_else(|| StoreError::HalfWritten(shown()))?;
        if &magic != MAGIC {
            return Err(StoreError::NotAStore(shown()));
        }
        let found = cursor.u32().ok_or_else(|| StoreError::HalfWritten(shown()))?;
        if found != VERSION {
            return Err(StoreError::OtherVersion { path: shown(), found });
        }
        let length = cursor.u64().ok_or_else(|| StoreError::HalfWritten(shown()))?;
        if (bytes.len() as u64) < length {
            return Err(StoreError::HalfWritten(shown()));
        }
        let checked = check_sum(bytes).filter(|_| bytes.len() as u64 == length);
        checked.and_then(Self::decode_checked).ok_or_else(|| StoreError::Damaged(shown()))
    }

    /// Reads header and records, the checksum verified and cut off; `None` if they make no sense.
    fn decode_checked(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(bytes.get(8 + 4 + 8..)?);
        let mut store = Self::empty(ModelDigest(cursor.array()?));
        let dimensions = cursor.u32()? as usize;
        let records = cursor.u32()?;
        if dimensions > MAX_DIMENSIONS {
            return None;
        }
        for _ in 0..records {
            let (person, photo, template) = cursor.record(dimensions)?;
            store.insert(person, photo, template).ok()?;
        }
        cursor.0.is_empty().then_some(store)
    }
}

/// The bytes before the checksum, if it is theirs.
fn check_sum(bytes: &[u8]) -> Option<&[u8]> {
    let (covered, sum) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST)?)?;
    (Sha256::digest(covered).as_slice() == sum).then_some(covered)
}

/// What is left to read; every step is `None` when too little is left, before anything is allocated.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn embedding(&mut self, dimensions: usize) -> Option<Embedding> {
        let bytes = self.take(dimensions.checked_mul(4)?)?;
        let values: Vec<f32> = bytes
            .chunks_exact(4)
            .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
            .collect();
        Embedding::new(values)
    }

    fn record(&mut self, dimensions: usize) -> Option<(PersonId, PhotoDigest, PhotoTemplate)> {
        let [length] = self.array()?;
        let id = std::str::from_utf8(self.take(usize::from(length))?).ok()?;
        let person = PersonId::new(id).ok()?;
        let photo = PhotoDigest(self.array()?);
        let template =
            PhotoTemplate { plain: self.embedding(dimensions)?, mirrored: self.embedding(dimensions)? };
        Some((person, photo, template))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> PersonId {
        PersonId::new(text).expect("an id")
    }

    fn template(seed: f32) -> PhotoTemplate {
        let embedding = |v: f32| Embedding::new([v, v + 0.5, -v]).expect("finite");
        PhotoTemplate { plain: embedding(seed), mirrored: embedding(seed + 1.0) }
    }

    fn store() -> Store {
        let mut store = Store::empty(ModelDigest::of(b"model"));
        for (person, photo, seed) in [("ada", "1", 0.1), ("ada", "2", 0.2), ("bob", "1", 0.3)] {
            store.insert(id(person), PhotoDigest::of(photo.as_bytes()), template(seed)).expect("same length");
        }
        store
    }

    fn decode(bytes: &[u8]) -> Result<Store, StoreError> {
        Store::decode(bytes, Path::new("templates.limen"))
    }

    #[test]
    fn a_store_reads_what_it_wrote_and_only_its_owner_may() {
        use std::os::unix::fs::MetadataExt as _;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(STORE_NAME);
        store().write(&path).expect("written");
        let read = Store::read(&path, Trust::Checked).expect("read");
        assert_eq!(read, store());
        assert_eq!(read.find(&id("bob"), &PhotoDigest::of(b"1")), Some(&template(0.3)));
        assert_eq!(read.find(&id("bob"), &PhotoDigest::of(b"2")), None);
        assert_eq!(std::fs::metadata(&path).expect("there").mode() & 0o7777, 0o600);
        assert_eq!(decode(&Store::empty(read.model()).encode()).expect("empty").len(), 0);
    }

    #[test]
    fn a_store_cut_anywhere_is_an_error() {
        let bytes = store().encode();
        for length in 0..bytes.len() {
            assert!(matches!(decode(&bytes[..length]), Err(StoreError::HalfWritten(_))), "cut at {length}");
        }
    }

    #[test]
    fn a_bit_flipped_anywhere_is_an_error() {
        let mut bytes = store().encode();
        for at in 0..bytes.len() * 8 {
            bytes[at / 8] ^= 1 << (at % 8);
            assert!(decode(&bytes).is_err(), "bit {at}");
            bytes[at / 8] ^= 1 << (at % 8);
        }
    }

    #[test]
    fn more_bytes_after_the_end_are_damage() {
        let mut bytes = store().encode();
        bytes.push(0);
        assert!(matches!(decode(&bytes), Err(StoreError::Damaged(_))));
    }

    #[test]
    fn a_huge_count_with_a_right_checksum_allocates_nothing() {
        let mut bytes = store().encode();
        bytes.truncate(bytes.len() - DIGEST);
        bytes[HEADER - 4..HEADER].copy_from_slice(&u32::MAX.to_le_bytes());
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(checksum.as_slice());
        assert!(matches!(decode(&bytes), Err(StoreError::Damaged(_))));
    }

    #[test]
    fn another_version_and_another_file_say_that_nothing_is_lost() {
        let mut bytes = store().encode();
        bytes[8] = 9;
        let error = decode(&bytes).expect_err("format 9").to_string();
        assert_eq!(
            error,
            "templates.limen: has format 9, this program reads 1; \
             nothing to do, the templates are made again from the photographs"
        );
        assert!(matches!(decode(b"PK\x03\x04 an archive"), Err(StoreError::NotAStore(_))));
    }

    #[test]
    fn templates_of_different_length_do_not_mix() {
        let short = Embedding::new([1.0]).expect("finite");
        let odd = PhotoTemplate { plain: short.clone(), mirrored: short };
        let result = store().insert(id("eve"), PhotoDigest::of(b"3"), odd);
        assert!(matches!(result, Err(StoreError::OtherLength)));
    }
}
