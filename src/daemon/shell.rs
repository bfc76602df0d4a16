//! Does what the policy says: drives the door thread, hands records over, tells followers and the watcher.
//! And answers what is asked over the socket.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use serde_json::json;

use super::reload::{Fresh, Reloaded};
use super::{Daemon, Watcher};
use crate::audit::Recorder;
use crate::clock::{Moment, Now};
use crate::control::{Answer, Asked, MAX_CLIENTS, Request, no, yes};
use crate::door::buzzer::Tone;
use crate::door::indicators::Indication;
use crate::door::thread::{DoorHandle, DoorReport};
use crate::event::{Caller, Fact, Part};
use crate::person::PersonId;
use crate::policy::{Action, Event, Grant, RequestId, Sign, Sound};
use crate::service;

/// The longest time that `door test` or `unlock` may ask for, in seconds.
const LONGEST_UNLOCK_ASKED: u64 = 30;

/// The parts that act.
pub(super) struct Shell {
    door: Option<DoorHandle>,
    recorder: Recorder<RequestId>,
    watcher: Option<Box<dyn Watcher>>,
    followers: Vec<SyncSender<Answer>>,
    refused: Vec<RequestId>,
}

impl Shell {
    pub fn new(door: DoorHandle, recorder: Recorder<RequestId>, watcher: Option<Box<dyn Watcher>>) -> Self {
        Self { door: Some(door), recorder, watcher, followers: Vec::new(), refused: Vec::new() }
    }

    /// Performs the actions in their order.
    pub fn perform(&mut self, now: Now, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Hold(lease) => self.with_door(|door| drop(door.hold(lease))),
                Action::Lock => self.with_door(DoorHandle::lock),
                Action::Show(sign) => self.with_door(|door| door.show(indication(sign))),
                Action::Sound(sound) => self.with_door(|door| door.play(tone(sound))),
                Action::Record(fact) => self.record(now, fact),
                Action::RecordAndAnswer(request, fact) => self.record_and_answer(now, request, fact),
            }
        }
    }

    pub fn record(&mut self, now: Now, fact: Fact) {
        self.publish(now, &fact);
        self.recorder.record(now, fact, None);
    }

    fn record_and_answer(&mut self, now: Now, request: RequestId, fact: Fact) {
        self.publish(now, &fact);
        if !self.recorder.record(now, fact, Some(request)) {
            self.refused.push(request);
        }
    }

    /// Requests that could not even be handed to the recorder.
    pub fn take_refused(&mut self) -> Vec<RequestId> {
        std::mem::take(&mut self.refused)
    }

    pub fn watch(&mut self, tell: impl FnOnce(&mut dyn Watcher)) {
        if let Some(watcher) = &mut self.watcher {
            tell(watcher.as_mut());
        }
    }

    pub fn door_reported(&mut self, report: &DoorReport) {
        log::info!("door: {report}");
        self.watch(|watcher| watcher.door(report));
    }

    pub fn close_door(&mut self) {
        drop(self.door.take());
    }

    pub fn recorder_is_gone(&self) -> bool {
        self.recorder.is_gone()
    }

    pub fn door_is_gone(&self) -> bool {
        self.door.as_ref().is_some_and(DoorHandle::is_gone)
    }

    pub fn door_has_stalled(&self, now: Moment) -> bool {
        self.door.as_ref().is_some_and(|door| service::has_stalled(door.pulse(), now))
    }

    fn follow(&mut self, reply: SyncSender<Answer>) {
        if self.followers.len() < MAX_CLIENTS {
            self.followers.push(reply);
        } else {
            let _ = reply.try_send(no("too many followers"));
        }
    }

    fn publish(&mut self, now: Now, fact: &Fact) {
        tell_log(fact);
        self.watch(|watcher| watcher.fact(now, fact));
        if !self.followers.is_empty() {
            let line = yes(json!({ "event": fact, "time": now.wall.utc.to_string() }));
            // A follower that is gone, or too slow to keep up, is dropped.
            self.followers.retain(|follower| follower.try_send(line.clone()).is_ok());
        }
    }

    fn with_door(&self, act: impl FnOnce(&DoorHandle)) {
        if let Some(door) = &self.door {
            act(door);
        }
    }
}

impl Daemon {
    /// Answers a request of the socket.
    pub(super) fn asked(&mut self, now: Now, asked: Asked) {
        let Asked { request, caller, reply } = asked;
        let answer = match request {
            Request::Status => yes(self.status(now)),
            Request::Reload => {
                log::info!("reload asked by uid {}", caller.uid);
                return self.worker.reload(Some(reply));
            }
            Request::Events => return self.shell.follow(reply),
            Request::Snapshot => {
                self.shell.record(now, Fact::Snapshot { caller });
                return self.vision.wish_for_snapshot(reply);
            }
            Request::Forget { id } => return self.forget(caller, &id, reply),
            Request::Lock => {
                self.step(now, Event::LockAsked(Some(caller)));
                yes(json!({ "state": "locked" }))
            }
            Request::Unlock { seconds } => self.unlock_asked(now, caller, seconds),
        };
        // Whoever asked may have left.
        let (Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) = reply.try_send(answer);
    }

    fn unlock_asked(&mut self, now: Now, caller: Caller, seconds: u64) -> Answer {
        if !(1..=LONGEST_UNLOCK_ASKED).contains(&seconds) {
            return no(&format!("seconds must be 1 to {LONGEST_UNLOCK_ASKED}"));
        }
        if let Some(since) = self.policy.failed().get(&Part::Door) {
            let seconds = now.moment.since(*since).as_secs();
            return no(&format!("the door's line has been failing for {seconds} s"));
        }
        self.step(now, Event::UnlockAsked { caller, length: Duration::from_secs(seconds) });
        yes(json!({ "state": "unlocking", "seconds": seconds }))
    }

    /// Takes a person out of the records; whoever asked is answered when that is done.
    fn forget(&self, caller: Caller, id: &str, reply: SyncSender<Answer>) {
        let id = match PersonId::new(id) {
            Ok(id) => id,
            Err(why) => return drop(reply.try_send(no(&format!("the id {why}")))),
        };
        log::info!("forgetting somebody in the records, asked by uid {}", caller.uid);
        self.shell.recorder.forget(id, move |outcome| {
            let answer = match outcome {
                Ok(forgotten) => yes(json!({ "records": forgotten.records, "old": forgotten.old })),
                Err(error) => no(&error.to_string()),
            };
            // Whoever asked may have left.
            let _ = reply.try_send(answer);
        });
    }

    fn status(&self, now: Now) -> serde_json::Value {
        let gallery = self.matcher.gallery();
        let failed: serde_json::Map<_, _> = self
            .policy
            .failed()
            .iter()
            .map(|(part, since)| (part.to_string(), json!(now.moment.since(*since).as_secs_f64())))
            .collect();
        let records = self.shell.recorder.position();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "state": if self.policy.open().is_some() { "unlocked" } else { "locked" },
            "grant": self.policy.open_kind(),
            "person": self.policy.open().and_then(Grant::person),
            "model": self.models.digest().to_string(),
            "people": gallery.people().len(),
            "templates": gallery.templates(),
            "frames": self.frames,
            "uptime_s": now.moment.since(self.started).as_secs(),
            "clock_synchronised": now.wall.synchronised,
            "failed_for_s": failed,
            "audit_head": records.head.to_string(),
            "audit_sealed": records.sealed,
        })
    }

    /// Brings a reload into force, or says why not.
    pub(super) fn reloaded(&mut self, now: Now, reloaded: Reloaded) {
        self.vision.go();
        let answer = match reloaded.outcome {
            Ok(fresh) => self.bring_into_force(now, fresh),
            Err(what) => {
                log::error!("reload refused, what was in force stays in force:\n{what}");
                self.shell.record(now, Fact::GalleryRefused { what: what.clone() });
                no(&what)
            }
        };
        if let Some(reply) = reloaded.reply {
            let _ = reply.try_send(answer);
        }
        service::status(&format!("{} people enrolled", self.matcher.gallery().people().len()));
    }

    fn bring_into_force(&mut self, now: Now, fresh: Fresh) -> Answer {
        let needs_restart = match fresh.settings {
            Some(settings) => {
                self.policy.replace_rules(settings.rules, Arc::clone(&settings.access));
                let sections = self.settings.needs_restart(&settings);
                self.settings = settings;
                sections
            }
            None => Vec::new(),
        };
        for section in &needs_restart {
            log::warn!("{section} was changed; that needs a restart (systemctl restart limen)");
        }
        let notes: Vec<String> = fresh.notes.iter().map(ToString::to_string).collect();
        notes.iter().for_each(|note| log::warn!("{note}"));
        let gallery = Arc::clone(fresh.prepared.gallery());
        let (added, removed) = gallery.diff(self.matcher.gallery());
        let (people, templates) = (gallery.people().len(), gallery.templates());
        let roster = gallery.people().iter().map(|p| (p.id.clone(), p.standing.clone())).collect();
        self.matcher.replace(fresh.rule, fresh.prepared);
        self.step(now, Event::NewRoster(Arc::new(roster)));
        let answer = yes(json!({
            "people": people, "templates": templates, "added": added, "removed": removed,
            "needs_restart": needs_restart, "notes": notes,
        }));
        self.shell.record(now, Fact::GalleryLoaded { people, templates, added, removed });
        answer
    }
}

fn indication(sign: Sign) -> Indication {
    match sign {
        Sign::Granted => Indication::Granted,
        Sign::Refused => Indication::Refused,
        Sign::Waiting => Indication::Waiting,
        Sign::Idle => Indication::Idle,
    }
}

fn tone(sound: Sound) -> Tone {
    match sound {
        Sound::Silence => Tone::Silent,
        Sound::Warning => Tone::Warning,
        Sound::Alarm => Tone::Alarm,
    }
}

/// One line of the journal a fact; never a distance, which is for the audit alone.
fn tell_log(fact: &Fact) {
    match fact {
        Fact::Granted { grant, person: Some(person), second: Some(second), .. } => {
            log::info!("granted ({grant:?}) to {person} with {second}");
        }
        Fact::Granted { grant, person: Some(person), .. } => log::info!("granted ({grant:?}) to {person}"),
        Fact::Granted { grant, caller, .. } => {
            log::info!("granted ({grant:?}) to uid {:?}", caller.map(|c| c.uid))
        }
        Fact::Waiting { person, seconds, .. } => {
            log::info!("{person} waits {seconds} s for a second person");
        }
        Fact::Refused { track, refusal, frames, .. } => {
            log::info!("refused, track {track}, {frames} frames compared: {refusal}");
        }
        Fact::Locked { why, .. } => log::info!("locked ({why:?})"),
        Fact::Fault { part, what } => log::error!("fault of the {part}: {what}"),
        Fact::Recovered { part, after_ms } => log::info!("the {part} is back after {after_ms} ms"),
        Fact::GalleryLoaded { people, templates, added, removed } => log::info!(
            "gallery in force: {people} people, {templates} templates ({} new, {} gone)",
            added.len(),
            removed.len()
        ),
        Fact::GalleryRefused { .. } | Fact::Started { .. } | Fact::Stopped | Fact::Risk { .. } => {}
        Fact::Input { input, active, .. } => log::info!("{input}: {active}"),
        Fact::Alarm { alarm, step, .. } => log::warn!("alarm {alarm}: {step}"),
        Fact::Mode { mode, source, .. } => log::info!("mode {mode} ({source:?})"),
        Fact::Command { command, caller, .. } => log::info!("{command} asked by uid {}", caller.uid),
        Fact::Snapshot { caller } => log::warn!("a snapshot was handed to uid {}", caller.uid),
        Fact::Gap { what } => log::warn!("audit: {what}"),
    }
}
