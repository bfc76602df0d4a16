//! From a publication to a command: a pure function. Whoever may publish at the broker may send anything.

use std::fmt;

use serde::Deserialize;
use thiserror::Error;

use crate::config::Config;

/// The longest payload of a command, in bytes.
pub const MAX_PAYLOAD: usize = 1024;
/// The longest remote code that is handed on, in characters.
const MAX_CODE: usize = 32;
/// The modes that a command may set; `schedule` is the absence of one.
const MODES: [&str; 3] = ["normal", "office-open", "lock-down"];

/// Why a publication is no command.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum CommandError {
    /// The broker kept it: it may be of any age.
    #[error("is retained, so it may be of any age; publish commands without the retain flag")]
    Retained,
    /// The payload is too long.
    #[error("has more than {MAX_PAYLOAD} bytes")]
    TooLong,
    /// The payload is not UTF-8, or neither a word nor the JSON of a command.
    #[error("is no command; send a word, or {{\"do\":...,\"code\":...,\"at\":...}}")]
    Malformed,
    /// The word is not known at this topic.
    #[error("is not known here")]
    Unknown,
    /// It would let more people in, and the configuration does not allow that.
    #[error("lets more people in, and allow-unlock is false")]
    NotAllowed,
}

/// What the daemon is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Lock the door.
    Lock,
    /// Unlock the door for some seconds.
    Unlock(u64),
    /// Set a mode; `None` leaves it to the schedules.
    Mode(Option<&'static str>),
    /// Mark an alarm as seen; `None`: all.
    Acknowledge(Option<String>),
}

/// A command for the daemon, with what it carries.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// What the daemon is to do.
    pub order: Order,
    /// When it was given, in microseconds since 1970.
    pub at_us: Option<i64>,
    /// The remote code.
    pub code: Option<String>,
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("order", &self.order)
            .field("at_us", &self.at_us)
            .finish_non_exhaustive()
    }
}

impl Command {
    /// Whether it may let more people in. The daemon decides that again, by what is in force.
    pub fn widens(&self) -> bool {
        match self.order {
            Order::Lock | Order::Acknowledge(_) => false,
            Order::Unlock(_) => true,
            Order::Mode(mode) => mode != Some("lock-down"),
        }
    }

    /// The name of the request to the daemon.
    pub fn name(&self) -> &'static str {
        match self.order {
            Order::Lock => "lock",
            Order::Unlock(_) => "unlock",
            Order::Mode(_) => "mode",
            Order::Acknowledge(_) => "acknowledge",
        }
    }
}

/// The JSON of a command.
#[derive(Deserialize)]
struct Written {
    #[serde(rename = "do")]
    order: String,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    at: Option<f64>,
}

/// What was published at a topic below the door's own.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// The topic behind `limen/<door>/`.
    pub what: &'a str,
    /// The payload.
    pub payload: &'a [u8],
    /// Whether the broker had kept it.
    pub retained: bool,
}

/// Reads a publication.
///
/// # Errors
/// It is no command, or none that this gateway hands on.
pub fn command(config: &Config, publication: Publication<'_>) -> Result<Command, CommandError> {
    if publication.retained {
        return Err(CommandError::Retained);
    }
    let written = read(publication.payload)?;
    let order = order(config, publication.what, &written.order).ok_or(CommandError::Unknown)?;
    let code = written.code.filter(|code| !code.is_empty() && code.len() <= MAX_CODE);
    let command = Command { order, at_us: written.at.and_then(microseconds), code };
    if command.widens() && !config.mqtt.allow_unlock {
        return Err(CommandError::NotAllowed);
    }
    Ok(command)
}

/// A word stands for a command without code and time.
fn read(payload: &[u8]) -> Result<Written, CommandError> {
    if payload.len() > MAX_PAYLOAD {
        return Err(CommandError::TooLong);
    }
    let text = std::str::from_utf8(payload).map_err(|_| CommandError::Malformed)?.trim();
    if text.starts_with('{') {
        return serde_json::from_str(text).map_err(|_| CommandError::Malformed);
    }
    let is_word = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if is_word {
        Ok(Written { order: text.to_owned(), code: None, at: None })
    } else {
        Err(CommandError::Malformed)
    }
}

fn order(config: &Config, what: &str, word: &str) -> Option<Order> {
    match (what, word) {
        ("lock/set", "LOCK") => Some(Order::Lock),
        ("lock/set", "UNLOCK") => Some(Order::Unlock(config.mqtt.unlock_seconds)),
        ("mode/set", "schedule") => Some(Order::Mode(None)),
        ("mode/set", mode) => {
            MODES.into_iter().find(|known| *known == mode).map(|mode| Order::Mode(Some(mode)))
        }
        ("alarms/acknowledge", "all") => Some(Order::Acknowledge(None)),
        ("alarms/acknowledge", alarm) => {
            let is_name = alarm.len() <= 32 && alarm.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            (is_name && !alarm.is_empty()).then(|| Order::Acknowledge(Some(alarm.to_owned())))
        }
        _ => None,
    }
}

/// Seconds since 1970 in microseconds; `None` for what is no time of this century.
fn microseconds(seconds: f64) -> Option<i64> {
    const MILLION: f64 = 1_000_000.0;
    // Between these bounds the number is exact to a microsecond, and fits.
    (946_684_800.0..4_102_444_800.0).contains(&seconds).then(|| (seconds * MILLION).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(allow: bool) -> Config {
        let text = format!("door = \"front-door\"\n[mqtt]\nhost = \"broker\"\nallow-unlock = {allow}\n");
        Config::parse(&text, "").expect("no mistake")
    }

    fn heard(allow: bool, what: &str, payload: &[u8]) -> Result<Command, CommandError> {
        command(&config(allow), Publication { what, payload, retained: false })
    }

    const HOME_ASSISTANT: &[u8] = br#"{"do":"UNLOCK","code":"4815162342","at":1795773600.25}"#;

    #[test]
    fn locking_and_lock_down_are_taken_as_words_and_as_home_assistant_sends_them() {
        let bare = |order| Ok(Command { order, at_us: None, code: None });
        assert_eq!(heard(false, "lock/set", b"LOCK"), bare(Order::Lock));
        assert_eq!(heard(false, "mode/set", b"lock-down"), bare(Order::Mode(Some("lock-down"))));
        let sent = heard(false, "lock/set", br#"{"do":"LOCK","code":"","at":1795773600.0}"#);
        assert_eq!(sent, Ok(Command { order: Order::Lock, at_us: Some(1_795_773_600_000_000), code: None }));
        assert_eq!(heard(false, "alarms/acknowledge", b"all"), bare(Order::Acknowledge(None)));
        let one = Order::Acknowledge(Some("door-forced".to_owned()));
        assert_eq!(heard(false, "alarms/acknowledge", b"door-forced"), bare(one));
    }

    #[test]
    fn what_lets_more_people_in_is_handed_on_only_where_that_is_allowed() {
        let unlock = heard(true, "lock/set", HOME_ASSISTANT).expect("a command");
        assert_eq!((unlock.order, unlock.at_us), (Order::Unlock(5), Some(1_795_773_600_250_000)));
        assert_eq!(unlock.code.as_deref(), Some("4815162342"));
        assert_eq!(heard(false, "lock/set", HOME_ASSISTANT), Err(CommandError::NotAllowed));
        for mode in ["normal", "office-open", "schedule"] {
            assert_eq!(heard(false, "mode/set", mode.as_bytes()), Err(CommandError::NotAllowed), "{mode}");
            assert!(heard(true, "mode/set", mode.as_bytes()).is_ok(), "{mode}");
        }
    }

    #[test]
    fn what_the_broker_kept_is_never_a_command() {
        for payload in [&b"LOCK"[..], HOME_ASSISTANT] {
            let kept = Publication { what: "lock/set", payload, retained: true };
            assert_eq!(command(&config(true), kept), Err(CommandError::Retained));
        }
    }

    #[test]
    fn hostile_payloads_are_no_command() {
        let huge = vec![b'{'; 1 << 20];
        for (payload, why) in [
            (&huge[..], CommandError::TooLong),
            (b"\xff\xfe\xfd", CommandError::Malformed),
            (b"", CommandError::Malformed),
            (b"UNLOCK the door", CommandError::Malformed),
            (b"{\"do\":\"UNLOCK\"", CommandError::Malformed),
            (b"{\"do\":5}", CommandError::Malformed),
            (b"[[[[[[[[", CommandError::Malformed),
            (b"unlock", CommandError::Unknown),
            (b"OPEN", CommandError::Unknown),
        ] {
            assert_eq!(heard(true, "lock/set", payload), Err(why), "{payload:?}");
        }
        assert_eq!(heard(true, "somewhere/set", b"LOCK"), Err(CommandError::Unknown));
        assert_eq!(heard(true, "alarms/acknowledge", b"Ada"), Err(CommandError::Unknown));
    }

    #[test]
    fn a_time_that_is_none_is_left_out_and_a_code_that_is_too_long_too() {
        for at in ["1e300", "-5", "0", "null", "9e9"] {
            let payload = format!("{{\"do\":\"UNLOCK\",\"at\":{at}}}");
            assert_eq!(heard(true, "lock/set", payload.as_bytes()).expect("a command").at_us, None, "{at}");
        }
        let payload = format!("{{\"do\":\"UNLOCK\",\"code\":\"{}\"}}", "1".repeat(33));
        let command = heard(true, "lock/set", payload.as_bytes()).expect("a command");
        assert!(command.code.is_none() && !format!("{command:?}").contains("111"));
    }
}
