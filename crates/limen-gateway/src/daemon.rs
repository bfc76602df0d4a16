//! The daemon's socket for the gateway: one JSON object a line. Nothing that comes from there is trusted to be short, or
//! to come at all.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::sync::mpsc::Sender;
use tokio::time::{sleep, timeout};

use crate::commands::{Command, Order};
use crate::states::Status;

/// The version of the daemon's protocol.
const VERSION: u32 = 1;
/// The longest line of the daemon, in bytes.
const MAX_LINE: u64 = 256 * 1024;
/// How long the daemon may take for its status. It answers in milliseconds.
const STATUS_PATIENCE: Duration = Duration::from_secs(3);
/// How long the daemon may take for a command. It gives up after 15 s itself.
const COMMAND_PATIENCE: Duration = Duration::from_secs(20);
/// How long after the end of the events they are asked for again.
const AGAIN: Duration = Duration::from_secs(2);

/// Why the daemon gave no answer.
#[derive(Debug, Error)]
pub enum DaemonError {
    /// The socket cannot be used.
    #[error("{socket}: {source}; does limen run, and has its configuration [control.gateway]?")]
    Socket {
        /// The path of the socket.
        socket: String,
        /// The error of the system.
        source: io::Error,
    },
    /// No answer came in time.
    #[error("the daemon did not answer in time")]
    Late,
    /// The answer is none.
    #[error("the daemon's answer cannot be read; it may be of another version")]
    Answer,
    /// The daemon said no.
    #[error("{0}")]
    Refused(String),
}

/// The daemon, as the gateway reaches it.
#[derive(Debug, Clone)]
pub struct Daemon {
    socket: PathBuf,
}

impl Daemon {
    /// The daemon behind this socket.
    pub fn at(socket: &Path) -> Self {
        Self { socket: socket.to_owned() }
    }

    /// Asks for the status.
    ///
    /// # Errors
    /// The daemon did not answer, or said no.
    pub async fn status(&self) -> Result<Status, DaemonError> {
        let answer = self.ask(&json!({ "v": VERSION, "command": "status" }), STATUS_PATIENCE).await?;
        serde_json::from_value(answer).map_err(|_| DaemonError::Answer)
    }

    /// Gives a command.
    ///
    /// # Errors
    /// The daemon did not answer, or said no.
    pub async fn command(&self, command: &Command) -> Result<(), DaemonError> {
        self.ask(&request(command), COMMAND_PATIENCE).await.map(drop)
    }

    /// Follows the events and hands them on, for ever. While nobody takes them, they are left out: states follow from
    /// the status.
    pub async fn follow(&self, events: Sender<Value>) {
        let mut said = String::new();
        loop {
            let ended =
                self.follow_once(&events).await.map_or_else(|error| error.to_string(), |()| said.clone());
            // A door that is away for long is said once.
            if ended != said {
                log::warn!("events: {ended}");
                said = ended;
            }
            sleep(AGAIN).await;
        }
    }

    async fn follow_once(&self, events: &Sender<Value>) -> Result<(), DaemonError> {
        let mut lines = self.open(&json!({ "v": VERSION, "command": "events" })).await?;
        loop {
            let line = self.line(&mut lines).await?;
            if line.get("event").is_none() {
                return refusal(line).map(drop);
            }
            if events.try_send(line).is_err() {
                log::warn!("events: more came than could be handed on");
            }
        }
    }

    async fn ask(&self, request: &Value, patience: Duration) -> Result<Value, DaemonError> {
        let asked = async {
            let mut lines = self.open(request).await?;
            refusal(self.line(&mut lines).await?)
        };
        timeout(patience, asked).await.map_err(|_| DaemonError::Late)?
    }

    async fn open(&self, request: &Value) -> Result<BufReader<UnixStream>, DaemonError> {
        let mut stream = UnixStream::connect(&self.socket).await.map_err(|source| self.failed(source))?;
        let line = format!("{request}\n");
        stream.write_all(line.as_bytes()).await.map_err(|source| self.failed(source))?;
        Ok(BufReader::new(stream))
    }

    async fn line(&self, lines: &mut BufReader<UnixStream>) -> Result<Value, DaemonError> {
        let mut line = Vec::new();
        lines.take(MAX_LINE).read_until(b'\n', &mut line).await.map_err(|source| self.failed(source))?;
        serde_json::from_slice(&line).map_err(|_| DaemonError::Answer)
    }

    fn failed(&self, source: io::Error) -> DaemonError {
        DaemonError::Socket { socket: self.socket.display().to_string(), source }
    }
}

/// An answer, unless it is a no.
fn refusal(answer: Value) -> Result<Value, DaemonError> {
    if answer.get("ok").and_then(Value::as_bool) == Some(true) {
        return Ok(answer);
    }
    let why = answer.get("error").and_then(Value::as_str).unwrap_or("the daemon said no");
    Err(DaemonError::Refused(why.to_owned()))
}

/// The request for a command, with what it carries.
fn request(command: &Command) -> Value {
    let mut request = match &command.order {
        Order::Lock => json!({ "command": "lock" }),
        Order::Unlock(seconds) => json!({ "command": "unlock", "seconds": seconds }),
        Order::Mode(mode) => json!({ "command": "mode", "mode": mode }),
        Order::Acknowledge(alarm) => json!({ "command": "acknowledge", "alarm": alarm }),
    };
    request["v"] = json!(VERSION);
    request["remote"] = json!({ "at_us": command.at_us, "code": command.code });
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_what_the_daemon_reads() {
        let unlock = Command {
            order: Order::Unlock(5),
            at_us: Some(1_795_773_600_250_000),
            code: Some("4815162342".to_owned()),
        };
        let expected = r#"{"command":"unlock","remote":{"at_us":1795773600250000,"code":"4815162342"},"seconds":5,"v":1}"#;
        assert_eq!(request(&unlock).to_string(), expected);
        let schedule = Command { order: Order::Mode(None), at_us: None, code: None };
        let expected = r#"{"command":"mode","mode":null,"remote":{"at_us":null,"code":null},"v":1}"#;
        assert_eq!(request(&schedule).to_string(), expected);
    }

    #[test]
    fn a_no_is_told_with_its_reason() {
        let no = refusal(json!({ "v": 1, "ok": false, "error": "the door is in lock-down" }));
        assert_eq!(no.expect_err("no").to_string(), "the door is in lock-down");
        assert!(refusal(json!({ "v": 1, "ok": true })).is_ok());
        assert!(refusal(json!("yes")).is_err());
    }
}
