//! Whether the threads live: one that has ended ends the daemon, one that hangs lets the watchdog end it.

use limen_core::clock::Moment;

use super::{Daemon, DaemonError};
use crate::control::ControlServer;
use crate::door::inputs::InputThread;
use crate::service;

impl Daemon {
    /// A thread that ended without being asked ends the daemon.
    pub(super) fn check_threads(&mut self) {
        let gone = [
            ("vision", self.vision.is_gone()),
            ("recorder", self.shell.recorder_is_gone()),
            ("door", self.shell.door_is_gone()),
            ("worker", self.worker.is_gone()),
            ("control", self.server.as_ref().is_some_and(ControlServer::is_gone)),
            ("signals", self.signals.is_finished()),
            ("mode-keeper", self.mode_keeper.is_gone()),
            ("inputs", self.inputs.as_ref().is_some_and(InputThread::is_gone)),
        ];
        let gone =
            gone.into_iter().find_map(|(name, gone)| gone.then_some(name)).or(self.ended_entry_thread());
        if let (Some(name), None) = (gone, &self.end) {
            self.end = Some(Err(DaemonError::ThreadEnded(name)));
        }
    }

    /// Feeds the watchdog unless a thread hangs that it cannot do without.
    pub(super) fn feed_watchdog(&self, now: Moment) {
        let inputs = self.inputs.as_ref().is_some_and(|inputs| service::has_stalled(inputs.pulse(), now));
        if service::has_stalled(&self.pulse, now) || self.shell.door_has_stalled(now) || inputs {
            log::error!("a thread hangs; the watchdog is not fed");
        } else {
            service::alive();
        }
    }
}
