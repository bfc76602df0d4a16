//! What the policy remembers about people besides the tracks in the picture: who was let in and when, which
//! groups came today, who waits for a second person. It outlasts a reload, and is empty when the program
//! starts.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::civil::Date;

use crate::clock::Moment;
use crate::credential::Factors;
use crate::event::{Fact, LivenessProof, TrackId};
use crate::person::{GroupId, PersonId};
use crate::policy::access::LONGEST_ANTI_PASSBACK;

/// The most people who wait at once; beyond that the first is refused.
const MAX_WAITING: usize = 8;

/// Somebody who was recognised and may enter only with a second person.
#[derive(Debug)]
pub struct WaitingPerson {
    pub person: PersonId,
    pub since: Moment,
    pub until: Moment,
    /// What this person has proven besides the face.
    pub proven: Factors,
    /// How it was shown that this person is no picture.
    pub liveness: LivenessProof,
    /// The track by which this person was recognised.
    pub track: TrackId,
    /// The record of the track if no second person comes.
    pub refusal: Fact,
}

/// What is remembered about people.
#[derive(Debug, Default)]
pub struct Memory {
    /// When each person was last let in.
    let_in: HashMap<PersonId, Moment>,
    today: Option<Date>,
    /// The groups of which somebody was let in today.
    came: BTreeSet<GroupId>,
    waiting: Vec<WaitingPerson>,
}

impl Memory {
    /// Takes the present day. On another day than before nobody has come yet.
    pub fn turn_to(&mut self, day: Option<Date>) {
        if day.is_some() && day != self.today {
            self.today = day;
            self.came.clear();
        }
    }

    /// Somebody was let in. `day` is `None` while the site's time is unknown.
    pub fn note_let_in(&mut self, person: &PersonId, groups: &[GroupId], now: Moment, day: Option<Date>) {
        self.let_in.insert(person.clone(), now);
        self.turn_to(day);
        if day.is_some() {
            self.came.extend(groups.iter().cloned());
        }
    }

    /// Whether somebody of one of these groups was let in on this day.
    pub fn has_come(&self, day: Date, groups: &[GroupId]) -> bool {
        self.today == Some(day) && groups.iter().any(|group| self.came.contains(group))
    }

    /// Whether a person was let in less than `length` ago, or later than `now` because time went back.
    pub fn was_let_in_within(&self, person: &PersonId, length: Duration, now: Moment) -> bool {
        self.let_in.get(person).is_some_and(|last| now < *last || now.since(*last) < length)
    }

    /// Forgets people who were let in longer ago than [`LONGEST_ANTI_PASSBACK`].
    pub fn keep_recent(&mut self, now: Moment) {
        self.let_in.retain(|_, last| now.since(*last) < LONGEST_ANTI_PASSBACK);
    }

    /// The people who wait, in the order in which they came.
    pub fn waiting(&self) -> &[WaitingPerson] {
        &self.waiting
    }

    /// Somebody begins to wait. Returns who must stop waiting: the same person with an earlier track, or the
    /// first of too many.
    pub fn wait(&mut self, waiting: WaitingPerson) -> Vec<WaitingPerson> {
        let mut gone = self.stop_waiting(&waiting.person);
        if self.waiting.len() >= MAX_WAITING {
            gone.push(self.waiting.remove(0));
        }
        self.waiting.push(waiting);
        gone
    }

    /// Takes out a person who waits.
    pub fn stop_waiting(&mut self, person: &PersonId) -> Vec<WaitingPerson> {
        self.waiting.extract_if(.., |waiting| waiting.person == *person).collect()
    }

    /// Takes out whoever was recognised by this track.
    pub fn take_track(&mut self, track: TrackId) -> Vec<WaitingPerson> {
        self.waiting.extract_if(.., |waiting| waiting.track == track).collect()
    }

    /// Takes out everybody whose time is over, or has not begun because time went back.
    pub fn take_ended(&mut self, now: Moment) -> Vec<WaitingPerson> {
        self.waiting.extract_if(.., |waiting| now >= waiting.until || now < waiting.since).collect()
    }

    /// Takes out everybody who waits.
    pub fn take_waiting(&mut self) -> Vec<WaitingPerson> {
        std::mem::take(&mut self.waiting)
    }

    /// When the waiting time of the next person is over.
    pub fn next_end(&self) -> Option<Moment> {
        self.waiting.iter().map(|waiting| waiting.until).min()
    }
}
