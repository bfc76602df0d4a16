//! What was entered: a PIN or a card, held until somebody is recognised, then held against that person.

use std::sync::Arc;

use super::Proving;
use crate::clock::{Moment, Now};
use crate::credential::{Card, Factor, Factors};
use crate::event::{Fact, FactorRefusal};
use crate::people::Standing;
use crate::person::PersonId;
use crate::policy::Policy;
use crate::policy::attempts::Order;
use crate::policy::event::{Action, EntryId, PinOutcome, Sign};

/// Entered and not yet held against anybody.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeldPin {
    pub entry: EntryId,
    pub at: Moment,
    /// When it may be looked at.
    pub due: Moment,
}

/// A PIN at the verifier, which takes one at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checking {
    pub entry: EntryId,
    pub order: Order,
    /// What came meanwhile made it void, as a reload that may have taken the PIN away: its outcome proves nothing.
    pub void: bool,
}

impl Policy {
    /// Somebody entered a PIN.
    pub(in crate::policy) fn pin_entered(&mut self, now: Now, entry: EntryId, actions: &mut Vec<Action>) {
        if let Some(replaced) = self.proving.pin.take() {
            self.pin_is_of_no_use(now, replaced, actions);
        }
        let due = self.proving.attempts.take_pin(now.moment);
        self.proving.pin = Some(HeldPin { entry, at: now.moment, due });
        self.use_held_pin(now, actions);
    }

    /// Has the PIN that was entered held against the person who is asked.
    pub(super) fn use_held_pin(&mut self, now: Now, actions: &mut Vec<Action>) {
        let (Some(pin), Some(asked), None) = (self.proving.pin, &self.proving.asked, self.proving.checking)
        else {
            return;
        };
        let person = asked.visitor.person.clone();
        let Some(standing) = self.roster.get(&person) else { return };
        if now.moment < pin.due || !self.wants(now, Factor::Pin) {
            return;
        }
        let order = if pin.at < asked.since { Order::Before } else { Order::After };
        self.proving.pin = None;
        if self.proving.attempts.locked_out(now.moment, &person, Factor::Pin, order).is_some() {
            return actions.push(Action::ForgetPin(pin.entry));
        }
        if pin.due > pin.at {
            self.proving.attempts.took_pin(now.moment);
        }
        self.proving.checking = Some(Checking { entry: pin.entry, order, void: false });
        actions.push(Action::VerifyPin { entry: pin.entry, person, means: Arc::clone(&standing.means) });
    }

    /// A PIN was held against a person's.
    pub(in crate::policy) fn pin_verified(
        &mut self,
        now: Now,
        entry: EntryId,
        person: &PersonId,
        outcome: PinOutcome,
        actions: &mut Vec<Action>,
    ) {
        let Some(checked) = self.proving.checking.take_if(|checking| checking.entry == entry) else { return };
        let order = checked.order;
        match outcome {
            // A call for help is heard all the same.
            PinOutcome::Duress if checked.void => self.raise_duress(now.moment, actions),
            _ if checked.void => {}
            PinOutcome::Wrong => self.wrong(now, Factor::Pin, person, order, actions),
            PinOutcome::Failed => actions.push(Action::Show(Sign::Refused)),
            PinOutcome::Right => self.proven(now, Factor::Pin, person, actions),
            PinOutcome::Duress => {
                self.raise_duress(now.moment, actions);
                self.proven(now, Factor::Pin, person, actions);
            }
        }
        self.use_held_pin(now, actions);
    }

    /// Somebody held a card to the reader.
    pub(in crate::policy) fn card_read(&mut self, now: Now, card: Card, actions: &mut Vec<Action>) {
        let wanted = self.wants(now, Factor::Card);
        let asked = self.proving.asked.as_ref().filter(|_| wanted).map(|asked| asked.visitor.person.clone());
        let is_of = |standing: &Standing| standing.means.card.as_ref() == Some(&card);
        // Everybody is looked at, so that the time says nothing about whose card it is.
        let known = self.roster.values().filter(|standing| is_of(standing)).count() > 0;
        let owned = asked.as_ref().and_then(|person| self.roster.get(person)).is_some_and(is_of);
        let locked_out = |person: &PersonId| {
            self.proving.attempts.locked_out(now.moment, person, Factor::Card, Order::After).is_some()
        };
        match asked {
            Some(person) if locked_out(&person) => {
                actions.push(Action::Show(Sign::Refused));
                actions.push(refused(Factor::Card, FactorRefusal::Unused));
            }
            Some(person) if owned => self.proven(now, Factor::Card, &person, actions),
            // Somebody else's card costs nobody an attempt: its owner may stand behind.
            Some(person) if !known => self.wrong(now, Factor::Card, &person, Order::After, actions),
            _ if known => self.proving.card = Some((card, now.moment)),
            _ => {
                actions.push(Action::Show(Sign::Refused));
                actions.push(refused(Factor::Card, FactorRefusal::Unknown));
            }
        }
    }

    /// A card that was shown before the face.
    pub(super) fn use_held_card(&mut self, now: Now, lacking: Factors) {
        let Proving { asked: Some(asked), card: Some((card, at)), attempts, .. } = &mut self.proving else {
            return;
        };
        let person = &asked.visitor.person;
        let means = self.roster.get(person).map(|standing| &standing.means);
        let owned = means.is_some_and(|means| means.card.as_ref() == Some(card));
        let open = attempts.locked_out(now.moment, person, Factor::Card, Order::After).is_none();
        if lacking.card && owned && open && now.moment >= *at {
            asked.visitor.proven = asked.visitor.proven.with(Factor::Card);
            attempts.right(person, Factor::Card);
            self.proving.card = None;
        }
    }

    /// Nobody was recognised in time, or it was replaced by another.
    pub(super) fn pin_is_of_no_use(&mut self, now: Now, pin: HeldPin, actions: &mut Vec<Action>) {
        self.proving.attempts.wrong_at_the_door(now.moment);
        actions.push(Action::ForgetPin(pin.entry));
        actions.push(refused(Factor::Pin, FactorRefusal::Unused));
    }
}

/// A factor that nobody is charged with.
pub(super) fn refused(factor: Factor, why: FactorRefusal) -> Action {
    Action::Record(Fact::FactorRefused { factor, why, person: None, locked_out_s: None })
}
