//! The way from one machine of the policy to the next: each outcome of a machine is an input of another, or an action for
//! the daemon.

use super::Policy;
use super::admission::AdmitOutcome;
use super::event::Action;
use super::liveness::LivenessOutcome;
use super::lock::LockOutcome;
use super::outcome::Out;
use super::rules::ASK_AGAIN;
use super::site::SiteOutcome;
use crate::clock::Now;
use crate::event::{Mode, Refusal};

impl Policy {
    /// Passes the outcomes of one machine to the next, in order.
    pub(super) fn follow(&mut self, now: Now, out: Out, actions: &mut Vec<Action>) {
        match out {
            Out::Do(out) => actions.extend(out),
            Out::Liveness(out) => out.into_iter().for_each(|out| self.follow_liveness(now, out, actions)),
            Out::Admission(out) => out.into_iter().for_each(|out| self.follow_admission(now, out, actions)),
            Out::Lock(out) => out.into_iter().for_each(|out| self.follow_lock(now, out, actions)),
            Out::Site(out) => out.into_iter().for_each(|out| self.follow_site(now, out, actions)),
        }
    }

    fn follow_liveness(&mut self, now: Now, out: LivenessOutcome, actions: &mut Vec<Action>) {
        let at = &self.context(now, &self.settings);
        let out = match out {
            LivenessOutcome::Do(action) => return actions.push(action),
            LivenessOutcome::GoOn(track, why) => return self.recognition.go_on(track, why),
            LivenessOutcome::AskAgain(track, from, why) => {
                return self.recognition.ask_again(track, from, why);
            }
            LivenessOutcome::BeginAgain(track, from, why) => {
                return self.recognition.begin_again(track, from, why);
            }
            LivenessOutcome::Close(track) => return self.recognition.close(track),
            LivenessOutcome::Pass(somebody, how) => self.admission.recognised(at, somebody, how),
            LivenessOutcome::Deny(track, why) => self.admission.deny(at, track, why),
        };
        self.follow(now, Out::Admission(out), actions);
    }

    fn follow_admission(&mut self, now: Now, out: AdmitOutcome, actions: &mut Vec<Action>) {
        match out {
            AdmitOutcome::Do(action) => actions.push(action),
            AdmitOutcome::Close(track) => self.recognition.close(track),
            AdmitOutcome::Duress => actions.extend(self.site.duress(now.moment)),
            AdmitOutcome::LetIn { grant, distance } => {
                actions.push(self.lock.let_in(now.moment, grant, distance));
            }
        }
    }

    fn follow_lock(&mut self, now: Now, out: LockOutcome, actions: &mut Vec<Action>) {
        match out {
            LockOutcome::Do(action) => actions.push(action),
            LockOutcome::Opened(grant) => {
                if let Some(track) = grant.track() {
                    self.recognition.granted(track);
                    self.liveness.granted(track);
                }
                let out = self.admission.opened(&self.context(now, &self.settings), &grant);
                self.follow(now, Out::Admission(out), actions);
            }
            LockOutcome::LetDown(track) => {
                let at = &self.context(now, &self.settings);
                if !self.admission.pass_again(at) {
                    self.recognition.ask_again(track, now.moment + ASK_AGAIN, Refusal::AuditFailed);
                } else if let Some(why) = self.liveness.denied(track) {
                    let out = self.admission.deny(at, track, why);
                    self.follow(now, Out::Admission(out), actions);
                }
            }
        }
    }

    fn follow_site(&mut self, now: Now, out: SiteOutcome, actions: &mut Vec<Action>) {
        let at = self.context(now, &self.settings);
        let out = match out {
            SiteOutcome::Do(action) => return actions.push(action),
            SiteOutcome::ExitPressed => self.lock.exit_pressed(&at),
            SiteOutcome::FireIs(active) => self.lock.fire_is(now.moment, active),
            SiteOutcome::DoorMoved { open, at_start } => self.lock.door_moved(&at, open, at_start),
            SiteOutcome::ModeTurned(mode) => {
                if mode == Mode::LockDown {
                    self.give_up_waiting(now, actions);
                }
                self.lock.mode_turned(&self.context(now, &self.settings), mode)
            }
            SiteOutcome::PartFailed(part) => {
                if part.stops_the_door() {
                    // Without this part nobody is let in: frames so far no longer count.
                    self.recognition.forget();
                    self.give_up_waiting(now, actions);
                }
                self.lock.part_failed(part)
            }
        };
        self.follow(now, Out::Lock(out), actions);
    }

    pub(super) fn give_up_waiting(&mut self, now: Now, actions: &mut Vec<Action>) {
        let asked = self.liveness.give_up(&self.context(now, &self.settings));
        self.follow(now, Out::Liveness(asked), actions);
        let out = self.admission.give_up(&self.context(now, &self.settings));
        self.follow(now, Out::Admission(out), actions);
    }
}
