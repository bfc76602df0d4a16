//! What a door decides by. All of it is pure: no file, no network, no thread, and no clock; whoever decides is told the
//! time. So all of it can be walked through by a test in seconds.
//!
//! | layer | rooms |
//! |---|---|
//! | vocabulary | [`clock`], [`embedding`], [`person`], [`secret`] |
//! | what people show | [`credential`], [`people`] |
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
