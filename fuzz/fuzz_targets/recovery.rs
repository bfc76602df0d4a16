//! Fuzz target: the files of the records' folder, as a crash or a thief left them. What must hold of the answer is in `../src`.

#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| limen_fuzz::recovery(bytes));
