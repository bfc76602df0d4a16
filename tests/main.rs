//! Everything that is tested from outside: one binary, so that it is linked once.

mod access;
mod answers;
mod audit;
mod bad_input;
mod calibration;
mod checking;
mod circles;
mod commands;
mod daemon;
mod demo;
mod devices;
mod documentation;
mod enrolling;
mod evaluation;
mod faces;
mod factor;
mod following;
mod full_disk;
#[path = "../fuzz/src/lib.rs"]
mod fuzzed;
mod idle;
mod last_good;
mod layers;
mod models;
mod networks;
mod operating;
mod parsers;
mod photographs;
mod recognition;
mod signals;
mod source_code;
mod support;
mod target;
mod templates;
