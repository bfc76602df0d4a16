//! Answers what is asked over the socket. What changes or shows something is recorded with whoever asked; so is
//! everybody who was turned away, a few a minute.

use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use serde_json::json;

use super::Daemon;
use crate::clock::{Moment, Now};
use crate::control::{Answer, Asked, Heard, Request, no, yes};
use crate::event::{AlarmKind, Caller, Fact, GrantKind, Mode, Part};
use crate::person::{PersonId, printable};
use crate::policy::{Event, Grant};

/// The longest time that `door test` or `unlock` may ask for, in seconds.
const LONGEST_UNLOCK_ASKED: u64 = 30;
/// The longest piece of somebody's request that is recorded.
const MAX_SHOWN: usize = 200;
/// Records of clients that were turned away, in a minute at most.
const MAX_TURNED_AWAY: u32 = 10;
/// The name of the file in the state folder that holds a commanded mode.
const MODE_NAME: &str = "mode";

/// Counts who is turned away, so that nobody fills the records.
#[derive(Debug, Default)]
pub(super) struct Turnstile {
    begun: Option<Moment>,
    recorded: u32,
    unrecorded: u64,
}

impl Turnstile {
    /// Whether to record this one, and how many were not recorded since the last that was.
    fn pass(&mut self, now: Moment) -> Option<u64> {
        if self.begun.is_none_or(|begun| now.since(begun) >= Duration::from_secs(60)) {
            (self.begun, self.recorded) = (Some(now), 0);
        }
        if self.recorded >= MAX_TURNED_AWAY {
            self.unrecorded += 1;
            return None;
        }
        self.recorded += 1;
        Some(std::mem::take(&mut self.unrecorded))
    }
}

impl Daemon {
    /// Takes in what the server heard.
    pub(super) fn heard(&mut self, now: Now, heard: Heard) {
        match heard {
            Heard::Asked(asked) => self.asked(now, asked),
            Heard::TurnedAway { caller, command, why } => self.turned_away(now, caller, command, &why),
        }
    }

    /// The mode that was commanded before the daemon started, where the site keeps it.
    pub(super) fn recall_mode(&mut self, now: Now) {
        if !self.settings.keep_mode {
            return;
        }
        let text = std::fs::read_to_string(self.mode_file()).unwrap_or_default();
        if let Some(mode) = Mode::named(text.trim()) {
            self.step(now, Event::ModeKept(mode));
        }
    }

    fn asked(&mut self, now: Now, asked: Asked) {
        let Asked { request, caller, right, reply } = asked;
        let command = request.name();
        let answer = match request {
            Request::Status => yes(self.status(now)),
            Request::Alarms => yes(json!({ "alarms": self.alarms(now) })),
            Request::Reload => {
                self.record_command(now, command, caller, None);
                return self.worker.reload(Some(reply));
            }
            Request::Events => {
                self.record_command(now, command, caller, None);
                return self.shell.follow(reply, right);
            }
            Request::Snapshot => {
                self.shell.record(now, Fact::Snapshot { caller });
                return self.vision.wish_for_snapshot(reply);
            }
            Request::Forget { id } => {
                self.record_command(now, command, caller, None);
                return self.forget(&id, reply);
            }
            Request::Store { action } => {
                self.record_command(now, command, caller, None);
                return self.worker.change(action, caller, reply);
            }
            Request::Lock => self.lock_asked(now, caller),
            Request::Unlock { seconds } => self.unlock_asked(now, caller, seconds),
            Request::Mode { mode } => self.mode_asked(now, caller, mode),
            Request::Acknowledge { alarm } => self.acknowledged(now, caller, alarm),
        };
        // Whoever asked may have left.
        let (Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) = reply.try_send(answer);
    }

    fn turned_away(&mut self, now: Now, caller: Option<Caller>, command: Option<&'static str>, why: &str) {
        let Some(unrecorded) = self.turnstile.pass(now.moment) else { return };
        let mut why = printable(why, MAX_SHOWN);
        if unrecorded > 0 {
            why.push_str(&format!(" ({unrecorded} more were turned away before)"));
        }
        let caller = caller.unwrap_or(Caller { uid: u32::MAX, pid: 0 });
        self.record_command(now, command.unwrap_or("none"), caller, Some(why));
    }

    fn record_command(&mut self, now: Now, command: &str, caller: Caller, refused: Option<String>) {
        self.shell.record(now, Fact::Command { command: command.to_owned(), caller, refused });
    }

    fn refuse(&mut self, now: Now, command: &str, caller: Caller, why: String) -> Answer {
        let answer = no(&why);
        self.record_command(now, command, caller, Some(why));
        answer
    }

    fn lock_asked(&mut self, now: Now, caller: Caller) -> Answer {
        self.step(now, Event::LockAsked(Some(caller)));
        match self.policy.open_kind() {
            None => yes(json!({ "state": "locked" })),
            Some(kind) => {
                let what = if kind == GrantKind::Fire { "the fire alarm" } else { "somebody else" };
                self.refuse(now, "lock", caller, format!("{what} keeps the door unlocked"))
            }
        }
    }

    fn unlock_asked(&mut self, now: Now, caller: Caller, seconds: u64) -> Answer {
        let why = if !(1..=LONGEST_UNLOCK_ASKED).contains(&seconds) {
            format!("seconds must be 1 to {LONGEST_UNLOCK_ASKED}")
        } else if let Some(since) = self.policy.failed().get(&Part::Door) {
            format!("the door's line has been failing for {} s", now.moment.since(*since).as_secs())
        } else if self.policy.mode() == Mode::LockDown {
            "the door is in lock-down; `limen mode normal` ends that".to_owned()
        } else {
            self.step(now, Event::UnlockAsked { caller, length: Duration::from_secs(seconds) });
            return yes(json!({ "state": "unlocking", "seconds": seconds }));
        };
        self.refuse(now, "unlock", caller, why)
    }

    fn mode_asked(&mut self, now: Now, caller: Caller, mode: Option<Mode>) -> Answer {
        self.step(now, Event::ModeAsked { mode, caller });
        if self.settings.keep_mode {
            self.worker.keep_mode(self.mode_file(), mode);
        }
        yes(json!({ "mode": self.policy.mode(), "by": if mode.is_some() { "command" } else { "schedule" } }))
    }

    fn acknowledged(&mut self, now: Now, caller: Caller, alarm: Option<AlarmKind>) -> Answer {
        let listed = self.policy.alarms().any(|one| alarm.is_none_or(|kind| kind == one.kind));
        if let (Some(kind), false) = (alarm, listed) {
            return self.refuse(now, "acknowledge", caller, format!("there is no alarm {kind}"));
        }
        self.step(now, Event::AlarmAcknowledged { alarm, caller });
        yes(json!({ "alarms": self.alarms(now) }))
    }

    /// Takes a person out of the records; whoever asked is answered when that is done.
    fn forget(&self, id: &str, reply: SyncSender<Answer>) {
        let id = match PersonId::new(id) {
            Ok(id) => id,
            Err(why) => return drop(reply.try_send(no(&format!("the id {why}")))),
        };
        self.shell.recorder().forget(id, move |outcome| {
            let answer = match outcome {
                Ok(forgotten) => yes(json!({ "records": forgotten.records, "old": forgotten.old })),
                Err(error) => no(&error.to_string()),
            };
            // Whoever asked may have left.
            let _ = reply.try_send(answer);
        });
    }

    fn alarms(&self, now: Now) -> Vec<serde_json::Value> {
        let one = |alarm: &crate::policy::alarms::Alarm| {
            json!({
                "alarm": alarm.kind,
                "holds": alarm.holds,
                "acknowledged": alarm.acknowledged,
                "times": alarm.times,
                "for_s": now.moment.since(alarm.since).as_secs(),
            })
        };
        self.policy.alarms().map(one).collect()
    }

    fn status(&self, now: Now) -> serde_json::Value {
        let gallery = self.matcher.gallery();
        let failed: serde_json::Map<_, _> = self
            .policy
            .failed()
            .iter()
            .map(|(part, since)| (part.to_string(), json!(now.moment.since(*since).as_secs_f64())))
            .collect();
        let records = self.shell.recorder().position();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "state": if self.policy.open_kind().is_some() { "unlocked" } else { "locked" },
            "grant": self.policy.open_kind(),
            "person": self.policy.open().and_then(Grant::person),
            "door_open": self.policy.door_is_open(),
            "mode": self.policy.mode(),
            "alarms": self.policy.alarms().map(|alarm| alarm.kind).collect::<Vec<_>>(),
            "model": self.models.digest().to_string(),
            "people": gallery.people().len(),
            "templates": gallery.templates(),
            "gallery_trouble": self.gallery_trouble.as_ref().map(ToString::to_string),
            "store_trouble": self.store_trouble,
            "frames": self.frames,
            "uptime_s": now.moment.since(self.started).as_secs(),
            "clock_synchronised": now.wall.synchronised,
            "failed_for_s": failed,
            "audit_head": records.head.to_string(),
            "audit_sealed": records.sealed,
        })
    }

    fn mode_file(&self) -> PathBuf {
        self.settings.paths.state.join(MODE_NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_clients_that_are_turned_away_is_counted_instead_of_recorded() {
        let mut turnstile = Turnstile::default();
        let at = |s| Moment::from_boot(Duration::from_secs(s));
        let recorded = (0..500).filter(|_| turnstile.pass(at(100)).is_some()).count();
        assert_eq!(recorded, 10);
        assert_eq!(turnstile.pass(at(160)), Some(490));
        assert_eq!(turnstile.pass(at(161)), Some(0));
    }
}
