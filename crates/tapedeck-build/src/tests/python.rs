//! What is decided about Python without looking at any disk.

mod lists;
mod starts;
mod versions;
