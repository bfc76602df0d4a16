//! Alarms: raised when a condition begins, cleared when it is over and somebody has seen the alarm.
//!
//! ```text
//!            condition begins            seen                condition over
//!   (none) ------------------> raised ----------> seen, holds -------------> cleared
//!                                |  ^
//!                 condition over v  | begins again: raised once more
//!                             waits to be seen ---- seen ----> cleared
//! ```
//!
//! A condition raises its alarm once when it begins, however often it is checked. The alarm stays listed
//! until somebody has acknowledged it, so that nobody misses a door that was forced and closed again.

use std::collections::BTreeMap;

use crate::clock::Moment;
use crate::event::{AlarmKind, AlarmStep, Caller, Fact};
use crate::policy::event::Sound;

/// An alarm that is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    /// The kind of alarm.
    pub kind: AlarmKind,
    /// When its condition last began.
    pub since: Moment,
    /// Whether the condition holds now.
    pub holds: bool,
    /// Whether somebody has seen it since it was last raised.
    pub acknowledged: bool,
    /// How often it was raised since it was last cleared.
    pub times: u32,
}

/// All alarms of the door.
#[derive(Debug, Default)]
pub struct Alarms {
    listed: BTreeMap<AlarmKind, Alarm>,
}

impl Alarms {
    /// Takes whether a condition holds now. Returns what is to be recorded.
    pub fn set(&mut self, now: Moment, kind: AlarmKind, holds: bool) -> Option<Fact> {
        match self.listed.get_mut(&kind) {
            None if holds => {
                self.listed.insert(kind, Alarm { kind, since: now, holds, acknowledged: false, times: 1 });
                Some(fact(kind, AlarmStep::Raised, None))
            }
            Some(alarm) if holds && !alarm.holds => {
                let times = alarm.times.saturating_add(1);
                *alarm = Alarm { kind, since: now, holds, acknowledged: false, times };
                Some(fact(kind, AlarmStep::Raised, None))
            }
            Some(alarm) if !holds && alarm.holds => {
                alarm.holds = false;
                let acknowledged = alarm.acknowledged;
                acknowledged.then(|| self.clear(kind))
            }
            _ => None,
        }
    }

    /// Somebody has seen this alarm; `None`: all alarms. Returns what is to be recorded.
    pub fn acknowledge(&mut self, which: Option<AlarmKind>, caller: Caller) -> Vec<Fact> {
        let meant = |alarm: &&mut Alarm| which.is_none_or(|kind| kind == alarm.kind) && !alarm.acknowledged;
        let mut facts = Vec::new();
        let mut over = Vec::new();
        for alarm in self.listed.values_mut().filter(meant) {
            alarm.acknowledged = true;
            facts.push(fact(alarm.kind, AlarmStep::Acknowledged, Some(caller)));
            if !alarm.holds {
                over.push(alarm.kind);
            }
        }
        facts.extend(over.into_iter().map(|kind| self.clear(kind)));
        facts
    }

    /// The alarms that are listed, the most serious first.
    pub fn listed(&self) -> impl Iterator<Item = &Alarm> {
        AlarmKind::ALL.iter().filter_map(|kind| self.listed.get(kind))
    }

    /// The sound at the door: an alarm sounds while its condition holds and nobody has seen it.
    pub fn sound(&self) -> Sound {
        let sounds = |alarm: &Alarm| alarm.holds && !alarm.acknowledged && alarm.kind.is_heard();
        if self.listed.values().any(sounds) { Sound::Alarm } else { Sound::Silence }
    }

    fn clear(&mut self, kind: AlarmKind) -> Fact {
        self.listed.remove(&kind);
        fact(kind, AlarmStep::Cleared, None)
    }
}

fn fact(alarm: AlarmKind, step: AlarmStep, caller: Option<Caller>) -> Fact {
    Fact::Alarm { alarm, step, caller }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const CALLER: Caller = Caller { uid: 0, pid: 1 };

    fn at(s: u64) -> Moment {
        Moment::from_boot(Duration::from_secs(s))
    }

    fn step_of(fact: Option<Fact>) -> Option<AlarmStep> {
        match fact {
            Some(Fact::Alarm { step, .. }) => Some(step),
            _ => None,
        }
    }

    #[test]
    fn a_condition_is_raised_once_and_cleared_when_it_is_over_and_seen() {
        let mut alarms = Alarms::default();
        assert_eq!(step_of(alarms.set(at(1), AlarmKind::Tampered, true)), Some(AlarmStep::Raised));
        assert_eq!(alarms.set(at(2), AlarmKind::Tampered, true), None);
        assert_eq!(alarms.sound(), Sound::Alarm);
        assert_eq!(alarms.acknowledge(None, CALLER).len(), 1);
        assert_eq!(alarms.sound(), Sound::Silence);
        assert_eq!(alarms.acknowledge(None, CALLER), []);
        assert_eq!(step_of(alarms.set(at(3), AlarmKind::Tampered, false)), Some(AlarmStep::Cleared));
        assert_eq!(alarms.listed().count(), 0);
    }

    #[test]
    fn what_is_over_stays_listed_until_somebody_has_seen_it() {
        let mut alarms = Alarms::default();
        alarms.set(at(1), AlarmKind::DoorForced, true);
        assert_eq!(alarms.set(at(2), AlarmKind::DoorForced, false), None);
        assert_eq!(alarms.sound(), Sound::Silence);
        assert_eq!(step_of(alarms.set(at(3), AlarmKind::DoorForced, true)), Some(AlarmStep::Raised));
        assert_eq!(alarms.listed().map(|alarm| alarm.times).collect::<Vec<_>>(), [2]);
        alarms.set(at(4), AlarmKind::DoorForced, false);
        let steps: Vec<_> = alarms
            .acknowledge(Some(AlarmKind::DoorForced), CALLER)
            .into_iter()
            .map(|f| step_of(Some(f)))
            .collect();
        assert_eq!(steps, [Some(AlarmStep::Acknowledged), Some(AlarmStep::Cleared)]);
    }

    #[test]
    fn duress_is_never_heard() {
        let mut alarms = Alarms::default();
        alarms.set(at(1), AlarmKind::Duress, true);
        assert_eq!((alarms.sound(), alarms.listed().count()), (Sound::Silence, 1));
    }
}
