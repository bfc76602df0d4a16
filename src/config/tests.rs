//! What the configuration file may say, and what each mistake is answered with.

use std::time::Duration;

use limen_core::embedding::Distance;
use limen_core::policy::OnAuditFailure;
use limen_vision::model::{EmbedderChoice, Packs};

use super::*;
use crate::door::Driver;
use crate::door::chips::ChipChoice;
use crate::door::pin::ActiveLevel;

fn parse(text: &str) -> Result<Settings, ConfigError> {
    Settings::parse(text, Path::new("/etc/limen/limen.toml"))
}

pub(super) fn good(text: &str) -> Settings {
    parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The mistakes of a text, without the file's folder.
fn diagnostics(text: &str) -> Vec<String> {
    let error = parse(text).expect_err("a mistake").to_string();
    error.lines().map(|line| line.replace("/etc/limen/", "")).collect()
}

/// A text with one mistake, which is answered like this.
pub(super) fn answers(text: &str, answer: &str) {
    let found = diagnostics(text);
    assert_eq!(found.len(), 1, "{text}\n{found:#?}");
    assert!(found[0].starts_with(answer), "{text}\n{}", found[0]);
}

#[test]
fn the_shipped_file_says_the_defaults() {
    let shipped = good(include_str!("../../config/limen.toml"));
    assert_eq!(format!("{shipped:?}"), format!("{:?}", Settings::defaults()));
    assert!(shipped.warnings.is_empty());
}

#[test]
fn the_shipped_file_parses_with_every_commented_key_uncommented() {
    let text = include_str!("../../config/limen.toml");
    let is_key = |line: &str| {
        line.starts_with('[') && line.ends_with(']')
            || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '))
    };
    let uncommented: Vec<&str> = text
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| is_key(rest)).unwrap_or(line))
        .filter(|line| !line.starts_with("path =") && !line.starts_with("sha256 ="))
        // The schedules of the modes are those that a site names.
        .filter(|line| !line.starts_with("office-open =") && !line.starts_with("lock-down ="))
        .collect();
    let settings = good(&uncommented.join("\n"));
    assert_eq!(settings.camera.width, Some(640));
    assert_eq!(settings.recognition.max_distance, Distance::new(0.9));
    assert_eq!(settings.recognition.look_alikes.pairs().count(), 1);
    assert_eq!(settings.door.inputs.len(), 4);
}

#[test]
fn every_line_of_the_door_has_a_pin_of_its_own_and_a_polarity() {
    let settings = good(
        "[door]\nbuzzer = 26\nbuzzer-active = \"low\"\n[door.rex]\npin = 5\ndebounce-ms = 80\n[door.contact]\npin = 6",
    );
    assert_eq!(settings.door.buzzer.map(|line| line.active), Some(ActiveLevel::Low));
    let [rex, contact] = &settings.door.inputs[..] else { panic!("two inputs") };
    assert_eq!(
        (rex.active, rex.debounce.as_millis(), contact.active),
        (ActiveLevel::Low, 80, ActiveLevel::High)
    );
    for (text, answer) in [
        (
            "[door]\npin = 17\n[door.rex]\npin = 17",
            "limen.toml:4: [door.rex] pin: BCM 17 is used for [door] pin already",
        ),
        ("[door.tamper]\nactive = \"high\"", "limen.toml:1: [door.tamper] pin: is missing"),
        ("[door.fire]\npin = 6\ndebounce-ms = 0", "limen.toml:3: [door.fire] debounce-ms: 0 is out of range"),
        (
            "[door.rex]\npin = 6\npull = \"sideways\"",
            "limen.toml:3: [door.rex] pull: \"sideways\" is not known",
        ),
        ("[door]\nrelock = \"on-close\"", "limen.toml:2: [door] relock: \"on-close\" needs a door contact"),
        (
            "[door]\nprompt-left = 24\nprompt-right = 24",
            "limen.toml:3: [door] prompt-right: BCM 24 is used for [door] prompt-left already",
        ),
        ("[door]\nprompt-left = 24", "limen.toml:2: [door] prompt-left: is there without prompt-right"),
        ("[door]\nprompt-right = 24", "limen.toml:2: [door] prompt-right: is there without prompt-left"),
        (
            "[door]\nprompt-right-active = \"low\"",
            "limen.toml:2: [door] prompt-right-active: sets the level of prompt-right",
        ),
        (
            "[door]\ndriver = \"gpiochip\"\npin = 17\nprompt-left = 24\nprompt-right = 25\n[reader]\n\
             wiegand = { d0 = 25, d1 = 21 }",
            "limen.toml:7: [reader] wiegand d0: BCM 25 is used for [door] prompt-right already",
        ),
        ("[door]\ngreen-active = \"low\"", "limen.toml:2: [door] green-active: sets the level of green"),
        (
            "[door]\nheld-open-seconds = 5\nheld-open-warning-seconds = 5",
            "limen.toml:3: [door] held-open-warning-seconds",
        ),
        (
            "[modes]\nlock-down = [\"night\"]",
            "limen.toml:2: [modes] lock-down: no [[schedule]] is called \"night\"",
        ),
        ("[modes]\nafter-restart = \"party\"", "limen.toml:2: [modes] after-restart"),
        ("[alarms]\ncamera-blind-seconds = -1", "limen.toml:2: [alarms] camera-blind-seconds"),
        ("[recognition]\nmultiple-faces = \"all\"", "limen.toml:2: [recognition] multiple-faces"),
    ] {
        answers(text, answer);
    }
}

#[test]
fn look_alikes_are_two_people_and_a_margin() {
    let pairs = |text: &str| format!("[[recognition.look-alikes]]\n{text}");
    let settings = good(&pairs("people = [\"ada\", \"bob\"]\nmargin = 0.1"));
    assert_eq!(settings.recognition.look_alikes.pairs().count(), 1);
    for (text, answer) in [
        (
            "people = [\"ada\"]\nmargin = 0.1",
            "limen.toml:2: [[recognition.look-alikes]] people: must name two",
        ),
        ("people = [\"ada\", \"ada\"]\nmargin = 0.1", "limen.toml:2: [[recognition.look-alikes]] people"),
        ("people = [\"ada\", \"Bob\"]\nmargin = 0.1", "limen.toml:2: [[recognition.look-alikes]] people"),
        ("margin = 0.1", "limen.toml:1: [[recognition.look-alikes]] people: must name two"),
        ("people = [\"ada\", \"bob\"]\nmargin = 2", "limen.toml:3: [[recognition.look-alikes]] margin: "),
        ("people = [\"ada\", \"bob\"]", "limen.toml:1: [[recognition.look-alikes]] margin: is missing"),
    ] {
        answers(&pairs(text), answer);
    }
}

#[test]
fn the_stores_key_is_relative_to_the_file_and_another_one_needs_a_restart() {
    let settings = good("[store]\nkey = \"store.key\"");
    assert_eq!(settings.store_key.as_deref(), Some(Path::new("/etc/limen/store.key")));
    assert_eq!(settings.store_file().key().file(), Path::new("/etc/limen/store.key"));
    assert_eq!(Settings::defaults().needs_restart(&settings), ["[store]"]);
    answers("[store]\nkey = \"\"", "limen.toml:2: [store] key: is empty");
}

#[test]
fn defaults_are_safe() {
    let settings = Settings::defaults();
    assert!(matches!(settings.door.driver, Driver::DryRun));
    assert!(!settings.accept_photo_risk && !settings.camera.allow_virtual);
    assert_eq!(settings.rules.on_audit_failure, OnAuditFailure::Refuse);
    assert_eq!((settings.rules.frames, settings.rules.window), (3, 5));
    assert_eq!(settings.rules.unlock, Duration::from_secs(5));
    assert_eq!(settings.gallery, Path::new("/etc/limen/gallery.toml"));
    assert_eq!(settings.audit.keep_at_least.as_secs(), 90 * 86_400);
    assert_eq!(settings.audit.folder, Path::new("/var/lib/limen/audit"));
}

#[test]
fn every_value_out_of_range_names_its_line_and_the_range() {
    answers(
        "[recognition]\ntarget-far = 0.5\n",
        "limen.toml:2: [recognition] target-far: 0.5 is out of range; use 0.00000001 to 0.1",
    );
    answers(
        "[recognition]\nmargin = nan\n",
        "limen.toml:2: [recognition] margin: NaN is out of range; use 0 to 0.5",
    );
    answers(
        "[recognition]\nmax-distance = 0\n",
        "limen.toml:2: [recognition] max-distance: 0 is out of range",
    );
    answers(
        "[recognition]\n\nframes = 11\n",
        "limen.toml:3: [recognition] frames: 11 is out of range; use 1 to 10 frames",
    );
    answers(
        "[recognition]\nframes = 4\nwindow = 3\n",
        "limen.toml:3: [recognition] window: 3 frames cannot hold the 4",
    );
    answers(
        "[recognition.quality]\nmax-yaw = 91\n",
        "limen.toml:2: [recognition.quality] max-yaw: 91 is out of range; use 5 to 90 degrees",
    );
    answers(
        "[door]\nunlock-seconds = 31\n",
        "limen.toml:2: [door] unlock-seconds: 31 is out of range; use 1 to 30 seconds",
    );
    answers(
        "[camera]\nwidth = 0\n",
        "limen.toml:2: [camera] width: 0 is out of range; use 64 to 8192 pixels",
    );
    answers(
        "[audit]\nseal-minutes = 0\n",
        "limen.toml:2: [audit] seal-minutes: 0 is out of range; use 1 to 1440 minutes",
    );
    answers(
        "[audit]\nkeep-at-least-days = -1\n",
        "limen.toml:2: [audit] keep-at-least-days: -1 is out of range; use 0 to 3650 days",
    );
    answers("[audit]\nkeep = 0\n", "limen.toml:2: [audit] keep: 0 is out of range; use 1 to 1000 files");
}

#[test]
fn every_unknown_name_is_answered_with_those_that_exist() {
    answers(
        "[camera]\nformat = \"H264\"\n",
        "limen.toml:2: [camera] format: \"H264\" is no known pixel format; use one of YUYV",
    );
    answers(
        "[door]\ndriver = \"wish\"\n",
        "limen.toml:2: [door] driver: \"wish\" is not known; use \"rppal\" or",
    );
    answers("[door]\npins = 4\n", "limen.toml:2: [door] pins: there is no such key; did you mean pin?");
    answers("[dor]\n", "limen.toml:1: [dor]: there is no such section; did you mean door?");
    answers(
        "[audit]\non-audit-failure = \"allow\"\n",
        "limen.toml:2: [audit] on-audit-failure: \"allow\" is not known",
    );
    answers(
        "[model]\nembedding = \"../FP16\"\n",
        "limen.toml:2: [model] embedding: \"../FP16\" is no model's name; use 1 to 64 of a-z",
    );
}

#[test]
fn a_real_lock_needs_a_pin_and_without_liveness_the_accepted_risk() {
    answers("[door]\ndriver = \"gpiochip\"\n", "limen.toml:2: [door] pin: is missing; add pin = N");
    let found = diagnostics("[door]\ndriver = \"gpiochip\"\n[recognition]\nliveness = \"off\"\n");
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[1].starts_with("limen.toml:4: [door] accept-photo-risk: with liveness = \"off\" a photograph")
    );
    let settings = good("[door]\ndriver = \"gpiochip\"\npin = 17\naccept-photo-risk = true\n");
    assert!(settings.accept_photo_risk);
}

#[test]
fn the_chip_is_found_by_itself_unless_it_is_named() {
    const DOOR: &str = "[door]\ndriver = \"gpiochip\"\npin = 17\naccept-photo-risk = true\n";
    assert_eq!(good(DOOR).door.chip, ChipChoice::default());
    let named = good(&format!("{DOOR}chip = \"/dev/gpiochip4\"\nchip-label = \"pinctrl-rp1\"\n"));
    let (path, label) = (Some("/dev/gpiochip4".into()), Some("pinctrl-rp1".to_owned()));
    assert_eq!(named.door.chip, ChipChoice { path, label });
    let long = format!("{DOOR}chip-label = \"{}\"\n", "x".repeat(32));
    answers(&long, "limen.toml:5: [door] chip-label: is longer than 31 bytes");
    let rppal = good(&format!("{}chip = \"/dev/gpiochip0\"\n", DOOR.replace("gpiochip", "rppal")));
    assert!(rppal.warnings.iter().any(|warning| warning.contains("uses no chip")), "{:?}", rppal.warnings);
}

#[test]
fn a_pin_is_a_bcm_number_used_once() {
    answers(
        "[door]\npin = 42\n",
        "limen.toml:2: [door] pin: 42 is not a BCM number (0 to 27); header pin 11 is BCM 17",
    );
    answers("[door]\npin = -1\n", "limen.toml:2: [door] pin: -1 is not a BCM number");
    answers(
        "[door]\npin = 17\nred = 17\n",
        "limen.toml:3: [door] red: BCM 17 is used for [door] pin already",
    );
}

#[test]
fn a_pull_that_unlocks_at_power_up_is_refused_unless_a_resistor_holds_the_line() {
    answers(
        "[door]\npin = 4\n",
        "limen.toml:2: [door] pin: BCM 4 is pulled up at power-up, which is the unlocked level",
    );
    answers(
        "[door]\npin = 17\nactive = \"low\"\n",
        "limen.toml:2: [door] pin: BCM 17 is pulled down at power-up",
    );
    good("[door]\npin = 4\nactive = \"low\"\n");
    good("[door]\npin = 4\nexternal-pull = true\n");
}

#[test]
fn a_serial_console_pin_is_a_warning() {
    let settings = good("[door]\npin = 14\n");
    assert!(settings.warnings[0].starts_with("[door] pin: BCM 14 belongs to the serial console"));
}

#[test]
fn a_model_file_needs_its_digest_and_a_digest_its_file() {
    answers("[model]\npath = \"m.onnx\"\n", "limen.toml:2: [model] path: has no sha256 beside it");
    answers("[model]\nsha256 = \"00\"\n", "limen.toml:2: [model] sha256: has no path beside it");
    answers(
        "[model]\npath = \"m.onnx\"\nsha256 = \"00\"\n",
        "limen.toml:3: [model] sha256: is not a SHA-256 digest",
    );
    let settings = good(&format!("[model]\npath = \"m.onnx\"\nsha256 = \"{}\"\n", "0f".repeat(32)));
    let EmbedderChoice::File { path, .. } = settings.model else { panic!("a file was named") };
    assert_eq!(path, Path::new("/etc/limen/m.onnx"));
}

#[test]
fn a_model_is_named_among_those_of_the_state_folder() {
    let named = good("[model]\nembedding = \"mine-2\"\n[paths]\nstate = \"state\"\n").model;
    let packs = Packs::in_state(Path::new("/etc/limen/state"));
    assert_eq!(Some(named), EmbedderChoice::named("mine-2", packs));
    assert_eq!(good("[model]\nembedding = \"int8\"\n").model, EmbedderChoice::BuiltIn);
    answers(
        &format!("[model]\nembedding = \"a\"\npath = \"m.onnx\"\nsha256 = \"{}\"\n", "0f".repeat(32)),
        "limen.toml:2: [model] embedding: names a model, and path names one too; keep one of the two",
    );
}

#[test]
fn all_mistakes_come_at_once_in_the_order_of_the_lines() {
    let found = diagnostics(
        "[camera]\nfps = 0\n[door]\npin = \"x\"\nunlock-seconds = 0\n[recognition]\nframes = 0\n",
    );
    let lines: Vec<&str> = found.iter().filter_map(|diagnostic| diagnostic.split(':').nth(1)).collect();
    assert_eq!(lines, ["2", "4", "5", "7"], "{found:#?}");
}

#[test]
fn changed_sections_that_need_a_restart_are_named() {
    let old = Settings::defaults();
    assert!(old.needs_restart(&good("[recognition]\nmargin = 0.1\n")).is_empty());
    let new = good("[camera]\nfps = 15\n[door]\ngreen = 22\n[paths]\nstate = \"state\"\n");
    assert_eq!(old.needs_restart(&new), ["[camera]", "[door]", "[paths]"]);
    assert_eq!(new.paths.state, Path::new("/etc/limen/state"));
}

#[test]
fn a_configuration_that_others_may_write_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("limen.toml");
    limen_files::write_atomically(&file, b"", 0o664).expect("written");
    assert!(Settings::load(&file, Trust::Checked).expect_err("group").to_string().contains("chmod go-w"));
    assert!(Settings::load(&file, Trust::Anyone).is_ok());
}
