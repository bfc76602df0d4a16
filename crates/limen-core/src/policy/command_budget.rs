//! Limits how many commands are recorded one by one, so that nobody can fill the records with commands until
//! the oldest records are deleted.
//!
//! Each user has a budget that fills up slowly. While it is empty, no command of this user lets more people
//! in. The door has one budget for all users together. While it is empty, only unlocking by an operator is
//! recorded one by one. With the numbers below, a user who tries without pause makes at most 17,280 pairs of
//! records per day, about 12 MB. The full records of a site (16 files of 16 MiB) hold three weeks of that,
//! and the alarm for records that are deleted too early comes much sooner.

use std::collections::HashMap;
use std::time::Duration;

use super::event::Action;
use crate::clock::Moment;
use crate::event::{Caller, Fact};

/// Per user: the most commands in a row, and the time that earns one more.
const USER: CommandRate = CommandRate { most: 60, every: Duration::from_secs(10) };
/// For all users together: the most commands in a row, and the time that earns one more.
const DOOR: CommandRate = CommandRate { most: 120, every: Duration::from_secs(5) };
/// The most users with a budget of their own; all others share one. A door has a handful of users.
const MAX_USERS: usize = 64;
/// How often the number of commands without a record is recorded.
const COUNTED: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy)]
struct CommandRate {
    most: u32,
    every: Duration,
}

/// What the budget allows a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spent {
    /// It gets a record of its own.
    pub recorded: bool,
    /// It may let more people in. Commands of other users do not count here.
    pub may_widen: bool,
}

/// Commands spent and earned back since the budget was last full.
#[derive(Debug, Clone, Copy, Default)]
struct Spendings {
    spent: u32,
    /// When the time began that earns the next one.
    since: Moment,
}

impl Spendings {
    /// Earns commands back for the time that has passed; a time that went back earns nothing.
    fn earn(&mut self, rate: CommandRate, now: Moment) {
        if self.spent == 0 || now < self.since {
            self.since = now;
            return;
        }
        let earned = now.since(self.since).as_millis() / rate.every.as_millis();
        let earned = u32::try_from(earned).unwrap_or(u32::MAX);
        self.spent = self.spent.saturating_sub(earned);
        self.since = if self.spent == 0 { now } else { self.since + rate.every * earned };
    }

    fn has(&self, rate: CommandRate) -> bool {
        self.spent < rate.most
    }
}

/// The budgets of all users and of the door, and the number of commands left out of the records.
#[derive(Debug, Default)]
pub(super) struct CommandBudget {
    door: Spendings,
    users: HashMap<u32, Spendings>,
    left_out: u64,
    /// When the first of them was left out.
    left_out_since: Option<Moment>,
}

impl CommandBudget {
    /// Spends one command of this user, and counts it if it gets no record of its own.
    pub fn spend(&mut self, now: Moment, uid: u32) -> Spent {
        self.door.earn(DOOR, now);
        self.users.values_mut().for_each(|account| account.earn(USER, now));
        self.users.retain(|_, account| account.spent > 0);
        let uid = if self.users.len() < MAX_USERS || self.users.contains_key(&uid) { uid } else { u32::MAX };
        let user = self.users.entry(uid).or_insert(Spendings { spent: 0, since: now });
        let may_widen = user.has(USER);
        let recorded = may_widen && self.door.has(DOOR);
        user.spent += u32::from(may_widen);
        self.door.spent += u32::from(recorded);
        if !recorded {
            self.left_out += 1;
            self.left_out_since.get_or_insert(now);
        }
        Spent { recorded, may_widen }
    }

    /// Spends one command for a request that the socket refused; returns its record if the budget allows one.
    pub fn turned_away(
        &mut self,
        now: Moment,
        caller: Option<Caller>,
        command: &'static str,
        why: String,
    ) -> Vec<Action> {
        let caller = caller.unwrap_or(Caller { uid: u32::MAX, pid: 0 });
        let record = Fact::Command { command: command.to_owned(), caller, behind: None, refused: Some(why) };
        self.spend(now, caller.uid).recorded.then_some(Action::Record(record)).into_iter().collect()
    }

    /// The record of how many commands were left out, when it is due.
    pub fn left_out(&mut self, now: Moment) -> Option<Action> {
        self.take_left_out(now).map(left_out)
    }

    /// The record of how many commands were left out, at the end of the daemon.
    pub fn all_left_out(&mut self) -> Option<Action> {
        self.take_all_left_out().map(left_out)
    }

    fn take_left_out(&mut self, now: Moment) -> Option<u64> {
        let due = self.next_change().is_some_and(|due| now >= due);
        if due { self.take_all_left_out() } else { None }
    }

    fn take_all_left_out(&mut self) -> Option<u64> {
        self.left_out_since.take().map(|_| std::mem::take(&mut self.left_out))
    }

    /// When the next record of commands left out is due.
    pub fn next_change(&self) -> Option<Moment> {
        self.left_out_since.map(|since| since + COUNTED)
    }
}

fn left_out(count: u64) -> Action {
    Action::Record(Fact::CommandsLeftOut { count })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> Moment {
        Moment::from_boot(Duration::from_secs(s))
    }

    #[test]
    fn a_flood_of_one_user_is_cut_and_counted_and_leaves_something_for_others() {
        let mut budget = CommandBudget::default();
        let recorded = (0..500).filter(|_| budget.spend(at(100), 1000).recorded).count();
        assert_eq!(recorded, 60);
        assert!((0..60).all(|_| budget.spend(at(100), 1001).recorded), "another user is heard");
        let third = Spent { recorded: false, may_widen: true };
        assert_eq!(budget.spend(at(100), 1002), third, "all users together fill the records only so fast");
        assert_eq!(budget.take_left_out(at(159)), None);
        assert_eq!(budget.take_left_out(at(160)), Some(441));
        assert_eq!(budget.take_left_out(at(300)), None);
    }

    #[test]
    fn a_day_without_pause_makes_no_more_records_than_promised() {
        let mut budget = CommandBudget::default();
        let day = 24 * 3600 * 10;
        let recorded = (0..day)
            .filter(|n| budget.spend(Moment::from_boot(Duration::from_millis(n * 100)), 7).recorded)
            .count();
        assert!((8_600..=8_800).contains(&recorded), "{recorded} of one user");
        let mut budget = CommandBudget::default();
        let recorded = (0..day)
            .filter(|n| {
                budget.spend(Moment::from_boot(Duration::from_millis(n * 100)), (n % 9) as u32).recorded
            })
            .count();
        assert!((17_000..=17_500).contains(&recorded), "{recorded} of nine users");
    }

    #[test]
    fn time_that_goes_back_earns_nothing() {
        let mut budget = CommandBudget::default();
        assert_eq!((0..100).filter(|_| budget.spend(at(1000), 7).may_widen).count(), 60);
        assert!(!budget.spend(at(10), 7).may_widen && !budget.spend(at(19), 7).may_widen);
        assert!(budget.spend(at(20), 7).may_widen, "earned from there on");
    }
}
