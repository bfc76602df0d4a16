//! What the Debian package does on a machine: its scripts, run on a folder instead of a machine (`DPKG_ROOT`), with stand-ins
//! for the programs that they call.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::project;

const WRONG_RIGHTS: &str = r#"{"level":"problem","part":"gallery","text":"ada.jpg: 2 users may write it"}"#;
const MORE_WRONG_RIGHTS: &str =
    r#"{"level":"problem","part":"gallery","text":"ada.jpg: 3 users may write it"}"#;
const NO_CAMERA: &str = r#"{"level":"problem","part":"camera","text":"/dev/video0: is gone"}"#;
const ALL_FINE: &str = r#"{"level":"ok","part":"camera","text":"640x480"}"#;

/// A machine with limen installed: a folder, and stand-ins that write down how they are called.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    /// `running`: systemd runs, and so does the service.
    fn new(running: bool) -> Self {
        let machine = Self { folder: tempfile::tempdir().expect("a folder") };
        for folder in ["bin", "etc/limen", "usr/share/limen", "run", "var/lib/limen/audit"] {
            fs::create_dir_all(machine.path(folder)).expect("a folder");
        }
        if running {
            fs::create_dir_all(machine.path("run/systemd/system")).expect("a folder");
        }
        fs::write(machine.path("usr/share/limen/gallery.toml"), "# nobody\n").expect("written");
        fs::write(machine.path("etc/limen/limen.toml"), "").expect("written");
        for name in ["systemctl", "deb-systemd-invoke", "systemd-sysusers", "systemd-tmpfiles", "chgrp"] {
            machine.stand_in(name, "");
        }
        machine.finds(&[ALL_FINE], 0);
        machine
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// A program that writes down its arguments, then does this.
    fn stand_in(&self, name: &str, and: &str) {
        let (file, calls) = (self.path("bin").join(name), self.path("calls"));
        let calls = calls.display();
        fs::write(&file, format!("#!/bin/sh\necho \"{name} $*\" >>{calls}\n{and}\n")).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
    }

    /// From now on `limen check` prints these findings and ends with this exit code.
    fn finds(&self, findings: &[&str], code: i32) {
        let lines: String = findings.iter().map(|finding| format!("echo '{finding}'\n")).collect();
        self.stand_in("limen", &format!("{lines}exit {code}"));
    }

    /// Runs a maintainer script, and returns what it said.
    fn script(&self, name: &str, arguments: &[&str]) -> String {
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        let script = project("packaging/debian").join(name);
        let mut command = Command::new("sh");
        command.arg(script).args(arguments).env("PATH", path).env("DPKG_ROOT", self.folder.path());
        let ran = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.success(), "{name}: {said}");
        said
    }

    /// Whether a program was called like this.
    fn called(&self, call: &str) -> bool {
        fs::read_to_string(self.path("calls")).unwrap_or_default().lines().any(|line| line == call)
    }

    fn is_restarted(&self) -> bool {
        self.called("deb-systemd-invoke restart limen.service")
    }

    /// Upgrades, between a version that finds the one and a version that finds the other.
    fn upgrade(&self, before: (&[&str], i32), after: (&[&str], i32)) -> String {
        self.finds(before.0, before.1);
        self.script("preinst", &["upgrade", "0.1.0-1", "0.2.0-1"]);
        self.finds(after.0, after.1);
        self.script("postinst", &["configure", "0.1.0-1"])
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o7777
}

#[test]
fn installing_makes_user_folders_and_rights_and_starts_nothing() {
    let machine = Machine::new(true);
    machine.script("preinst", &["install"]);
    machine.script("postinst", &["configure", ""]);
    assert!(
        machine.called("systemd-sysusers limen.conf")
            && machine.called("systemd-tmpfiles --create limen.conf")
    );
    assert_eq!(mode(&machine.path("etc/limen/gallery.toml")), 0o640);
    let calls = fs::read_to_string(machine.path("calls")).expect("text");
    assert!(!["restart", "start", "enable"].iter().any(|word| calls.contains(word)), "{calls}");
}

#[test]
fn a_gallery_that_is_there_is_never_replaced() {
    let machine = Machine::new(false);
    fs::write(machine.path("etc/limen/gallery.toml"), "# ada\n").expect("written");
    machine.script("postinst", &["configure", "0.1.0-1"]);
    assert_eq!(fs::read_to_string(machine.path("etc/limen/gallery.toml")).expect("text"), "# ada\n");
}

#[test]
fn an_upgrade_restarts_the_service_if_the_new_version_finds_nothing_more() {
    let machine = Machine::new(true);
    assert_eq!(machine.upgrade((&[WRONG_RIGHTS, ALL_FINE], 1), (&[MORE_WRONG_RIGHTS], 1)), "");
    assert!(machine.is_restarted(), "numbers alone make no other problem");
    assert!(!machine.path("run/limen-upgrade").exists());
}

#[test]
fn an_upgrade_leaves_the_old_version_at_the_door_if_the_new_one_finds_another_problem() {
    let machine = Machine::new(true);
    let said = machine.upgrade((&[WRONG_RIGHTS], 1), (&[WRONG_RIGHTS, NO_CAMERA], 1));
    assert!(said.contains("the new version finds problems that the one before did not find"), "{said}");
    assert!(!machine.is_restarted());
}

#[test]
fn a_check_that_does_not_come_to_an_end_restarts_nothing() {
    for (before, after) in [(0, 101), (124, 0), (2, 2)] {
        let machine = Machine::new(true);
        let said = machine.upgrade((&[], before), (&[], after));
        assert!(said.contains("the check did not come to an end"), "{said}");
        assert!(!machine.is_restarted(), "{before} {after}");
    }
}

#[test]
fn a_service_that_does_not_run_is_neither_checked_nor_started_by_an_upgrade() {
    let machine = Machine::new(true);
    machine.stand_in("systemctl", "exit 3");
    assert_eq!(machine.upgrade((&[], 0), (&[], 0)), "");
    assert!(!machine.is_restarted() && !machine.called("limen --json check"));
}

#[test]
fn a_new_version_that_does_not_start_is_said() {
    let machine = Machine::new(true);
    machine.stand_in("deb-systemd-invoke", "exit 1");
    let said = machine.upgrade((&[], 0), (&[], 0));
    assert!(said.contains("it did not start"), "{said}");
}

#[test]
fn a_unit_of_make_install_that_hides_the_packages_is_named() {
    let machine = Machine::new(false);
    fs::create_dir_all(machine.path("etc/systemd/system")).expect("a folder");
    fs::write(machine.path("etc/systemd/system/limen.service"), "").expect("written");
    assert!(machine.script("postinst", &["configure", ""]).contains("hides the unit of the package"));
}

#[test]
fn only_a_removal_stops_the_service() {
    let machine = Machine::new(true);
    machine.script("prerm", &["upgrade", "0.2.0-1"]);
    assert!(!machine.called("deb-systemd-invoke stop limen.service"));
    machine.script("prerm", &["remove"]);
    assert!(machine.called("deb-systemd-invoke stop limen.service"));
}

#[test]
fn a_removal_keeps_people_and_records_and_a_purge_deletes_them() {
    let machine = Machine::new(true);
    machine.script("postrm", &["remove"]);
    assert!(machine.path("etc/limen/limen.toml").exists() && machine.path("var/lib/limen/audit").exists());
    machine.script("postrm", &["purge"]);
    assert!(!machine.path("etc/limen").exists() && !machine.path("var/lib/limen").exists());
}

#[test]
fn a_purge_keeps_people_and_records_where_a_file_asks_for_it() {
    let machine = Machine::new(false);
    fs::write(machine.path("etc/limen/keep-on-purge"), "").expect("written");
    machine.script("postrm", &["purge"]);
    assert!(machine.path("etc/limen/limen.toml").exists() && machine.path("var/lib/limen/audit").exists());
}

#[test]
fn the_list_of_what_is_compiled_in_has_every_crate_with_its_licence_and_every_network_with_its_digest() {
    if Command::new("python3").arg("--version").output().is_err() {
        // Not by eprintln!, which the test harness swallows.
        let _ = writeln!(std::io::stderr(), "skipped: packaging/sbom: python3 is not installed");
        return;
    }
    let ran = Command::new(project("packaging/sbom")).args(["--target", "x86_64-unknown-linux-gnu"]).output();
    let ran = ran.expect("it runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let bom: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let all = bom["components"].as_array().expect("a list");
    let named = |name: &str| all.iter().find(|one| one["name"] == name);
    assert!(all.len() > 100 && all.iter().all(|one| one["licenses"].is_array()), "{}", all.len());
    assert!(named("proptest").is_none(), "only tests need it");
    assert!(named("tract-onnx").expect("compiled in")["hashes"][0]["content"].is_string());
    let sums = fs::read_to_string(project("models/SHA256SUMS")).expect("text");
    for network in ["detector.onnx", "landmarks.onnx", "embedding-int8.onnx"] {
        let digest =
            named(network).expect(network)["hashes"][0]["content"].as_str().expect("a digest").to_owned();
        assert!(sums.contains(&digest), "{network}");
    }
}
