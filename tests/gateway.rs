//! The gateway's socket of a running daemon: what it may ask, what a command must carry, and that the door works on
//! whatever the gateway does.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use limen::config::Settings;
use limen::control::Request;
use limen_core::credential::{Digits, PinHash};
use limen_core::event::Fact;
use limen_vision::frame::Picture;
use serde_json::{Value, json};

use crate::daemon::{Listener, Running, of_kind, settings_of};
use crate::support::{OF_PHOTOGRAPHS, Site, limen_told, nobody, until_recorded, visitor};

const CODE: &str = "4815162342";

/// The name of the user as whom the tests run; the number of one without a name.
fn own_user() -> String {
    let uid = rustix::process::geteuid().as_raw().to_string();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = users.lines().find(|line| line.split(':').nth(2) == Some(&uid));
    line.and_then(|line| line.split(':').next()).map_or(uid.clone(), str::to_owned)
}

/// `[control.gateway]` for the tests' own user.
fn section(may: &[&str]) -> String {
    let hash = PinHash::of(&Digits::new(CODE).expect("digits"), [7; 16]).expect("memory");
    let user = own_user();
    format!("[control.gateway]\nuser = \"{user}\"\nmay = {may:?}\ncodes = {{ kitchen = \"{hash}\" }}\n")
}

/// Nobody, then somebody enrolled for long enough that a slow build sees enough frames.
fn somebody_comes() -> Vec<Picture> {
    let stays = (0..8).map(|_| visitor("obama2"));
    [nobody()].into_iter().chain(stays).collect()
}

fn start(site: &Site, may: &[&str], pictures: Vec<Picture>, gap: u32) -> Running {
    let mut settings = settings_of(site);
    let said = Settings::parse(&section(may), "limen.toml".as_ref()).expect("no mistake");
    settings.gateway = said.gateway;
    let running = Running::watched(settings, None, site, pictures, gap, Listener);
    running.loaded();
    running
}

/// Asks over the gateway's socket.
fn ask(site: &Site, request: &Value) -> Value {
    let mut stream = UnixStream::connect(site.path("run/gateway.sock")).expect("listening");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
    writeln!(stream, "{request}").expect("asked");
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).expect("an answer");
    serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

fn refused(answer: &Value) -> String {
    assert_eq!(answer["ok"], false, "{answer}");
    answer["error"].as_str().expect("a reason").to_owned()
}

/// An unlocking that was given so many microseconds ago.
fn unlock(age_us: i64, code: &str) -> Value {
    let at = jiff::Timestamp::now().as_microsecond() - age_us;
    json!({ "v": 1, "command": "unlock", "seconds": 1, "remote": { "at_us": at, "code": code } })
}

fn command(name: &str) -> Value {
    json!({ "v": 1, "command": name })
}

#[test]
fn by_default_the_gateway_sees_and_locks_and_each_command_is_recorded_with_who_is_behind_it() {
    let site = Site::with_obama();
    let running = start(&site, &["status", "events", "lock"], vec![nobody()], 30);
    let status = ask(&site, &command("status"));
    assert_eq!((&status["state"], &status["may"]), (&json!("locked"), &json!(["status", "events", "lock"])));
    let counted = &status["metrics"]["alarms"];
    assert!(counted["door-forced"] == 0 && counted["duress"].is_null(), "a silent alarm: {counted}");
    assert_eq!(ask(&site, &command("lock"))["state"], "locked");
    assert!(refused(&ask(&site, &unlock(0, CODE))).contains("[control.gateway] may"));
    assert!(refused(&ask(&site, &command("mode"))).contains("[control.gateway] may"));
    for name in ["reload", "snapshot"] {
        assert!(refused(&ask(&site, &command(name))).contains("never has an administrator's right"));
    }
    let records = of_kind(&running.finish(), "command").into_iter().cloned().collect::<Vec<_>>();
    let behind: Vec<_> = records.iter().map(|one| (&one["command"], &one["behind"])).collect();
    let broker = json!("broker");
    assert_eq!(
        behind[..3],
        [(&json!("lock"), &broker), (&json!("unlock"), &broker), (&json!("mode"), &broker)]
    );
    assert!(records[0].get("refused").is_none() && records[1]["refused"].is_string());
}

#[test]
fn an_unlocking_needs_a_right_code_and_a_fresh_time_and_is_taken_once() {
    let site = Site::with_obama();
    let running = start(&site, &["status", "unlock"], vec![nobody()], 80);
    let is_synchronised = ask(&site, &command("status"))["clock_synchronised"] == true;
    if !is_synchronised {
        let why = refused(&ask(&site, &unlock(0, CODE)));
        assert!(why.contains("clock is not synchronised"), "{why}");
        drop(running.finish());
        return;
    }
    for (age_us, code, says) in [
        (11_000_000, CODE, "more than 10 s old"),
        (-4_000_000, CODE, "more than 2 s ahead"),
        (0, "", "has no remote code"),
        (0, "open sesame", "has no remote code"),
        (0, "4815162343", "the remote code is wrong"),
    ] {
        let why = refused(&ask(&site, &unlock(age_us, code)));
        assert!(why.contains(says), "{why}");
    }
    assert!(
        refused(&ask(&site, &json!({"v":1,"command":"unlock","seconds":1}))).contains("when it was given")
    );
    let mut given = Value::Null;
    let give = || {
        given = unlock(0, CODE);
        ask(&site, &given)
    };
    let opened = until_recorded(give, |answer| answer["error"].as_str().unwrap_or_default().to_owned());
    assert_eq!(opened["state"], "unlocked", "{opened}");
    assert!(refused(&ask(&site, &given)).contains("came before"));
    let records = running.finish();
    assert_eq!(of_kind(&records, "granted")[0]["grant"], "manual");
    let commands = of_kind(&records, "command");
    assert!(commands.iter().any(|one| one["behind"] == "kitchen" && one.get("refused").is_none()));
    assert!(!json!(commands).to_string().contains("4815"), "no code is recorded");
}

#[test]
fn a_reload_takes_a_right_away_at_once() {
    let site = Site::with_obama();
    let write = |may: &[&str]| {
        let text = format!("[paths]\nstate = \"state\"\nruntime = \"run\"\n{OF_PHOTOGRAPHS}{}", section(may));
        site.write("limen.toml", text)
    };
    let config = write(&["status", "lock"]);
    let running = Running::start_with(&config, &site, vec![nobody()], 60);
    running.loaded();
    assert_eq!(ask(&site, &command("lock"))["ok"], true);
    write(&["status"]);
    running.ask(Request::Reload).expect("reloaded");
    assert!(refused(&ask(&site, &command("lock"))).contains("[control.gateway] may"));
    running.finish();
}

#[test]
fn a_gateway_that_hangs_floods_and_lies_keeps_no_enrolled_face_out_and_no_operator() {
    let site = Site::with_obama();
    let running = start(&site, &["status", "events", "lock"], somebody_comes(), 0);
    let path = site.path("run/gateway.sock");
    // Clients that never ask, as many as there are places and more.
    let hanging: Vec<_> = (0..6).map(|_| UnixStream::connect(&path).expect("listening")).collect();
    let ends = Arc::new(AtomicBool::new(false));
    let floods = ["{\"v\":1,\"command\":\"lock\"}", "\u{fffd}\u{fffd}", "{\"v\":1,\"command\":\"store\"}"];
    let floods = floods.map(|line| {
        let (path, ends) = (path.clone(), Arc::clone(&ends));
        thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                if let Ok(mut stream) = UnixStream::connect(&path) {
                    let _ = writeln!(stream, "{line}");
                }
            }
        })
    });
    assert_eq!(running.ask(Request::Status).expect("an answer")["state"], "locked");
    running.until(|fact| matches!(fact, Fact::Granted { person: Some(_), .. }));
    ends.store(true, Ordering::Relaxed);
    floods.into_iter().for_each(|flood| flood.join().expect("it ends"));
    drop(hanging);
    let records = running.finish();
    assert!(of_kind(&records, "command").len() <= 70, "{}", of_kind(&records, "command").len());
}

#[test]
fn a_gateway_that_dies_amid_a_command_changes_nothing() {
    let site = Site::with_obama();
    let may = ["status", "events", "lock", "unlock"];
    let running = start(&site, &may, somebody_comes(), 0);
    for line in [unlock(0, CODE), unlock(0, "0000000001"), command("events"), json!({ "v": 1 })] {
        let mut stream = UnixStream::connect(site.path("run/gateway.sock")).expect("listening");
        let line = line.to_string();
        stream.write_all(&line.as_bytes()[..line.len() / 2]).expect("half a request");
        drop(stream);
        let mut stream = UnixStream::connect(site.path("run/gateway.sock")).expect("listening");
        writeln!(stream, "{line}").expect("a request whose answer nobody reads");
    }
    running.until(|fact| matches!(fact, Fact::Granted { person: Some(_), .. }));
    assert_eq!(ask(&site, &command("status"))["ok"], true);
    running.finish();
}

#[test]
fn a_code_is_enrolled_by_command_and_its_digits_are_nowhere() {
    let site = Site::empty();
    let config = site.write("limen.toml", "[control.gateway]\nmay = [\"lock\", \"unlock\"]\n");
    let config = config.to_str().expect("text");
    let enrol = |name: &str, more: &[&str], code: &str| {
        limen_told(["--config", config, "code", name].iter().chain(more), code)
    };
    let ran = enrol("kitchen", &["--stdin"], "4815162342\n");
    assert_eq!((ran.code, ran.out.trim()), (0, "kitchen: code set"), "{}", ran.err);
    let text = std::fs::read_to_string(config).expect("text");
    assert!(text.contains("kitchen = \"$argon2id$") && !text.contains("4815162342"), "{text}");
    for (name, code, says) in [
        ("broker", "4815162342\n", "choose another name"),
        ("phone", "4711\n", "10 to 16 digits"),
        ("phone", "1234567890\n", "in a row"),
        ("phone", "open sesame\n", "digits only"),
    ] {
        let ran = enrol(name, &["--stdin"], code);
        assert!(ran.code == 2 && ran.err.contains(says), "{}", ran.err);
    }
    assert_eq!(enrol("kitchen", &["--remove"], "").code, 0);
    assert!(!std::fs::read_to_string(config).expect("text").contains("kitchen"));
    assert!(enrol("kitchen", &["--remove"], "").err.contains("no remote code is called"));
}

/// Whether another user of this machine, in no group of ours, can read a file.
fn another_user_reads(file: &std::path::Path) -> bool {
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "cat"]).arg(file);
    command.output().is_ok_and(|ran| ran.status.success())
}

#[test]
fn the_gateways_user_reads_neither_the_configuration_nor_the_store_nor_the_records() {
    use std::os::unix::fs::PermissionsExt as _;
    if !rustix::process::geteuid().is_root() {
        let _ = writeln!(std::io::stderr(), "skipped: only root can become another user");
        return;
    }
    let site = Site::with_obama();
    let set = |name: &str, mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(site.path(name), mode).expect("a mode");
    };
    // The folders above are open to all, and the configuration's is as it is installed.
    set("", 0o755);
    std::fs::create_dir(site.path("etc")).expect("a folder");
    set("etc", 0o2750);
    std::fs::write(site.path("etc/limen.toml"), "").expect("written");
    std::fs::write(site.path("seen"), "").expect("written");
    start(&site, &["status"], vec![nobody()], 5).finish();
    assert!(another_user_reads(&site.path("seen")), "what is open to all can be read");
    let mut files = vec![site.path("etc/limen.toml")];
    for folder in ["state", "audit"] {
        let entries = std::fs::read_dir(site.path(folder)).expect("a folder");
        files.extend(entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()));
    }
    assert!(files.len() > 3, "{files:?}");
    let read: Vec<_> = files.into_iter().filter(|file| another_user_reads(file)).collect();
    assert!(read.is_empty(), "{read:?}");
}

#[test]
fn the_gateways_unit_is_little_exposed_and_its_user_is_in_no_other_group() {
    let unit = crate::support::project("systemd/limen-gateway.service");
    let text = std::fs::read_to_string(&unit).expect("text");
    assert!(text.contains("\nUser=limen-gateway\n") && !text.contains("SupplementaryGroups"));
    assert!(text.contains("\nInaccessiblePaths=-/etc/limen -/var/lib/limen\n"));
    let users =
        std::fs::read_to_string(crate::support::project("systemd/limen-gateway.sysusers")).expect("text");
    assert!(users.lines().all(|line| !line.starts_with("m limen-gateway")), "{users}");
    let door = std::fs::read_to_string(crate::support::project("systemd/limen.service")).expect("text");
    assert!(door.contains("\nPrivateNetwork=yes\n"), "the door keeps no network");
    let mut command = std::process::Command::new("systemd-analyze");
    command.args(["security", "--offline=true", "--no-pager"]).arg(&unit);
    let Ok(ran) = command.output() else {
        let _ = writeln!(std::io::stderr(), "skipped: systemd-analyze is not there");
        return;
    };
    let report = String::from_utf8_lossy(&ran.stdout).into_owned();
    let exposure = report.rsplit("service: ").next().and_then(|rest| rest.split(' ').next());
    assert!(exposure.and_then(|text| text.parse::<f32>().ok()).is_some_and(|found| found <= 1.2), "{report}");
}
