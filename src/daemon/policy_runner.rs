//! Runs the policy: performs the actions of one event before the policy gets the next one.

use std::sync::Arc;

use limen_core::clock::Now;
use limen_core::event::Fact;
use limen_core::policy::{
    AccessRules, CommandId, Event, LivenessRules, Policy, RemoteRight, RemoteRules, Rules, Standings, Verdict,
};

use super::effects::Effects;
use super::followers::GatewayHears;
use crate::door::inputs::InputReport;
use crate::entry::{Entry, EntryReport};

/// The policy, and what performs its actions.
pub(super) struct PolicyRunner {
    policy: Policy,
    liveness: LivenessRules,
    pub effects: Effects,
}

impl PolicyRunner {
    /// A runner for a policy that has not got an event yet and knows nobody.
    pub fn new(rules: Rules, access: Arc<AccessRules>, effects: Effects) -> Self {
        let policy = Policy::new(rules, Standings::default(), access);
        Self { policy, liveness: rules.liveness, effects }
    }

    /// The rules of liveness in force.
    pub fn liveness(&self) -> LivenessRules {
        self.liveness
    }

    /// The policy, to read its state.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Puts other rules into force.
    pub fn replace_rules(&mut self, rules: Rules, access: Arc<AccessRules>) {
        self.liveness = rules.liveness;
        self.policy.replace_rules(rules, access);
    }

    /// Puts other rules of the gateway into force.
    pub fn replace_remote_rules(&mut self, rules: RemoteRules) {
        let allowed = |right| rules.allow(right);
        let hears = GatewayHears { duress: allowed(RemoteRight::Duress), names: allowed(RemoteRight::Names) };
        self.effects.followers().tell_the_gateway(hears);
        self.policy.replace_remote_rules(rules);
    }

    /// Passes one event to the policy and performs its actions. Then tells the policy which challenges were drawn, and
    /// which records were handed over and which were not.
    pub fn step(&mut self, now: Now, event: Event) {
        let actions = self.policy.step(now, event);
        self.effects.perform(now, actions);
        let drawn = self.effects.take_drawn();
        let handed =
            self.effects.take_handed().into_iter().map(|(request, at)| Event::HandedOver(request, at));
        let refused = self.effects.take_refused().into_iter().map(Event::NotAccepted);
        for event in drawn.into_iter().chain(handed).chain(refused).collect::<Vec<_>>() {
            let actions = self.policy.step(now, event);
            self.effects.perform(now, actions);
        }
    }

    /// The verdicts on commands since the last call.
    pub fn take_verdicts(&mut self) -> Vec<(CommandId, Verdict)> {
        self.effects.take_verdicts()
    }

    /// Handles a report of the input lines.
    pub fn input_reported(&mut self, now: Now, report: InputReport) {
        match report {
            InputReport::Level { input, active, at_start } => {
                self.step(now, Event::Input { input, active, at_start });
            }
            // The health of the lines is a level, which is checked after every message.
            InputReport::Failed(_) | InputReport::Recovered => {}
        }
    }

    /// Handles a report of keypad or reader.
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
            // The health of the devices is a level, which is checked after every message.
            EntryReport::Lost(..) | EntryReport::Back(_) => {}
        }
    }
}
