//! What the lock does for a person: nothing, ask the audit, or keep the door unlocked.

use super::pending::Pending;
use crate::policy::context::LockStage;
use crate::policy::event::RequestId;
use crate::policy::grant::Grant;

/// The state of the lock for a person.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum LockState {
    #[default]
    Locked,
    Asking(Pending),
    Open {
        grant: Grant,
    },
}

impl LockState {
    /// The name of the state, for the other machines.
    pub fn stage(&self) -> LockStage {
        match self {
            Self::Locked => LockStage::Locked,
            Self::Asking(_) => LockStage::Asking,
            Self::Open { .. } => LockStage::Open,
        }
    }

    /// The grant for which the door is unlocked.
    pub fn open(&self) -> Option<&Grant> {
        match self {
            Self::Open { grant } => Some(grant),
            Self::Locked | Self::Asking(_) => None,
        }
    }

    /// The grant for which the door is unlocked, or will be once it is recorded.
    pub fn grant(&self) -> Option<&Grant> {
        self.pending().map(|pending| &pending.grant).or(self.open())
    }

    /// The grant that waits for the audit.
    pub fn pending(&self) -> Option<&Pending> {
        match self {
            Self::Asking(pending) => Some(pending),
            Self::Locked | Self::Open { .. } => None,
        }
    }

    /// The grant that waits for the audit, to note when its record was handed over.
    pub fn pending_mut(&mut self) -> Option<&mut Pending> {
        match self {
            Self::Asking(pending) => Some(pending),
            Self::Locked | Self::Open { .. } => None,
        }
    }

    /// Asking to locked: takes out the grant that waits for this answer.
    pub fn take_pending(&mut self, request: RequestId) -> Option<Grant> {
        let grant = self.pending().filter(|pending| pending.request == request)?.grant.clone();
        *self = Self::Locked;
        Some(grant)
    }
}
