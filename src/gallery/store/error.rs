//! Why a store, or a part of it, is not used: each message names the file and the remedy.

use std::path::Path;

use limen_core::person::{PersonId, printable};
use limen_files::FileError;
use thiserror::Error;

use super::sealed::VERSION;

/// Why a store, or a part of it, is not used.
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
        "{path}: has format {found}, this program reads up to {VERSION}; \
         use the program that wrote it, or move it away: the templates are made again from the photographs"
    )]
    OtherVersion {
        /// Which.
        path: String,
        /// Its format's number.
        found: u32,
    },
    /// Format 1, where there is a key already.
    #[error(
        "{0}: is not sealed although there is a key, so anybody may have written it, and it is not used; \
         the templates are made again from the photographs"
    )]
    NotSealed(String),
    /// Shorter than its head.
    #[error(
        "{0}: is only half there (a disk that was full, or a copy that was cut short); \
         the templates are made again from the photographs"
    )]
    HalfWritten(String),
    /// The head, or a file of format 1, is not as it was written.
    #[error(
        "{0}: is damaged, or was altered; check the disk or card, \
         the templates are made again from the photographs"
    )]
    Damaged(String),
    /// One record is not as it was written there.
    #[error(
        "{path}: a template of \"{person}\" was altered, or put there from elsewhere, and is not used; \
         it is made again from the photograph where there is one"
    )]
    Altered {
        /// The store.
        path: String,
        /// Whose it claims to be.
        person: PersonId,
    },
    /// A record that does not even say whose it is.
    #[error("{path}: record {index} was altered, and is not used; who lacks a template is named below")]
    AlteredBeyondName {
        /// The store.
        path: String,
        /// From 0.
        index: usize,
    },
    /// Records at the end are gone.
    #[error("{path}: {count} records at its end are missing; who lacks a template is named below")]
    CutShort {
        /// The store.
        path: String,
        /// How many.
        count: usize,
    },
    /// Something behind the last record.
    #[error("{0}: somebody put more behind its end, which is not used")]
    Excess(String),
    /// It was sealed with a key that is not there.
    #[error(
        "{path}: is sealed with another key than that of {key}; nothing of it is used or overwritten. \
         Put the right key back; or, if it is lost, move the store away: \
         the templates are made again from the photographs"
    )]
    WrongKey {
        /// The store.
        path: String,
        /// Where the key came from.
        key: String,
    },
    /// There is a store and no key.
    #[error(
        "{path}: there is no key to it in {key}; put the key back (a systemd credential is there for the \
         service only), or, if it is lost, move the store away: \
         the templates are made again from the photographs"
    )]
    NoKey {
        /// The store.
        path: String,
        /// Where it was looked for.
        key: String,
    },
    /// A file that should hold a key holds something else.
    #[error("{0}: holds no key; write 64 hexadecimal digits, as from: openssl rand -hex 32")]
    BadKey(String),
    /// The key's file cannot be read or written, or others may.
    #[error("the store's key: {0}")]
    Key(FileError),
    /// It is not the newest.
    #[error(
        "{path}: is generation {found}, but {seen} was in force: somebody put an older store back, which may \
         let in who was removed; put the newest back, move it away (the templates are made again from \
         the photographs), or, if it was you: limen store accept-rollback"
    )]
    Rollback {
        /// The store.
        path: String,
        /// Its generation.
        found: u64,
        /// The newest that was in force.
        seen: u64,
    },
    /// The model is not the newest of its name.
    #[error(
        "model {name} has version {found}, but {seen} was in force: somebody put an older one back; \
         install the newest, or, if it was you: limen store accept-rollback"
    )]
    OlderModel {
        /// The model.
        name: String,
        /// Its version.
        found: u32,
        /// The newest that was in force.
        seen: u32,
    },
    /// What was seen last cannot be read.
    #[error(
        "{0}: is not what this program wrote, so nobody knows whether the store is the newest; \
         if it is: limen store accept-rollback"
    )]
    Seen(String),
    /// The last good gallery is not as it was written.
    #[error(
        "{0}: the last good gallery in it is damaged, or was altered, and is not used; the next gallery file without \
         mistakes takes its place"
    )]
    KeptDamaged(String),
    /// The last good gallery is not the newest, or goes with another store.
    #[error(
        "{0}: is not the gallery that was in force last: somebody put an older one back, which may let in who was \
         removed, so it is not used; the next gallery file without mistakes takes its place"
    )]
    KeptOlder(String),
    /// There is nothing to change.
    #[error("{0}: there is no store yet; the daemon writes it when it first has a gallery")]
    NoStore(String),
    /// The new key for a rotation is not there.
    #[error(
        "{0}: put the new key there first, for the service alone to read: \
         install -o limen -m 600 /dev/null {0}; openssl rand -hex 32 > {0}"
    )]
    NoNextKey(String),
    /// The new key for a rotation is not there, and systemd has to give it.
    #[error(
        "there is no systemd credential \"{0}\"; give the new key to the service as that, restart it, \
         and rotate again"
    )]
    NoNextCredential(String),
    /// The kernel gives no random numbers, or the cipher refused.
    #[error("templates cannot be sealed: {0}")]
    Sealing(String),
    /// A template that does not fit the store it should go into.
    #[error("a template's length differs from the others': the embedder changed its model")]
    OtherLength,
}

impl StoreError {
    /// Whether the store may be made anew in its place, as everything in it comes from photographs. Where a
    /// key is missing, or somebody put an older one back, it is for an administrator to say.
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

    /// Whether a record was found altered; whose, if it says.
    pub fn altered(&self) -> Option<Option<&PersonId>> {
        match self {
            Self::Altered { person, .. } => Some(Some(person)),
            Self::AlteredBeyondName { .. } | Self::CutShort { .. } | Self::Excess(_) => Some(None),
            Self::Damaged(_) | Self::HalfWritten(_) | Self::NotAStore(_) | Self::NotSealed(_) => Some(None),
            _ => None,
        }
    }
}

/// A path as messages show it.
pub fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy(), 4096)
}
