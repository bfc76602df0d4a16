//! The handles of the threads, and how some of them are started. Those of the effects are in `effects`.

use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::thread::JoinHandle;

use limen_audit::Recorder;
use limen_core::policy::RequestId;
use limen_files::failpoint;
use signal_hook::consts::SIGHUP;

use super::codes::Codes;
use super::error::DaemonError;
use super::message::Message;
use super::mode_keeper::ModeKeeper;
use super::reload_worker::Worker;
use super::vision_thread::VisionThread;
use crate::clocks;
use crate::config::Settings;
use crate::control::{
    Acceptance, ControlServer, Entrance, GATEWAY_SOCKET, Heard, group_number, user_numbers,
};
use crate::door::DoorSettings;
use crate::door::inputs::InputThread;
use crate::entry::thread::EntryThread;
use crate::service::signals;

/// The file that lists the groups of this machine.
const GROUPS: &str = "/etc/group";
/// The file that lists the users of this machine.
const USERS: &str = "/etc/passwd";

/// The running threads. Door, recorder and verifier are those of [`Effects`](super::effects::Effects).
pub(super) struct Threads {
    /// The control socket, where there is one.
    pub server: Option<ControlServer>,
    /// The gateway's socket, where there is one.
    pub gateway: Option<ControlServer>,
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
    Ok(ControlServer::start(path, Entrance::Operators { group: number }, take(sender))?)
}

/// Starts the gateway's socket beside the operators' one, and the thread that verifies remote codes, where the
/// configuration has a gateway. The door does not need the socket: what fails is said in the log.
pub(super) fn gateway(
    settings: &Settings,
    control: Option<&Path>,
    sender: &SyncSender<Message>,
) -> Result<(Option<ControlServer>, Codes), DaemonError> {
    let Some((user, control)) = settings.gateway_user().zip(control) else {
        return Ok((None, Codes::none()));
    };
    let codes = Codes::verified_by_thread(sender.clone())?;
    let path = control.with_file_name(GATEWAY_SOCKET);
    let Some((number, group)) = user_numbers(&std::fs::read_to_string(USERS).unwrap_or_default(), user)
    else {
        log::error!(
            "[control.gateway] user: {USERS} has no user \"{user}\"; there is no socket for the gateway"
        );
        return Ok((None, codes));
    };
    let server = ControlServer::start(&path, Entrance::Gateway { user: number, group }, take(sender))
        .inspect_err(|error| log::error!("{error}; there is no socket for the gateway"))
        .ok();
    Ok((server, codes))
}

/// Hands what a server heard to the main thread.
fn take(sender: &SyncSender<Message>) -> impl Fn(Heard) -> Acceptance + Send + Sync + 'static {
    let sender = sender.clone();
    move |heard| match sender.try_send(Message::Heard(heard)) {
        Ok(()) => Acceptance::Yes,
        Err(TrySendError::Full(_)) => Acceptance::Busy,
        Err(TrySendError::Disconnected(_)) => Acceptance::Gone,
    }
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
