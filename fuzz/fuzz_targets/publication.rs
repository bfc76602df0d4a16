//! Fuzz target: one publication that the gateway hears. What must hold of the answer is in `../src`.

#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| limen_fuzz::publication(bytes));
