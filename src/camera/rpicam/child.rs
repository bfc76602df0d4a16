//! A program that was started: what it complains of, and its end. Dropping it ends the program.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, ChildStdout};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use limen_core::person::printable;

/// The longest complaint that is repeated, in characters.
const LONGEST: usize = 200;
/// The most complaints of one program that are logged; a program that repeats itself must not fill the journal.
const MOST: usize = 20;
/// How long the last complaint is waited for once the program has ended.
const LAST_WORDS: Duration = Duration::from_millis(50);

/// A running program.
pub(super) struct Running {
    child: Child,
    last: Arc<Mutex<String>>,
}

impl Running {
    /// A program whose complaints are logged.
    pub(super) fn watching(mut child: Child) -> Self {
        let last = Arc::new(Mutex::new(String::new()));
        if let Some(complaints) = child.stderr.take() {
            let kept = Arc::clone(&last);
            let listening = std::thread::Builder::new()
                .name("camera-complaints".to_owned())
                .spawn(move || listen(complaints, &kept));
            if let Err(error) = listening {
                log::warn!("what rpicam-vid complains of is not heard: {error}");
            }
        }
        Self { child, last }
    }

    /// A program that is not listened to.
    pub(super) fn unwatched(child: Child) -> Self {
        Self { child, last: Arc::default() }
    }

    /// What it prints.
    pub(super) fn take_output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// How it ended, in words; `None` while it runs.
    pub(super) fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok()??;
        std::thread::sleep(LAST_WORDS);
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        Some(if last.is_empty() { status.to_string() } else { format!("{status}: {last}") })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already. It keeps nothing that it would have to put in order.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps the last complaint. Reads on even when no more is logged, because a full pipe would stop the program.
fn listen(complaints: ChildStderr, last: &Mutex<String>) {
    let mut complaints = BufReader::new(complaints);
    for number in 0.. {
        let mut line = Vec::new();
        match complaints.by_ref().take(4096).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let line = printable(String::from_utf8_lossy(&line).trim(), LONGEST);
        if line.is_empty() {
            continue;
        }
        if number < MOST {
            log::warn!("rpicam-vid: {line}");
        }
        *last.lock().unwrap_or_else(PoisonError::into_inner) = line;
    }
}
