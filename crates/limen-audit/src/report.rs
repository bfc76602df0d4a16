//! The result of a verification: what is wrong and where, and up to which record the chain is proven.

use std::fmt;

use super::record::ChainHead;
use super::seal::SealKey;

/// The largest number of findings that are listed. A file of garbage has one per line.
const MAX_FINDINGS: usize = 1000;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// The rest of the file cannot be read.
    Unreadable(String),
    /// The line is no record.
    NotARecord,
    /// The record does not have the hash that the next record names, or the next names a wrong one.
    Changed,
    /// The personal part does not match the commitment in the core.
    PersonalChanged,
    /// The personal part, or some of it, is missing, and no record says that it was forgotten.
    PersonalMissing,
    /// The records from the first to the last of these numbers are missing.
    Missing(u64, u64),
    /// The number has occurred before.
    OutOfOrder,
    /// The records before this one are missing, and nothing that was kept leads to it.
    NoBeginning,
    /// There is no chain.
    NoChain,
    /// The signature was not made by the key that the seal names.
    BadSignature,
    /// The seal does not use the key that the previous seal names.
    WrongKey {
        /// The key that should have signed.
        expected: String,
        /// The key that the seal names.
        found: String,
    },
    /// A chain begins with a key other than the given one.
    UnknownKey(String),
    /// A chain begins again with a known key.
    BegunAnew,
    /// Old files were deleted, and no record says that they were to be.
    DroppedUnsaid,
    /// An exported head is not in the chain.
    NoSuchHead(String),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "cannot be read on: {why}"),
            Self::NotARecord => f.write_str("is no record"),
            Self::Changed => f.write_str("was changed, or the link to it in the next record was"),
            Self::PersonalChanged => f.write_str("has a personal part that was changed or added"),
            Self::PersonalMissing => {
                f.write_str("lost personal data, and no record says that it was asked for")
            }
            Self::Missing(first, last) if first == last => write!(f, "comes where record {first} is missing"),
            Self::Missing(first, last) => write!(f, "comes where records {first} to {last} are missing"),
            Self::OutOfOrder => f.write_str("is a repeated or moved record"),
            Self::NoBeginning => f.write_str("has nothing before it: the beginning of the chain is missing"),
            Self::NoChain => f.write_str("there is no chain, or its beginning is missing"),
            Self::BadSignature => f.write_str("has a signature that is not right"),
            Self::WrongKey { expected, found } => {
                write!(f, "is sealed with the wrong key, {found}; the seal before names {expected}")
            }
            Self::UnknownKey(key) => {
                write!(f, "begins a chain with key {key}, which is not the one to hold it against")
            }
            Self::BegunAnew => f.write_str("begins a chain anew: the key before it was lost"),
            Self::DroppedUnsaid => {
                f.write_str("is left of deleted files, and no record says that they were deleted")
            }
            Self::NoSuchHead(head) => {
                write!(f, "the exported head {head} is not in the chain: records were cut off or replaced")
            }
        }
    }
}

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainProblem {
    /// The file's name; empty if it concerns no file.
    pub file: String,
    /// The line, from 1; 0 if it concerns no line.
    pub line: u64,
    /// The record's number, if known.
    pub seq: Option<u64>,
    /// What is wrong there.
    pub flaw: Flaw,
}

impl fmt::Display for ChainProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}:{}: ", self.file, self.line)?;
        }
        match self.seq {
            Some(seq) => write!(f, "record {seq} {}", self.flaw),
            None if self.line > 0 => write!(f, "the line {}", self.flaw),
            None => self.flaw.fmt(f),
        }
    }
}

/// The result of a verification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerificationReport {
    /// The number of records read.
    pub records: u64,
    /// The number of the first record.
    pub first: Option<u64>,
    /// The last record.
    pub head: Option<ChainHead>,
    /// The key with which the verification began: the chain's own first key if none was given.
    pub key: Option<SealKey>,
    /// The number of valid seals.
    pub seals: u64,
    /// The number of the last record that a valid seal covers.
    pub sealed_to: Option<u64>,
    /// The number of the last record that a seal or an exported head covers.
    pub covered_to: Option<u64>,
    /// The number of the last record of an older format, which names people in its core.
    pub old_format_to: Option<u64>,
    /// The number of records that lost personal data.
    pub forgotten: u64,
    /// The number of the last record in deleted files.
    pub dropped_to: Option<u64>,
    /// The length, in bytes, of half a record at the end of the newest file: it is being written, or the
    /// power failed.
    pub half: Option<u64>,
    /// What is wrong, in the order of the files.
    pub findings: Vec<ChainProblem>,
    /// The number of findings that are not listed.
    pub more_findings: u64,
}

impl VerificationReport {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty() && self.more_findings == 0
    }

    /// The first and the last of the records at the end that no seal and no exported head covers.
    pub fn uncovered(&self) -> Option<(u64, u64)> {
        let last = self.head.as_ref()?.seq;
        let first = self.covered_to.map_or(self.first?, |covered| covered.saturating_add(1));
        (first <= last).then_some((first, last))
    }

    /// Adds a finding.
    pub(super) fn note(&mut self, finding: ChainProblem) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.more_findings += 1;
        }
    }
}
