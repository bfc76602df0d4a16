//! Follows faces over frames, so that evidence belongs to one person and a missed frame does no harm.

use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::event::TrackId;

use crate::geometry::Rect;

/// The smallest overlap with a track's last box that continues the track.
const MIN_OVERLAP: f32 = 0.3;
/// A track ends after this time without a face. A short failure of the detector is shorter.
pub const PATIENCE: Duration = Duration::from_millis(700);

/// A face that has stayed within this overlap of one place for [`STILL`] is not alive. A person who stands
/// still sways by a centimetre or two, a tenth of a face; the box of a picture moves by some hundredths.
const STILL_OVERLAP: f32 = 0.88;
/// How long a face may stay within `STILL_OVERLAP` of one place and still count as alive.
pub const STILL: Duration = Duration::from_secs(30);

#[derive(Debug, Clone)]
struct Track {
    id: TrackId,
    bounds: Rect,
    seen: Moment,
    /// The box when the face last moved, and the time of that.
    home: Rect,
    moved: Moment,
}

impl Track {
    fn is_at(&mut self, bounds: Rect, now: Moment) {
        if bounds.iou(&self.home) < STILL_OVERLAP {
            (self.home, self.moved) = (bounds, now);
        }
        (self.bounds, self.seen) = (bounds, now);
    }

    fn moves(&self) -> bool {
        self.seen.since(self.moved) < STILL
    }
}

/// The faces that are followed.
#[derive(Debug, Default)]
pub struct Tracker {
    tracks: Vec<Track>,
    next: u64,
}

impl Tracker {
    /// Gives each box its track: the one whose last box it overlaps most, otherwise a new one. Also returns
    /// the tracks that have ended.
    pub fn follow(&mut self, boxes: &[Rect], now: Moment) -> (Vec<TrackId>, Vec<TrackId>) {
        let ended = self.end_stale(now);
        let mut assigned: Vec<Option<TrackId>> = vec![None; boxes.len()];
        for (_, face, track) in self.overlaps(boxes) {
            let id = self.tracks[track].id;
            if assigned[face].is_none() && !assigned.contains(&Some(id)) {
                assigned[face] = Some(id);
                self.tracks[track].is_at(boxes[face], now);
            }
        }
        let ids = assigned
            .into_iter()
            .zip(boxes)
            .map(|(id, bounds)| id.unwrap_or_else(|| self.begin(*bounds, now)))
            .collect();
        (ids, ended)
    }

    /// The tracks that are new or have moved lately: faces of living people, not of posters.
    pub fn moving(&self) -> impl Iterator<Item = TrackId> {
        self.tracks.iter().filter(|track| track.moves()).map(|track| track.id)
    }

    /// Whether this is the only track, and the box would continue it.
    pub fn continues(&self, id: TrackId, bounds: &Rect, now: Moment) -> bool {
        let [only] = self.tracks.as_slice() else { return false };
        let near = only.bounds.iou(bounds) >= MIN_OVERLAP;
        only.id == id && near && now.since(only.seen) <= PATIENCE
    }

    /// Whether there is no track, not even one without a face in the last frames.
    pub fn is_empty(&self) -> bool {
        self.tracks.is_empty()
    }

    /// Whether this is the only track.
    pub fn follows_only(&self, id: TrackId) -> bool {
        matches!(self.tracks.as_slice(), [only] if only.id == id)
    }

    /// Ends all tracks, as after a lost camera.
    pub fn end_all(&mut self) -> Vec<TrackId> {
        self.tracks.drain(..).map(|track| track.id).collect()
    }

    fn end_stale(&mut self, now: Moment) -> Vec<TrackId> {
        let (live, stale) = self.tracks.drain(..).partition(|track| now.since(track.seen) <= PATIENCE);
        self.tracks = live;
        stale.into_iter().map(|track: Track| track.id).collect()
    }

    /// All pairs of a box and a track that overlap enough, the largest overlap first.
    fn overlaps(&self, boxes: &[Rect]) -> Vec<(f32, usize, usize)> {
        let mut pairs: Vec<_> = boxes
            .iter()
            .enumerate()
            .flat_map(|(face, bounds)| {
                self.tracks.iter().enumerate().map(move |(t, track)| (bounds.iou(&track.bounds), face, t))
            })
            .filter(|(overlap, ..)| *overlap >= MIN_OVERLAP)
            .collect();
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        pairs
    }

    fn begin(&mut self, bounds: Rect, seen: Moment) -> TrackId {
        let id = TrackId(self.next);
        self.next += 1;
        self.tracks.push(Track { id, bounds, seen, home: bounds, moved: seen });
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::from_boot(Duration::from_millis(ms))
    }

    fn face(left: f32) -> Rect {
        Rect { left, top: 0.0, width: 100.0, height: 100.0 }
    }

    #[test]
    fn an_id_survives_a_missed_frame() {
        let mut tracker = Tracker::default();
        let (first, _) = tracker.follow(&[face(0.0)], at(0));
        assert_eq!(tracker.follow(&[], at(100)), (vec![], vec![]));
        assert_eq!(tracker.follow(&[face(10.0)], at(200)), (first, vec![]));
    }

    #[test]
    fn a_face_that_stays_away_ends_its_track_and_gets_a_new_id() {
        let mut tracker = Tracker::default();
        let (first, _) = tracker.follow(&[face(0.0)], at(0));
        let (second, ended) = tracker.follow(&[face(0.0)], at(701));
        assert_eq!(ended, first);
        assert_ne!(second, first);
    }

    #[test]
    fn two_faces_keep_their_own_ids_when_they_move() {
        let mut tracker = Tracker::default();
        let (before, _) = tracker.follow(&[face(0.0), face(150.0)], at(0));
        let (after, _) = tracker.follow(&[face(170.0), face(20.0)], at(30));
        assert_eq!(after, [before[1], before[0]]);
    }

    #[test]
    fn a_poster_does_not_live_and_somebody_who_sways_does() {
        let mut tracker = Tracker::default();
        let mut ids = Vec::new();
        for ms in (0..=30_000).step_by(100) {
            let jitter = (ms / 100 % 3) as f32;
            let sway = (ms / 100 % 20) as f32;
            (ids, _) = tracker.follow(&[face(jitter), face(300.0 + sway)], at(ms));
        }
        assert_eq!(tracker.moving().collect::<Vec<_>>(), [ids[1]]);
        tracker.follow(&[face(40.0), face(300.0)], at(30_100));
        assert_eq!(tracker.moving().count(), 2, "a poster that is carried away by somebody");
    }

    #[test]
    fn a_box_continues_the_only_track_where_it_overlaps_and_in_time() {
        let mut tracker = Tracker::default();
        assert!(tracker.is_empty());
        let id = tracker.follow(&[face(0.0)], at(0)).0[0];
        assert!(tracker.follows_only(id) && tracker.continues(id, &face(10.0), at(100)));
        assert!(!tracker.continues(id, &face(90.0), at(100)));
        assert!(!tracker.continues(id, &face(10.0), at(701)));
        assert!(!tracker.continues(TrackId(9), &face(10.0), at(100)));
        tracker.follow(&[face(0.0), face(300.0)], at(100));
        assert!(!tracker.follows_only(id) && !tracker.continues(id, &face(0.0), at(200)));
    }

    #[test]
    fn a_face_elsewhere_is_another_track() {
        let mut tracker = Tracker::default();
        let (before, _) = tracker.follow(&[face(0.0)], at(0));
        assert_ne!(tracker.follow(&[face(90.0)], at(30)).0, before);
    }
}
