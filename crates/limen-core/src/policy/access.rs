//! Who may when: groups of people, the schedules that let them in, and what is asked of them besides.
//!
//! A person passes if one of their groups lets them pass: each group by its own schedules and on its own
//! terms. Whoever is in no group passes at any time. A group that nobody knows lets nobody in.

pub mod calendar;
pub mod explanation;
pub mod factors;
pub mod lint;
pub mod schedule;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::clock::WallClock;
use crate::credential::{Factor, Factors};
use crate::event::Refusal;
use crate::people::Standing;
use crate::person::GroupId;
use calendar::Calendar;
use factors::{DEFAULT_FACTOR_PATIENCE, Demands, FactorRule};
use schedule::Schedule;

/// The longest time for which anybody is kept from being let in again.
pub const LONGEST_ANTI_PASSBACK: Duration = Duration::from_secs(24 * 60 * 60);

/// What happens to people who are limited by time while the kernel does not trust the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenClockUnknown {
    /// They are refused.
    #[default]
    Refuse,
    /// The clock is taken at its word, as where a battery clock is set by hand.
    Believe,
}

/// A second person is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwoPerson {
    /// Of one of these groups.
    pub groups: Vec<GroupId>,
    /// The first waits this long for the second.
    pub within: Duration,
}

impl TwoPerson {
    /// Whether somebody of `groups`, so long after the first, is the second person.
    pub fn is_met_by(&self, groups: &[GroupId], after: Duration) -> bool {
        after < self.within && groups.iter().any(|group| self.groups.contains(group))
    }
}

/// People who may enter at the same times on the same terms.
#[derive(Debug, Clone)]
pub struct Group {
    /// As gallery and configuration call it.
    pub id: GroupId,
    /// When the group lets people in. Empty: at any time.
    pub schedules: Vec<Arc<Schedule>>,
    /// Somebody of one of these groups must have been let in on the same day. Empty: no such rule.
    pub first_person_in: Vec<GroupId>,
    /// The two-person rule: with whom a person of this group must come.
    pub two_person: Option<TwoPerson>,
    /// For how long somebody who was let in is not let in again.
    pub anti_passback: Option<Duration>,
    /// The second factor that the group requires.
    pub second_factor: Option<FactorRule>,
}

impl Group {
    /// A group without limits.
    pub fn new(id: GroupId) -> Self {
        Self {
            id,
            schedules: Vec::new(),
            first_person_in: Vec::new(),
            two_person: None,
            anti_passback: None,
            second_factor: None,
        }
    }

    /// Whether the answer depends on the calendar, and so on a clock that can be trusted.
    pub fn is_limited_by_time(&self) -> bool {
        !self.schedules.is_empty() || !self.first_person_in.is_empty()
    }

    /// Whether a schedule is open; of a group without schedules, always.
    fn is_open(&self, local: DateTime, calendar: &Calendar) -> bool {
        let open = |schedule: &Arc<Schedule>| schedule.window_at(local, calendar).is_some();
        self.schedules.is_empty() || self.schedules.iter().any(open)
    }
}

/// By what a person may come in at a time.
#[derive(Debug, Clone, Copy)]
pub enum Way<'a> {
    /// Being in no group.
    Anytime,
    /// As one of this group, on its terms.
    Through(&'a Group),
}

/// The schedules that put modes into force; without the site's time none does anew.
#[derive(Debug, Clone, Default)]
pub struct ModeSchedules {
    /// Unlocked from the first grant on while one of these is open.
    pub office_open: Vec<Arc<Schedule>>,
    /// Locked for everybody while one of these is open; goes before the others.
    pub lock_down: Vec<Arc<Schedule>>,
}

/// What the configuration says about who may when.
#[derive(Debug, Clone)]
pub struct AccessRules {
    /// Time zone and holidays.
    pub calendar: Calendar,
    /// Every schedule, used or not, in the order of the configuration.
    pub schedules: Vec<Arc<Schedule>>,
    /// Every group.
    pub groups: BTreeMap<GroupId, Group>,
    /// When the door is in another mode.
    pub modes: ModeSchedules,
    /// What a clock that is not synchronised means.
    pub when_clock_unknown: WhenClockUnknown,
    /// What can be proven at this door.
    pub available: Factors,
    /// How long whoever needs a second factor has for it.
    pub factor_patience: Duration,
}

impl AccessRules {
    /// No groups: everybody at any time, within their dates.
    pub fn in_zone(zone: TimeZone) -> Self {
        Self {
            calendar: Calendar::in_zone(zone),
            schedules: Vec::new(),
            groups: BTreeMap::new(),
            modes: ModeSchedules::default(),
            when_clock_unknown: WhenClockUnknown::Refuse,
            available: Factors::default(),
            factor_patience: DEFAULT_FACTOR_PATIENCE,
        }
    }

    /// The site's time; `None` if it is unknown.
    pub fn local_time(&self, wall: WallClock) -> Option<DateTime> {
        let known = wall.synchronised || self.when_clock_unknown == WhenClockUnknown::Believe;
        known.then(|| self.calendar.local(wall))
    }

    /// The groups of a person that exist.
    pub fn groups_of<'a>(&'a self, standing: &Standing) -> impl Iterator<Item = &'a Group> {
        standing.groups.iter().filter_map(|id| self.groups.get(id))
    }

    /// The ways that are open to a person at a time, by suspension, dates and schedules; at least one.
    pub fn admit(&self, standing: &Standing, local: Option<DateTime>) -> Result<Vec<Way<'_>>, Refusal> {
        if standing.suspended {
            return Err(Refusal::Suspended);
        }
        if standing.is_limited_by_date() {
            let today = local.ok_or(Refusal::ClockNotTrusted)?.date();
            if !standing.covers(today) {
                return Err(Refusal::NotValidNow);
            }
        }
        if standing.groups.is_empty() {
            return Ok(vec![Way::Anytime]);
        }
        let mut ways = Vec::new();
        let mut refusal = Refusal::OutsideSchedule;
        for group in self.groups_of(standing) {
            match local {
                None if group.is_limited_by_time() => refusal = Refusal::ClockNotTrusted,
                Some(local) if !group.is_open(local, &self.calendar) => {}
                _ => ways.push(Way::Through(group)),
            }
        }
        if ways.is_empty() { Err(refusal) } else { Ok(ways) }
    }

    /// The names of all schedules.
    pub fn schedule_names(&self) -> Vec<&str> {
        self.schedules.iter().map(|schedule| schedule.name.as_str()).collect()
    }

    /// What is asked of a person on a way in at a time; `None` is a time that is unknown.
    pub fn demands(&self, standing: &Standing, way: Way<'_>, local: Option<DateTime>) -> Demands {
        let of_group = match way {
            Way::Anytime => None,
            Way::Through(group) => group.second_factor.as_ref(),
        };
        let of_group = of_group.filter(|rule| self.is_asked(rule.schedules.iter().map(|s| &**s), local));
        let means = &standing.means;
        // A name that no schedule has asks always: a reload checks names, and what slips by must not open more.
        let own = means.schedules.iter().map(|name| self.schedule(name));
        let asked = own.clone().any(|known| known.is_none()) || self.is_asked(own.flatten(), local);
        Demands::new(of_group.map(|rule| rule.factor), means.rule.filter(|_| asked))
    }

    fn schedule(&self, name: &str) -> Option<&Schedule> {
        self.schedules.iter().find(|schedule| schedule.name == name).map(|schedule| &**schedule)
    }

    fn is_asked<'a>(&self, schedules: impl Iterator<Item = &'a Schedule>, local: Option<DateTime>) -> bool {
        let mut schedules = schedules.peekable();
        let (Some(_), Some(local)) = (schedules.peek(), local) else { return true };
        schedules.any(|schedule| schedule.window_at(local, &self.calendar).is_some())
    }

    /// What the person can prove at this door.
    pub fn provable(&self, standing: &Standing) -> Factors {
        let has = standing.means.factors();
        Factors { pin: has.pin && self.available.pin, card: has.card && self.available.card }
    }

    /// A second factor that may be asked of a person who cannot prove it: what is wrong, and the remedy.
    pub fn lacking(&self, standing: &Standing) -> Option<(String, String)> {
        if standing.suspended {
            return None;
        }
        let of_groups = self.groups_of(standing).filter_map(|group| group.second_factor.as_ref());
        let mut rules = of_groups.map(|rule| rule.factor).chain(standing.means.rule);
        let rule = rules.find(|rule| !rule.is_met_by(self.provable(standing)))?;
        let (what, remedy) = if rule.is_met_by(standing.means.factors()) {
            (format!("needs {rule}, and there is nothing to enter it by"), "add [keypad] or [reader]")
        } else if rule.accepts(Factor::Pin) {
            (format!("needs {rule} and has none"), "set one with `limen pin ID`")
        } else {
            (format!("needs {rule} and has none"), "add card = \"...\"")
        };
        Some((format!("{what}, so cannot enter where it is asked for"), remedy.to_owned()))
    }
}
