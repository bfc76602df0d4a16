//! The template store: as it lies there, of format 1, and sealed around what the fuzzer makes up.
//!
//! The sealing is written here a second time, after `docs/templates.md` and not after the program.

use std::fs;

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use limen::gallery::store::{STORE_NAME, StoreFile};
use limen_core::embedding::ModelDigest;
use limen_core::person::is_deceptive;
use limen_files::Trust;
use sha2::{Digest as _, Sha256};

use super::files::written;

/// The key of the seeds.
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
/// Of a record before what is sealed: length of the id, id, model.
const NAMED: usize = 1 + 64 + 32;

/// The template store. The first byte says which: 0 has a key beside it and is taken as it is; 1 has none and is of
/// format 1, whose checksum is made right; 2 is what was sealed, and is sealed first ([`sealed`]).
pub fn store(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let (folder, model) = (super::folder(), ModelDigest::of(b"model"));
    let file = match kind % 3 {
        0 => Some(bytes.to_vec()),
        1 => Some(with_checksum(bytes)),
        _ => sealed(bytes),
    };
    let Some(file) = file else { return };
    for left in fs::read_dir(&folder).expect("a folder").flatten() {
        // What the call before left there.
        let _ = fs::remove_file(left.path());
    }
    if kind % 3 != 1 {
        written("store.key", KEY.as_bytes());
    }
    written(STORE_NAME, &file);
    let store_file = StoreFile::in_state(&folder, None);
    match store_file.open(model, Trust::Checked) {
        Ok(Some(opened)) => {
            assert!(opened.refused.iter().all(|why| !why.to_string().chars().any(is_deceptive)));
            let generation = store_file.write(&opened.store, Some(&opened)).expect("written");
            assert!(generation > opened.generation || generation == u64::MAX);
            let again =
                store_file.open(model, Trust::Checked).expect("reads what it writes").expect("it is there");
            assert!(again.is_sound() && again.generation == generation);
            assert_eq!(again.store, opened.store);
        }
        Ok(None) => panic!("the store is there"),
        Err(error) => assert!(!error.to_string().chars().any(is_deceptive), "{error}"),
    }
}

/// Format 1: the length and the checksum as they must be.
fn with_checksum(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if let Some(at) = bytes.len().checked_sub(32).filter(|at| *at >= 20) {
        let length = (bytes.len() as u64).to_le_bytes();
        bytes[12..20].copy_from_slice(&length);
        let sum = Sha256::digest(&bytes[..at]);
        bytes[at..].copy_from_slice(&sum);
    }
    bytes
}

/// Numbers an embedding (u16), records beyond those that are there (i8), generation (u64), then record after record: how
/// it is named, and what is sealed. A last one that is not whole stays as it is.
fn sealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let (&[low, high, more, ref generation @ ..], records) = bytes.split_first_chunk::<11>()?;
    let dimensions = u16::from_le_bytes([low, high]);
    let size = NAMED + 32 + 4 + 2 * 4 * usize::from(dimensions);
    let count = (records.len() / size) as i64 + i64::from(more as i8);
    let key: Vec<u8> = (0..32).collect();
    let cipher = XChaCha20Poly1305::new_from_slice(&key).ok()?;
    let key_id = Sha256::new().chain_update(b"limen store key\0").chain_update(&key).finalize();
    let mut file = b"LIMENTPL\x02\0\0\0".to_vec();
    file.extend(generation);
    file.extend(&key_id[..16]);
    file.extend(u32::from(dimensions).to_le_bytes());
    file.extend(u32::try_from(count.max(0)).ok()?.to_le_bytes());
    let head = [b"limen store head 2\0", file.as_slice()].concat();
    seal(&mut file, &cipher, &head, b"")?;
    let whole = records.chunks_exact(size);
    let rest = whole.remainder();
    for (index, record) in whole.enumerate() {
        let (named, inside) = record.split_at(NAMED);
        let (name, model) = named.split_at(NAMED - 32);
        let index = (index as u64).to_le_bytes();
        let beside = [b"limen template 2\0".as_slice(), generation, &index, model, name].concat();
        file.extend(named);
        seal(&mut file, &cipher, &beside, inside)?;
    }
    file.extend(rest);
    Some(file)
}

/// Nonce, sealed text and tag. The nonce is always the same: what is sealed here is no secret.
fn seal(file: &mut Vec<u8>, cipher: &XChaCha20Poly1305, aad: &[u8], msg: &[u8]) -> Option<()> {
    let nonce = [7; 24];
    file.extend(nonce);
    file.extend(cipher.encrypt((&nonce).into(), Payload { msg, aad }).ok()?);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_was_sealed_as_the_documentation_says_opens() {
        let folder = super::super::folder();
        written("store.key", KEY.as_bytes());
        let seed = include_bytes!("../corpus/store/made-up");
        written(STORE_NAME, &sealed(&seed[1..]).expect("sealed"));
        let opened = StoreFile::in_state(&folder, None).open(ModelDigest::of(b"model"), Trust::Checked);
        let opened = opened.expect("opens").expect("is there");
        assert!(opened.is_sound());
        assert_eq!((opened.store.len(), opened.generation), (2, 3));
    }
}
