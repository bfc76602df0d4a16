//! Random walks through recognition alone, held against a bookkeeper who knows only which frames were shown and when:
//! no frame counts that is stale, of another track, or of another person, and each track has one outcome.

use std::cell::Cell;
use std::collections::HashMap;

use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::*;
use crate::event::FRESHNESS;
use crate::policy::context::LockStage;
use crate::policy::event::Event;
use crate::policy::tests::{RULES, ada, at, bob, frame, told};

/// What is known of a track.
#[derive(Default)]
struct Shown {
    /// Whom each of the last frames supports, by when it was taken.
    frames: Vec<(Moment, Option<PersonId>)>,
    /// Somebody was recognised, and the audit was not slow since.
    recognised: bool,
    refused: bool,
    granted: bool,
}

#[derive(Default)]
struct Bookkeeper {
    recognition: Recognition,
    ms: u64,
    tracks: HashMap<TrackId, Shown>,
    recognised: u32,
}

impl Bookkeeper {
    fn take(&mut self, code: u32) -> Result<(), TestCaseError> {
        let (kind, more) = (code % 24, u64::from(code >> 5));
        let track = TrackId(more % 3);
        self.ms += 7;
        match kind {
            0..=15 => return self.show(track, more / 3),
            16 => self.ms += more % 700,
            17 => self.ms += more % 12_000,
            18 => self.recognition.forget(),
            19 => self.recognition.spend(),
            20 if self.of(track).recognised => {
                self.recognition.granted(track);
                self.of(track).granted = true;
            }
            21 if self.of(track).recognised => {
                self.recognition.ask_again(track, at(self.ms + 1000).moment, Refusal::AuditFailed);
                (self.of(track).recognised, self.of(track).frames) = (false, Vec::new());
            }
            22 if self.of(track).recognised => {
                self.recognition.close(track);
                self.of(track).refused = true;
            }
            _ => {
                let refused = self.recognition.ended(track);
                self.hear(&refused)?;
                self.tracks.remove(&track);
            }
        }
        if matches!(kind, 18 | 19) {
            self.tracks.values_mut().for_each(|shown| shown.frames.clear());
        }
        let over = self.recognition.pass_time(at(self.ms).moment);
        self.hear(&over)
    }

    fn of(&mut self, track: TrackId) -> &mut Shown {
        self.tracks.entry(track).or_default()
    }

    /// Shows a frame of somebody: stale or fresh, of an old or a new probe, while people may be let in or
    /// not.
    fn show(&mut self, track: TrackId, more: u64) -> Result<(), TestCaseError> {
        let age = [0, 0, 0, 20, 400, 600][more as usize % 6];
        let someone = |code: u64| match code % 5 {
            0..=2 => Some(ada()),
            3 => Some(bob()),
            _ => None,
        };
        let begins = (more >> 16).is_multiple_of(13);
        let (fused, alone) = (someone(more >> 6), someone(more >> 9));
        let supports = fused.clone().filter(|person| alone.as_ref() == Some(person));
        let Event::Observed(observation) =
            frame(track.0, self.ms - age, if begins { 1 } else { 3 }, fused, alone)
        else {
            return Ok(());
        };
        let mut told = told(self.ms);
        told.stage = [LockStage::Locked, LockStage::Locked, LockStage::Open][more as usize / 6 % 3];
        let shown = self.of(track);
        if begins {
            shown.frames.clear();
        }
        shown.frames.push((observation.taken, supports));
        let sighting = self.recognition.observed(&told, &observation);
        if let FrameEvidence::Recognised(somebody) = sighting {
            proptest::prop_assert!(told.may_let_in(), "recognised while nobody may be let in");
            proptest::prop_assert_eq!(somebody.track, track);
            self.check(&somebody)?;
        }
        Ok(())
    }

    /// Whether enough recent frames of this track show this person.
    fn check(&mut self, somebody: &Recognised) -> Result<(), TestCaseError> {
        let now = at(self.ms).moment;
        let shown = self.of(somebody.track);
        proptest::prop_assert!(!shown.recognised && !shown.refused && !shown.granted, "a second outcome");
        let oldest = FRESHNESS * RULES.window as u32;
        let agree = |(taken, person): &&(Moment, Option<PersonId>)| {
            person.as_ref() == Some(&somebody.person) && now.since(*taken) <= oldest
        };
        let agreeing = shown.frames.iter().filter(agree).count();
        proptest::prop_assert!(agreeing >= RULES.frames, "recognised on {agreeing} frames");
        let (newest, _) = shown.frames.last().expect("a frame was shown");
        proptest::prop_assert!(now.since(*newest) <= FRESHNESS, "recognised on a stale frame");
        shown.recognised = true;
        shown.frames.clear();
        self.recognised += 1;
        Ok(())
    }

    /// A track is refused once, and never after the door was opened for it.
    fn hear(&mut self, actions: &[Action]) -> Result<(), TestCaseError> {
        for action in actions {
            if let Action::Record(Fact::Refused { track, .. }) = action {
                let shown = self.of(*track);
                proptest::prop_assert!(!shown.refused && !shown.granted, "{track:?} is refused too");
                shown.refused = true;
            }
        }
        Ok(())
    }
}

#[test]
fn fifty_thousand_walks_recognise_nobody_without_enough_fresh_frames_and_give_each_track_one_outcome() {
    const WALKS: u32 = 50_000;
    let mut runner = TestRunner::new(Config { cases: WALKS, failure_persistence: None, ..Config::default() });
    let walks = proptest::collection::vec(proptest::num::u32::ANY, 1..60);
    let recognised = Cell::new(0);
    let outcome = runner.run(&walks, |codes| {
        let mut bookkeeper = Bookkeeper { ms: 100_000, ..Bookkeeper::default() };
        codes.into_iter().try_for_each(|code| bookkeeper.take(code))?;
        recognised.set(recognised.get() + bookkeeper.recognised);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(recognised.get() > WALKS / 20, "{} times only", recognised.get());
}
