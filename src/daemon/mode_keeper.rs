//! Keeps a commanded mode over a restart, in a file of the state folder, on a thread of its own: a card may take its time.
//!
//! What cannot be read at the start may have been a lock-down, so it is one. Whoever commands a mode is answered when it
//! is on the disk, where no power cut undoes it.

use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use limen_core::event::Mode;
use limen_files::failpoint;
use limen_files::{Trust, read_trusted_text, write_atomically};

use super::error::DaemonError;
use crate::control::{Answer, no};

/// The name of the file in the state folder.
const NAME: &str = "mode";
/// What the file says where the schedules decide.
const SCHEDULE: &str = "schedule";
/// The longest name of a mode is shorter.
const MAX_BYTES: u64 = 64;

/// A client that waits until the mode is on the disk, and what it is told then.
type Client = (SyncSender<Answer>, Answer);

#[derive(Default)]
struct State {
    /// What is to be written; the newest only.
    order: Option<Option<Mode>>,
    /// The newest but what `order` says is on its way to the disk.
    writing: bool,
    clients: Vec<Client>,
    /// Why the file does not say what was commanded last.
    trouble: Option<String>,
}

/// The handle of the thread that keeps the mode.
pub(super) struct ModeKeeper {
    file: PathBuf,
    shared: Arc<(Mutex<State>, Condvar)>,
    thread: JoinHandle<()>,
}

impl ModeKeeper {
    /// Starts the thread, which ends with the process.
    pub fn spawn(state_folder: &Path) -> Result<Self, DaemonError> {
        let file = state_folder.join(NAME);
        let shared = Arc::<(Mutex<State>, Condvar)>::default();
        let thread = std::thread::Builder::new()
            .name("mode-keeper".to_owned())
            .spawn({
                let (file, shared) = (file.clone(), Arc::clone(&shared));
                move || keep(&file, &shared)
            })
            .map_err(|source| DaemonError::System { what: "start the thread that keeps the mode", source })?;
        Ok(Self { file, shared, thread })
    }

    /// The mode that was commanded before the start. A file that cannot be read or makes no sense is a lock-down, and
    /// trouble until another mode is kept.
    pub fn recall(&self) -> Option<Mode> {
        let unreadable = match read_trusted_text(&self.file, MAX_BYTES, Trust::Checked) {
            Ok(text) if text.trim() == SCHEDULE => return None,
            Ok(text) => match Mode::named(text.trim()) {
                Some(mode) => return Some(mode),
                None => format!("{}: names no mode", self.file.display()),
            },
            Err(error) if error.is_missing() => return None,
            Err(error) => error.to_string(),
        };
        let what =
            format!("{unreadable}; the door is in lock-down until a mode is commanded (limen mode normal)");
        lock(&self.shared.0).trouble = Some(what);
        Some(Mode::LockDown)
    }

    /// Has a mode written down, or that there is none; `client` is answered when that is on the disk.
    pub fn keep(&self, mode: Option<Mode>, client: Option<Client>) {
        let mut state = lock(&self.shared.0);
        state.order = Some(mode);
        state.clients.extend(client);
        self.shared.1.notify_all();
    }

    /// Why the mode will not outlast a restart, while that is so.
    pub fn trouble(&self) -> Option<String> {
        lock(&self.shared.0).trouble.clone()
    }

    /// Waits until everything is on the disk, or until so much time is over.
    pub fn finish(&self, patience: Duration) {
        let busy = |state: &mut State| state.order.is_some() || state.writing;
        // Whoever waits for a thread that is gone waits for that long.
        drop(self.shared.1.wait_timeout_while(lock(&self.shared.0), patience, busy));
    }

    /// The thread has ended, which it does not do by itself.
    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep(file: &Path, (state, ordered): &(Mutex<State>, Condvar)) {
    loop {
        let (mode, clients) = {
            let mut state = lock(state);
            while state.order.is_none() {
                state = ordered.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.writing = true;
            (state.order.take().flatten(), std::mem::take(&mut state.clients))
        };
        failpoint::reach("mode-keeper");
        let written = write(file, mode);
        {
            let mut state = lock(state);
            let why = written.as_ref().err();
            state.trouble = why.map(|why| format!("the mode will not outlast a restart: {why}"));
            state.writing = false;
        }
        ordered.notify_all();
        for (client, answer) in clients {
            let answer = match &written {
                Ok(()) => answer,
                Err(why) => no(&format!("the mode is in force now, but not after a restart: {why}")),
            };
            // Whoever commanded it may have left.
            let _ = client.try_send(answer);
        }
    }
}

fn write(file: &Path, mode: Option<Mode>) -> Result<(), String> {
    if mode.is_none() && !file.exists() {
        return Ok(());
    }
    let name = mode.map_or(SCHEDULE, Mode::name);
    write_atomically(file, name.as_bytes(), 0o600).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;
    use crate::control::yes;

    fn kept(keeper: &ModeKeeper, mode: Option<Mode>) -> Answer {
        let (sender, answers) = sync_channel(1);
        keeper.keep(mode, Some((sender, yes(serde_json::json!({})))));
        answers.recv_timeout(Duration::from_secs(20)).expect("an answer")
    }

    #[test]
    fn a_mode_is_on_the_disk_when_its_command_is_answered_and_back_after_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let keeper = ModeKeeper::spawn(folder.path()).expect("a thread");
        assert_eq!(keeper.recall(), None);
        for mode in Mode::ALL {
            assert_eq!(kept(&keeper, Some(mode))["ok"], true);
            assert_eq!(ModeKeeper::spawn(folder.path()).expect("a thread").recall(), Some(mode));
        }
        assert_eq!(kept(&keeper, None)["ok"], true);
        assert_eq!(ModeKeeper::spawn(folder.path()).expect("a thread").recall(), None);
    }

    #[test]
    fn a_file_that_cannot_be_read_or_names_no_mode_is_a_lock_down_and_trouble_until_a_mode_is_kept() {
        let broken: [fn(&Path); 4] = [
            |file| std::fs::write(file, "lock").expect("written"),
            |file| std::fs::write(file, "").expect("written"),
            |file| std::fs::write(file, [0xff; 9]).expect("written"),
            |file| std::fs::create_dir(file).expect("made"),
        ];
        for (number, make) in broken.into_iter().enumerate() {
            let folder = tempfile::tempdir().expect("a folder");
            make(&folder.path().join(NAME));
            let keeper = ModeKeeper::spawn(folder.path()).expect("a thread");
            assert_eq!(keeper.recall(), Some(Mode::LockDown), "{number}");
            assert!(keeper.trouble().is_some_and(|what| what.contains("lock-down")), "{number}");
            if number < 3 {
                assert_eq!(kept(&keeper, Some(Mode::Normal))["ok"], true);
                assert_eq!(keeper.trouble(), None, "{number}");
            }
        }
    }

    #[test]
    fn at_the_end_a_mode_that_nobody_waits_for_is_on_the_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        let keeper = ModeKeeper::spawn(folder.path()).expect("a thread");
        keeper.keep(Some(Mode::LockDown), None);
        keeper.finish(Duration::from_secs(20));
        let kept = std::fs::read_to_string(folder.path().join(NAME)).expect("a file");
        assert_eq!(kept, "lock-down");
    }

    #[test]
    fn a_mode_that_cannot_be_written_is_said_so_and_stays_trouble() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(NAME)).expect("made");
        let keeper = ModeKeeper::spawn(folder.path()).expect("a thread");
        let answer = kept(&keeper, Some(Mode::LockDown));
        assert_eq!(answer["ok"], false);
        assert!(
            answer["error"].as_str().is_some_and(|why| why.contains("not after a restart")),
            "{answer:?}"
        );
    }
}
