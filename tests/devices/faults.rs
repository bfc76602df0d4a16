//! A daemon that is killed, starved or given nonsense: the line is locked, the records are whole, and the door
//! works again where it can.

use std::process::Command;
use std::time::Duration;

use limen::control::Request;
use limen_vision::frame::PixelFormat;

use super::camera::Feeder;
use super::harness::{
    AT_ONCE, DECISION, LONG, RELAY, Running, command, lock_command, opened, program, skipped, within,
};
use crate::support::{Site, nobody, visitor};

/// A memory group of its own, which a test makes too small.
const MEMORY_GROUP: &str = "/run/cgroup/limen";

/// The daemon ends with exit code 3 and these words.
fn refuses_to_start(site: &Site, words: &str) {
    let mut running = Running::spawn(site);
    assert_eq!(running.ends(LONG), Some(3));
    assert!(running.log().contains(words), "{}", running.log());
}

/// Whether there is a memory group for the daemon.
fn make_memory_group() -> bool {
    let make = format!(
        "mkdir -p /run/cgroup && mount -t cgroup2 none /run/cgroup && \
         echo +memory > /run/cgroup/cgroup.subtree_control && mkdir {MEMORY_GROUP} && \
         test -e {MEMORY_GROUP}/memory.max"
    );
    Command::new("sh").args(["-c", &make]).status().is_ok_and(|status| status.success())
}

/// `limen` in that group.
fn program_in_memory_group() -> Command {
    let mut shell = Command::new("sh");
    let enter = format!("echo $$ > {MEMORY_GROUP}/cgroup.procs; exec \"$0\" \"$@\"");
    shell.args(["-c", &enter]).arg(program().get_program());
    shell
}

guest_tests! {
    fn a_killed_daemon_leaves_a_line_that_limen_lock_locks_and_a_gap_in_the_records() {
        let site = Site::with_obama();
        let (feeder, mut running) = opened(&site);
        running.signal(libc::SIGKILL);
        assert!(running.ends(LONG).is_some());
        let ran = lock_command(&site);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.contains("/dev/gpiochip0 line 17") && RELAY.falls(AT_ONCE));
        feeder.show(&nobody());
        drop(running);
        let _again = Running::start(&site);
        assert!(site.has_record("gap"));
    }

    fn a_daemon_ended_by_a_fault_of_its_own_is_locked_by_limen_lock() {
        let site = Site::with_obama();
        let (_feeder, mut running) = opened(&site);
        running.signal(libc::SIGABRT);
        assert!(running.ends(LONG).is_some());
        assert_eq!(lock_command(&site).code, 0);
        assert!(RELAY.falls(AT_ONCE));
    }

    fn a_gallery_of_garbage_leaves_the_old_one_in_force() {
        let site = Site::with_obama();
        site.configure_loopback();
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        site.write("gallery.toml", [0xff, 0xfe, 0x00]);
        running.signal(libc::SIGHUP);
        assert!(within(LONG, || site.has_record("gallery-refused")));
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION));
    }

    fn a_line_that_somebody_holds_is_named_with_its_holder() {
        let site = Site::with_obama();
        site.configure_loopback();
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let _first = Running::start(&site);
        let second = Site::with_obama();
        second.configure_loopback();
        refuses_to_start(&second, "/dev/gpiochip0 line 17: in use by limen");
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION), "the first goes on");
    }

    fn a_missing_chip_is_named() {
        let site = Site::with_obama();
        site.configure("[camera]\ndevice = \"/dev/video10\"", "chip = \"/dev/gpiochip9\"");
        refuses_to_start(&site, "/dev/gpiochip9: no GPIO chip there");
    }

    fn a_chip_that_is_not_the_headers_is_refused_before_it_is_touched() {
        let site = Site::with_obama();
        for chip in ["", "chip = \"/dev/gpiochip0\"\n"] {
            let door = format!("[door]\ndriver = \"gpiochip\"\n{chip}pin = 17\nactive = \"low\"\n");
            let more = "external-pull = true\naccept-photo-risk = true\n[paths]\nstate = \"state\"\nruntime = \"run\"\n";
            site.write("limen.toml", door + more);
            refuses_to_start(&site, "40-pin header");
            // Driven locked it would be high.
            assert!(!RELAY.is_high());
        }
    }

    fn rppal_on_another_machine_says_which_driver_to_use() {
        let site = Site::with_obama();
        site.write("limen.toml", "[door]\ndriver = \"rppal\"\npin = 17\naccept-photo-risk = true\n[paths]\nstate = \"state\"\nruntime = \"run\"\n");
        refuses_to_start(&site, "use driver = \"gpiochip\"");
    }

    fn a_model_file_that_was_replaced_is_refused_at_start() {
        let site = Site::with_obama();
        site.write("mine.onnx", "another file");
        let more = format!("[model]\npath = \"mine.onnx\"\nsha256 = \"{}\"", "0f".repeat(32));
        site.configure("[camera]\ndevice = \"/dev/video10\"", &more);
        refuses_to_start(&site, "put the original file back");
        assert!(!RELAY.is_high());
    }

    fn too_little_memory_ends_locked() {
        let site = Site::with_obama();
        site.configure_loopback();
        let run = format!(
            "ulimit -v 60000; exec {} --config {} run 2>/dev/null",
            env!("CARGO_BIN_EXE_limen"),
            site.path("limen.toml").display()
        );
        let status = std::process::Command::new("sh").args(["-c", &run]).status().expect("a shell");
        assert!(!status.success());
        assert!(!RELAY.is_high());
    }

    fn a_thousand_reloads_leak_neither_descriptors_nor_threads() {
        let site = Site::with_obama();
        site.configure_loopback();
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        running.ask(Request::Reload).expect("in force");
        // The thread of a client that was answered takes a moment to end.
        let settled = || {
            let pause = || std::thread::sleep(Duration::from_millis(100));
            (0..10).map(|_| { pause(); running.resources() }).min().unwrap_or_default()
        };
        let before = settled();
        for _ in 0..1000 {
            running.ask(Request::Reload).expect("in force");
        }
        assert!(within(LONG, || running.resources() == before), "{before:?} {:?}", running.resources());
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION));
    }

    fn a_daemon_killed_for_memory_in_the_middle_of_an_unlock_is_locked_by_limen_lock() {
        if !make_memory_group() {
            return skipped("faults", "this kernel has no memory groups");
        }
        let site = Site::with_obama();
        site.configure_loopback();
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let mut running = Running::start_by(&site, program_in_memory_group());
        assert!(running.unlocks(AT_ONCE));
        command(&format!("echo 4M > {MEMORY_GROUP}/memory.max"));
        assert!(running.ends(LONG).is_some(), "the kernel ends it");
        // As the unit's ExecStopPost does.
        assert_eq!(lock_command(&site).code, 0);
        assert!(RELAY.falls(AT_ONCE));
        drop(running);
        let _again = Running::start(&site);
        assert!(site.has_record("gap"));
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION));
    }
}
