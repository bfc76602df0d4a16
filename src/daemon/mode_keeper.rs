//! Keeps two things over a restart: a commanded mode, and whether a schedule demands lock-down, for a start
//! without a clock. They are in a file of the state folder, written by a thread of its own because an SD card
//! can be slow.
//!
//! A file that cannot be read at the start may have been a lock-down, so it counts as one. A client that
//! commands a mode is answered when the mode is on the disk, so that no power cut undoes it.

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
/// The first word of the file if the schedules decide.
const SCHEDULE: &str = "schedule";
/// The second word while a schedule demands lock-down.
const LOCKED_DOWN: &str = "lock-down-by-schedule";
/// The most bytes that are read; the longest content is shorter.
const MAX_BYTES: u64 = 64;

/// A client that waits until the mode is on the disk, and its answer.
type WaitingClient = (SyncSender<Answer>, Answer);

/// What is kept over a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct KeptMode {
    /// The mode that was commanded; `None`: the schedules decide.
    pub commanded: Option<Mode>,
    /// Whether a schedule demands lock-down, whatever mode is commanded.
    pub locked_down_by_schedule: bool,
}

impl KeptMode {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let commanded = match words.next()? {
            SCHEDULE => None,
            name => Some(Mode::named(name)?),
        };
        let locked_down_by_schedule = match (words.next(), words.next()) {
            (None, _) => false,
            (Some(LOCKED_DOWN), None) => true,
            _ => return None,
        };
        Some(Self { commanded, locked_down_by_schedule })
    }

    fn text(self) -> String {
        let commanded = self.commanded.map_or(SCHEDULE, Mode::name);
        let scheduled = if self.locked_down_by_schedule { format!(" {LOCKED_DOWN}") } else { String::new() };
        format!("{commanded}{scheduled}")
    }
}

#[derive(Default)]
struct ModeState {
    newest: KeptMode,
    /// `newest` is not on its way to the disk yet.
    due: bool,
    /// The thread is writing.
    writing: bool,
    /// The file could not be read: it stays, and means lock-down at every start, until a command replaces it.
    unreadable: bool,
    clients: Vec<WaitingClient>,
    /// Why the file does not have the mode that was commanded last.
    trouble: Option<String>,
}

/// The handle of the thread that writes the mode.
pub(super) struct ModeKeeper {
    file: PathBuf,
    shared: Arc<(Mutex<ModeState>, Condvar)>,
    thread: JoinHandle<()>,
}

impl ModeKeeper {
    /// Starts the thread. It ends with the process.
    pub fn spawn(state_folder: &Path) -> Result<Self, DaemonError> {
        let file = state_folder.join(NAME);
        let shared = Arc::<(Mutex<ModeState>, Condvar)>::default();
        let thread = std::thread::Builder::new()
            .name("mode-keeper".to_owned())
            .spawn({
                let (file, shared) = (file.clone(), Arc::clone(&shared));
                move || keep(&file, &shared)
            })
            .map_err(|source| DaemonError::System { what: "start the thread that keeps the mode", source })?;
        Ok(Self { file, shared, thread })
    }

    /// What was kept before the start; the commanded mode only if `keeps_commands`. A file that cannot be
    /// read or makes no sense means lock-down. With `keeps_commands` it is also trouble until another mode is
    /// kept.
    pub fn recall(&self, keeps_commands: bool) -> KeptMode {
        let mut state = lock(&self.shared.0);
        let mut kept = self.read().unwrap_or_else(|why| {
            if keeps_commands {
                let until = "the door is in lock-down until a mode is commanded (limen mode normal)";
                state.trouble = Some(format!("{why}; {until}"));
                state.unreadable = true;
            }
            KeptMode { commanded: Some(Mode::LockDown), locked_down_by_schedule: true }
        });
        kept.commanded = kept.commanded.filter(|_| keeps_commands);
        state.newest = kept;
        kept
    }

    fn read(&self) -> Result<KeptMode, String> {
        match read_trusted_text(&self.file, MAX_BYTES, Trust::Checked) {
            Ok(text) => {
                KeptMode::parse(&text).ok_or_else(|| format!("{}: does not name a mode", self.file.display()))
            }
            Err(error) if error.is_missing() => Ok(KeptMode::default()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Has a commanded mode written, or that there is none. `client` is answered when it is on the disk.
    pub fn keep(&self, mode: Option<Mode>, client: Option<WaitingClient>) {
        let mut state = lock(&self.shared.0);
        state.newest.commanded = mode;
        (state.due, state.unreadable) = (true, false);
        state.clients.extend(client);
        self.shared.1.notify_all();
    }

    /// Has written whether a schedule demands lock-down, if that has changed.
    pub fn keep_scheduled(&self, locked_down: bool) {
        let mut state = lock(&self.shared.0);
        if state.newest.locked_down_by_schedule != locked_down {
            state.newest.locked_down_by_schedule = locked_down;
            state.due |= !state.unreadable;
            self.shared.1.notify_all();
        }
    }

    /// Why the mode would not outlast a restart; `None` if it would.
    pub fn trouble(&self) -> Option<String> {
        lock(&self.shared.0).trouble.clone()
    }

    /// Waits until everything is on the disk, at most for `patience`.
    pub fn finish(&self, patience: Duration) {
        let busy = |state: &mut ModeState| state.due || state.writing;
        // If the thread is gone, this waits for the whole time.
        drop(self.shared.1.wait_timeout_while(lock(&self.shared.0), patience, busy));
    }

    /// Whether the thread has ended, which is a fault.
    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }
}

fn lock(state: &Mutex<ModeState>) -> MutexGuard<'_, ModeState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep(file: &Path, (state, ordered): &(Mutex<ModeState>, Condvar)) {
    loop {
        let (newest, clients) = {
            let mut state = lock(state);
            while !state.due {
                state = ordered.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            (state.due, state.writing) = (false, true);
            (state.newest, std::mem::take(&mut state.clients))
        };
        failpoint::reach("mode-keeper");
        let written = write(file, newest);
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
            // The client may have left.
            let _ = client.try_send(answer);
        }
    }
}

fn write(file: &Path, newest: KeptMode) -> Result<(), String> {
    if newest == KeptMode::default() && !file.exists() {
        return Ok(());
    }
    write_atomically(file, newest.text().as_bytes(), 0o600).map_err(|error| error.to_string())
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

    fn recalled(folder: &Path, keeps_commands: bool) -> KeptMode {
        ModeKeeper::spawn(folder).expect("a thread").recall(keeps_commands)
    }

    #[test]
    fn a_lock_down_by_schedule_outlasts_a_restart_whether_or_not_commands_do() {
        let folder = tempfile::tempdir().expect("a folder");
        let keeper = ModeKeeper::spawn(folder.path()).expect("a thread");
        for locked_down in [true, false] {
            keeper.keep_scheduled(locked_down);
            keeper.finish(Duration::from_secs(20));
            for keeps_commands in [true, false] {
                let kept = KeptMode { commanded: None, locked_down_by_schedule: locked_down };
                assert_eq!(recalled(folder.path(), keeps_commands), kept);
            }
        }
        keeper.keep_scheduled(true);
        kept(&keeper, Some(Mode::OfficeOpen));
        let both = KeptMode { commanded: Some(Mode::OfficeOpen), locked_down_by_schedule: true };
        assert_eq!(recalled(folder.path(), true), both);
        std::fs::write(folder.path().join(NAME), "schedule lock").expect("half of it");
        assert!(recalled(folder.path(), false).locked_down_by_schedule, "it may have been one");
    }

    #[test]
    fn a_mode_is_on_the_disk_when_its_command_is_answered_and_back_after_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let keeper = ModeKeeper::spawn(folder.path()).expect("a thread");
        assert_eq!(keeper.recall(true), KeptMode::default());
        for mode in Mode::ALL {
            assert_eq!(kept(&keeper, Some(mode))["ok"], true);
            assert_eq!(recalled(folder.path(), true).commanded, Some(mode));
            assert_eq!(recalled(folder.path(), false).commanded, None, "where commands are not kept");
        }
        assert_eq!(kept(&keeper, None)["ok"], true);
        assert_eq!(recalled(folder.path(), true), KeptMode::default());
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
            assert_eq!(keeper.recall(true).commanded, Some(Mode::LockDown), "{number}");
            keeper.keep_scheduled(false);
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
