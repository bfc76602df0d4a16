//! Somebody who was recognised proves a second factor, at once or because it was entered before.
//!
//! ```text
//!          recognised, a factor is lacking            proven
//!   nobody -------------------------------> asked -------------> judged again: let in, or waits for a second person
//!     ^                                      |  ^
//!     |                                      |  +-- wrong: recorded and counted, the time begins anew
//!     +-- time over, locked out, replaced ---+
//! ```
//!
//! One person is asked at a time, the last who was recognised. An entry is held against that person alone, and a PIN is
//! never seen here: the shell keeps it and has it verified. Of several ways in, one that asks for no factor goes first.

mod entered;

use std::sync::Arc;
use std::time::Duration;

use super::access::AccessRules;
use super::admission::{Verdict, Visitor, because};
use super::attempts::{Attempts, Order};
use super::event::{Action, Sign};
use super::factors::Demands;
use super::{ASK_AGAIN, Policy, State};
use crate::clock::{Moment, Now};
use crate::credential::{Card, Factor, Factors};
use crate::event::{Fact, FactorRefusal, Personal, Refusal};
use crate::person::PersonId;
use entered::{Checking, HeldPin, refused};

/// A PIN that is being verified is waited for; a Pi that embeds photographs meanwhile needs a second or two.
const VERIFYING: Duration = Duration::from_secs(5);

/// Red is shown for a wrong one; after this the lights wait again.
const REMIND: Duration = Duration::from_secs(2);

/// The person who is asked.
#[derive(Debug)]
struct Asked {
    visitor: Visitor,
    since: Moment,
    until: Moment,
    /// Why it comes to nothing, as far as is known.
    why: Refusal,
    /// Not to be let in before: the audit was too slow.
    retry: Moment,
    /// When the lights say again that this person is waited for, after a wrong one.
    remind: Option<Moment>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Proving {
    asked: Option<Asked>,
    /// Whom the audit is asked about, with a factor proven.
    passing: Option<Visitor>,
    /// Entered and not yet held against anybody.
    pin: Option<HeldPin>,
    card: Option<(Card, Moment)>,
    /// At the verifier, which takes one at a time.
    checking: Option<Checking>,
    attempts: Attempts,
}

impl Proving {
    /// Somebody is about to be let in; whoever did so by a factor is kept until it is so.
    pub fn passes(&mut self, visitor: Visitor) {
        self.passing = visitor.refusal.is_some().then_some(visitor);
    }

    /// The door was opened: the refusal that was ready is not needed.
    pub fn passed(&mut self) {
        self.passing = None;
    }

    /// When time alone changes something here.
    pub fn next_change(&self, now: Moment, patience: Duration) -> Option<Moment> {
        let asked = self.asked.as_ref();
        let end =
            asked.map(|asked| if self.checking.is_some() { asked.until + VERIFYING } else { asked.until });
        let pin = self.pin.map(|pin| pin.at + patience);
        let due = self.pin.filter(|_| asked.is_some()).map(|pin| pin.due);
        let card = self.card.as_ref().map(|(_, at)| *at + patience);
        let retry = asked.map(|asked| asked.retry);
        let remind = asked.and_then(|asked| asked.remind);
        [end, pin, due, card, retry, remind].into_iter().flatten().filter(|at| *at > now).min()
    }

    fn is_over(&self, now: Moment) -> bool {
        self.asked.as_ref().is_some_and(|asked| {
            let grace = if self.checking.is_some() { VERIFYING } else { Duration::ZERO };
            now >= asked.until + grace || now < asked.since
        })
    }
}

impl Policy {
    /// Somebody comes in once one of these demands is met.
    pub(super) fn ask_for_factor(
        &mut self,
        now: Now,
        visitor: Visitor,
        demands: &[Demands],
        actions: &mut Vec<Action>,
    ) {
        let provable = self.roster.get(&visitor.person).map(|standing| self.access.provable(standing));
        let provable = provable.unwrap_or_default();
        let can_meet = |factors: Factors| demands.iter().any(|demands| demands.are_met_by(factors));
        if !can_meet(provable) {
            return self.turn_away_visitor(visitor, Refusal::SecondFactorMissing, actions);
        }
        let open = self.proving.attempts.open_to(now.moment, &visitor.person);
        if !can_meet(provable.and(open).or(visitor.proven)) {
            return self.turn_away_visitor(visitor, Refusal::LockedOut, actions);
        }
        let Some(visitor) = self.closed(visitor) else { return };
        let lacking = wanted(demands, visitor.proven);
        if !self.is_asked_already(now, &visitor) {
            self.begin_to_ask(now, visitor, lacking, actions);
        }
        self.use_held_card(now, lacking);
        self.go_on(now, actions);
        self.use_held_pin(now, actions);
    }

    /// The same person was lost and found again, as when looking down at the keypad: that is one attempt.
    fn is_asked_already(&mut self, now: Now, visitor: &Visitor) -> bool {
        let until = now.moment + self.access.factor_patience;
        match &mut self.proving.asked {
            Some(asked) if asked.visitor.person == visitor.person => {
                asked.visitor.track = visitor.track;
                asked.until = until;
                true
            }
            _ => false,
        }
    }

    fn begin_to_ask(&mut self, now: Now, visitor: Visitor, lacking: Factors, actions: &mut Vec<Action>) {
        self.stop_asking(None, actions);
        let patience = self.access.factor_patience;
        actions.push(Action::Show(Sign::Waiting));
        actions.push(Action::Record(Fact::Waiting {
            track: visitor.track,
            person: Personal(visitor.person.clone()),
            seconds: patience.as_secs(),
            factors: lacking.list(),
        }));
        let why = Refusal::SecondFactorMissing;
        let (since, until) = (now.moment, now.moment + patience);
        self.proving.asked = Some(Asked { visitor, since, until, why, retry: since, remind: None });
    }

    fn proven(&mut self, now: Now, factor: Factor, person: &PersonId, actions: &mut Vec<Action>) {
        // Whoever is asked by now is somebody else, or nobody: too late.
        let Some(asked) = self.proving.asked.as_mut().filter(|asked| asked.visitor.person == *person) else {
            return;
        };
        asked.visitor.proven = asked.visitor.proven.with(factor);
        self.proving.attempts.right(person, factor);
        self.go_on(now, actions);
    }

    fn wrong(
        &mut self,
        now: Now,
        factor: Factor,
        person: &PersonId,
        order: Order,
        actions: &mut Vec<Action>,
    ) {
        let lockout = self.proving.attempts.wrong(now.moment, person, factor, order);
        actions.push(Action::Show(Sign::Refused));
        actions.push(Action::Record(Fact::FactorRefused {
            factor,
            why: FactorRefusal::Wrong,
            person: Some(Personal(person.clone())),
            locked_out_s: lockout.filter(|_| order == Order::After).map(|lockout| lockout.as_secs()),
        }));
        let until = now.moment + self.access.factor_patience;
        let Some(asked) = self.proving.asked.as_mut().filter(|asked| asked.visitor.person == *person) else {
            return;
        };
        asked.why = if factor == Factor::Pin { Refusal::WrongPin } else { Refusal::WrongCard };
        asked.until = until;
        asked.remind = Some(now.moment + REMIND);
        if lockout.is_some() && order == Order::After {
            self.stop_asking(None, actions);
        }
    }

    /// Lets in whoever is asked, if nothing is lacking any more.
    fn go_on(&mut self, now: Now, actions: &mut Vec<Action>) {
        let ready = self.proving.asked.as_ref().is_some_and(|asked| now.moment >= asked.retry);
        if !ready || !self.may_open(now) {
            return;
        }
        let access = Arc::clone(&self.access);
        let Some(asked) = self.proving.asked.take() else { return };
        match self.verdict_on(&access, now, &asked.visitor) {
            Verdict::Lacking(_) => self.proving.asked = Some(asked),
            _ => self.admit(now, asked.visitor, actions),
        }
    }

    /// The audit was too slow: whoever has proven a factor is asked about again, without proving it again.
    pub(super) fn pass_again(&mut self, now: Now) -> bool {
        let Some(visitor) = self.proving.passing.take() else { return false };
        let (retry, why) = (now.moment + ASK_AGAIN, Refusal::AuditFailed);
        let until = retry + self.access.factor_patience;
        self.proving.asked = Some(Asked { visitor, since: now.moment, until, why, retry, remind: None });
        true
    }

    /// What time alone does: whoever did not prove it is refused, what nobody needed is forgotten.
    pub(super) fn end_proving(&mut self, now: Now, actions: &mut Vec<Action>) {
        if matches!(self.state, State::Asking(_)) {
            return;
        }
        if let Some(Visitor { refusal: Some(refusal), .. }) = self.proving.passing.take() {
            // Something locked the door before the audit had answered.
            actions.push(Action::Record(refusal));
        }
        let patience = self.access.factor_patience;
        let is_old = |at: Moment| now.moment >= at + patience || now.moment < at;
        if let Some(pin) = self.proving.pin.take_if(|pin| is_old(pin.at)) {
            self.pin_is_of_no_use(now, pin, actions);
        }
        if self.proving.card.take_if(|(_, at)| is_old(*at)).is_some() {
            actions.push(refused(Factor::Card, FactorRefusal::Unused));
        }
        if self.proving.is_over(now.moment) {
            self.stop_asking(Some(Sign::Refused), actions);
        }
        let due = |at: &mut Moment| now.moment >= *at;
        if self.proving.asked.as_mut().is_some_and(|asked| asked.remind.take_if(due).is_some()) {
            actions.push(Action::Show(Sign::Waiting));
        }
        self.go_on(now, actions);
        self.use_held_pin(now, actions);
    }

    /// What was proven or entered no longer counts.
    pub(super) fn give_up_proving(&mut self, actions: &mut Vec<Action>) {
        self.stop_asking(Some(Sign::Refused), actions);
        actions.extend(self.proving.pin.take().map(|pin| Action::ForgetPin(pin.entry)));
        self.proving.card = None;
        if let Some(checking) = &mut self.proving.checking {
            checking.void = true;
        }
        let roster = Arc::clone(&self.roster);
        self.proving.attempts.keep(|person| roster.contains_key(person));
    }

    fn stop_asking(&mut self, sign: Option<Sign>, actions: &mut Vec<Action>) {
        let Some(Asked { visitor, why, .. }) = self.proving.asked.take() else { return };
        if self.state == State::Locked {
            actions.extend(sign.map(Action::Show));
        }
        actions.extend(visitor.refusal.map(|refusal| Action::Record(because(refusal, why))));
    }

    /// Whether a factor would help the person who is asked.
    fn wants(&self, now: Now, factor: Factor) -> bool {
        let Some(Asked { visitor, .. }) = &self.proving.asked else { return false };
        let has = self.roster.get(&visitor.person).is_some_and(|standing| standing.means.has(factor));
        let access: &AccessRules = &self.access;
        match self.verdict_on(access, now, visitor) {
            Verdict::Lacking(demands) => has && wanted(&demands, visitor.proven).list().contains(&factor),
            _ => false,
        }
    }
}

/// The factors that would help somebody who has proven these.
fn wanted(demands: &[Demands], proven: Factors) -> Factors {
    let helps = |factor| demands.iter().any(|demands| demands.want(factor, proven));
    Factors { pin: helps(Factor::Pin), card: helps(Factor::Card) }
}
