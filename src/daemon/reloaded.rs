//! What the worker hands to the main thread: a reload that is ready to come into force, or why it is refused, and what
//! became of a change of the template store.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use limen_core::event::{Caller, StoreChange};
use limen_core::person::PersonId;
use limen_core::policy::Roster;
use limen_vision::matching::{Prepared, Rule};
use serde_json::Value;

use crate::config::Settings;
use crate::control::Answer;
use crate::gallery::store::Rotated;
use crate::gallery::{GalleryTrouble, StoreError};
use crate::mistake::Mistake;

/// What a reload brought.
pub(super) struct Reloaded {
    /// New settings and gallery, or why there are none.
    pub outcome: Result<Fresh, Refused>,
    /// Who waits for the answer.
    pub reply: Option<SyncSender<Answer>>,
}

/// Everything that a reload replaces.
pub(super) struct Fresh {
    pub settings: Option<Settings>,
    pub gallery: ReadyGallery,
    pub notes: Vec<Mistake>,
    /// What is wrong with the store.
    pub store_trouble: Vec<StoreError>,
}

/// A reload that was refused.
pub(super) struct Refused {
    /// Why, and what is in force.
    pub trouble: GalleryTrouble,
    /// The refusal as JSON for the answer. The worker makes it: for a large gallery this takes too long for
    /// the main thread.
    pub told: Value,
    /// What is wrong with the store, if anything.
    pub store_trouble: Option<String>,
    /// The gallery that comes into force instead: the previous one, minus what the gallery file takes away.
    pub gallery: Option<ReadyGallery>,
}

/// A gallery that is ready to come into force.
pub(super) struct ReadyGallery {
    pub rule: Rule,
    pub prepared: Arc<Prepared>,
    pub roster: Roster,
    /// Ids that are new, and that are gone.
    pub added: Vec<PersonId>,
    pub removed: Vec<PersonId>,
    /// Both lists as JSON for the answer. The worker makes it: for a large gallery this takes too long for
    /// the main thread.
    pub told: Value,
    /// The number of the store that has its templates.
    pub store: Option<u64>,
}

/// What a change of the store brought.
pub(super) struct Changed {
    pub how: StoreChange,
    /// Its number, and what is left to do by hand; or why it was not changed.
    pub outcome: Result<Rotated, String>,
    pub caller: Caller,
    /// Who waits for the answer.
    pub reply: SyncSender<Answer>,
}
