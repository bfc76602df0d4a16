//! What the daemon counts, as Prometheus reads it.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::{fs, thread};

use limen_core::event::Fact;

use crate::daemon::Running;
use crate::support::{Site, command, limen, nobody, project, until_recorded, visitor};

/// Hands a text to a program; `None` if this machine does not have it.
fn checked_by(program: &str, arguments: &[&str], text: &str) -> Option<(bool, String)> {
    let pipes = || Stdio::piped();
    let child = Command::new(program).args(arguments).stdin(pipes()).stdout(pipes()).stderr(pipes()).spawn();
    let Ok(mut child) = child else {
        // Not by eprintln!, which the test harness swallows.
        let _ = writeln!(std::io::stderr(), "skipped: {program} is not installed (Debian: prometheus)");
        return None;
    };
    let (mut input, text) = (child.stdin.take().expect("a pipe"), text.to_owned());
    let writer = thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("all is read");
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

/// The value of a sample; `None` if it is not there.
fn value(text: &str, sample: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(sample)?.trim().parse().ok())
}

#[test]
fn who_is_let_in_is_counted_and_not_named() {
    let site = Site::with_obama();
    // On a busy machine a record may take longer than the door waits for one; that is another test's matter.
    let rules = "[audit]\non-audit-failure = \"allow-and-alarm\"\n";
    let running = Running::start_by(rules, &site, vec![visitor("obama2"), nobody(), nobody()], 24);
    running.until(|fact| matches!(fact, Fact::Granted { .. }));
    let ran = command(&site, &["metrics"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for sample in [
        "limen_grants_total{by=\"face\"}",
        "limen_decision_duration_seconds_count",
        "limen_stage_duration_seconds_count{stage=\"embed\"}",
    ] {
        assert!(value(&ran.out, sample).is_some_and(|count| count > 0.0), "{sample}\n{}", ran.out);
    }
    assert!(!ran.out.contains("obama"), "{}", ran.out);
    running.finish();
}

#[test]
fn what_happens_at_the_door_is_counted_and_promtool_finds_nothing_wrong() {
    let site = Site::with_obama();
    let running = Running::start(&site, vec![nobody(); 4], 12);
    running.loaded();
    until_recorded(|| command(&site, &["unlock", "--seconds", "1"]), |ran| ran.err.clone());
    let ran = command(&site, &["metrics"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for (sample, expected) in [
        ("limen_up", 1.0),
        ("limen_grants_total{by=\"face\"}", 0.0),
        ("limen_lock_unlocked", 1.0),
        ("limen_people", 1.0),
        ("limen_config_reload_success", 1.0),
        ("limen_mode{mode=\"normal\"}", 1.0),
        ("limen_part_failed{part=\"camera\"}", 0.0),
    ] {
        assert_eq!(value(&ran.out, sample), Some(expected), "{sample}\n{}", ran.out);
    }
    for sample in ["limen_grants_total{by=\"manual\"}", "limen_audit_records_total"] {
        assert!(value(&ran.out, sample).is_some_and(|count| count > 0.0), "{sample}\n{}", ran.out);
    }
    if let Some((fine, said)) = checked_by("promtool", &["check", "metrics"], &ran.out) {
        assert!(fine && said.trim().is_empty(), "{said}");
    }
    running.finish();
}

#[test]
fn a_textfile_is_replaced_whole_and_readable_and_says_so_when_the_daemon_is_gone() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::with_obama();
    let running = Running::start(&site, vec![nobody(); 3], 12);
    running.loaded();
    let file = site.path("limen.prom");
    let name = file.to_string_lossy().into_owned();
    let ran = command(&site, &["metrics", "--textfile", &name]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert!(fs::read_to_string(&file).expect("a file").contains("\nlimen_people 1\n"));
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o644);
    running.finish();
    let ran = command(&site, &["metrics", "--textfile", &name]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("no daemon answers there"), "{}", ran.err);
    assert!(fs::read_to_string(&file).expect("a file").ends_with("\nlimen_up 0\n"));
}

#[test]
fn a_textfile_that_node_exporter_would_not_read_is_refused() {
    let ran = limen(["metrics", "--textfile", "/tmp/limen.txt"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("node_exporter reads only names that end in .prom"), "{}", ran.err);
}

#[test]
fn without_a_daemon_the_answer_is_that_it_is_down() {
    let site = Site::with_obama();
    let ran = command(&site, &["metrics"]);
    assert_eq!(ran.code, 3);
    assert_eq!(ran.out.lines().last(), Some("limen_up 0"));
    assert_eq!(command(&site, &["--json", "metrics"]).json().len(), 1);
}

/// The metrics that a text names.
fn metrics_in(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("limen_"))
}

/// Without what a histogram adds to its name.
fn family(name: &str) -> &str {
    ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

#[test]
fn rules_dashboard_and_documentation_name_metrics_that_there_are() {
    let code = fs::read_to_string(project("crates/limen-metrics/src/text.rs")).expect("text");
    let there: Vec<&str> = metrics_in(&code).collect();
    let page = fs::read_to_string(project("docs/monitoring.md")).expect("text");
    for name in there.iter().filter(|name| **name != "limen_core") {
        assert!(page.contains(&format!("`{name}")), "docs/monitoring.md does not name {name}");
    }
    for file in ["monitoring/alerts.yml", "monitoring/alerts_test.yml", "monitoring/dashboard.json"] {
        let text = fs::read_to_string(project(file)).expect("text");
        let missing: Vec<&str> = metrics_in(&text).filter(|name| !there.contains(&family(name))).collect();
        assert!(missing.is_empty(), "{file} names {missing:?}");
    }
}

#[test]
fn the_dashboard_takes_its_data_from_where_who_imports_it_says() {
    let text = fs::read_to_string(project("monitoring/dashboard.json")).expect("text");
    let board: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let variables = board["templating"]["list"].as_array().expect("a list");
    assert!(variables.iter().any(|one| one["type"] == "datasource" && one["query"] == "prometheus"));
    for panel in board["panels"].as_array().expect("a list").iter().filter(|one| one["type"] != "row") {
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
        assert!(!panel["targets"].as_array().expect("a list").is_empty(), "{}", panel["title"]);
    }
}

#[test]
fn promtool_finds_nothing_wrong_with_the_alerts() {
    let there = checked_by("promtool", &["--version"], "").is_some();
    if there {
        let ran = Command::new(project("monitoring/check")).output().expect("it runs");
        assert!(
            ran.status.success(),
            "{}{}",
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr)
        );
    }
}
