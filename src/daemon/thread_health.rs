//! Whether the threads still work: a thread that has ended ends the daemon, a thread that hangs lets the
//! watchdog end it.

use limen_core::clock::Moment;

use super::effects::Effects;
use super::threads::Threads;
use crate::control::ControlServer;
use crate::door::inputs::InputThread;
use crate::service;

/// The name of a thread that has ended without being asked to.
pub(super) fn ended(threads: &Threads, effects: &Effects) -> Option<&'static str> {
    let gone = [
        ("vision", threads.vision.is_gone()),
        ("recorder", effects.recorder_is_gone()),
        ("door", effects.door_is_gone()),
        ("worker", threads.worker.is_gone()),
        ("control", threads.server.as_ref().is_some_and(ControlServer::is_gone)),
        ("gateway", threads.gateway.as_ref().is_some_and(ControlServer::is_gone)),
        ("signals", threads.signals.is_finished()),
        ("mode-keeper", threads.mode_keeper.is_gone()),
        ("inputs", threads.inputs.as_ref().is_some_and(InputThread::is_gone)),
    ];
    let gone = gone.into_iter().find_map(|(name, gone)| gone.then_some(name));
    let entry = threads.entries.iter().find(|thread| thread.is_gone());
    gone.or(entry.map(|thread| thread.device().name())).or(effects.verifier_is_gone().then_some("verifier"))
}

/// Feeds the watchdog, unless a thread hangs that the door needs.
pub(super) fn feed_watchdog(threads: &Threads, effects: &Effects, now: Moment) {
    let inputs = threads.inputs.as_ref().is_some_and(|inputs| service::has_stalled(inputs.pulse(), now));
    if threads.vision.has_stalled(now) || effects.door_has_stalled(now) || inputs {
        log::error!("a thread hangs; the watchdog is not fed");
    } else {
        service::alive();
    }
}
