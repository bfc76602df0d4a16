//! Drives a policy by hand: what happened goes in, what is to be done comes out.
//!
//!     cargo run --example policy
//!
//! The policy reads no clock, no file and no device. It is told the time with every event, so that a whole day at a door
//! takes a millisecond and gives the same answer every time. The daemon does with a real door what this example does
//! with `println!`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use limen_core::clock::{Moment, Now, WallClock};
use limen_core::embedding::{Distance, Score};
use limen_core::event::{Caller, Candidate, Comparison, NoMatch, Observation, TrackId};
use limen_core::people::Standing;
use limen_core::person::PersonId;
use limen_core::policy::{
    AccessRules, Action, Command, CommandId, DoorRules, Event, LivenessRules, MultipleFaces, OnAuditFailure,
    Policy, Rules,
};

/// Three of the last five frames must agree; the door is unlocked for five seconds then.
const RULES: Rules = Rules {
    frames: 3,
    window: 5,
    unlock: Duration::from_secs(5),
    on_audit_failure: OnAuditFailure::Refuse,
    multiple_faces: MultipleFaces::Nearest,
    liveness: LivenessRules::OFF,
    door: DoorRules::DEFAULT,
};

fn main() -> Result<(), Box<dyn Error>> {
    for (ms, action) in story()? {
        println!("{ms:>5} ms  {action:?}");
    }
    Ok(())
}

/// What a policy does with one visitor whom it knows, a command, and a stranger. Times are in milliseconds since the
/// machine started.
fn story() -> Result<Vec<(u64, Action)>, Box<dyn Error>> {
    let ada = PersonId::new("ada")?;
    let standings = Arc::new([(ada.clone(), Standing::default())].into());
    let access = Arc::new(AccessRules::in_zone(jiff::tz::TimeZone::UTC));
    let mut door = ByHand { policy: Policy::new(RULES, standings, access), done: Vec::new() };

    // Ada comes to the door. The third frame that shows her is enough.
    for (frame, ms) in [(1, 1000), (2, 1100), (3, 1200)] {
        door.tell(ms, seen(TrackId(1), ms, frame, Some(&ada))?)?;
    }
    // Time passes. Every lease is short; as long as the grant lasts, each tick renews it.
    door.tell(2000, Event::Tick)?;
    // Somebody commands the door to be locked.
    let caller = Caller { uid: 1000, pid: 7 };
    door.tell(
        3000,
        Event::Commanded { id: CommandId(1), caller, command: Command::Lock { ends_fire: false } },
    )?;
    // A stranger looks into the camera and goes away again.
    for (frame, ms) in [(1, 4000), (2, 4100), (3, 4200)] {
        door.tell(ms, seen(TrackId(2), ms, frame, None)?)?;
    }
    door.tell(5000, Event::TrackEnded(TrackId(2)))?;
    Ok(door.done)
}

/// A policy whose actions are written down instead of carried out.
struct ByHand {
    policy: Policy,
    done: Vec<(u64, Action)>,
}

impl ByHand {
    /// Tells the policy of an event, and answers for the audit: every record is accepted at once.
    fn tell(&mut self, ms: u64, event: Event) -> Result<(), Box<dyn Error>> {
        let now = at(ms)?;
        for action in self.policy.step(now, event) {
            let asked = match &action {
                Action::RecordAndAnswer(request, _) => Some(*request),
                _ => None,
            };
            self.done.push((ms, action));
            if let Some(request) = asked {
                let opened = self.policy.step(now, Event::Accepted(request, now.moment));
                self.done.extend(opened.into_iter().map(|action| (ms, action)));
            }
        }
        Ok(())
    }
}

fn at(ms: u64) -> Result<Now, Box<dyn Error>> {
    let wall = WallClock { utc: "2026-06-15T12:00:00Z".parse()?, synchronised: true };
    Ok(Now { moment: Moment::from_boot(Duration::from_millis(ms)), wall })
}

/// What the matching says of one frame: it shows this person, or nobody who is enrolled.
fn seen(track: TrackId, ms: u64, frames: u32, person: Option<&PersonId>) -> Result<Event, Box<dyn Error>> {
    let best = match person {
        Some(person) => Some(Candidate {
            person: person.clone(),
            distance: Distance::new(0.3).ok_or("no distance")?,
            score: Score::new(0.3).ok_or("no score")?,
        }),
        None => None,
    };
    let fused = Comparison {
        best,
        runner_up: None,
        threshold: Score::new(0.4).ok_or("no score")?,
        verdict: person.cloned().ok_or(NoMatch::TooFar),
    };
    Ok(Event::Observed(Observation {
        track,
        taken: at(ms)?.moment,
        frames,
        fused,
        nearest_alone: person.cloned(),
        others: 0,
        look_closer: false,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_door_opens_on_the_third_frame_is_locked_by_command_and_stays_shut_for_a_stranger() {
        let story = story().expect("names, times and numbers that are right");
        let held: Vec<u64> =
            story.iter().filter(|(_, action)| matches!(action, Action::Hold(_))).map(|(ms, _)| *ms).collect();
        let locked: Vec<u64> =
            story.iter().filter(|(_, action)| matches!(action, Action::Lock)).map(|(ms, _)| *ms).collect();
        assert!(held.first() == Some(&1200) && held.iter().all(|ms| *ms < 3000), "{story:?}");
        assert!(locked.contains(&3000), "{story:?}");
    }
}
