//! Fuzz target: a JPEG or PNG with its EXIF. What must hold of the answer is in `../src`.

#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| limen_fuzz::photograph(bytes));
