//! PINs that were entered: kept under a number until they are verified or forgotten.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use limen_core::credential::{Digits, PinHash};
use limen_core::people::Means;
use limen_core::person::PersonId;
use limen_core::policy::{EntryId, PinOutcome};

use super::error::DaemonError;
use super::message::Message;
use super::verifier::Verifier;

/// The PIN that was entered last, and the thread that verifies.
pub(super) struct Pins {
    held: Option<(EntryId, Digits)>,
    next: u64,
    verifier: Option<Verifier<PinJob>>,
}

impl Pins {
    /// For a door without keypad: no thread.
    pub fn none() -> Self {
        Self { held: None, next: 0, verifier: None }
    }

    /// Starts the thread that verifies.
    pub fn verified_by_thread(sender: SyncSender<Message>) -> Result<Self, DaemonError> {
        Ok(Self { verifier: Some(Verifier::spawn("verifier", sender, verified)?), ..Self::none() })
    }

    /// Keeps a PIN in place of the one before. Returns its number, which is never used again.
    pub fn keep(&mut self, digits: Digits) -> EntryId {
        let entry = EntryId(self.next);
        self.next += 1;
        self.held = Some((entry, digits));
        entry
    }

    /// Overwrites the digits of a PIN, if it is still kept.
    pub fn forget(&mut self, entry: EntryId) {
        self.held.take_if(|(held, _)| *held == entry);
    }

    /// Has a PIN verified against a person's means, and overwrites it.
    pub fn verify(&mut self, entry: EntryId, person: PersonId, means: Arc<Means>) {
        let digits = self.held.take_if(|(held, _)| *held == entry).map(|(_, digits)| digits);
        if let Some(verifier) = &self.verifier {
            verifier.hand_over(PinJob { entry, person, digits, means });
        }
    }

    /// Whether the thread has ended.
    pub fn verifier_is_gone(&self) -> bool {
        self.verifier.as_ref().is_some_and(Verifier::is_gone)
    }
}

struct PinJob {
    entry: EntryId,
    person: PersonId,
    digits: Option<Digits>,
    means: Arc<Means>,
}

fn verified(job: PinJob) -> Message {
    let PinJob { entry, person, digits, means } = job;
    let outcome = digits.map_or(PinOutcome::Failed, |digits| outcome_of(&digits, &means));
    Message::PinVerified(entry, person, outcome)
}

/// Compares a PIN with both PINs of a person, and always with both: the time must not tell which one it is.
fn outcome_of(digits: &Digits, means: &Means) -> PinOutcome {
    let is_of = |hash: &Option<PinHash>| hash.as_ref().map_or(Ok(false), |hash| hash.is_of(digits));
    match (is_of(&means.pin), is_of(&means.duress)) {
        (_, Ok(true)) => PinOutcome::Duress,
        (Ok(true), Ok(false)) => PinOutcome::Right,
        (Ok(false), Ok(false)) => PinOutcome::Wrong,
        (Err(error), _) | (_, Err(error)) => {
            log::error!("a PIN could not be verified: its hash {error}");
            PinOutcome::Failed
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;
    use std::time::Duration;

    use super::*;

    fn digits(text: &str) -> Digits {
        Digits::new(text).expect("digits")
    }

    #[test]
    fn a_pin_is_verified_once_and_then_gone() {
        let (sender, messages) = sync_channel(4);
        let mut pins = Pins::verified_by_thread(sender).expect("a thread");
        let hash = |text| Some(PinHash::of(&digits(text), [0; 16]).expect("memory"));
        let means = Arc::new(Means { pin: hash("4711"), duress: hash("9035"), ..Means::default() });
        let ada = PersonId::new("ada").expect("an id");
        for (text, expected) in
            [("4711", PinOutcome::Right), ("9035", PinOutcome::Duress), ("4712", PinOutcome::Wrong)]
        {
            let entry = pins.keep(digits(text));
            pins.verify(entry, ada.clone(), Arc::clone(&means));
            let answer = messages.recv_timeout(Duration::from_secs(60)).expect("an answer");
            let Message::PinVerified(answered, person, outcome) = answer else { panic!("another message") };
            assert_eq!((answered, person, outcome), (entry, ada.clone(), expected));
            pins.verify(entry, ada.clone(), Arc::clone(&means));
            let again = messages.recv_timeout(Duration::from_secs(60)).expect("an answer");
            assert!(matches!(again, Message::PinVerified(_, _, PinOutcome::Failed)), "it is gone");
        }
        let forgotten = pins.keep(digits("4711"));
        pins.forget(forgotten);
        assert!(pins.held.is_none() && !pins.verifier_is_gone());
    }

    #[test]
    fn who_has_no_pin_has_no_right_one() {
        assert_eq!(outcome_of(&digits("4711"), &Means::default()), PinOutcome::Wrong);
    }
}
