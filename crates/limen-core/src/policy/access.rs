//! Who may enter when: groups of people, the schedules that let them in, and what else is asked of them.
//!
//! A person may enter if one of their groups lets them in. Each group has its own schedules and terms. A
//! person in no group may enter at any time. A group that is not configured lets nobody in.

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

/// The longest configurable time for which a person is not let in again.
pub const LONGEST_ANTI_PASSBACK: Duration = Duration::from_secs(24 * 60 * 60);

/// What happens to people who are limited by time while the kernel does not trust the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenClockUnknown {
    /// They are refused.
    #[default]
    Refuse,
    /// The clock is trusted, as at a site whose battery clock is set by hand.
    Believe,
}

/// The rule that a second person is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwoPerson {
    /// The second person must be in one of these groups.
    pub groups: Vec<GroupId>,
    /// How long the first person waits for the second.
    pub within: Duration,
}

impl TwoPerson {
    /// Whether somebody of `groups` who comes this long `after` the first can be the second person.
    pub fn is_met_by(&self, groups: &[GroupId], after: Duration) -> bool {
        after < self.within && groups.iter().any(|group| self.groups.contains(group))
    }
}

/// People who may enter at the same times on the same terms.
#[derive(Debug, Clone)]
pub struct Group {
    /// The name in gallery file and configuration.
    pub id: GroupId,
    /// The group may enter while one of these is open; empty: at any time.
    pub schedules: Vec<Arc<Schedule>>,
    /// Somebody of one of these groups must have been let in before on the same day; empty: no such rule.
    pub first_person_in: Vec<GroupId>,
    /// The second person who is needed, if any.
    pub two_person: Option<TwoPerson>,
    /// For how long a person who was let in is not let in again.
    pub anti_passback: Option<Duration>,
    /// The factor that is asked for besides the face, if any.
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

    /// Whether the group's rules need the date or the time, and so a clock that is trusted.
    pub fn is_limited_by_time(&self) -> bool {
        !self.schedules.is_empty() || !self.first_person_in.is_empty()
    }

    /// Whether a schedule is open; always true of a group without schedules.
    fn is_open(&self, local: DateTime, calendar: &Calendar) -> bool {
        let open = |schedule: &Arc<Schedule>| schedule.window_at(local, calendar).is_some();
        self.schedules.is_empty() || self.schedules.iter().any(open)
    }
}

/// What lets a person in at a time.
#[derive(Debug, Clone, Copy)]
pub enum Way<'a> {
    /// The person is in no group.
    Anytime,
    /// The person is in this group, and its terms apply.
    Through(&'a Group),
}

/// The schedules that put modes into force. While the site's time is unknown they put no new mode into force.
#[derive(Debug, Clone, Default)]
pub struct ModeSchedules {
    /// While one of these is open, the door stays unlocked from the first grant on.
    pub office_open: Vec<Arc<Schedule>>,
    /// While one of these is open, nobody is let in. They outrank `office_open`.
    pub lock_down: Vec<Arc<Schedule>>,
}

/// What the configuration says about who may enter when.
#[derive(Debug, Clone)]
pub struct AccessRules {
    /// Time zone and holidays.
    pub calendar: Calendar,
    /// Every schedule, used or not, in the order of the configuration.
    pub schedules: Vec<Arc<Schedule>>,
    /// Every group of the configuration, by name.
    pub groups: BTreeMap<GroupId, Group>,
    /// The schedules that put the door into another mode.
    pub modes: ModeSchedules,
    /// What a clock that is not synchronised means.
    pub when_clock_unknown: WhenClockUnknown,
    /// The factors that can be entered at this door.
    pub available: Factors,
    /// How long a person has to prove a second factor.
    pub factor_patience: Duration,
}

impl AccessRules {
    /// Rules without groups: everybody may enter at any time, within their dates.
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

    /// The site's time; `None` while the clock is not trusted.
    pub fn local_time(&self, wall: WallClock) -> Option<DateTime> {
        let known = wall.synchronised || self.when_clock_unknown == WhenClockUnknown::Believe;
        known.then(|| self.calendar.local(wall))
    }

    /// The groups of a person that are configured.
    pub fn groups_of<'a>(&'a self, standing: &Standing) -> impl Iterator<Item = &'a Group> {
        standing.groups.iter().filter_map(|id| self.groups.get(id))
    }

    /// The ways that suspension, dates and schedules leave open to a person at a time: at least one.
    ///
    /// # Errors
    ///
    /// Why no way is open.
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

    /// What is asked of a person on a way in at a time. `local`: `None` if the time is unknown.
    pub fn demands(&self, standing: &Standing, way: Way<'_>, local: Option<DateTime>) -> Demands {
        let of_group = match way {
            Way::Anytime => None,
            Way::Through(group) => group.second_factor.as_ref(),
        };
        let of_group = of_group.filter(|rule| self.is_asked(rule.schedules.iter().map(|s| &**s), local));
        let means = &standing.means;
        // An unknown schedule counts as always open, so that the factor is asked for: an error must not open
        // more.
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

    /// The factors that the person can prove at this door.
    pub fn provable(&self, standing: &Standing) -> Factors {
        let has = standing.means.factors();
        Factors { pin: has.pin && self.available.pin, card: has.card && self.available.card }
    }

    /// What is wrong, and the remedy, if a person may be asked for a second factor that they cannot prove.
    pub fn lacking(&self, standing: &Standing) -> Option<(String, String)> {
        if standing.suspended {
            return None;
        }
        let of_groups = self.groups_of(standing).filter_map(|group| group.second_factor.as_ref());
        let mut rules = of_groups.map(|rule| rule.factor).chain(standing.means.rule);
        let rule = rules.find(|rule| !rule.is_met_by(self.provable(standing)))?;
        let (what, remedy) = if rule.is_met_by(standing.means.factors()) {
            (
                format!("needs {rule}, and this door has no device to enter it with"),
                "add [keypad] or [reader]",
            )
        } else if rule.accepts(Factor::Pin) {
            (format!("needs {rule} and has none"), "set one with `limen pin ID`")
        } else {
            (format!("needs {rule} and has none"), "add card = \"...\"")
        };
        Some((format!("{what}, so cannot enter where it is asked for"), remedy.to_owned()))
    }
}
