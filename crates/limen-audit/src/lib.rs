//! The audit: the record of all events, a chain of JSON lines, sealed at intervals, written by its own
//! threads.
//!
//! *Accepted* means written to the kernel (survives `kill -9`). *Durable* means synced (survives a power
//! cut), at most [`SYNC_INTERVAL`] later. While syncs fail, nothing is accepted: a card that has become
//! read-only still takes writes, but only into memory. If a file ends in half a record, that half is cut off
//! at the next opening, and a gap is recorded.
//!
//! Each record contains the SHA-256 of the previous record's core. At intervals, at the end of a file and at
//! the end of a run, a *seal* signs the chain with a key that is used once and then erased. The *head*, a
//! record's number and hash, is exported to the journal and over the socket.
//!
//! | an attacker who | can | is detected by |
//! |---|---|---|
//! | can write the files | change, remove, reorder sealed records | anybody with the first public key |
//! | is root now | forge from the last seal on (the next seal's key is there) | a head exported before |
//! | is root now | cut the end off, back to a seal | a head exported after that |
//! | has a copy of the card | put an older state back | a head exported after it |
//! | can write the files | drop personal parts, delete old files | the chain, which records each command |
//! | can read the files only | try ids against the commitments | nobody; 128 bits of salt make it hopeless |
//!
//! Glossary: the chain covers a line's *core*; beside it is the *personal part* or a *signature* (`line`); a
//! *segment* is a closed file; `docs/audit.md` describes the format.

mod book;
mod current;
mod disk;
mod error;
mod folder;
mod forget;
mod keys;
mod line;
mod log;
mod lost;
mod message;
mod names;
mod opening;
mod personal;
mod read;
mod record;
mod recorder;
mod recorder_thread;
mod recover;
mod report;
mod reserve;
mod retention;
mod seal;
mod settings;
mod state;
mod syncer;
mod verify;

pub use disk::{DiskSpace, in_words};
pub use error::AuditError;
pub use forget::{Forgotten, forget_alone};
pub use keys::{CREDENTIAL, SealKeyKeeper};
pub use log::{AuditLog, Unsynced};
pub use read::{newest_fact, newest_records, read_all, read_newest};
pub use record::{ChainHead, ClockQuality, Record};
pub use recorder::Recorder;
pub use report::{ChainProblem, Flaw, VerificationReport};
pub use seal::{NoKey, SealKey};
pub use settings::AuditSettings;
pub use state::{DiskWarning, Position};
pub use syncer::SYNC_INTERVAL;
pub use verify::{ChainVerifier, FoundRecord, Sought, verify};

#[cfg(test)]
mod tests;
