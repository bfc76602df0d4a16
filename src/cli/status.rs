//! `limen status`: prints what the daemon does. The exit code is 1 while a part of it fails or has trouble.

use limen_core::person::printable;
use serde_json::Value;

use super::context::CommandContext;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{BAD, GOOD, NOTE, say, say_json, styled};
use crate::control::{Request, ask};

/// The longest text from the daemon that is shown, in characters.
const MAX_SHOWN: usize = 300;

pub fn status(context: &CommandContext) -> Result<CommandOutcome, CommandError> {
    let answer = Value::from(ask(&context.socket_whatever_the_configuration(), Request::Status)?);
    let failed = answer["failed_for_s"].as_object().cloned().unwrap_or_default();
    let troubles = answer["trouble"].as_array().cloned().unwrap_or_default();
    let fine = CommandOutcome::of(failed.is_empty() && troubles.is_empty());
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
    liveness_in_words(&answer["liveness"]).into_iter().for_each(|line| say(&line));
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
    troubles.iter().for_each(|trouble| say(&trouble_in_words(trouble)));
    Ok(fine)
}

/// Two lines: the mode, and how often people were asked to turn their head.
fn liveness_in_words(liveness: &Value) -> Vec<String> {
    let Some(mode) = liveness["mode"].as_str() else { return Vec::new() };
    let count = |key: &str| liveness[key].as_u64().unwrap_or_default();
    let mut lines = vec![format!("liveness {}", printable(mode, MAX_SHOWN))];
    if count("asked") > 0 {
        let mean = liveness["mean_ms"].as_f64().map(|ms| format!(", after {:.1} s on average", ms / 1000.0));
        let (asked, passed) = (count("asked"), count("passed"));
        lines.push(format!(
            "asked    {asked} times to turn the head: {passed} passed{}",
            mean.unwrap_or_default()
        ));
    }
    lines
}

/// A line about one part that does not work, in the daemon's words.
fn trouble_in_words(trouble: &Value) -> String {
    let text = |key: &str| printable(trouble[key].as_str().unwrap_or("it does not say what"), MAX_SHOWN);
    let part = printable(trouble["part"].as_str().unwrap_or("the daemon"), MAX_SHOWN);
    let since = trouble["for_s"].as_f64().map(|seconds| format!(" (for {})", duration(seconds)));
    format!("{}  {part}: {}{}", styled(BAD, "trouble", 0), text("what"), since.unwrap_or_default())
}

fn duration(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.0} s"),
        ..7200.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.0} h", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn liveness_is_its_mode_and_how_often_people_were_asked() {
        let said = json!({ "mode": "motion", "asked": 12, "passed": 10, "mean_ms": 3440 });
        let asked = "asked    12 times to turn the head: 10 passed, after 3.4 s on average";
        assert_eq!(liveness_in_words(&said), ["liveness motion", asked]);
        let nobody = json!({ "mode": "off", "asked": 0, "passed": 0, "mean_ms": null });
        assert_eq!(liveness_in_words(&nobody), ["liveness off"]);
        assert!(liveness_in_words(&Value::Null).is_empty(), "a daemon that is older");
    }

    #[test]
    fn a_trouble_is_one_line_with_its_part_and_since_when() {
        let line = |trouble: Value| anstream::adapter::strip_str(&trouble_in_words(&trouble)).to_string();
        let full = line(json!({ "part": "audit", "what": "the disk is full", "for_s": 12 }));
        assert_eq!(full, "trouble  audit: the disk is full (for 12 s)");
        let long = line(json!({ "part": "gallery", "what": "a\nb", "for_s": 7300.4, "more": 1 }));
        assert!(long.starts_with("trouble  gallery: a") && long.ends_with("b (for 2 h)"), "{long}");
        assert_eq!(long.lines().count(), 1);
        assert_eq!(line(json!({ "part": "clock" })), "trouble  clock: it does not say what");
    }
}
