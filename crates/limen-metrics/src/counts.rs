//! What the daemon counts: facts, frames and seals. People are counted, never named.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use limen_core::clock::{Moment, Now};
use limen_core::event::{AlarmKind, AlarmStep, ChallengeOutcome, Fact, GrantKind, Refusal, TrackId};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::histogram::Histogram;

/// From the first sight of a face to the decision, in milliseconds.
const DECISION_MS: [u64; 12] = [100, 150, 250, 400, 600, 1000, 1500, 2500, 4000, 6000, 10_000, 30_000];
/// A challenge, in milliseconds; an attempt has 6 s.
const CHALLENGE_MS: [u64; 8] = [1000, 2000, 3000, 3500, 4000, 5000, 6000, 8000];
/// A stage of a frame, in milliseconds.
const STAGE_MS: [u64; 9] = [1, 2, 5, 10, 20, 50, 100, 250, 1000];
/// The newest tracks, whose first sight is remembered; more faces are not before a door.
const MAX_TRACKS: usize = 64;

const GRANTS: [GrantKind; 5] =
    [GrantKind::Face, GrantKind::Manual, GrantKind::Rex, GrantKind::Mode, GrantKind::Fire];
const CHALLENGES: [ChallengeOutcome; 7] = [
    ChallengeOutcome::Passed,
    ChallengeOutcome::WrongTurn,
    ChallengeOutcome::NoResponse,
    ChallengeOutcome::Sheet,
    ChallengeOutcome::Unsure,
    ChallengeOutcome::DenyCue,
    ChallengeOutcome::Interrupted,
];

/// The attempts to turn the head when asked, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// Attempts of any outcome.
    pub all: u64,
    /// Those that were right.
    pub passed: u64,
    /// How long these took on average; `None` without any.
    pub mean: Option<Duration>,
}

/// Everything that is counted since the start of the daemon.
#[derive(Debug)]
pub struct Counts {
    /// Refusals of faces, by reason.
    refused: BTreeMap<String, u64>,
    /// Grants, by what unlocked the door.
    grants: BTreeMap<String, u64>,
    /// PINs and cards that did not open the door, by factor and reason.
    factors: BTreeMap<(String, String), u64>,
    /// Alarms that were raised.
    alarms: BTreeMap<String, u64>,
    /// Attempts to turn the head, by outcome.
    challenges: BTreeMap<String, u64>,
    /// Tracks that were asked to turn the head.
    asked: u64,
    decision: Histogram,
    challenge: Histogram,
    stages: BTreeMap<&'static str, Histogram>,
    /// When each track was first seen.
    first_seen: BTreeMap<TrackId, Moment>,
    frames: u64,
    last_frame: Option<Timestamp>,
    /// The generation of the template store in force.
    generation: Option<u64>,
    /// Whether the last reload came into force whole.
    reload_succeeded: Option<bool>,
    seals: Seals,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            refused: BTreeMap::new(),
            grants: zeros(GRANTS.iter().map(name)),
            factors: BTreeMap::new(),
            alarms: zeros(AlarmKind::ALL.iter().map(name)),
            challenges: zeros(CHALLENGES.iter().map(name)),
            asked: 0,
            decision: Histogram::new(&DECISION_MS),
            challenge: Histogram::new(&CHALLENGE_MS),
            stages: BTreeMap::new(),
            first_seen: BTreeMap::new(),
            frames: 0,
            last_frame: None,
            generation: None,
            reload_succeeded: None,
            seals: Seals::default(),
        }
    }
}

impl Counts {
    /// Counts a fact.
    pub fn hear(&mut self, now: Now, fact: &Fact) {
        match fact {
            Fact::Granted { grant, track, .. } => self.granted(now, *grant, *track),
            Fact::Refused { refusal, .. } => count(&mut self.refused, reason(refusal)),
            Fact::FactorRefused { factor, why, .. } => count(&mut self.factors, (name(factor), name(why))),
            Fact::Challenged { outcome, attempt, took_ms, .. } => {
                self.challenged(*outcome, *attempt, Duration::from_millis(*took_ms));
            }
            Fact::Alarm { alarm, step: AlarmStep::Raised, .. } => count(&mut self.alarms, name(alarm)),
            Fact::GalleryLoaded { store, .. } => {
                self.generation = store.or(self.generation);
                self.reload_succeeded = Some(true);
            }
            Fact::GalleryRefused { .. } => self.reload_succeeded = Some(false),
            Fact::StoreChanged { store, .. } => self.generation = Some(*store),
            _ => {}
        }
    }

    fn granted(&mut self, now: Now, grant: GrantKind, track: Option<TrackId>) {
        count(&mut self.grants, name(&grant));
        let first_seen = track.and_then(|track| self.first_seen.get(&track));
        if let (GrantKind::Face, Some(seen)) = (grant, first_seen) {
            self.decision.add(now.moment.since(*seen));
        }
    }

    fn challenged(&mut self, outcome: ChallengeOutcome, attempt: u32, took: Duration) {
        count(&mut self.challenges, name(&outcome));
        self.asked += u64::from(attempt == 1);
        if outcome == ChallengeOutcome::Passed {
            self.challenge.add(took);
        }
    }

    /// Counts a frame, and how long each stage took. A stage that took no time was left out.
    pub fn frame(&mut self, now: Now, stages: impl IntoIterator<Item = (&'static str, Duration)>) {
        self.frames += 1;
        self.last_frame = Some(now.wall.utc);
        for (stage, took) in stages.into_iter().filter(|(_, took)| !took.is_zero()) {
            self.stages.entry(stage).or_insert_with(|| Histogram::new(&STAGE_MS)).add(took);
        }
    }

    /// Remembers when a face was first seen: `taken` is when its frame was.
    pub fn saw(&mut self, track: TrackId, taken: Moment) {
        self.first_seen.entry(track).or_insert(taken);
        if self.first_seen.len() > MAX_TRACKS {
            // Numbers of tracks only grow: the first is the oldest.
            self.first_seen.pop_first();
        }
    }

    /// Notes where the records are: the number of the last one, and of the newest seal.
    pub fn recorded(&mut self, now: Now, last: u64, sealed: Option<u64>) {
        self.seals.note(now, last, sealed);
    }

    /// How many frames were looked at.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The attempts to turn the head.
    pub fn attempts(&self) -> Attempts {
        let all = self.challenges.values().sum();
        Attempts { all, passed: self.challenge.count(), mean: self.challenge.mean() }
    }

    /// All counts, as the status has them and [`text`](crate::text) reads them.
    pub fn as_json(&self, now: Now) -> Value {
        let stages: Map<_, _> =
            self.stages.iter().map(|(stage, times)| ((*stage).to_owned(), times.as_json())).collect();
        let factor = |((factor, reason), count): (&(String, String), &u64)| json!({ "factor": factor, "reason": reason, "count": count });
        json!({
            "at": seconds(now.wall.utc),
            "last_frame": self.last_frame.map(seconds),
            "grants": self.grants,
            "refused": self.refused,
            "factors_refused": self.factors.iter().map(factor).collect::<Vec<_>>(),
            "alarms": self.alarms,
            "asked": self.asked,
            "challenges": self.challenges,
            "challenge_seconds": self.challenge.as_json(),
            "decision_seconds": self.decision.as_json(),
            "stage_seconds": stages,
            "gallery_generation": self.generation,
            "reload_succeeded": self.reload_succeeded,
            "records": self.seals.last,
            "last_seal": self.seals.at.map(seconds),
            "unsealed_s": self.seals.unsealed_for(now).as_secs_f64(),
        })
    }
}

/// When the records were sealed, and since when some are not.
#[derive(Debug, Default)]
struct Seals {
    /// The number of the last record; 0 until the records could be opened.
    last: u64,
    sealed: Option<u64>,
    /// When the newest seal was made; `None` if that was before the start.
    at: Option<Timestamp>,
    unsealed_since: Option<Moment>,
}

impl Seals {
    fn note(&mut self, now: Now, last: u64, sealed: Option<u64>) {
        let was_open = self.last > 0;
        if sealed != self.sealed {
            self.unsealed_since = None;
            // The seal that is found when the records are opened is older.
            self.at = if was_open { Some(now.wall.utc) } else { None };
        }
        (self.last, self.sealed) = (last, sealed);
        let is_unsealed = last > sealed.unwrap_or(0);
        self.unsealed_since = if is_unsealed { self.unsealed_since.or(Some(now.moment)) } else { None };
    }

    fn unsealed_for(&self, now: Now) -> Duration {
        self.unsealed_since.map_or(Duration::ZERO, |since| now.moment.since(since))
    }
}

fn count<Key: Ord>(counts: &mut BTreeMap<Key, u64>, key: Key) {
    *counts.entry(key).or_default() += 1;
}

fn zeros(names: impl Iterator<Item = String>) -> BTreeMap<String, u64> {
    names.map(|name| (name, 0)).collect()
}

/// The name that records give to a value of an enum.
fn name(of: &impl Serialize) -> String {
    match serde_json::to_value(of) {
        Ok(Value::String(name)) => name,
        _ => "other".to_owned(),
    }
}

/// Why somebody was refused, in one word: `no-match-too-far`, `lock-down`.
fn reason(refusal: &Refusal) -> String {
    let told = serde_json::to_value(refusal).unwrap_or_default();
    let why = told["why"].as_str().unwrap_or("other");
    match told["detail"].as_str() {
        Some(detail) => format!("{why}-{detail}"),
        None => why.to_owned(),
    }
}

/// Seconds since 1970, to the millisecond.
fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use limen_core::clock::WallClock;
    use limen_core::credential::Factor;
    use limen_core::event::{FactorRefusal, NoMatch, Personal, StoreChange};
    use limen_core::person::PersonId;

    use super::*;

    fn at(s: u64) -> Now {
        let utc = Timestamp::from_second(1_000_000 + s as i64).expect("a time");
        let moment = Moment::from_boot(Duration::from_secs(s));
        Now { moment, wall: WallClock { utc, synchronised: true } }
    }

    fn ada() -> Personal<PersonId> {
        Personal(PersonId::new("ada").expect("an id"))
    }

    fn granted(grant: GrantKind, track: Option<u64>) -> Fact {
        Fact::Granted {
            grant,
            person: Some(ada()),
            second: None,
            factors: Vec::new(),
            liveness: None,
            track: track.map(TrackId),
            distance: None,
            unlock_ms: None,
            caller: None,
        }
    }

    fn refused(refusal: Refusal) -> Fact {
        Fact::Refused { track: TrackId(1), refusal, nearest: Some(ada()), distance: None, frames: 3 }
    }

    fn challenged(outcome: ChallengeOutcome, attempt: u32, took_ms: u64) -> Fact {
        Fact::Challenged { track: TrackId(1), person: ada(), outcome, attempt, took_ms }
    }

    /// The counts after these facts, ten seconds after the start.
    fn after(facts: &[Fact]) -> Value {
        let mut counts = Counts::default();
        facts.iter().for_each(|fact| counts.hear(at(10), fact));
        counts.as_json(at(10))
    }

    #[test]
    fn grants_are_counted_by_what_unlocked_the_door() {
        let facts =
            [granted(GrantKind::Face, None), granted(GrantKind::Face, None), granted(GrantKind::Rex, None)];
        let expected = json!({ "face": 2, "fire": 0, "manual": 0, "mode": 0, "rex": 1 });
        assert_eq!(after(&facts)["grants"], expected);
    }

    #[test]
    fn refusals_are_counted_by_reason_and_its_detail() {
        let facts = [refused(Refusal::NoMatch(NoMatch::TooFar)), refused(Refusal::LockDown)];
        assert_eq!(after(&facts)["refused"], json!({ "lock-down": 1, "no-match-too-far": 1 }));
    }

    #[test]
    fn refused_pins_and_cards_are_counted_by_why() {
        let wrong = Fact::FactorRefused {
            factor: Factor::Pin,
            why: FactorRefusal::Wrong,
            person: Some(ada()),
            locked_out_s: None,
        };
        let expected = json!([{ "factor": "pin", "reason": "wrong", "count": 2 }]);
        assert_eq!(after(&[wrong.clone(), wrong])["factors_refused"], expected);
    }

    #[test]
    fn an_alarm_is_counted_when_it_is_raised_and_not_when_it_is_acknowledged() {
        let alarm = |step| Fact::Alarm { alarm: AlarmKind::Tampered, step, caller: None };
        let told = after(&[AlarmStep::Warned, AlarmStep::Raised, AlarmStep::Acknowledged].map(alarm));
        assert_eq!((&told["alarms"]["tampered"], &told["alarms"]["door-forced"]), (&json!(1), &json!(0)));
    }

    #[test]
    fn a_track_is_asked_once_however_many_attempts_it_needs_and_only_the_right_ones_give_the_time() {
        let mut counts = Counts::default();
        for (outcome, attempt, took_ms) in [
            (ChallengeOutcome::WrongTurn, 1, 900),
            (ChallengeOutcome::Passed, 2, 3000),
            (ChallengeOutcome::Passed, 1, 4001),
        ] {
            counts.hear(at(10), &challenged(outcome, attempt, took_ms));
        }
        let mean = Some(Duration::from_micros(3_500_500));
        assert_eq!(counts.attempts(), Attempts { all: 3, passed: 2, mean });
        let told = counts.as_json(at(10));
        assert_eq!((&told["asked"], &told["challenges"]["wrong-turn"]), (&json!(2), &json!(1)));
        assert_eq!(told["challenge_seconds"]["sum"], 7.001);
    }

    #[test]
    fn a_decision_takes_from_the_first_sight_of_its_face_and_the_exit_button_takes_none() {
        let mut counts = Counts::default();
        [8, 9].into_iter().for_each(|s| counts.saw(TrackId(7), at(s).moment));
        counts.hear(at(10), &granted(GrantKind::Face, Some(7)));
        counts.hear(at(10), &granted(GrantKind::Rex, None));
        assert_eq!(counts.as_json(at(10))["decision_seconds"]["sum"], 2.0);
    }

    #[test]
    fn however_many_faces_come_the_newest_few_are_remembered() {
        let mut counts = Counts::default();
        (0..10_000).for_each(|track| counts.saw(TrackId(track), at(1).moment));
        assert_eq!(counts.first_seen.len(), MAX_TRACKS);
        counts.hear(at(3), &granted(GrantKind::Face, Some(9_999)));
        assert_eq!(counts.as_json(at(3))["decision_seconds"]["sum"], 2.0);
    }

    #[test]
    fn a_stage_that_was_left_out_is_not_counted_and_the_time_of_the_last_frame_is_kept() {
        let mut counts = Counts::default();
        counts.frame(at(3), [("detect", Duration::from_millis(4)), ("embed", Duration::ZERO)]);
        let told = counts.as_json(at(5));
        assert_eq!((&told["last_frame"], &told["at"]), (&json!(1_000_003.0), &json!(1_000_005.0)));
        assert_eq!(told["stage_seconds"]["detect"]["sum"], 0.004);
        assert!(told["stage_seconds"].get("embed").is_none());
    }

    #[test]
    fn a_refused_reload_is_told_until_one_comes_into_force_and_the_generation_stays() {
        let loaded = |store| Fact::GalleryLoaded {
            people: 1,
            templates: 1,
            added: Vec::new(),
            removed: Vec::new(),
            store,
        };
        let not = Fact::GalleryRefused { what: Personal("ada.jpg is no photograph".to_owned()) };
        let rotated = Fact::StoreChanged { how: StoreChange::Rotate, store: 9, caller: None };
        assert_eq!(after(&[])["reload_succeeded"], Value::Null);
        let told = after(&[loaded(Some(4)), not.clone()]);
        assert_eq!((&told["reload_succeeded"], &told["gallery_generation"]), (&json!(false), &json!(4)));
        let told = after(&[not, rotated, loaded(None)]);
        assert_eq!((&told["reload_succeeded"], &told["gallery_generation"]), (&json!(true), &json!(9)));
    }

    #[test]
    fn records_wait_for_their_seal_from_the_first_that_has_none() {
        let mut counts = Counts::default();
        counts.recorded(at(1), 0, None);
        counts.recorded(at(2), 12, Some(12));
        let told = counts.as_json(at(100));
        assert_eq!(
            (&told["last_seal"], &told["unsealed_s"]),
            (&Value::Null, &json!(0.0)),
            "found at the start"
        );
        [(100, 13), (110, 14)].into_iter().for_each(|(s, last)| counts.recorded(at(s), last, Some(12)));
        assert_eq!(counts.as_json(at(130))["unsealed_s"], 30.0);
        counts.recorded(at(140), 15, Some(15));
        let told = counts.as_json(at(150));
        assert_eq!((&told["last_seal"], &told["unsealed_s"]), (&json!(1_000_140.0), &json!(0.0)));
        assert_eq!(told["records"], 15);
    }
}
