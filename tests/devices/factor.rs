//! A second factor: a keypad and a card reader that the kernel made up, and real lines for Wiegand.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use evdev::uinput::VirtualDevice;
use evdev::{AttributeSet, InputEvent, KeyCode, KeyEvent};
use limen_vision::frame::PixelFormat;

use super::camera::Feeder;
use super::harness::{AT_ONCE, DECISION, LONG, LOOPBACK_CAMERA, RELAY, Running, WATCHED, skipped, within};
use crate::support::{Site, limen, limen_told, nobody, visitor};

const BY_ID: &str = "/dev/input/by-id";
const KEYPAD: &str = "/dev/input/by-id/usb-Keypad-event-kbd";
/// In the order of the digits, then Enter.
const KEYS: [KeyCode; 11] = [
    KeyCode::KEY_0,
    KeyCode::KEY_1,
    KeyCode::KEY_2,
    KeyCode::KEY_3,
    KeyCode::KEY_4,
    KeyCode::KEY_5,
    KeyCode::KEY_6,
    KeyCode::KEY_7,
    KeyCode::KEY_8,
    KeyCode::KEY_9,
    KeyCode::KEY_ENTER,
];
/// Entries closer together than 400 ms are no person's; longer than that, and than the end of a card's frame.
const BETWEEN_ENTRIES: Duration = Duration::from_millis(500);
/// The reader's lines.
const D0: u8 = 20;
const D1: u8 = 21;

/// Whether the guest's kernel makes up keyboards; else says that the test is skipped.
fn has_keyboards(test: &str) -> bool {
    let has = Path::new("/dev/uinput").exists();
    if !has {
        skipped(test, "the guest's kernel has no uinput; let tests/devices/kernel build one");
    }
    has
}

/// A keyboard that the kernel takes for a real one; unplugged when dropped.
struct Keyboard {
    device: VirtualDevice,
    node: PathBuf,
}

impl Keyboard {
    fn plug_in(name: &str) -> Self {
        let keys: AttributeSet<KeyCode> = KEYS.into_iter().collect();
        let builder = VirtualDevice::builder().expect("uinput").name(name).with_keys(&keys).expect("keys");
        let mut device = builder.build().expect("a device");
        let mut node = None;
        within(LONG, || {
            let mut nodes = device.enumerate_dev_nodes_blocking().expect("its nodes").flatten();
            node = nodes.find(|node| node.exists());
            node.is_some()
        });
        Self { device, node: node.expect("a device node") }
    }

    /// At the stable path of the door's keypad, where udev would put it.
    fn as_keypad() -> Self {
        let keyboard = Self::plug_in("Keypad");
        fs::create_dir_all(BY_ID).expect("a folder of devtmpfs");
        let _ = fs::remove_file(KEYPAD);
        symlink(&keyboard.node, KEYPAD).expect("a link");
        keyboard
    }

    /// Digits, and Enter for `#`, as fast as a reader types, after a pause.
    fn types(&mut self, text: &str) {
        std::thread::sleep(BETWEEN_ENTRIES);
        for byte in text.bytes() {
            let key = KEYS[if byte == b'#' { 10 } else { usize::from(byte - b'0') }];
            for value in [1, 0] {
                let event: InputEvent = *KeyEvent::new(key, value);
                self.device.emit(&[event]).expect("it is plugged in");
            }
        }
    }
}

/// A site at which Obama needs a factor, with the door's lines and these sections.
fn site_with(person: &str, sections: &str) -> Site {
    let site = Site::with_obama();
    let gallery = fs::read_to_string(site.path("gallery.toml")).expect("text");
    site.write("gallery.toml", format!("{gallery}{person}\n"));
    site.configure(LOOPBACK_CAMERA, sections);
    site
}

fn set_pin(site: &Site, pin: &str, more: &[&str]) {
    let config = site.path("limen.toml").display().to_string();
    let arguments = ["--config", config.as_str(), "pin", "obama", "--stdin"];
    let ran = limen_told(arguments.into_iter().chain(more.iter().copied()), pin);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

fn site_with_pin() -> Site {
    let site = site_with("second-factor = \"pin\"", &format!("[keypad]\ndevice = \"{KEYPAD}\""));
    set_pin(&site, "4711\n", &[]);
    site
}

/// Shows Obama until he is waited for.
fn is_waited_for(site: &Site, feeder: &Feeder) {
    let before = site.count("waiting");
    feeder.show(&visitor("obama2"));
    assert!(within(LONG, || site.count("waiting") > before), "{:?}", site.kinds());
}

/// Whether the log has these digits, apart from the line with the public key, which may have any.
fn is_in_the_log_of(running: &Running, digits: &str) -> bool {
    let log = running.log();
    assert!(log.contains("gallery in force"), "there is a log");
    log.lines().any(|line| line.contains(digits) && !line.contains("public key"))
}

fn pull(line: u8, up: bool) {
    let file = format!("/sys/devices/platform/gpio-sim.0/gpiochip0/sim_gpio{line}/pull");
    fs::write(file, if up { "pull-up" } else { "pull-down" }).expect("the chip's line");
}

/// Sends the bits of a frame, as slowly as a reader may: the guest's timer, which brings its interrupts, ticks every 10 ms,
/// and of two pulses of a line within a tick one is lost.
fn send(bits: &str) {
    for bit in bits.bytes() {
        let line = if bit == b'1' { D1 } else { D0 };
        pull(line, false);
        pull(line, true);
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(BETWEEN_ENTRIES);
}

guest_tests! {
    fn the_right_pin_on_the_keypad_opens_with_the_face_and_no_other_keyboard_is_heard() {
        if !has_keyboards("the_right_pin_on_the_keypad_opens_with_the_face_and_no_other_keyboard_is_heard") {
            return;
        }
        let (mut keypad, mut other) = (Keyboard::as_keypad(), Keyboard::plug_in("Keyboard"));
        let site = site_with_pin();
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        let mut second = evdev::raw_stream::RawDevice::open(&keypad.node).expect("root may");
        assert!(within(LONG, || second.grab().is_err() || second.ungrab().is_err()), "held exclusively");
        is_waited_for(&site, &feeder);
        assert!(!RELAY.is_high());
        other.types("4711#");
        assert!(RELAY.stays_low(WATCHED), "another keyboard");
        keypad.types("4712#");
        assert!(within(LONG, || site.has_record("factor-refused")), "{}", running.log());
        assert!(!RELAY.is_high(), "a wrong PIN");
        keypad.types("4711#");
        assert!(RELAY.rises(DECISION), "{}", running.log());
        let granted = site.records().into_iter().find(|record| record.kind() == "granted").expect("a grant");
        assert_eq!(granted.fact["factors"], serde_json::json!(["pin"]));
        assert!(!is_in_the_log_of(&running, "471"), "no PIN in the log");
    }

    fn a_keypad_that_is_unplugged_is_missed_and_found_again() {
        if !has_keyboards("a_keypad_that_is_unplugged_is_missed_and_found_again") {
            return;
        }
        let keypad = Keyboard::as_keypad();
        let site = site_with_pin();
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        drop(keypad);
        assert!(within(LONG, || site.count_of("fault", "keypad") == 1), "{}", running.log());
        let mut keypad = Keyboard::as_keypad();
        assert!(within(LONG, || site.count_of("recovered", "keypad") == 1), "{}", running.log());
        is_waited_for(&site, &feeder);
        keypad.types("4711#");
        assert!(RELAY.rises(DECISION), "{}", running.log());
    }

    fn a_duress_pin_opens_and_raises_an_alarm_in_the_records_alone() {
        if !has_keyboards("a_duress_pin_opens_and_raises_an_alarm_in_the_records_alone") {
            return;
        }
        let mut keypad = Keyboard::as_keypad();
        let site = site_with_pin();
        set_pin(&site, "9035\n", &["--duress"]);
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        is_waited_for(&site, &feeder);
        keypad.types("9035#");
        assert!(RELAY.rises(DECISION), "{}", running.log());
        let raised = || {
            site.records().iter().any(|record| record.kind() == "alarm" && record.fact["alarm"] == "duress")
        };
        assert!(within(LONG, raised));
    }

    fn a_keypad_that_is_flooded_is_counted_and_the_door_stays_locked_and_works_again() {
        if !has_keyboards("a_keypad_that_is_flooded_is_counted_and_the_door_stays_locked_and_works_again") {
            return;
        }
        let mut keypad = Keyboard::as_keypad();
        let site = site_with_pin();
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        keypad.types(&"0#".repeat(2000));
        assert!(within(LONG, || site.has_record("entry-mistaken")), "{}", running.log());
        assert!(!RELAY.is_high());
        // Still for as long as a flooded keypad must be, and longer than a PIN without a face is kept.
        std::thread::sleep(Duration::from_secs(18));
        is_waited_for(&site, &feeder);
        keypad.types("4711#");
        assert!(RELAY.rises(DECISION), "{}", running.log());
    }

    fn a_card_by_wiegand_opens_with_its_owners_face_and_noise_is_counted() {
        let reader = format!("[reader]\nwiegand = {{ d0 = {D0}, d1 = {D1} }}");
        let site = site_with("card = \"26:123:45678\"\nsecond-factor = \"card\"", &reader);
        [D0, D1].into_iter().for_each(|line| pull(line, true));
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        send("1011");
        assert!(within(LONG, || site.has_record("entry-mistaken")), "{}", running.log());
        is_waited_for(&site, &feeder);
        // Facility 123, number 45679, which is nobody's.
        send("10111101110110010011011110");
        assert!(!RELAY.is_high());
        // A busy guest may stretch a frame beyond what is one; people hold their card to the reader again, too.
        let opened = (0..10).any(|_| {
            send("10111101110110010011011101");
            RELAY.rises(AT_ONCE)
        });
        assert!(opened, "{}", running.log());
        assert!(!is_in_the_log_of(&running, "45678"), "no card in the log");
    }

    fn check_says_whether_the_keypad_is_there_and_held_by_somebody_else() {
        if !has_keyboards("check_says_whether_the_keypad_is_there_and_held_by_somebody_else") {
            return;
        }
        let site = site_with_pin();
        let check = || {
            let config = site.path("limen.toml");
            limen([Path::new("--config"), &config, Path::new("check")]).out
        };
        let _ = fs::remove_file(KEYPAD);
        assert!(check().contains("usb-Keypad-event-kbd: is not there"), "{}", check());
        let keypad = Keyboard::as_keypad();
        assert!(check().contains("usb-Keypad-event-kbd: Keypad"), "{}", check());
        let mut held = evdev::raw_stream::RawDevice::open(&keypad.node).expect("root may");
        held.grab().expect("nobody else has it");
        assert!(check().contains("is held by another program"), "{}", check());
    }
}
