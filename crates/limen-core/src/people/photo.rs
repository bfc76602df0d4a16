//! The identity of a photograph.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::secret::hex;

/// SHA-256 of a photograph file's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhotoDigest(pub [u8; 32]);

impl PhotoDigest {
    /// The digest of a photograph file with these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for PhotoDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for PhotoDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhotoDigest({})", hex(&self.0[..4]))
    }
}
