//! Fuzz target: one line that the daemon sends to the gateway. What must hold of the answer is in `../src`.

#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| limen_fuzz::daemon_line(bytes));
