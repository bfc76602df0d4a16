//! The counts of attempts, for each species of attack and for people.

use std::collections::BTreeMap;

use super::attempt::LivenessAttempt;
use super::outcome::AttemptOutcome;
use super::rates::CountedRate;

/// The attempts of one species, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// All attempts.
    pub attempts: u64,
    /// Those in which something was asked.
    pub asked: u64,
    /// How often each outcome came, in words.
    pub outcomes: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Counts an attempt.
    pub fn add(&mut self, attempt: LivenessAttempt) {
        self.attempts += 1;
        self.asked += u64::from(attempt.is_asked);
        *self.outcomes.entry(attempt.outcome.in_words()).or_default() += 1;
    }

    /// Counts what another has counted.
    pub fn merge(&mut self, other: &Self) {
        self.attempts += other.attempts;
        self.asked += other.asked;
        for (outcome, count) in &other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
    }

    /// How often this outcome came.
    pub fn count(&self, outcome: AttemptOutcome) -> u64 {
        self.outcomes.get(outcome.in_words()).copied().unwrap_or(0)
    }

    /// For an attack: the share of all attempts that was accepted. Whoever does not respond is not let in.
    pub fn apcer(&self) -> Option<CountedRate> {
        CountedRate::of(self.count(AttemptOutcome::Accepted), self.attempts)
    }

    /// For people: the share that was not accepted, of the attempts with a response.
    pub fn bpcer(&self) -> Option<CountedRate> {
        let responded = self.attempts - self.count(AttemptOutcome::NoResponse);
        CountedRate::of(responded - self.count(AttemptOutcome::Accepted), responded)
    }
}

/// The tallies of a measurement.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LivenessTallies {
    /// Attacks, by their species.
    pub attacks: BTreeMap<String, Tally>,
    /// People, by the name of the folder.
    pub people: BTreeMap<String, Tally>,
}

impl LivenessTallies {
    /// Counts the attempts of a clip.
    pub fn add(&mut self, species: &str, live: bool, attempts: &[LivenessAttempt]) {
        let side = if live { &mut self.people } else { &mut self.attacks };
        let tally = side.entry(species.to_owned()).or_default();
        attempts.iter().for_each(|attempt| tally.add(*attempt));
    }

    /// All people together.
    pub fn live(&self) -> Tally {
        self.people.values().fold(Tally::default(), |mut all, tally| {
            all.merge(tally);
            all
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liveness::outcome::RefusalCause;

    fn tally(outcomes: &[(AttemptOutcome, usize)]) -> Tally {
        let mut tally = Tally::default();
        for (outcome, times) in outcomes {
            (0..*times)
                .for_each(|_| tally.add(LivenessAttempt { outcome: *outcome, is_asked: true, known: None }));
        }
        tally
    }

    #[test]
    fn people_who_do_not_respond_count_apart_and_attacks_that_do_not_respond_are_not_let_in() {
        let refused = AttemptOutcome::Refused(RefusalCause::WrongTurn);
        let tally = tally(&[(AttemptOutcome::Accepted, 6), (refused, 2), (AttemptOutcome::NoResponse, 2)]);
        assert_eq!(tally.bpcer().expect("responses").rate, 0.25);
        assert_eq!(tally.apcer().expect("attempts").rate, 0.6);
    }

    #[test]
    fn people_of_all_folders_count_together() {
        let mut tallies = LivenessTallies::default();
        let attempt = LivenessAttempt { outcome: AttemptOutcome::Unsure, is_asked: true, known: None };
        tallies.add("head-10", true, &[attempt]);
        tallies.add("head-30", true, &[attempt, attempt]);
        tallies.add("print", false, &[attempt]);
        assert_eq!(tallies.live().attempts, 3);
        assert_eq!(tallies.live().count(AttemptOutcome::Unsure), 3);
        assert_eq!(tallies.live().bpcer().expect("responses").rate, 1.0);
        assert_eq!(tallies.attacks.len(), 1);
    }
}
