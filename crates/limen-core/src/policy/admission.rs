//! What happens to somebody who was recognised: let in, turned away, or asked to wait for a second person or factor.
//!
//! Two people who need each other are recognised one after the other; the second opens the door for both,
//! and each must be whom the other's group asks for. A recognition counts for one opening only.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::DateTime;

use super::access::{AccessRules, TwoPerson, Way};
use super::event::{Action, Roster, Sign};
use super::factors::Demands;
use super::memory::Waiting;
use super::{Grant, Policy, State};
use crate::clock::Now;
use crate::credential::Factors;
use crate::event::{Comparison, Fact, Mode, Personal, Refusal, TrackId};
use crate::people::Standing;
use crate::person::{GroupId, PersonId};

/// What rules and memory say to somebody at the door.
#[derive(Debug)]
pub(super) enum Verdict<'a> {
    /// Come in.
    Alone,
    /// Come in with a second person by one of these rules.
    WithSecond(Vec<&'a TwoPerson>),
    /// Come in once what one of these asks for is proven.
    Lacking(Vec<Demands>),
    /// No.
    Refused(Refusal),
}

impl Verdict<'_> {
    /// Whether somebody of `groups`, recognised so much earlier or later, is enough company.
    fn is_content_with(&self, groups: &[GroupId], apart: Duration) -> bool {
        match self {
            Self::Alone => true,
            Self::WithSecond(rules) => rules.iter().any(|rule| rule.is_met_by(groups, apart)),
            Self::Lacking(_) | Self::Refused(_) => false,
        }
    }
}

/// Somebody who was recognised, on the way to a decision.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub track: TrackId,
    pub person: PersonId,
    pub distance: Option<f32>,
    /// What this person has proven besides the face.
    pub proven: Factors,
    /// The record of the track if it comes to nothing, once the track itself is closed.
    pub refusal: Option<Fact>,
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
        let distance = fused.best.as_ref().map(|best| best.distance.get());
        self.admit(
            now,
            Visitor { track, person, distance, proven: Factors::default(), refusal: None },
            actions,
        );
    }

    /// Lets in, turns away, or asks for what is lacking.
    pub(super) fn admit(&mut self, now: Now, visitor: Visitor, actions: &mut Vec<Action>) {
        let access = Arc::clone(&self.access);
        self.memory.turn_to(access.local_time(now.wall).map(DateTime::date));
        let verdict = self.verdict_on(&access, now, &visitor);
        let second = self.company_of(&access, now, &visitor.person, &verdict);
        match verdict {
            Verdict::Refused(refusal) => self.turn_away_visitor(visitor, refusal, actions),
            Verdict::Lacking(demands) => self.ask_for_factor(now, visitor, &demands, actions),
            Verdict::WithSecond(rules) if second.is_none() => {
                let longest = rules.iter().map(|rule| rule.within).max().unwrap_or_default();
                self.wait_for_second(now, visitor, longest, actions);
            }
            Verdict::Alone | Verdict::WithSecond(_) => {
                let people: Vec<&PersonId> = [&visitor.person].into_iter().chain(&second).collect();
                let length = self.unlock_length(&people);
                let Visitor { track, person, distance, proven, .. } = visitor.clone();
                let grant = Grant::face(now.moment, length, person, track, second).proven_by(proven);
                self.proving.passes(visitor);
                self.transition_to_asking(now, grant, distance, actions);
            }
        }
    }

    /// What is to be done about somebody now.
    pub(super) fn verdict_on<'a>(&self, access: &'a AccessRules, now: Now, visitor: &Visitor) -> Verdict<'a> {
        match self.modes.in_force() {
            Mode::LockDown => Verdict::Refused(Refusal::LockDown),
            Mode::Normal | Mode::OfficeOpen => self.judge(access, now, &visitor.person, visitor.proven),
        }
    }

    /// Somebody who was recognised does not come in.
    pub(super) fn turn_away_visitor(&mut self, visitor: Visitor, why: Refusal, actions: &mut Vec<Action>) {
        match visitor.refusal {
            Some(refusal) => {
                actions.push(Action::Show(Sign::Refused));
                actions.push(Action::Record(because(refusal, why)));
            }
            None => {
                self.evidence_of(visitor.track).set_refusal(why);
                self.refuse_once(visitor.track, actions);
            }
        }
    }

    /// Whether a grant that was made with the gallery `before` still stands: suspension, dates and schedules let
    /// everybody in, whatever happened before; what was proven is enough, and still what the person has.
    pub(super) fn still_stands(&self, now: Now, grant: &Grant, before: &Roster) -> bool {
        let local = self.access.local_time(now.wall);
        let keeps = |person: &PersonId, factors: Factors| {
            let means = |roster: &Roster| roster.get(person).map(|standing| Arc::clone(&standing.means));
            let (Some(before), Some(after)) = (means(before), means(&self.roster)) else { return false };
            (!factors.pin || (&before.pin, &before.duress) == (&after.pin, &after.duress))
                && (!factors.card || before.card == after.card)
        };
        let admits = |person: &PersonId, factors: Option<Factors>| {
            let Some(standing) = self.roster.get(person) else { return false };
            let Ok(ways) = self.access.admit(standing, local) else { return false };
            let enough =
                |way| self.access.demands(standing, way, local).are_met_by(factors.unwrap_or_default());
            factors.is_none() || ways.into_iter().any(enough)
        };
        // What the second person had proven is not known any more.
        let second = |person| keeps(person, Factors { pin: true, card: true }) && admits(person, None);
        grant
            .person()
            .is_none_or(|person| keeps(person, grant.factors()) && admits(person, Some(grant.factors())))
            && grant.second().is_none_or(second)
    }

    /// The door opens: everybody whom the grant names is in.
    pub(super) fn remember(&mut self, now: Now, grant: &Grant, actions: &mut Vec<Action>) {
        let day = self.access.local_time(now.wall).map(DateTime::date);
        for person in grant.people() {
            self.memory.note_let_in(person, groups_of(self.roster.get(person)), now.moment, day);
        }
        self.proving.passed();
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
        if matches!(self.state, State::Asking(_)) {
            return;
        }
        let ended = self.memory.take_ended(now.moment);
        self.turn_away(ended, actions);
    }

    /// What they wait for is not to be had any more.
    pub(super) fn give_up_waiting(&mut self, actions: &mut Vec<Action>) {
        self.give_up_proving(actions);
        let all = self.memory.take_waiting();
        self.turn_away(all, actions);
    }

    fn turn_away(&self, waiting: Vec<Waiting>, actions: &mut Vec<Action>) {
        if !waiting.is_empty() && self.state == State::Locked {
            actions.push(Action::Show(Sign::Refused));
        }
        record_refusals(waiting, actions);
    }

    fn judge<'a>(
        &self,
        access: &'a AccessRules,
        now: Now,
        person: &PersonId,
        proven: Factors,
    ) -> Verdict<'a> {
        let Some(standing) = self.roster.get(person) else { return Verdict::Refused(Refusal::Suspended) };
        let local = access.local_time(now.wall);
        let ways = match access.admit(standing, local) {
            Ok(ways) => ways,
            Err(refusal) => return Verdict::Refused(refusal),
        };
        let (mut rules, mut lacking, mut first_refusal) = (Vec::new(), Vec::new(), None);
        for way in ways {
            let demands = access.demands(standing, way, local);
            match self.terms_of(way, now, local, person) {
                Ok(_) if !demands.are_met_by(proven) => lacking.push(demands),
                Ok(None) => return Verdict::Alone,
                Ok(Some(rule)) => rules.push(rule),
                Err(refusal) => first_refusal = first_refusal.or(Some(refusal)),
            }
        }
        match (rules.is_empty(), lacking.is_empty()) {
            (false, _) => Verdict::WithSecond(rules),
            (true, false) => Verdict::Lacking(lacking),
            (true, true) => Verdict::Refused(first_refusal.unwrap_or(Refusal::OutsideSchedule)),
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
                && self.judge(access, now, &waiting.person, waiting.proven).is_content_with(groups, apart)
        };
        self.memory.waiting().iter().find(suits).map(|waiting| waiting.person.clone())
    }

    fn wait_for_second(&mut self, now: Now, visitor: Visitor, within: Duration, actions: &mut Vec<Action>) {
        let Some(visitor) = self.closed(visitor) else { return };
        let Visitor { track, person, proven, refusal: Some(refusal), .. } = visitor else { return };
        let refusal = because(refusal, Refusal::SecondPersonMissing);
        actions.push(Action::Show(Sign::Waiting));
        let seconds = within.as_secs();
        actions.push(Action::Record(Fact::Waiting {
            track,
            person: Personal(person.clone()),
            seconds,
            factors: Vec::new(),
        }));
        let waiting = Waiting { person, since: now.moment, until: now.moment + within, proven, refusal };
        record_refusals(self.memory.wait(waiting), actions);
    }

    /// Closes the track of somebody who will wait without it; `None` if it is closed already by another.
    pub(super) fn closed(&mut self, visitor: Visitor) -> Option<Visitor> {
        let refusal = match visitor.refusal {
            Some(refusal) => refusal,
            None => self.evidence_of(visitor.track).close(visitor.track)?,
        };
        Some(Visitor { refusal: Some(refusal), ..visitor })
    }
}

/// The refusal with another reason.
pub(super) fn because(fact: Fact, why: Refusal) -> Fact {
    match fact {
        Fact::Refused { track, nearest, distance, frames, .. } => {
            Fact::Refused { track, refusal: why, nearest, distance, frames }
        }
        other => other,
    }
}

fn groups_of(standing: Option<&Standing>) -> &[GroupId] {
    standing.map_or(&[], |standing| standing.groups.as_slice())
}

fn record_refusals(waiting: Vec<Waiting>, actions: &mut Vec<Action>) {
    actions.extend(waiting.into_iter().map(|waiting| Action::Record(waiting.refusal)));
}
