//! Checks the access rules: time zone, groups, and what happens while the time is unknown.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use limen_core::credential::Factors;
use limen_core::person::GroupId;
use limen_core::policy::AccessRules;
use limen_core::policy::access::calendar::Calendar;
use limen_core::policy::access::factors::DEFAULT_FACTOR_PATIENCE;
use limen_core::policy::access::schedule::Schedule;
use limen_core::policy::access::{Group, TwoPerson, WhenClockUnknown};
use toml::Spanned;

use super::entry::{available, check_factor};
use super::modes::check_modes;
use super::raw::{Names, RawFile, RawGroup, RawValue};
use super::schedules::{check_holidays, check_name, check_schedules, limit};
use super::values::{check_names, choice, number};
use crate::diagnostics::Review;
use crate::entry::EntrySettings;

/// The most groups of a configuration.
const MAX_GROUPS: usize = 200;
/// How long the first of two people waits for the second one, in seconds, if the group does not set it.
const DEFAULT_TWO_PERSON_SECONDS: u64 = 30;

/// Checks `[site]`, `[access]`, `[[holiday]]`, `[[schedule]]` and `[[group]]`.
pub(super) fn check_access(review: &mut Review<'_>, raw: &RawFile, entry: &EntrySettings) -> AccessRules {
    let choices = [("refuse", WhenClockUnknown::Refuse), ("believe", WhenClockUnknown::Believe)];
    let clock = choice(review, "[access] when-clock-unknown", &raw.access.when_clock_unknown, &choices);
    let seconds = number(
        review,
        "[access] second-factor-seconds",
        &raw.access.second_factor_seconds,
        5..=60,
        "seconds",
    );
    let zone = check_zone(review, &raw.site.time_zone);
    let holidays = check_holidays(review, &raw.holiday);
    let schedules: Vec<_> = check_schedules(review, &raw.schedule).into_iter().map(Arc::new).collect();
    AccessRules {
        calendar: Calendar { zone, holidays },
        groups: check_groups(review, &raw.group, &schedules, available(entry)),
        modes: check_modes(review, &raw.modes, &schedules),
        schedules,
        when_clock_unknown: clock.unwrap_or_default(),
        available: available(entry),
        factor_patience: seconds
            .map_or(DEFAULT_FACTOR_PATIENCE, |seconds| Duration::from_secs(seconds.unsigned_abs())),
    }
}

fn check_zone(review: &mut Review<'_>, raw: &RawValue<String>) -> TimeZone {
    let Some(raw) = raw else { return TimeZone::system() };
    TimeZone::get(raw.get_ref()).unwrap_or_else(|_| {
        let what = format!("\"{}\" is no time zone that this machine knows", raw.get_ref());
        let remedy = "write one that `timedatectl list-timezones` prints, as \"Europe/Berlin\"; the package tzdata has them";
        review.note(Some(raw.span()), "[site] time-zone", what, remedy);
        TimeZone::system()
    })
}

fn check_groups(
    review: &mut Review<'_>,
    raw: &[Spanned<RawGroup>],
    schedules: &[Arc<Schedule>],
    available: Factors,
) -> BTreeMap<GroupId, Group> {
    limit(review, "[[group]]", raw, MAX_GROUPS);
    let raw = &raw[..raw.len().min(MAX_GROUPS)];
    let known: Vec<GroupId> = raw.iter().filter_map(|group| id_of(group.get_ref())).collect();
    let mut lines = HashMap::new();
    let groups = raw.iter().filter_map(|group| {
        let (at, group) = (group.span(), group.get_ref());
        let id = check_name(review, "[[group]]", at.clone(), &group.name, &mut lines);
        let id = id.and_then(|name| GroupId::new(&name).ok())?;
        Some((id.clone(), check_group(review, id, at, group, schedules, &known, available)))
    });
    groups.collect()
}

fn id_of(raw: &RawGroup) -> Option<GroupId> {
    raw.name.as_ref().and_then(|name| GroupId::new(name.get_ref()).ok())
}

fn check_group(
    review: &mut Review<'_>,
    id: GroupId,
    at: Range<usize>,
    raw: &RawGroup,
    schedules: &[Arc<Schedule>],
    known: &[GroupId],
    available: Factors,
) -> Group {
    let key = |name: &str| format!("group \"{id}\" {name}");
    let names: Vec<&str> = schedules.iter().map(|schedule| schedule.name.as_str()).collect();
    let own = check_names(review, &key("schedules"), &raw.schedules, &names, "[[schedule]]");
    let first_person_in = check_members(review, &key("first-person-in"), &raw.first_person_in, known);
    if let (Some(list), [only]) = (&raw.first_person_in, first_person_in.as_slice())
        && *only == id
    {
        let what = "names only the group itself, so that nobody could be the first";
        let remedy = "name a group without first-person-in";
        review.note(Some(list.span()), key("first-person-in"), what, remedy);
    }
    let minutes =
        number(review, &key("anti-passback-minutes"), &raw.anti_passback_minutes, 1..=1440, "minutes");
    let minutes = minutes.and_then(|minutes| u64::try_from(minutes).ok());
    Group {
        schedules: own.into_iter().map(|index| Arc::clone(&schedules[index])).collect(),
        first_person_in,
        second_factor: check_factor(review, &id, at.clone(), raw, schedules, available),
        two_person: check_two_person(review, &id, at, raw, known),
        anti_passback: minutes.map(|minutes| Duration::from_secs(60 * minutes)),
        ..Group::new(id)
    }
}

fn check_two_person(
    review: &mut Review<'_>,
    id: &GroupId,
    at: Range<usize>,
    raw: &RawGroup,
    known: &[GroupId],
) -> Option<TwoPerson> {
    let groups = check_members(review, &format!("group \"{id}\" two-person"), &raw.two_person, known);
    let key = format!("group \"{id}\" two-person-seconds");
    let within = number(review, &key, &raw.two_person_seconds, 5..=300, "seconds");
    if raw.two_person_seconds.is_some() && raw.two_person.is_none() {
        let remedy = "add two-person = [\"...\"], the groups of the second person";
        review.note_missing(Some(at), key, "has no two-person beside it", remedy);
    }
    let seconds =
        within.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(DEFAULT_TWO_PERSON_SECONDS);
    (!groups.is_empty()).then(|| TwoPerson { groups, within: Duration::from_secs(seconds) })
}

fn check_members(review: &mut Review<'_>, key: &str, raw: &Names, known: &[GroupId]) -> Vec<GroupId> {
    let names: Vec<&str> = known.iter().map(GroupId::as_str).collect();
    let found = check_names(review, key, raw, &names, "[[group]]");
    found.into_iter().map(|index| known[index].clone()).collect()
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
