//! limen, Latin: the threshold, of a door and of a decision.
//!
//! A camera watches a door; whoever is enrolled is recognised, and the relay of the lock is driven. Data
//! walks one way:
//!
//! ```text
//! camera -> frame -> detect -> track -> align -> embed -> match -> policy -> door
//!                                                           ^          |-> audit, status, indicators
//!                                                        gallery
//! ```
//!
//! The rooms, low to high; an import only ever points down, which a test holds:
//!
//! | layer | rooms |
//! |---|---|
//! | vocabulary | [`clock`], [`frame`], [`geometry`], [`embedding`], [`person`], [`credential`], [`event`], [`files`], [`secret`], [`mistake`], [`failpoint`] |
//! | parts | [`camera`], [`vision`], [`gallery`], [`matching`] (which knows [`gallery`]), [`door`], [`entry`] (which knows [`door`]) |
//! | decisions and records | [`policy`], [`audit`] |
//! | configuration | [`config`] |
//! | uses | [`pipeline`], [`enrol`], [`evaluation`] |
//! | service | [`control`], [`service`], [`daemon`] |
//! | command line | [`cli`] |
//!
//! [`vision`] ends at an embedding with its track and quality; [`matching`] turns embeddings into
//! observations; [`policy`] counts observations, knows nothing of vectors and reads no clock, and alone can
//! make a grant.

pub mod camera;
pub mod cli;
pub mod clocks;
pub mod config;
pub mod control;
pub mod daemon;
pub mod door;
pub mod enrol;
pub mod entry;
pub mod gallery;
pub mod mistake;
pub mod pipeline;
pub mod service;
