//! The gateway: what comes from the broker, and what comes from the daemon.

use std::sync::LazyLock;

use limen_gateway::commands::{MAX_PAYLOAD, Publication, command};
use limen_gateway::config::Config;
use limen_gateway::discovery::discovery;
use limen_gateway::events::access;
use limen_gateway::states::{Status, states};

/// A gateway that hands nothing on that lets more people in, and one that does.
static CONFIGS: LazyLock<[Config; 2]> = LazyLock::new(|| {
    [false, true].map(|allow| {
        let text = format!("door = \"d\"\nnames = \"id\"\n[mqtt]\nhost = \"b\"\nallow-unlock = {allow}\n");
        Config::parse(&text, "gateway.toml").expect("no mistake")
    })
});
const TOPICS: [&str; 4] = ["lock/set", "mode/set", "alarms/acknowledge", "elsewhere"];

/// One publication: a command that the configuration allows, or a reason in one line.
pub fn publication(bytes: &[u8]) {
    let (first, payload) = bytes.split_first().unwrap_or((&0, &[]));
    let what = TOPICS[usize::from(*first) % TOPICS.len()];
    for config in CONFIGS.iter() {
        let retained = command(config, Publication { what, payload, retained: true });
        assert!(retained.is_err(), "what the broker kept is no command");
        match command(config, Publication { what, payload, retained: false }) {
            Ok(command) => {
                assert!(config.mqtt.allow_unlock || !command.widens(), "{command:?}");
                assert!(payload.len() <= MAX_PAYLOAD && what != "elsewhere");
            }
            Err(why) => assert!(!why.to_string().contains('\n'), "{why}"),
        }
    }
}

/// One line of the daemon: as a status it makes the same topics each time, as an event at most one message.
pub fn daemon_line(bytes: &[u8]) {
    let config = &CONFIGS[0];
    if let Ok(status) = serde_json::from_slice::<Status>(bytes) {
        let all = states(config, &status);
        assert!(all.len() == 21 && all.iter().all(|one| one.retain && one.topic.starts_with("limen/d/")));
        let device: Result<serde_json::Value, _> = serde_json::from_str(&discovery(config, &status).payload);
        assert!(device.is_ok());
    }
    if let Ok(line) = serde_json::from_slice(bytes)
        && let Some(told) = access(config, &line)
    {
        assert!(!told.retain && told.topic == "limen/d/access" && !told.payload.contains('\n'));
    }
}
