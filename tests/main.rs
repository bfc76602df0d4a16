//! Everything that is tested from outside: one binary, so that it is linked once.

mod access;
mod audit;
mod bad_input;
mod calibration;
mod commands;
mod daemon;
mod demo;
mod devices;
mod documentation;
mod evaluation;
mod faces;
mod factor;
mod following;
#[path = "../fuzz/src/lib.rs"]
mod fuzzed;
mod idle;
mod layers;
mod models;
mod networks;
mod operating;
mod parsers;
mod photographs;
mod recognition;
mod support;
mod templates;
