//! A thread of low priority that compares something secret with its hashes: 19 MiB and some tens of milliseconds on a PC
//! for each hash. It answers by a message to the main thread.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use limen_files::failpoint;

use super::error::DaemonError;
use super::message::Message;
use super::process::lower_priority;

/// Jobs that may wait: the policy asks for one at a time.
const QUEUE: usize = 1;

/// The thread, and the way to it.
pub(super) struct Verifier<J> {
    jobs: SyncSender<J>,
    thread: JoinHandle<()>,
}

impl<J: Send + 'static> Verifier<J> {
    /// Starts the thread. `answer` does one job.
    pub fn spawn(
        name: &'static str,
        sender: SyncSender<Message>,
        answer: fn(J) -> Message,
    ) -> Result<Self, DaemonError> {
        let (jobs, waiting) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(name, &waiting, &sender, answer))
            .map_err(|source| DaemonError::System { what: "start the verifier thread", source })?;
        Ok(Self { jobs, thread })
    }

    /// Hands a job over, without waiting. The policy gives up what is never answered.
    pub fn hand_over(&self, job: J) {
        if self.jobs.try_send(job).is_err() {
            log::error!("a PIN or a remote code could not be verified: its thread is gone or hangs");
        }
    }

    /// Whether the thread has ended.
    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }
}

fn work<J>(name: &'static str, jobs: &Receiver<J>, sender: &SyncSender<Message>, answer: fn(J) -> Message) {
    lower_priority();
    while let Ok(job) = jobs.recv() {
        failpoint::reach(name);
        if sender.send(answer(job)).is_err() {
            break;
        }
    }
}
