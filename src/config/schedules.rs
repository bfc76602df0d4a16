//! Checks holidays and schedules: windows must not overlap or end before they begin, and every day must exist.

use std::collections::HashMap;
use std::ops::Range;

use jiff::civil::Date;
use limen_core::person::check_id;
use limen_core::policy::access::calendar::Holidays;
use limen_core::policy::access::schedule::{DAYS, OnHolidays, Schedule, TimeOfDay, TimeWindow};
use toml::Spanned;
use toml::value::Datetime;

use super::raw::{RawException, RawHoliday, RawSchedule, RawValue, RawWindow};
use super::values::{choice, flag, text};
use crate::diagnostics::Review;

/// The most holidays: enough for decades.
const MAX_HOLIDAYS: usize = 2000;
/// The longest holiday with `until`, in days: the summer of a school.
const MAX_HOLIDAY_DAYS: usize = 100;
/// The most schedules of a configuration.
const MAX_SCHEDULES: usize = 200;
const MAX_WINDOWS: usize = 50;
const MAX_EXCEPTIONS: usize = 1000;

/// Checks every `[[holiday]]`.
pub(super) fn check_holidays(review: &mut Review<'_>, raw: &[Spanned<RawHoliday>]) -> Holidays {
    let mut holidays = Holidays::default();
    limit(review, "[[holiday]]", raw, MAX_HOLIDAYS);
    for holiday in raw.iter().take(MAX_HOLIDAYS) {
        check_holiday(review, holiday, &mut holidays);
    }
    holidays
}

fn check_holiday(review: &mut Review<'_>, raw: &Spanned<RawHoliday>, holidays: &mut Holidays) {
    let (at, raw) = (raw.span(), raw.get_ref());
    let name = text(review, "[[holiday]] name", &raw.name).unwrap_or("holiday");
    match (&raw.date, &raw.every_year) {
        (Some(date), None) => {
            for day in check_days_off(review, date, &raw.until) {
                holidays.add(day, name);
            }
        }
        (None, Some(yearly)) => {
            if let Some((month, day)) = month_and_day(yearly.get_ref()) {
                holidays.add_yearly(month, day, name);
            } else {
                let what = format!("\"{}\" is no month and day", yearly.get_ref());
                review.note(Some(yearly.span()), "[[holiday]] every-year", what, "write \"12-25\"");
            }
            if let Some(until) = &raw.until {
                let what = "cannot be combined with every-year";
                review.note(
                    Some(until.span()),
                    "[[holiday]] until",
                    what,
                    "write one [[holiday]] for each day",
                );
            }
        }
        _ => {
            let what = "needs either date or every-year";
            let remedy = "add date = 2026-05-14, or every-year = \"12-25\"";
            review.note_missing(Some(at), "[[holiday]]", what, remedy);
        }
    }
}

/// The days from `date` to `until`, inclusive; only the first if `until` is missing.
fn check_days_off(
    review: &mut Review<'_>,
    date: &Spanned<Datetime>,
    until: &RawValue<Datetime>,
) -> Vec<Date> {
    const UNTIL: &str = "[[holiday]] until";
    let Some(first) = review.day("[[holiday]] date", date) else { return Vec::new() };
    let Some(until) = until else { return vec![first] };
    let Some(last) = review.day(UNTIL, until) else { return vec![first] };
    if last < first {
        let what = format!("{last} is before date, {first}");
        review.note(Some(until.span()), UNTIL, what, "name a later day");
    }
    let days = std::iter::successors(Some(first), |day| day.tomorrow().ok());
    let days: Vec<Date> = days.take_while(|day| *day <= last).take(MAX_HOLIDAY_DAYS + 1).collect();
    if days.len() > MAX_HOLIDAY_DAYS {
        let what = format!("{last} is more than {MAX_HOLIDAY_DAYS} days after date");
        review.note(Some(until.span()), UNTIL, what, "name an earlier day");
    }
    days
}

fn month_and_day(text: &str) -> Option<(i8, i8)> {
    // 2024 has every day that any year has.
    let day: Date = format!("2024-{text}").parse().ok()?;
    (text.len() == 5).then(|| (day.month(), day.day()))
}

/// Checks every `[[schedule]]` and returns them in the order of the file.
pub(super) fn check_schedules(review: &mut Review<'_>, raw: &[Spanned<RawSchedule>]) -> Vec<Schedule> {
    limit(review, "[[schedule]]", raw, MAX_SCHEDULES);
    let mut lines = HashMap::new();
    raw.iter().take(MAX_SCHEDULES).filter_map(|raw| check_schedule(review, raw, &mut lines)).collect()
}

fn check_schedule(
    review: &mut Review<'_>,
    raw: &Spanned<RawSchedule>,
    lines: &mut HashMap<String, usize>,
) -> Option<Schedule> {
    let (at, raw) = (raw.span(), raw.get_ref());
    let name = check_name(review, "[[schedule]]", at.clone(), &raw.name, lines);
    let what = name.as_ref().map_or_else(|| "[[schedule]]".to_owned(), |name| format!("schedule \"{name}\""));
    let treatments = [("closed", OnHolidays::Closed), ("open", OnHolidays::Open), ("only", OnHolidays::Only)];
    let on_holidays =
        choice(review, &format!("{what} holidays"), &raw.holidays, &treatments).unwrap_or_default();
    if raw.windows.is_empty() && raw.exceptions.is_empty() {
        let remedy = "add windows = [{ days = [\"mon-fri\"], from = \"07:00\", until = \"19:00\" }]";
        review.note_missing(Some(at), &what, "has no windows: it would never open", remedy);
    }
    let mut schedule = Schedule { on_holidays, ..Schedule::default() };
    check_windows(review, &what, &raw.windows, &mut schedule);
    check_exceptions(review, &what, &raw.exceptions, &mut schedule);
    Some(Schedule { name: name?, ..schedule })
}

fn check_windows(review: &mut Review<'_>, what: &str, raw: &[Spanned<RawWindow>], schedule: &mut Schedule) {
    let key = format!("{what} windows");
    limit(review, &key, raw, MAX_WINDOWS);
    // Every window so far, with its line.
    let mut seen: [Vec<(TimeWindow, usize)>; 7] = Default::default();
    for one in raw.iter().take(MAX_WINDOWS) {
        let (at, one) = (one.span(), one.get_ref());
        let line = review.line_of(at.start);
        let Some(window) = check_window(review, &key, &at, &one.from, &one.until) else { continue };
        let days = check_days(review, &key, &one.days);
        let overlap = |day: &usize| seen[*day].iter().find(|(other, _)| window.overlaps(other));
        if let Some((day, (other, line))) = days.iter().find_map(|day| Some((*day, overlap(day)?))) {
            let text = format!("{window} overlaps {other} of line {line} on {}", DAYS[day]);
            review.note(Some(at), &key, text, "make one window of the two, or move one");
            continue;
        }
        for day in days {
            seen[day].push((window, line));
            schedule.week[day].push(window);
        }
    }
}

fn check_exceptions(
    review: &mut Review<'_>,
    what: &str,
    raw: &[Spanned<RawException>],
    schedule: &mut Schedule,
) {
    let key = format!("{what} exceptions");
    limit(review, &key, raw, MAX_EXCEPTIONS);
    let mut lines: HashMap<Date, usize> = HashMap::new();
    for one in raw.iter().take(MAX_EXCEPTIONS) {
        let (at, one) = (one.span(), one.get_ref());
        let Some(date) = &one.date else {
            review.note_missing(Some(at), &key, "has no date", "add date = 2026-12-24");
            continue;
        };
        let Some(day) = review.day(&format!("{key} date"), date) else { continue };
        let closed = flag(&one.closed);
        let window = match (closed, &one.from, &one.until) {
            (true, None, None) => None,
            (true, _, _) => {
                review.note(Some(at), &key, "is closed and has times", "remove one of the two");
                continue;
            }
            (false, from, until) => match check_window(review, &key, &at, from, until) {
                Some(window) => Some(window),
                None => continue,
            },
        };
        let known = schedule.exceptions.get(&day);
        let clash = known.is_some_and(|windows| {
            windows.is_empty() || window.is_none_or(|window| windows.iter().any(|w| w.overlaps(&window)))
        });
        if clash {
            let line = lines.get(&day).copied().unwrap_or_default();
            let text = format!("{day} is in line {line} already, and the two contradict or overlap");
            review.note(Some(at), &key, text, "remove one of the two");
            continue;
        }
        lines.insert(day, review.line_of(at.start));
        schedule.exceptions.entry(day).or_default().extend(window);
    }
}

/// Checks that `from` and `until` are there and in this order.
fn check_window(
    review: &mut Review<'_>,
    key: &str,
    at: &Range<usize>,
    from: &RawValue<String>,
    until: &RawValue<String>,
) -> Option<TimeWindow> {
    let mut time = |name: &str, raw: &RawValue<String>| {
        let Some(raw) = raw else {
            let remedy = format!("add {name} = \"19:00\"");
            review.note_missing(Some(at.clone()), key, format!("has no {name}"), remedy);
            return None;
        };
        let time = TimeOfDay::parse(raw.get_ref());
        if time.is_none() {
            let what = format!("\"{}\" is no time of day", raw.get_ref());
            review.note(
                Some(raw.span()),
                format!("{key} {name}"),
                what,
                "write 07:30, or 24:00 for the end of the day",
            );
        }
        time
    };
    let (from, until) = (time("from", from), time("until", until));
    let (from, until) = (from?, until?);
    let window = TimeWindow::new(from, until);
    if window.is_none() {
        let what = format!("ends at {until}, but begins at {from}");
        let remedy = "for a night write two windows: until = \"24:00\", and from = \"00:00\" on the next day";
        review.note(Some(at.clone()), key, what, remedy);
    }
    window
}

/// The days of the week that are named, 0 (Monday) to 6; every day if `days` is missing.
fn check_days(review: &mut Review<'_>, key: &str, raw: &Option<Spanned<Vec<Spanned<String>>>>) -> Vec<usize> {
    let Some(raw) = raw else { return (0..7).collect() };
    let key = format!("{key} days");
    if raw.get_ref().is_empty() {
        review.note(Some(raw.span()), &key, "names no day", "name days, or leave it out for every day");
    }
    let mut named = [false; 7];
    for days in raw.get_ref() {
        match range_of_days(days.get_ref()) {
            Some((first, last)) => {
                let count = (last + 7 - first) % 7;
                (0..=count).for_each(|step| named[(first + step) % 7] = true);
            }
            None => {
                let what = format!("\"{}\" is no day of the week", days.get_ref());
                let remedy = format!("use {}, or two of them as \"mon-fri\"", DAYS.join(", "));
                review.note(Some(days.span()), &key, what, remedy);
            }
        }
    }
    (0..7).filter(|day| named[*day]).collect()
}

fn range_of_days(text: &str) -> Option<(usize, usize)> {
    let day = |name: &str| DAYS.iter().position(|known| *known == name);
    match text.split_once('-') {
        Some((first, last)) => Some((day(first)?, day(last)?)),
        None => day(text).map(|day| (day, day)),
    }
}

/// Checks a name: it must be there, have the form of an id, and be used once.
pub(super) fn check_name(
    review: &mut Review<'_>,
    key: &str,
    at: Range<usize>,
    raw: &RawValue<String>,
    lines: &mut HashMap<String, usize>,
) -> Option<String> {
    let Some(raw) = raw else {
        review.note_missing(Some(at), key, "has no name", "add name = \"...\" of a-z, 0-9 and '-'");
        return None;
    };
    let (name, place) = (raw.get_ref(), raw.span());
    let key = format!("{key} name");
    if let Err(error) = check_id(name) {
        review.note(Some(place), key, format!("\"{name}\" {error}"), "");
        return None;
    }
    let line = review.line_of(place.start);
    if let Some(first) = lines.get(name) {
        let what = format!("\"{name}\" is also the name in line {first}");
        review.note(Some(place), key, what, "give each its own name");
        return None;
    }
    lines.insert(name.clone(), line);
    Some(name.clone())
}

/// Notes a mistake at the first entry above the limit.
pub(super) fn limit<T>(review: &mut Review<'_>, key: &str, raw: &[Spanned<T>], most: usize) {
    if let Some(excess) = raw.get(most) {
        review.note(
            Some(excess.span()),
            key,
            format!("there are {}, but at most {most} are allowed", raw.len()),
            "remove some",
        );
    }
}
