//! Windows, holidays, exceptions, and the two days of the year on which the clocks are changed.

use jiff::tz::TimeZone;

use super::*;
use crate::clock::WallClock;

fn berlin() -> Calendar {
    let mut calendar = Calendar::in_zone(TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone"));
    calendar.holidays.add_yearly(12, 25, "Christmas Day");
    calendar
}

fn window(from: &str, until: &str) -> TimeWindow {
    let time = |text| TimeOfDay::parse(text).expect("a time of day");
    TimeWindow::new(time(from), time(until)).expect("a window")
}

/// The same windows every day.
fn daily(windows: &[TimeWindow]) -> Schedule {
    Schedule { week: std::array::from_fn(|_| windows.to_vec()), ..Schedule::default() }
}

fn time(text: &str) -> DateTime {
    text.parse().expect("a time")
}

fn is_open(schedule: &Schedule, at: &str) -> bool {
    schedule.window_at(time(at), &berlin()).is_some()
}

fn next(schedule: &Schedule, from: &str) -> Option<DateTime> {
    schedule.next_opening(time(from), &berlin())
}

#[test]
fn a_time_of_day_is_two_digits_a_colon_and_two_digits() {
    for good in ["00:00", "07:05", "23:59", "24:00"] {
        assert_eq!(TimeOfDay::parse(good).map(|time| time.to_string()).as_deref(), Some(good));
    }
    for bad in ["", "7:00", "07:60", "24:01", "25:00", "07:00:00", "+7:00", "0700", "aa:bb", "07:0ä"] {
        assert_eq!(TimeOfDay::parse(bad), None, "{bad}");
    }
}

#[test]
fn a_window_is_open_from_its_first_minute_until_before_its_last() {
    let schedule = daily(&[window("07:00", "19:00")]);
    assert!(!is_open(&schedule, "2026-06-15 06:59:59.999"));
    assert!(is_open(&schedule, "2026-06-15 07:00"));
    assert!(is_open(&schedule, "2026-06-15 18:59:59.999"));
    assert!(!is_open(&schedule, "2026-06-15 19:00"));
}

#[test]
fn midnight_is_crossed_by_two_windows_without_a_gap_between_them() {
    let schedule = daily(&[window("22:00", "24:00"), window("00:00", "02:00")]);
    for at in ["2026-06-15 23:59:59.999", "2026-06-16 00:00", "2026-06-16 01:59"] {
        assert!(is_open(&schedule, at), "{at}");
    }
    assert!(!is_open(&schedule, "2026-06-16 02:00"));
}

#[test]
fn holidays_close_leave_alone_or_are_all_there_is() {
    let usual = daily(&[window("07:00", "19:00")]);
    let on = |on_holidays| Schedule { on_holidays, ..usual.clone() };
    let (holiday, other) = ("2026-12-25 12:00", "2026-12-28 12:00");
    for (treatment, expected) in [
        (OnHolidays::Closed, [false, true]),
        (OnHolidays::Open, [true, true]),
        (OnHolidays::Only, [true, false]),
    ] {
        let schedule = on(treatment);
        assert_eq!([holiday, other].map(|at| is_open(&schedule, at)), expected, "{treatment:?}");
    }
}

#[test]
fn an_exception_goes_before_the_week_and_before_holidays() {
    let mut schedule = daily(&[window("07:00", "19:00")]);
    let day = |text: &str| text.parse::<Date>().expect("a date");
    schedule.exceptions.insert(day("2026-12-24"), vec![]);
    schedule.exceptions.insert(day("2026-12-25"), vec![window("10:00", "11:00")]);
    assert!(!is_open(&schedule, "2026-12-24 12:00"));
    assert!(is_open(&schedule, "2026-12-25 10:30") && !is_open(&schedule, "2026-12-25 12:00"));
    assert_eq!(next(&schedule, "2026-12-23 19:00"), Some(time("2026-12-25 10:00")));
}

#[test]
fn an_open_schedule_opens_now_and_a_closed_one_with_its_next_window() {
    let schedule = daily(&[window("07:00", "12:00"), window("13:00", "19:00")]);
    assert_eq!(next(&schedule, "2026-06-15 08:30"), Some(time("2026-06-15 08:30")));
    assert_eq!(next(&schedule, "2026-06-15 12:00"), Some(time("2026-06-15 13:00")));
    assert_eq!(next(&schedule, "2026-06-15 19:00"), Some(time("2026-06-16 07:00")));
}

#[test]
fn a_schedule_of_days_that_have_passed_never_opens_again() {
    let mut schedule = Schedule::default();
    schedule.exceptions.insert("2026-05-01".parse().expect("a date"), vec![window("07:00", "19:00")]);
    assert!(next(&schedule, "2026-04-30 12:00").is_some());
    assert_eq!(next(&schedule, "2026-05-01 19:00"), None);
}

#[test]
fn a_leap_day_that_is_a_holiday_is_found_years_ahead() {
    let mut calendar = berlin();
    calendar.holidays.add_yearly(2, 29, "Leap day");
    let schedule = Schedule { on_holidays: OnHolidays::Only, ..daily(&[window("07:00", "19:00")]) };
    let found = schedule.next_opening(time("2026-12-26 00:00"), &calendar);
    assert_eq!(found, Some(time("2027-12-25 07:00")));
    let leap_only = Calendar { holidays: Default::default(), ..calendar };
    assert_eq!(schedule.next_opening(time("2026-12-26 00:00"), &leap_only), None);
}

#[test]
fn a_window_in_the_hour_that_is_skipped_does_not_open_and_one_across_it_opens_after_it() {
    let inside = daily(&[window("02:15", "02:45")]);
    assert_eq!(next(&inside, "2026-03-28 03:00"), Some(time("2026-03-30 02:15")));
    let across = daily(&[window("02:30", "04:00")]);
    assert_eq!(next(&across, "2026-03-28 04:00"), Some(time("2026-03-29 03:00")));
}

#[test]
fn both_passes_of_the_doubled_hour_count() {
    let calendar = berlin();
    let schedule = daily(&[window("02:00", "03:00")]);
    let open = |utc: &str| {
        let wall = WallClock { utc: utc.parse().expect("a time stamp"), synchronised: true };
        schedule.window_at(calendar.local(wall), &calendar).is_some()
    };
    assert!(!open("2026-10-24T23:59:00Z"));
    assert!(open("2026-10-25T00:00:00Z") && open("2026-10-25T00:59:00Z"));
    assert!(open("2026-10-25T01:00:00Z") && open("2026-10-25T01:59:00Z"));
    assert!(!open("2026-10-25T02:00:00Z"));
}
