//! What Home Assistant is told of the device: one retained message, by its device discovery.

use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::events::{DURESS, EVENT_TYPES};
use crate::message::{Message, Topics};
use crate::states::Status;

/// The modes of the door; the last one leaves it to the schedules.
pub const MODES: [&str; 4] = ["normal", "office-open", "lock-down", "schedule"];

/// The message that makes the device known, by what the daemon lets the gateway ask for.
pub fn discovery(config: &Config, status: &Status) -> Message {
    let door = &config.door;
    let topics = config.topics();
    let version = if status.version.is_empty() { env!("CARGO_PKG_VERSION") } else { &status.version };
    let payload = json!({
        "device": {
            "identifiers": [format!("limen_{door}")],
            "name": config.shown_name(),
            "manufacturer": "limen",
            "model": "face door controller",
            "model_id": "limen",
            "sw_version": version,
        },
        "origin": { "name": "limen", "sw_version": env!("CARGO_PKG_VERSION") },
        "availability": [{ "topic": topics.availability() }],
        "qos": 1,
        "components": components(config, &topics, status),
    });
    Message { topic: topics.device(), payload: payload.to_string(), retain: true }
}

fn components(config: &Config, topics: &Topics, status: &Status) -> Map<String, Value> {
    let all = [
        ("lock", lock(config, topics)),
        ("door", sensor("Door", "door", topics.of("door/state"))),
        ("tamper", sensor("Tamper", "tamper", topics.of("alarm/tampered/state"))),
        ("forced", sensor("Door forced", "problem", topics.of("alarm/door-forced/state"))),
        ("held-open", sensor("Door held open", "problem", topics.of("alarm/door-held-open/state"))),
        ("problem", problem(topics)),
        ("access", access(config, topics)),
        ("mode", mode(topics, status)),
        ("mode-shown", mode_shown(topics, status)),
        ("people", people(topics)),
        ("acknowledge", acknowledge(topics, status)),
    ];
    let named = all.into_iter().map(|(key, mut component)| {
        // What has nothing but its platform is removed, where an older message had it.
        if component.as_object().is_some_and(|keys| keys.len() > 1) {
            component["unique_id"] = json!(format!("limen_{}_{key}", config.door));
        }
        (key.to_owned(), component)
    });
    named.collect()
}

/// The lock. When it was commanded and a code come with every command, because a stale one must open nothing.
fn lock(config: &Config, topics: &Topics) -> Value {
    let mut lock = json!({
        "platform": "lock",
        "name": null,
        "state_topic": topics.of("lock/state"),
        "command_topic": topics.of("lock/set"),
        "command_template":
            "{\"do\":\"{{ value }}\",\"code\":\"{{ code }}\",\"at\":{{ now().timestamp() }}}",
        "optimistic": false,
        "retain": false,
        "payload_reset": "UNKNOWN",
    });
    if config.mqtt.allow_unlock {
        // Home Assistant then asks for the code; locking needs none.
        lock["code_format"] = json!("^\\d*$");
    }
    lock
}

fn sensor(name: &str, class: &str, topic: String) -> Value {
    json!({ "platform": "binary_sensor", "name": name, "device_class": class, "state_topic": topic })
}

fn problem(topics: &Topics) -> Value {
    let mut problem = sensor("Problem", "problem", topics.of("problem/state"));
    problem["entity_category"] = json!("diagnostic");
    problem["json_attributes_topic"] = json!(topics.of("problem/attributes"));
    problem
}

fn access(config: &Config, topics: &Topics) -> Value {
    let duress = config.tells_duress().then_some(DURESS);
    let types: Vec<_> = EVENT_TYPES.into_iter().chain(duress).collect();
    json!({ "platform": "event", "name": "Access", "state_topic": topics.of("access"), "event_types": types })
}

/// A choice of modes, where the gateway may set one.
fn mode(topics: &Topics, status: &Status) -> Value {
    if !status.allows("mode") {
        return json!({ "platform": "select" });
    }
    json!({
        "platform": "select",
        "name": "Mode",
        "state_topic": topics.of("mode/state"),
        "command_topic": topics.of("mode/set"),
        "command_template": "{\"do\":\"{{ value }}\",\"at\":{{ now().timestamp() }}}",
        "options": MODES,
        "optimistic": false,
        "retain": false,
    })
}

/// The mode, where the gateway may set none.
fn mode_shown(topics: &Topics, status: &Status) -> Value {
    if status.allows("mode") {
        return json!({ "platform": "sensor" });
    }
    json!({ "platform": "sensor", "name": "Mode", "state_topic": topics.of("mode/state") })
}

fn people(topics: &Topics) -> Value {
    json!({
        "platform": "sensor",
        "name": "People",
        "state_topic": topics.of("people/state"),
        "entity_category": "diagnostic",
        "state_class": "measurement",
    })
}

fn acknowledge(topics: &Topics, status: &Status) -> Value {
    if !status.allows("acknowledge") {
        return json!({ "platform": "button" });
    }
    json!({
        "platform": "button",
        "name": "Acknowledge alarms",
        "command_topic": topics.of("alarms/acknowledge"),
        "payload_press": "all",
        "retain": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> Config {
        let text = format!("door = \"front-door\"\nname = \"Front door\"\n{more}[mqtt]\nhost = \"broker\"\n");
        Config::parse(&text, "").expect("no mistake")
    }

    fn payload(more: &str, may: &[&str]) -> Value {
        let may = may.iter().map(|right| (*right).to_owned()).collect();
        let message =
            discovery(&config(more), &Status { version: "0.1.0".to_owned(), may, ..Status::default() });
        assert_eq!(message.topic, "homeassistant/device/limen-front-door/config");
        assert!(message.retain);
        serde_json::from_str(&message.payload).expect("JSON")
    }

    #[test]
    fn the_device_is_described_as_it_always_was() {
        let golden: Value =
            serde_json::from_str(include_str!("../tests/golden/discovery.json")).expect("JSON");
        let told = payload("", &["status", "events", "lock", "mode", "acknowledge"]);
        assert_eq!(told, golden, "{told:#}");
    }

    #[test]
    fn what_the_gateway_may_not_ask_for_is_no_entity() {
        let told = payload("", &["status", "events", "lock"]);
        assert_eq!(told["components"]["mode"], json!({ "platform": "select" }));
        assert_eq!(told["components"]["acknowledge"], json!({ "platform": "button" }));
        assert_eq!(told["components"]["mode-shown"]["state_topic"], "limen/front-door/mode/state");
    }

    #[test]
    fn a_code_is_asked_for_only_where_unlocking_is_allowed() {
        let format = |more: &str| {
            let text = format!("door = \"d\"\n[mqtt]\nhost = \"broker\"\n{more}");
            let config = Config::parse(&text, "").expect("no mistake");
            let told: Value =
                serde_json::from_str(&discovery(&config, &Status::default()).payload).expect("JSON");
            told["components"]["lock"].get("code_format").cloned()
        };
        assert_eq!((format(""), format("allow-unlock = true\n")), (None, Some(json!("^\\d*$"))));
    }

    #[test]
    fn duress_is_a_kind_of_event_only_where_the_configuration_says_so() {
        let types = |more| payload(more, &[])["components"]["access"]["event_types"].to_string();
        assert!(!types("").contains("duress"));
        assert!(types("tell-duress = [\"mqtt\"]\n").contains("duress"));
    }

    #[test]
    fn no_key_is_null_but_the_name_of_the_lock() {
        let told = payload("", &["mode", "acknowledge"]);
        let components = told["components"].as_object().expect("an object");
        for (key, component) in components {
            for (name, value) in component.as_object().expect("an object") {
                assert_eq!(value.is_null(), key == "lock" && name == "name", "{key}.{name}");
            }
        }
    }
}
