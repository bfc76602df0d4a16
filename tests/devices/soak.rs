//! Hours of a door: faces come and go, faults come at random. Run by `make soak`, never with the other tests.

use std::fs;
use std::time::{Duration, Instant};

use limen::control::Request;
use limen_vision::frame::PixelFormat;

use super::camera::{Feeder, flat};
use super::harness::{
    AT_ONCE, DECISION, LONG, RELAY, Running, UNLOCK, command, lock_command, skipped, within,
};
use crate::support::{Site, nobody, visitor};

/// Memory, descriptors and threads are measured against what they are after so many steps.
const WARM: u32 = 12;
/// What an allocator keeps more at one time than at another.
const MEMORY_SWAY: u64 = 24 << 20;
/// A line of the table.
const REPORT: Duration = Duration::from_secs(60);
/// After so many frames without a face its track has ended.
const TRACK_ENDS: u64 = 20;

/// Numbers that are the same for the same seed (xorshift64*, Vigna 2016).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}

/// What the process has.
#[derive(Debug, Clone, Copy)]
struct Held {
    memory: u64,
    descriptors: usize,
    threads: usize,
}

impl Held {
    fn by(running: &Running) -> Self {
        let (descriptors, threads) = running.resources();
        let statm = fs::read_to_string(format!("/proc/{}/statm", running.child.id())).expect("it runs");
        let pages: u64 = statm.split(' ').nth(1).and_then(|n| n.parse().ok()).expect("resident pages");
        Self { memory: pages * 4096, descriptors, threads }
    }

    fn is_no_more_than(self, before: Self) -> bool {
        self.memory <= before.memory + MEMORY_SWAY
            && self.descriptors <= before.descriptors
            && self.threads <= before.threads
    }
}

struct Soak {
    site: Site,
    feeder: Feeder,
    running: Running,
    dice: Dice,
    unlocks: usize,
    refusals: usize,
    faults: usize,
    steps: u32,
    /// Once the process is warm.
    held: Option<Held>,
}

impl Soak {
    fn begin(seed: u64) -> Self {
        let site = Site::with_obama();
        site.configure_loopback();
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        let dice = Dice(seed | 1);
        Self { site, feeder, running, dice, unlocks: 0, refusals: 0, faults: 0, steps: 0, held: None }
    }

    /// One visitor or one fault; ends locked. Only while `may_end` is the daemon ended.
    fn step(&mut self, may_end: bool) {
        match self.dice.below(if may_end { 14 } else { 12 }) {
            0..=3 => self.enrolled_visitor(),
            4 | 5 => self.stranger(),
            6 => self.visitor_under(|soak| drop(lock_command(&soak.site))),
            7 => self.visitor_under(|soak| soak.running.signal(libc::SIGHUP)),
            8 => self.camera_stalls(),
            9 => self.feeder_lies(),
            10 => self.gallery_of_garbage(),
            11 => self.visitor_under(|_| command("date -s '2031-01-01' >/dev/null")),
            12 => self.ends(libc::SIGTERM),
            _ => self.ends(libc::SIGKILL),
        }
        self.nobody_is_there();
        self.steps += 1;
        if self.steps == WARM {
            self.held = Some(Held::by(&self.running));
        }
    }

    /// The line is down, and whoever was there is forgotten.
    fn nobody_is_there(&self) {
        self.feeder.show(&nobody());
        assert!(RELAY.falls(UNLOCK + AT_ONCE * 2), "a door stays open: {}", self.running.log());
        assert!(self.running.looks_at(TRACK_ENDS), "{}", self.running.log());
    }

    fn enrolled_visitor(&mut self) {
        let who = ["obama2", "obama3"][self.dice.below(2) as usize];
        self.feeder.show(&visitor(who));
        assert!(RELAY.rises(DECISION), "{who} stays outside: {}", self.running.log());
        self.unlocks += 1;
    }

    fn stranger(&mut self) {
        let refused = self.site.count("refused");
        self.feeder.show(&visitor("biden"));
        assert!(self.running.looks_at(TRACK_ENDS));
        assert!(!RELAY.is_high(), "a stranger is inside");
        self.feeder.show(&nobody());
        assert!(within(LONG, || self.site.count("refused") > refused), "{}", self.running.log());
        self.refusals += 1;
    }

    fn visitor_under(&mut self, fault: impl FnOnce(&Self)) {
        self.enrolled_visitor();
        fault(self);
        self.faults += 1;
    }

    fn camera_stalls(&mut self) {
        self.enrolled_visitor();
        let (faults, recovered) =
            (self.site.count_of("fault", "camera"), self.site.count_of("recovered", "camera"));
        self.feeder.stall();
        assert!(RELAY.falls(UNLOCK + AT_ONCE * 2));
        assert!(within(LONG, || self.site.count_of("fault", "camera") > faults), "{}", self.running.log());
        self.feeder.show(&nobody());
        assert!(
            within(LONG, || self.site.count_of("recovered", "camera") > recovered),
            "{}",
            self.running.log()
        );
        self.faults += 1;
    }

    fn feeder_lies(&mut self) {
        let noise: Vec<u8> = (0..640 * 480 * 2).map(|_| self.dice.below(256) as u8).collect();
        let shown = [noise, vec![0; 1000]];
        for bytes in shown {
            self.feeder.show_bytes(bytes);
            assert!(RELAY.stays_low(AT_ONCE));
        }
        self.feeder.show(&flat(255));
        self.faults += 1;
    }

    fn gallery_of_garbage(&mut self) {
        let good = fs::read(self.site.path("gallery.toml")).expect("a gallery");
        self.site.write("gallery.toml", [0xff, 0xfe]);
        assert!(self.running.ask(Request::Reload).is_err());
        self.site.write("gallery.toml", good);
        assert!(self.running.ask(Request::Reload).is_ok());
        self.faults += 1;
    }

    fn ends(&mut self, signal: i32) {
        self.enrolled_visitor();
        self.running.signal(signal);
        assert!(self.running.ends(LONG).is_some());
        assert_eq!(lock_command(&self.site).code, 0);
        assert!(RELAY.falls(AT_ONCE));
        self.feeder.show(&nobody());
        self.running = Running::start(&self.site);
        self.faults += 1;
        self.steps = 0;
        self.held = None;
    }

    fn report(&self, minute: u64) {
        let held = Held::by(&self.running);
        println!(
            "{minute:>6}  {:>7}  {:>8}  {:>6}  {:>10.1}  {:>11}  {:>7}",
            self.unlocks,
            self.refusals,
            self.faults,
            held.memory as f64 / f64::from(1 << 20),
            held.descriptors,
            held.threads
        );
    }

    fn has_lost_no_record(&self) {
        // A grant that the audit was too slow for opens nothing, and is asked for again.
        let slow = self.site.count_of("fault", "audit");
        assert_eq!(self.site.count("granted"), self.unlocks + slow, "a grant, a record");
        let closed = self.site.count("locked") + self.site.count("gap");
        assert!(closed >= self.unlocks, "{closed} ends of {} grants", self.unlocks);
        assert!(self.site.count("refused") >= self.refusals);
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

guest_tests! {
    fn faces_come_and_go() {
        let Some(minutes) = number("LIMEN_SOAK_MINUTES") else {
            return skipped("soak", "runs with make soak alone");
        };
        let mut soak = Soak::begin(number("LIMEN_SEED").expect("given by `run`"));
        println!("\nminute  unlocks  refusals  faults  memory MiB  descriptors  threads");
        let (begun, length) = (Instant::now(), Duration::from_secs(minutes * 60));
        let mut reported = 0;
        while begun.elapsed() < length {
            // The second half has one process, in which a leak would show.
            soak.step(begun.elapsed() < length / 2);
            let minute = begun.elapsed().as_secs() / REPORT.as_secs();
            if minute > reported {
                reported = minute;
                soak.report(minute);
            }
        }
        soak.has_lost_no_record();
        let (before, after) = (soak.held.expect("warm"), Held::by(&soak.running));
        assert!(after.is_no_more_than(before), "a leak: {before:?} {after:?}");
        println!("no leak: {before:?} {after:?}");
    }
}
