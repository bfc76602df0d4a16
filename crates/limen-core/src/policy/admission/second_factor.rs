//! Somebody who was recognised proves a second factor, which is entered after the face or was entered before
//! it.
//!
//! ```text
//!           recognised, a factor is lacking           proven
//!    nobody -------------------------------> asked ------------> judged again: let in, or waits for a second person
//!      ^                                      |  ^
//!      |                                      |  +-- wrong: recorded and counted, the time begins anew
//!      +-- time over, locked out, replaced ---+
//! ```
//!
//! One person is asked at a time: the last one who was recognised. An entry is compared with the PINs or card
//! of that person alone. The policy never sees a PIN: the daemon keeps it and verifies it. If several groups let
//! a person in, one that requires no factor is used first.

use std::sync::Arc;
use std::time::Duration;

use super::attempts::{Attempts, Order};
use super::judgement::{Judge, Judgement};
use super::outcome::AdmitOutcome;
use super::visitor::Visitor;
use crate::clock::Moment;
use crate::credential::{Card, Factor, Factors};
use crate::event::{Fact, FactorRefusal, Personal, Refusal};
use crate::people::Standing;
use crate::person::PersonId;
use crate::policy::access::factors::Demands;
use crate::policy::context::{Context, LockStage};
use crate::policy::event::{Action, EntryId, PinOutcome, Sign};
use crate::policy::recognition::because;
use crate::policy::rules::ASK_AGAIN;

/// The extra time for a person whose PIN is still being verified. A Pi that embeds photographs at the same time
/// needs a second or two to verify it.
const VERIFYING: Duration = Duration::from_secs(5);

/// How long the lights show red after a wrong PIN or card, before they show again that somebody is asked.
const REMIND: Duration = Duration::from_secs(2);

/// The person who is asked.
#[derive(Debug)]
struct AskedVisitor {
    visitor: Visitor,
    since: Moment,
    until: Moment,
    /// The reason of the refusal if the person is not let in.
    why: Refusal,
    /// The person is not let in before this moment. It is later than `since` only if the audit was too slow.
    retry: Moment,
    /// When the lights show again that this person is asked, after a wrong PIN or card.
    remind: Option<Moment>,
}

#[derive(Debug, Clone, Copy)]
struct HeldPin {
    entry: EntryId,
    at: Moment,
    /// When it may be verified: later than `at` while PIN entry is slowed down.
    due: Moment,
}

#[derive(Debug, Clone, Copy)]
struct Verification {
    entry: EntryId,
    order: Order,
    /// The outcome proves nothing, because something happened meanwhile: for example a reload that may have
    /// removed the PIN.
    void: bool,
}

/// Who is asked for a second factor, and what was entered.
#[derive(Debug, Default)]
pub struct FactorCheck {
    asked: Option<AskedVisitor>,
    /// Somebody who has waited and whose grant waits for the audit.
    passing: Option<Visitor>,
    /// The PIN that was entered and not yet compared.
    pin: Option<HeldPin>,
    card: Option<(Card, Moment)>,
    /// The PIN that is being verified; the verifier takes one at a time.
    verification: Option<Verification>,
    attempts: Attempts,
}

impl FactorCheck {
    /// The next moment at which time alone changes something here.
    pub fn deadline(&self, now: Moment, patience: Duration) -> Option<Moment> {
        let asked = self.asked.as_ref();
        let end = asked.map(|asked| asked.until + self.grace());
        let pin = self.pin.map(|pin| pin.at + patience);
        let due = self.pin.filter(|_| asked.is_some()).map(|pin| pin.due);
        let card = self.card.as_ref().map(|(_, at)| *at + patience);
        let retry = asked.map(|asked| asked.retry);
        let remind = asked.and_then(|asked| asked.remind);
        [end, pin, due, card, retry, remind].into_iter().flatten().filter(|at| *at > now).min()
    }

    /// Why somebody who lacks a factor is refused at once; `None`: they are asked for it.
    pub fn refuses(&self, at: &Context<'_>, visitor: &Visitor, demands: &[Demands]) -> Option<Refusal> {
        let standing = at.settings.standings.get(&visitor.person);
        let provable = standing.map(|standing| at.settings.access.provable(standing)).unwrap_or_default();
        let can_meet = |factors: Factors| demands.iter().any(|demands| demands.are_met_by(factors));
        let open = self.attempts.open_to(at.moment(), &visitor.person);
        if !can_meet(provable) {
            Some(Refusal::SecondFactorMissing)
        } else if !can_meet(provable.and(open).or(visitor.proven)) {
            Some(Refusal::LockedOut)
        } else {
            None
        }
    }

    /// From `nobody` to `asked`: the visitor is judged again once one of these demands is met.
    pub fn ask(
        &mut self,
        at: &Context<'_>,
        visitor: Visitor,
        demands: &[Demands],
        out: &mut Vec<AdmitOutcome>,
    ) {
        let visitor = visitor.begin_to_wait(out);
        let lacking = wanted(demands, visitor.proven);
        if !self.is_asked_already(at, &visitor) {
            self.begin_to_ask(at, visitor, lacking, out);
        }
        self.use_held_card(at, lacking);
    }

    /// Whether this person is asked already; if so, goes on with the new track and gives the full time again.
    /// A face can be lost and found again when somebody looks down at the keypad.
    fn is_asked_already(&mut self, at: &Context<'_>, visitor: &Visitor) -> bool {
        let Some(asked) = self.asked_of(&visitor.person) else { return false };
        asked.visitor.track = visitor.track;
        asked.until = at.moment() + at.settings.access.factor_patience;
        true
    }

    fn begin_to_ask(
        &mut self,
        at: &Context<'_>,
        visitor: Visitor,
        lacking: Factors,
        out: &mut Vec<AdmitOutcome>,
    ) {
        self.stop_asking(at, None, out);
        let patience = at.settings.access.factor_patience;
        out.push(AdmitOutcome::Do(Action::Show(Sign::Waiting)));
        out.push(AdmitOutcome::Do(Action::Record(Fact::Waiting {
            track: visitor.track,
            person: Personal(visitor.person.clone()),
            seconds: patience.as_secs(),
            factors: lacking.list(),
        })));
        let why = Refusal::SecondFactorMissing;
        let (since, until) = (at.moment(), at.moment() + patience);
        self.asked = Some(AskedVisitor { visitor, since, until, why, retry: since, remind: None });
    }

    /// Uses a card that was shown before the face.
    fn use_held_card(&mut self, at: &Context<'_>, lacking: Factors) {
        let (Some(asked), Some((card, shown))) = (&mut self.asked, &self.card) else { return };
        let person = &asked.visitor.person;
        let means = at.settings.standings.get(person).map(|standing| &standing.means);
        let owned = means.is_some_and(|means| means.card.as_ref() == Some(card));
        let open = self.attempts.locked_out(at.moment(), person, Factor::Card, Order::After).is_none();
        if lacking.card && owned && open && at.moment() >= *shown {
            asked.visitor.proven = asked.visitor.proven.with(Factor::Card);
            self.attempts.right(person, Factor::Card);
            self.card = None;
        }
    }

    /// Somebody entered a PIN.
    pub fn pin_entered(&mut self, judge: Judge<'_, '_>, entry: EntryId, out: &mut Vec<AdmitOutcome>) {
        let now = judge.at.moment();
        if let Some(replaced) = self.pin.take() {
            self.pin_is_of_no_use(now, replaced, out);
        }
        let due = self.attempts.take_pin(now);
        self.pin = Some(HeldPin { entry, at: now, due });
        self.use_held_pin(judge, out);
    }

    /// Asks the daemon to verify the entered PIN against the PINs of the person who is asked.
    pub fn use_held_pin(&mut self, judge: Judge<'_, '_>, out: &mut Vec<AdmitOutcome>) {
        let now = judge.at.moment();
        let (Some(pin), Some(asked), None) = (self.pin, &self.asked, self.verification) else { return };
        let person = asked.visitor.person.clone();
        let Some(standing) = judge.at.settings.standings.get(&person) else { return };
        if now < pin.due || !self.wants(judge, Factor::Pin) {
            return;
        }
        let order = if pin.at < asked.since { Order::Before } else { Order::After };
        self.pin = None;
        if self.attempts.locked_out(now, &person, Factor::Pin, order).is_some() {
            return out.push(AdmitOutcome::Do(Action::ForgetPin(pin.entry)));
        }
        if pin.due > pin.at {
            self.attempts.took_pin(now);
        }
        self.verification = Some(Verification { entry: pin.entry, order, void: false });
        let means = Arc::clone(&standing.means);
        out.push(AdmitOutcome::Do(Action::VerifyPin { entry: pin.entry, person, means }));
    }

    /// A PIN was verified. False if it is not the one that is being verified.
    pub fn pin_verified(
        &mut self,
        at: &Context<'_>,
        entry: EntryId,
        person: &PersonId,
        outcome: PinOutcome,
        out: &mut Vec<AdmitOutcome>,
    ) -> bool {
        let Some(done) = self.verification.take_if(|running| running.entry == entry) else { return false };
        if outcome == PinOutcome::Duress {
            // A duress PIN raises the alarm even if its outcome proves nothing.
            out.push(AdmitOutcome::Duress);
        }
        match outcome {
            _ if done.void => {}
            PinOutcome::Right | PinOutcome::Duress => self.proven(Factor::Pin, person),
            PinOutcome::Wrong => self.wrong(at, Factor::Pin, person, done.order, out),
            PinOutcome::Failed => out.push(AdmitOutcome::Do(Action::Show(Sign::Refused))),
        }
        true
    }

    /// Somebody held a card to the reader.
    pub fn card_read(&mut self, judge: Judge<'_, '_>, card: Card, out: &mut Vec<AdmitOutcome>) {
        let (at, now) = (judge.at, judge.at.moment());
        let wanted = self.wants(judge, Factor::Card);
        let asked = self.asked.as_ref().filter(|_| wanted).map(|asked| asked.visitor.person.clone());
        let is_of = |standing: &Standing| standing.means.card.as_ref() == Some(&card);
        // The card is compared with everybody's, so that the time which this takes does not reveal its owner.
        let known = at.settings.standings.values().filter(|standing| is_of(standing)).count() > 0;
        let owned = asked.as_ref().and_then(|person| at.settings.standings.get(person)).is_some_and(is_of);
        let locked_out =
            |person: &PersonId| self.attempts.locked_out(now, person, Factor::Card, Order::After).is_some();
        match asked {
            Some(person) if locked_out(&person) => out.extend(card_refused(FactorRefusal::Unused)),
            Some(person) if owned => self.proven(Factor::Card, &person),
            // Somebody else's card is no wrong attempt: its owner may stand behind this person.
            Some(person) if !known => self.wrong(at, Factor::Card, &person, Order::After, out),
            _ if known => self.card = Some((card, now)),
            _ => out.extend(card_refused(FactorRefusal::Unknown)),
        }
    }

    fn proven(&mut self, factor: Factor, person: &PersonId) {
        // If somebody else or nobody is asked by now, the proof came too late.
        let Some(asked) = self.asked_of(person) else { return };
        asked.visitor.proven = asked.visitor.proven.with(factor);
        self.attempts.right(person, factor);
    }

    fn wrong(
        &mut self,
        at: &Context<'_>,
        factor: Factor,
        person: &PersonId,
        order: Order,
        out: &mut Vec<AdmitOutcome>,
    ) {
        let lockout = self.attempts.wrong(at.moment(), person, factor, order);
        let lockout = lockout.filter(|_| order == Order::After);
        out.push(AdmitOutcome::Do(Action::Show(Sign::Refused)));
        out.push(AdmitOutcome::Do(Action::Record(Fact::FactorRefused {
            factor,
            why: FactorRefusal::Wrong,
            person: Some(Personal(person.clone())),
            locked_out_s: lockout.map(|lockout| lockout.as_secs()),
        })));
        let Some(asked) = self.asked_of(person) else { return };
        asked.why = if factor == Factor::Pin { Refusal::WrongPin } else { Refusal::WrongCard };
        asked.until = at.moment() + at.settings.access.factor_patience;
        asked.remind = Some(at.moment() + REMIND);
        if lockout.is_some() {
            self.stop_asking(at, None, out);
        }
    }

    /// From `asked` to `judged again`: takes out the person who is asked, once no factor is lacking.
    pub fn take_ready(&mut self, judge: Judge<'_, '_>) -> Option<Visitor> {
        let asked = self.asked.as_ref().filter(|asked| judge.at.moment() >= asked.retry)?;
        if !judge.at.may_let_in() || matches!(judge.of_visitor(&asked.visitor), Judgement::Lacking(_)) {
            return None;
        }
        self.asked.take().map(|asked| asked.visitor)
    }

    /// Somebody is about to be let in. A visitor who has waited is kept until the door opens.
    pub fn passes(&mut self, visitor: Visitor) {
        self.passing = visitor.has_waited.then_some(visitor);
    }

    /// The door was opened: the visitor's refusal is no longer needed.
    pub fn passed(&mut self) {
        self.passing = None;
    }

    /// The audit was too slow: a visitor who has waited is judged again, without proving the factor again.
    /// False if there is none.
    pub fn pass_again(&mut self, at: &Context<'_>) -> bool {
        let Some(visitor) = self.passing.take() else { return false };
        let (retry, why) = (at.moment() + ASK_AGAIN, Refusal::AuditFailed);
        let until = retry + at.settings.access.factor_patience;
        self.asked = Some(AskedVisitor { visitor, since: at.moment(), until, why, retry, remind: None });
        true
    }

    /// Refuses a person who did not prove the factor in time, and forgets entries that nobody needed in time.
    pub fn pass_time(&mut self, at: &Context<'_>, out: &mut Vec<AdmitOutcome>) {
        let (now, patience) = (at.moment(), at.settings.access.factor_patience);
        // Something locked the door before the audit had answered.
        out.extend(self.passing.take().map(|visitor| AdmitOutcome::Do(Action::Record(visitor.refusal))));
        let is_old = |then: Moment| now >= then + patience || now < then;
        if let Some(pin) = self.pin.take_if(|pin| is_old(pin.at)) {
            self.pin_is_of_no_use(now, pin, out);
        }
        if self.card.take_if(|(_, shown)| is_old(*shown)).is_some() {
            out.push(refused(Factor::Card, FactorRefusal::Unused));
        }
        let grace = self.grace();
        if self.asked.as_ref().is_some_and(|asked| now >= asked.until + grace || now < asked.since) {
            self.stop_asking(at, Some(Sign::Refused), out);
        }
        let due = |remind: &mut Moment| now >= *remind;
        if self.asked.as_mut().is_some_and(|asked| asked.remind.take_if(due).is_some()) {
            out.push(AdmitOutcome::Do(Action::Show(Sign::Waiting)));
        }
    }

    /// Refuses the person who is asked; what was proven or entered no longer counts.
    pub fn give_up(&mut self, at: &Context<'_>, out: &mut Vec<AdmitOutcome>) {
        self.stop_asking(at, Some(Sign::Refused), out);
        out.extend(self.pin.take().map(|pin| AdmitOutcome::Do(Action::ForgetPin(pin.entry))));
        self.card = None;
        if let Some(running) = &mut self.verification {
            running.void = true;
        }
        self.attempts.keep(|person| at.settings.standings.contains_key(person));
    }

    /// Whether this person is asked now.
    pub fn is_asking(&self, person: &PersonId) -> bool {
        self.asked.as_ref().is_some_and(|asked| asked.visitor.person == *person)
    }

    /// Refuses whoever is asked now: no living head stands there.
    pub fn deny(&mut self, at: &Context<'_>, why: Refusal, out: &mut Vec<AdmitOutcome>) {
        let Some(asked) = &mut self.asked else { return };
        asked.why = why;
        self.stop_asking(at, Some(Sign::Refused), out);
        if let Some(running) = &mut self.verification {
            running.void = true;
        }
    }

    /// Asked to nobody.
    fn stop_asking(&mut self, at: &Context<'_>, sign: Option<Sign>, out: &mut Vec<AdmitOutcome>) {
        let Some(AskedVisitor { visitor, why, .. }) = self.asked.take() else { return };
        if at.stage == LockStage::Locked {
            out.extend(sign.map(Action::Show).map(AdmitOutcome::Do));
        }
        out.push(AdmitOutcome::Do(Action::Record(because(visitor.refusal, why))));
    }

    /// Forgets a PIN that was not used: nobody was recognised in time, or another PIN was entered.
    fn pin_is_of_no_use(&mut self, now: Moment, pin: HeldPin, out: &mut Vec<AdmitOutcome>) {
        self.attempts.wrong_at_the_door(now);
        out.push(AdmitOutcome::Do(Action::ForgetPin(pin.entry)));
        out.push(refused(Factor::Pin, FactorRefusal::Unused));
    }

    /// Whether a factor would help the person who is asked.
    fn wants(&self, judge: Judge<'_, '_>, factor: Factor) -> bool {
        let Some(AskedVisitor { visitor, .. }) = &self.asked else { return false };
        let standing = judge.at.settings.standings.get(&visitor.person);
        match judge.of_visitor(visitor) {
            Judgement::Lacking(demands) => {
                let helps = wanted(&demands, visitor.proven).list().contains(&factor);
                helps && standing.is_some_and(|standing| standing.means.has(factor))
            }
            _ => false,
        }
    }

    fn asked_of(&mut self, person: &PersonId) -> Option<&mut AskedVisitor> {
        self.asked.as_mut().filter(|asked| asked.visitor.person == *person)
    }

    /// The extra time of the person who is asked: none, unless a PIN is being verified.
    fn grace(&self) -> Duration {
        if self.verification.is_some() { VERIFYING } else { Duration::ZERO }
    }
}

/// The factors that somebody who has proven these can prove next, to meet one of the demands.
fn wanted(demands: &[Demands], proven: Factors) -> Factors {
    let helps = |factor| demands.iter().any(|demands| demands.want(factor, proven));
    Factors { pin: helps(Factor::Pin), card: helps(Factor::Card) }
}

fn card_refused(why: FactorRefusal) -> [AdmitOutcome; 2] {
    [AdmitOutcome::Do(Action::Show(Sign::Refused)), refused(Factor::Card, why)]
}

fn refused(factor: Factor, why: FactorRefusal) -> AdmitOutcome {
    AdmitOutcome::Do(Action::Record(Fact::FactorRefused { factor, why, person: None, locked_out_s: None }))
}
