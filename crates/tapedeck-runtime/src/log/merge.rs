//! The logs of several tasks as one.

use super::{Line, ReadError, Reader};

/// After so many lines even readers that had nothing are asked again, so that a task that never pauses does not hide
/// the others.
const ROUND: usize = 1024;

/// Reads several logs in the order of their lines' timestamps. The lines of one log keep their order among each other
/// even if the clock was set back; equal timestamps keep the order in which the logs were added.
///
/// As with [`Reader`], no next line only means that there is none yet; order across logs holds among the lines that
/// were there at the time.
#[derive(Debug)]
pub struct Merge<K> {
    sources: Vec<Source<K>>,
    lines_in_round: usize,
}

#[derive(Debug)]
struct Source<K> {
    key: K,
    reader: Reader,
    head: Option<Line>,
    /// Had nothing more when last asked in this round.
    idle: bool,
}

impl<K> Default for Merge<K> {
    fn default() -> Merge<K> {
        Merge {
            sources: Vec::new(),
            lines_in_round: 0,
        }
    }
}

impl<K: Clone> Merge<K> {
    /// Adds a log; `key` comes back with each of its lines.
    pub fn add(&mut self, key: K, reader: Reader) {
        self.sources.push(Source {
            key,
            reader,
            head: None,
            idle: false,
        });
    }

    /// The keys of all logs, in the order in which they were added.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.sources.iter().map(|source| &source.key)
    }

    /// The oldest line that was not returned yet, or `None` if there is none at the moment.
    ///
    /// # Errors
    /// If one of the logs cannot be read; the others can be read on by calling again.
    pub fn next_line(&mut self) -> Result<Option<(K, Line)>, ReadError> {
        if self.lines_in_round >= ROUND {
            self.begin_round();
        }
        for source in self
            .sources
            .iter_mut()
            .filter(|source| source.head.is_none() && !source.idle)
        {
            // An error ends the source's round, so that the others get their turn.
            source.idle = true;
            source.head = source.reader.next_line()?;
            source.idle = source.head.is_none();
        }
        let heads = self.sources.iter_mut().filter(|source| source.head.is_some());
        let oldest = heads.min_by_key(|source| source.head.as_ref().map(|line| line.timestamp_ns));
        let next = oldest.and_then(|source| source.head.take().map(|line| (source.key.clone(), line)));
        match next {
            Some(_) => self.lines_in_round += 1,
            None => self.begin_round(),
        }
        Ok(next)
    }

    fn begin_round(&mut self) {
        self.lines_in_round = 0;
        for source in &mut self.sources {
            source.idle = false;
        }
    }
}
