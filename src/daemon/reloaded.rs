//! What the worker passes to the main thread: a reload that is ready to come into force, or why it is
//! refused; and the result of a change of the template store.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use limen_core::event::{Caller, StoreChange};
use limen_core::person::PersonId;
use limen_core::policy::Standings;
use limen_vision::matching::{Prepared, Rule};
use serde_json::Value;

use crate::config::Settings;
use crate::control::Answer;
use crate::diagnostics::Diagnostic;
use crate::gallery::store::Rotated;
use crate::gallery::{GalleryTrouble, StoreError};

/// The result of a reload.
pub(super) struct Reloaded {
    /// New settings and gallery, or why there are none.
    pub outcome: Result<Fresh, Refused>,
    /// The client that waits for the answer.
    pub reply: Option<SyncSender<Answer>>,
}

/// Everything that a reload replaces.
pub(super) struct Fresh {
    pub settings: Option<Settings>,
    pub gallery: ReadyGallery,
    pub notes: Vec<Diagnostic>,
    /// What is wrong with the template store.
    pub store_trouble: Vec<StoreError>,
}

/// A reload that was refused.
pub(super) struct Refused {
    /// Why it is refused, and what is in force instead.
    pub trouble: GalleryTrouble,
    /// The same as JSON. The worker makes it: for a large gallery this takes longer than the main thread may.
    pub told: Value,
    /// What is wrong with the template store, if that is the reason.
    pub store_trouble: Option<String>,
    /// The gallery that comes into force instead: the one before, less what the gallery file takes away.
    pub gallery: Option<ReadyGallery>,
}

/// A gallery that is ready to come into force.
pub(super) struct ReadyGallery {
    pub rule: Rule,
    pub prepared: Arc<Prepared>,
    pub standings: Standings,
    /// The people who are new in it.
    pub added: Vec<PersonId>,
    /// The people who are no longer in it.
    pub removed: Vec<PersonId>,
    /// The same as JSON. The worker makes it: for a large gallery this takes longer than the main thread may.
    pub told: Value,
    /// The generation of the template store that has its templates.
    pub store: Option<u64>,
}

/// The result of a change of the template store.
pub(super) struct Changed {
    pub how: StoreChange,
    /// The new generation of the store and what is left to do by hand, or why it was not changed.
    pub outcome: Result<Rotated, String>,
    pub caller: Caller,
    /// The client that waits for the answer.
    pub reply: SyncSender<Answer>,
}
