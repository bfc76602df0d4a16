//! What each target does with its bytes, and what must hold of the answer.
//!
//! The targets in `fuzz_targets` call these functions with what the fuzzer makes up; `tests/parsers.rs` of the project
//! calls them with every seed, so that a finding that was mended stays mended. A panic is a finding.

mod entries;
mod files;
mod gateway;
mod modules;
mod pictures;
mod records;
mod requests;
mod templates;

use std::path::PathBuf;

pub use entries::{keys, wiegand};
pub use files::{clip, configuration, gallery, manifest};
pub use gateway::{daemon_line, publication};
pub use modules::module;
pub use pictures::{frame, photograph};
pub use records::{records, recovery};
pub use requests::request;
pub use templates::store;

/// Takes the fuzzer's bytes.
type Target = fn(&[u8]);

/// Every target by its name, which is also the name of its folder of seeds.
pub const TARGETS: [(&str, Target); 15] = [
    ("clip", clip),
    ("configuration", configuration),
    ("daemon-line", daemon_line),
    ("frame", frame),
    ("gallery", gallery),
    ("keys", keys),
    ("manifest", manifest),
    ("module", module),
    ("photograph", photograph),
    ("publication", publication),
    ("records", records),
    ("recovery", recovery),
    ("request", request),
    ("store", store),
    ("wiegand", wiegand),
];

/// A folder of this thread's own, in memory where the machine has one there; what is in it stays from call to call.
fn folder() -> PathBuf {
    thread_local! {
        static FOLDER: tempfile::TempDir = {
            let memory = std::path::Path::new("/dev/shm");
            let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
            made.expect("a folder for temporary files")
        };
    }
    FOLDER.with(|folder| folder.path().to_owned())
}
