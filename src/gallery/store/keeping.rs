//! The last good gallery on the disk, beside the store: sealed with the store's key, bound to the store's generation,
//! and numbered, so that neither an older copy nor one of another store is taken for the newest.
//!
//! Numbers little-endian; a *seal* is XChaCha20-Poly1305 with a random nonce.
//!
//! ```text
//! head      magic (8), version (u32), generation of the store (u64), number (u64), key id (16), chunks (u32),
//!           nonce (24), sealed: SHA-256 of all that the chunks hold (32); tag (16)
//! chunk     length of what follows (u32), nonce (24), sealed: people as JSON; tag (16)
//! ```
//!
//! A chunk is authenticated by the head before its nonce and by its index.

use std::io::{self, Write};
use std::path::Path;

use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use limen_core::secret::Key;
use sha2::{Digest as _, Sha256};

use super::error::shown;
use super::sealed::{self, KeyId};
use super::{Cursor, StoreError};
use crate::gallery::kept::{self, Kept};

/// The file's name in the state folder.
pub const KEPT_NAME: &str = "gallery.last";
const MAGIC: &[u8; 8] = b"LIMENLGG";
const VERSION: u32 = 1;
const COVERED: usize = 8 + 4 + 8 + 8 + 16 + 4;
const PROOF: usize = 24 + 32 + 16;
/// People that are sealed together: few enough that a large gallery is not held twice.
const CHUNK: usize = 1000;
const HEAD: &[u8] = b"limen gallery head 1\0";
const PEOPLE: &[u8] = b"limen gallery 1\0";

/// What a head says; not authenticated yet.
pub struct Head {
    /// Of the store that it goes with.
    pub generation: u64,
    /// Grows with every gallery that is kept.
    pub number: u64,
    /// The key that it is sealed with.
    pub key: KeyId,
    chunks: usize,
}

/// What tells the contents of one kept gallery from another's.
pub fn digest_of(kept: &Kept) -> io::Result<[u8; 32]> {
    let mut digest = Sha256::new();
    for people in kept.people.chunks(CHUNK) {
        digest.update(kept::write(people)?);
    }
    Ok(digest.finalize().into())
}

/// Writes the gallery, chunk by chunk.
pub fn seal(kept: &Kept, key: &Key, generation: u64, number: u64, to: &mut dyn Write) -> io::Result<()> {
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
        let text = zeroize::Zeroizing::new(kept::write(people)?);
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

/// Reads a head, magic and version included, without a key.
pub fn read_head(bytes: &[u8], path: &Path) -> Result<Head, StoreError> {
    let mut cursor = Cursor(bytes);
    let begins =
        cursor.array().is_some_and(|magic: [u8; 8]| magic == *MAGIC) && cursor.u32() == Some(VERSION);
    let head = begins.then(|| {
        Some(Head {
            generation: cursor.u64()?,
            number: cursor.u64()?,
            key: KeyId(cursor.array()?),
            chunks: cursor.u32()? as usize,
        })
    });
    head.flatten().ok_or_else(|| StoreError::KeptDamaged(shown(path)))
}

/// The digest of what a file holds, if its head is authentic.
pub fn proven_digest(bytes: &[u8], key: &Key) -> Option<[u8; 32]> {
    let cipher = XChaCha20Poly1305::new(key.bytes().into());
    let (head, proof) = bytes.get(..COVERED + PROOF)?.split_at(COVERED);
    sealed::open(&cipher, &[HEAD, head].concat(), proof)?.as_slice().try_into().ok()
}

/// The gallery in a file that [`read_head`] found sealed with this key; all of it or none.
pub fn unseal(bytes: &[u8], key: &Key, path: &Path) -> Result<Kept, StoreError> {
    let damaged = || StoreError::KeptDamaged(shown(path));
    let Head { chunks, .. } = read_head(bytes, path)?;
    let digest = proven_digest(bytes, key).ok_or_else(damaged)?;
    let cipher = XChaCha20Poly1305::new(key.bytes().into());
    let (head, rest) = bytes.split_at(COVERED);
    let mut cursor = Cursor(&rest[PROOF..]);
    let (mut kept, mut found) = (Kept::default(), Sha256::new());
    for index in 0..chunks {
        let length = cursor.u32().ok_or_else(damaged)?;
        let chunk = cursor.take(length as usize).ok_or_else(damaged)?;
        let text = sealed::open(&cipher, &beside(head, index), chunk).ok_or_else(damaged)?;
        found.update(text.as_slice());
        kept.people.extend(kept::read(&text).ok_or_else(damaged)?);
    }
    let is_whole = cursor.0.is_empty() && <[u8; 32]>::from(found.finalize()) == digest;
    if is_whole { Ok(kept) } else { Err(damaged()) }
}
