//! Seals: Ed25519 signatures over the chain, each with a key that is used once.
//!
//! Seal *n* is signed with key *n* and names the public half of key *n + 1*; then key *n* is erased. Whoever
//! takes over the machine finds only the key of the next seal, which cannot sign another past.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use limen_core::secret::KeyBytes;
use thiserror::Error;
use zeroize::Zeroizing;

use super::error::AuditError;
use super::line::{Hash, hex, unhex};

/// The beginning of each signed text, so that no other program's signature can be taken for a seal.
const CONTEXT: &[u8] = b"limen audit seal 2\0";

/// A public key. As text: 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealKey(VerifyingKey);

/// The text is no public key.
#[derive(Debug, Error)]
#[error("is no public key; write the 64 hexadecimal digits that `limen audit verify` prints")]
pub struct NoKey;

impl std::str::FromStr for SealKey {
    type Err = NoKey;
    fn from_str(text: &str) -> Result<Self, NoKey> {
        let bytes = unhex(text.trim().as_bytes()).ok_or(NoKey)?;
        VerifyingKey::from_bytes(&bytes).map(Self).map_err(|_| NoKey)
    }
}

impl std::fmt::Display for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(self.0.as_bytes()))
    }
}

impl SealKey {
    /// Whether `digits` are this key's signature of the core with this hash.
    pub fn has_signed(&self, core: &Hash, digits: &[u8]) -> bool {
        let Some(bytes) = unhex(digits) else { return false };
        self.0.verify_strict(&message(core), &Signature::from_bytes(&bytes)).is_ok()
    }
}

/// A secret key. It stays in one place of the memory, and is zeroed when dropped.
#[derive(Debug)]
pub struct SecretKey(Box<SigningKey>);

impl SecretKey {
    /// A new key from the kernel's random numbers.
    pub fn random() -> Result<Self, AuditError> {
        let seed = limen_files::keys::random_key().map_err(|error| AuditError::Random(error.to_string()))?;
        Ok(Self(Box::new(SigningKey::from_bytes(seed.bytes()))))
    }

    /// Reads 64 hexadecimal digits, with white space around them; `None` for anything else.
    pub fn parse(text: &[u8]) -> Option<Self> {
        KeyBytes::parse(text).map(|seed| Self(Box::new(SigningKey::from_bytes(seed.bytes()))))
    }

    /// The key as text, as [`SecretKey::parse`] reads it.
    pub fn text(&self) -> Zeroizing<Vec<u8>> {
        KeyBytes::of(&Zeroizing::new(self.0.to_bytes())).text()
    }

    /// The public half.
    pub fn public(&self) -> SealKey {
        SealKey(self.0.verifying_key())
    }

    /// The signature, in hexadecimal, of the core with this hash.
    pub fn sign(&self, core: &Hash) -> String {
        hex(&self.0.sign(&message(core)).to_bytes())
    }
}

fn message(core: &Hash) -> Vec<u8> {
    [CONTEXT, core].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_one_key_and_one_core() {
        let (key, other) = (SecretKey::random().expect("random"), SecretKey::random().expect("random"));
        let signature = key.sign(&[1; 32]);
        assert!(key.public().has_signed(&[1; 32], signature.as_bytes()));
        assert!(!key.public().has_signed(&[2; 32], signature.as_bytes()));
        assert!(!other.public().has_signed(&[1; 32], signature.as_bytes()));
        assert!(!key.public().has_signed(&[1; 32], signature.to_uppercase().as_bytes()));
    }

    #[test]
    fn keys_read_what_they_write() {
        let key = SecretKey::random().expect("random");
        assert_eq!(SecretKey::parse(&key.text()).expect("a key").public(), key.public());
        assert_eq!(key.public().to_string().parse::<SealKey>().expect("a key"), key.public());
        assert!(SecretKey::parse(b"secret").is_none() && "secret".parse::<SealKey>().is_err());
    }
}
