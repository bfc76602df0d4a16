//! Reading and replacing the files that decide who enters.
//!
//! Whoever can write such a file can open the door. So owner and mode are checked on the *opened* file and on
//! the opened folder, never on a name, which could mean another file a moment later. A file is replaced in
//! one step, so that after a power cut there is either the old one or the new one.

mod error;
pub mod failpoint;
pub mod keys;
mod lock;
mod place;
mod replace;
mod rights;
mod service;
mod trusted;

pub use error::{FileError, remedy};
pub use lock::{FileLock, lock_file, lock_folder};
pub use replace::{sync_folder, write_atomically, write_atomically_by};
pub use rights::{give_to_service, put_back, write_for_service, write_new_for_service};
pub use service::ServiceUser;
pub use trusted::{Trust, check_folder, open_trusted, read_secret, read_trusted, read_trusted_text};

#[cfg(test)]
mod tests;
