//! See `tapedeck_fuzz::render`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tapedeck_fuzz::render(data));
