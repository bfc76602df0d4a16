//! The gateway between a stand-in for the daemon and Debian's broker. What only computes has tests beside it.

mod support;

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Setup, resident, until};

const ALLOWED: &str = "allow-unlock = true\n";
const DEVICE: &str = "homeassistant/device/limen-front-door/config";

fn payload(word: &str, at: f64) -> Vec<u8> {
    format!("{{\"do\":\"{word}\",\"code\":\"4815162342\",\"at\":{at}}}").into_bytes()
}

#[test]
fn after_connecting_the_broker_keeps_the_device_and_every_state_by_both_versions() {
    for version in ["5", "3.1.1"] {
        let more = format!("version = \"{version}\"\n");
        let Some(setup) = Setup::start("states", &more) else { return };
        until("all states", || setup.kept().len() == 23);
        let kept = setup.kept();
        for line in include_str!("golden/states.txt").lines() {
            let (topic, payload) = line.split_once(' ').expect("a topic and a payload");
            assert_eq!(kept.get(topic).map(String::as_str), Some(payload), "{topic}");
        }
        let device: Value = serde_json::from_str(&kept[DEVICE]).expect("JSON");
        assert_eq!(device["components"]["lock"]["unique_id"], "limen_front-door_lock");
        assert!(resident(&setup.gateway) < 12 * 1024, "{} KiB", resident(&setup.gateway));
    }
}

#[test]
fn an_event_is_told_at_once_and_the_state_that_it_changed_too() {
    let Some(setup) = Setup::start("events", "") else { return };
    setup.door.until_followed();
    let heard = setup.listen("limen/front-door/#");
    setup.door.said().status["state"] = json!("unlocked");
    let begun = Instant::now();
    setup.door.happens(json!({ "kind": "granted", "grant": "face", "person": "ada" }));
    until("the event", || heard.has("access {\"by\":\"face\",\"event_type\":\"granted\""));
    until("the state", || heard.has("lock/state UNLOCKED"));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert!(!heard.has("ada"), "nobody is named");
    assert!(setup.kept().keys().all(|topic| !topic.ends_with("/access")), "no event is kept");
}

#[test]
fn after_a_restart_of_the_broker_and_of_home_assistant_everything_is_there_within_ten_seconds() {
    let Some(mut setup) = Setup::start("restarts", "") else { return };
    setup.restart_broker();
    let back = Instant::now();
    setup.until_state("lock/state", "LOCKED");
    assert!(back.elapsed() < Duration::from_secs(10), "{:?}", back.elapsed());
    let heard = setup.listen("#");
    setup.publish_to("homeassistant/status", b"online", false);
    until("the device again", || heard.has(DEVICE) && heard.has("availability online"));
}

#[test]
fn a_gateway_that_is_killed_is_offline_by_its_last_will() {
    let Some(mut setup) = Setup::start("the last will", "") else { return };
    setup.gateway.kill();
    setup.until_state("availability", "offline");
}

#[test]
fn a_door_that_does_not_answer_is_offline_until_it_does() {
    let Some(setup) = Setup::start("a door that hangs", "") else { return };
    setup.door.said().hangs = true;
    setup.until_state("availability", "offline");
    setup.door.said().hangs = false;
    setup.until_state("availability", "online");
}

#[test]
fn locking_is_handed_on_and_unlocking_is_not_unless_that_is_allowed() {
    let Some(setup) = Setup::start("commands", "") else { return };
    let heard = setup.listen("limen/front-door/answer");
    setup.publish("lock/set", &payload("UNLOCK", 1_795_773_600.25), false);
    until("a no", || heard.has("allow-unlock is false"));
    setup.publish("lock/set", b"LOCK", false);
    setup.door.until_commanded("lock");
    until("a yes", || heard.has("{\"command\":\"lock\",\"ok\":true}"));
    assert!(setup.door.said().commands.iter().all(|command| command["command"] != "unlock"));
}

#[test]
fn an_unlocking_reaches_the_daemon_with_its_code_and_its_time_and_never_if_it_is_retained() {
    let Some(mut setup) = Setup::start("unlocking", ALLOWED) else { return };
    setup.publish("lock/set", &payload("UNLOCK", 1_795_773_600.25), false);
    let command = setup.door.until_commanded("unlock");
    assert_eq!(command["remote"], json!({ "at_us": 1_795_773_600_250_000_u64, "code": "4815162342" }));
    assert_eq!(command["seconds"], 5);
    setup.door.said().commands.clear();
    // The broker keeps it and hands it to everybody who subscribes: to the gateway after each connection.
    setup.gateway.kill();
    setup.publish("lock/set", &payload("UNLOCK", 1_795_773_601.5), true);
    setup.restart_gateway();
    setup.until_state("availability", "online");
    thread::sleep(Duration::from_secs(1));
    assert_eq!(setup.door.said().commands, Vec::<Value>::new());
}

#[test]
fn a_broker_that_asks_for_a_certificate_gets_the_gateways_by_both_versions() {
    for version in ["5", "3.1.1"] {
        let more = format!("version = \"{version}\"\n");
        let Some(setup) = Setup::start_with_certificates("certificates", &more) else { return };
        setup.publish("lock/set", b"LOCK", false);
        setup.door.until_commanded("lock");
    }
}

#[test]
fn a_hostile_broker_moves_nothing_and_the_gateway_goes_on() {
    for version in ["5", "3.1.1"] {
        let more = format!("{ALLOWED}version = \"{version}\"\n");
        let Some(mut setup) = Setup::start("a hostile broker", &more) else { return };
        setup.publish("lock/set", &vec![b'U'; 1 << 20], false);
        setup.publish("lock/set", b"\xff\xfe UNLOCK", false);
        setup.publish("mode/set", b"{\"do\":[[[[[[", false);
        let flood: Vec<u8> = b"UNLOCKED\n".repeat(2000);
        setup.publish_lines("lock/set", &flood);
        setup.publish_lines("lock/set", &b"LOCK\n".repeat(2000));
        assert!(setup.gateway.is_running());
        setup.until_state("availability", "online");
        assert!(setup.door.said().commands.iter().all(|command| command["command"] == "lock"));
        // What the broker drops of the flood may be any command; so it is given again.
        until("lock-down", || {
            setup.publish("mode/set", b"lock-down", false);
            setup.door.said().commands.iter().any(|command| command["command"] == "mode")
        });
        assert!(resident(&setup.gateway) < 24 * 1024, "{} KiB", resident(&setup.gateway));
    }
}
