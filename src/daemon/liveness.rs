//! Liveness in the daemon: draws challenges by lot, and says which rules are in force.

use limen_core::event::{Draw, LightPattern, TrackId};
use limen_core::policy::{Event, LivenessMode, LivenessRules};
use limen_metrics::Attempts;
use serde_json::{Value, json};

use crate::config::liveness_name;

/// Two lights cannot ask anybody to look up.
const MAY_ASK_UP: bool = false;

/// The rules of a reload, as far as the door that was opened at the start can keep them. Its lights and the limits of its
/// networks stay until a restart. If the file now asks everybody by lights that are not open, the rules before stay too.
pub(super) fn in_force(before: LivenessRules, start: LivenessRules, new: LivenessRules) -> LivenessRules {
    if new.mode == LivenessMode::Challenge && !start.prompts {
        return LivenessRules { after_unsure: new.after_unsure, ..before };
    }
    LivenessRules { prompts: start.prompts, light: start.light, limits: start.limits, ..new }
}

/// Draws a challenge for a track by the kernel's random numbers. Without them nobody is asked, and nobody is let in.
pub(super) fn draw(track: TrackId) -> Option<Event> {
    let mut bytes = [0; Draw::BYTES];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Some(Event::ChallengeDrawn { track, draw: Draw::from_bytes(bytes, MAY_ASK_UP) }),
        Err(error) => {
            log::error!("nobody can be asked to turn the head: the kernel gives no random numbers: {error}");
            None
        }
    }
}

/// Draws a pattern for the light on faces by the kernel's random numbers. Without them the light stays dark, and says
/// nothing.
pub fn draw_light() -> Option<LightPattern> {
    let mut bytes = [0; LightPattern::BYTES];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Some(LightPattern::from_bytes(bytes)),
        Err(error) => {
            log::error!("the light on faces stays dark: the kernel gives no random numbers: {error}");
            None
        }
    }
}

/// The mode in force, and how often people were asked to turn their head, for the status.
pub(super) fn as_json(mode: LivenessMode, asked: Attempts) -> Value {
    let Attempts { all, passed, mean } = asked;
    json!({
        "mode": liveness_name(mode), "asked": all, "passed": passed, "mean_ms": mean.map(|mean| mean.as_millis() as u64),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use limen_core::event::{LogRatio, Side};
    use limen_core::policy::{AfterUnsure, LivenessLimits};

    use super::*;

    fn rules(mode: LivenessMode, prompts: bool, limit: f32) -> LivenessRules {
        let limit = LogRatio::new(limit);
        let (side, light) = (limit, limit);
        let limits = LivenessLimits { solid: limit, side, turn: limit, sheet: limit, light, compares: true };
        LivenessRules { mode, prompts, light: prompts, after_unsure: AfterUnsure::Refuse, limits }
    }

    #[test]
    fn a_reload_changes_the_mode_and_keeps_the_lights_and_limits_of_the_start() {
        let start = rules(LivenessMode::Challenge, true, 4.0);
        let new = rules(LivenessMode::Motion, false, 0.0);
        assert_eq!(in_force(start, start, new), rules(LivenessMode::Motion, true, 4.0));
        let off = rules(LivenessMode::Off, false, 0.0);
        assert_eq!(in_force(start, start, off).mode, LivenessMode::Off);
    }

    #[test]
    fn nobody_is_asked_by_lights_that_are_opened_at_the_next_start() {
        let start = rules(LivenessMode::Motion, false, 4.0);
        let new =
            LivenessRules { after_unsure: AfterUnsure::Pin, ..rules(LivenessMode::Challenge, true, 0.0) };
        let kept = LivenessRules { after_unsure: AfterUnsure::Pin, ..start };
        assert_eq!(in_force(start, start, new), kept);
    }

    #[test]
    fn every_draw_is_for_its_track_and_never_asks_to_look_up() {
        for _ in 0..200 {
            let Some(Event::ChallengeDrawn { track, draw }) = draw(TrackId(7)) else { panic!("a draw") };
            assert_eq!(track, TrackId(7));
            assert!(draw.steps().iter().all(|step| step.side != Side::Up));
        }
    }

    #[test]
    fn no_two_patterns_of_the_light_are_alike() {
        let drawn: Vec<LightPattern> = (0..50).filter_map(|_| draw_light()).collect();
        assert_eq!(drawn.len(), 50);
        assert!((1..50).all(|number| !drawn[..number].contains(&drawn[number])));
    }

    #[test]
    fn the_status_says_how_often_people_were_asked_and_how_long_it_took() {
        let nobody = Attempts { all: 0, passed: 0, mean: None };
        assert!(as_json(LivenessMode::Off, nobody)["mean_ms"].is_null());
        let some = Attempts { all: 3, passed: 2, mean: Some(Duration::from_micros(3_500_500)) };
        let expected = json!({ "mode": "motion", "asked": 3, "passed": 2, "mean_ms": 3500 });
        assert_eq!(as_json(LivenessMode::Motion, some), expected);
    }
}
