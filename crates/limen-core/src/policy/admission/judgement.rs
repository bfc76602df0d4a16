//! Judges by rules and memory whether somebody may come in now. Nothing here changes any state.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::DateTime;

use super::memory::{Memory, WaitingPerson};
use super::visitor::Visitor;
use crate::credential::Factors;
use crate::event::{LivenessProof, Mode, Refusal};
use crate::person::{GroupId, PersonId};
use crate::policy::access::factors::Demands;
use crate::policy::access::{TwoPerson, Way};
use crate::policy::context::Context;
use crate::policy::event::Standings;
use crate::policy::grant::Grant;

/// The outcome of judging one visitor.
#[derive(Debug)]
pub enum Judgement<'a> {
    /// The visitor may come in alone.
    Alone,
    /// The visitor may come in with a second person, by one of these rules.
    WithSecond(Vec<&'a TwoPerson>),
    /// The visitor may come in once one of these demands is met.
    Lacking(Vec<Demands>),
    /// The visitor may not come in.
    Refused(Refusal),
}

impl Judgement<'_> {
    /// Whether somebody of `groups` who was recognised this time `apart` is enough company.
    fn is_content_with(&self, groups: &[GroupId], apart: Duration) -> bool {
        match self {
            Self::Alone => true,
            Self::WithSecond(rules) => rules.iter().any(|rule| rule.is_met_by(groups, apart)),
            Self::Lacking(_) | Self::Refused(_) => false,
        }
    }
}

/// What is needed to judge: the rules, the time, and what happened before.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a, 'm> {
    pub at: &'a Context<'a>,
    pub memory: &'m Memory,
}

impl<'a> Judge<'a, '_> {
    /// What is to be done about a visitor now.
    pub fn of_visitor(self, visitor: &Visitor) -> Judgement<'a> {
        match self.at.mode {
            Mode::LockDown => Judgement::Refused(Refusal::LockDown),
            Mode::Normal | Mode::OfficeOpen => {
                self.of_person(&visitor.person, visitor.proven, visitor.liveness)
            }
        }
    }

    /// Why a person would be refused even with every factor; `None` if they may come in with the right ones.
    pub fn refusal_of(self, person: &PersonId) -> Option<Refusal> {
        if self.at.mode == Mode::LockDown {
            return Some(Refusal::LockDown);
        }
        let all = Factors { pin: true, card: true };
        match self.of_person(person, all, LivenessProof::Challenge) {
            Judgement::Refused(refusal) => Some(refusal),
            Judgement::Alone | Judgement::WithSecond(_) | Judgement::Lacking(_) => None,
        }
    }

    /// Somebody else who waits and may still come in, if each of the two is enough company for the other.
    pub fn company_for(self, person: &PersonId, judgement: &Judgement<'_>) -> Option<PersonId> {
        let settings = &self.at.settings;
        let groups = settings.groups_of(person);
        let suits = |waiting: &&WaitingPerson| {
            let apart = self.at.moment().since(waiting.since);
            waiting.person != *person
                && judgement.is_content_with(settings.groups_of(&waiting.person), apart)
                && self
                    .of_person(&waiting.person, waiting.proven, waiting.liveness)
                    .is_content_with(groups, apart)
        };
        self.memory.waiting().iter().find(suits).map(|waiting| waiting.person.clone())
    }

    fn of_person(self, person: &PersonId, proven: Factors, liveness: LivenessProof) -> Judgement<'a> {
        let access = &*self.at.settings.access;
        let Some(standing) = self.at.settings.standings.get(person) else {
            return Judgement::Refused(Refusal::Suspended);
        };
        let local = self.at.local_time();
        let ways = match access.admit(standing, local) {
            Ok(ways) => ways,
            Err(refusal) => return Judgement::Refused(refusal),
        };
        let (mut rules, mut lacking, mut first_refusal) = (Vec::new(), Vec::new(), None);
        for way in ways {
            let demands = access.demands(standing, way, local);
            let demands = if liveness.needs_pin() { demands.and_pin() } else { demands };
            match self.terms_of(way, local, person) {
                Ok(_) if !demands.are_met_by(proven) => lacking.push(demands),
                Ok(None) => return Judgement::Alone,
                Ok(Some(rule)) => rules.push(rule),
                Err(refusal) => first_refusal = first_refusal.or(Some(refusal)),
            }
        }
        match (rules.is_empty(), lacking.is_empty()) {
            (false, _) => Judgement::WithSecond(rules),
            (true, false) => Judgement::Lacking(lacking),
            (true, true) => Judgement::Refused(first_refusal.unwrap_or(Refusal::OutsideSchedule)),
        }
    }

    /// What an open way asks for in addition: nothing, a second person, or a condition that is not met.
    fn terms_of(
        self,
        way: Way<'a>,
        local: Option<DateTime>,
        person: &PersonId,
    ) -> Result<Option<&'a TwoPerson>, Refusal> {
        let Way::Through(group) = way else { return Ok(None) };
        let recently = |length| self.memory.was_let_in_within(person, length, self.at.moment());
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
}

/// Whether a grant that was made with the gallery `before` still stands. Suspension, dates and schedules must
/// still let everybody in whom it names. The factors proven must be enough, and the person's PIN or card the
/// same as before.
pub fn still_stands(at: &Context<'_>, grant: &Grant, before: &Standings) -> bool {
    let Some(person) = grant.person() else { return true };
    let proven = grant.factors();
    // It is no longer known what the second person had proven.
    let all = Factors { pin: true, card: true };
    keeps(at, before, person, proven)
        && is_admitted(at, person, Some(proven))
        && grant.second().is_none_or(|second| keeps(at, before, second, all) && is_admitted(at, second, None))
}

/// Whether a person's means for these factors are the same as before.
fn keeps(at: &Context<'_>, before: &Standings, person: &PersonId, factors: Factors) -> bool {
    let means = |standings: &Standings| standings.get(person).map(|standing| Arc::clone(&standing.means));
    let (Some(before), Some(after)) = (means(before), means(&at.settings.standings)) else { return false };
    (!factors.pin || (&before.pin, &before.duress) == (&after.pin, &after.duress))
        && (!factors.card || before.card == after.card)
}

/// Whether a person is let in at all, and with these factors if they are known.
fn is_admitted(at: &Context<'_>, person: &PersonId, factors: Option<Factors>) -> bool {
    let (access, local) = (&at.settings.access, at.local_time());
    let Some(standing) = at.settings.standings.get(person) else { return false };
    let Ok(ways) = access.admit(standing, local) else { return false };
    let Some(factors) = factors else { return true };
    ways.into_iter().any(|way| access.demands(standing, way, local).are_met_by(factors))
}
