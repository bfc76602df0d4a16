//! What a verification says: where something is wrong, and how far the chain is vouched for.

use std::fmt;

use super::record::ChainHead;
use super::seal::SealKey;

/// Findings that are listed one by one; a file of garbage has as many as lines.
const MAX_FINDINGS: usize = 1000;

/// What is wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// The file cannot be read on.
    Unreadable(String),
    /// The line is no record.
    NotARecord,
    /// The record is not the one whose hash the next record names; or the next names a false one.
    Changed,
    /// The personal part is not the one that the core commits to.
    PersonalChanged,
    /// A personal part, or some of it, was dropped, and no record says so.
    PersonalMissing,
    /// Records are missing, from the first number to the last.
    Missing(u64, u64),
    /// The number is one that came before.
    OutOfOrder,
    /// The records before this one are missing, and nothing that was kept leads here.
    NoBeginning,
    /// There is no chain at all.
    NoChain,
    /// The signature is not that of the key which the seal names.
    BadSignature,
    /// The seal is not by the key that the seal before names.
    WrongKey {
        /// The key that should have signed.
        expected: String,
        /// The one that the seal names.
        found: String,
    },
    /// A chain begins with a key that is not the one to hold it against.
    UnknownKey(String),
    /// A chain begins anew with a known key.
    BegunAnew,
    /// Old files were deleted, and no record says so.
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

/// Something wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file's name; empty for what concerns no file.
    pub file: String,
    /// The line, from 1; 0 for what concerns no line.
    pub line: u64,
    /// The record's number, where it is known.
    pub seq: Option<u64>,
    /// What.
    pub flaw: Flaw,
}

impl fmt::Display for Finding {
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

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Records read.
    pub records: u64,
    /// The number of the first.
    pub first: Option<u64>,
    /// The last.
    pub head: Option<ChainHead>,
    /// The key that the chain was held against: the first of its own if none was given.
    pub key: Option<SealKey>,
    /// Good seals.
    pub seals: u64,
    /// The last record that a good seal covers.
    pub sealed_to: Option<u64>,
    /// The last record that a seal or an exported head covers.
    pub covered_to: Option<u64>,
    /// The last record of an older format, which names people in its core.
    pub old_format_to: Option<u64>,
    /// Records that lost personal data.
    pub forgotten: u64,
    /// The last record in deleted files.
    pub dropped_to: Option<u64>,
    /// The newest file ends in half a record, of so many bytes: one is being written, or the power failed.
    pub half: Option<u64>,
    /// What is wrong, in the order of the files.
    pub findings: Vec<Finding>,
    /// Findings that are not listed any more.
    pub more_findings: u64,
}

impl Report {
    /// Nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty() && self.more_findings == 0
    }

    /// The records at the end that neither a seal nor an exported head covers.
    pub fn uncovered(&self) -> Option<(u64, u64)> {
        let last = self.head.as_ref()?.seq;
        let first = self.covered_to.map_or(self.first?, |covered| covered.saturating_add(1));
        (first <= last).then_some((first, last))
    }

    /// Notes a finding.
    pub(super) fn note(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.more_findings += 1;
        }
    }
}
