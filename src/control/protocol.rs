//! The lines of the socket: what a client can ask for, who may ask it, and the answers.

use std::fmt;
use std::time::Duration;

use limen_core::event::{AlarmKind, Mode, StoreChange};
use limen_core::person::printable;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use super::peer::Right;

/// The version of the protocol, which every line contains.
pub const VERSION: u32 = 1;
/// The name of the socket in the run-time folder.
pub const SOCKET: &str = "control.sock";
/// The name of the gateway's socket in the run-time folder.
pub const GATEWAY_SOCKET: &str = "gateway.sock";
/// The longest request, in bytes; those of `limen` are shorter than 100.
pub const MAX_REQUEST: usize = 4096;
/// The longest reason for a refusal, in characters.
const MAX_REASON: usize = 300;
/// How long an answer may take: a reload embeds new photographs, one per second on a slow Pi.
pub const ANSWER_PATIENCE: Duration = Duration::from_secs(600);

/// The server's answer if the daemon gave none.
pub(super) const NO_ANSWER: &str = "the daemon gave no answer";

/// What a client can ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "command", deny_unknown_fields)]
pub enum Request {
    /// Tell what the daemon is doing.
    Status,
    /// Read configuration and gallery again. Answered when the new gallery is in force or refused.
    Reload,
    /// Lock the door now.
    Lock,
    /// Unlock for some seconds, for example to test the relay.
    Unlock {
        /// The seconds, 1 to 30.
        seconds: u64,
    },
    /// Set a mode; without one the schedules decide again.
    Mode {
        /// The mode to set.
        #[serde(default)]
        mode: Option<Mode>,
    },
    /// List the alarms that are not cleared.
    Alarms,
    /// Acknowledge an alarm; without one all alarms.
    Acknowledge {
        /// The alarm to acknowledge.
        #[serde(default)]
        alarm: Option<AlarmKind>,
    },
    /// Send all events from now on, one per line.
    Events,
    /// Send one picture of the camera, for aiming it.
    Snapshot,
    /// Forget a person in the records. Answered when that is done.
    Forget {
        /// The person's id.
        id: String,
    },
    /// Change the template store. Answered when that is done.
    Store {
        /// The kind of change.
        action: StoreChange,
    },
}

impl Request {
    /// The right that this request needs.
    pub fn needs(&self) -> Right {
        match self {
            Self::Status | Self::Lock | Self::Alarms => Right::Everybody,
            Self::Unlock { .. } | Self::Mode { .. } | Self::Acknowledge { .. } | Self::Events => {
                Right::Operator
            }
            Self::Reload | Self::Snapshot | Self::Forget { .. } | Self::Store { .. } => Right::Administrator,
        }
    }

    /// Whether the gateway may ever ask for it: nothing that needs an administrator.
    pub fn is_for_the_gateway(&self) -> bool {
        self.needs() < Right::Administrator
    }

    /// The request's name in the protocol and in the records.
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

/// What a command from the network carries, as the gateway hands it on. It says nothing of who is at the other end.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// When the command was given, by the sender's clock, in microseconds since 1970.
    pub at_us: Option<i64>,
    /// The digits of a remote code.
    pub code: Option<String>,
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof").field("at_us", &self.at_us).finish_non_exhaustive()
    }
}

impl Drop for Proof {
    fn drop(&mut self) {
        self.code.zeroize();
    }
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    v: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remote: Option<Proof>,
    #[serde(flatten)]
    request: Request,
}

/// Reads one request line of the operators' socket.
pub fn parse_request(line: &[u8]) -> Result<Request, String> {
    match parse_remote_request(line)? {
        (request, None) => Ok(request),
        (_, Some(_)) => Err("not a request: only the gateway hands commands on".to_owned()),
    }
}

/// Reads one request line of the gateway's socket, with what its command carries.
pub fn parse_remote_request(line: &[u8]) -> Result<(Request, Option<Proof>), String> {
    // serde's message would repeat what the client sent.
    let envelope: Envelope = serde_json::from_slice(line)
        .map_err(|error| printable(&format!("not a request: {error}"), MAX_REASON))?;
    if envelope.v != VERSION {
        return Err(format!("protocol version {} where this daemon speaks {VERSION}", envelope.v));
    }
    Ok((envelope.request, envelope.remote))
}

/// Writes one request line, with its newline.
pub fn request_line(request: &Request) -> String {
    let envelope = Envelope { v: VERSION, remote: None, request: request.clone() };
    // Numbers and fixed names are always valid JSON.
    serde_json::to_string(&envelope).map(|text| text + "\n").unwrap_or_default()
}

/// The answer to a request, or an event: an object that always has `v` and `ok`.
pub type Answer = serde_json::Map<String, serde_json::Value>;

/// A positive answer with these fields.
pub fn yes(fields: serde_json::Value) -> Answer {
    let mut answer = Answer::new();
    answer.insert("v".to_owned(), VERSION.into());
    answer.insert("ok".to_owned(), true.into());
    if let serde_json::Value::Object(fields) = fields {
        answer.extend(fields);
    }
    answer
}

/// A negative answer with the reason.
pub fn no(error: &str) -> Answer {
    let mut answer = Answer::new();
    answer.insert("v".to_owned(), VERSION.into());
    answer.insert("ok".to_owned(), false.into());
    answer.insert("error".to_owned(), error.into());
    answer
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
    fn only_the_gateway_says_what_a_command_carries_and_it_never_gets_an_administrators_right() {
        let line = br#"{"v":1,"command":"unlock","seconds":3,"remote":{"at_us":5,"code":"4815162342"}}"#;
        let (request, proof) = parse_remote_request(line).expect("a request");
        let proof = proof.expect("a proof");
        assert_eq!((request, proof.at_us), (Request::Unlock { seconds: 3 }, Some(5)));
        assert!(!format!("{proof:?}").contains("4815"), "{proof:?}");
        assert!(parse_request(line).expect_err("refused").contains("only the gateway"));
        assert!(parse_remote_request(br#"{"v":1,"command":"lock","remote":{"uid":0}}"#).is_err());
        let forget = Request::Forget { id: "ada".to_owned() };
        let store = Request::Store { action: StoreChange::Rotate };
        assert!(
            [Request::Reload, Request::Snapshot, forget, store].iter().all(|one| !one.is_for_the_gateway())
        );
        assert!([Request::Lock, Request::Events, Request::Status].iter().all(Request::is_for_the_gateway));
    }

    #[test]
    fn a_mode_that_is_left_out_means_the_schedules() {
        assert_eq!(parse_request(br#"{"v":1,"command":"mode"}"#), Ok(Request::Mode { mode: None }));
        assert!(parse_request(br#"{"v":1,"command":"mode","mode":"party"}"#).is_err());
    }
}
