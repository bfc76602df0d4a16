//! The file of the last good gallery, beside the store: sealed with the store's key, bound to the store's
//! generation, and numbered, so that neither an older copy nor that of another store is taken for the newest.
//!
//! Numbers are little-endian; a *seal* is XChaCha20-Poly1305 with a random nonce.
//!
//! ```text
//! head      magic (8), version (u32), store's generation (u64), number (u64), key id (16), chunks (u32),
//!           nonce (24), sealed: SHA-256 of all that the chunks hold (32); tag (16)
//! chunk     length of what follows (u32), nonce (24), sealed: people as JSON; tag (16)
//! ```
//!
//! A chunk is authenticated with the head up to its nonce and with the index of the chunk.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use limen_core::secret::KeyBytes;
use sha2::{Digest as _, Sha256};

use super::cursor::Cursor;
use super::error::{StoreError, shown};
use super::sealed::{self, KeyId};
use crate::gallery::last_good::{self, Kept};

/// The name of the file in the state folder.
pub const KEPT_NAME: &str = "gallery.last";
const MAGIC: &[u8; 8] = b"LIMENLGG";
const VERSION: u32 = 1;
const COVERED: usize = 8 + 4 + 8 + 8 + 16 + 4;
const PROOF: usize = 24 + 32 + 16;
/// The number of people per chunk: so few that a large gallery is not in memory twice.
const CHUNK: usize = 1000;
const HEAD: &[u8] = b"limen gallery head 1\0";
const PEOPLE: &[u8] = b"limen gallery 1\0";

/// The contents of a head, not authenticated yet.
pub struct KeptHead {
    /// The generation of the store that it belongs to.
    pub generation: u64,
    /// The number of this gallery, larger than that of any kept before.
    pub number: u64,
    /// The key that it is sealed with.
    pub key: KeyId,
    chunks: usize,
}

/// The digest of a kept gallery's contents.
pub fn digest_of(kept: &Kept) -> io::Result<[u8; 32]> {
    let mut digest = Sha256::new();
    for people in kept.people.chunks(CHUNK) {
        digest.update(last_good::write(people)?);
    }
    Ok(digest.finalize().into())
}

/// Writes the gallery, chunk by chunk.
pub fn seal(kept: &Kept, key: &KeyBytes, generation: u64, number: u64, to: &mut dyn Write) -> io::Result<()> {
    let cipher = XChaCha20Poly1305::new(key.bytes().into());
    let chunks = kept.people.chunks(CHUNK);
    let mut head = Vec::with_capacity(COVERED);
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&VERSION.to_le_bytes());
    head.extend_from_slice(&generation.to_le_bytes());
    head.extend_from_slice(&number.to_le_bytes());
    head.extend_from_slice(&KeyId::of(key).0);
    // The roster allows far fewer than 2^32 people.
    head.extend_from_slice(&(chunks.len() as u32).to_le_bytes());
    to.write_all(&head)?;
    sealed::write_sealed(to, &cipher, &[HEAD, &head].concat(), &digest_of(kept)?)?;
    for (index, people) in chunks.enumerate() {
        let mut chunk = Vec::new();
        let text = zeroize::Zeroizing::new(last_good::write(people)?);
        sealed::write_sealed(&mut chunk, &cipher, &beside(&head, index), &text)?;
        let length = u32::try_from(chunk.len()).map_err(io::Error::other)?;
        to.write_all(&length.to_le_bytes())?;
        to.write_all(&chunk)?;
    }
    Ok(())
}

fn beside(head: &[u8], index: usize) -> Vec<u8> {
    [PEOPLE, head, &(index as u64).to_le_bytes()].concat()
}

/// A kept gallery that is read chunk by chunk: a large one is never in memory as a whole.
pub struct Sealed<R> {
    from: R,
    path: PathBuf,
    /// The contents of its head.
    pub head: KeptHead,
    covered: [u8; COVERED],
    proof: [u8; PROOF],
}

impl<R: Read> Sealed<R> {
    /// Reads the head, with magic and version, without a key.
    pub fn begin(mut from: R, path: &Path) -> Result<Self, StoreError> {
        let (mut covered, mut proof) = ([0; COVERED], [0; PROOF]);
        let head = from.read_exact(&mut covered).and_then(|()| from.read_exact(&mut proof)).ok();
        let head = head.and_then(|()| read_head(&covered)).ok_or_else(|| damaged(path))?;
        Ok(Self { from, path: path.to_owned(), head, covered, proof })
    }

    /// The digest of the file's contents, if its head is authentic.
    pub fn proven_digest(&self, key: &KeyBytes) -> Option<[u8; 32]> {
        let cipher = XChaCha20Poly1305::new(key.bytes().into());
        sealed::open(&cipher, &[HEAD, &self.covered].concat(), &self.proof)?.as_slice().try_into().ok()
    }

    /// All people in it, or an error.
    pub fn unseal(self, key: &KeyBytes) -> Result<Kept, StoreError> {
        let mut kept = Kept::default();
        self.each_chunk(key, |text| {
            kept.people.extend(last_good::read(text)?);
            Some(())
        })?;
        Ok(kept)
    }

    /// Whether all of it can be read with this key.
    pub fn proves_whole(self, key: &KeyBytes) -> bool {
        self.each_chunk(key, |_| Some(())).is_ok()
    }

    fn each_chunk(
        mut self,
        key: &KeyBytes,
        mut take: impl FnMut(&[u8]) -> Option<()>,
    ) -> Result<(), StoreError> {
        let digest = self.proven_digest(key);
        let cipher = XChaCha20Poly1305::new(key.bytes().into());
        let mut found = Sha256::new();
        let mut chunk = Vec::new();
        for index in 0..self.head.chunks {
            let text = self
                .read_chunk(&mut chunk)
                .and_then(|()| sealed::open(&cipher, &beside(&self.covered, index), &chunk))
                .ok_or_else(|| damaged(&self.path))?;
            found.update(text.as_slice());
            take(&text).ok_or_else(|| damaged(&self.path))?;
        }
        let is_at_end = matches!(self.from.read(&mut [0]), Ok(0));
        let is_whole = is_at_end && digest == Some(found.finalize().into());
        if is_whole { Ok(()) } else { Err(damaged(&self.path)) }
    }

    fn read_chunk(&mut self, chunk: &mut Vec<u8>) -> Option<()> {
        let mut length = [0; 4];
        self.from.read_exact(&mut length).ok()?;
        let length = u64::from(u32::from_le_bytes(length));
        chunk.clear();
        // Grows with the bytes that are there, whatever the length says.
        let read = (&mut self.from).take(length).read_to_end(chunk).ok()?;
        (read as u64 == length).then_some(())
    }
}

fn read_head(bytes: &[u8]) -> Option<KeptHead> {
    let mut cursor = Cursor(bytes);
    let begins = cursor.array() == Some(*MAGIC) && cursor.u32() == Some(VERSION);
    begins.then_some(())?;
    Some(KeptHead {
        generation: cursor.u64()?,
        number: cursor.u64()?,
        key: KeyId(cursor.array()?),
        chunks: cursor.u32()? as usize,
    })
}

fn damaged(path: &Path) -> StoreError {
    StoreError::KeptDamaged(shown(path))
}
