//! Points where a test lets a thread panic.
//!
//! They exist only in builds with the feature `fault-injection`, which is never a default. In every other
//! build a failpoint does nothing, and a test checks that the program does not contain its words.

/// The environment variable that names the folder in which a test asks for a panic.
#[cfg(feature = "fault-injection")]
pub const FOLDER: &str = "LIMEN_FAULT_INJECTION";

/// Panics, once, if the folder that [`FOLDER`] names has a file with this thread's name.
#[cfg(feature = "fault-injection")]
pub fn reach(thread: &str) {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    if std::fs::remove_file(std::path::Path::new(&folder).join(thread)).is_ok() {
        panic!("fault injection: the {thread} thread");
    }
}

/// Does nothing: this build has no `fault-injection`.
#[cfg(not(feature = "fault-injection"))]
#[inline(always)]
pub const fn reach(_thread: &str) {}
