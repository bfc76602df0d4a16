//! From an event of the daemon to what is told of it: pure functions. Nothing of it is retained.

use serde_json::{Map, Value, json};

use crate::config::{Config, Names};
use crate::message::Message;
use crate::states::AT_THE_DOOR;

/// The kinds of event that are told of.
pub const EVENT_TYPES: [&str; 5] = ["granted", "refused", "door-forced", "door-held-open", "tampered"];
/// The kind that is told of only where the configuration says so.
pub const DURESS: &str = "duress";

/// What is told of a line that the daemon sent; `None`: nothing.
pub fn access(config: &Config, line: &Value) -> Option<Message> {
    let event = line.get("event")?.as_object()?;
    let text = |key: &str| event.get(key).and_then(Value::as_str);
    let mut told = match text("kind")? {
        "granted" => granted(config, event),
        "refused" => json!({ "event_type": "refused", "why": event.get("refusal")?.get("why")?.as_str()? }),
        "factor-refused" => json!({ "event_type": "refused", "why": text("factor")? }),
        "alarm" if text("step") == Some("raised") => json!({ "event_type": alarm(config, text("alarm")?)? }),
        _ => return None,
    };
    if let Some(time) = line.get("time").and_then(Value::as_str) {
        told["time"] = json!(time);
    }
    Some(config.topics().happening("access", told.to_string()))
}

fn granted(config: &Config, event: &Map<String, Value>) -> Value {
    let mut told = json!({ "event_type": "granted" });
    if let Some(by) = event.get("grant").and_then(Value::as_str) {
        told["by"] = json!(by);
    }
    for (key, name) in [("person", "name"), ("second", "second_name")] {
        let said = match config.names {
            Names::None => None,
            Names::Id => event.get(key),
            Names::Name => event.get(name),
        };
        if let Some(person) = said.and_then(Value::as_str) {
            told[key] = json!(person);
        }
    }
    told
}

fn alarm(config: &Config, name: &str) -> Option<String> {
    let is_told = AT_THE_DOOR.contains(&name) || (name == DURESS && config.tells_duress());
    is_told.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> Config {
        let text = format!("door = \"front-door\"\n{more}[mqtt]\nhost = \"broker\"\n");
        Config::parse(&text, "").expect("no mistake")
    }

    fn told(more: &str, event: &str) -> Option<String> {
        let line = format!(r#"{{"v":1,"ok":true,"time":"2026-11-27T10:00:00Z","event":{event}}}"#);
        let message = access(&config(more), &serde_json::from_str(&line).expect("JSON"))?;
        assert!(message.topic == "limen/front-door/access" && !message.retain);
        let mut payload: Value = serde_json::from_str(&message.payload).expect("JSON");
        assert_eq!(payload["time"], "2026-11-27T10:00:00Z");
        payload.as_object_mut()?.remove("time");
        Some(payload.to_string())
    }

    const ADA: &str = r#"{"kind":"granted","grant":"face","person":"ada","name":"Ada Lovelace","second":"bob","factors":["pin"],"track":3,"unlock_ms":5000,"caller":null}"#;

    #[test]
    fn who_was_let_in_is_said_only_where_the_configuration_names_people() {
        assert_eq!(told("", ADA).as_deref(), Some(r#"{"by":"face","event_type":"granted"}"#));
        let named = r#"{"by":"face","event_type":"granted","person":"ada","second":"bob"}"#;
        assert_eq!(told("names = \"id\"\n", ADA).as_deref(), Some(named));
        let named = r#"{"by":"face","event_type":"granted","person":"Ada Lovelace"}"#;
        assert_eq!(told("names = \"name\"\n", ADA).as_deref(), Some(named));
    }

    #[test]
    fn a_refusal_says_why_and_never_whom_the_face_is_like() {
        let refused =
            r#"{"kind":"refused","track":7,"refusal":{"why":"lock-down"},"nearest":"ada","frames":3}"#;
        let expected = r#"{"event_type":"refused","why":"lock-down"}"#;
        assert_eq!(told("names = \"id\"\n", refused).as_deref(), Some(expected));
        let factor = r#"{"kind":"factor-refused","factor":"pin","why":"wrong","person":"ada"}"#;
        let expected = r#"{"event_type":"refused","why":"pin"}"#;
        assert_eq!(told("names = \"id\"\n", factor).as_deref(), Some(expected));
    }

    #[test]
    fn alarms_at_the_door_are_told_when_they_are_raised() {
        let alarm =
            |name: &str, step: &str| format!(r#"{{"kind":"alarm","alarm":"{name}","step":"{step}"}}"#);
        let expected = r#"{"event_type":"door-forced"}"#;
        assert_eq!(told("", &alarm("door-forced", "raised")).as_deref(), Some(expected));
        assert_eq!(told("", &alarm("door-forced", "cleared")), None);
        assert_eq!(told("", &alarm("camera-lost", "raised")), None, "it is a state, no event");
    }

    #[test]
    fn duress_is_told_only_where_the_configuration_says_so() {
        let duress = r#"{"kind":"alarm","alarm":"duress","step":"raised"}"#;
        assert_eq!(told("", duress), None);
        let expected = r#"{"event_type":"duress"}"#;
        assert_eq!(told("tell-duress = [\"mqtt\"]\n", duress).as_deref(), Some(expected));
    }

    #[test]
    fn what_is_no_event_tells_nothing() {
        for line in
            ["{}", r#"{"event":5}"#, r#"{"event":{"kind":"refused"}}"#, r#"{"event":{"kind":"started"}}"#]
        {
            assert_eq!(access(&config(""), &serde_json::from_str(line).expect("JSON")), None, "{line}");
        }
    }
}
