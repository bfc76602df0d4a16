//! Failed challenges slow the door, and the person who was shown.
//!
//! Each failure doubles the pause before the next challenge: from two seconds to a minute for the person, from one second
//! to five for everybody else at this door. A pause begins with a failure and is never extended meanwhile, so somebody
//! with a photograph keeps nobody out for longer than a minute.

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Moment;
use crate::person::PersonId;

/// The first and the longest pause of a person.
const PERSON: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));
/// The first and the longest pause of the door.
const DOOR: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));
/// Failures of a person are forgotten after this time without another.
const PERSON_FORGETS: Duration = Duration::from_secs(10 * 60);
/// Failures at the door are forgotten after this time without another.
const DOOR_FORGETS: Duration = Duration::from_secs(60);

/// Failures in a row.
#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Moment,
}

impl Failures {
    fn one_more(before: Option<Self>, now: Moment, forgets: Duration) -> Self {
        let recent = before.filter(|before| now.since(before.last) < forgets);
        Self { count: recent.map_or(1, |before| before.count.saturating_add(1)), last: now }
    }

    /// When the pause ends. Time that went back makes it no longer.
    fn end(self, now: Moment, (first, longest): (Duration, Duration)) -> Moment {
        let length = first.saturating_mul(1 << (self.count - 1).min(10)).min(longest);
        (self.last + length).min(now + length)
    }
}

/// The pauses that hold.
#[derive(Debug, Default)]
pub struct Pauses {
    people: HashMap<PersonId, Failures>,
    door: Option<Failures>,
}

impl Pauses {
    /// A person was shown who did not prove to be there.
    pub fn failed(&mut self, person: &PersonId, now: Moment) {
        let before = self.people.get(person).copied();
        self.people.insert(person.clone(), Failures::one_more(before, now, PERSON_FORGETS));
        self.door = Some(Failures::one_more(self.door, now, DOOR_FORGETS));
    }

    /// The person is there: their failures are forgotten.
    pub fn passed(&mut self, person: &PersonId) {
        self.people.remove(person);
    }

    /// Until when nobody asks this person; `None` if no pause holds.
    pub fn until(&self, person: &PersonId, now: Moment) -> Option<Moment> {
        let person = self.people.get(person).map(|failures| failures.end(now, PERSON));
        let door = self.door.map(|failures| failures.end(now, DOOR));
        person.max(door).filter(|end| now < *end)
    }

    /// Forgets people who are no longer enrolled.
    pub fn keep(&mut self, is_enrolled: impl Fn(&PersonId) -> bool) {
        self.people.retain(|person, _| is_enrolled(person));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> Moment {
        Moment::from_boot(Duration::from_secs(s))
    }

    fn person(id: &str) -> PersonId {
        PersonId::new(id).expect("an id")
    }

    #[test]
    fn pauses_grow_to_a_minute_for_the_person_and_to_five_seconds_for_everybody_else() {
        let mut pauses = Pauses::default();
        let (mut now, mut lengths) = (100, Vec::new());
        for _ in 0..8 {
            pauses.failed(&person("ada"), at(now));
            let left =
                |who: &str| pauses.until(&person(who), at(now)).map(|end| end.since(at(now)).as_secs());
            lengths.push((left("ada"), left("bob")));
            now += 70;
            assert_eq!(pauses.until(&person("ada"), at(now)), None, "a minute is the most");
        }
        let ada: Vec<u64> = lengths.iter().filter_map(|(ada, _)| *ada).collect();
        assert_eq!(ada, [2, 4, 8, 16, 32, 60, 60, 60]);
        assert!(lengths.iter().all(|(_, bob)| *bob == Some(1)), "the door forgets after a minute");
        let mut pauses = Pauses::default();
        (0..20).for_each(|s| pauses.failed(&person("ada"), at(100 + s)));
        assert_eq!(pauses.until(&person("bob"), at(119)), Some(at(124)));
    }

    #[test]
    fn who_passes_is_not_slowed_any_more_and_time_that_goes_back_makes_no_pause_longer() {
        let mut pauses = Pauses::default();
        (0..9).for_each(|s| pauses.failed(&person("ada"), at(100 + s)));
        assert_eq!(pauses.until(&person("ada"), at(10)), Some(at(70)));
        pauses.passed(&person("ada"));
        assert_eq!(pauses.until(&person("ada"), at(120)), None);
    }
}
