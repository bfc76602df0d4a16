//! The policy, and the effects of what it says: an event goes in, and its actions are done before the next goes in.

use std::sync::Arc;

use limen_core::clock::Now;
use limen_core::event::Fact;
use limen_core::policy::{AccessRules, CommandId, Event, Policy, Rules, Verdict};

use super::effects::Effects;
use crate::door::inputs::InputReport;
use crate::entry::{Entry, EntryReport};

/// Runs the policy.
pub(super) struct PolicyRunner {
    policy: Policy,
    pub effects: Effects,
}

impl PolicyRunner {
    /// Of a policy that has seen nothing yet.
    pub fn new(policy: Policy, effects: Effects) -> Self {
        Self { policy, effects }
    }

    /// The policy, to look at.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Brings other rules into force.
    pub fn replace_rules(&mut self, rules: Rules, access: Arc<AccessRules>) {
        self.policy.replace_rules(rules, access);
    }

    /// One event, and what the policy hears at once of its actions: which records were handed over, and which not.
    pub fn step(&mut self, now: Now, event: Event) {
        let actions = self.policy.step(now, event);
        self.effects.perform(now, actions);
        let handed =
            self.effects.take_handed().into_iter().map(|(request, at)| Event::HandedOver(request, at));
        let refused = self.effects.take_refused().into_iter().map(Event::NotAccepted);
        for event in handed.chain(refused).collect::<Vec<_>>() {
            let actions = self.policy.step(now, event);
            self.effects.perform(now, actions);
        }
    }

    /// What came of commands since this was asked last.
    pub fn take_verdicts(&mut self) -> Vec<(CommandId, Verdict)> {
        self.effects.take_verdicts()
    }

    /// An input line has something to say.
    pub fn input_reported(&mut self, now: Now, report: InputReport) {
        match report {
            InputReport::Level { input, active, at_start } => {
                self.step(now, Event::Input { input, active, at_start });
            }
            // Their health is a level, which is looked at after every message.
            InputReport::Failed(_) | InputReport::Recovered => {}
        }
    }

    /// Keypad or reader has something to say.
    pub fn entry_reported(&mut self, now: Now, report: EntryReport) {
        match report {
            EntryReport::Entered(Entry::Pin(digits)) => {
                let entry = self.effects.keep_pin(digits);
                self.step(now, Event::PinEntered(entry));
            }
            EntryReport::Entered(Entry::Card(card)) => self.step(now, Event::CardRead(card)),
            EntryReport::Mistaken { device, mistake, count } => {
                self.effects.record(now, Fact::EntryMistaken { device, mistake, count });
            }
            // Their health is a level, which is looked at after every message.
            EntryReport::Lost(..) | EntryReport::Back(_) => {}
        }
    }
}
