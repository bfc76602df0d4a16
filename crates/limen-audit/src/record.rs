//! A record: the fields of a line's core, and the facts that the chain records about itself.

use jiff::Timestamp;
use limen_core::person::PersonId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::line::{Beside, RecordLine};
use super::personal::{Piece, pieces, put_back, says, version_1};

/// Version of the record format. Version 1 had no seals and named people in the core.
pub const VERSION: u32 = 2;

/// Whether the kernel trusted the clock when the record was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockQuality {
    /// The clock was set by the network or another time source.
    Synchronised,
    /// The clock is not to be trusted: for example after a power cut on a machine without a battery clock.
    Unsynchronised,
}

/// A record as its core holds it. In a record that was read from a line, `fact` includes the personal part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record<F = Value> {
    /// The version of the format, 1 or 2.
    pub v: u32,
    /// The record's number, without gaps over all files, from 1.
    pub seq: u64,
    /// The system clock's time, in UTC.
    pub time: Timestamp,
    /// Whether the clock could be trusted.
    pub clock: ClockQuality,
    /// Milliseconds since the machine started.
    pub boot_ms: u64,
    /// The SHA-256 of the previous core, in hexadecimal; 64 zeroes in the first record.
    pub prev: String,
    /// A salted commitment to the personal part, in hexadecimal; null if the record has none.
    pub subject: Option<String>,
    /// What happened, as JSON in records that are read.
    pub fact: F,
    /// In a record that was read: the values in `fact` that name people.
    #[serde(skip)]
    pub(super) personal: Vec<String>,
}

impl Record {
    /// The record in a line, with as much of its personal part as is not forgotten.
    pub fn of_line(line: &RecordLine<'_>) -> Option<Self> {
        let mut record: Self = serde_json::from_slice(&line.core()).ok()?;
        if let Beside::Personal(part) = line.beside {
            let items: Vec<_> = pieces(part)?.iter().filter_map(Piece::item).collect();
            record.personal = items.iter().map(|item| item.value.clone()).collect();
            put_back(&mut record.fact, items);
        } else if record.v < VERSION {
            record.personal = version_1::values(&record.fact).map(str::to_owned).collect();
        }
        Some(record)
    }

    /// The ids of the people that the record names, without those that were forgotten.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        self.personal.iter().map(String::as_str).filter(|value| PersonId::new(value).is_ok())
    }

    /// Whether the record names this person: by the id, or in a text. It is what `audit forget` forgets.
    pub fn names(&self, id: &PersonId) -> bool {
        self.personal.iter().any(|value| says(value, id.as_str()))
    }

    /// The kind of the fact, for example `granted`.
    pub fn kind(&self) -> &str {
        self.fact["kind"].as_str().unwrap_or("?")
    }
}

/// What the chain records about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum ChainFact {
    /// A new chain begins.
    ChainStarted {
        /// The first public key: Ed25519, 64 hexadecimal digits.
        key: String,
        /// The reason: the first start, or what was wrong with the old key.
        why: String,
    },
    /// A seal: `key` signs all records before it, and `next` will sign the next seal.
    Sealed {
        /// The public key of this seal.
        key: String,
        /// The public key of the next seal.
        next: String,
        /// Whether the daemon stopped in order.
        closing: bool,
    },
    /// The personal parts of these records were forgotten.
    Forgotten {
        /// Pairs of a first and a last number, in increasing order.
        records: Vec<(u64, u64)>,
    },
    /// The oldest files were deleted, as the configuration demands.
    RecordsDropped {
        /// The number of the last record in the deleted files.
        last: u64,
    },
}

/// The kind of a chain's first record.
pub const CHAIN_STARTED: &str = "chain-started";
/// The kind of a seal.
pub const SEALED: &str = "sealed";

impl ChainFact {
    /// Whether a fact of this kind is one of the chain's own.
    pub fn is_kind(kind: &str) -> bool {
        [CHAIN_STARTED, SEALED, "forgotten", "records-dropped"].contains(&kind)
    }

    /// The chain's own fact in a line; `None` if it is another fact, or damaged.
    pub fn of_line(line: &RecordLine<'_>) -> Option<Self> {
        #[derive(Deserialize)]
        struct Fact {
            fact: ChainFact,
        }
        let fact = || serde_json::from_slice::<Fact>(&line.core()).ok();
        if Self::is_kind(line.head.fact.kind) { fact().map(|read| read.fact) } else { None }
    }
}

/// A place in the chain: the number and the hash of a record. Whoever noted it elsewhere can detect whether
/// that record, or one before it, was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// The record's number.
    pub seq: u64,
    /// The SHA-256 of the record's core, in hexadecimal.
    pub hash: String,
}

impl ChainHead {
    /// The place before the first record.
    pub fn before_the_first() -> Self {
        Self { seq: 0, hash: "0".repeat(64) }
    }
}

impl std::fmt::Display for ChainHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.hash, self.seq)
    }
}
