//! The permission to open: made by the policy alone, and every one has an end.

use std::time::Duration;

use crate::clock::Moment;
use crate::door::Lease;
use crate::event::{GrantKind, TrackId};
use crate::person::PersonId;

/// A permission to keep the door unlocked until a moment that is fixed when it begins.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    kind: GrantKind,
    person: Option<PersonId>,
    second: Option<PersonId>,
    track: Option<TrackId>,
    from: Moment,
    length: Duration,
}

impl Grant {
    pub(super) fn face(
        from: Moment,
        length: Duration,
        person: PersonId,
        track: TrackId,
        second: Option<PersonId>,
    ) -> Self {
        Self { kind: GrantKind::Face, person: Some(person), second, track: Some(track), from, length }
    }

    pub(super) fn manual(from: Moment, length: Duration) -> Self {
        Self { kind: GrantKind::Manual, person: None, second: None, track: None, from, length }
    }

    pub(super) fn starting(self, from: Moment) -> Self {
        Self { from, ..self }
    }

    /// By what.
    pub fn kind(&self) -> GrantKind {
        self.kind
    }

    /// Whose face.
    pub fn person(&self) -> Option<&PersonId> {
        self.person.as_ref()
    }

    /// Who was recognised before and goes in as well.
    pub fn second(&self) -> Option<&PersonId> {
        self.second.as_ref()
    }

    /// Everybody whom it lets in by name.
    pub fn people(&self) -> impl Iterator<Item = &PersonId> {
        self.person.iter().chain(&self.second)
    }

    /// Which track.
    pub fn track(&self) -> Option<TrackId> {
        self.track
    }

    /// When it began.
    pub fn from(&self) -> Moment {
        self.from
    }

    /// When it ends.
    pub fn until(&self) -> Moment {
        self.from + self.length
    }

    /// How long it lasts.
    pub fn length(&self) -> Duration {
        self.length
    }

    /// The next lease for the door thread: never past the grant's end.
    pub fn lease(&self, now: Moment) -> Lease {
        Lease::new(now, self.until().since(now))
    }
}
