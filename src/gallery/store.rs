//! The templates of photographs, stored so that a start does not take minutes.
//!
//! A record is found by person *and* by the digest of the photograph's bytes, so a photograph that was
//! replaced is embedded again. For most people the store is only a cache: its templates can be made again
//! from photographs. If the photographs were discarded, the store is all there is.
//!
//! It is biometric data: on the disk every record is `sealed`. The `store_file` keeps the file, the key and
//! the newest generation together. `plain` reads the older format. No log ever contains any of it.

mod cursor;
mod error;
mod keeping;
mod key;
mod last_good;
mod plain;
mod sealed;
mod seen;
mod store_file;
mod templates;
mod version;

pub use error::StoreError;
pub use keeping::KEPT_NAME;
pub use key::{CREDENTIAL, KeyPlace};
pub use seen::ModelVersion;
pub use store_file::{OpenedStore, Rotated, STORE_NAME, StoreFile};
pub use templates::{PhotoTemplate, Store};

#[cfg(test)]
mod tests;
