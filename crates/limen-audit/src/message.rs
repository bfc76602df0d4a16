//! What the recorder's thread is asked, and whom the threads of the audit tell of failures.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use limen_core::clock::Now;
use limen_core::event::Fact;

use super::error::AuditError;
use super::record::ChainFact;

/// Told of every failure, and of its end (`None`).
pub(super) type FailureListener = Arc<dyn Fn(Option<AuditError>) + Send + Sync>;

/// A request to the recorder's thread. `A` names a record whose acceptance somebody waits for.
pub(super) enum RecorderMessage<A> {
    Record { now: Now, fact: Fact, answer: Option<A> },
    Rotate(SyncSender<bool>),
    Own(ChainFact, SyncSender<Result<File, AuditError>>),
}
