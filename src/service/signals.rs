//! The signals that would end or stop the program and leave the line as it is. They are caught, so that the line is locked
//! first.
//!
//! | signal | what becomes of it |
//! |---|---|
//! | SIGHUP | the daemon reads configuration and gallery again |
//! | those of [`that_end`] | the door is locked, then the program ends |
//! | SIGPIPE | ignored, as in every Rust program |
//! | SIGCHLD, SIGCONT, SIGURG, SIGWINCH | the kernel ignores them |
//! | SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP | a fault of the program itself (SIGABRT also the watchdog's): it may not be trusted to lock any more and ends at once; the service then runs `limen lock` |
//! | SIGKILL, SIGSTOP, and those that the C library keeps for itself | cannot be caught; the watchdog and `limen lock` lock |

use libc::{
    SIGALRM, SIGINT, SIGIO, SIGPROF, SIGPWR, SIGQUIT, SIGSTKFLT, SIGSYS, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU,
    SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ,
};

/// Those with a name.
const NAMED: [i32; 17] = [
    SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ, SIGIO, SIGPWR,
    SIGSTKFLT, SIGSYS, SIGTSTP, SIGTTIN, SIGTTOU,
];

/// The signals upon which the program locks the door and ends, the real-time ones among them. A stopped program would hold
/// the line as long as it stands still, so those that stop are here too.
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
        // Between the named ones and the real-time ones are those of the C library.
        let mut spoken_for: Vec<i32> = that_end().chain(others).chain(32..libc::SIGRTMIN()).collect();
        spoken_for.sort_unstable();
        assert_eq!(spoken_for, (1..=64).collect::<Vec<_>>());
    }
}
