//! What `[camera.light]` may say, and what is refused.

use crate::config::tests::{answers, good};
use crate::door::pin::ActiveLevel;

const MOTION: &str =
    "[recognition]\nliveness = \"motion\"\n[door]\ndriver = \"gpiochip\"\npin = 17\nbuzzer = 26\n";

fn with_light(lines: &str) -> String {
    format!("{MOTION}[camera.light]\n{lines}")
}

#[test]
fn a_light_is_a_line_with_a_level_and_none_without_the_section() {
    let settings = good(&with_light("pin = 16\n"));
    let light = settings.door.light.expect("a light");
    assert_eq!((light.pin.bcm(), light.active), (16, ActiveLevel::High));
    assert!(settings.rules.liveness.light && settings.door.outputs().any(|line| line == light));
    let low = good(&with_light("pin = 16\nactive = \"low\"\n"));
    assert_eq!(low.door.light.map(|light| light.active), Some(ActiveLevel::Low));
    let without = good(MOTION);
    assert!(without.door.light.is_none() && !without.rules.liveness.light);
}

#[test]
fn a_light_on_a_line_that_is_used_without_one_or_on_none_is_refused() {
    let taken = "limen.toml:8: [camera.light] pin: BCM 26 is used for [door] buzzer already; use another pin";
    answers(&with_light("pin = 26\n"), taken);
    answers(&with_light("pin = 28\n"), "limen.toml:8: [camera.light] pin: 28 is not a BCM number");
    answers(&with_light(""), "limen.toml:7: [camera.light] pin: is missing; add pin = N");
    answers(
        &with_light("pin = 16\nactive = \"on\"\n"),
        "limen.toml:9: [camera.light] active: \"on\" is not known",
    );
    let reader = format!("{}[reader]\nwiegand = {{ d0 = 16, d1 = 21 }}\n", with_light("pin = 16\n"));
    answers(&reader, "limen.toml:10: [reader] wiegand d0: BCM 16 is used for [camera.light] pin already");
}

#[test]
fn a_light_without_liveness_is_refused_with_the_remedy() {
    let off = "[recognition]\nliveness = \"off\"\n[camera.light]\npin = 16\n";
    answers(
        off,
        "limen.toml:3: [camera.light]: lights faces to tell heads from sheets, and liveness is \"off\"; write [recognition] \
         liveness = \"challenge\" or \"motion\", or take [camera.light] away",
    );
    good(&off.replace("off", "motion"));
}

#[test]
fn a_changed_light_needs_a_restart_and_names_its_section_alone() {
    let before = good(&with_light("pin = 16\n"));
    for after in [with_light("pin = 12\n"), with_light("pin = 16\nactive = \"low\"\n"), MOTION.to_owned()] {
        assert_eq!(before.needs_restart(&good(&after)), ["[camera.light]"], "{after}");
    }
    assert!(before.needs_restart(&good(&with_light("pin = 16\nactive = \"high\"\n"))).is_empty());
}
