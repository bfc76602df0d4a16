//! The permission to keep the door unlocked. Only the policy makes one.

use std::time::Duration;

use crate::clock::Moment;
use crate::credential::Factors;
use crate::event::{Caller, Fact, GrantKind, Personal, TrackId};
use crate::lease::{Lease, MAX_LEASE};
use crate::person::PersonId;

/// A permission to keep the door unlocked. The grant of a person, the exit button or a command ends at a
/// moment that is fixed when it begins. The grant of a mode or the fire alarm ends with the mode or the
/// alarm.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    kind: GrantKind,
    person: Option<PersonId>,
    second: Option<PersonId>,
    factors: Factors,
    track: Option<TrackId>,
    from: Moment,
    length: Option<Duration>,
}

impl Grant {
    pub(super) fn face(
        from: Moment,
        length: Duration,
        person: PersonId,
        track: TrackId,
        second: Option<PersonId>,
    ) -> Self {
        let unnamed = Self::unnamed(GrantKind::Face, from, Some(length));
        Self { person: Some(person), second, track: Some(track), ..unnamed }
    }

    pub(super) fn proven_by(self, factors: Factors) -> Self {
        Self { factors, ..self }
    }

    pub(super) fn manual(from: Moment, length: Duration) -> Self {
        Self::unnamed(GrantKind::Manual, from, Some(length))
    }

    pub(super) fn rex(from: Moment, length: Duration) -> Self {
        Self::unnamed(GrantKind::Rex, from, Some(length))
    }

    pub(super) fn mode(from: Moment) -> Self {
        Self::unnamed(GrantKind::Mode, from, None)
    }

    pub(super) fn fire(from: Moment) -> Self {
        Self::unnamed(GrantKind::Fire, from, None)
    }

    fn unnamed(kind: GrantKind, from: Moment, length: Option<Duration>) -> Self {
        Self { kind, person: None, second: None, factors: Factors::default(), track: None, from, length }
    }

    pub(super) fn starting(self, from: Moment) -> Self {
        Self { from, ..self }
    }

    /// What the grant is for: a face, a command, the exit button, a mode or the fire alarm.
    pub fn kind(&self) -> GrantKind {
        self.kind
    }

    /// The person who was recognised, if the grant is for a face.
    pub fn person(&self) -> Option<&PersonId> {
        self.person.as_ref()
    }

    /// The second person, who was recognised before and goes in as well.
    pub fn second(&self) -> Option<&PersonId> {
        self.second.as_ref()
    }

    /// Everybody whom the grant names: up to two people.
    pub fn people(&self) -> impl Iterator<Item = &PersonId> {
        self.person.iter().chain(&self.second)
    }

    /// The factors that the person proved besides the face.
    pub fn factors(&self) -> Factors {
        self.factors
    }

    /// The track of the face, if the grant is for a face.
    pub fn track(&self) -> Option<TrackId> {
        self.track
    }

    /// When the grant began.
    pub fn from(&self) -> Moment {
        self.from
    }

    /// When the grant ends by itself; `None` if it ends with a mode or the fire alarm.
    pub fn until(&self) -> Option<Moment> {
        self.length.map(|length| self.from + length)
    }

    /// Whether the grant is over, or has not begun because time went back.
    pub fn is_over(&self, now: Moment) -> bool {
        now < self.from || self.until().is_some_and(|until| now >= until)
    }

    /// How long the grant lasts at most; `None` if it ends with a mode or the fire alarm.
    pub fn length(&self) -> Option<Duration> {
        self.length
    }

    /// The record of the grant, with the distance from the face to the person's template, and who commanded
    /// it.
    pub(super) fn record(&self, distance: Option<f32>, caller: Option<Caller>) -> Fact {
        Fact::Granted {
            grant: self.kind,
            person: self.person.clone().map(Personal),
            second: self.second.clone().map(Personal),
            factors: self.factors.list(),
            liveness: None,
            track: self.track,
            distance,
            unlock_ms: self.length.map(|length| u64::try_from(length.as_millis()).unwrap_or(u64::MAX)),
            caller,
        }
    }

    /// The next lease for the door thread; it never ends after the grant.
    pub fn lease(&self, now: Moment) -> Lease {
        Lease::new(now, self.until().map_or(MAX_LEASE, |until| until.since(now)))
    }
}
