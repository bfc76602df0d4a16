//! The outcome of an event in any of the machines.

use super::admission::AdmitOutcome;
use super::event::Action;
use super::liveness::LivenessOutcome;
use super::lock::LockOutcome;
use super::site::SiteOutcome;

/// The outcome of an event in one machine, for the next machine or for the daemon to carry out.
pub(super) enum Out {
    Do(Vec<Action>),
    Liveness(Vec<LivenessOutcome>),
    Admission(Vec<AdmitOutcome>),
    Lock(Vec<LockOutcome>),
    Site(Vec<SiteOutcome>),
}
