//! What a door decides by. All of it is pure: no files, no network, no threads and no clock; decisions take
//! the time as an argument. So a test can try every path in seconds.
//!
//! | layer | rooms |
//! |---|---|
//! | vocabulary | [`clock`], [`embedding`], [`person`], [`secret`] |
//! | credentials and people | [`credential`], [`people`] |
//! | what happened | [`event`] |
//! | decisions | [`policy`], which alone makes a [`lease`] |

#![forbid(unsafe_code)]

pub mod clock;
pub mod credential;
pub mod embedding;
pub mod event;
pub mod lease;
pub mod people;
pub mod person;
pub mod policy;
pub mod secret;
