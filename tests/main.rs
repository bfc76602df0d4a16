//! Everything that is tested from outside: one binary, so that it is linked once.

mod access;
mod bad_input;
mod commands;
mod daemon;
mod demo;
mod devices;
mod faces;
mod layers;
mod networks;
mod parsers;
mod recognition;
mod support;
