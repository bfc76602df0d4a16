//! Operating a running daemon by the commands: modes, alarms, unlocking, events; and who is turned away.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use limen::control::Request;
use limen_core::event::{Fact, Mode, Part};

use crate::daemon::{Listener, Running, of_kind, settings_of};
use crate::support::{OF_PHOTOGRAPHS, Site, command, nobody, until_recorded, visitor};

fn is_mode(wanted: Mode) -> impl Fn(&Fact) -> bool {
    move |fact| matches!(fact, Fact::Mode { mode, .. } if *mode == wanted)
}

#[test]
fn lock_down_by_command_keeps_out_whom_the_camera_knows_and_every_command_is_recorded_with_its_caller() {
    let site = Site::with_obama();
    let running = Running::start(&site, vec![nobody(), visitor("obama2"), nobody()], 12);
    running.loaded();
    let ran = command(&site, &["mode", "lock-down"]);
    assert_eq!((ran.code, ran.out.trim()), (0, "mode lock-down"), "{}", ran.err);
    running.until(is_mode(Mode::LockDown));
    let ran = command(&site, &["unlock"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(ran.err.contains("the door is in lock-down; `limen mode normal` ends that"), "{}", ran.err);
    let ran = command(&site, &["status"]);
    assert!(ran.out.contains("mode     lock-down"), "{}", ran.out);
    let records = running.finish();
    assert_eq!(of_kind(&records, "granted").len(), 0, "{records:#?}");
    assert_eq!(of_kind(&records, "refused")[0]["refusal"]["why"], "lock-down");
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(of_kind(&records, "mode")[0]["caller"]["uid"], uid);
    let refused = of_kind(&records, "command");
    assert_eq!((&refused[0]["command"], &refused[0]["caller"]["uid"]), (&"unlock".into(), &uid.into()));
}

#[test]
fn unlock_opens_for_its_time_and_says_who_asked() {
    let site = Site::with_obama();
    let running = Running::start(&site, vec![nobody(); 4], 12);
    running.loaded();
    let give = || command(&site, &["--json", "unlock", "--seconds", "1"]);
    let ran = until_recorded(give, |ran| ran.err.clone());
    assert_eq!(ran.json()[0]["state"], "unlocked", "{}", ran.err);
    running.until(|fact| matches!(fact, Fact::Locked { .. }));
    assert_eq!(command(&site, &["unlock", "--seconds", "31"]).code, 2);
    let records = running.finish();
    let granted = of_kind(&records, "granted");
    assert_eq!((&granted[0]["grant"], &granted[0]["unlock_ms"]), (&"manual".into(), &1000.into()));
}

#[test]
fn without_alarms_the_list_is_empty_and_what_is_not_there_cannot_be_acknowledged() {
    let site = Site::with_obama();
    let running = Running::start(&site, vec![nobody(); 3], 12);
    running.loaded();
    let ran = command(&site, &["alarms"]);
    assert_eq!((ran.code, ran.out.trim()), (0, "no alarms"));
    let ran = command(&site, &["alarms", "acknowledge", "door-forced"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("there is no alarm door-forced"), "{}", ran.err);
    let ran = command(&site, &["alarms", "acknowledge", "burglars"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("door-forced, tampered"), "{}", ran.err);
    running.finish();
}

#[test]
fn events_are_followed_until_the_daemon_leaves() {
    let site = Site::with_obama();
    let running = Running::start(&site, vec![nobody(), visitor("obama2")], 12);
    running.loaded();
    let ran = command(&site, &["--json", "events", "--follow"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let kinds: Vec<_> = ran.json().iter().map(|line| line["event"]["kind"].clone()).collect();
    assert!(kinds.contains(&"granted".into()) && kinds.contains(&"stopped".into()), "{kinds:?}");
    running.finish();
}

#[test]
fn clients_that_send_nonsense_are_turned_away_and_recorded_up_to_a_limit_then_counted() {
    let site = Site::with_obama();
    let running = Running::start(&site, vec![nobody(); 3], 12);
    running.loaded();
    for _ in 0..70 {
        let mut stream = UnixStream::connect(site.path("run/control.sock")).expect("listening");
        stream.set_read_timeout(Some(Duration::from_secs(9))).expect("a time limit");
        // Whom the server turns away unheard it has answered and left already.
        let _ = stream.write_all(b"{\"v\":1,\"command\":\"open-sesame\"}\n");
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).expect("an answer");
        assert!(answer.contains("\"ok\":false"), "{answer}");
    }
    let records = running.finish();
    let turned_away = of_kind(&records, "command").into_iter().filter(|fact| fact["refused"].is_string());
    assert_eq!(turned_away.count(), 60);
    assert_eq!(of_kind(&records, "commands-left-out")[0]["count"], 10);
}

#[test]
fn without_a_daemon_the_commands_say_so() {
    let site = Site::empty();
    for arguments in [&["unlock"][..], &["mode"], &["mode", "normal"], &["alarms"], &["events"]] {
        let ran = command(&site, arguments);
        assert_eq!(ran.code, 3, "{arguments:?}");
        assert!(ran.err.contains("no daemon answers there"), "{}", ran.err);
    }
}

#[test]
fn a_kept_mode_that_cannot_be_read_is_a_lock_down_and_an_alarm_until_another_is_commanded() {
    let site = Site::with_obama();
    let mut settings = settings_of(&site);
    settings.keep_mode = true;
    std::fs::create_dir_all(&settings.paths.state).expect("a folder");
    std::fs::write(settings.paths.state.join("mode"), "lock-do").expect("half of it");
    let pictures = vec![nobody(), visitor("obama2"), nobody(), nobody()];
    let running = Running::watched(settings, None, &site, pictures, 12, Listener);
    running.loaded();
    let ran = command(&site, &["status"]);
    assert!(ran.code == 1 && ran.out.contains("mode     lock-down"), "{}", ran.out);
    let ran = command(&site, &["alarms"]);
    assert!(ran.code == 1 && ran.out.contains("mode-fault"), "{}", ran.out);
    running.until(|fact| matches!(fact, Fact::Refused { .. }));
    assert_eq!(command(&site, &["mode", "normal"]).code, 0);
    let kept = std::fs::read_to_string(site.path("state/mode")).expect("a file");
    assert_eq!(kept, "normal", "it is on the disk when the command ends");
    running.until(|fact| matches!(fact, Fact::Recovered { part: Part::Mode, .. }));
    assert_eq!(of_kind(&running.finish(), "granted").len(), 0);
}

#[test]
fn a_reload_changes_who_is_asked_to_turn_the_head_but_not_by_lights_that_are_not_open() {
    let site = Site::with_obama();
    let write = |rest: &str| {
        let paths = "[paths]\nstate = \"state\"\nruntime = \"run\"\n[audit]\nfolder = \"audit\"\n";
        site.write("limen.toml", format!("{paths}{rest}"))
    };
    let config = write(OF_PHOTOGRAPHS);
    let running = Running::start_with(&config, &site, vec![nobody()], 60);
    running.loaded();
    let mode = || running.ask(Request::Status).expect("a status")["liveness"]["mode"].clone();
    assert_eq!(mode(), "off");
    write("");
    running.ask(Request::Reload).expect("in force");
    assert_eq!(mode(), "motion");
    write("[door]\nprompt-left = 24\nprompt-right = 25\n");
    let answer = running.ask(Request::Reload).expect("in force");
    assert_eq!(answer["needs_restart"], serde_json::json!(["[door]"]));
    assert_eq!(mode(), "motion", "until the restart");
    running.finish();
}
