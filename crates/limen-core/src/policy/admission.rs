//! Admission decides whether somebody who was recognised comes in: at once, with a second person, with a
//! second factor, or not.
//!
//! ```text
//!                     judged by rules and memory
//!    recognised --+--> let in, alone or with who waits ---> the lock asks the audit
//!       ^         |
//!       |         +--> a second person is needed: waits --+
//!       |         |                                       +--- time over, lock-down, fault ---> refused
//!       |         +--> a factor is lacking: asked --------+
//!       |         |         |
//!       |         |         +--- proven: judged again
//!       |         +--> refused
//!       +------------ the audit was slow: whoever has proven a factor is judged again
//! ```
//!
//! Two people who need each other are recognised one after the other, and the second opens the door for both.
//! Each must be in a group that the other's group asks for. A recognition counts for one opening only.
//!
//! | what happens | transition |
//! |---|---|
//! | somebody is recognised | [`Admission::recognised`] |
//! | a PIN is entered, is verified; a card is read | [`Admission::pin_entered`], [`Admission::pin_verified`], [`Admission::card_read`] |
//! | the door opens, or the audit was slow | [`Admission::opened`], [`Admission::pass_again`] |
//! | time passes; a step ends | [`Admission::pass_time`], [`Admission::go_on`] |
//! | lock, fault, lock-down, other people | [`Admission::give_up`] |

mod attempts;
mod judgement;
mod memory;
mod outcome;
mod second_factor;
mod visitor;

use std::time::Duration;

use jiff::civil::DateTime;

pub(super) use judgement::still_stands;
use judgement::{Judge, Judgement};
use memory::{Memory, WaitingPerson};
pub(super) use outcome::AdmitOutcome;
use second_factor::FactorCheck;
use visitor::Visitor;

use super::access::factors::Demands;
use super::context::{Context, LockStage, PolicySettings};
use super::event::{Action, EntryId, PinOutcome, Sign};
use super::grant::Grant;
use super::recognition::{Recognised, because};
use crate::clock::Moment;
use crate::credential::Card;
use crate::event::{Fact, LivenessProof, Personal, Refusal, TrackId};
use crate::person::PersonId;

/// The machine of admission.
#[derive(Debug, Default)]
pub(super) struct Admission {
    /// Who was let in, which groups came today, who waits for a second person.
    memory: Memory,
    /// Who is asked for a second factor, and what was entered.
    factor: FactorCheck,
}

impl Admission {
    /// When time alone next changes admission.
    pub fn deadline(&self, now: Moment, settings: &PolicySettings) -> Option<Moment> {
        let factor = self.factor.deadline(now, settings.access.factor_patience);
        self.memory.next_end().into_iter().chain(factor).min()
    }

    /// Enough frames agree on somebody, and it was shown like this that they are no picture.
    pub fn recognised(
        &mut self,
        at: &Context<'_>,
        recognised: Recognised,
        liveness: LivenessProof,
    ) -> Vec<AdmitOutcome> {
        let mut out = Vec::new();
        self.admit(at, Visitor::new(recognised, liveness), &mut out);
        out
    }

    /// Why this person would be refused whatever they prove; `None` if they may come in.
    pub fn refusal_of(&self, at: &Context<'_>, person: &PersonId) -> Option<Refusal> {
        Judge { at, memory: &self.memory }.refusal_of(person)
    }

    /// Whether this person is asked for a second factor now.
    pub fn is_asking(&self, person: &PersonId) -> bool {
        self.factor.is_asking(person)
    }

    /// This track shows no living head: refuses whoever waits by it, and whoever is asked for a factor now.
    pub fn deny(&mut self, at: &Context<'_>, track: TrackId, why: Refusal) -> Vec<AdmitOutcome> {
        let mut out = Vec::new();
        self.factor.deny(at, why, &mut out);
        let mut waiting = self.memory.take_track(track);
        for one in &mut waiting {
            one.refusal = because(one.refusal.clone(), why);
        }
        turn_away(at, waiting, &mut out);
        out
    }

    /// Lets a visitor in, turns them away, or asks for what is missing.
    fn admit(&mut self, at: &Context<'_>, visitor: Visitor, out: &mut Vec<AdmitOutcome>) {
        self.memory.turn_to(at.local_time().map(DateTime::date));
        let judge = Judge { at, memory: &self.memory };
        let judgement = judge.of_visitor(&visitor);
        let second = judge.company_for(&visitor.person, &judgement);
        match judgement {
            Judgement::Refused(refusal) => visitor.turn_away(refusal, out),
            Judgement::Lacking(demands) => self.ask_for_factor(at, visitor, &demands, out),
            Judgement::WithSecond(rules) if second.is_none() => {
                let longest = rules.iter().map(|rule| rule.within).max().unwrap_or_default();
                self.wait_for_second(at, visitor, longest, out);
            }
            Judgement::Alone | Judgement::WithSecond(_) => self.let_in(at, visitor, second, out),
        }
    }

    fn let_in(
        &mut self,
        at: &Context<'_>,
        visitor: Visitor,
        second: Option<PersonId>,
        out: &mut Vec<AdmitOutcome>,
    ) {
        let length = at.settings.unlock_length([&visitor.person].into_iter().chain(&second));
        let Visitor { track, person, distance, proven, liveness, .. } = visitor.clone();
        let grant = Grant::face(at.moment(), length, person, track, second);
        let grant = grant.proven_by(proven).alive_by(liveness);
        self.factor.passes(visitor);
        out.push(AdmitOutcome::LetIn { grant, distance });
    }

    fn ask_for_factor(
        &mut self,
        at: &Context<'_>,
        visitor: Visitor,
        demands: &[Demands],
        out: &mut Vec<AdmitOutcome>,
    ) {
        if let Some(refusal) = self.factor.refuses(at, &visitor, demands) {
            return visitor.turn_away(refusal, out);
        }
        self.factor.ask(at, visitor, demands, out);
        self.judge_again(at, out);
        self.use_held_pin(at, out);
    }

    fn wait_for_second(
        &mut self,
        at: &Context<'_>,
        visitor: Visitor,
        within: Duration,
        out: &mut Vec<AdmitOutcome>,
    ) {
        let Visitor { track, person, proven, liveness, refusal, .. } = visitor.begin_to_wait(out);
        let refusal = because(refusal, Refusal::SecondPersonMissing);
        out.push(AdmitOutcome::Do(Action::Show(Sign::Waiting)));
        out.push(AdmitOutcome::Do(Action::Record(Fact::Waiting {
            track,
            person: Personal(person.clone()),
            seconds: within.as_secs(),
            factors: Vec::new(),
        })));
        let (since, until) = (at.moment(), at.moment() + within);
        let waiting = WaitingPerson { person, since, until, proven, liveness, track, refusal };
        out.extend(refusals(self.memory.wait(waiting)));
    }

    /// Judges the person again who was asked for a factor, once nothing is missing.
    fn judge_again(&mut self, at: &Context<'_>, out: &mut Vec<AdmitOutcome>) {
        if let Some(visitor) = self.factor.take_ready(Judge { at, memory: &self.memory }) {
            self.admit(at, visitor, out);
        }
    }

    /// Has a PIN verified that was entered before, if the person who is asked needs it.
    fn use_held_pin(&mut self, at: &Context<'_>, out: &mut Vec<AdmitOutcome>) {
        self.factor.use_held_pin(Judge { at, memory: &self.memory }, out);
    }

    /// Somebody entered a PIN.
    pub fn pin_entered(&mut self, at: &Context<'_>, entry: EntryId) -> Vec<AdmitOutcome> {
        let mut out = Vec::new();
        self.factor.pin_entered(Judge { at, memory: &self.memory }, entry, &mut out);
        out
    }

    /// A PIN was verified against the PINs of a person.
    pub fn pin_verified(
        &mut self,
        at: &Context<'_>,
        entry: EntryId,
        person: &PersonId,
        outcome: PinOutcome,
    ) -> Vec<AdmitOutcome> {
        let mut out = Vec::new();
        if self.factor.pin_verified(at, entry, person, outcome, &mut out) {
            self.judge_again(at, &mut out);
            self.use_held_pin(at, &mut out);
        }
        out
    }

    /// Somebody held a card to the reader.
    pub fn card_read(&mut self, at: &Context<'_>, card: Card) -> Vec<AdmitOutcome> {
        let mut out = Vec::new();
        self.factor.card_read(Judge { at, memory: &self.memory }, card, &mut out);
        self.judge_again(at, &mut out);
        out
    }

    /// The door opens for everybody whom the grant names.
    pub fn opened(&mut self, at: &Context<'_>, grant: &Grant) -> Vec<AdmitOutcome> {
        let day = at.local_time().map(DateTime::date);
        for person in grant.people() {
            self.memory.note_let_in(person, at.settings.groups_of(person), at.moment(), day);
        }
        self.factor.passed();
        if let Some(second) = grant.second() {
            // The second person comes in, so the refusal that was ready for them is not needed.
            drop(self.memory.stop_waiting(second));
        }
        let person = grant.person().map(|person| self.memory.stop_waiting(person));
        refusals(person.unwrap_or_default()).collect()
    }

    /// The audit was too slow: a person who has waited is judged again a little later. False if nobody has
    /// waited.
    pub fn pass_again(&mut self, at: &Context<'_>) -> bool {
        self.factor.pass_again(at)
    }

    /// Refuses people whose time is over. While a grant waits for the audit nobody is refused: it may be
    /// theirs.
    pub fn pass_time(&mut self, at: &Context<'_>) -> Vec<AdmitOutcome> {
        let mut out = Vec::new();
        if at.stage == LockStage::Asking {
            return out;
        }
        let ended = self.memory.take_ended(at.moment());
        turn_away(at, ended, &mut out);
        self.factor.pass_time(at, &mut out);
        out
    }

    /// Judges again whoever may be let in by now, and has a PIN verified that had to wait. This comes at the end of a
    /// step: a reload, a command or a fault of the same moment counts first.
    pub fn go_on(&mut self, at: &Context<'_>) -> Vec<AdmitOutcome> {
        let mut out = Vec::new();
        if at.stage != LockStage::Asking {
            self.judge_again(at, &mut out);
            self.use_held_pin(at, &mut out);
        }
        out
    }

    /// Refuses everybody who waits, and forgets what was proven or entered.
    pub fn give_up(&mut self, at: &Context<'_>) -> Vec<AdmitOutcome> {
        let mut out = Vec::new();
        self.factor.give_up(at, &mut out);
        turn_away(at, self.memory.take_waiting(), &mut out);
        out
    }

    /// Another gallery is in force: people or their terms may have changed.
    pub fn people_replaced(&mut self, at: &Context<'_>) -> Vec<AdmitOutcome> {
        self.memory.keep_recent(at.moment());
        self.give_up(at)
    }
}

/// Refuses people who waited for a second person.
fn turn_away(at: &Context<'_>, waiting: Vec<WaitingPerson>, out: &mut Vec<AdmitOutcome>) {
    if !waiting.is_empty() && at.stage == LockStage::Locked {
        out.push(AdmitOutcome::Do(Action::Show(Sign::Refused)));
    }
    out.extend(refusals(waiting));
}

fn refusals(waiting: Vec<WaitingPerson>) -> impl Iterator<Item = AdmitOutcome> {
    waiting.into_iter().map(|waiting| AdmitOutcome::Do(Action::Record(waiting.refusal)))
}

#[cfg(test)]
mod walks;
