//! Where the keys of large mappings are, so that a file of nothing but calls of its own keys is read in no time.

use std::collections::HashMap;

use tapedeck_diagnostic::Spanned;

use crate::parse::{Mapping, Value};

/// Mappings with fewer keys than this are looked through one by one.
const LARGE: usize = 32;

/// The places of keys, by the place of their mapping in memory. **Invariant:** mappings that are looked through here live
/// as long as it does: they are of the config, or of files and results that are kept.
#[derive(Debug, Default)]
pub(super) struct Index(HashMap<usize, HashMap<String, usize>>);

impl Index {
    /// The value of a key.
    pub(super) fn find<'m>(&mut self, mapping: &'m Mapping, key: &str) -> Option<&'m Spanned<Value>> {
        if mapping.entries.len() < LARGE {
            return mapping.get(key);
        }
        let place = std::ptr::from_ref(mapping).addr();
        let places = self.0.entry(place).or_insert_with(|| {
            let keys = mapping.entries.iter().map(|entry| entry.key.value.clone());
            keys.zip(0..).collect()
        });
        let entry = mapping.entries.get(*places.get(key)?)?;
        Some(&entry.value)
    }
}
