//! The configuration of the gateway: a file of its own, because it may not read the door's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use crate::message::Topics;

/// The configuration file, unless an argument names another one.
pub const DEFAULT_FILE: &str = "/etc/limen-gateway.toml";
/// The longest name of a door in topics, in characters.
const LONGEST_DOOR: usize = 32;

/// Why a configuration is not used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{file}: {source}; it must be readable by the user limen-gateway")]
    File {
        /// The path of the file.
        file: String,
        /// The error of the system.
        source: io::Error,
    },
    /// The file is no TOML, or has an unknown key.
    #[error("{file}: {what}")]
    Syntax {
        /// The path of the file.
        file: String,
        /// What is wrong, with its place.
        what: String,
    },
    /// A value is wrong.
    #[error("{file}: {key}: {what}")]
    Value {
        /// The path of the file.
        file: String,
        /// The key of the value.
        key: &'static str,
        /// What is wrong, and the remedy.
        what: String,
    },
}

/// Which names of people leave the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Names {
    /// None.
    #[default]
    None,
    /// The ids of the gallery.
    Id,
    /// The names of the gallery.
    Name,
}

/// Where duress is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DuressListener {
    /// Subscribers of the broker.
    Mqtt,
}

/// The version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum Version {
    /// MQTT 5.
    #[default]
    #[serde(rename = "5")]
    V5,
    /// MQTT 3.1.1, for brokers that speak no other.
    #[serde(rename = "3.1.1")]
    V3,
}

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The door in topics: 1 to 32 of a-z, 0-9 and '-'.
    pub door: String,
    /// The door's name, to show to people.
    #[serde(default)]
    pub name: Option<String>,
    /// The daemon's socket for the gateway.
    #[serde(default = "default_socket")]
    pub socket: PathBuf,
    /// Which names of people leave the door.
    #[serde(default)]
    pub names: Names,
    /// Who is told of duress.
    #[serde(default)]
    pub tell_duress: Vec<DuressListener>,
    /// The broker.
    pub mqtt: Mqtt,
}

/// `[mqtt]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mqtt {
    /// The name or address of the broker.
    pub host: String,
    /// Its port. Left out: 8883 with TLS, else 1883.
    #[serde(default)]
    pub port: Option<u16>,
    /// The version of the protocol.
    #[serde(default)]
    pub version: Version,
    /// The name at the broker. Left out: `limen-` and the door.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The user at the broker.
    #[serde(default)]
    pub user: Option<String>,
    /// A file with the password, one line.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// What all topics begin with.
    #[serde(default = "default_base")]
    pub base: String,
    /// What Home Assistant's topics begin with.
    #[serde(default = "default_discovery")]
    pub discovery: String,
    /// Whether commands that let more people in are handed on. The daemon asks them for a remote code in any case.
    #[serde(default)]
    pub allow_unlock: bool,
    /// How long an UNLOCK unlocks the door, 1 to 30 s.
    #[serde(default = "default_unlock")]
    pub unlock_seconds: u64,
    /// `[mqtt.tls]`
    #[serde(default)]
    pub tls: Option<Tls>,
}

/// `[mqtt.tls]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tls {
    /// The certificates of those who sign the broker's, PEM.
    #[serde(default = "default_ca")]
    pub ca: PathBuf,
    /// The gateway's own certificate, PEM.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// The key of that certificate, PEM.
    #[serde(default)]
    pub key: Option<PathBuf>,
}

fn default_socket() -> PathBuf {
    "/run/limen/gateway.sock".into()
}

fn default_base() -> String {
    "limen".to_owned()
}

fn default_discovery() -> String {
    "homeassistant".to_owned()
}

fn default_unlock() -> u64 {
    5
}

fn default_ca() -> PathBuf {
    "/etc/ssl/certs/ca-certificates.crt".into()
}

/// Reads a file that the configuration names.
///
/// # Errors
/// It cannot be read.
pub fn read(file: &Path) -> Result<Vec<u8>, ConfigError> {
    fs::read(file).map_err(|source| ConfigError::File { file: file.display().to_string(), source })
}

impl Config {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// It cannot be read, or has a mistake.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let text = String::from_utf8_lossy(&read(file)?).into_owned();
        Self::parse(&text, &file.display().to_string())
    }

    /// Reads and checks a text; mistakes name `file`.
    ///
    /// # Errors
    /// It has a mistake.
    pub fn parse(text: &str, file: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)
            .map_err(|error| ConfigError::Syntax { file: file.to_owned(), what: error.to_string() })?;
        match config.mistake() {
            None => Ok(config),
            Some((key, what)) => {
                Err(ConfigError::Value { file: file.to_owned(), key, what: what.to_owned() })
            }
        }
    }

    /// The topics of the door.
    pub fn topics(&self) -> Topics {
        Topics::new(&self.mqtt.base, &self.mqtt.discovery, &self.door)
    }

    /// The name of the door, to show to people.
    pub fn shown_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.door)
    }

    /// Whether subscribers of the broker are told of duress.
    pub fn tells_duress(&self) -> bool {
        self.tell_duress.contains(&DuressListener::Mqtt)
    }

    fn mistake(&self) -> Option<(&'static str, &'static str)> {
        let is_of_door = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let mqtt = &self.mqtt;
        let levels = |topic: &str| {
            topic.split('/').all(|level| !level.is_empty()) && !topic.contains(['+', '#', '\0'])
        };
        let halves = mqtt.tls.as_ref().is_some_and(|tls| tls.certificate.is_some() != tls.key.is_some());
        let mistakes = [
            (
                self.door.is_empty() || self.door.len() > LONGEST_DOOR || !self.door.chars().all(is_of_door),
                "door",
                "must have 1 to 32 of a-z, 0-9 and '-', for example \"front-door\"",
            ),
            (mqtt.host.is_empty(), "mqtt.host", "is empty; name the broker"),
            (!levels(&mqtt.base), "mqtt.base", "is no topic; write one or more words with '/' between them"),
            (!levels(&mqtt.discovery), "mqtt.discovery", "is no topic; leave it out for \"homeassistant\""),
            (!(1..=30).contains(&mqtt.unlock_seconds), "mqtt.unlock-seconds", "is out of range; use 1 to 30"),
            (
                mqtt.password_file.is_some() && mqtt.user.is_none(),
                "mqtt.password-file",
                "needs a user; write user = \"...\" beside it",
            ),
            (halves, "mqtt.tls", "has a certificate without its key, or a key alone; name both or none"),
        ];
        mistakes.into_iter().find_map(|(wrong, key, what)| wrong.then_some((key, what)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "door = \"front-door\"\n[mqtt]\nhost = \"broker\"\n";

    fn answer(text: &str) -> String {
        Config::parse(text, "gateway.toml").expect_err(text).to_string()
    }

    #[test]
    fn by_default_nobody_is_named_nobody_hears_of_duress_and_nothing_unlocks() {
        let config = Config::parse(LEAST, "gateway.toml").expect("no mistake");
        assert_eq!(
            (config.names, config.tells_duress(), config.mqtt.allow_unlock),
            (Names::None, false, false)
        );
        assert_eq!((config.mqtt.version, config.shown_name()), (Version::V5, "front-door"));
        assert_eq!(config.topics().of("lock/set"), "limen/front-door/lock/set");
    }

    #[test]
    fn the_shipped_example_says_the_defaults() {
        let shipped = include_str!("../../../config/gateway.toml");
        let shipped = Config::parse(shipped, "gateway.toml").expect("no mistake");
        let mut config = Config::parse(LEAST, "gateway.toml").expect("no mistake");
        config.mqtt.host.clone_from(&shipped.mqtt.host);
        config.name.clone_from(&shipped.name);
        assert_eq!(shipped, config);
    }

    #[test]
    fn the_shipped_example_parses_with_every_commented_key_uncommented() {
        let shipped = include_str!("../../../config/gateway.toml");
        let is_key = |line: &str| {
            line.starts_with("# [")
                || line
                    .split_once(" = ")
                    .is_some_and(|(key, _)| key.strip_prefix("# ").is_some_and(|key| !key.contains(' ')))
        };
        let lines = shipped.lines().map(|line| if is_key(line) { &line[2..] } else { line });
        let text = lines.collect::<Vec<_>>().join("\n");
        let config = Config::parse(&text, "gateway.toml").unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert!(config.mqtt.tls.is_some() && config.mqtt.user.is_some());
    }

    #[test]
    fn a_mistake_is_answered_with_its_place_and_remedy() {
        assert!(answer("door = 5").contains("line 1"));
        assert!(answer(&format!("{LEAST}colour = 1\n")).contains("colour"));
        assert!(answer(&LEAST.replace("front-door", "Front Door")).contains("door: must have 1 to 32"));
        assert!(answer(&format!("{LEAST}base = \"a/#\"\n")).contains("mqtt.base: is no topic"));
        assert!(answer(&format!("{LEAST}unlock-seconds = 31\n")).contains("use 1 to 30"));
        assert!(answer(&format!("{LEAST}password-file = \"x\"\n")).contains("needs a user"));
        assert!(answer(&format!("{LEAST}[mqtt.tls]\nkey = \"x\"\n")).contains("name both or none"));
    }
}
