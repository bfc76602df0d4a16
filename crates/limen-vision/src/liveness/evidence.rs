//! What the movement of a face says: whether a solid head or a sheet moves like this.
//!
//! A face moves in five *ways*, of which three count for its track. For each the largest movements of the track count, by
//! the mean of their frames: frames of one movement are much alike, so that their ratios must not be added up. What is added
//! up are the ways: a sheet that is bent so that its nose leads to one side does not lead to the other.

use std::collections::BTreeMap;

use limen_core::event::{LogRatio, Side};

use super::distributions::{BinOf, Feature, Limits, LivenessModel};
use super::parallax::{self, Parallax, Residual};

/// A face is turned to a side from here on, in degrees of the mesh.
const TURNED: f32 = 18.0;
/// A face looks up from here on, in degrees of the mesh.
const RAISED: f32 = 15.0;
/// A face that is turned by more than this, in degrees, shows nothing by its nod.
const STRAIGHT: f32 = 10.0;
/// So many frames of a movement are needed: the mesh may be wrong in one.
const FEWEST_FRAMES: u32 = 2;

/// No turn that is judged has more frames: a step of a challenge lasts some seconds.
const MOST_FRAMES: usize = 500;

/// How a face moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Left,
    Right,
    Up,
    Down,
    Nearer,
}

/// What one frame says about one way.
struct FrameEvidence {
    way: Way,
    bin: usize,
    ratio: f32,
}

/// What the whole track says.
#[derive(Debug, Clone, Default)]
pub struct TrackEvidence {
    ways: BTreeMap<(Way, usize), Mean>,
}

impl TrackEvidence {
    /// Adds a frame.
    pub fn add(&mut self, model: &LivenessModel, parallax: &Parallax) {
        // How sheets nod was not measured: a nod says nothing of a track.
        for found in of_frame(model, parallax).filter(|found| !matches!(found.way, Way::Up | Way::Down)) {
            self.ways.entry((found.way, found.bin)).or_default().add(found.ratio);
        }
    }

    /// The sum over the ways, each by its largest movements: so many bins from the last one on that there are enough
    /// frames. Turns to one side alone are not enough.
    pub fn solid(&self, limits: &Limits) -> LogRatio {
        let mut largest: BTreeMap<Way, Mean> = BTreeMap::new();
        for ((way, _), mean) in self.ways.iter().rev() {
            let so_far = largest.entry(*way).or_default();
            if so_far.frames < FEWEST_FRAMES {
                so_far.frames = so_far.frames.saturating_add(mean.frames);
                so_far.sum += mean.sum;
            }
        }
        let enough = largest.iter().filter(|(_, mean)| mean.frames >= FEWEST_FRAMES);
        let counts =
            |way: Way, value: f32| if way == Way::Nearer { value } else { value.min(limits.side.get()) };
        LogRatio::new(enough.fold(0.0, |sum, (way, mean)| sum + counts(*way, mean.value())))
    }
}

/// The turn to one side that goes on: what the better half of its frames says. A mesh that lags and points that are lost for
/// a moment make single frames of a head worse.
#[derive(Debug, Clone, Default)]
pub struct TurnEvidence {
    side: Option<Side>,
    /// The ratios of its frames, the best first.
    ratios: Vec<f32>,
}

impl TurnEvidence {
    /// Adds a frame, and tells the side to which the face is turned and what this turn has shown so far.
    pub fn add(&mut self, model: &LivenessModel, parallax: &Parallax) -> Option<(Side, LogRatio)> {
        let side = side(parallax);
        if side != self.side {
            *self = Self { side, ratios: Vec::new() };
        }
        let side = side?;
        let way = match side {
            Side::Left => Way::Left,
            Side::Right => Way::Right,
            Side::Up => Way::Up,
        };
        of_frame(model, parallax)
            .filter(|found| found.way == way)
            .for_each(|found| self.add_ratio(found.ratio));
        let better = self.ratios.iter().take(self.ratios.len().div_ceil(2));
        let mut mean = Mean::default();
        better.for_each(|ratio| mean.add(*ratio));
        Some((side, LogRatio::new(mean.value())))
    }

    fn add_ratio(&mut self, ratio: f32) {
        let place = self.ratios.partition_point(|better| *better >= ratio);
        if ratio.is_finite() && self.ratios.len() < MOST_FRAMES {
            self.ratios.insert(place, ratio);
        }
    }
}

/// The side to which a face is turned far enough to be judged.
fn side(parallax: &Parallax) -> Option<Side> {
    if parallax.yaw >= TURNED {
        Some(Side::Left)
    } else if parallax.yaw <= -TURNED {
        Some(Side::Right)
    } else if parallax.pitch >= RAISED && parallax.yaw.abs() <= STRAIGHT {
        Some(Side::Up)
    } else {
        None
    }
}

/// What a frame says; nothing if too few points could be followed.
fn of_frame<'a>(
    model: &'a LivenessModel,
    parallax: &'a Parallax,
) -> impl Iterator<Item = FrameEvidence> + 'a {
    let nose = parallax.nose;
    [turned, nodded, nearer].into_iter().filter_map(move |of| of(model, parallax, &nose?))
}

fn turned(model: &LivenessModel, parallax: &Parallax, nose: &Residual) -> Option<FrameEvidence> {
    let way = if parallax.yaw > 0.0 { Way::Left } else { Way::Right };
    let lead = |value: f32| value * parallax.yaw.signum();
    let measured = [(Feature::NoseOffset, lead(parallax.nose_offset)), (Feature::Nose, lead(nose.x))];
    Some(FrameEvidence::new(way, model, model.turn.of(parallax.yaw.abs())?, &measured))
}

fn nodded(model: &LivenessModel, parallax: &Parallax, nose: &Residual) -> Option<FrameEvidence> {
    let way = if parallax.pitch > 0.0 { Way::Up } else { Way::Down };
    // A nose that is raised moves up, to smaller y.
    let measured = [(Feature::Nose, -nose.y * parallax.pitch.signum())];
    let bin = model.nod.of(parallax.pitch.abs()).filter(|_| parallax.yaw.abs() <= STRAIGHT)?;
    Some(FrameEvidence::new(way, model, bin, &measured))
}

fn nearer(model: &LivenessModel, parallax: &Parallax, nose: &Residual) -> Option<FrameEvidence> {
    // A face that is turned is measured against another frame.
    let straight = parallax.yaw.abs() < parallax::TURNED && parallax.pitch.abs() < parallax::TURNED;
    let bin = model.growth.of(parallax.growth).filter(|_| straight)?;
    let measured =
        [(Feature::Shift, nose.x.hypot(nose.y)), (Feature::Swell, nose.swell), (Feature::Rest, nose.rest)];
    Some(FrameEvidence::new(Way::Nearer, model, bin, &measured))
}

impl FrameEvidence {
    fn new(
        way: Way,
        model: &LivenessModel,
        (number, bin): (usize, BinOf<'_>),
        measured: &[(Feature, f32)],
    ) -> Self {
        Self { way, bin: number, ratio: model.ratio(&bin, measured) }
    }
}

/// A mean, 0 of no frames.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    frames: u32,
    sum: f32,
}

impl Mean {
    fn add(&mut self, value: f32) {
        if value.is_finite() {
            (self.frames, self.sum) = (self.frames.saturating_add(1), self.sum + value);
        }
    }

    fn value(&self) -> f32 {
        self.sum / self.frames.max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MANIFEST;

    fn model() -> LivenessModel {
        LivenessModel::of_manifest(MANIFEST).expect("a section")
    }

    /// A turn by `yaw` degrees in which the nose leads by `lead` distances between the eyes.
    fn turn(yaw: f32, lead: f32) -> Parallax {
        let nose = Residual { x: lead, y: 0.0, swell: 0.0, rest: 0.005 };
        let nose_offset = 0.36 * yaw.to_radians().sin();
        Parallax { yaw, pitch: 0.0, nose_offset, growth: 1.0, nose: Some(nose) }
    }

    fn solid(frames: &[Parallax]) -> f32 {
        let (model, mut track) = (model(), TrackEvidence::default());
        frames.iter().for_each(|frame| track.add(&model, frame));
        track.solid(&model.limits).get()
    }

    #[test]
    fn a_nose_that_leads_to_both_sides_shows_a_head_and_one_that_stays_in_its_plane_a_sheet() {
        let both = |lead: f32| [turn(24.0, lead), turn(25.0, lead), turn(-24.0, -lead), turn(-25.0, -lead)];
        let limits = model().limits;
        assert!(solid(&both(0.11)) >= limits.solid.get(), "{}", solid(&both(0.11)));
        assert!(solid(&both(0.005)) <= limits.sheet.get(), "{}", solid(&both(0.005)));
        assert!(solid(&both(-0.11)) < 0.0, "a nose that stays behind is no head's");
    }

    #[test]
    fn one_side_alone_is_not_enough_however_often_it_is_shown() {
        let left = solid(&[turn(24.0, 0.11); 50]);
        assert!(left > 0.0 && left < model().limits.solid.get(), "{left}");
        assert!((left - solid(&[turn(24.0, 0.11); 2])).abs() < 1e-3, "the same frames again say nothing new");
    }

    #[test]
    fn one_frame_alone_says_nothing_of_the_track() {
        assert_eq!(solid(&[turn(24.0, 0.11)]), 0.0);
        assert_eq!(solid(&[turn(2.0, 0.11); 9]), 0.0, "too small a turn");
    }

    #[test]
    fn points_that_are_lost_say_nothing() {
        let lost = Parallax { nose: None, ..turn(24.0, 0.0) };
        assert_eq!(solid(&[lost; 5]), 0.0);
        let turned = TurnEvidence::default().add(&model(), &lost);
        assert_eq!(turned, Some((Side::Left, LogRatio::default())));
    }

    #[test]
    fn a_turn_is_to_the_persons_own_side_and_begins_anew_when_the_side_changes() {
        let (model, mut evidence) = (model(), TurnEvidence::default());
        let mut add = |frame: Parallax| evidence.add(&model, &frame).map(|(side, proof)| (side, proof.get()));
        let (side, sheet) = add(turn(25.0, 0.0)).expect("turned");
        assert!(side == Side::Left && sheet < 0.0);
        let (_, better) = add(turn(25.0, 0.11)).expect("turned");
        assert!(better > sheet);
        assert_eq!(add(turn(5.0, 0.0)), None);
        let (side, head) = add(turn(-25.0, -0.11)).expect("turned");
        assert!(side == Side::Right && head >= model.limits.turn.get(), "{head}");
        let raised = Parallax { pitch: 20.0, ..turn(2.0, 0.0) };
        assert_eq!(add(raised).map(|(side, _)| side), Some(Side::Up));
    }

    #[test]
    fn a_face_that_comes_nearer_is_a_head_if_its_nose_leaves_the_plane() {
        let near = |y: f32, swell: f32| Parallax {
            growth: 1.5,
            nose: Some(Residual { y, swell, ..Residual::default() }),
            ..turn(0.0, 0.0)
        };
        assert!(solid(&[near(0.02, 0.015); 3]) > 0.0 && solid(&[near(0.0, 0.0); 3]) < 0.0);
        let lost = Parallax { nose: None, ..near(0.0, 0.0) };
        assert_eq!(solid(&[lost; 3]), 0.0);
    }
}
