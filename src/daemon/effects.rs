//! Performs the policy's actions: drives the door thread, hands records over, tells followers and the
//! observer.

use std::sync::mpsc::SyncSender;

use limen_audit::Recorder;
use limen_core::clock::{Moment, Now};
use limen_core::credential::Digits;
use limen_core::event::{Fact, LightChange, LogRatio};
use limen_core::policy::{Action, CommandId, EntryId, Event, RequestId, Sign, Sound, Verdict};
use limen_metrics::Counts;

use super::codes::Codes;
use super::followers::Followers;
use super::journal;
use super::light::{FaceLightWatch, Shine, pattern_of};
use super::liveness;
use super::observer::DaemonObserver;
use super::pins::Pins;
use crate::clocks;
use crate::control::{Answer, Origin};
use crate::door::buzzer::Tone;
use crate::door::indicators::Indication;
use crate::door::light::LightState;
use crate::door::thread::{DoorHandle, DoorReport, DoorState};
use crate::pipeline::SeenFrame;
use crate::service;

/// The parts that act, and the results that the policy waits for.
pub(super) struct Effects {
    door: Option<DoorHandle>,
    recorder: Recorder<RequestId>,
    observer: Option<Box<dyn DaemonObserver>>,
    followers: Followers,
    refused: Vec<RequestId>,
    handed: Vec<(RequestId, Moment)>,
    verdicts: Vec<(CommandId, Verdict)>,
    drawn: Vec<Event>,
    counts: Counts,
    pins: Pins,
    light: FaceLightWatch,
    /// The remote code that came last.
    pub codes: Codes,
}

impl Effects {
    pub fn new(
        door: DoorHandle,
        recorder: Recorder<RequestId>,
        observer: Option<Box<dyn DaemonObserver>>,
        pins: Pins,
        light: FaceLightWatch,
        codes: Codes,
    ) -> Self {
        Self {
            door: Some(door),
            recorder,
            observer,
            followers: Followers::default(),
            refused: Vec::new(),
            handed: Vec::new(),
            verdicts: Vec::new(),
            drawn: Vec::new(),
            counts: Counts::default(),
            pins,
            light,
            codes,
        }
    }

    /// Performs the actions in order.
    pub fn perform(&mut self, now: Now, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Hold(lease) => self.with_door(|door| drop(door.hold(lease))),
                Action::Lock => self.with_door(DoorHandle::lock),
                Action::Show(sign) => self.with_door(|door| door.show(indication(sign))),
                Action::Prompt(prompt) => self.with_door(|door| door.prompt(prompt)),
                Action::Light(judging) => self.with_light(|light, changes| light.judge(judging, changes)),
                Action::DrawChallenge(track) => self.drawn.extend(liveness::draw(track)),
                Action::Sound(sound) => self.with_door(|door| door.play(tone(sound))),
                Action::Record(fact) => self.record(now, fact),
                Action::RecordAndAnswer(request, fact) => self.record_and_answer(now, request, fact),
                Action::VerifyPin { entry, person, means } => self.pins.verify(entry, person, means),
                Action::ForgetPin(entry) => self.pins.forget(entry),
                Action::VerifyCode { code, codes } => self.codes.verify(code, codes),
                Action::ForgetCode(code) => self.codes.forget(code),
                Action::Answer(command, verdict) => self.verdicts.push((command, verdict)),
            }
        }
    }

    /// Records a fact without waiting for the audit's answer, and tells journal, watcher and followers.
    pub fn record(&mut self, now: Now, fact: Fact) {
        self.publish(now, &fact);
        self.recorder.record(now, fact, None);
    }

    fn record_and_answer(&mut self, now: Now, request: RequestId, fact: Fact) {
        self.publish(now, &fact);
        let handed = clocks::moment();
        if self.recorder.record(now, fact, Some(request)) {
            self.handed.push((request, handed));
        } else {
            self.refused.push(request);
        }
    }

    /// Keeps a PIN that was entered. Returns its number.
    pub fn keep_pin(&mut self, digits: Digits) -> EntryId {
        self.pins.keep(digits)
    }

    pub fn verifier_is_gone(&self) -> bool {
        self.pins.verifier_is_gone() || self.codes.verifier_is_gone()
    }

    /// The records handed over since the last call whose answers the policy waits for, and when.
    pub fn take_handed(&mut self) -> Vec<(RequestId, Moment)> {
        std::mem::take(&mut self.handed)
    }

    /// The challenges that were drawn since the last call, for the policy.
    pub fn take_drawn(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.drawn)
    }

    /// What was counted since the start.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Counts a frame.
    pub fn count_frame(&mut self, now: Now, seen: &SeenFrame) {
        if let Some(nearest) = &seen.look.nearest {
            self.counts.saw(nearest.track, seen.look.taken);
        }
        self.counts.frame(now, seen.stages());
    }

    /// Notes how far the records are, and their seals.
    pub fn count_records(&mut self, now: Now) {
        let position = self.recorder.position();
        self.counts.recorded(now, position.head.seq, position.sealed);
    }

    /// The verdicts on commands since the last call.
    pub fn take_verdicts(&mut self) -> Vec<(CommandId, Verdict)> {
        std::mem::take(&mut self.verdicts)
    }

    /// The records since the last call that could not be handed to the recorder.
    pub fn take_refused(&mut self) -> Vec<RequestId> {
        std::mem::take(&mut self.refused)
    }

    pub fn watch(&mut self, tell: impl FnOnce(&mut dyn DaemonObserver)) {
        if let Some(observer) = &mut self.observer {
            tell(observer.as_mut());
        }
    }

    pub fn door_reported(&mut self, report: &DoorReport) {
        journal::tell_of_door(report);
        self.watch(|observer| observer.door(report));
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

    /// Whether the line can be driven, and how often that has failed.
    pub fn door_state(&self) -> DoorState {
        self.door.as_ref().map(DoorHandle::state).unwrap_or_default()
    }

    pub fn door_has_stalled(&self, now: Moment) -> bool {
        self.door.as_ref().is_some_and(|door| service::has_stalled(door.pulse(), now))
    }

    pub fn follow(&mut self, reply: SyncSender<Answer>, origin: &Origin) {
        self.followers.add(reply, origin);
    }

    /// The clients that follow every event.
    pub fn followers(&mut self) -> &mut Followers {
        &mut self.followers
    }

    fn publish(&mut self, now: Now, fact: &Fact) {
        journal::tell(fact);
        self.counts.hear(now, fact);
        self.watch(|observer| observer.fact(now, fact));
        self.followers.tell(now, fact);
    }

    pub fn recorder(&self) -> &Recorder<RequestId> {
        &self.recorder
    }

    /// What the light has shown of the nearest face in this frame and before.
    pub fn see_light(&mut self, seen: &SeenFrame) -> Option<LogRatio> {
        let changes = self.light_state().changes();
        self.light.see(seen, &changes)
    }

    /// Begins and ends what is due with the light.
    pub fn pass_light_time(&mut self, now: Moment) {
        self.with_light(|light, changes| light.pass_time(now, changes));
    }

    /// The camera was lost: the light is dark, and calibrated anew when it is back.
    pub fn camera_lost(&mut self) {
        self.with_light(|light, _| light.camera_lost());
    }

    /// What is known of the light on faces.
    pub fn light(&self) -> &FaceLightWatch {
        &self.light
    }

    /// What the line of the light did, and what is wrong with it.
    pub fn light_state(&self) -> LightState {
        self.door.as_ref().map(DoorHandle::light_state).unwrap_or_default()
    }

    fn with_light(&mut self, act: impl FnOnce(&mut FaceLightWatch, &[LightChange]) -> Option<Shine>) {
        let changes = self.light_state().changes();
        if let Some(shine) = act(&mut self.light, &changes) {
            let pattern = pattern_of(&shine, liveness::draw_light);
            self.with_door(|door| door.light(pattern));
        }
    }

    fn with_door(&self, act: impl FnOnce(&DoorHandle)) {
        if let Some(door) = &self.door {
            act(door);
        }
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
