//! Fuzz target: the manifest of a network of one's own. What must hold of the answer is in `../src`.

#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| limen_fuzz::manifest(bytes));
