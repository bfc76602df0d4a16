//! Wrong PINs and cards: they lock the person out for a time, and many at the door slow PIN entry down.
//!
//! PIN and card are counted apart: a right card does not excuse wrong PINs. Per person and factor, three
//! wrong ones are free. The fourth locks this factor of this person out for 30 s, and each further one for
//! twice as long, at most 15 minutes, until a right one of the same factor. Nobody else is locked out. So
//! somebody with another person's face has about two hundred tries per day, half of them typed before the
//! face.
//!
//! A PIN entered before a face is compared with the PINs of the person who is recognised next. Such wrong
//! PINs are counted apart, and lock out only PINs entered before the face: somebody who types nonsense and
//! leaves cannot lock out the next person.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::clock::Moment;
use crate::credential::{Factor, Factors};
use crate::person::PersonId;
use crate::policy::lockout::WrongOnes;

/// This many wrong ones within [`DOOR_WINDOW`] slow PIN entry down.
const DOOR_LIMIT: usize = 10;
const DOOR_WINDOW: Duration = Duration::from_secs(60);
/// The least time between two PINs while PIN entry is slowed down.
const SLOWED: Duration = Duration::from_secs(5);

/// Whether an entry came before or after the face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// The entry came first.
    Before,
    /// The face came first.
    After,
}

/// The wrong attempts per person and at the door.
#[derive(Debug, Default)]
pub struct Attempts {
    people: HashMap<(PersonId, Factor, Order), WrongOnes>,
    /// When the last wrong ones at this door were entered, at most [`DOOR_LIMIT`].
    door: VecDeque<Moment>,
    /// When the last PIN was taken.
    taken: Option<Moment>,
}

impl Attempts {
    /// Counts a wrong PIN or card of a person. Returns how long this factor is now locked out.
    pub fn wrong(
        &mut self,
        now: Moment,
        person: &PersonId,
        factor: Factor,
        order: Order,
    ) -> Option<Duration> {
        self.wrong_at_the_door(now);
        let key = (person.clone(), factor, order);
        self.people.entry(key).or_default().count(now)
    }

    /// Counts an entry that was compared with nobody, as a wrong one at the door.
    pub fn wrong_at_the_door(&mut self, now: Moment) {
        if self.door.len() >= DOOR_LIMIT {
            self.door.pop_front();
        }
        self.door.push_back(now);
    }

    /// A right PIN or card: forgets the person's wrong ones of this factor.
    pub fn right(&mut self, person: &PersonId, factor: Factor) {
        for order in [Order::Before, Order::After] {
            self.people.remove(&(person.clone(), factor, order));
        }
    }

    /// How long entries of this kind still do not count for a person; `None` if they count.
    pub fn locked_out(
        &self,
        now: Moment,
        person: &PersonId,
        factor: Factor,
        order: Order,
    ) -> Option<Duration> {
        let left = |order| {
            let account = self.people.get(&(person.clone(), factor, order));
            account.and_then(|account| account.locked_out(now))
        };
        match order {
            Order::After => left(Order::After),
            // A person who is locked out cannot avoid it by entering the PIN before the face.
            Order::Before => left(Order::Before).max(left(Order::After)),
        }
    }

    /// The factors that are not locked out for a person who was recognised.
    pub fn open_to(&self, now: Moment, person: &PersonId) -> Factors {
        let open = |factor| self.locked_out(now, person, factor, Order::After).is_none();
        Factors { pin: open(Factor::Pin), card: open(Factor::Card) }
    }

    /// A PIN was entered. Returns when it may be verified: now, or later while PIN entry is slowed down.
    pub fn take_pin(&mut self, now: Moment) -> Moment {
        let due = match self.taken {
            Some(taken) if self.is_slowed(now) => now.max(taken + SLOWED).min(now + SLOWED),
            _ => now,
        };
        // A PIN that replaces one that waits does not wait longer than that one.
        if due == now {
            self.taken = Some(now);
        }
        due
    }

    /// A PIN that had to wait is verified now.
    pub fn took_pin(&mut self, now: Moment) {
        self.taken = Some(now);
    }

    /// Whether too many wrong ones came at this door within [`DOOR_WINDOW`]. Time that went back makes none
    /// of them older.
    pub fn is_slowed(&self, now: Moment) -> bool {
        let recent = self.door.iter().filter(|wrong| now.since(**wrong) < DOOR_WINDOW).count();
        recent >= DOOR_LIMIT
    }

    /// Forgets people who are no longer enrolled.
    pub fn keep(&mut self, is_enrolled: impl Fn(&PersonId) -> bool) {
        self.people.retain(|(person, ..), _| is_enrolled(person));
    }
}

#[cfg(test)]
mod tests {
    use proptest::test_runner::{Config, TestRunner};

    use super::*;
    use crate::policy::lockout::LONGEST_LOCKOUT;

    fn at(s: u64) -> Moment {
        Moment::from_boot(Duration::from_secs(s))
    }

    fn id(text: &str) -> PersonId {
        PersonId::new(text).expect("an id")
    }

    #[test]
    fn three_are_free_then_the_time_doubles_up_to_a_quarter_of_an_hour() {
        let mut attempts = Attempts::default();
        let ada = id("ada");
        let mut now = 1000;
        let mut lockouts = Vec::new();
        for _ in 0..11 {
            let lockout =
                attempts.wrong(at(now), &ada, Factor::Pin, Order::After).map_or(0, |left| left.as_secs());
            lockouts.push(lockout);
            now += lockout;
            assert_eq!(
                attempts.locked_out(at(now), &ada, Factor::Pin, Order::After),
                None,
                "over after {lockout} s"
            );
        }
        assert_eq!(lockouts, [0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
        attempts.right(&ada, Factor::Card);
        assert!(attempts.wrong(at(now), &ada, Factor::Pin, Order::After).is_some(), "a card is no PIN");
        attempts.right(&ada, Factor::Pin);
        assert_eq!(attempts.wrong(at(now), &ada, Factor::Pin, Order::After), None);
    }

    #[test]
    fn entries_before_a_face_lock_nobody_out_who_comes_with_theirs() {
        let mut attempts = Attempts::default();
        let ada = id("ada");
        for n in 0..9 {
            attempts.wrong(at(1000 + n), &ada, Factor::Pin, Order::Before);
        }
        assert!(attempts.locked_out(at(1010), &ada, Factor::Pin, Order::Before).is_some());
        assert_eq!(attempts.locked_out(at(1010), &ada, Factor::Pin, Order::After), None);
    }

    #[test]
    fn time_that_goes_back_ends_no_lockout_and_makes_none_longer() {
        let mut attempts = Attempts::default();
        let ada = id("ada");
        for _ in 0..4 {
            attempts.wrong(at(1000), &ada, Factor::Pin, Order::After);
        }
        let left = |s| attempts.locked_out(at(s), &ada, Factor::Pin, Order::After);
        assert_eq!(attempts.locked_out(at(10), &ada, Factor::Pin, Order::Before), left(10));
        assert_eq!(left(10), Some(Duration::from_secs(30)));
        assert_eq!(left(1029), Some(Duration::from_secs(1)));
    }

    #[test]
    fn ten_wrong_ones_in_a_minute_slow_the_door_and_refuse_nothing() {
        let mut attempts = Attempts::default();
        for n in 0..10 {
            assert_eq!(attempts.take_pin(at(1000 + n)), at(1000 + n));
            attempts.wrong_at_the_door(at(1000 + n));
        }
        assert_eq!(attempts.take_pin(at(1010)), at(1014));
        assert_eq!(attempts.take_pin(at(1012)), at(1014), "another one waits no longer");
        attempts.took_pin(at(1014));
        assert_eq!(attempts.take_pin(at(1016)), at(1019));
        assert_eq!(attempts.take_pin(at(1060)), at(1060), "the first is a minute old");
    }

    /// Whatever happens, a person is locked out of a factor by their own wrong ones of that factor alone, for as long as
    /// the rule says; and no PIN waits for more than five seconds.
    #[test]
    fn a_hundred_thousand_walks_lock_nobody_out_for_another() {
        const WHO: [(&str, Factor); 4] =
            [("ada", Factor::Pin), ("ada", Factor::Card), ("bob", Factor::Pin), ("bob", Factor::Card)];
        let mut runner =
            TestRunner::new(Config { cases: 100_000, failure_persistence: None, ..Config::default() });
        let walks = proptest::collection::vec((0_u8..12, 0_usize..WHO.len(), 0_u64..200), 1..40);
        let outcome = runner.run(&walks, |walk| {
            let mut attempts = Attempts::default();
            let mut wrong = [0_u32; WHO.len()];
            let mut since = [0_u64; WHO.len()];
            let mut now = 5_000_u64;
            for (kind, who, length) in walk {
                let (person, factor) = (id(WHO[who].0), WHO[who].1);
                match kind {
                    0..=5 => {
                        attempts.wrong(at(now), &person, factor, Order::After);
                        wrong[who] += 1;
                        since[who] = since[who].max(now);
                    }
                    6 => {
                        attempts.wrong(at(now), &person, factor, Order::Before);
                    }
                    7 => {
                        attempts.right(&person, factor);
                        (wrong[who], since[who]) = (0, 0);
                    }
                    8 => attempts.wrong_at_the_door(at(now)),
                    9 => now = now.saturating_sub(length),
                    10 => {
                        let due = attempts.take_pin(at(now));
                        proptest::prop_assert!(due >= at(now) && due <= at(now) + SLOWED);
                    }
                    _ => now += length * 5,
                }
                for (index, (name, factor)) in WHO.into_iter().enumerate() {
                    let left = attempts.locked_out(at(now), &id(name), factor, Order::After);
                    let length =
                        if wrong[index] <= 3 { 0 } else { (30 << (wrong[index] - 4).min(10)).min(900) };
                    let expected = length > 0 && now < since[index] + length;
                    proptest::prop_assert_eq!(
                        left.is_some(),
                        expected,
                        "{} with {} after {} wrong",
                        name,
                        factor,
                        wrong[index]
                    );
                    proptest::prop_assert!(left.is_none_or(|left| left <= LONGEST_LOCKOUT));
                }
            }
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{error}"));
    }
}
