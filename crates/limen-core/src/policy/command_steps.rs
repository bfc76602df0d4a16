//! How the policy carries out a command: which machines it reaches, what is answered and recorded.

use super::command_budget::Spent;
use super::commands::{Command, CommandId, Denial, Done, Verdict};
use super::event::Action;
use super::lock::Reach;
use super::outcome::Out;
use super::{Policy, command_record};
use crate::clock::Now;
use crate::event::{Caller, Part, Relock};

impl Policy {
    /// Carries out a command of a client that may give it, and records it.
    pub(super) fn commanded(
        &mut self,
        now: Now,
        id: CommandId,
        caller: Caller,
        command: Command,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        let spent = self.budget.spend(now.moment, caller.uid);
        let verdict = self.carry_out(now, id, caller, command, spent, &mut actions).transpose();
        let record = command_record::of(command, caller, verdict, &actions).filter(|_| spent.recorded);
        actions.extend(record.map(Action::Record));
        actions.extend(verdict.map(|verdict| Action::Answer(id, verdict)));
        actions
    }

    /// Carries out a command. `None`: the verdict follows when the audit has answered.
    pub(super) fn carry_out(
        &mut self,
        now: Now,
        id: CommandId,
        caller: Caller,
        command: Command,
        spent: Spent,
        actions: &mut Vec<Action>,
    ) -> Result<Option<Done>, Denial> {
        if command.widens() && !spent.may_widen {
            return Err(Denial::TooMany);
        }
        let at = self.context(now, &self.settings);
        let (out, done) = match command {
            Command::Lock { ends_fire } => {
                return self.lock_commanded(now, caller, ends_fire, spent.recorded, actions).map(Some);
            }
            Command::Unlock(length) => (Out::Do(vec![self.lock.unlock(&at, id, caller, length)?]), None),
            Command::Mode(mode) => {
                let out = self.site.mode_commanded(&at, mode, caller, spent.recorded);
                (Out::Site(out), Some(Done::Mode(self.site.mode())))
            }
            Command::Acknowledge(alarm) => {
                (Out::Do(self.site.acknowledge(alarm, caller)?), Some(Done::Acknowledged))
            }
            Command::Serve(_) => return Ok(Some(Done::Serve)),
        };
        self.follow(now, out, actions);
        Ok(done)
    }

    fn lock_commanded(
        &mut self,
        now: Now,
        caller: Caller,
        ends_fire: bool,
        in_budget: bool,
        actions: &mut Vec<Action>,
    ) -> Verdict {
        let recorded = in_budget || self.lock.is_busy();
        self.recognition.spend();
        self.give_up_waiting(now, actions);
        // Only a command can end a fire alarm whose line cannot be read any more.
        let ends_fire = ends_fire && self.site.failed_since(Part::Inputs).is_some();
        let reach = if ends_fire { Reach::All } else { Reach::ExitButton };
        let out = self.lock.lock(Relock::Command, reach, recorded.then_some(caller));
        self.follow(now, Out::Lock(out), actions);
        self.lock.open_kind().map_or(Ok(Done::Locked), |kind| Err(Denial::KeptOpen(kind)))
    }
}
