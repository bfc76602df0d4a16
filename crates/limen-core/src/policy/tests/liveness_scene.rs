//! A face before a door that asks for liveness, and what the door does: for the tests.

use super::*;
use crate::credential::{Card, Factors, PinHash};
use crate::event::{ChallengeOutcome, DenyCue, Draw, LivenessProof, LogRatio, Motion, Prompt, Side, Turn};
use crate::people::{ChallengeRule, Means};

pub(super) const LIMITS: LivenessLimits = LivenessLimits {
    solid: LogRatio::new(6.0),
    side: LogRatio::new(4.0),
    turn: LogRatio::new(3.0),
    sheet: LogRatio::new(-3.0),
    light: LogRatio::new(1.0),
    compares: true,
};

pub(super) const CHALLENGE: LivenessRules = LivenessRules {
    mode: LivenessMode::Challenge,
    prompts: true,
    light: true,
    after_unsure: AfterUnsure::Refuse,
    limits: LIMITS,
};

pub(super) fn some_hash() -> Option<PinHash> {
    let text = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    PinHash::parse(text).ok()
}

pub(super) fn motion(track: u64, ms: u64, yaw: f32) -> Motion {
    let side = if yaw > 0.0 { Side::Left } else { Side::Right };
    let turn = (yaw.abs() >= 18.0).then_some(Turn { side, proof: LogRatio::new(5.0) });
    let (track, taken, solid) = (TrackId(track), at(ms).moment, LogRatio::default());
    let like_itself = turn.map(|_| true);
    Motion { track, taken, yaw, pitch: 0.0, turn, solid, light: None, like_itself, cue: None }
}

/// A door, and a face before it that is seen 30 times a second.
pub(super) struct Scene {
    pub policy: Policy,
    pub ms: u64,
    pub track: u64,
    pub frames: u32,
    pub who: PersonId,
    pub solid: f32,
    /// What the light shows, while it is lit.
    pub light: Option<f32>,
    /// Whether the light was told to begin.
    pub lit: bool,
    pub proof: f32,
    pub cue: Option<DenyCue>,
    pub bytes: u8,
    pub prompt: Option<Prompt>,
    pub drawn: u32,
    pub pin: PinOutcome,
    /// Whether the audit accepts what it is asked to record.
    pub audit_accepts: bool,
    pub seen: Vec<Action>,
}

impl Scene {
    pub fn new(rules: LivenessRules) -> Self {
        Self::with(rules, Standing::default())
    }

    pub fn with(liveness: LivenessRules, ada_is: Standing) -> Self {
        let access = AccessRules { available: Factors { pin: true, card: true }, ..(*anytime()).clone() };
        let policy = Policy::new(Rules { liveness, ..RULES }, standings(ada_is), Arc::new(access));
        Self {
            policy,
            ms: 10_000,
            track: 1,
            frames: 0,
            who: ada(),
            solid: 0.0,
            light: None,
            lit: false,
            proof: 5.0,
            cue: None,
            bytes: 0,
            prompt: None,
            drawn: 0,
            pin: PinOutcome::Right,
            audit_accepts: true,
            seen: Vec::new(),
        }
    }

    /// Hears an event, and answers what the daemon answers.
    pub fn hear(&mut self, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for action in self.policy.step(at(self.ms), event) {
                match &action {
                    Action::RecordAndAnswer(id, _) if self.audit_accepts => {
                        events.push(Event::Accepted(*id, at(self.ms).moment));
                    }
                    Action::RecordAndAnswer(id, _) => events.push(Event::NotAccepted(*id)),
                    Action::VerifyPin { entry, person, .. } => {
                        let (entry, person, outcome) = (*entry, person.clone(), self.pin);
                        events.push(Event::PinVerified { entry, person, outcome });
                    }
                    Action::DrawChallenge(track) => {
                        self.drawn += 1;
                        self.bytes = self.bytes.wrapping_add(41);
                        let draw = Draw::from_bytes([self.bytes; Draw::BYTES], false);
                        events.push(Event::ChallengeDrawn { track: *track, draw });
                    }
                    Action::Prompt(prompt) => self.prompt = *prompt,
                    Action::Light(lit) => self.lit = *lit,
                    _ => {}
                }
                self.seen.push(action);
            }
        }
    }

    /// One frame of the face, turned this far.
    pub fn frame(&mut self, yaw: f32) {
        self.ms += 33;
        let (solid, turn) = (LogRatio::new(self.solid), LogRatio::new(self.proof));
        let mut motion = Motion { solid, cue: self.cue, ..motion(self.track, self.ms, yaw) };
        motion.light = self.light.filter(|_| self.lit).map(LogRatio::new);
        motion.turn = motion.turn.map(|asked| Turn { proof: turn, ..asked });
        self.hear(Event::Moved(motion));
        if yaw.abs() <= 10.0 {
            self.frames += 1;
            self.hear(match_of(self.track, self.ms, self.frames, self.who.clone()));
        }
    }

    pub fn hold(&mut self, yaw: f32, ms: u64) {
        let end = self.ms + ms;
        while self.ms < end {
            self.frame(yaw);
        }
    }

    /// Answers prompts for so long: each with this turn, 0.4 s after it is shown.
    pub fn answer(&mut self, ms: u64, turn: impl Fn(Side) -> f32) {
        let end = self.ms + ms;
        while self.ms < end {
            match self.prompt {
                Some(Prompt::Turn(side)) => {
                    self.hold(0.0, 400);
                    let yaw = turn(side);
                    [yaw / 2.0, yaw, yaw, yaw / 2.0].into_iter().for_each(|yaw| self.frame(yaw));
                }
                _ => self.frame(0.0),
            }
        }
    }

    /// Another face, or the same one again.
    pub fn next_track(&mut self) {
        self.hear(Event::TrackEnded(TrackId(self.track)));
        (self.track, self.frames) = (self.track + 1, 0);
    }

    pub fn enter_pin(&mut self) {
        self.ms += 100;
        self.hear(Event::PinEntered(EntryId(self.ms)));
    }

    pub fn granted(&self) -> Vec<Option<LivenessProof>> {
        let granted = |fact: &&Fact| match fact {
            Fact::Granted { liveness, .. } => Some(*liveness),
            _ => None,
        };
        facts(&self.seen).iter().filter_map(granted).collect()
    }

    pub fn refused(&self) -> Vec<Refusal> {
        let refused = |fact: &&Fact| match fact {
            Fact::Refused { refusal, .. } => Some(*refusal),
            _ => None,
        };
        facts(&self.seen).iter().filter_map(refused).collect()
    }

    pub fn outcomes(&self) -> Vec<ChallengeOutcome> {
        let outcome = |fact: &&Fact| match fact {
            Fact::Challenged { outcome, .. } => Some(*outcome),
            _ => None,
        };
        facts(&self.seen).iter().filter_map(outcome).collect()
    }
}

pub(super) fn right(side: Side) -> f32 {
    if side == Side::Left { 28.0 } else { -28.0 }
}

pub(super) fn wrong(side: Side) -> f32 {
    -right(side)
}

pub(super) fn still(_: Side) -> f32 {
    0.0
}

pub(super) fn by_pin(challenge: ChallengeRule) -> Standing {
    let means = Means { pin: some_hash(), card: Some(Card::wiegand26(7, 1)), ..Means::default() };
    Standing { means: Arc::new(means), challenge, ..Standing::default() }
}
