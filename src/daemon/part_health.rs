//! The health of the parts, checked again and again. The health of each part is a level that its thread
//! keeps. So a lost or late message cannot make the door wait for a part that works, or trust one that does
//! not.

use std::time::Duration;

use limen_audit::DiskWarning;
use limen_core::clock::{Moment, Now};
use limen_core::event::Part;
use limen_core::policy::Event;
use limen_core::policy::access::WhenClockUnknown;

use super::apply_reload::Reloadable;
use super::effects::Effects;
use super::entry_threads::part_of;
use super::policy_runner::PolicyRunner;
use super::threads::Threads;
use crate::door::inputs::InputThread;
use crate::gallery::GalleryTrouble;

/// A clock that is not set for this long is trouble; after a start the network needs a minute or two.
const CLOCK_PATIENCE: Duration = Duration::from_secs(600);

/// Since when the kernel has said that the clock is not synchronised.
#[derive(Debug, Default)]
struct ClockWatch {
    since: Option<Moment>,
}

impl ClockWatch {
    /// Whether the clock has been unsynchronised for too long.
    fn is_lost(&mut self, now: Now) -> bool {
        self.since = if now.wall.synchronised { None } else { self.since.or(Some(now.moment)) };
        self.since.is_some_and(|since| now.moment.since(since) >= CLOCK_PATIENCE)
    }
}

/// What is needed to notice that the health of a part has changed.
#[derive(Debug, Default)]
pub(super) struct PartHealth {
    clock: ClockWatch,
    /// How many failures of the lock's line the policy has been told of.
    door_failures: u64,
}

impl PartHealth {
    /// One event for every part whose health has changed since the policy was told of it.
    pub fn changes(
        &mut self,
        now: Now,
        runner: &PolicyRunner,
        threads: &Threads,
        reloadable: &Reloadable,
    ) -> Vec<Event> {
        let known = runner.policy().failed();
        let change = |(part, trouble)| {
            let known = known.get(&part).map(|trouble| &trouble.what);
            match trouble {
                Some(what) if known != Some(&what) => Some(Event::Failed(part, what)),
                None if known.is_some() => Some(Event::Recovered(part)),
                _ => None,
            }
        };
        self.levels(now, &runner.effects, threads, reloadable).into_iter().filter_map(change).collect()
    }

    /// What is wrong with each part now; `None` if it works.
    fn levels(
        &mut self,
        now: Now,
        effects: &Effects,
        threads: &Threads,
        reloadable: &Reloadable,
    ) -> Vec<(Part, Option<String>)> {
        // A vision thread that hangs does not see people leave: nobody is let in until it works again.
        let hangs = threads.vision.has_stalled(now.moment);
        let believed = reloadable.settings.access.when_clock_unknown == WhenClockUnknown::Believe;
        let clock_is_lost = self.clock.is_lost(now) && !believed;
        // A failure is a fault even if it was mended before this check.
        let door = effects.door_state();
        let mended = std::mem::replace(&mut self.door_failures, door.failures) != door.failures;
        let door = door.trouble.or(door.last_failure.filter(|_| mended));
        let entries = threads.entries.iter().map(|thread| (part_of(thread.device()), thread.trouble()));
        let mut health: Vec<_> = entries.collect();
        health.extend([
            (Part::Door, door),
            (Part::Inputs, threads.inputs.as_ref().and_then(InputThread::trouble)),
            (Part::Audit, effects.recorder().trouble()),
            (Part::Disk, in_one_line(&effects.recorder().disk())),
            (Part::Vision, hangs.then(|| "its thread hangs".to_owned())),
            (Part::Camera, threads.vision.camera_trouble()),
            (Part::Mode, threads.mode_keeper.trouble()),
            (Part::Light, effects.light_state().trouble.or_else(|| effects.light().trouble())),
            (Part::Gallery, reloadable.gallery_trouble.as_ref().map(in_short)),
            (Part::Store, reloadable.store_trouble.clone()),
            (Part::Model, reloadable.target_trouble.clone()),
            (
                Part::Clock,
                clock_is_lost.then(|| {
                    "nothing has set the clock for ten minutes: dates and schedules let nobody in; \
                     connect the network or add a battery clock"
                        .to_owned()
                }),
            ),
        ]);
        health
    }
}

/// What is in force, and the first mistake; the log has all mistakes.
fn in_short(trouble: &GalleryTrouble) -> String {
    let mistakes = trouble.why.lines().count();
    let first = trouble.why.lines().next().unwrap_or_default();
    let more = if mistakes > 1 { format!(" (and {} more)", mistakes - 1) } else { String::new() };
    format!("{trouble}: {first}{more}")
}

fn in_one_line(warnings: &[DiskWarning]) -> Option<String> {
    let said: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use limen_core::clock::WallClock;

    #[test]
    fn a_clock_is_lost_when_nothing_has_set_it_for_ten_minutes() {
        let mut watch = ClockWatch::default();
        let at = |s, synchronised| Now {
            moment: Moment::from_boot(Duration::from_secs(s)),
            wall: WallClock { utc: jiff::Timestamp::UNIX_EPOCH, synchronised },
        };
        assert!(!watch.is_lost(at(10, false)) && !watch.is_lost(at(609, false)));
        assert!(watch.is_lost(at(610, false)));
        assert!(!watch.is_lost(at(611, true)) && !watch.is_lost(at(612, false)));
        assert!(!watch.is_lost(at(1211, false)) && watch.is_lost(at(1212, false)));
    }
}
