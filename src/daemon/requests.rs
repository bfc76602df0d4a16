//! Answers what is asked over the socket. Whatever changes or shows something goes to the policy as a command, and what
//! comes of it back to the client: nothing is decided here.

use std::collections::HashMap;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use limen_core::clock::Now;
use limen_core::event::{Caller, Fact, Mode};
use limen_core::person::{PersonId, printable};
use limen_core::policy::{Command, CommandId, Done, Event, Grant, Trouble, Verdict};
use serde_json::json;

use super::Daemon;
use crate::control::{Answer, Asked, Heard, Request, Right, no, yes};

/// The longest piece of somebody's request that is recorded.
const MAX_SHOWN: usize = 200;

/// Who waits for what came of a command.
#[derive(Default)]
pub(super) struct Waiting {
    next: u64,
    clients: HashMap<CommandId, Asked>,
}

impl Waiting {
    /// Keeps the way back to a client, under a number that is never used again.
    fn keep(&mut self, asked: Asked) -> CommandId {
        let id = CommandId(self.next);
        self.next += 1;
        self.clients.insert(id, asked);
        id
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

    fn asked(&mut self, now: Now, asked: Asked) {
        let caller = asked.caller;
        let command = match &asked.request {
            Request::Status => return reply(&asked.reply, yes(self.status(now))),
            Request::Alarms => return reply(&asked.reply, yes(json!({ "alarms": self.alarms(now) }))),
            // Whoever may only look locks, and ends no fire release.
            Request::Lock => Command::Lock { ends_fire: asked.right >= Right::Operator },
            Request::Unlock { seconds } => Command::Unlock(Duration::from_secs(*seconds)),
            Request::Mode { mode } => Command::Mode(*mode),
            Request::Acknowledge { alarm } => Command::Acknowledge(*alarm),
            served @ (Request::Reload
            | Request::Events
            | Request::Snapshot
            | Request::Forget { .. }
            | Request::Store { .. }) => Command::Serve(served.name()),
        };
        let id = self.waiting.keep(asked);
        self.step(now, Event::Commanded { id, caller, command });
    }

    /// The policy's verdict on a command: to whoever waits for it, or carried out by the shell.
    pub(super) fn answer(&mut self, now: Now, id: CommandId, verdict: Verdict) {
        let Some(asked) = self.waiting.clients.remove(&id) else { return };
        let answer = match verdict {
            Err(denial) => no(&denial.to_string()),
            Ok(Done::Locked) => yes(json!({ "state": "locked" })),
            Ok(Done::Unlocked(length)) => yes(json!({ "state": "unlocked", "seconds": length.as_secs() })),
            Ok(Done::Mode(mode)) => return self.mode_changed(mode, asked),
            Ok(Done::Acknowledged) => yes(json!({ "alarms": self.alarms(now) })),
            Ok(Done::Serve) => return self.serve_client(now, asked),
        };
        reply(&asked.reply, answer);
    }

    fn serve_client(&mut self, now: Now, asked: Asked) {
        let Asked { request, caller, right, reply } = asked;
        match request {
            Request::Reload => self.worker.reload(Some(reply)),
            Request::Events => self.shell.follow(reply, right),
            Request::Snapshot => {
                self.shell.record(now, Fact::Snapshot { caller });
                self.vision.wish_for_snapshot(reply);
            }
            Request::Forget { id } => self.forget(&id, reply),
            Request::Store { action } => self.worker.change(action, caller, reply),
            Request::Status
            | Request::Alarms
            | Request::Lock
            | Request::Unlock { .. }
            | Request::Mode { .. }
            | Request::Acknowledge { .. } => {}
        }
    }

    fn turned_away(&mut self, now: Now, caller: Option<Caller>, command: Option<&'static str>, why: &str) {
        let (command, why) = (command.unwrap_or("none"), printable(why, MAX_SHOWN));
        self.step(now, Event::TurnedAway { caller, command, why });
    }

    /// A mode is in force. Where the site keeps it, whoever commanded it is answered when it is on the disk.
    fn mode_changed(&mut self, mode: Mode, asked: Asked) {
        let Request::Mode { mode: commanded } = asked.request else { return };
        let by = if commanded.is_some() { "command" } else { "schedule" };
        let answer = yes(json!({ "mode": mode, "by": by }));
        if self.settings.keep_mode {
            self.mode_keeper.keep(commanded, Some((asked.reply, answer)));
        } else {
            reply(&asked.reply, answer);
        }
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
        let one = |alarm: &limen_core::policy::alarms::Alarm| {
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
        let for_s = |trouble: &Trouble| now.moment.since(trouble.since).as_secs_f64();
        let failed = self.policy.failed();
        let trouble: Vec<_> = failed
            .iter()
            .map(|(part, trouble)| json!({ "part": part, "what": trouble.what, "for_s": for_s(trouble) }))
            .collect();
        let failed: serde_json::Map<_, _> =
            failed.iter().map(|(part, trouble)| (part.to_string(), json!(for_s(trouble)))).collect();
        let records = self.shell.recorder().position();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "state": if self.policy.open_kind().is_some() { "unlocked" } else { "locked" },
            "grant": self.policy.open_kind(),
            "person": self.policy.open().and_then(Grant::person).map(PersonId::as_str),
            "door_open": self.policy.door_is_open(),
            "mode": self.policy.mode(),
            "alarms": self.policy.alarms().map(|alarm| alarm.kind).collect::<Vec<_>>(),
            "model": self.models.digest().to_string(),
            "people": gallery.people().len(),
            "templates": gallery.templates(),
            "frames": self.frames,
            "uptime_s": now.moment.since(self.started).as_secs(),
            "clock_synchronised": now.wall.synchronised,
            "failed_for_s": failed,
            "trouble": trouble,
            "audit_head": records.head.to_string(),
            "audit_sealed": records.sealed,
        })
    }
}

fn reply(client: &SyncSender<Answer>, answer: Answer) {
    // Whoever asked may have left.
    let _ = client.try_send(answer);
}
