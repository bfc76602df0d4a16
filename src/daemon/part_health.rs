//! How the parts are, looked at again and again: each part's health is a level that its thread keeps, so that no message
//! that is lost or late leaves the door waiting for a part that works, or trusting one that does not.

use std::time::Duration;

use limen_audit::DiskWarning;
use limen_core::clock::{Moment, Now};
use limen_core::event::Part;
use limen_core::policy::Event;
use limen_core::policy::access::WhenClockUnknown;

use super::Daemon;
use super::entry_threads::part_of;
use crate::door::inputs::InputThread;
use crate::gallery::GalleryTrouble;
use crate::service;

/// A clock that nothing has set for so long is trouble; after a start the network needs a minute or two.
const CLOCK_PATIENCE: Duration = Duration::from_secs(600);

/// Since when the kernel has not called the clock synchronised.
#[derive(Debug, Default)]
pub(super) struct ClockWatch {
    since: Option<Moment>,
}

impl ClockWatch {
    /// Whether that is for too long.
    fn is_lost(&mut self, now: Now) -> bool {
        self.since = if now.wall.synchronised { None } else { self.since.or(Some(now.moment)) };
        self.since.is_some_and(|since| now.moment.since(since) >= CLOCK_PATIENCE)
    }
}

impl Daemon {
    /// Tells the policy of every part that has failed, or is back.
    pub(super) fn check_health(&mut self, now: Now) {
        for (part, trouble) in self.health(now) {
            let known = self.policy.failed().get(&part).map(|trouble| &trouble.what);
            match trouble {
                Some(what) if known != Some(&what) => self.step(now, Event::Failed(part, what)),
                None if known.is_some() => self.step(now, Event::Recovered(part)),
                _ => {}
            }
        }
    }

    /// Each part with what is wrong with it now.
    fn health(&mut self, now: Now) -> Vec<(Part, Option<String>)> {
        // A vision thread that hangs sees nobody leave: nothing is open until it goes on.
        let hangs = service::has_stalled(&self.pulse, now.moment);
        let believed = self.settings.access.when_clock_unknown == WhenClockUnknown::Believe;
        let clock_is_lost = self.clock.is_lost(now) && !believed;
        // A failure that was mended before anybody looked is a fault all the same.
        let door = self.shell.door_state();
        let mended = std::mem::replace(&mut self.door_failures, door.failures) != door.failures;
        let door = door.trouble.or(door.last_failure.filter(|_| mended));
        let entries = self.entries.iter().map(|thread| (part_of(thread.device()), thread.trouble()));
        let mut health: Vec<_> = entries.collect();
        health.extend([
            (Part::Door, door),
            (Part::Inputs, self.inputs.as_ref().and_then(InputThread::trouble)),
            (Part::Audit, self.shell.recorder().trouble()),
            (Part::Disk, in_one_line(&self.shell.recorder().disk())),
            (Part::Vision, hangs.then(|| "its thread hangs".to_owned())),
            (Part::Camera, self.vision.camera_trouble()),
            (Part::Mode, self.mode_keeper.trouble()),
            (Part::Gallery, self.gallery_trouble.as_ref().map(in_short)),
            (Part::Store, self.store_trouble.clone()),
            (Part::Model, self.target_trouble.clone()),
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

/// What is in force, and the first mistake; the log has all of them.
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
