//! How long-running work of this crate tells what it is doing.

/// Somebody who wants to know what is being done. The command line shows it, tests ignore it.
pub trait Progress {
    /// A new step has begun. `text` is a short phrase such as `downloading 31 packages`.
    fn step(&mut self, text: &str);

    /// Something that people should know afterwards, too, in a line. Unless overridden, a step like any other.
    fn notice(&mut self, text: &str) {
        self.step(text);
    }
}

/// Tells nobody.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn step(&mut self, _text: &str) {}
}
