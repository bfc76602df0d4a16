//! limen, Latin: the threshold, of a door and of a decision.
//!
//! A camera watches a door. Whoever is enrolled is recognised, and the relay of the lock is driven. Data walks one way:
//!
//! ```text
//! camera -> frame -> detect -> track -> align -> embed -> match -> policy -> door
//!                                                           ^          |-> records, status, lights
//!                                                        gallery
//! ```
//!
//! Everything that only computes lives in crates of its own, beneath this one: [`limen_core`] decides, [`limen_vision`]
//! looks and compares, [`limen_audit`] keeps the records, [`limen_files`] reads and replaces files, [`limen_lab`]
//! measures error rates, [`limen_metrics`] counts. This crate is what touches the machine: devices, threads, configuration, people at a terminal.
//!
//! Its rooms, low to high. An import only ever points down, which `tests/layers.rs` holds:
//!
//! | layer | rooms |
//! |---|---|
//! | the machine's clocks, and mistakes in files | [`clocks`], [`diagnostics`] |
//! | devices, and the people of a site | [`camera`], [`door`], [`entry`] (which uses the lines of [`door`]), [`gallery`] |
//! | configuration | [`config`] |
//! | how the parts are put together | [`pipeline`] from a frame to the policy, [`enrol`] from a photograph to a template |
//! | service | [`control`], [`service`] |
//! | the program that runs | [`daemon`] |
//! | command line | [`cli`] |
//!
//! `ARCHITECTURE.md` walks through it; `CONTRIBUTING.md` says how to change it.

pub mod camera;
pub mod cli;
pub mod clocks;
pub mod config;
pub mod control;
pub mod daemon;
pub mod diagnostics;
pub mod door;
pub mod enrol;
pub mod entry;
pub mod gallery;
pub mod pipeline;
pub mod service;
