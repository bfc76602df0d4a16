//! Fuzz target: a camera's frame in each pixel format. What must hold of the answer is in `../src`.

#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| limen_fuzz::frame(bytes));
