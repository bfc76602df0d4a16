//! Exit button, door contact, tamper switch, fire alarm and buzzer on the lines of a real chip; modes and alarms by command.

use std::time::{Duration, Instant};

use limen::control::Request;
use limen_core::event::{AlarmKind, Mode};
use limen_vision::frame::PixelFormat;

use super::camera::{Feeder, flat};
use super::harness::{
    AT_ONCE, DECISION, LONG, LOOPBACK_CAMERA, Line, RELAY, Running, UNLOCK, WATCHED, within,
};
use crate::support::{Site, nobody, visitor};

const REX: Line = Line(5);
const CONTACT: Line = Line(6);
const TAMPER: Line = Line(13);
const FIRE: Line = Line(19);
const BUZZER: Line = Line(26);

/// A door with every line, at rest: nobody presses, the door is closed, the housing too, no fire. `keys` go into
/// `[door]`, `sections` behind it. Without a pull of the chip, which would move the simulated switches.
fn wired(keys: &str, sections: &str) -> (Site, Feeder, Running) {
    let site = Site::with_obama();
    REX.pull(true);
    [CONTACT, TAMPER, FIRE].iter().for_each(|line| line.pull(false));
    let inputs: String = [("rex", REX), ("contact", CONTACT), ("tamper", TAMPER), ("fire", FIRE)]
        .map(|(name, line)| format!("[door.{name}]\npin = {}\npull = \"none\"\n", line.0))
        .concat();
    let keys =
        format!("held-open-seconds = 6\nheld-open-warning-seconds = 3\nbuzzer = {}\n{keys}\n", BUZZER.0);
    let camera = LOOPBACK_CAMERA;
    site.configure(camera, &format!("{keys}{inputs}{sections}"));
    let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
    let running = Running::start(&site);
    (site, feeder, running)
}

/// Waits until an alarm is listed, or no longer.
fn alarm(running: &Running, kind: AlarmKind, listed: bool) -> bool {
    within(LONG, || {
        running.ask(Request::Alarms).is_ok_and(|answer| {
            let alarms = answer["alarms"].as_array().cloned().unwrap_or_default();
            alarms.iter().any(|alarm| alarm["alarm"] == kind.name()) == listed
        })
    })
}

fn acknowledge(running: &Running) {
    running.ask(Request::Acknowledge { alarm: None }).expect("we are root");
}

fn input_changes(site: &Site, input: &str) -> u64 {
    let of_it = |record: &limen_audit::Record| {
        record.kind() == "input" && record.fact["input"] == input && record.fact["at_start"] != true
    };
    site.records().iter().filter(|r| of_it(r)).filter_map(|r| r.fact["changes"].as_u64()).sum()
}

/// The steps that an alarm took.
fn steps_of(site: &Site, kind: AlarmKind) -> Vec<String> {
    let records = site.records();
    let of_kind = records.iter().filter(|r| r.kind() == "alarm" && r.fact["alarm"] == kind.name());
    of_kind.filter_map(|r| r.fact["step"].as_str().map(str::to_owned)).collect()
}

guest_tests! {
    fn the_exit_button_opens_for_its_time_and_a_bouncing_press_is_one() {
        let (site, _feeder, _running) = wired("", "");
        let pressed = Instant::now();
        for _ in 0..5 {
            REX.pull(false);
            REX.pull(true);
        }
        REX.pull(false);
        assert!(RELAY.rises(LONG));
        assert!(pressed.elapsed() < Duration::from_secs(2), "{:?}", pressed.elapsed());
        assert!(RELAY.falls(LONG) && pressed.elapsed() >= UNLOCK - Duration::from_millis(200));
        assert!(RELAY.stays_low(WATCHED), "a button that is held opens once");
        REX.pull(true);
        assert!(within(LONG, || input_changes(&site, "rex") == 2), "{}", input_changes(&site, "rex"));
        assert_eq!(site.count("granted"), 1);
    }

    fn the_fire_alarm_holds_the_door_through_a_lock_command_and_a_lost_camera() {
        let (_site, feeder, running) = wired("", "");
        FIRE.pull(true);
        assert!(RELAY.rises(LONG));
        assert!(running.ask(Request::Lock).expect_err("not now").to_string().contains("fire"));
        drop(feeder);
        let held = Instant::now();
        while held.elapsed() < Duration::from_secs(6) {
            assert!(RELAY.is_high(), "after {:?}", held.elapsed());
            std::thread::sleep(Duration::from_millis(5));
        }
        FIRE.pull(false);
        assert!(RELAY.falls(LONG));
    }

    fn a_forced_door_is_an_alarm_that_sounds_until_it_is_acknowledged_and_stays_listed_until_then() {
        let (site, _feeder, running) = wired("", "");
        CONTACT.pull(true);
        assert!(alarm(&running, AlarmKind::DoorForced, true), "{}", running.log());
        assert!(BUZZER.rises(LONG));
        CONTACT.pull(false);
        assert!(BUZZER.falls(LONG));
        assert!(alarm(&running, AlarmKind::DoorForced, true));
        acknowledge(&running);
        assert!(alarm(&running, AlarmKind::DoorForced, false));
        assert_eq!(steps_of(&site, AlarmKind::DoorForced), ["raised", "acknowledged", "cleared"]);
    }

    fn a_door_opened_with_a_grant_and_held_open_warns_and_then_alarms() {
        let (site, feeder, running) = wired("", "");
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION));
        CONTACT.pull(true);
        feeder.show(&nobody());
        assert!(alarm(&running, AlarmKind::DoorHeldOpen, true), "{}", running.log());
        CONTACT.pull(false);
        acknowledge(&running);
        assert!(alarm(&running, AlarmKind::DoorHeldOpen, false));
        let steps = steps_of(&site, AlarmKind::DoorHeldOpen);
        assert_eq!(steps.first().map(String::as_str), Some("warned"), "{steps:?}");
        assert!(steps_of(&site, AlarmKind::DoorForced).is_empty());
    }

    fn with_on_close_the_door_locks_when_it_closes() {
        let (_site, feeder, _running) = wired("relock = \"on-close\"\nlongest-unlock-seconds = 30", "");
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION));
        feeder.show(&nobody());
        let held = Instant::now();
        while held.elapsed() < UNLOCK + AT_ONCE {
            assert!(RELAY.is_high(), "nobody has opened it yet");
            std::thread::sleep(Duration::from_millis(5));
        }
        CONTACT.pull(true);
        std::thread::sleep(AT_ONCE);
        assert!(RELAY.is_high());
        CONTACT.pull(false);
        assert!(RELAY.falls(Duration::from_secs(2)));
    }

    fn an_input_with_the_chips_pull_up_and_a_cut_wire_is_an_alarm() {
        let site = Site::with_obama();
        site.configure(LOOPBACK_CAMERA, "[door.tamper]\npin = 13");
        let _feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        // The simulated line follows the pull that the program asked for, as a wire that leads nowhere does.
        let running = Running::start(&site);
        assert!(alarm(&running, AlarmKind::Tampered, true), "{}", running.log());
    }

    fn an_open_housing_is_an_alarm() {
        let (_site, _feeder, running) = wired("", "");
        TAMPER.pull(true);
        assert!(alarm(&running, AlarmKind::Tampered, true));
        acknowledge(&running);
        assert!(alarm(&running, AlarmKind::Tampered, true), "it is still open");
        TAMPER.pull(false);
        assert!(alarm(&running, AlarmKind::Tampered, false));
    }

    fn a_contact_that_bounces_at_a_kilohertz_is_filtered_or_counted_and_the_door_still_opens() {
        let (site, feeder, running) = wired("", "");
        let begun = Instant::now();
        let mut level = false;
        while begun.elapsed() < Duration::from_secs(3) {
            level = !level;
            CONTACT.pull(level);
            std::thread::sleep(Duration::from_micros(500));
        }
        CONTACT.pull(false);
        acknowledge(&running);
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION), "{}", running.log());
        let records = site.records().iter().filter(|r| r.kind() == "input").count();
        assert!(records < 40, "{records} records");
    }

    fn lock_down_by_command_keeps_everybody_out_but_lets_the_exit_button_work() {
        let (site, feeder, running) = wired("", "");
        running.ask(Request::Mode { mode: Some(Mode::LockDown) }).expect("we are root");
        feeder.show(&visitor("obama2"));
        assert!(RELAY.stays_low(WATCHED));
        assert!(running.ask(Request::Unlock { seconds: 2 }).is_err());
        REX.pull(false);
        assert!(RELAY.rises(LONG) && RELAY.falls(LONG));
        feeder.show(&nobody());
        // The track that was refused has to end.
        assert!(RELAY.stays_low(WATCHED));
        running.ask(Request::Mode { mode: None }).expect("we are root");
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION), "{}", running.log());
        let modes = site.records().iter().filter(|r| r.kind() == "mode").count();
        assert_eq!(modes, 2);
    }

    fn an_open_office_stays_unlocked_after_the_first_grant_until_the_mode_ends() {
        let (_site, feeder, running) = wired("", "");
        running.ask(Request::Mode { mode: Some(Mode::OfficeOpen) }).expect("we are root");
        assert!(RELAY.stays_low(AT_ONCE), "nobody has come yet");
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION));
        feeder.show(&nobody());
        let held = Instant::now();
        while held.elapsed() < UNLOCK + WATCHED {
            assert!(RELAY.is_high(), "after {:?}", held.elapsed());
            std::thread::sleep(Duration::from_millis(5));
        }
        running.ask(Request::Mode { mode: Some(Mode::Normal) }).expect("we are root");
        assert!(RELAY.falls(AT_ONCE));
    }

    fn a_covered_camera_is_an_alarm() {
        let (_site, feeder, running) = wired("", "[alarms]\ncamera-blind-seconds = 2");
        feeder.show(&flat(3));
        assert!(alarm(&running, AlarmKind::CameraBlinded, true), "{}", running.log());
        feeder.show(&nobody());
        acknowledge(&running);
        assert!(alarm(&running, AlarmKind::CameraBlinded, false));
    }

    fn a_kept_mode_outlasts_a_restart() {
        let (site, _feeder, mut running) = wired("", "[modes]\nafter-restart = \"keep\"");
        running.ask(Request::Mode { mode: Some(Mode::LockDown) }).expect("we are root");
        assert!(within(LONG, || site.path("state/mode").exists()));
        running.signal(libc::SIGTERM);
        assert_eq!(running.ends(LONG), Some(0));
        drop(running);
        let again = Running::start(&site);
        assert_eq!(again.ask(Request::Status).expect("it runs")["mode"], "lock-down");
    }
}
