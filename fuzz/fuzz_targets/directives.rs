//! See `tapedeck_fuzz::directives`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tapedeck_fuzz::directives(data));
