//! What happens to somebody who was recognised: let in, turned away, or asked to wait for a second person.
//!
//! Two people who need each other are recognised one after the other; the second opens the door for both,
//! and each must be whom the other's group asks for. A recognition counts for one opening only.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::DateTime;

use super::access::{AccessRules, TwoPerson, Way};
use super::event::{Action, Sign};
use super::memory::Waiting;
use super::{Grant, Policy, State};
use crate::clock::Now;
use crate::event::{Comparison, Fact, Mode, Refusal, TrackId};
use crate::gallery::Standing;
use crate::person::{GroupId, PersonId};

/// What rules and memory say to somebody at the door.
#[derive(Debug)]
enum Verdict<'a> {
    /// Come in.
    Alone,
    /// Come in with a second person by one of these rules.
    WithSecond(Vec<&'a TwoPerson>),
    /// No.
    Refused(Refusal),
}

impl Verdict<'_> {
    /// Whether somebody of `groups`, recognised so much earlier or later, is enough company.
    fn is_content_with(&self, groups: &[GroupId], apart: Duration) -> bool {
        match self {
            Self::Alone => true,
            Self::WithSecond(rules) => rules.iter().any(|rule| rule.is_met_by(groups, apart)),
            Self::Refused(_) => false,
        }
    }
}

impl Policy {
    /// Enough frames agree on this person.
    pub(super) fn recognised(
        &mut self,
        now: Now,
        track: TrackId,
        person: PersonId,
        fused: &Comparison,
        actions: &mut Vec<Action>,
    ) {
        self.evidence_of(track).spend();
        let access = Arc::clone(&self.access);
        self.memory.turn_to(access.local_time(now.wall).map(DateTime::date));
        let verdict = match self.modes.in_force() {
            Mode::LockDown => Verdict::Refused(Refusal::LockDown),
            Mode::Normal | Mode::OfficeOpen => self.judge(&access, now, &person),
        };
        let second = self.company_of(&access, now, &person, &verdict);
        match verdict {
            Verdict::Refused(refusal) => {
                self.evidence_of(track).set_refusal(refusal);
                self.refuse_once(track, actions);
            }
            Verdict::WithSecond(rules) if second.is_none() => {
                let longest = rules.iter().map(|rule| rule.within).max().unwrap_or_default();
                self.wait_for_second(now, track, person, longest, actions);
            }
            Verdict::Alone | Verdict::WithSecond(_) => {
                let people: Vec<&PersonId> = [&person].into_iter().chain(&second).collect();
                let length = self.unlock_length(&people);
                let grant = Grant::face(now.moment, length, person, track, second);
                let distance = fused.best.as_ref().map(|best| best.distance.get());
                self.transition_to_asking(now, grant, distance, None, actions);
            }
        }
    }

    /// Whether suspension, dates and schedules let a person in, whatever happened before.
    pub(super) fn is_admitted(&self, now: Now, person: &PersonId) -> bool {
        let local = self.access.local_time(now.wall);
        self.roster.get(person).is_some_and(|standing| self.access.admit(standing, local).is_ok())
    }

    /// The door opens: everybody whom the grant names is in.
    pub(super) fn remember(&mut self, now: Now, grant: &Grant, actions: &mut Vec<Action>) {
        let day = self.access.local_time(now.wall).map(DateTime::date);
        for person in grant.people() {
            self.memory.note_let_in(person, groups_of(self.roster.get(person)), now.moment, day);
        }
        if let Some(second) = grant.second() {
            // Its track ends well: the refusal that was ready for it is not needed.
            drop(self.memory.stop_waiting(second));
        }
        if let Some(person) = grant.person() {
            record_refusals(self.memory.stop_waiting(person), actions);
        }
    }

    /// Those whose time is over are refused. While a grant waits for the audit nobody is: it may be theirs.
    pub(super) fn end_waiting(&mut self, now: Now, actions: &mut Vec<Action>) {
        if matches!(self.state, State::Asking { .. }) {
            return;
        }
        let ended = self.memory.take_ended(now.moment);
        self.turn_away(ended, actions);
    }

    /// What they wait for is not to be had any more.
    pub(super) fn give_up_waiting(&mut self, actions: &mut Vec<Action>) {
        let all = self.memory.take_waiting();
        self.turn_away(all, actions);
    }

    fn turn_away(&self, waiting: Vec<Waiting>, actions: &mut Vec<Action>) {
        if !waiting.is_empty() && self.state == State::Locked {
            actions.push(Action::Show(Sign::Refused));
        }
        record_refusals(waiting, actions);
    }

    fn judge<'a>(&self, access: &'a AccessRules, now: Now, person: &PersonId) -> Verdict<'a> {
        let Some(standing) = self.roster.get(person) else { return Verdict::Refused(Refusal::Suspended) };
        let local = access.local_time(now.wall);
        let ways = match access.admit(standing, local) {
            Ok(ways) => ways,
            Err(refusal) => return Verdict::Refused(refusal),
        };
        let mut rules = Vec::new();
        let mut first_refusal = None;
        for way in ways {
            match self.terms_of(way, now, local, person) {
                Ok(None) => return Verdict::Alone,
                Ok(Some(rule)) => rules.push(rule),
                Err(refusal) => first_refusal = first_refusal.or(Some(refusal)),
            }
        }
        match (rules.is_empty(), first_refusal) {
            (true, Some(refusal)) => Verdict::Refused(refusal),
            (true, None) => Verdict::Refused(Refusal::OutsideSchedule),
            (false, _) => Verdict::WithSecond(rules),
        }
    }

    /// What a way that is open asks for besides: nothing, a second person, or something that is not so.
    fn terms_of<'a>(
        &self,
        way: Way<'a>,
        now: Now,
        local: Option<DateTime>,
        person: &PersonId,
    ) -> Result<Option<&'a TwoPerson>, Refusal> {
        let Way::Through(group) = way else { return Ok(None) };
        let recently = |length| self.memory.was_let_in_within(person, length, now.moment);
        if group.anti_passback.is_some_and(recently) {
            return Err(Refusal::AntiPassback);
        }
        if !group.first_person_in.is_empty() {
            let today = local.ok_or(Refusal::ClockNotTrusted)?.date();
            if !self.memory.has_come(today, &group.first_person_in) {
                return Err(Refusal::FirstPersonMissing);
            }
        }
        Ok(group.two_person.as_ref())
    }

    /// Somebody else who waits, is still let in, and suits this person as this person suits them.
    fn company_of(
        &self,
        access: &AccessRules,
        now: Now,
        person: &PersonId,
        verdict: &Verdict<'_>,
    ) -> Option<PersonId> {
        let groups = groups_of(self.roster.get(person));
        let suits = |waiting: &&Waiting| {
            let apart = now.moment.since(waiting.since);
            waiting.person != *person
                && verdict.is_content_with(groups_of(self.roster.get(&waiting.person)), apart)
                && self.judge(access, now, &waiting.person).is_content_with(groups, apart)
        };
        self.memory.waiting().iter().find(suits).map(|waiting| waiting.person.clone())
    }

    fn wait_for_second(
        &mut self,
        now: Now,
        track: TrackId,
        person: PersonId,
        within: Duration,
        actions: &mut Vec<Action>,
    ) {
        let evidence = self.evidence_of(track);
        evidence.set_refusal(Refusal::SecondPersonMissing);
        let Some(refusal) = evidence.close(track) else { return };
        actions.push(Action::Show(Sign::Waiting));
        actions.push(Action::Record(Fact::Waiting {
            track,
            person: person.clone(),
            seconds: within.as_secs(),
        }));
        let waiting = Waiting { person, since: now.moment, until: now.moment + within, refusal };
        record_refusals(self.memory.wait(waiting), actions);
    }
}

fn groups_of(standing: Option<&Standing>) -> &[GroupId] {
    standing.map_or(&[], |standing| standing.groups.as_slice())
}

fn record_refusals(waiting: Vec<Waiting>, actions: &mut Vec<Action>) {
    actions.extend(waiting.into_iter().map(|waiting| Action::Record(waiting.refusal)));
}
