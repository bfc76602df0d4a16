//! Fuzz target: keys of a keypad and of a card reader that types. What must hold of the answer is in `../src`.

#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| limen_fuzz::keys(bytes));
