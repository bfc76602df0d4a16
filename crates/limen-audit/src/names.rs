//! The names of the files that hold records.

/// The file being written.
pub const CURRENT: &str = "audit.jsonl";
/// The file that is to be written next.
pub const NEXT: &str = "audit.jsonl.new";
/// What is left of deleted files.
pub const DROPPED: &str = "audit-dropped.jsonl";
