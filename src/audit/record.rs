//! One line of the audit.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Version of the record format.
pub const VERSION: u32 = 1;

/// What the kernel thought of the clock when the record was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockQuality {
    /// Set by the network or a time source.
    Synchronised,
    /// Not to be trusted: a machine without a battery clock after a power cut.
    Unsynchronised,
}

/// One record as it stands in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record<F = serde_json::Value> {
    /// Version of the format, 1.
    pub v: u32,
    /// Running number without gaps, over all files.
    pub seq: u64,
    /// UTC of the system clock.
    pub time: Timestamp,
    /// Whether that clock was to be trusted.
    pub clock: ClockQuality,
    /// Milliseconds since the machine started.
    pub boot_ms: u64,
    /// SHA-256 of the line before, in hexadecimal; 64 zeroes before the first.
    pub prev: String,
    /// A salted commitment to the person in `fact`; null in this version, which names the id there.
    pub subject: Option<String>,
    /// What happened.
    pub fact: F,
}
