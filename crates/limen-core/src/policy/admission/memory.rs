//! What the policy remembers of people beyond the tracks in the picture: who was let in and when, who came
//! today, who waits for a second person. It outlasts a reload, and begins empty when the program starts.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::civil::Date;

use crate::clock::Moment;
use crate::credential::Factors;
use crate::event::Fact;
use crate::person::{GroupId, PersonId};
use crate::policy::access::LONGEST_ANTI_PASSBACK;

/// People who wait at once; the first of more is turned away.
const MAX_WAITING: usize = 8;

/// Somebody recognised who enters only with a second person.
#[derive(Debug)]
pub struct Waiting {
    pub person: PersonId,
    pub since: Moment,
    pub until: Moment,
    /// What this person has proven besides the face.
    pub proven: Factors,
    /// The record of the track if nobody comes.
    pub refusal: Fact,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Memory {
    /// By the clock that is never set back.
    let_in: HashMap<PersonId, Moment>,
    today: Option<Date>,
    /// Of which groups somebody was let in today.
    came: BTreeSet<GroupId>,
    waiting: Vec<Waiting>,
}

impl Memory {
    /// Another day begins, or the clock was set to another day: nobody has come yet.
    pub fn turn_to(&mut self, day: Option<Date>) {
        if day.is_some() && day != self.today {
            self.today = day;
            self.came.clear();
        }
    }

    /// Somebody was let in; `day` is unknown while the clock is.
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

    /// Whether a person was let in less than `length` ago, or in what time going back makes the future.
    pub fn was_let_in_within(&self, person: &PersonId, length: Duration, now: Moment) -> bool {
        self.let_in.get(person).is_some_and(|last| now < *last || now.since(*last) < length)
    }

    /// Forgets what no rule can ask for any more.
    pub fn keep_recent(&mut self, now: Moment) {
        self.let_in.retain(|_, last| now.since(*last) < LONGEST_ANTI_PASSBACK);
    }

    /// Who waits, the first to come first.
    pub fn waiting(&self) -> &[Waiting] {
        &self.waiting
    }

    /// Somebody begins to wait. Whoever must go for that is returned: the same person with an earlier track,
    /// or the first of too many.
    pub fn wait(&mut self, waiting: Waiting) -> Vec<Waiting> {
        let mut gone = self.stop_waiting(&waiting.person);
        if self.waiting.len() >= MAX_WAITING {
            gone.push(self.waiting.remove(0));
        }
        self.waiting.push(waiting);
        gone
    }

    /// Takes out a person who waits.
    pub fn stop_waiting(&mut self, person: &PersonId) -> Vec<Waiting> {
        self.waiting.extract_if(.., |waiting| waiting.person == *person).collect()
    }

    /// Takes out everybody whose time is over, or has not begun because time went back.
    pub fn take_ended(&mut self, now: Moment) -> Vec<Waiting> {
        self.waiting.extract_if(.., |waiting| now >= waiting.until || now < waiting.since).collect()
    }

    /// Takes out everybody who waits.
    pub fn take_waiting(&mut self) -> Vec<Waiting> {
        std::mem::take(&mut self.waiting)
    }

    /// When the next of those who wait must go.
    pub fn next_end(&self) -> Option<Moment> {
        self.waiting.iter().map(|waiting| waiting.until).min()
    }
}
