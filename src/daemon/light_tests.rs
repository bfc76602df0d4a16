//! The light on faces from its calibration to what it shows of a face.

use limen_core::event::{Motion, TrackId};
use limen_vision::follow::Look;
use limen_vision::frame::{Picture, View as _};
use limen_vision::liveness::light::Reflection;
use limen_vision::model::{EmbedderChoice, Models};

use super::*;

/// A door before a wall, with a light whose line and picture a test drives.
struct Scene {
    watch: FaceLightWatch,
    ms: u64,
    pattern: Option<(Moment, LightPattern)>,
    changes: Vec<LightChange>,
    lit: bool,
    /// By how much the picture becomes brighter.
    bright: u8,
    drawn: u8,
    /// By how much nose and sides of the face answer, if there is a face.
    face: Option<(f32, f32)>,
    last: Option<LogRatio>,
}

const LAG: u64 = 60;

impl Scene {
    fn new(bright: u8) -> Self {
        let models = Models::load(&EmbedderChoice::BuiltIn).expect("built-in models load");
        let watch = FaceLightWatch::new(Some(models.liveness().light.clone()));
        Self {
            watch,
            ms: 100_000,
            pattern: None,
            changes: Vec::new(),
            lit: false,
            bright,
            drawn: 0,
            face: None,
            last: None,
        }
    }

    fn at(ms: u64) -> Moment {
        Moment::from_boot(Duration::from_millis(ms))
    }

    fn obey(&mut self, shine: Option<Shine>) {
        let Some(shine) = shine else { return };
        self.drawn += 1;
        let draw = self.drawn;
        let drawn = || {
            let byte = |place: usize| (place as u8).wrapping_mul(97).wrapping_add(draw.wrapping_mul(53));
            Some(LightPattern::from_bytes(std::array::from_fn(byte)))
        };
        let now = Self::at(self.ms);
        self.pattern = pattern_of(&shine, drawn).map(|pattern| (now, pattern));
        self.drive(false);
    }

    fn drive(&mut self, lit: bool) {
        self.lit = lit;
        self.changes.push(LightChange { at: Self::at(self.ms), lit });
    }

    /// So many milliseconds, with a frame every 33.
    fn pass(&mut self, ms: u64) {
        let end = self.ms + ms;
        while self.ms < end {
            self.ms += 1;
            let now = Self::at(self.ms);
            let lit = self.pattern.as_ref().is_some_and(|(since, pattern)| pattern.is_lit(now.since(*since)));
            if lit != self.lit {
                self.drive(lit);
            }
            if self.ms.is_multiple_of(33) {
                self.frame();
                let shine = self.watch.pass_time(now, &self.changes);
                self.obey(shine);
            }
        }
    }

    fn frame(&mut self) {
        let shown = Self::at(self.ms - LAG);
        let before = self.changes.partition_point(|change| change.at <= shown);
        let lit = before.checked_sub(1).is_some_and(|last| self.changes[last].lit);
        let added = if lit { self.bright } else { 0 };
        let scene =
            Picture::from_fn(64, 48, |x, y| [60 + (x + y) as u8 / 4 + if x < 24 { added } else { 0 }; 3]);
        let answer = |by: f32| 4.5 + if lit { by } else { 0.0 };
        let taken = Self::at(self.ms);
        let reflection = self.face.map(|(nose, sides)| Reflection {
            nose: answer(nose),
            sides: answer(sides),
            beside: None,
        });
        let motion = self.face.map(|_| Motion {
            track: TrackId(1),
            taken,
            yaw: 0.0,
            pitch: 0.0,
            turn: None,
            solid: LogRatio::default(),
            light: None,
            like_itself: None,
            cue: None,
        });
        let look = Look { taken, motion, reflection, ..Look::default() };
        let scene = self.watch.wants_scene().then(|| scene.glance());
        let seen = SeenFrame { look, scene, ..SeenFrame::default() };
        self.last = self.watch.see(&seen, &self.changes);
    }

    fn judge(&mut self, judging: bool) {
        let shine = self.watch.judge(judging, &self.changes);
        self.obey(shine);
    }

    /// What the light says of a face that answers like this, after so many seconds of judging.
    fn says(&mut self, nose: f32, sides: f32, seconds: u64) -> Option<f32> {
        self.face = Some((nose, sides));
        self.judge(true);
        self.pass(seconds * 1000);
        self.judge(false);
        self.last.map(LogRatio::get)
    }
}

#[test]
fn the_light_is_calibrated_after_the_first_pictures_once_and_dark_afterwards() {
    let mut scene = Scene::new(20);
    scene.pass(1500);
    assert!(scene.changes.is_empty(), "the camera finds its exposure");
    scene.pass(8000);
    assert!(!scene.lit && scene.pattern.is_none() && scene.watch.trouble().is_none());
    let told = scene.watch.as_json();
    let delay = told["delay_ms"].as_u64().expect("a delay");
    assert!(told["calibrated"] == true && delay.abs_diff(LAG) <= 20, "{told}");
    let changes = scene.changes.len();
    scene.pass(200_000);
    assert_eq!(scene.changes.len(), changes);
}

#[test]
fn a_light_that_nobody_sees_is_trouble_is_tried_three_times_and_says_nothing_of_a_face() {
    let mut scene = Scene::new(0);
    scene.pass(9000);
    let trouble = scene.watch.trouble().expect("trouble");
    assert!(trouble.contains("limen camera light"), "{trouble}");
    scene.pass(300_000);
    let begun = scene.changes.windows(2).filter(|pair| !pair[0].lit && pair[1].lit).count();
    assert!(begun > 10 && !scene.lit);
    let changes = scene.changes.len();
    scene.pass(300_000);
    assert_eq!(scene.changes.len(), changes, "three tries are enough");
    assert_eq!(scene.says(0.4, 0.1, 6), None);
}

#[test]
fn a_judged_face_is_a_heads_or_a_sheets_by_how_it_answers() {
    for (nose, sides, head) in [(0.4, 0.1, true), (0.3, 0.3, false)] {
        let mut scene = Scene::new(20);
        scene.pass(9000);
        let said = scene.says(nose, sides, 6).expect("something");
        assert_eq!(said > 0.0, head, "{said}");
        assert!(!scene.lit);
    }
}

#[test]
fn a_light_that_was_unseen_at_the_start_is_calibrated_while_somebody_is_judged() {
    let mut scene = Scene::new(0);
    scene.pass(9000);
    scene.bright = 20;
    assert_eq!(scene.says(0.4, 0.1, 6), None, "not of the face by which it is calibrated");
    assert!(scene.watch.trouble().is_none());
    assert!(scene.says(0.4, 0.1, 6).is_some_and(|ratio| ratio > 0.0));
}

#[test]
fn somebody_who_comes_while_it_is_calibrated_is_judged_at_once() {
    let mut scene = Scene::new(20);
    scene.pass(4000);
    assert!(scene.pattern.is_some(), "it is being calibrated");
    let first = scene.pattern.clone();
    scene.judge(true);
    assert!(scene.pattern.is_some() && scene.pattern != first, "by a pattern of their own");
    scene.pass(6000);
    scene.judge(false);
    assert!(!scene.lit && scene.watch.as_json()["calibrated"] == true);
}

#[test]
fn a_camera_that_was_lost_is_calibrated_anew_and_the_light_is_dark_meanwhile() {
    let mut scene = Scene::new(20);
    scene.pass(9000);
    assert_eq!(scene.watch.camera_lost(), None);
    scene.judge(true);
    scene.pass(500);
    let shine = scene.watch.camera_lost();
    assert_eq!(shine, Some(Shine::End));
    scene.obey(shine);
    assert!(!scene.lit && scene.watch.as_json()["calibrated"] == false);
    scene.pass(9000);
    assert_eq!(scene.watch.as_json()["calibrated"], true);
}

#[test]
fn a_door_without_a_light_does_nothing() {
    let mut watch = FaceLightWatch::new(None);
    assert_eq!(watch.judge(true, &[]), None);
    assert_eq!(watch.pass_time(Scene::at(1_000_000), &[]), None);
    assert!(!watch.wants_scene() && watch.trouble().is_none() && watch.as_json().is_null());
}
