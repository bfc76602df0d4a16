//! Random walks through liveness with everything around it: heads that answer and heads that do not, pictures, other
//! people, PINs and cards, reloads, rules, modes, faults, time that goes back, an audit that is slow. A bookkeeper who
//! knows only what was asked and what was shown holds the grants against it.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};

use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::liveness_scene::{CHALLENGE, LIMITS, motion, some_hash};
use super::*;
use crate::credential::{Card, Factor, Factors, SecondFactor};
use crate::event::{DenyCue, Draw, LivenessProof, LogRatio, Motion, Prompt, Side, Turn};
use crate::people::{ChallengeRule, Means};

const WALKS: u32 = 6000;
/// The time between two frames.
const FRAME: u64 = 60;

/// What was asked of a track since its last challenge was drawn, and what it showed.
#[derive(Debug, Default)]
struct Shown {
    track: u64,
    /// The prompts, and when each was shown.
    asked: Vec<(Side, u64)>,
    /// How many of them were answered by a turn of a solid head.
    answered: usize,
    /// The head turned to the other side while a prompt was shown.
    /// The last frame pointed to a wrong side; two did.
    strays: bool,
    strayed: bool,
    /// A frame looked straight after the last turn.
    straight: bool,
    /// When each person was seen since then.
    seen: Vec<PersonId>,
}

impl Shown {
    fn is_complete(&self, track: u64, person: &PersonId) -> bool {
        let asks = |side| self.asked.iter().any(|(asked, _)| *asked == side);
        self.track == track
            && self.asked.len() >= 3
            && asks(Side::Left)
            && asks(Side::Right)
            && self.answered == self.asked.len()
            && self.straight
            && !self.strayed
            && self.seen.iter().filter(|seen| *seen == person).count() >= RULES.frames
    }
}

struct Walker {
    policy: Policy,
    liveness: LivenessRules,
    of_factor: Option<SecondFactor>,
    ms: u64,
    track: u64,
    frames: u32,
    of: bool,
    waived: bool,
    prompt: Option<Prompt>,
    shown: Shown,
    solid: BTreeMap<u64, f32>,
    /// The last frames of each track and whether they showed a cue, when the newest was taken, and whether three of
    /// five ever did.
    cues: BTreeMap<u64, (VecDeque<bool>, u64, bool)>,
    /// When a right PIN of each was verified last.
    pins: BTreeMap<PersonId, u64>,
    mode: Mode,
    granted: u32,
    by_challenge: u32,
}

impl Walker {
    fn new(liveness: LivenessRules, of_factor: Option<SecondFactor>) -> Self {
        let access = AccessRules { available: Factors { pin: true, card: true }, ..(*anytime()).clone() };
        let rules = Rules { liveness, ..RULES };
        let mut walker = Self {
            policy: Policy::new(rules, Standings::default(), Arc::new(access)),
            liveness,
            of_factor,
            ms: 100_000,
            track: 1,
            frames: 0,
            of: true,
            waived: false,
            prompt: None,
            shown: Shown::default(),
            solid: BTreeMap::new(),
            cues: BTreeMap::new(),
            pins: BTreeMap::new(),
            mode: Mode::Normal,
            granted: 0,
            by_challenge: 0,
        };
        let standings = walker.standings();
        walker.policy.step(at(walker.ms), Event::NewStandings(standings));
        walker
    }

    fn standings(&self) -> Standings {
        let standing = |of: bool, waived: bool| {
            let card = Some(Card::wiegand26(u8::from(of), 1));
            let means = Means { pin: some_hash(), card, rule: self.of_factor, ..Means::default() };
            let challenge = if waived { ChallengeRule::Pin } else { ChallengeRule::Turn };
            Standing { means: Arc::new(means), challenge, ..Standing::default() }
        };
        Arc::new([(ada(), standing(true, false)), (bob(), standing(false, self.waived))].into())
    }

    fn who(&self) -> PersonId {
        if self.of { ada() } else { bob() }
    }

    fn take(&mut self, code: u32) -> Result<(), TestCaseError> {
        let (kind, more) = (code % 64, code >> 6);
        match kind {
            0..=35 => (0..3).try_for_each(|_| self.act(0.0, 5.0, true)),
            36 => self.act(180.0, 5.0, true),
            37 => self.act(0.0, [2.0, -4.0][more as usize % 2], true),
            38 => self.act(0.0, 5.0, false),
            39 | 40 => self.look(28.0 - 56.0 * (more % 2) as f32, 5.0, true, None),
            41 | 42 => (0..1 + more % 4).try_for_each(|_| self.look(0.0, 5.0, true, Some(DenyCue::Frame))),
            43 => self.someone_else(more),
            44 | 45 => {
                self.solid.insert(self.track, [0.0, 3.0, 7.0][more as usize % 3]);
                Ok(())
            }
            46..=49 => self.step(Event::PinEntered(EntryId(u64::from(code)))),
            50 | 51 => self.step(Event::CardRead(Card::wiegand26((more % 2) as u8, 1))),
            52 => {
                self.waived = more.is_multiple_of(2);
                self.shown = Shown::default();
                self.pins.clear();
                self.step(Event::NewStandings(self.standings()))
            }
            53 => {
                self.shown = Shown::default();
                let rules = Rules { liveness: self.liveness, ..RULES };
                let access = Arc::clone(&self.policy.settings.access);
                self.policy.replace_rules(rules, access);
                Ok(())
            }
            54 | 55 => {
                self.mode = if more.is_multiple_of(3) { Mode::LockDown } else { Mode::Normal };
                if self.mode == Mode::LockDown {
                    self.shown = Shown::default();
                }
                self.step(command(Command::Mode(Some(self.mode))))
            }
            56 => {
                self.shown = Shown::default();
                self.step(Event::Failed(Part::Camera, String::new()))
            }
            57 | 58 => self.step(Event::Recovered(Part::Camera)),
            59 => {
                self.shown = Shown::default();
                self.step(command(LOCK))
            }
            60 => {
                self.shown = Shown::default();
                self.ms -= 1 + u64::from(more % 3000);
                self.step(Event::Tick)
            }
            _ => {
                self.ms += u64::from(more % [300, 3000, 70_000][more as usize % 3]);
                self.step(Event::Tick)
            }
        }
    }

    /// Another face, or the same one by another track.
    fn someone_else(&mut self, more: u32) -> Result<(), TestCaseError> {
        if !more.is_multiple_of(4) {
            self.step(Event::TrackEnded(TrackId(self.track)))?;
            self.cues.remove(&self.track);
            self.shown = Shown::default();
        }
        if more % 4 < 3 {
            (self.track, self.frames) = (self.track + 1, 0);
        }
        self.of ^= more & 4 > 0;
        Ok(())
    }

    /// A head that does what the prompt asks for, or looks straight. `off`: how far its turns go astray, in degrees.
    fn act(&mut self, off: f32, proof: f32, like_itself: bool) -> Result<(), TestCaseError> {
        let Some(Prompt::Turn(side)) = self.prompt else {
            return (0..5).try_for_each(|_| self.look(0.0, proof, like_itself, None));
        };
        let yaw = if (side == Side::Left) == (off == 0.0) { 28.0 } else { -28.0 };
        (0..5).try_for_each(|_| self.look(0.0, proof, like_itself, None))?;
        [yaw / 2.0, yaw, yaw / 2.0]
            .into_iter()
            .try_for_each(|yaw| self.look(yaw, proof, like_itself, None))?;
        self.look(0.0, proof, like_itself, None)
    }

    /// One frame.
    fn look(
        &mut self,
        yaw: f32,
        proof: f32,
        like_itself: bool,
        cue: Option<DenyCue>,
    ) -> Result<(), TestCaseError> {
        self.ms += FRAME;
        let solid = LogRatio::new(self.solid.get(&self.track).copied().unwrap_or_default());
        let seen = motion(self.track, self.ms, yaw);
        let turn = seen.turn.map(|turn| Turn { proof: LogRatio::new(proof), ..turn });
        self.note(yaw, proof, like_itself, cue);
        let like_itself = turn.map(|_| like_itself);
        self.step(Event::Moved(Motion { solid, turn, like_itself, cue, ..seen }))?;
        if yaw != 0.0 {
            return Ok(());
        }
        self.frames += 1;
        if self.shown.straight && self.shown.track == self.track {
            self.shown.seen.push(self.who());
        }
        self.step(match_of(self.track, self.ms, self.frames, self.who()))
    }

    /// What the bookkeeper makes of a frame.
    fn note(&mut self, yaw: f32, proof: f32, like_itself: bool, cue: Option<DenyCue>) {
        let (last, newest, denied) = self.cues.entry(self.track).or_default();
        if self.ms > *newest {
            last.push_back(cue.is_some());
            *newest = self.ms;
        }
        while last.len() > 5 {
            last.pop_front();
        }
        *denied |= last.iter().filter(|cue| **cue).count() >= 3;
        if self.shown.track != self.track {
            return;
        }
        let side = if yaw > 0.0 { Side::Left } else { Side::Right };
        let turned = yaw.abs() >= 18.0 && proof >= LIMITS.turn.get() && like_itself;
        let asked = self.shown.asked.get(self.shown.answered);
        let strays = asked.is_some_and(|(asked, _)| yaw.abs() > 15.0 && *asked != side);
        // One frame may be wrong.
        self.shown.strayed |= std::mem::replace(&mut self.shown.strays, strays) && strays;
        match asked {
            Some((asked, at)) if turned && *asked == side && self.ms >= at + 150 => self.shown.answered += 1,
            None if yaw == 0.0 && !self.shown.asked.is_empty() => self.shown.straight = true,
            _ => {}
        }
    }

    fn step(&mut self, event: Event) -> Result<(), TestCaseError> {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for action in self.policy.step(at(self.ms), event) {
                if let Some(fact) = fact_of(&action) {
                    self.check(fact)?;
                }
                match action {
                    // Now and then the audit says no.
                    Action::RecordAndAnswer(id, _) if self.ms.is_multiple_of(7) => {
                        events.push_back(Event::NotAccepted(id));
                    }
                    Action::RecordAndAnswer(id, _) => {
                        events.push_back(Event::Accepted(id, at(self.ms).moment))
                    }
                    Action::VerifyPin { entry, person, .. } => {
                        let right = !entry.0.is_multiple_of(5);
                        if right {
                            self.pins.insert(person.clone(), self.ms);
                        }
                        let outcome = if right { PinOutcome::Right } else { PinOutcome::Wrong };
                        events.push_back(Event::PinVerified { entry, person, outcome });
                    }
                    Action::DrawChallenge(track) => {
                        self.shown = Shown { track: track.0, ..Shown::default() };
                        let bytes = std::array::from_fn(|place| (self.ms >> (place % 5)) as u8);
                        let drawn = if self.ms.is_multiple_of(11) { TrackId(track.0 + 1) } else { track };
                        let draw = Draw::from_bytes(bytes, false);
                        events.push_back(Event::ChallengeDrawn { track: drawn, draw });
                    }
                    Action::Prompt(prompt) => {
                        self.prompt = prompt;
                        if let Some(Prompt::Turn(side)) = prompt {
                            self.shown.asked.push((side, self.ms));
                            self.shown.straight = false;
                            self.shown.seen.clear();
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn check(&mut self, fact: &Fact) -> Result<(), TestCaseError> {
        let Fact::Granted { person: Some(person), track: Some(track), liveness, factors, .. } = fact else {
            return Ok(());
        };
        self.granted += 1;
        proptest::prop_assert!(self.mode != Mode::LockDown, "in lock-down");
        let denied = self.cues.get(&track.0).is_some_and(|(.., denied)| *denied);
        proptest::prop_assert!(!denied, "{track} is let in after deny cues");
        let pin = factors.contains(&Factor::Pin) && self.pins.contains_key(&person.0);
        let is = |challenge| {
            self.policy.settings.standings.get(&person.0).is_some_and(|of| of.challenge == challenge)
        };
        let right = match liveness {
            None | Some(LivenessProof::Off) => self.liveness.mode == LivenessMode::Off,
            // Whoever is asked for a second factor has turned before, and may go to the keypad meanwhile.
            Some(LivenessProof::Challenge) if self.of_factor.is_some() => !factors.is_empty(),
            Some(LivenessProof::Challenge) => self.shown.is_complete(track.0, &person.0),
            Some(LivenessProof::Motion) => {
                let solid = self.solid.get(&track.0).is_some_and(|solid| *solid >= LIMITS.solid.get());
                self.liveness.mode == LivenessMode::Motion && (solid || self.of_factor.is_some())
            }
            Some(LivenessProof::Waived) => pin && is(ChallengeRule::Pin),
            Some(LivenessProof::PinAfterUnsure) => pin && self.liveness.after_unsure == AfterUnsure::Pin,
        };
        self.by_challenge += u32::from(*liveness == Some(LivenessProof::Challenge));
        proptest::prop_assert!(right, "{person} by track {track}: {liveness:?} {factors:?} {:?}", self.shown);
        Ok(())
    }
}

#[test]
fn six_thousand_walks_let_nobody_in_who_has_not_shown_by_this_track_what_was_asked() {
    let motion = LivenessRules { mode: LivenessMode::Motion, ..CHALLENGE };
    let by_pin = LivenessRules { after_unsure: AfterUnsure::Pin, ..CHALLENGE };
    let unasked = LivenessRules { prompts: false, after_unsure: AfterUnsure::Pin, ..motion };
    let kinds = [
        (CHALLENGE, None),
        (CHALLENGE, Some(SecondFactor::Card)),
        (by_pin, None),
        (motion, None),
        (motion, Some(SecondFactor::Pin)),
        (unasked, None),
    ];
    for (liveness, of_factor) in kinds {
        let cases = WALKS / 6;
        let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
        let walks = proptest::collection::vec(proptest::num::u32::ANY, 1..80);
        let (granted, by_challenge) = (Cell::new(0), Cell::new(0));
        let outcome = runner.run(&walks, |codes| {
            let mut walker = Walker::new(liveness, of_factor);
            codes.into_iter().try_for_each(|code| walker.take(code))?;
            granted.set(granted.get() + walker.granted);
            by_challenge.set(by_challenge.get() + walker.by_challenge);
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{liveness:?} {of_factor:?}: {error}"));
        assert!(
            granted.get() > cases / 20,
            "{liveness:?} {of_factor:?}: granted {} times only",
            granted.get()
        );
        let asks = liveness.mode == LivenessMode::Challenge && of_factor.is_none();
        assert!(!asks || by_challenge.get() > cases / 20, "{} challenges only", by_challenge.get());
    }
}
