//! Liveness: whether a living head stands there, and not a picture of somebody.
//!
//! ```text
//!                       no proof is asked for, or the head moved enough
//!    recognised ---+-------------------------------------------------------------------> passed to admission
//!                  |                                                                        ^    ^
//!                  +--> watched (mode motion) ------ moves enough --------------------------+    |
//!                  |       | too little for a while                                              |
//!                  |       v                                                                     | the same face
//!                  +--> drawing ---> turning ----- all turns ----> agreeing ---------------------+ is recognised again
//!                          ^            |                             |
//!                          |            | failed                      | not in time
//!                          +-- resting -+-----------------------------+---> refused, or asked for a PIN
//! ```
//!
//! A challenge is bound to one track that was recognised as one person. It ends with the track, when somebody else is
//! recognised, and with every change of rules, people or mode. The second attempt is the last. Deny cues only ever refuse.
//!
//! | what happens | transition |
//! |---|---|
//! | somebody is recognised | [`Liveness::recognised`] |
//! | a challenge was drawn, the face moves, its track ends | [`Liveness::drawn`], [`Liveness::moved`], [`Liveness::ended`] |
//! | the door opens | [`Liveness::granted`] |
//! | time passes | [`Liveness::pass_time`] |
//! | other people or rules; lock, fault, lock-down | [`Liveness::interrupt`], [`Liveness::give_up`] |

mod asked;
mod challenge;
mod decision;
mod outcome;
mod pauses;
mod tracks;

use std::time::Duration;

use asked::{AGREEING, Asked, DRAWING, RESTING, Stage};
pub use challenge::{Challenge, Failure, LONGEST, Progress};
pub(super) use outcome::{Foreseen, LivenessOutcome};
use pauses::Pauses;
use tracks::Tracks;

use super::context::{Context, LockStage};
use super::event::{Action, Sign};
use super::recognition::{Recognised, because};
use super::rules::{AfterUnsure, LivenessMode, LivenessRules};
use crate::clock::Moment;
use crate::event::{ChallengeOutcome, Draw, FRESHNESS, LivenessProof, Motion, Prompt, Refusal, TrackId};
use crate::person::PersonId;

/// How many attempts a track has.
const ATTEMPTS: u32 = 2;
/// How long the door shows that the last attempt failed.
const SHOW_WRONG: Duration = Duration::from_millis(1500);

/// The machine of liveness.
#[derive(Debug, Default)]
pub(super) struct Liveness {
    phase: Phase,
    tracks: Tracks,
    pauses: Pauses,
    /// The face that completed a challenge last.
    passed: Option<Passed>,
    /// Until when the door shows that the last attempt failed.
    wrong_until: Option<Moment>,
    /// The prompt that is shown.
    shown: Option<Prompt>,
    /// Whether the light on the face was told to begin.
    lit: bool,
    /// Other rules are in force, and nothing that was begun before counts.
    replaced: bool,
}

#[derive(Debug, Default)]
enum Phase {
    /// Nobody is watched or asked.
    #[default]
    Idle,
    /// This person moves too little so far, was recognised first at `since`, and last at `last`.
    Watching { visitor: Recognised, since: Moment, last: Moment },
    /// This person is asked.
    Asked(Asked),
}

#[derive(Debug)]
struct Passed {
    track: TrackId,
    person: PersonId,
    until: Moment,
}

impl Liveness {
    /// When time alone next changes something here.
    pub fn deadline(&self, now: Moment) -> Option<Moment> {
        let phase = match &self.phase {
            Phase::Idle => None,
            Phase::Watching { visitor, .. } => Some(visitor.attempt_ends),
            Phase::Asked(asked) => Some(asked.deadline(now)),
        };
        phase.into_iter().chain(self.wrong_until).min()
    }

    /// The daemon drew a challenge.
    pub fn drawn(&mut self, at: &Context<'_>, track: TrackId, draw: Draw) {
        let Phase::Asked(asked) = &mut self.phase else { return };
        if let (Stage::Drawing { retry, .. }, true) = (&asked.stage, asked.visitor.track == track) {
            asked.begun = at.moment();
            asked.stage = Stage::Turning(Challenge::new(&retry.adapt(draw), at.moment()));
        }
    }

    /// The nearest face moved.
    pub fn moved(&mut self, at: &Context<'_>, motion: &Motion) -> Vec<LivenessOutcome> {
        let mut out = Vec::new();
        let (rules, now) = (&at.settings.rules.liveness, at.moment());
        if rules.mode == LivenessMode::Off {
            return out;
        }
        if let Some(cue) = self.tracks.add(motion) {
            self.deny(at, motion.track, Refusal::DenyCue(cue), &mut out);
        }
        let progress = match &mut self.phase {
            Phase::Asked(Asked { visitor, stage: Stage::Turning(challenge), .. })
                if visitor.track == motion.track =>
            {
                challenge.moved(motion, now, &rules.limits)
            }
            _ => Progress::GoesOn,
        };
        self.follow(at, progress, motion.taken, &mut out);
        out
    }

    fn follow(
        &mut self,
        at: &Context<'_>,
        progress: Progress,
        taken: Moment,
        out: &mut Vec<LivenessOutcome>,
    ) {
        match progress {
            Progress::GoesOn => {}
            Progress::Failed(failure) => self.attempt_failed(at, failure, out),
            Progress::Done => {
                let Phase::Asked(asked) = &mut self.phase else { return };
                asked.stage = Stage::Agreeing { until: at.moment() + AGREEING };
                out.push(LivenessOutcome::BeginAgain(asked.visitor.track, taken, Refusal::LivenessUnsure));
            }
        }
    }

    /// This track shows no living head.
    fn deny(&mut self, at: &Context<'_>, track: TrackId, why: Refusal, out: &mut Vec<LivenessOutcome>) {
        self.passed.take_if(|passed| passed.track == track);
        if let Some(asked) = self.take_asked_of(track) {
            if asked.has_begun() {
                self.record(&asked, ChallengeOutcome::DenyCue, at.moment(), out);
            }
            self.pauses.failed(&asked.visitor.person, at.moment());
            self.wrong_until = Some(at.moment() + SHOW_WRONG);
            refuse(at, asked.visitor, why, out);
        }
        if matches!(&self.phase, Phase::Watching { visitor, .. } if visitor.track == track)
            && let Phase::Watching { visitor, .. } = std::mem::take(&mut self.phase)
        {
            self.pauses.failed(&visitor.person, at.moment());
            refuse(at, visitor, why, out);
        }
        out.push(LivenessOutcome::Deny(track, why));
    }

    /// The cue for which a track is denied, as a refusal.
    pub fn denied(&self, track: TrackId) -> Option<Refusal> {
        self.tracks.denied(track).map(Refusal::DenyCue)
    }

    /// An attempt failed: there is another, or none.
    fn attempt_failed(&mut self, at: &Context<'_>, failure: Failure, out: &mut Vec<LivenessOutcome>) {
        let Some(mut asked) = self.take_asked() else { return };
        self.record(&asked, failure.outcome(), at.moment(), out);
        let motion = self.tracks.of(asked.visitor.track);
        motion.failed += 1;
        motion.is_suspect |= failure.is_suspect();
        if motion.failed < ATTEMPTS && failure != Failure::Sheet {
            let retry = asked.retry_after(failure);
            asked.stage = Stage::Resting { until: at.moment() + RESTING, retry };
            self.phase = Phase::Asked(asked);
        } else {
            self.wrong_until = Some(at.moment() + SHOW_WRONG);
            self.not_shown(at, asked.visitor, failure, out);
        }
    }

    /// Somebody did not show in time that they are no picture: they are asked for a PIN, or refused.
    fn not_shown(
        &mut self,
        at: &Context<'_>,
        visitor: Recognised,
        failure: Failure,
        out: &mut Vec<LivenessOutcome>,
    ) {
        self.pauses.failed(&visitor.person, at.moment());
        let motion = self.tracks.of(visitor.track);
        let is_open = !failure.is_suspect() && !motion.is_suspect && motion.denied.is_none();
        let by_pin = at.settings.rules.liveness.after_unsure == AfterUnsure::Pin;
        if is_open && by_pin && can_prove_pin(at, &visitor.person) && at.may_let_in() {
            out.push(LivenessOutcome::Pass(visitor, LivenessProof::PinAfterUnsure));
        } else {
            refuse(at, visitor, failure.refusal(), out);
        }
    }

    /// A track is over.
    pub fn ended(&mut self, at: &Context<'_>, track: TrackId) -> Vec<LivenessOutcome> {
        let mut out = Vec::new();
        if let Some(asked) = self.take_asked_of(track) {
            self.drop_out(at, asked, &mut out);
        }
        if matches!(&self.phase, Phase::Watching { visitor, .. } if visitor.track == track) {
            self.phase = Phase::Idle;
        }
        self.passed.take_if(|passed| passed.track == track);
        self.tracks.remove(track);
        out
    }

    /// Somebody who is asked went away, or somebody else was recognised. Whoever has seen what is asked has used up
    /// an attempt.
    fn drop_out(&mut self, at: &Context<'_>, asked: Asked, out: &mut Vec<LivenessOutcome>) {
        if asked.has_begun() {
            self.record(&asked, ChallengeOutcome::NoResponse, at.moment(), out);
        }
        let why = if asked.has_seen_a_prompt() {
            self.pauses.failed(&asked.visitor.person, at.moment());
            Refusal::NoResponse
        } else {
            Refusal::LivenessUnsure
        };
        refuse(at, asked.visitor, why, out);
    }

    /// The door opens for this track: its challenge counts for no other decision.
    pub fn granted(&mut self, track: TrackId) {
        self.passed.take_if(|passed| passed.track == track);
    }

    /// Ends what is over by time.
    pub fn pass_time(&mut self, at: &Context<'_>) -> Vec<LivenessOutcome> {
        let (now, limits) = (at.moment(), &at.settings.rules.liveness.limits);
        self.wrong_until.take_if(|until| now >= *until || at.time_went_back);
        if std::mem::take(&mut self.replaced) || at.time_went_back {
            return self.interrupt(at);
        }
        let mut out = Vec::new();
        match &mut self.phase {
            Phase::Watching { visitor, .. } if now >= visitor.attempt_ends => self.end_watching(at, &mut out),
            Phase::Asked(asked) => match &mut asked.stage {
                Stage::Turning(challenge) => {
                    let progress = challenge.pass_time(now, limits);
                    self.follow(at, progress, now, &mut out);
                }
                Stage::Resting { until, retry } if now >= *until => {
                    let retry = std::mem::take(retry);
                    asked.stage = Stage::Drawing { until: now + DRAWING, retry };
                    out.push(LivenessOutcome::Do(Action::DrawChallenge(asked.visitor.track)));
                }
                Stage::Agreeing { until } if now >= *until => {
                    self.attempt_failed(at, Failure::Unsure, &mut out)
                }
                Stage::Drawing { until, .. } if now >= *until => {
                    let asked = self.take_asked();
                    asked.into_iter().for_each(|asked| {
                        refuse(at, asked.visitor, Refusal::LivenessUnsure, &mut out);
                    });
                }
                _ => {}
            },
            Phase::Idle | Phase::Watching { .. } => {}
        }
        out
    }

    /// Somebody moved too little during the whole attempt.
    fn end_watching(&mut self, at: &Context<'_>, out: &mut Vec<LivenessOutcome>) {
        let Phase::Watching { visitor, last, .. } = std::mem::take(&mut self.phase) else { return };
        let (now, limits) = (at.moment(), &at.settings.rules.liveness.limits);
        let motion = self.tracks.of(visitor.track);
        let (solid, looks_flat) = (motion.solid_by_motion(now), motion.looks_flat(limits));
        if solid.is_some_and(|solid| solid <= limits.sheet) {
            self.not_shown(at, visitor, Failure::Sheet, out);
        } else if looks_flat && now.since(last) <= FRESHNESS {
            self.not_shown(at, visitor, Failure::LooksFlat, out);
        } else if now.since(last) <= FRESHNESS {
            self.not_shown(at, visitor, Failure::Unsure, out);
        } else {
            self.pauses.failed(&visitor.person, now);
            refuse(at, visitor, Refusal::LivenessUnsure, out);
        }
    }

    /// Other rules are in force: nothing that was begun counts.
    pub fn rules_replaced(&mut self) {
        self.replaced = true;
    }

    /// Other people are in force.
    pub fn people_replaced(&mut self, at: &Context<'_>) -> Vec<LivenessOutcome> {
        self.pauses.keep(|person| at.settings.standings.contains_key(person));
        self.interrupt(at)
    }

    /// Ends what was begun, for a reason that lies not with the person: they must be recognised and asked anew.
    fn interrupt(&mut self, at: &Context<'_>) -> Vec<LivenessOutcome> {
        let mut out = Vec::new();
        let asked = self.stop(at, &mut out);
        out.extend(asked.map(|asked| {
            LivenessOutcome::BeginAgain(asked.visitor.track, at.moment(), Refusal::LivenessUnsure)
        }));
        out
    }

    /// Ends what was begun: the person who is asked is refused.
    pub fn give_up(&mut self, at: &Context<'_>) -> Vec<LivenessOutcome> {
        let mut out = Vec::new();
        if let Some(asked) = self.stop(at, &mut out) {
            refuse(at, asked.visitor, Refusal::LivenessUnsure, &mut out);
        }
        out
    }

    fn stop(&mut self, at: &Context<'_>, out: &mut Vec<LivenessOutcome>) -> Option<Asked> {
        self.passed = None;
        let asked = self.take_asked();
        self.phase = Phase::Idle;
        if let Some(asked) = asked.as_ref().filter(|asked| asked.has_begun()) {
            self.record(asked, ChallengeOutcome::Interrupted, at.moment(), out);
        }
        asked
    }

    /// Shows another prompt, if another is due.
    pub fn show(&mut self, now: Moment) -> Option<Action> {
        let prompt = match &self.phase {
            Phase::Asked(asked) => Some(asked.prompt()),
            Phase::Idle | Phase::Watching { .. } => {
                self.wrong_until.filter(|until| now < *until).map(|_| Prompt::Wrong)
            }
        };
        let before = std::mem::replace(&mut self.shown, prompt);
        (before != prompt).then_some(Action::Prompt(prompt))
    }

    /// Begins to light the face of whoever is judged, or leaves it dark, if that changes.
    pub fn illuminate(&mut self, rules: &LivenessRules) -> Option<Action> {
        let lit = rules.light && !matches!(self.phase, Phase::Idle);
        let before = std::mem::replace(&mut self.lit, lit);
        (before != lit).then_some(Action::Light(lit))
    }

    /// Whether the light shows that the face of this track is flat.
    fn looks_flat(&mut self, at: &Context<'_>, track: TrackId) -> bool {
        self.tracks.of(track).looks_flat(&at.settings.rules.liveness.limits)
    }

    fn record(
        &mut self,
        asked: &Asked,
        outcome: ChallengeOutcome,
        now: Moment,
        out: &mut Vec<LivenessOutcome>,
    ) {
        let attempt = self.tracks.of(asked.visitor.track).failed + 1;
        out.push(LivenessOutcome::Do(Action::Record(asked.record(outcome, attempt, now))));
    }

    /// Takes out whoever is asked.
    fn take_asked(&mut self) -> Option<Asked> {
        match std::mem::take(&mut self.phase) {
            Phase::Asked(asked) => Some(asked),
            other => {
                self.phase = other;
                None
            }
        }
    }

    fn take_asked_of(&mut self, track: TrackId) -> Option<Asked> {
        let is_asked = matches!(&self.phase, Phase::Asked(asked) if asked.visitor.track == track);
        if is_asked { self.take_asked() } else { None }
    }
}

/// Refuses a person: shows and records it, and closes the track.
fn refuse(at: &Context<'_>, visitor: Recognised, why: Refusal, out: &mut Vec<LivenessOutcome>) {
    if at.stage == LockStage::Locked {
        out.push(LivenessOutcome::Do(Action::Show(Sign::Refused)));
    }
    out.push(LivenessOutcome::Do(Action::Record(because(visitor.refusal, why))));
    out.push(LivenessOutcome::Close(visitor.track));
}

/// Whether the person has a PIN, and the door a keypad.
fn can_prove_pin(at: &Context<'_>, person: &PersonId) -> bool {
    let standing = at.settings.standings.get(person);
    standing.is_some_and(|standing| at.settings.access.provable(standing).pin)
}
