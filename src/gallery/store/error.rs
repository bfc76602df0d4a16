//! Why a store, or a part of it, is not used. Each message names the file and the remedy.

use std::path::Path;

use limen_core::person::{PersonId, printable};
use limen_files::FileError;
use thiserror::Error;

use super::version::VERSION;

/// Why a store, or a part of it, is not used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The store could not be read or written, or others may write it.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is no template store.
    #[error("{0}: is no template store; move it away, the templates are made again from the photographs")]
    NotAStore(String),
    /// Another version of the program wrote the store.
    #[error(
        "{path}: has format {found}, this program reads up to {VERSION}; \
         use the program that wrote it, or move it away: the templates are made again from the photographs"
    )]
    OtherVersion {
        /// The path of the store.
        path: String,
        /// The version of its format.
        found: u32,
    },
    /// The store has format 1, although there is a key already.
    #[error(
        "{0}: is not sealed although there is a key, so anybody may have written it, and it is not used; \
         the templates are made again from the photographs"
    )]
    NotSealed(String),
    /// The file is shorter than a head.
    #[error(
        "{0}: is only half there (a disk that was full, or a copy that was cut short); \
         the templates are made again from the photographs"
    )]
    HalfWritten(String),
    /// The head, or a file of format 1, was altered.
    #[error(
        "{0}: is damaged, or was altered; check the disk or card, \
         the templates are made again from the photographs"
    )]
    Damaged(String),
    /// A record was altered, or moved to another place.
    #[error(
        "{path}: a template of \"{person}\" was altered, or put there from elsewhere, and is not used; \
         it is made again from the photograph where there is one"
    )]
    Altered {
        /// The path of the store.
        path: String,
        /// The person whom it claims to be.
        person: PersonId,
    },
    /// A record was altered so that it names no person.
    #[error("{path}: record {index} was altered, and is not used; who lacks a template is named below")]
    AlteredBeyondName {
        /// The path of the store.
        path: String,
        /// The index of the record, from 0.
        index: usize,
    },
    /// Records at the end are missing.
    #[error("{path}: {count} records at its end are missing; who lacks a template is named below")]
    CutShort {
        /// The path of the store.
        path: String,
        /// The number of missing records.
        count: usize,
    },
    /// There is more after the last record.
    #[error("{0}: somebody put more behind its end, which is not used")]
    Excess(String),
    /// The store was sealed with a key that is missing.
    #[error(
        "{path}: is sealed with another key than that of {key}; nothing of it is used or overwritten. \
         Put the right key back; or, if it is lost, move the store away: \
         the templates are made again from the photographs"
    )]
    WrongKey {
        /// The path of the store.
        path: String,
        /// Where the present key came from.
        key: String,
    },
    /// There is a store, but no key.
    #[error(
        "{path}: there is no key to it in {key}; put the key back (a systemd credential is there for the \
         service only), or, if it is lost, move the store away: \
         the templates are made again from the photographs"
    )]
    NoKey {
        /// The path of the store.
        path: String,
        /// Where a key was looked for.
        key: String,
    },
    /// A file that should contain a key contains something else.
    #[error("{0}: holds no key; write 64 hexadecimal digits, as from: openssl rand -hex 32")]
    BadKey(String),
    /// The key's file could not be read or written, or others may read or write it.
    #[error("the store's key: {0}")]
    Key(FileError),
    /// The store is not the newest.
    #[error(
        "{path}: is generation {found}, but {seen} was in force: somebody put an older store back, which may \
         let in who was removed; put the newest back, move it away (the templates are made again from \
         the photographs), or, if it was you: limen store accept-rollback"
    )]
    Rollback {
        /// The path of the store.
        path: String,
        /// The generation of this store.
        found: u64,
        /// The newest generation that was in force.
        seen: u64,
    },
    /// The model is not the newest of its name.
    #[error(
        "model {name} has version {found}, but {seen} was in force: somebody put an older one back; \
         install the newest, or, if it was you: limen store accept-rollback"
    )]
    OlderModel {
        /// The model's name.
        name: String,
        /// The version of this model.
        found: u32,
        /// The newest version that was in force.
        seen: u32,
    },
    /// The file with the newest generation could not be read.
    #[error(
        "{0}: is not what this program wrote, so nobody knows whether the store is the newest; \
         if it is: limen store accept-rollback"
    )]
    Seen(String),
    /// The last good gallery was altered.
    #[error(
        "{0}: the last good gallery in it is damaged, or was altered, and is not used; the next gallery file without \
         mistakes takes its place"
    )]
    KeptDamaged(String),
    /// The last good gallery is not the newest, or belongs to another store.
    #[error(
        "{0}: is not the gallery that was in force last: somebody put an older one back, which may let in who was \
         removed, so it is not used; the next gallery file without mistakes takes its place"
    )]
    KeptOlder(String),
    /// There is no store that could be changed.
    #[error("{0}: there is no store yet; the daemon writes it when it first has a gallery")]
    NoStore(String),
    /// The new key for a rotation is missing.
    #[error(
        "{0}: put the new key there first, for the service alone to read: \
         install -o limen -m 600 /dev/null {0}; openssl rand -hex 32 > {0}"
    )]
    NoNextKey(String),
    /// The new key for a rotation is missing, and systemd has to give it.
    #[error(
        "there is no systemd credential \"{0}\"; give the new key to the service as that, restart it, \
         and rotate again"
    )]
    NoNextCredential(String),
    /// The kernel gave no random numbers, or the cipher refused.
    #[error("templates cannot be sealed: {0}")]
    Sealing(String),
    /// A template has another length than those in its store.
    #[error("a template's length differs from the others': the embedder changed its model")]
    OtherLength,
}

impl StoreError {
    /// Whether the store may be replaced by a new one, because all its templates can be made from
    /// photographs. If a key is missing, or the store is older than the newest, an administrator must decide.
    pub fn may_be_replaced(&self) -> bool {
        matches!(
            self,
            Self::File(_)
                | Self::NotAStore(_)
                | Self::OtherVersion { .. }
                | Self::NotSealed(_)
                | Self::HalfWritten(_)
                | Self::Damaged(_)
        )
    }

    /// Whether a record was altered, and whose it is, if it says so.
    pub fn altered(&self) -> Option<Option<&PersonId>> {
        match self {
            Self::Altered { person, .. } => Some(Some(person)),
            Self::AlteredBeyondName { .. } | Self::CutShort { .. } | Self::Excess(_) => Some(None),
            Self::Damaged(_) | Self::HalfWritten(_) | Self::NotAStore(_) | Self::NotSealed(_) => Some(None),
            _ => None,
        }
    }
}

/// A path for messages.
pub fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy(), 4096)
}
