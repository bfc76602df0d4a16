//! What an empty hallway costs: the daemon itself, ten frames a second, in a process of its own.

use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use limen::camera::replay::Replay;
use limen::clocks;
use limen::control::{Request, ask};
use limen::daemon::{self, DaemonObserver, Setup};
use limen::door::thread::DoorReport;
use limen::pipeline::SeenFrame;
use limen_core::clock::Now;
use limen_core::event::Fact;
use limen_core::policy::Event;
use limen_vision::frame::Picture;
use rustix::time::{ClockId, clock_gettime};

use crate::daemon::{rehearsal, settings_of};
use crate::support::Site;

/// Frames before the measurement begins, and frames of it: the first second starts everything.
const BEFORE: u64 = 10;
const MEASURED: u64 = 50;
const INTERVAL: Duration = Duration::from_millis(100);
/// The most that it may cost, in percent of one core.
const MOST: f64 = 3.0;
const ANSWER: &str = "percent of one core: ";

/// Processor time of this process, all threads.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Reads the processor's clock at the first and the last frame of the measurement.
struct Meter {
    begun: Duration,
    done: Sender<Duration>,
}

impl DaemonObserver for Meter {
    fn frame(&mut self, number: u64, _seen: &SeenFrame, _events: &[Event]) {
        if number == BEFORE {
            self.begun = spent();
        } else if number == BEFORE + MEASURED {
            // Nobody may be waiting any more.
            let _ = self.done.send(spent() - self.begun);
        }
    }
    fn fact(&mut self, _now: Now, _fact: &Fact) {}
    fn door(&mut self, _report: &DoorReport) {}
}

/// An empty hallway with the noise of a camera.
fn hallway(seed: u32) -> Picture {
    let mut state = seed;
    Picture::from_fn(640, 480, |x, y| {
        [x / 4, y / 3, 90].map(|level| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (level + (state >> 24) % 9).min(255) as u8
        })
    })
}

#[test]
#[ignore = "the half of the next test that runs in a process of its own"]
fn watch_an_empty_hallway() {
    let site = Site::with_obama();
    let replay = Replay::new((1..5).map(hallway).collect(), INTERVAL, clocks::moment())
        .expect("pictures")
        .looping(true)
        .paced(true);
    let (done, measured) = channel();
    let (socket, setup) = rehearsal(&site, settings_of(&site), replay);
    let daemon = std::thread::spawn(move || {
        let meter = Meter { begun: Duration::ZERO, done };
        daemon::run(Setup { observer: Some(Box::new(meter)), ..setup })
    });
    let spent = measured.recv_timeout(Duration::from_secs(60)).expect("the frames come");
    let length = INTERVAL * u32::try_from(MEASURED).expect("few frames");
    println!("{ANSWER}{:.2}", 100.0 * spent.as_secs_f64() / length.as_secs_f64());
    assert!(ask(&socket, Request::Status).is_ok(), "still at work");
    drop(daemon);
}

#[test]
fn an_empty_hallway_at_ten_frames_a_second_costs_little() {
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "idle::watch_an_empty_hallway", "--ignored", "--nocapture", "--test-threads=1"])
        .output()
        .expect("the test starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let found = said.lines().find_map(|line| line.split_once(ANSWER)).unwrap_or_else(|| panic!("{said}"));
    let percent: f64 = found.1.trim().parse().expect("a number");
    println!("watching an empty hallway costs {percent} % of one core");
    assert!(percent <= MOST, "{percent} % of one core");
}
