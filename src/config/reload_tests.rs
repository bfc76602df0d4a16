//! Every key of the configuration is changed, one after the other: a reload brings it into force, or says that it needs
//! a restart, or refuses it. No key may do nothing.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;

/// A file in which every key has a value of its own.
const BASE: &str = r#"
[camera]
driver = "v4l2"
device = "/dev/video0"
format = "YUYV"
width = 640
height = 480
fps = 30
identity = "a camera"
allow-virtual = false
rotate = 0
mirror = false
region = [0.1, 0.0, 0.8, 1.0]
min-face = 0.1
[camera.rpicam]
camera = 1
lens-position = 1.5
exposure = "normal"
shutter-us = 5000
gain = 4.5
flicker = "50"
hdr = false
[recognition]
target-far = 1e-4
max-distance = 0.9
margin = 0.05
frames = 3
window = 5
multiple-faces = "nearest"
liveness = "off"
[[recognition.look-alikes]]
people = ["ada", "bob"]
margin = 0.12
[recognition.quality]
min-eye-distance = 24
max-yaw = 35
max-pitch = 30
max-roll = 40
min-sharpness = 4
min-brightness = 31
max-brightness = 235
min-presence = 0.5
[liveness]
after-unsure = "refuse"
[model]
embedding = "int8"
[door]
driver = "gpiochip"
chip = "/dev/gpiochip0"
chip-label = "pinctrl-rp1"
pin = 17
active = "high"
unlock-seconds = 5
external-pull = false
accept-photo-risk = true
green = 22
green-active = "high"
red = 23
red-active = "high"
buzzer = 26
buzzer-active = "high"
prompt-left = 8
prompt-left-active = "high"
prompt-right = 9
prompt-right-active = "high"
lock = "fail-secure"
relock = "after-time"
longest-unlock-seconds = 20
extended-unlock-seconds = 15
held-open-seconds = 33
held-open-warning-seconds = 10
[door.rex]
pin = 5
active = "low"
pull = "up"
debounce-ms = 30
[door.contact]
pin = 6
[door.tamper]
pin = 13
[door.fire]
pin = 19
[modes]
office-open = ["office"]
lock-down = ["night"]
after-restart = "normal"
rex-in-lock-down = true
[alarms]
camera-blind-seconds = 32
[control]
operators = "one"
[control.gateway]
user = "gate"
may = ["status", "lock"]
codes = { tablet = "$argon2id$v=19$m=19456,t=2,p=1$iQg+e9eeJzJTsnMX3mU4ag$0CpK8MCralok+QwyzLahgszZWEfbrsPwMaZykmFA4Q8" }
[keypad]
device = "/dev/input/by-id/a"
[reader]
wiegand = { d0 = 20, d1 = 21 }
[gallery]
file = "gallery.toml"
at-boot = "refuse"
[site]
time-zone = "Europe/Berlin"
[access]
when-clock-unknown = "refuse"
second-factor-seconds = 16
[[holiday]]
name = "one day"
every-year = "12-25"
[[holiday]]
name = "some days"
date = 2027-08-02
until = 2027-08-13
[[schedule]]
name = "office"
holidays = "closed"
windows = [{ days = ["mon-fri"], from = "07:00", until = "19:00" }]
exceptions = [{ date = 2026-12-24, from = "07:30", until = "12:00" }, { date = 2026-12-31, closed = true }]
[[schedule]]
name = "night"
windows = [{ from = "22:00", until = "24:00" }]
[[group]]
name = "staff"
schedules = ["office"]
first-person-in = ["vault"]
two-person = ["vault"]
two-person-seconds = 30
anti-passback-minutes = 10
second-factor = "pin"
second-factor-schedules = ["night"]
[[group]]
name = "vault"
[audit]
folder = "/var/lib/limen/audit"
max-bytes = 16777216
keep = 17
seal-minutes = 10
keep-at-least-days = 91
key = "first.key"
on-audit-failure = "refuse"
[store]
key = "store.key"
[paths]
state = "/var/lib/limen"
runtime = "/run/limen"
"#;

/// For every key of every table: what is changed in [`BASE`], and into what.
const CHANGES: &[(&str, &str, &str, &str)] = &[
    (
        "RawCamera",
        "driver",
        "driver = \"v4l2\"\ndevice = \"/dev/video0\"\nformat = \"YUYV\"",
        "driver = \"rpicam\"",
    ),
    ("RawCamera", "device", "/dev/video0", "/dev/video1"),
    ("RawCamera", "format", "YUYV", "MJPEG"),
    ("RawCamera", "width", "width = 640", "width = 800"),
    ("RawCamera", "height", "height = 480", "height = 600"),
    ("RawCamera", "fps", "fps = 30", "fps = 15"),
    ("RawCamera", "identity", "a camera", "another"),
    ("RawCamera", "allow_virtual", "allow-virtual = false", "allow-virtual = true"),
    ("RawCamera", "rotate", "rotate = 0", "rotate = 90"),
    ("RawCamera", "mirror", "mirror = false", "mirror = true"),
    ("RawCamera", "region", "region = [0.1,", "region = [0.2,"),
    ("RawCamera", "min_face", "min-face = 0.1", "min-face = 0.2"),
    ("RawRpicam", "camera", "camera = 1", "camera = 0"),
    ("RawRpicam", "lens_position", "lens-position = 1.5", "lens-position = 2.5"),
    ("RawRpicam", "exposure", "exposure = \"normal\"", "exposure = \"short\""),
    ("RawRpicam", "shutter_us", "shutter-us = 5000", "shutter-us = 6000"),
    ("RawRpicam", "gain", "gain = 4.5", "gain = 5.5"),
    ("RawRpicam", "flicker", "flicker = \"50\"", "flicker = \"60\""),
    ("RawRpicam", "hdr", "hdr = false", "hdr = true"),
    // A light is refused where liveness is off; its own tests change each of its keys alone.
    ("RawCamera", "light", "liveness = \"off\"", LIGHT),
    ("RawLight", "pin", "liveness = \"off\"", LIGHT),
    ("RawLight", "active", "liveness = \"off\"", LIGHT),
    ("RawRecognition", "target_far", "1e-4", "1e-5"),
    ("RawRecognition", "max_distance", "max-distance = 0.9", "max-distance = 0.8"),
    ("RawRecognition", "margin", "margin = 0.05", "margin = 0.06"),
    ("RawRecognition", "frames", "frames = 3", "frames = 4"),
    ("RawRecognition", "window", "window = 5", "window = 6"),
    ("RawRecognition", "multiple_faces", "\"nearest\"", "\"refuse\""),
    ("RawRecognition", "liveness", "liveness = \"off\"", "liveness = \"motion\""),
    ("RawLiveness", "after_unsure", "after-unsure = \"refuse\"", "after-unsure = \"pin\""),
    ("RawLookAlikes", "people", "[\"ada\", \"bob\"]", "[\"ada\", \"eve\"]"),
    ("RawLookAlikes", "margin", "margin = 0.12", "margin = 0.13"),
    ("RawQuality", "min_eye_distance", "min-eye-distance = 24", "min-eye-distance = 30"),
    ("RawQuality", "max_yaw", "max-yaw = 35", "max-yaw = 30"),
    ("RawQuality", "max_pitch", "max-pitch = 30", "max-pitch = 25"),
    ("RawQuality", "max_roll", "max-roll = 40", "max-roll = 30"),
    ("RawQuality", "min_sharpness", "min-sharpness = 4", "min-sharpness = 5"),
    ("RawQuality", "min_brightness", "min-brightness = 31", "min-brightness = 40"),
    ("RawQuality", "max_brightness", "max-brightness = 235", "max-brightness = 230"),
    ("RawQuality", "min_presence", "min-presence = 0.5", "min-presence = 0.6"),
    ("RawModel", "embedding", "embedding = \"int8\"", MODEL),
    ("RawModel", "path", "embedding = \"int8\"", MODEL),
    ("RawModel", "sha256", "embedding = \"int8\"", MODEL),
    ("RawDoor", "driver", "driver = \"gpiochip\"", "driver = \"dry-run\""),
    ("RawDoor", "chip", "/dev/gpiochip0", "/dev/gpiochip4"),
    ("RawDoor", "chip_label", "pinctrl-rp1", "gpio-sim"),
    ("RawDoor", "pin", "pin = 17", "pin = 27"),
    ("RawDoor", "active", "pin = 17\nactive = \"high\"", "pin = 4\nactive = \"low\""),
    ("RawDoor", "unlock_seconds", "unlock-seconds = 5\n", "unlock-seconds = 6\n"),
    ("RawDoor", "external_pull", "external-pull = false", "external-pull = true"),
    ("RawDoor", "accept_photo_risk", "accept-photo-risk = true", "accept-photo-risk = false"),
    ("RawDoor", "green", "green = 22", "green = 24"),
    ("RawDoor", "green_active", "green-active = \"high\"", "green-active = \"low\""),
    ("RawDoor", "red", "red = 23", "red = 24"),
    ("RawDoor", "red_active", "red-active = \"high\"", "red-active = \"low\""),
    ("RawDoor", "buzzer", "buzzer = 26", "buzzer = 24"),
    ("RawDoor", "buzzer_active", "buzzer-active = \"high\"", "buzzer-active = \"low\""),
    ("RawDoor", "prompt_left", "prompt-left = 8", "prompt-left = 10"),
    ("RawDoor", "prompt_left_active", "prompt-left-active = \"high\"", "prompt-left-active = \"low\""),
    ("RawDoor", "prompt_right", "prompt-right = 9", "prompt-right = 10"),
    ("RawDoor", "prompt_right_active", "prompt-right-active = \"high\"", "prompt-right-active = \"low\""),
    ("RawDoor", "lock", "fail-secure", "fail-safe"),
    ("RawDoor", "relock", "after-time", "on-close"),
    ("RawDoor", "longest_unlock_seconds", "longest-unlock-seconds = 20", "longest-unlock-seconds = 21"),
    ("RawDoor", "extended_unlock_seconds", "extended-unlock-seconds = 15", "extended-unlock-seconds = 16"),
    ("RawDoor", "held_open_seconds", "held-open-seconds = 33", "held-open-seconds = 34"),
    ("RawDoor", "held_open_warning_seconds", "warning-seconds = 10", "warning-seconds = 11"),
    ("RawDoor", "rex", "pin = 5\n", "pin = 12\n"),
    ("RawDoor", "contact", "[door.contact]\npin = 6", ""),
    ("RawDoor", "tamper", "[door.tamper]\npin = 13", ""),
    ("RawDoor", "fire", "[door.fire]\npin = 19", ""),
    ("RawInput", "pin", "pin = 5\n", "pin = 12\n"),
    ("RawInput", "active", "active = \"low\"\npull", "active = \"high\"\npull"),
    ("RawInput", "pull", "pull = \"up\"", "pull = \"none\""),
    ("RawInput", "debounce_ms", "debounce-ms = 30", "debounce-ms = 31"),
    ("RawModes", "office_open", "office-open = [\"office\"]", "office-open = [\"night\"]"),
    ("RawModes", "lock_down", "lock-down = [\"night\"]", "lock-down = [\"office\"]"),
    ("RawModes", "after_restart", "after-restart = \"normal\"", "after-restart = \"keep\""),
    ("RawModes", "rex_in_lock_down", "rex-in-lock-down = true", "rex-in-lock-down = false"),
    ("RawAlarms", "camera_blind_seconds", "camera-blind-seconds = 32", "camera-blind-seconds = 0"),
    ("RawControl", "operators", "operators = \"one\"", "operators = \"two\""),
    (
        "RawControl",
        "gateway",
        "[control.gateway]\nuser = \"gate\"\nmay = [\"status\", \"lock\"]\ncodes",
        "[control.gateway]\ncodes",
    ),
    ("RawGateway", "user", "user = \"gate\"", "user = \"other\""),
    ("RawGateway", "may", "may = [\"status\", \"lock\"]", "may = [\"status\"]"),
    ("RawGateway", "codes", "{ tablet =", "{ telephone ="),
    ("RawKeypad", "device", "/dev/input/by-id/a", "/dev/input/by-id/b"),
    ("RawReader", "device", "wiegand = { d0 = 20, d1 = 21 }", "device = \"/dev/input/by-id/c\""),
    ("RawReader", "wiegand", "wiegand = { d0 = 20, d1 = 21 }", ""),
    ("RawWiegand", "d0", "d0 = 20", "d0 = 16"),
    ("RawWiegand", "d1", "d1 = 21", "d1 = 16"),
    ("RawGallery", "file", "gallery.toml", "other.toml"),
    ("RawGallery", "at_boot", "at-boot = \"refuse\"", "at-boot = \"last-good\""),
    ("RawSite", "time_zone", "Europe/Berlin", "Europe/Lisbon"),
    ("RawAccess", "when_clock_unknown", "unknown = \"refuse\"", "unknown = \"believe\""),
    ("RawAccess", "second_factor_seconds", "second-factor-seconds = 16", "second-factor-seconds = 17"),
    ("RawHoliday", "name", "one day", "the day"),
    ("RawHoliday", "every_year", "12-25", "12-26"),
    ("RawHoliday", "date", "2027-08-02", "2027-08-03"),
    ("RawHoliday", "until", "2027-08-13", "2027-08-14"),
    ("RawSchedule", "name", "\"office\"", "\"bureau\""),
    ("RawSchedule", "holidays", "holidays = \"closed\"", "holidays = \"open\""),
    (
        "RawSchedule",
        "windows",
        "{ from = \"22:00\",",
        "{ from = \"05:00\", until = \"06:00\" }, { from = \"22:00\",",
    ),
    ("RawSchedule", "exceptions", ", { date = 2026-12-31, closed = true }", ""),
    ("RawWindow", "days", "mon-fri", "mon-sat"),
    ("RawWindow", "from", "22:00", "21:00"),
    ("RawWindow", "until", "24:00", "23:00"),
    ("RawException", "date", "2026-12-24", "2026-12-23"),
    (
        "RawException",
        "closed",
        "date = 2026-12-31, closed = true",
        "date = 2026-12-31, from = \"01:00\", until = \"02:00\"",
    ),
    ("RawException", "from", "07:30", "07:31"),
    ("RawException", "until", "12:00", "12:01"),
    ("RawGroup", "name", "\"vault\"", "\"safe\""),
    ("RawGroup", "schedules", "schedules = [\"office\"]\nfirst", "first"),
    ("RawGroup", "first_person_in", "first-person-in = [\"vault\"]", ""),
    ("RawGroup", "two_person", "two-person = [\"vault\"]", "two-person = [\"staff\"]"),
    ("RawGroup", "two_person_seconds", "two-person-seconds = 30", "two-person-seconds = 31"),
    ("RawGroup", "anti_passback_minutes", "anti-passback-minutes = 10", "anti-passback-minutes = 11"),
    ("RawGroup", "second_factor", "second-factor = \"pin\"", "second-factor = \"card\""),
    ("RawGroup", "second_factor_schedules", "second-factor-schedules = [\"night\"]", ""),
    ("RawAudit", "folder", "/var/lib/limen/audit", "/var/lib/limen/records"),
    ("RawAudit", "max_bytes", "16777216", "16777217"),
    ("RawAudit", "keep", "keep = 17", "keep = 18"),
    ("RawAudit", "seal_minutes", "seal-minutes = 10", "seal-minutes = 11"),
    ("RawAudit", "keep_at_least_days", "days = 91", "days = 92"),
    ("RawAudit", "key", "first.key", "second.key"),
    ("RawAudit", "on_audit_failure", "failure = \"refuse\"", "failure = \"allow-and-alarm\""),
    ("RawStore", "key", "store.key", "another.key"),
    ("RawPaths", "state", "state = \"/var/lib/limen\"", "state = \"/var/lib/other\""),
    ("RawPaths", "runtime", "/run/limen", "/run/other"),
];

const LIGHT: &str = "liveness = \"motion\"\n[camera.light]\npin = 12\nactive = \"low\"";
const MODEL: &str = concat!(
    "path = \"model.onnx\"\n",
    "sha256 = \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""
);

fn parsed(text: &str) -> Result<Settings, ConfigError> {
    Settings::parse(text, Path::new("/etc/limen/limen.toml"))
}

/// Every key by the table that it is in, read from where the keys are declared.
fn keys() -> BTreeSet<(String, String)> {
    let sources = [
        include_str!("raw.rs"),
        include_str!("raw/access.rs"),
        include_str!("raw/camera.rs"),
        include_str!("raw/entry.rs"),
        include_str!("raw/gateway.rs"),
    ];
    let mut table = String::new();
    let mut keys = BTreeSet::new();
    for line in sources.iter().flat_map(|source| source.lines()) {
        if let Some(name) = line.strip_prefix("pub struct ") {
            table = name.trim_end_matches(" {").to_owned();
        } else if let Some((key, kind)) = line.strip_prefix("    pub ").and_then(|rest| rest.split_once(": "))
            && table != "RawFile"
            && !kind.starts_with("RawQuality")
            && !kind.starts_with("RawRpicam")
            && !kind.starts_with("Vec<Spanned<RawLookAlikes")
        {
            keys.insert((table.clone(), key.to_owned()));
        }
    }
    keys
}

#[test]
fn every_key_comes_into_force_with_a_reload_or_says_that_it_needs_a_restart_or_is_refused() {
    let before = parsed(BASE).unwrap_or_else(|error| panic!("{error}"));
    for (table, key, from, to) in CHANGES {
        assert!(BASE.contains(from), "{table}.{key}: {from}");
        match parsed(&BASE.replace(from, to)) {
            Ok(after) => {
                let restart = before.needs_restart(&after);
                let reloads = format!("{:?}", before.reloads()) != format!("{:?}", after.reloads());
                assert!(reloads || !restart.is_empty(), "{table}.{key} does nothing");
            }
            Err(error) => assert_eq!(*key, "accept_photo_risk", "{table}.{key}: {error}"),
        }
    }
}

#[test]
fn no_key_is_left_out_of_the_changes() {
    let changed = CHANGES.iter().map(|(table, key, ..)| ((*table).to_owned(), (*key).to_owned())).collect();
    assert_eq!(keys(), changed);
}
