//! PIN hashes of the gallery file: Argon2id in a PHC string, `$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH`.
//!
//! An attacker who can read the file can still try all ten thousand PINs of four digits. The hash makes that
//! take minutes, not microseconds, and nobody who edits the file sees a PIN.

use std::fmt;

use argon2::password_hash::phc::{Error, Ident, Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error;
use zeroize::Zeroizing;

use super::digits::Digits;
use super::equality::are_equal;

/// The cost of a new hash: 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet, Argon2id).
const NEW: Cost = Cost { memory: 19 * 1024, passes: 2, lanes: 1 };
/// The cost that a hash in the file may have: from the least that OWASP lists to the most that a Pi can
/// spare.
const LEAST: Cost = Cost { memory: 7 * 1024, passes: 1, lanes: 1 };
const MOST: Cost = Cost { memory: 64 * 1024, passes: 5, lanes: 4 };
/// The length of a new hash's salt, in bytes.
pub const SALT: usize = 16;
/// The length of a new hash, in bytes.
const HASH: usize = 32;
/// The name of the algorithm in a PHC string.
const ALGORITHM: &str = "argon2id";
const VERSION: u32 = 19;
/// The length of the shortest hash that is accepted, in bytes.
const SHORTEST_HASH: usize = 16;
/// The length of the longest PHC string that is read, in bytes.
const LONGEST_TEXT: usize = 256;

/// Why a text is no PIN hash, or why a PIN could not be compared with one.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum HashError {
    /// The text is no PHC string.
    #[error("is no PHC string ($argon2id$v=19$m=...,t=...,p=...$SALT$HASH)")]
    Form,
    /// The algorithm or its version is another one.
    #[error("is not of Argon2id, version 19")]
    Algorithm,
    /// The hash costs too little or too much to compute.
    #[error(
        "asks for parameters out of range (m {} to {} KiB, t {} to {}, p {} to {})",
        LEAST.memory, MOST.memory, LEAST.passes, MOST.passes, LEAST.lanes, MOST.lanes
    )]
    Cost,
    /// The salt or the hash is not base64, too short or too long.
    #[error(
        "has a salt that is not 8 to 48 bytes, or a hash that is not 16 to 64 bytes, of base64 without padding"
    )]
    Bytes,
    /// There was no memory to compute the hash.
    #[error("cannot be computed: {0}")]
    Failed(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    /// Memory, in KiB.
    memory: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    fn is_sane(self) -> bool {
        (LEAST.memory..=MOST.memory).contains(&self.memory)
            && (LEAST.passes..=MOST.passes).contains(&self.passes)
            && (LEAST.lanes..=MOST.lanes).contains(&self.lanes)
    }

    /// Reads `m=19456,t=2,p=1`, with exactly these names in this order.
    fn parse(said: &ParamsString) -> Option<Self> {
        let mut params = said.iter();
        let mut number = |name: &str| {
            let (found, value) = params.next()?;
            (found.as_str() == name).then(|| value.decimal().ok()).flatten()
        };
        let cost = Self { memory: number("m")?, passes: number("t")?, lanes: number("p")? };
        params.next().is_none().then_some(cost)
    }

    fn write(self) -> Result<ParamsString, Error> {
        let mut params = ParamsString::new();
        for (name, value) in [("m", self.memory), ("t", self.passes), ("p", self.lanes)] {
            params.add_decimal(Ident::new(name)?, value)?;
        }
        Ok(params)
    }
}

/// The hash of a PIN, with its salt and cost.
#[derive(Clone, PartialEq, Eq)]
pub struct PinHash {
    cost: Cost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl PinHash {
    /// Hashes a PIN. The salt must be random and new. It takes as long as [`Self::is_of`].
    pub fn of(pin: &Digits, salt: [u8; SALT]) -> Result<Self, HashError> {
        let hash = compute(pin, NEW, &salt, HASH)?;
        Ok(Self { cost: NEW, salt: salt.to_vec(), hash: hash.to_vec() })
    }

    /// Reads a PHC string and checks its cost. It computes no hash.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        if text.len() > LONGEST_TEXT {
            return Err(HashError::Form);
        }
        let said = PasswordHash::new(text).map_err(|error| match error {
            Error::Base64(_) | Error::SaltTooShort | Error::SaltTooLong | Error::OutputSize { .. } => {
                HashError::Bytes
            }
            _ => HashError::Form,
        })?;
        if (said.algorithm.as_str(), said.version) != (ALGORITHM, Some(VERSION)) {
            return Err(HashError::Algorithm);
        }
        let cost = Cost::parse(&said.params).ok_or(HashError::Form)?;
        if !cost.is_sane() {
            return Err(HashError::Cost);
        }
        let (salt, hash) = said.salt.zip(said.hash).ok_or(HashError::Form)?;
        if hash.len() < SHORTEST_HASH {
            return Err(HashError::Bytes);
        }
        Ok(Self { cost, salt: salt.to_vec(), hash: hash.as_bytes().to_vec() })
    }

    /// Whether `pin` is the hashed PIN. Slow on purpose: tens of milliseconds on a PC.
    pub fn is_of(&self, pin: &Digits) -> Result<bool, HashError> {
        let computed = compute(pin, self.cost, &self.salt, self.hash.len())?;
        Ok(are_equal(&computed, &self.hash))
    }

    fn phc(&self) -> Result<PasswordHash, Error> {
        Ok(PasswordHash {
            algorithm: Ident::new(ALGORITHM)?,
            version: Some(VERSION),
            params: self.cost.write()?,
            salt: Some(Salt::new(&self.salt)?),
            hash: Some(Output::new(&self.hash)?),
        })
    }
}

impl fmt::Display for PinHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.phc().map_err(|_| fmt::Error)?.fmt(f)
    }
}

impl fmt::Debug for PinHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinHash(..)")
    }
}

fn compute(pin: &Digits, cost: Cost, salt: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>, HashError> {
    let failed = |error: argon2::Error| HashError::Failed(error.to_string());
    let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(length)).map_err(failed)?;
    let mut computed = Zeroizing::new(vec![0; length]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(pin.as_bytes(), salt, &mut computed).map_err(failed)?;
    Ok(computed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Digits {
        Digits::new(text).expect("digits")
    }

    #[test]
    fn a_hash_is_of_its_pin_alone_and_survives_the_file() {
        let hash = PinHash::of(&digits("4711"), [1; SALT]).expect("memory");
        let text = hash.to_string();
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
        let read = PinHash::parse(&text).expect("our own");
        assert_eq!(read, hash);
        assert!(read.is_of(&digits("4711")).expect("memory"));
        for other in ["4712", "471", "47110", "04711"] {
            assert!(!read.is_of(&digits(other)).expect("memory"), "{other}");
        }
        assert_ne!(
            PinHash::of(&digits("4711"), [2; SALT]).expect("memory").to_string(),
            text,
            "the salt is another"
        );
        assert_eq!(format!("{hash:?}"), "PinHash(..)");
    }

    #[test]
    fn a_hash_that_an_older_version_wrote_is_read_as_it_was_and_written_as_it_was() {
        let text = "$argon2id$v=19$m=19456,t=2,p=1$iQg+e9eeJzJTsnMX3mU4ag$0CpK8MCralok+QwyzLahgszZWEfbrsPwMaZykmFA4Q8";
        let read = PinHash::parse(text).expect("of an older version");
        assert!(
            read.is_of(&digits("4711")).expect("memory") && !read.is_of(&digits("4712")).expect("memory")
        );
        assert_eq!(read.to_string(), text);
    }

    #[test]
    fn parameters_of_others_are_taken_within_bounds() {
        let text = |cost: &str| {
            format!("$argon2id$v=19${cost}$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        };
        assert!(PinHash::parse(&text("m=7168,t=5,p=1")).is_ok());
        assert!(PinHash::parse(&text("m=65536,t=3,p=4")).is_ok());
        for dear in
            ["m=65537,t=1,p=1", "m=999999999,t=1,p=1", "m=19456,t=6,p=1", "m=19456,t=2,p=5", "m=8,t=1,p=1"]
        {
            assert_eq!(PinHash::parse(&text(dear)), Err(HashError::Cost), "{dear}");
        }
        for bad in [
            "m=19456,t=2",
            "t=2,m=19456,p=1",
            "m=+9000,t=2,p=1",
            "m=9999999999,t=2,p=1",
            "m=19456,t=2,p=1,x=1",
        ] {
            assert_eq!(PinHash::parse(&text(bad)), Err(HashError::Form), "{bad}");
        }
    }

    #[test]
    fn what_is_no_hash_is_refused_for_its_reason() {
        let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for (text, why) in [
            ("4711".to_owned(), HashError::Form),
            (String::new(), HashError::Form),
            (format!("$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0${hash}"), HashError::Algorithm),
            (format!("$argon2id$v=16$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0${hash}"), HashError::Algorithm),
            (format!("$argon2id$v=19$m=19456,t=2,p=1$c2Fsd${hash}"), HashError::Bytes),
            (format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA${hash}"), HashError::Bytes),
            ("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAA".to_owned(), HashError::Bytes),
            (format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0${hash}$x"), HashError::Form),
            (format!("${}", "a$".repeat(300)), HashError::Form),
        ] {
            assert_eq!(PinHash::parse(&text), Err(why), "{text}");
        }
    }
}
