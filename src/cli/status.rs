//! `limen status`: what is the daemon doing? Exit code 1 while a part of it is failing.

use serde_json::Value;

use super::context::Context;
use super::output::{BAD, GOOD, NOTE, say, say_json, styled};
use super::trouble::{Answer, Trouble};
use crate::control::{Request, ask};

pub fn status(context: &Context) -> Result<Answer, Trouble> {
    let answer = Value::from(ask(&context.socket_whatever_the_configuration(), Request::Status)?);
    let failed = answer["failed_for_s"].as_object().cloned().unwrap_or_default();
    let fine = Answer::of(failed.is_empty());
    if context.json {
        say_json(&answer);
        return Ok(fine);
    }
    let text = |key: &str| answer[key].as_str().unwrap_or("").to_owned();
    let state = text("state");
    let style = if state == "locked" { GOOD } else { NOTE };
    say(&format!("door     {}", styled(style, &state, 0)));
    if !text("person").is_empty() {
        say(&format!("for      {}", text("person")));
    }
    let at = if answer["door_open"] == true { "stands open" } else { "closed, or without a contact" };
    say(&format!("leaf     {at}"));
    say(&format!("mode     {}", text("mode")));
    let alarms = answer["alarms"].as_array().cloned().unwrap_or_default();
    if !alarms.is_empty() {
        let names: Vec<&str> = alarms.iter().filter_map(Value::as_str).collect();
        say(&format!("{}   {}; `limen alarms` says more", styled(BAD, "alarms", 0), names.join(", ")));
    }
    say(&format!("people   {} ({} templates)", answer["people"], answer["templates"]));
    say(&format!("frames   {} in {} s", answer["frames"], answer["uptime_s"]));
    say(&format!("model    {}", text("model")));
    let sealed = answer["audit_sealed"].as_u64().map_or("none yet".to_owned(), |seq| format!("record {seq}"));
    say(&format!("records  head {}, newest seal {sealed}", text("audit_head")));
    let clock = if answer["clock_synchronised"] == true { "synchronised" } else { "not synchronised" };
    say(&format!("clock    {clock}"));
    for (part, seconds) in failed {
        let since = seconds.as_f64().unwrap_or(0.0);
        say(&format!("{} {part} for {since:.0} s; the log says why", styled(BAD, "failing ", 0)));
    }
    Ok(fine)
}
