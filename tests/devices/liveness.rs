//! A head that answers the door's lights opens it; a print that is turned as well, a photograph, and who turns to the
//! wrong side do not. From the camera's frames and the lines of the lights to the relay's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use limen_audit::Record;
use limen_core::event::Side;
use limen_vision::frame::PixelFormat;

use super::actor::{Actor, LEFT, Manner, RIGHT};
use super::camera::Feeder;
use super::harness::{LONG, LOOPBACK_CAMERA, RELAY, Running, within};
use crate::clips::still::Still;
use crate::clips::turntable::Turntable;
use crate::support::{Site, models, nobody, photo};

/// An attempt, its retry and the pauses between them.
const ATTEMPTS: Duration = Duration::from_secs(25);

/// A door that asks, and the demo's person before it, but for the one photograph that is enrolled.
struct Door {
    site: Site,
    feeder: Arc<Feeder>,
    running: Running,
    still: Still,
}

impl Door {
    fn asking() -> Self {
        let site = Site::with_obama();
        let lights = format!("prompt-left = {}\nprompt-right = {}", LEFT.0, RIGHT.0);
        site.configure_watching("[recognition]\nliveness = \"challenge\"\n", LOOPBACK_CAMERA, &lights);
        let still = Still::load(&models(), &photo("obama3")).expect("a face");
        let feeder = Arc::new(Feeder::start(PixelFormat::Yuyv, &nobody()));
        let running = Running::start(&site);
        Self { site, feeder, running, still }
    }

    /// Shows a subject until the door opens or for `limit`; whether it opened, how long that took, and what was asked.
    fn shows(&self, subject: &Turntable, manner: Manner, limit: Duration) -> (bool, Duration, Vec<Side>) {
        let begun = Instant::now();
        let actor = Actor::enters(&self.feeder, subject, manner, 7);
        let opened = RELAY.rises(limit);
        let took = begun.elapsed();
        let asked = actor.leaves();
        self.feeder.show(&nobody());
        (opened, took, asked)
    }

    /// Shows a subject that must stay out; why it was refused.
    fn stays_locked(&self, subject: &Turntable, manner: Manner) -> Vec<String> {
        let (opened, _, asked) = self.shows(subject, manner, ATTEMPTS);
        assert!(!opened, "{asked:?}\n{}", self.running.log());
        assert!(within(LONG, || self.site.has_record("refused")), "{}", self.running.log());
        assert!(self.lights_go_out());
        self.told("refused", |record| &record.fact["refusal"]["why"])
    }

    fn lights_go_out(&self) -> bool {
        LEFT.falls(LONG) && RIGHT.falls(LONG)
    }

    /// What these records say, in order.
    fn told(&self, kind: &str, of: impl Fn(&Record) -> &serde_json::Value) -> Vec<String> {
        let records = self.site.records();
        let of_kind = records.iter().filter(|record| record.kind() == kind);
        of_kind.map(|record| of(record).as_str().unwrap_or_default().to_owned()).collect()
    }

    /// How each attempt ended.
    fn challenges(&self) -> Vec<String> {
        self.told("challenged", |record| &record.fact["outcome"])
    }
}

guest_tests! {
    fn a_head_that_turns_as_the_lights_ask_opens_and_the_record_says_how() {
        let door = Door::asking();
        let head = Turntable::head(&door.still);
        let (opened, took, asked) = door.shows(&head, Manner::Answers, ATTEMPTS);
        let said = || format!("{asked:?} in {took:?}, {:?}\n{}", door.challenges(), door.running.log());
        assert!(opened, "{}", said());
        assert!(asked.contains(&Side::Left) && asked.contains(&Side::Right) && asked.len() >= 3, "{}", said());
        assert!(door.lights_go_out());
        assert!(RELAY.falls(LONG));
        let records = door.site.records();
        let granted = records.iter().find(|record| record.kind() == "granted").expect("a grant");
        assert_eq!(granted.fact["liveness"], "challenge");
        assert_eq!(door.challenges().last().map(String::as_str), Some("passed"));
    }

    fn a_print_that_is_turned_as_the_lights_ask_stays_out() {
        let door = Door::asking();
        let why = door.stays_locked(&Turntable::print(&door.still), Manner::Answers);
        let shown = ["deny-cue", "sheet", "no-response", "liveness-unsure"];
        assert!(why.iter().any(|why| shown.contains(&why.as_str())), "{why:?}\n{}", door.running.log());
    }

    fn a_head_that_stands_still_is_asked_and_stays_out() {
        let door = Door::asking();
        let why = door.stays_locked(&Turntable::head(&door.still), Manner::Stands);
        assert!(why.contains(&"no-response".to_owned()), "{why:?}");
        let ends = door.challenges();
        assert!(!ends.is_empty() && ends.iter().all(|end| end == "no-response"), "{ends:?}");
    }

    fn a_head_that_turns_to_the_other_side_as_a_video_might_stays_out() {
        let door = Door::asking();
        let why = door.stays_locked(&Turntable::head(&door.still), Manner::Mistakes);
        assert!(why.contains(&"wrong-turn".to_owned()), "{why:?}");
        let ends = door.challenges();
        assert!(!ends.is_empty() && ends.iter().all(|end| end == "wrong-turn"), "{ends:?}");
    }
}
