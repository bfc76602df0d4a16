//! How the policy carries out a command from the network: the rules of the gateway first, then what every command does.
//! Each has a record that says who stands behind it, besides the records of what it does.

use super::Policy;
use super::command_budget::Spent;
use super::commands::{CodeId, CodeOutcome, Command, Denial, Done, RemoteCommand, Verdict};
use super::event::Action;
use super::outcome::Out;
use super::remote::{Judged, RemoteRight, RemoteRules, is_seen_from_afar};
use crate::clock::Now;
use crate::event::{Behind, Fact, Mode};

impl Policy {
    /// Puts other rules of the gateway into force. Before the first ones it may nothing.
    pub fn replace_remote_rules(&mut self, rules: RemoteRules) {
        self.remote.rules = rules;
    }

    /// Whether the gateway may ask for this.
    pub fn gateway_may(&self, right: RemoteRight) -> bool {
        self.remote.rules.allow(right)
    }

    /// Carries out a command that the gateway hands on, refuses it, or has its code verified.
    pub(super) fn remote_commanded(&mut self, now: Now, asked: RemoteCommand) -> Vec<Action> {
        let spent = self.budget.spend(now.moment, asked.caller.uid);
        let widens = self.lets_more_people_in(asked.command);
        let at = self.context(now, &self.settings);
        let judged =
            if spent.may_widen { self.remote.judge(&at, asked, widens) } else { Err(Denial::TooMany) };
        let forget = asked.code.map(Action::ForgetCode);
        match judged {
            Err(denial) => forget.into_iter().chain(refused(asked, Behind::Broker, denial, spent)).collect(),
            Ok(Judged::Allowed) => {
                forget.into_iter().chain(self.carry_out_remote(now, asked, Behind::Broker, spent)).collect()
            }
            Ok(Judged::Verify(code, codes)) => vec![Action::VerifyCode { code, codes }],
        }
    }

    /// A remote code was verified: its command is carried out or refused.
    pub(super) fn code_verified(&mut self, now: Now, code: CodeId, outcome: CodeOutcome) -> Vec<Action> {
        let at = self.context(now, &self.settings);
        let Some((asked, verdict)) = self.remote.verified(&at, code, outcome) else { return Vec::new() };
        match verdict {
            Ok(name) => self.carry_out_remote(now, asked, Behind::Code(name), RECORDED),
            Err(denial) => refused(asked, Behind::Broker, denial, RECORDED),
        }
    }

    /// Refuses a command whose code was not verified in time.
    pub(super) fn give_up_codes(&mut self, now: Now) -> Vec<Action> {
        let late = self.remote.pass_time(now.moment);
        late.map_or_else(Vec::new, |asked| refused(asked, Behind::Broker, Denial::CodeUnverified, RECORDED))
    }

    /// Refuses a command whose code is being verified when the daemon ends.
    pub(super) fn give_up_all_codes(&mut self) -> Vec<Action> {
        let left = self.remote.give_up();
        left.map_or_else(Vec::new, |asked| refused(asked, Behind::Broker, Denial::Leaving, RECORDED))
    }

    /// Whether a command may let more people in than before, now or later.
    fn lets_more_people_in(&self, command: Command) -> bool {
        match command {
            // A command outranks the schedules, and so also a lock-down that they would bring later.
            Command::Mode(Some(Mode::Normal)) => {
                let keeps_out = !self.settings.access.modes.lock_down.is_empty();
                self.site.mode() == Mode::LockDown || (self.site.commanded_mode().is_none() && keeps_out)
            }
            Command::Mode(None) => self.site.commanded_mode().is_some(),
            command => command.widens(),
        }
    }

    fn carry_out_remote(
        &mut self,
        now: Now,
        asked: RemoteCommand,
        behind: Behind,
        spent: Spent,
    ) -> Vec<Action> {
        let mut done = Vec::new();
        let verdict = self.do_remotely(now, asked, spent, &mut done).transpose();
        let refused = verdict.and_then(Result::err);
        let mut actions: Vec<_> = record(asked, behind, refused, spent).into_iter().collect();
        actions.append(&mut done);
        actions.extend(verdict.map(|verdict: Verdict| Action::Answer(asked.id, verdict)));
        actions
    }

    /// `None`: the verdict follows when the audit has answered.
    fn do_remotely(
        &mut self,
        now: Now,
        asked: RemoteCommand,
        spent: Spent,
        actions: &mut Vec<Action>,
    ) -> Result<Option<Done>, Denial> {
        match asked.command {
            // Locking a locked door would only take away what the camera has seen of whoever stands there.
            Command::Lock { .. } if !self.lock.is_busy() => Ok(Some(Done::Locked)),
            Command::Acknowledge(None) => {
                let kinds: Vec<_> = self.site.alarms().map(|alarm| alarm.kind).collect();
                for kind in kinds.into_iter().filter(|kind| is_seen_from_afar(*kind)) {
                    let seen = self.site.acknowledge(Some(kind), asked.caller)?;
                    self.follow(now, Out::Do(seen), actions);
                }
                Ok(Some(Done::Acknowledged))
            }
            command => self.carry_out(now, asked.id, asked.caller, command, spent, actions),
        }
    }
}

/// A command that spent its budget when it came.
const RECORDED: Spent = Spent { recorded: true, may_widen: true };

fn refused(asked: RemoteCommand, behind: Behind, denial: Denial, spent: Spent) -> Vec<Action> {
    let answer = Action::Answer(asked.id, Err(denial));
    record(asked, behind, Some(denial), spent).into_iter().chain([answer]).collect()
}

/// The record of who stands behind a command.
fn record(asked: RemoteCommand, behind: Behind, refused: Option<Denial>, spent: Spent) -> Option<Action> {
    let command = asked.command.name().to_owned();
    let refused = refused.map(|denial| denial.to_string());
    let fact = Fact::Command { command, caller: asked.caller, behind: Some(behind), refused };
    spent.recorded.then_some(Action::Record(fact))
}
