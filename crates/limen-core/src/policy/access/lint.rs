//! Finds schedules, groups and people that can never be of use: mistakes that no single line of a file shows.
//!
//! "Never" means not within 28 years from now.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;

use super::schedule::Schedule;
use super::{AccessRules, Group};
use crate::people::Standing;
use crate::person::{GroupId, PersonId};

/// Everybody enrolled, with their standing.
pub type People<'a> = [(&'a PersonId, &'a Standing)];

/// What was found, each finding in words with the remedy.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What is surely a mistake.
    pub problems: Vec<String>,
    /// What may be intended.
    pub notes: Vec<String>,
}

impl AccessRules {
    /// Looks for schedules that nobody can ever use, groups without people, and people who can never enter.
    pub fn findings(&self, people: &People<'_>, now: DateTime) -> Findings {
        let sight = Sight::new(self, people, now);
        let mut findings = Findings::default();
        findings.problems.extend(self.schedules.iter().filter_map(|schedule| sight.of_schedule(schedule)));
        findings.notes.extend(self.groups.keys().filter(|id| sight.is_empty(id)).map(|id| {
            format!("group \"{id}\": nobody is in it; add groups = [\"{id}\"] to people in the gallery file")
        }));
        let entering = sight.who_can_ever_enter();
        let stuck = people.iter().filter(|(id, _)| !entering.contains(id));
        findings.problems.extend(stuck.filter_map(|(id, standing)| sight.of_person(id, standing)));
        findings
    }
}

struct Sight<'a> {
    rules: &'a AccessRules,
    people: &'a People<'a>,
    now: DateTime,
    /// When each schedule opens next, by name.
    openings: BTreeMap<&'a str, Option<DateTime>>,
}

impl<'a> Sight<'a> {
    fn new(rules: &'a AccessRules, people: &'a People<'a>, now: DateTime) -> Self {
        let next = |schedule: &Schedule| schedule.next_opening(now, &rules.calendar);
        let openings = rules.schedules.iter().map(|s| (s.name.as_str(), next(s))).collect();
        Self { rules, people, now, openings }
    }

    fn is_empty(&self, group: &GroupId) -> bool {
        !self.people.iter().any(|(_, standing)| standing.groups.contains(group))
    }

    fn never_opens(&self, schedule: &Schedule) -> bool {
        self.openings.get(schedule.name.as_str()).is_none_or(Option::is_none)
    }

    fn of_schedule(&self, schedule: &Schedule) -> Option<String> {
        let name = &schedule.name;
        let names_it = |group: &Group| group.schedules.iter().any(|other| other.name == *name);
        if self.never_opens(schedule) {
            return Some(format!(
                "schedule \"{name}\" never opens: its days have passed or are no holidays; change or remove it"
            ));
        }
        // A group without people has a note of its own.
        let unused = self.rules.groups.values().all(|group| !names_it(group)) && !self.serves_otherwise(name);
        unused.then(|| {
            format!(
                "schedule \"{name}\": no group names it; add it to the schedules of a [[group]], or remove it"
            )
        })
    }

    /// Whether a mode or a second factor uses the schedule.
    fn serves_otherwise(&self, name: &str) -> bool {
        let modes = &self.rules.modes;
        let by_mode = modes.office_open.iter().chain(&modes.lock_down).any(|other| other.name == name);
        let by_factor = self.rules.groups.values().filter_map(|group| group.second_factor.as_ref());
        by_mode
            || by_factor.flat_map(|rule| &rule.schedules).any(|other| other.name == name)
            || self
                .people
                .iter()
                .any(|(_, standing)| standing.means.schedules.iter().any(|other| other == name))
    }

    /// The problem of a person who cannot enter, unless the gallery file says that they may not.
    fn of_person(&self, id: &PersonId, standing: &Standing) -> Option<String> {
        if standing.suspended || standing.valid_until.is_some_and(|last| last < self.now.date()) {
            return None;
        }
        let open: Vec<&Group> =
            self.rules.groups_of(standing).filter(|group| self.opens_for(group, standing)).collect();
        let why = if open.is_empty() {
            "none of their groups has a schedule that opens within their dates"
        } else if open.iter().any(|group| self.has_second(group, id)) {
            "nobody can come in first for their groups (first-person-in)"
        } else {
            "nobody can be the second person for their groups (two-person)"
        };
        Some(format!("person \"{id}\" can never enter: {why}; change their groups, or the schedules"))
    }

    /// Whether one of the group's schedules opens within the person's dates.
    fn opens_for(&self, group: &Group, standing: &Standing) -> bool {
        let from = standing.valid_from.map(|first| first.at(0, 0, 0, 0).max(self.now)).unwrap_or(self.now);
        let in_time = |day: DateTime| standing.valid_until.is_none_or(|last| day.date() <= last);
        let opens = |schedule: &Schedule| {
            let known = self.openings.get(schedule.name.as_str()).copied().flatten();
            let next = known
                .filter(|next| *next >= from)
                .or_else(|| known.and_then(|_| schedule.next_opening(from, &self.rules.calendar)));
            next.is_some_and(in_time)
        };
        if group.schedules.is_empty() { in_time(from) } else { group.schedules.iter().any(|s| opens(s)) }
    }

    /// Whether the group needs no second person, or somebody can be it whom one of their groups lets in some
    /// time.
    fn has_second(&self, group: &Group, first: &PersonId) -> bool {
        let Some(rule) = &group.two_person else { return true };
        self.people.iter().any(|(id, standing)| {
            *id != first
                && standing.groups.iter().any(|other| rule.groups.contains(other))
                && self.rules.groups_of(standing).any(|other| self.opens_for(other, standing))
        })
    }

    /// Everybody who can ever enter: first people who need nobody before them, then people who need these,
    /// and so on.
    fn who_can_ever_enter(&self) -> BTreeSet<&'a PersonId> {
        let mut entering: BTreeSet<&PersonId> = BTreeSet::new();
        let mut came: BTreeSet<&GroupId> = BTreeSet::new();
        loop {
            let can_enter = |id: &PersonId, standing: &Standing| {
                let first = |group: &Group| {
                    group.first_person_in.is_empty()
                        || group.first_person_in.iter().any(|id| came.contains(id))
                };
                let lets_in = |group: &Group| {
                    first(group) && self.opens_for(group, standing) && self.has_second(group, id)
                };
                standing.groups.is_empty() || self.rules.groups_of(standing).any(lets_in)
            };
            let more: Vec<_> = self
                .people
                .iter()
                .filter(|(id, standing)| !entering.contains(id) && can_enter(id, standing))
                .collect();
            if more.is_empty() {
                return entering;
            }
            for (id, standing) in more {
                entering.insert(id);
                came.extend(&standing.groups);
            }
        }
    }
}
