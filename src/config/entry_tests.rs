//! What the configuration may say about keypad, reader and second factors, and what each mistake is answered with.

use std::time::Duration;

use limen_core::credential::SecondFactor;
use limen_core::person::GroupId;

use crate::config::tests::{answers, good};
use crate::entry::ReaderSettings;

const KEYPAD: &str = "[keypad]\ndevice = \"/dev/input/by-id/usb-Keypad-event-kbd\"\n";
const DOOR: &str = "[door]\ndriver = \"gpiochip\"\npin = 17\naccept-photo-risk = true\ngreen = 22\n";

#[test]
fn a_keypad_a_reader_and_what_groups_ask_for_by_them() {
    let settings = good(&format!(
        "{KEYPAD}[access]\nsecond-factor-seconds = 20\n[[schedule]]\nname = \"night\"\nwindows = [{{ from = \"20:00\", \
         until = \"24:00\" }}]\n[[group]]\nname = \"staff\"\nsecond-factor = \"pin\"\n\
         second-factor-schedules = [\"night\"]\n{DOOR}[reader]\nwiegand = {{ d0 = 20, d1 = 21 }}\n"
    ));
    let staff = &settings.access.groups[&GroupId::new("staff").expect("an id")];
    let rule = staff.second_factor.as_ref().expect("a rule");
    assert_eq!((rule.factor, rule.schedules.len()), (SecondFactor::Pin, 1));
    assert_eq!(settings.access.factor_patience, Duration::from_secs(20));
    assert!(settings.access.available.pin && settings.access.available.card);
    assert!(matches!(settings.entry.reader, Some(ReaderSettings::Wiegand { .. })));
    let plain = good(KEYPAD);
    assert_eq!(plain.access.factor_patience, Duration::from_secs(15));
    assert_eq!(plain.needs_restart(&settings), ["[door]", "[reader]"]);
}

#[test]
fn a_device_without_a_stable_name_is_refused_with_the_remedy() {
    answers(
        "[keypad]\ndevice = \"/dev/input/event3\"\n",
        "limen.toml:2: [keypad] device: /dev/input/event3: is no stable name, the next start may give it to another \
         device; use the device's link in /dev/input/by-id",
    );
    answers(
        "[reader]\ndevice = \"/dev/ttyUSB0\"\n",
        "limen.toml:2: [reader] device: /dev/ttyUSB0: is no stable name",
    );
    answers(
        &format!("{KEYPAD}[reader]\ndevice = \"/dev/input/by-id/usb-Keypad-event-kbd\"\n"),
        "limen.toml:4: [reader] device: is already the device of the keypad; name the device of the reader",
    );
}

#[test]
fn a_factor_that_nothing_can_be_entered_by_is_refused() {
    let group = |factor: &str| format!("[[group]]\nname = \"staff\"\nsecond-factor = \"{factor}\"\n");
    answers(
        &group("pin"),
        "limen.toml:3: group \"staff\" second-factor: asks for a PIN, but there is no device to enter it; add [keypad]",
    );
    answers(
        &format!("{}{KEYPAD}", group("card")),
        "limen.toml:3: group \"staff\" second-factor: asks for a card",
    );
    good(&format!("{}{KEYPAD}", group("pin-or-card")));
    answers(
        &format!("{}{KEYPAD}", group("iris")),
        "limen.toml:3: group \"staff\" second-factor: \"iris\" is not known; use \"pin\" or \"card\" or \"pin-or-card\"",
    );
    answers(
        &format!("{}second-factor-schedules = [\"night\"]\n{KEYPAD}", group("pin")),
        "limen.toml:4: group \"staff\" second-factor-schedules: no [[schedule]] is called \"night\"",
    );
    answers(
        "[access]\nsecond-factor-seconds = 2\n",
        "limen.toml:2: [access] second-factor-seconds: 2 is out of range; use 5 to 60 seconds",
    );
}

#[test]
fn the_readers_lines_are_two_and_nobody_elses() {
    let reader = |lines: &str| format!("{DOOR}[reader]\nwiegand = {{ {lines} }}\n");
    answers(
        &reader("d0 = 17, d1 = 21"),
        "limen.toml:7: [reader] wiegand d0: BCM 17 is used for [door] pin already",
    );
    answers(
        &reader("d0 = 20, d1 = 22"),
        "limen.toml:7: [reader] wiegand d1: BCM 22 is used for [door] green already",
    );
    answers(
        &reader("d0 = 20, d1 = 20"),
        "limen.toml:7: [reader] wiegand d1: BCM 20 is used for [reader] wiegand d0",
    );
    answers(&reader("d0 = 20"), "limen.toml:7: [reader] wiegand d1: is missing; add d1 = N, a BCM number");
    answers(&reader("d0 = 20, d1 = 40"), "limen.toml:7: [reader] wiegand d1: 40 is not a BCM number");
    answers(
        &format!("{}device = \"/dev/input/by-id/usb-Reader-event-kbd\"\n", reader("d0 = 20, d1 = 21")),
        "limen.toml:7: [reader] wiegand: is set, and device is set too; keep the one that is connected",
    );
    let dry = good("[reader]\nwiegand = { d0 = 20, d1 = 21 }\n");
    assert!(dry.warnings.iter().any(|warning| warning.contains("dry-run")), "{:?}", dry.warnings);
}
