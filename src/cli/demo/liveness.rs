//! The second act of the demo: a photograph of the enrolled person opens nothing, a head that turns to both sides does.

use std::sync::{Arc, Mutex, PoisonError};

use limen_core::clock::Now;
use limen_core::event::{Fact, LogRatio, Motion};
use limen_core::policy::Event;
use limen_vision::frame::Picture;
use limen_vision::pixels::photograph::{PhotographError, photograph_from_bytes};

use super::photographs::VISITORS;
use crate::cli::output::{BAD, FAINT, GOOD, STRONG, say, styled};
use crate::daemon::DaemonObserver;
use crate::door::thread::DoorReport;
use crate::pipeline::SeenFrame;

/// A head rendered from `obama3.jpg`, by `make demo-clip`: JPEG files one after the other. The first show nobody.
static HEAD: &[u8] = include_bytes!("head.mjpeg");
/// How every JPEG file begins. Within one these bytes do not follow each other.
const BEGINNING: [u8; 3] = [0xff, 0xd8, 0xff];
/// The index of the photograph that is held before the camera.
const PHOTOGRAPH: usize = 3;
/// How many frames show the photograph.
const HELD: usize = 15;
/// How many frames show nobody at first: the door learns what it sees when nobody is there.
const EMPTY: usize = 5;
/// How many frames show nobody after the photograph, and after the head.
const NOBODY: usize = 12;
/// A face is said to be turned from this angle on, in degrees.
const TURNED: f32 = 8.0;

/// What the camera sees, frame by frame.
///
/// # Errors
/// A picture that is compiled in cannot be decoded.
pub fn frames() -> Result<Vec<Picture>, PhotographError> {
    let photograph = VISITORS[PHOTOGRAPH].at_the_door()?;
    let read = |file| photograph_from_bytes(file, "built-in clip head.mjpeg");
    let head: Vec<Picture> = files(HEAD).into_iter().map(read).collect::<Result<_, _>>()?;
    let nobody = |frames| vec![head[0].clone(); frames];
    let parts = [nobody(EMPTY), vec![photograph; HELD], nobody(NOBODY), head.clone(), nobody(NOBODY)];
    Ok(parts.concat())
}

/// The JPEG files in this clip.
fn files(clip: &[u8]) -> Vec<&[u8]> {
    let begins = |at: &usize| clip[*at..].starts_with(&BEGINNING);
    let begins: Vec<usize> = (0..clip.len()).filter(begins).collect();
    let ends = begins.iter().skip(1).copied().chain([clip.len()]);
    begins.iter().zip(ends).map(|(from, to)| &clip[*from..to]).collect()
}

/// Who is before the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Photograph,
    Head,
}

impl Subject {
    /// Who is there, or was there last, in the frame with this number.
    fn at(frame: u64) -> Self {
        if frame < (EMPTY + HELD + NOBODY) as u64 { Self::Photograph } else { Self::Head }
    }

    fn headline(self) -> String {
        match self {
            Self::Photograph => {
                format!("{} again, and now the door watches how the face moves", VISITORS[PHOTOGRAPH].name)
            }
            Self::Head => "a head that looks to its left and to its right".to_owned(),
        }
    }
}

/// Who opened the door.
#[derive(Debug, Default)]
pub struct LivenessOutcome {
    photograph_opened: bool,
    head_opened: bool,
}

impl LivenessOutcome {
    /// Whether the photograph stayed out and the head came in.
    pub fn is_as_it_should_be(&self) -> bool {
        self.head_opened && !self.photograph_opened
    }

    /// Prints who opened the door.
    pub fn tell(&self) {
        let did = |opened: bool| if opened { "opened the door" } else { "did not open the door" };
        say(&format!("\n  {:<20} {}", "the photograph", did(self.photograph_opened)));
        say(&format!("  {:<20} {}", "the head", did(self.head_opened)));
    }
}

/// Prints how the face moves, and every decision.
pub struct Witness {
    /// The evidence from which on a head is solid.
    limit: LogRatio,
    subject: Option<Subject>,
    outcome: Arc<Mutex<LivenessOutcome>>,
}

impl Witness {
    /// A witness, and where its outcome is found after the daemon has ended.
    pub fn new(limit: LogRatio) -> (Self, Arc<Mutex<LivenessOutcome>>) {
        let outcome = Arc::new(Mutex::new(LivenessOutcome::default()));
        (Self { limit, subject: None, outcome: Arc::clone(&outcome) }, outcome)
    }

    fn moved(&self, number: u64, motion: &Motion) {
        if motion.yaw.abs() < TURNED {
            return;
        }
        let side = if motion.yaw > 0.0 { "left" } else { "right" };
        let (solid, limit) = (motion.solid.get(), self.limit.get());
        let tint = if motion.solid >= self.limit { GOOD } else { FAINT };
        let evidence = styled(tint, &format!("evidence of a solid head {solid:.1} of {limit:.1}"), 0);
        say(&format!(
            "  frame {number:>3}  turned {:>2.0} degrees to the {side:<5}  {evidence}",
            motion.yaw.abs()
        ));
    }
}

impl DaemonObserver for Witness {
    fn frame(&mut self, number: u64, _seen: &SeenFrame, events: &[Event]) {
        let subject = Subject::at(number);
        if self.subject.replace(subject) != Some(subject) {
            say(&styled(STRONG, &subject.headline(), 0));
        }
        for event in events {
            if let Event::Moved(motion) = event {
                self.moved(number, motion);
            }
        }
    }

    fn fact(&mut self, _now: Now, fact: &Fact) {
        match fact {
            Fact::Granted { person: Some(person), .. } => {
                say(&format!("  {} {person}", styled(GOOD, "granted to", 0)));
                let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
                match self.subject {
                    Some(Subject::Head) => outcome.head_opened = true,
                    Some(Subject::Photograph) | None => outcome.photograph_opened = true,
                }
            }
            Fact::Refused { refusal, nearest, .. } => {
                let who = nearest.as_ref().map_or("somebody".to_owned(), ToString::to_string);
                say(&format!("  {} {who}: {refusal}", styled(BAD, "refused:", 0)));
            }
            _ => {}
        }
    }

    fn door(&mut self, report: &DoorReport) {
        match report {
            DoorReport::Unlocked(_) => say(&format!("  {}", styled(GOOD, "door unlocked", 0))),
            DoorReport::Locked { .. } => say(&format!("  {}", styled(STRONG, "door locked", 0))),
            DoorReport::Failed(what) => say(&format!("  {} {what}", styled(BAD, "door:", 0))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clip_has_about_four_seconds_of_pictures_of_one_size_and_is_no_burden() {
        assert!(HEAD.len() <= 300_000);
        let pictures: Vec<Picture> = files(HEAD)
            .into_iter()
            .map(|file| photograph_from_bytes(file, "clip").expect("a picture"))
            .collect();
        assert!((30..=50).contains(&pictures.len()), "{}", pictures.len());
        assert!(pictures.iter().all(|picture| picture.width() == pictures[0].width()));
    }
}
