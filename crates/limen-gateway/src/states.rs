//! From the daemon's status to the retained states: pure functions.

use serde::Deserialize;
use serde_json::json;

use crate::config::Config;
use crate::message::{Message, Topics};

/// Every alarm, by the names that the daemon gives them; without duress, which is never a state.
pub const ALARMS: [&str; 15] = [
    "door-forced",
    "tampered",
    "door-held-open",
    "lock-fault",
    "input-fault",
    "camera-lost",
    "camera-blinded",
    "virtual-camera",
    "audit-failed",
    "disk-short",
    "gallery-fault",
    "store-fault",
    "target-missed",
    "clock-fault",
    "mode-fault",
];
/// The alarms that say that something at the door happened; all others say that something is broken.
pub const AT_THE_DOOR: [&str; 3] = ["door-forced", "door-held-open", "tampered"];

/// What the gateway reads of the daemon's status. Everything else in it is left aside.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Status {
    /// `locked` or `unlocked`.
    pub state: String,
    /// Whether the door stands open.
    #[serde(default)]
    pub door_open: bool,
    /// The mode in force.
    #[serde(default)]
    pub mode: String,
    /// The alarms that are listed.
    #[serde(default)]
    pub alarms: Vec<String>,
    /// The number of people enrolled.
    #[serde(default)]
    pub people: u64,
    /// What is wrong with which part.
    #[serde(default)]
    pub trouble: Vec<Trouble>,
    /// The version of the daemon.
    #[serde(default)]
    pub version: String,
    /// What the daemon lets the gateway ask for.
    #[serde(default)]
    pub may: Vec<String>,
}

/// A part that fails. What is wrong with it may name a person, so it does not leave the door.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Trouble {
    /// The name of the part.
    pub part: String,
}

impl Status {
    /// Whether the daemon lets the gateway ask for this.
    pub fn allows(&self, right: &str) -> bool {
        self.may.iter().any(|one| one == right)
    }
}

/// The states of the door, in the order in which they are published.
pub fn states(config: &Config, status: &Status) -> Vec<Message> {
    let topics = config.topics();
    let holds = |alarm: &str| status.alarms.iter().any(|listed| listed == alarm);
    let mut all = vec![
        topics.state("lock/state", lock_state(status)),
        topics.state("door/state", on(status.door_open)),
        topics.state("mode/state", status.mode.clone()),
        topics.state("people/state", status.people.to_string()),
    ];
    all.extend(ALARMS.map(|alarm| topics.state(&format!("alarm/{alarm}/state"), on(holds(alarm)))));
    all.extend(problem(&topics, status));
    all
}

/// Whether the gateway is there and the daemon answers it.
pub fn availability(topics: &Topics, online: bool) -> Message {
    topics.state("availability", if online { "online" } else { "offline" })
}

fn lock_state(status: &Status) -> &'static str {
    match status.state.as_str() {
        _ if status.alarms.iter().any(|alarm| alarm == "lock-fault") => "JAMMED",
        "locked" => "LOCKED",
        "unlocked" => "UNLOCKED",
        _ => "UNKNOWN",
    }
}

fn problem(topics: &Topics, status: &Status) -> [Message; 2] {
    let is_fault =
        |alarm: &&String| ALARMS.contains(&alarm.as_str()) && !AT_THE_DOOR.contains(&alarm.as_str());
    let alarms: Vec<_> = status.alarms.iter().filter(is_fault).collect();
    let parts: Vec<_> = status.trouble.iter().map(|trouble| &trouble.part).collect();
    let any = !alarms.is_empty() || !parts.is_empty();
    [
        topics.state("problem/state", on(any)),
        topics.state("problem/attributes", json!({ "alarms": alarms, "parts": parts }).to_string()),
    ]
}

fn on(active: bool) -> &'static str {
    if active { "ON" } else { "OFF" }
}

#[cfg(test)]
mod tests {
    use limen_core::event::AlarmKind;

    use super::*;

    pub(crate) fn config() -> Config {
        Config::parse("door = \"front-door\"\n[mqtt]\nhost = \"broker\"\n", "").expect("no mistake")
    }

    fn status(text: &str) -> Status {
        serde_json::from_str(text).expect("a status")
    }

    fn payload(all: &[Message], what: &str) -> String {
        let topic = format!("limen/front-door/{what}");
        let found =
            all.iter().find(|message| message.topic == topic).unwrap_or_else(|| panic!("{what}: {all:#?}"));
        assert!(found.retain, "{what}");
        found.payload.clone()
    }

    #[test]
    fn every_state_of_a_quiet_door_is_what_it_always_was() {
        let quiet = status(
            r#"{"v":1,"ok":true,"state":"locked","grant":null,"person":null,"door_open":false,"mode":"normal","alarms":[],"people":3,"trouble":[],"version":"0.1.0"}"#,
        );
        let all = states(&config(), &quiet);
        let written: Vec<_> = all.iter().map(|one| format!("{} {}", one.topic, one.payload)).collect();
        let golden = include_str!("../tests/golden/states.txt");
        assert_eq!(written.join("\n"), golden.trim_end());
        assert!(all.iter().all(|message| message.retain));
    }

    #[test]
    fn the_lock_is_unlocked_jammed_or_unknown() {
        let lock = |text| payload(&states(&config(), &status(text)), "lock/state");
        assert_eq!(lock(r#"{"state":"unlocked"}"#), "UNLOCKED");
        assert_eq!(lock(r#"{"state":"unlocked","alarms":["lock-fault"]}"#), "JAMMED");
        assert_eq!(lock(r#"{"state":"ajar"}"#), "UNKNOWN");
    }

    #[test]
    fn alarms_and_faults_are_states_and_say_nothing_of_people() {
        let text = r#"{"state":"locked","door_open":true,"alarms":["tampered","camera-lost"],"trouble":[{"part":"gallery","what":"ada has no photograph","for_s":3}]}"#;
        let all = states(&config(), &status(text));
        assert_eq!(payload(&all, "door/state"), "ON");
        assert_eq!(payload(&all, "alarm/tampered/state"), "ON");
        assert_eq!(payload(&all, "alarm/door-forced/state"), "OFF");
        assert_eq!(payload(&all, "problem/state"), "ON");
        assert_eq!(payload(&all, "problem/attributes"), r#"{"alarms":["camera-lost"],"parts":["gallery"]}"#);
        assert!(all.iter().all(|message| !message.payload.contains("ada")));
    }

    #[test]
    fn duress_is_never_a_state() {
        let all = states(&config(), &status(r#"{"state":"locked","alarms":["duress"]}"#));
        let quiet = states(&config(), &status(r#"{"state":"locked","alarms":[]}"#));
        assert_eq!(all, quiet);
    }

    #[test]
    fn the_daemons_alarms_are_all_known_here() {
        let known = AlarmKind::ALL.into_iter().filter(|kind| !kind.is_silent());
        assert_eq!(known.map(AlarmKind::name).collect::<Vec<_>>(), ALARMS);
    }
}
