//! Places at which a test lets a thread panic.
//!
//! They exist in builds with the feature `fault-injection` alone, which is never a default; in every other
//! build a failpoint is nothing at all, and a test looks for its words in the program.

/// The variable that names the folder in which a test asks for a panic.
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

/// Nothing.
#[cfg(not(feature = "fault-injection"))]
#[inline(always)]
pub const fn reach(_thread: &str) {}
