//! Calls of the `v4l` crate that survive its panics.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use limen_core::person::printable_path;
use v4l::io::mmap::Stream;
use v4l::io::traits::Stream as _;

/// Calls the `v4l` crate, which panics if it did not expect a driver's answer.
pub(super) fn caught<T>(call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|_| Err(io::Error::other("the driver's answer makes no sense")))
}

/// Stops and frees a stream. If it cannot be stopped, its destructor would panic, and then those of its
/// buffers, which would end the process with the door's line unchanged. Such a stream is leaked, and the
/// device stays busy.
pub(super) fn release(mut stream: Stream<'static>, device: &Path) {
    match stream.stop() {
        Err(error) if error.raw_os_error() != Some(libc::ENODEV) => {
            log::warn!("{}: the stream cannot be stopped ({error}); restart limen", printable_path(device));
            std::mem::forget(stream);
        }
        _ => {
            if catch_unwind(AssertUnwindSafe(|| drop(stream))).is_err() {
                log::warn!("{}: the stream's buffers could not be freed", printable_path(device));
            }
        }
    }
}
