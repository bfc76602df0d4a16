//! The signals that would end or stop the program and leave the line unlocked. They are caught, and the line
//! is locked first.
//!
//! | signal | effect |
//! |---|---|
//! | SIGHUP | the daemon reads configuration and gallery again |
//! | those of [`that_end`] | the door is locked, then the program ends |
//! | SIGPIPE | ignored, as in every Rust program |
//! | SIGCHLD, SIGCONT, SIGURG, SIGWINCH | ignored by the kernel |
//! | SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP | ends at once; then the service runs `limen lock` |
//! | SIGKILL, SIGSTOP, those of the C library | cannot be caught; the watchdog and `limen lock` lock |
//!
//! Those that end at once are faults of the program itself, or the watchdog's SIGABRT: after them the program
//! cannot be trusted to lock.

use libc::{
    SIGALRM, SIGINT, SIGIO, SIGPROF, SIGPWR, SIGQUIT, SIGSTKFLT, SIGSYS, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU,
    SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ,
};

/// The signals that have a name.
const NAMED: [i32; 17] = [
    SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ, SIGIO, SIGPWR,
    SIGSTKFLT, SIGSYS, SIGTSTP, SIGTTIN, SIGTTOU,
];

/// The signals at which the program locks the door and ends, including the real-time ones. Those that only
/// stop a program are included, because a stopped program would hold the line unlocked.
pub fn that_end() -> impl Iterator<Item = i32> {
    NAMED.into_iter().chain(libc::SIGRTMIN()..=libc::SIGRTMAX())
}

#[cfg(test)]
mod tests {
    use libc::{
        SIGABRT, SIGBUS, SIGCHLD, SIGCONT, SIGFPE, SIGHUP, SIGILL, SIGKILL, SIGPIPE, SIGSEGV, SIGSTOP,
        SIGTRAP, SIGURG, SIGWINCH,
    };

    use super::*;

    #[test]
    fn every_signal_of_the_kernel_is_spoken_for_once() {
        let others = [
            SIGHUP, SIGPIPE, SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV,
            SIGTRAP, SIGKILL, SIGSTOP,
        ];
        // The numbers between the named and the real-time signals belong to the C library.
        let mut spoken_for: Vec<i32> = that_end().chain(others).chain(32..libc::SIGRTMIN()).collect();
        spoken_for.sort_unstable();
        assert_eq!(spoken_for, (1..=64).collect::<Vec<_>>());
    }
}
