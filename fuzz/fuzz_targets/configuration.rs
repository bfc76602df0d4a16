//! Fuzz target: `limen.toml`, through every check. What must hold of the answer is in `../src`.

#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| limen_fuzz::configuration(bytes));
