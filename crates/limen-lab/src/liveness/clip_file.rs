//! `clip.toml`: what a clip shows, when its frames were taken, and what was asked when.
//!
//! ```toml
//! live = true
//! fps = 15                              # or the time of each frame: times-ms = [0, 66, 133]
//! challenge = ["left", "right", "left"]
//! at-ms = [900, 2600, 4300]             # when each was asked, from the time of the first frame
//! ```
//!
//! A step may also bring its own time: `challenge = [{ side = "left", at-ms = 900 }]`.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use limen_core::event::Side;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

/// The name of the file.
pub const CLIP_FILE: &str = "clip.toml";
/// The smallest and the largest number of frames a second.
const RATES: (f64, f64) = (0.5, 1000.0);
/// The most steps of a challenge.
const MOST_STEPS: usize = 8;
/// The latest time in a clip, in milliseconds.
const LATEST: f64 = 3_600_000.0;

/// What the file of a clip says.
#[derive(Debug, Clone, PartialEq)]
pub struct ClipFacts {
    /// Whether a living person stands there; else it is an attack.
    pub live: bool,
    /// When the frames were taken.
    pub times: FrameTimes,
    /// What was asked, in the order of time; empty if nothing was asked.
    pub prompts: Vec<TimedPrompt>,
}

/// When the frames of a clip were taken.
#[derive(Debug, Clone, PartialEq)]
pub enum FrameTimes {
    /// So many frames a second.
    Rate(f64),
    /// Each at its time.
    Listed(Vec<Duration>),
}

/// A turn that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedPrompt {
    /// The person's own side.
    pub side: Side,
    /// When it was asked, on the clock of the frames; the first frame of a clip with a rate is at 0.
    pub at: Duration,
}

/// What is wrong in the file: what and the remedy, after a semicolon, and the bytes that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipMistake {
    /// What is wrong; what the TOML reader says, or a text with the remedy.
    pub message: String,
    /// The bytes of the file that it is about.
    pub at: Option<Range<usize>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawClip {
    live: bool,
    fps: Option<Spanned<f64>>,
    times_ms: Option<Spanned<Vec<Spanned<f64>>>>,
    challenge: Option<Spanned<Vec<Spanned<RawStep>>>>,
    at_ms: Option<Spanned<Vec<Spanned<f64>>>>,
}

/// A side, and its time if it brings one.
struct RawStep {
    side: Side,
    at_ms: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawTimedStep {
    side: String,
    at_ms: f64,
}

impl ClipFacts {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn parse(text: &str) -> Result<Self, ClipMistake> {
        let raw: RawClip = toml::from_str(text)
            .map_err(|error| ClipMistake { message: error.message().to_owned(), at: error.span() })?;
        Ok(Self { live: raw.live, times: times(&raw)?, prompts: prompts(&raw)? })
    }
}

fn times(raw: &RawClip) -> Result<FrameTimes, ClipMistake> {
    match (&raw.fps, &raw.times_ms) {
        (Some(fps), None) if (RATES.0..=RATES.1).contains(fps.get_ref()) => {
            Ok(FrameTimes::Rate(*fps.get_ref()))
        }
        (Some(fps), None) => mistake(fps, "is no rate; write frames a second, 0.5 to 1000: fps = 15"),
        (None, Some(listed)) => Ok(FrameTimes::Listed(ascending(listed.get_ref())?)),
        (Some(_), Some(listed)) => mistake(listed, "stands beside fps; keep one of the two"),
        (None, None) => Err(ClipMistake {
            message: "nothing says when the frames were taken; \
                      write fps = 15, or the time of each frame: times-ms = [0, 66, 133]"
                .to_owned(),
            at: None,
        }),
    }
}

fn prompts(raw: &RawClip) -> Result<Vec<TimedPrompt>, ClipMistake> {
    let Some(challenge) = &raw.challenge else {
        let said = "says when something was asked, but not what; add challenge = [\"left\", \"right\"]";
        return raw.at_ms.as_ref().map_or(Ok(Vec::new()), |at| mistake(at, said));
    };
    let steps = challenge.get_ref();
    if !(1..=MOST_STEPS).contains(&steps.len()) {
        let said = format!("has {} steps; write 1 to {MOST_STEPS}", steps.len());
        return mistake(challenge, &said);
    }
    let times = ascending(&times_of_steps(steps, raw.at_ms.as_ref())?)?;
    Ok(steps.iter().zip(times).map(|(step, at)| TimedPrompt { side: step.get_ref().side, at }).collect())
}

/// When each step was asked, in milliseconds.
fn times_of_steps(
    steps: &[Spanned<RawStep>],
    at_ms: Option<&Spanned<Vec<Spanned<f64>>>>,
) -> Result<Vec<Spanned<f64>>, ClipMistake> {
    let Some(at) = at_ms else {
        let own = |step: &Spanned<RawStep>| match step.get_ref().at_ms {
            Some(ms) => Ok(Spanned::new(step.span(), ms)),
            None => mistake(step, "has no time; write when each was asked: at-ms = [900, 2600, 4300]"),
        };
        return steps.iter().map(own).collect();
    };
    if steps.iter().any(|step| step.get_ref().at_ms.is_some()) {
        return mistake(at, "stands beside a step that has a time of its own; keep one of the two");
    }
    if at.get_ref().len() != steps.len() {
        let said = format!("has {} times for {} steps; write one for each", at.get_ref().len(), steps.len());
        return mistake(at, &said);
    }
    Ok(at.get_ref().clone())
}

/// Times in milliseconds, each later than the one before.
fn ascending(listed: &[Spanned<f64>]) -> Result<Vec<Duration>, ClipMistake> {
    let mut before = -1.0;
    let mut times = Vec::new();
    for time in listed {
        let ms = *time.get_ref();
        if !(0.0..=LATEST).contains(&ms) {
            return mistake(time, &format!("{ms} is no time; write milliseconds, 0 to {LATEST}"));
        }
        if ms <= before {
            let said = format!("{ms} does not come after {before}; write the times in ascending order");
            return mistake(time, &said);
        }
        before = ms;
        times.push(Duration::from_secs_f64(ms / 1000.0));
    }
    Ok(times)
}

fn mistake<T, U>(about: &Spanned<T>, message: &str) -> Result<U, ClipMistake> {
    Err(ClipMistake { message: message.to_owned(), at: Some(about.span()) })
}

/// The side of this name.
fn side<E: serde::de::Error>(name: &str) -> Result<Side, E> {
    match name {
        "left" => Ok(Side::Left),
        "right" => Ok(Side::Right),
        "up" => Ok(Side::Up),
        _ => Err(E::custom(format!("{name:?} is no side; use \"left\", \"right\" or \"up\""))),
    }
}

impl<'de> Deserialize<'de> for RawStep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawStepVisitor)
    }
}

struct RawStepVisitor;

impl<'de> Visitor<'de> for RawStepVisitor {
    type Value = RawStep;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The word that becomes "should be text".
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<RawStep, E> {
        Ok(RawStep { side: side(name)?, at_ms: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawStep, A::Error> {
        let step = RawTimedStep::deserialize(MapAccessDeserializer::new(map)).map_err(A::Error::custom)?;
        Ok(RawStep { side: side(&step.side)?, at_ms: Some(step.at_ms) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ClipFacts {
        ClipFacts::parse(text).expect(text)
    }

    #[test]
    fn a_clip_says_what_it_shows_when_its_frames_were_taken_and_what_was_asked() {
        let facts = parse(
            "live = true\nfps = 15\nchallenge = [\"left\", \"right\", \"up\"]\nat-ms = [900, 2600, 4e3]\n",
        );
        assert!(facts.live);
        assert_eq!(facts.times, FrameTimes::Rate(15.0));
        let asked: Vec<_> = facts.prompts.iter().map(|prompt| (prompt.side, prompt.at.as_millis())).collect();
        assert_eq!(asked, [(Side::Left, 900), (Side::Right, 2600), (Side::Up, 4000)]);
    }

    #[test]
    fn a_step_may_bring_its_own_time() {
        let one = parse("live = false\nfps = 10\nchallenge = [\"left\", \"right\"]\nat-ms = [900, 2600]\n");
        let entries = "[{ side = \"left\", at-ms = 900 }, { side = \"right\", at-ms = 2600 }]";
        assert_eq!(parse(&format!("live = false\nfps = 10\nchallenge = {entries}\n")), one);
    }

    #[test]
    fn frames_may_have_times_of_their_own_and_nothing_may_have_been_asked() {
        let facts = parse("live = false\ntimes-ms = [0, 33.3, 70]\n");
        assert_eq!(facts.times, FrameTimes::Listed([0, 33_300, 70_000].map(Duration::from_micros).to_vec()));
        assert!(facts.prompts.is_empty());
    }

    #[test]
    fn every_mistake_is_named_at_its_place_with_the_remedy() {
        const HEAD: &str = "live = true\nfps = 15\n";
        for (text, about, says) in [
            ("fps = 15\n", "", "missing field `live`"),
            ("live = true\n", "", "nothing says when the frames were taken; write fps = 15"),
            ("live = true\nfps = 0\n", "0", "is no rate; write frames a second"),
            ("live = true\nfps = nan\n", "nan", "is no rate"),
            ("live = true\nfps = 15\ntimes-ms = [0]\n", "[0]", "stands beside fps; keep one of the two"),
            ("live = true\ntimes-ms = [0, 66, 66]\n", "66", "66 does not come after 66; write the times"),
            ("live = true\ntimes-ms = [-1]\n", "-1", "-1 is no time; write milliseconds, 0 to 3600000"),
            ("live = true\nrate = 3\n", "rate", "unknown field `rate`"),
            (&format!("{HEAD}at-ms = [1]\n"), "[1]", "but not what; add challenge"),
            (&format!("{HEAD}challenge = []\n"), "[]", "has 0 steps; write 1 to 8"),
            (
                &format!("{HEAD}challenge = [\"left\"]\n"),
                "\"left\"",
                "has no time; write when each was asked",
            ),
            (
                &format!("{HEAD}challenge = [\"left\"]\nat-ms = [1, 2]\n"),
                "[1, 2]",
                "has 2 times for 1 steps; write one for each",
            ),
            (
                &format!("{HEAD}challenge = [\"links\"]\nat-ms = [1]\n"),
                "\"links\"",
                "\"links\" is no side; use \"left\", \"right\" or \"up\"",
            ),
            (
                &format!("{HEAD}challenge = [{{ side = \"up\", at-ms = 1 }}]\nat-ms = [1]\n"),
                "[1]",
                "a time of its own; keep one of the two",
            ),
            (&format!("{HEAD}challenge = [3]\nat-ms = [1]\n"), "3", "invalid type: integer `3`"),
        ] {
            let mistake = ClipFacts::parse(text).expect_err(text);
            assert!(mistake.message.contains(says), "{text}: {}", mistake.message);
            let found = mistake.at.and_then(|at| text.get(at)).unwrap_or_default();
            assert!(about.is_empty() || found.trim() == about, "{text}: {found:?}");
        }
    }
}
