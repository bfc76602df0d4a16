//! From bytes to pictures. Bytes from cameras and people are never trusted.

use std::path::Path;

use limen_core::person::printable;

pub mod decode;
pub mod encode;
pub mod jpeg;
mod packing;
pub mod photograph;
pub mod raw;
pub mod scale;

/// A file's name, for messages.
fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 300)
}
