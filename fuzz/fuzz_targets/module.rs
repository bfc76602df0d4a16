//! Fuzz target: frames and metadata of a camera module. What must hold of the answer is in `../src`.

#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| limen_fuzz::module(bytes));
