//! From bytes to pictures. Nothing that a camera or a person hands in is believed.

use std::path::Path;

use limen_core::person::printable;

pub mod decode;
pub mod encode;
pub mod jpeg;
mod packing;
pub mod photograph;
pub mod raw;
pub mod scale;

/// A file's name, for a message.
fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 300)
}
