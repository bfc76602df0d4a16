//! One record: what stands in a line's core, and the facts that the chain itself records.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::line::{Beside, Line};
use super::personal::{Piece, pieces, put_back};

/// Version of the record format. Version 1 had no seals and named people in the core.
pub const VERSION: u32 = 2;

/// What the kernel thought of the clock when the record was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockQuality {
    /// Set by the network or a time source.
    Synchronised,
    /// Not to be trusted: a machine without a battery clock after a power cut.
    Unsynchronised,
}

/// One record as its core holds it; read from a line, the personal part is back in `fact`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record<F = Value> {
    /// Version of the format, 1 or 2.
    pub v: u32,
    /// Running number without gaps, over all files.
    pub seq: u64,
    /// UTC of the system clock.
    pub time: Timestamp,
    /// Whether that clock was to be trusted.
    pub clock: ClockQuality,
    /// Milliseconds since the machine started.
    pub boot_ms: u64,
    /// SHA-256 of the core before, in hexadecimal; 64 zeroes before the first.
    pub prev: String,
    /// A salted commitment to the personal part, in hexadecimal; null if the record has none.
    pub subject: Option<String>,
    /// What happened.
    pub fact: F,
}

impl Record {
    /// The record of a line, with its personal part as far as it is not forgotten.
    pub fn of_line(line: &Line<'_>) -> Option<Self> {
        let mut record: Self = serde_json::from_slice(&line.core()).ok()?;
        if let Beside::Personal(part) = line.beside {
            put_back(&mut record.fact, pieces(part)?.iter().filter_map(Piece::item));
        }
        Some(record)
    }

    /// The fact's kind, such as `granted`.
    pub fn kind(&self) -> &str {
        self.fact["kind"].as_str().unwrap_or("?")
    }
}

/// What the chain records about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum ChainFact {
    /// A chain begins: the first public key, and why.
    ChainStarted {
        /// Ed25519, 64 hexadecimal digits.
        key: String,
        /// The first start, or what was wrong with the old key.
        why: String,
    },
    /// A seal: everything before is signed with `key`, and the next seal will be by `next`.
    Sealed {
        /// The public key of this seal.
        key: String,
        /// The public key of the next.
        next: String,
        /// The daemon left in order.
        closing: bool,
    },
    /// Personal parts of these records were dropped, each pair from a first to a last number.
    Forgotten {
        /// In rising order.
        records: Vec<(u64, u64)>,
    },
    /// The oldest files were deleted, as the configuration says.
    RecordsDropped {
        /// The number of the last record in them.
        last: u64,
    },
}

/// The kind of a chain's first record.
pub const CHAIN_STARTED: &str = "chain-started";
/// A seal's kind.
pub const SEALED: &str = "sealed";

impl ChainFact {
    /// A line of this kind is the chain's own.
    pub fn is_kind(kind: &str) -> bool {
        [CHAIN_STARTED, SEALED, "forgotten", "records-dropped"].contains(&kind)
    }

    /// The chain's own fact of a line; `None` if it is another, or damaged.
    pub fn of_line(line: &Line<'_>) -> Option<Self> {
        #[derive(Deserialize)]
        struct Fact {
            fact: ChainFact,
        }
        let fact = || serde_json::from_slice::<Fact>(&line.core()).ok();
        if Self::is_kind(line.head.fact.kind) { fact().map(|read| read.fact) } else { None }
    }
}

/// Where the chain is: the number and the hash of a record. Whoever wrote it down elsewhere sees whether
/// that record, or one before it, was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// Number of the record.
    pub seq: u64,
    /// SHA-256 of its core, in hexadecimal.
    pub hash: String,
}

impl ChainHead {
    /// What the first record follows.
    pub fn before_the_first() -> Self {
        Self { seq: 0, hash: "0".repeat(64) }
    }
}

impl std::fmt::Display for ChainHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.hash, self.seq)
    }
}
