//! The daemon's Unix socket: commands in, status and events out, one JSON object a line.
//!
//! Whoever may open the socket (root, the service's user, group limen) may ask for the status, the alarms, and to
//! lock. Operators, a group that the site names, unlock, change the mode and acknowledge alarms; the rest is for
//! administrators: root and the service's own user. A client is bounded in number, line length and time, so that none
//! can hold the daemon up. The protocol is in `docs/control.md`.

mod client;
mod peer;
mod places;
mod server;

use std::io::ErrorKind;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use client::{ask, ask_either, follow};
pub use peer::{Right, group_number};
pub use server::{ControlServer, Taken};

use limen_core::event::{AlarmKind, Caller, Mode, StoreChange};
use limen_core::person::printable;

/// Version of the protocol; every line carries it.
pub const VERSION: u32 = 1;
/// The socket's name in the run-time folder.
pub const SOCKET: &str = "control.sock";
/// The longest request; ours are shorter than 100 bytes.
pub const MAX_REQUEST: usize = 4096;
/// Clients at once: an administrator, a monitor, some others.
pub const MAX_CLIENTS: usize = 8;
/// Of these, so many may be no administrators: some places are always left for who can mend something.
pub const MAX_GUESTS: usize = 6;
/// Of these, so many may be no operators either: whoever may only look keeps nobody from the door.
pub const MAX_PLAIN: usize = 4;
/// The longest reason that a request is refused with.
const MAX_REASON: usize = 300;
/// How long a client may take to say what it wants.
pub const CLIENT_PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer may take: a reload embeds new photographs, a second each on a slow Pi.
pub const ANSWER_PATIENCE: Duration = Duration::from_secs(600);

/// What the server answers when the daemon has not.
const NO_ANSWER: &str = "the daemon gave no answer";

/// Why the socket, or a request over it, failed.
#[derive(Debug, Error)]
pub enum ControlError {
    /// The socket cannot be made or reached.
    #[error("{socket}: {what}: {source}")]
    Socket {
        /// Its path.
        socket: String,
        /// What was tried, and the remedy.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// Another daemon answers there.
    #[error("{socket}: another daemon is running; stop it first (systemctl stop limen)")]
    AlreadyRunning {
        /// Its path.
        socket: String,
    },
    /// The daemon said something that this version does not understand.
    #[error("the daemon's answer cannot be read: {0}; the daemon may be of another version")]
    Answer(String),
    /// The daemon said no.
    #[error("{0}")]
    Refused(String),
    /// It has said nothing for [`ANSWER_PATIENCE`], which is no no: it may still do what it was asked for.
    #[error("{NO_ANSWER}")]
    NoAnswer,
}

impl ControlError {
    /// Nobody is at the other end: a daemon that was killed leaves its socket behind.
    pub fn nobody_listens(&self) -> bool {
        matches!(self, Self::Socket { source, .. } if source.kind() == ErrorKind::ConnectionRefused)
    }
}

/// What a client may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "command", deny_unknown_fields)]
pub enum Request {
    /// What the daemon is doing.
    Status,
    /// Read configuration and gallery again; answered when the new gallery is in force or refused.
    Reload,
    /// Lock now.
    Lock,
    /// Unlock for a number of seconds, as for a test of the relay.
    Unlock {
        /// 1 to 30.
        seconds: u64,
    },
    /// Put a mode into force; without one the schedules decide again.
    Mode {
        /// Which.
        #[serde(default)]
        mode: Option<Mode>,
    },
    /// The alarms that are not cleared.
    Alarms,
    /// An alarm was seen; without one all of them.
    Acknowledge {
        /// Which.
        #[serde(default)]
        alarm: Option<AlarmKind>,
    },
    /// Every event from now on, a line each.
    Events,
    /// One picture of the camera, to aim it.
    Snapshot,
    /// Take a person out of the records; answered when that is done.
    Forget {
        /// Whom.
        id: String,
    },
    /// Change the template store; answered when that is done.
    Store {
        /// How.
        action: StoreChange,
    },
}

impl Request {
    /// Who may ask this.
    pub fn needs(&self) -> Right {
        match self {
            Self::Status | Self::Lock | Self::Alarms => Right::Everybody,
            Self::Unlock { .. } | Self::Mode { .. } | Self::Acknowledge { .. } | Self::Events => {
                Right::Operator
            }
            Self::Reload | Self::Snapshot | Self::Forget { .. } | Self::Store { .. } => Right::Administrator,
        }
    }

    /// Its name in the protocol and in the records.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Reload => "reload",
            Self::Lock => "lock",
            Self::Unlock { .. } => "unlock",
            Self::Mode { .. } => "mode",
            Self::Alarms => "alarms",
            Self::Acknowledge { .. } => "acknowledge",
            Self::Events => "events",
            Self::Snapshot => "snapshot",
            Self::Forget { .. } => "forget",
            Self::Store { .. } => "store",
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    v: u32,
    #[serde(flatten)]
    request: Request,
}

/// Reads one request line.
pub fn parse_request(line: &[u8]) -> Result<Request, String> {
    // What serde says repeats what the client sent.
    let envelope: Envelope = serde_json::from_slice(line)
        .map_err(|error| printable(&format!("not a request: {error}"), MAX_REASON))?;
    if envelope.v != VERSION {
        return Err(format!("protocol version {} where this daemon speaks {VERSION}", envelope.v));
    }
    Ok(envelope.request)
}

/// Writes one request line, with its newline.
pub fn request_line(request: &Request) -> String {
    let envelope = Envelope { v: VERSION, request: request.clone() };
    // Numbers and fixed names: nothing in it can fail to be JSON.
    serde_json::to_string(&envelope).map(|text| text + "\n").unwrap_or_default()
}

/// The answer to a request, or one event: always an object with `v` and `ok`.
pub type Answer = serde_json::Map<String, serde_json::Value>;

/// An answer that carries these fields.
pub fn yes(fields: serde_json::Value) -> Answer {
    let mut answer = Answer::new();
    answer.insert("v".to_owned(), VERSION.into());
    answer.insert("ok".to_owned(), true.into());
    if let serde_json::Value::Object(fields) = fields {
        answer.extend(fields);
    }
    answer
}

/// An answer that says why not.
pub fn no(error: &str) -> Answer {
    let mut answer = Answer::new();
    answer.insert("v".to_owned(), VERSION.into());
    answer.insert("ok".to_owned(), false.into());
    answer.insert("error".to_owned(), error.into());
    answer
}

/// A request on its way to the main thread, with the way back.
#[derive(Debug)]
pub struct Asked {
    /// What.
    pub request: Request,
    /// By whom.
    pub caller: Caller,
    /// What that one may ask.
    pub right: Right,
    /// Takes the answer; for [`Request::Events`] every event, until the client is gone or too slow.
    pub reply: SyncSender<Answer>,
}

/// What the server hears.
#[derive(Debug)]
pub enum Heard {
    /// A request that the caller may make.
    Asked(Asked),
    /// A client that was turned away, for the records.
    TurnedAway {
        /// Who, if the kernel knows.
        caller: Option<Caller>,
        /// The name of the request, if it was one.
        command: Option<&'static str>,
        /// Why.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reads_what_it_writes() {
        let forget = Request::Forget { id: "ada".to_owned() };
        let mode = Request::Mode { mode: Some(Mode::LockDown) };
        let seen = Request::Acknowledge { alarm: Some(AlarmKind::DoorForced) };
        let rotate = Request::Store { action: StoreChange::Rotate };
        let all =
            [Request::Status, Request::Unlock { seconds: 3 }, Request::Events, forget, mode, seen, rotate];
        for request in all {
            assert_eq!(parse_request(request_line(&request).trim_end().as_bytes()), Ok(request));
        }
    }

    #[test]
    fn malformed_requests_are_refused_with_the_reason() {
        for (line, says) in [
            ("", "not a request"),
            ("{}", "not a request"),
            (r#"{"v":2,"command":"status"}"#, "version 2"),
            (r#"{"v":1,"command":"open-sesame"}"#, "not a request"),
            (r#"{"v":1,"command":"unlock","seconds":-1}"#, "not a request"),
        ] {
            let error = parse_request(line.as_bytes()).expect_err(line);
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn only_harmless_requests_are_for_everybody() {
        let harmless = [Request::Lock, Request::Status, Request::Alarms];
        assert!(harmless.iter().all(|request| request.needs() == Right::Everybody));
        assert_eq!(Request::Unlock { seconds: 1 }.needs(), Right::Operator);
        assert_eq!(Request::Snapshot.needs(), Right::Administrator);
        assert!(Right::Everybody < Right::Operator && Right::Operator < Right::Administrator);
    }

    #[test]
    fn a_mode_that_is_left_out_means_the_schedules() {
        assert_eq!(parse_request(br#"{"v":1,"command":"mode"}"#), Ok(Request::Mode { mode: None }));
        assert!(parse_request(br#"{"v":1,"command":"mode","mode":"party"}"#).is_err());
    }
}
