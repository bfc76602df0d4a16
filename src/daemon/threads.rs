//! The handles of the threads, and how some of them are started. Those of the effects are in `effects`.

use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::thread::JoinHandle;

use limen_audit::Recorder;
use limen_core::policy::RequestId;
use limen_files::failpoint;
use signal_hook::consts::SIGHUP;

use super::error::DaemonError;
use super::message::Message;
use super::mode_keeper::ModeKeeper;
use super::reload_worker::Worker;
use super::vision_thread::VisionThread;
use crate::clocks;
use crate::config::Settings;
use crate::control::{Acceptance, ControlServer, group_number};
use crate::door::DoorSettings;
use crate::door::inputs::InputThread;
use crate::entry::thread::EntryThread;
use crate::service::signals;

/// The file that lists the groups of this machine.
const GROUPS: &str = "/etc/group";

/// The running threads. Door, recorder and verifier are those of [`Effects`](super::effects::Effects).
pub(super) struct Threads {
    /// The control socket, where there is one.
    pub server: Option<ControlServer>,
    /// Turns signals into messages; ends with the process.
    pub signals: JoinHandle<()>,
    /// The input lines, where some are wired.
    pub inputs: Option<InputThread>,
    /// Keypad and reader, if there are any.
    pub entries: Vec<EntryThread>,
    /// Writes the commanded mode to the disk.
    pub mode_keeper: ModeKeeper,
    /// Reads configuration and gallery. No other thread writes the template store.
    pub worker: Worker,
    /// Looks at the frames of a camera or a recording.
    pub vision: VisionThread,
}

/// Starts the thread that appends to the audit.
pub(super) fn recorder(
    settings: &Settings,
    sender: &SyncSender<Message>,
) -> Result<Recorder<RequestId>, DaemonError> {
    let (answers, troubles) = (sender.clone(), sender.clone());
    Ok(Recorder::spawn(
        &settings.audit,
        clocks::now,
        move |request, accepted| {
            drop(answers.try_send(Message::Answered(request, accepted, clocks::moment())));
        },
        move |_| drop(troubles.try_send(Message::Look)),
    )?)
}

/// Starts the thread of the input lines. It waits while the main thread is busy, so that no change is lost.
pub(super) fn inputs(
    door: &DoorSettings,
    sender: &SyncSender<Message>,
) -> Result<Option<InputThread>, DaemonError> {
    let sender = sender.clone();
    Ok(InputThread::spawn(door, move |report| sender.send(Message::Input(report)).is_ok())?)
}

/// Starts the control socket. If the system does not know the group of operators, the log says so and nobody
/// is an operator.
pub(super) fn control(
    path: &Path,
    operators: Option<&str>,
    sender: &SyncSender<Message>,
) -> Result<ControlServer, DaemonError> {
    let number = operators.and_then(|name| {
        let number = group_number(&std::fs::read_to_string(GROUPS).unwrap_or_default(), name);
        if number.is_none() {
            log::error!("[control] operators: {GROUPS} has no group \"{name}\"; nobody is an operator");
        }
        number
    });
    let sender = sender.clone();
    let take = move |heard| match sender.try_send(Message::Heard(heard)) {
        Ok(()) => Acceptance::Yes,
        Err(TrySendError::Full(_)) => Acceptance::Busy,
        Err(TrySendError::Disconnected(_)) => Acceptance::Gone,
    };
    Ok(ControlServer::start(path, number, take)?)
}

/// Starts the thread that turns signals into messages: every signal that would end or stop the process, and
/// SIGHUP. The thread ends with the process.
pub(super) fn signals(sender: &SyncSender<Message>) -> Result<JoinHandle<()>, DaemonError> {
    let failed = |source| DaemonError::System { what: "listen for signals", source };
    let mut signals =
        signal_hook::iterator::Signals::new(signals::that_end().chain([SIGHUP])).map_err(failed)?;
    let sender = sender.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in &mut signals {
                failpoint::reach("signals");
                // The main thread may have ended already.
                let _ = sender.send(Message::Signal(signal));
            }
        })
        .map_err(failed)
}
