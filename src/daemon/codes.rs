//! Remote codes that came with commands: kept under a number until they are verified or forgotten.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use limen_core::credential::{Digits, RemoteCode};
use limen_core::policy::{CodeId, CodeOutcome};

use super::error::DaemonError;
use super::message::Message;
use super::verifier::Verifier;

/// The code that came last, and the thread that verifies.
pub(super) struct Codes {
    held: Option<(CodeId, Digits)>,
    next: u64,
    verifier: Option<Verifier<CodeJob>>,
}

struct CodeJob {
    code: CodeId,
    digits: Option<Digits>,
    codes: Arc<[RemoteCode]>,
}

impl Codes {
    /// For a door without gateway: no thread.
    pub fn none() -> Self {
        Self { held: None, next: 0, verifier: None }
    }

    /// Starts the thread that verifies.
    pub fn verified_by_thread(sender: SyncSender<Message>) -> Result<Self, DaemonError> {
        Ok(Self { verifier: Some(Verifier::spawn("code-verifier", sender, verified)?), ..Self::none() })
    }

    /// Keeps a code in place of the one before. Returns its number, which is never used again; `None` if it has no
    /// digits, or anything else.
    pub fn keep(&mut self, text: &str) -> Option<CodeId> {
        let digits = Digits::new(text).filter(|digits| !digits.is_empty())?;
        let code = CodeId(self.next);
        self.next += 1;
        self.held = Some((code, digits));
        Some(code)
    }

    /// Overwrites the digits of a code, if it is still kept.
    pub fn forget(&mut self, code: CodeId) {
        self.held.take_if(|(held, _)| *held == code);
    }

    /// Has a code compared with the site's codes, and overwrites it.
    pub fn verify(&mut self, code: CodeId, codes: Arc<[RemoteCode]>) {
        let digits = self.held.take_if(|(held, _)| *held == code).map(|(_, digits)| digits);
        if let Some(verifier) = &self.verifier {
            verifier.hand_over(CodeJob { code, digits, codes });
        }
    }

    /// Whether the thread has ended.
    pub fn verifier_is_gone(&self) -> bool {
        self.verifier.as_ref().is_some_and(Verifier::is_gone)
    }
}

fn verified(job: CodeJob) -> Message {
    let outcome = job.digits.map_or(CodeOutcome::Failed, |digits| outcome_of(&digits, &job.codes));
    Message::CodeVerified(job.code, outcome)
}

/// Compares with every code, also behind the right one: the time must not tell which one it is.
fn outcome_of(digits: &Digits, codes: &[RemoteCode]) -> CodeOutcome {
    let compared: Result<Vec<bool>, _> = codes.iter().map(|code| code.hash.is_of(digits)).collect();
    match compared {
        Ok(same) => same
            .into_iter()
            .position(|same| same)
            .map_or(CodeOutcome::Wrong, |index| CodeOutcome::Right(codes[index].name.clone())),
        Err(error) => {
            log::error!("a remote code could not be verified: its hash {error}");
            CodeOutcome::Failed
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;
    use std::time::Duration;

    use limen_core::credential::{CodeName, PinHash};

    use super::*;

    #[test]
    fn a_code_is_verified_once_against_all_and_then_gone() {
        let (sender, messages) = sync_channel(4);
        let mut kept = Codes::verified_by_thread(sender).expect("a thread");
        let code = |name, text| RemoteCode {
            name: CodeName::new(name).expect("a name"),
            hash: PinHash::of(&Digits::new(text).expect("digits"), [0; 16]).expect("memory"),
        };
        let codes: Arc<[RemoteCode]> = [code("one", "4815162342"), code("two", "2718281828")].into();
        let two = CodeName::new("two").expect("a name");
        for (text, expected) in [("2718281828", CodeOutcome::Right(two)), ("2718281829", CodeOutcome::Wrong)]
        {
            let id = kept.keep(text).expect("digits");
            for expected in [expected, CodeOutcome::Failed] {
                kept.verify(id, Arc::clone(&codes));
                let answer = messages.recv_timeout(Duration::from_secs(60)).expect("an answer");
                let Message::CodeVerified(answered, outcome) = answer else { panic!("another message") };
                assert_eq!((answered, outcome), (id, expected));
            }
        }
        assert!(kept.keep("open sesame").is_none() && kept.keep("").is_none());
        let forgotten = kept.keep("4815162342").expect("digits");
        kept.forget(forgotten);
        assert!(kept.held.is_none() && !kept.verifier_is_gone());
    }
}
