//! The thread of a keypad or reader: it opens the device, opens it again after it was unplugged, and reports
//! entries.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::event::{EntryDevice, EntryMistake};
use limen_files::failpoint;

use super::error::EntryError;
use super::keypad::EntryOutcome;
use super::mistake_counts::MistakeCounts;
use super::report::EntryReport;
use super::source::EntrySource;
use crate::clocks;
use crate::door::level::Level;

/// The longest wait for a key.
const PATIENCE: Duration = Duration::from_millis(250);
/// The shortest time between two entries: a reader repeats a card that stays in front of it.
const SHORTEST_PAUSE: Duration = Duration::from_millis(400);
/// The pause after the first failure to open; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause: a person who has connected the keypad again waits no longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The running thread. It ends when this is dropped.
#[derive(Debug)]
pub struct EntryThread {
    device: EntryDevice,
    stop: Arc<AtomicBool>,
    trouble: Level<Option<String>>,
    thread: JoinHandle<()>,
}

impl EntryThread {
    /// Starts a thread with the name of its device. `report` returns false if it could not pass the report
    /// on.
    pub fn spawn(
        source: impl EntrySource + 'static,
        report: impl Fn(EntryReport) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let device = source.device();
        let stop = Arc::new(AtomicBool::new(false));
        let trouble = Level::default();
        let listener = Listener {
            source,
            report,
            stop: Arc::clone(&stop),
            trouble: trouble.clone(),
            mistake_counts: MistakeCounts::default(),
            entered: None,
            lost: false,
            pause: FIRST_PAUSE,
        };
        let thread = std::thread::Builder::new().name(device.to_string()).spawn(move || listener.listen())?;
        Ok(Self { device, stop, trouble, thread })
    }

    /// The device that it listens to.
    pub fn device(&self) -> EntryDevice {
        self.device
    }

    /// Why the device is missing, even if reports were lost; `None` if it is there.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.read()
    }

    /// Whether the thread has ended.
    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }
}

impl Drop for EntryThread {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Listener<S, R> {
    source: S,
    report: R,
    stop: Arc<AtomicBool>,
    trouble: Level<Option<String>>,
    mistake_counts: MistakeCounts,
    /// When the last entry was reported.
    entered: Option<Moment>,
    /// Whether the loss of the device was reported.
    lost: bool,
    pause: Duration,
}

impl<S: EntrySource, R: Fn(EntryReport) -> bool> Listener<S, R> {
    fn listen(mut self) {
        let mut open = false;
        while !self.stop.load(Ordering::Relaxed) {
            failpoint::reach(self.source.device().name());
            let outcome = if open { self.serve() } else { self.source.open().map(|()| self.came_back()) };
            open = outcome.is_ok();
            if let Err(error) = outcome {
                self.went(error.to_string());
                std::thread::sleep(self.pause);
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            }
            self.tell_mistakes();
        }
    }

    fn serve(&mut self) -> Result<(), EntryError> {
        let mut outcomes = Vec::new();
        self.source.listen(PATIENCE, &mut |outcome| outcomes.push(outcome))?;
        outcomes.into_iter().for_each(|outcome| self.tell(outcome));
        Ok(())
    }

    fn tell(&mut self, outcome: EntryOutcome) {
        match outcome {
            Ok(_) if !self.may_enter(clocks::moment()) => self.mistake_counts.note(EntryMistake::Flooded),
            Ok(entry) => {
                if !(self.report)(EntryReport::Entered(entry)) {
                    self.mistake_counts.note(EntryMistake::Dropped);
                }
            }
            Err(mistake) => self.mistake_counts.note(mistake),
        }
    }

    fn may_enter(&mut self, now: Moment) -> bool {
        let soon = self.entered.is_some_and(|last| now >= last && now.since(last) < SHORTEST_PAUSE);
        if !soon {
            self.entered = Some(now);
        }
        !soon
    }

    fn tell_mistakes(&mut self) {
        let device = self.source.device();
        for (mistake, count) in self.mistake_counts.due(clocks::moment()) {
            (self.report)(EntryReport::Mistaken { device, mistake, count });
        }
    }

    fn went(&mut self, why: String) {
        self.trouble.change(|trouble| *trouble = Some(why.clone()));
        if !self.lost {
            self.lost = (self.report)(EntryReport::Lost(self.source.device(), why));
        }
    }

    fn came_back(&mut self) {
        self.pause = FIRST_PAUSE;
        self.trouble.change(|trouble| *trouble = None);
        if self.lost {
            self.lost = !(self.report)(EntryReport::Back(self.source.device()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::super::report::Entry;
    use super::*;
    use limen_core::credential::Digits;

    /// A device that a test controls.
    struct Puppet {
        steps: Receiver<Result<Vec<EntryOutcome>, ()>>,
        opens: Sender<()>,
    }

    impl EntrySource for Puppet {
        fn device(&self) -> EntryDevice {
            EntryDevice::Keypad
        }
        fn open(&mut self) -> Result<(), EntryError> {
            let _ = self.opens.send(());
            Ok(())
        }
        fn listen(&mut self, _: Duration, take: &mut dyn FnMut(EntryOutcome)) -> Result<(), EntryError> {
            match self.steps.recv_timeout(Duration::from_millis(20)) {
                Ok(Ok(outcomes)) => outcomes.into_iter().for_each(take),
                Ok(Err(())) => {
                    return Err(EntryError::Failed { path: "keypad".into(), what: "unplugged".into() });
                }
                Err(_) => {}
            }
            Ok(())
        }
    }

    struct TestThread {
        thread: EntryThread,
        steps: Sender<Result<Vec<EntryOutcome>, ()>>,
        opens: Receiver<()>,
        reports: Receiver<EntryReport>,
    }

    fn stage() -> TestThread {
        let (reporter, reports) = channel();
        stage_with(reports, move |report| reporter.send(report).is_ok())
    }

    fn stage_with(
        reports: Receiver<EntryReport>,
        report: impl Fn(EntryReport) -> bool + Send + 'static,
    ) -> TestThread {
        let ((steps, receiver), (sender, opens)) = (channel(), channel());
        let puppet = Puppet { steps: receiver, opens: sender };
        let thread = EntryThread::spawn(puppet, report).expect("a thread");
        TestThread { thread, steps, opens, reports }
    }

    fn next<T>(receiver: &Receiver<T>) -> T {
        receiver.recv_timeout(Duration::from_secs(10)).expect("something")
    }

    fn pin(text: &str) -> Entry {
        Entry::Pin(Digits::new(text).expect("digits"))
    }

    #[test]
    fn a_device_that_is_unplugged_is_told_once_opened_again_and_works() {
        let stage = stage();
        next(&stage.opens);
        stage.steps.send(Err(())).expect("it listens");
        assert_eq!(next(&stage.reports), EntryReport::Lost(EntryDevice::Keypad, "keypad: unplugged".into()));
        next(&stage.opens);
        assert_eq!(next(&stage.reports), EntryReport::Back(EntryDevice::Keypad));
        stage.steps.send(Ok(vec![Ok(pin("4711"))])).expect("it listens");
        assert_eq!(next(&stage.reports), EntryReport::Entered(pin("4711")));
        assert!(!stage.thread.is_gone());
        assert_eq!(stage.thread.device(), EntryDevice::Keypad);
    }

    #[test]
    fn a_device_that_is_away_and_back_is_known_where_every_report_is_lost() {
        let stage = stage_with(channel().1, |_| false);
        next(&stage.opens);
        assert_eq!(stage.thread.trouble(), None);
        stage.steps.send(Err(())).expect("it listens");
        let deadline = clocks::moment() + Duration::from_secs(10);
        let mut seen = None;
        while seen.is_none() && clocks::moment() < deadline {
            seen = stage.thread.trouble();
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(seen.as_deref(), Some("keypad: unplugged"));
        next(&stage.opens);
        while stage.thread.trouble().is_some() && clocks::moment() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(stage.thread.trouble(), None);
    }

    #[test]
    fn entries_faster_than_a_person_and_mistakes_are_counted() {
        let stage = stage();
        stage.steps.send(Ok(vec![Ok(pin("4711")), Ok(pin("4711")), Ok(pin("4711"))])).expect("it listens");
        assert_eq!(next(&stage.reports), EntryReport::Entered(pin("4711")));
        let device = EntryDevice::Keypad;
        assert_eq!(
            next(&stage.reports),
            EntryReport::Mistaken { device, mistake: EntryMistake::Flooded, count: 2 }
        );
        stage.steps.send(Ok(vec![Err(EntryMistake::TooLong)])).expect("it listens");
        assert_eq!(
            next(&stage.reports),
            EntryReport::Mistaken { device, mistake: EntryMistake::TooLong, count: 1 }
        );
    }
}
