//! Where the keys of large mappings are, so that a file of nothing but calls of its own keys is read in no time.

use std::collections::HashMap;

use tapedeck_diagnostic::Spanned;

use crate::parse::{Mapping, Value};

/// Mappings with fewer keys than this are looked through one by one.
const LARGE: usize = 32;

/// The places of keys, by the place of their mapping in memory.
#[derive(Debug, Default)]
pub(super) struct Index(HashMap<usize, HashMap<String, usize>>);

impl Index {
    /// The value of a key. `None` also for one that was added after the mapping was first looked at.
    pub(super) fn find<'m>(&mut self, mapping: &'m Mapping, key: &str) -> Option<&'m Spanned<Value>> {
        if mapping.entries.len() < LARGE {
            return mapping.get(key);
        }
        let place = std::ptr::from_ref(mapping).addr();
        let places = self.0.entry(place).or_insert_with(|| {
            let keys = mapping.entries.iter().map(|entry| entry.key.value.clone());
            keys.zip(0..).collect()
        });
        // Another mapping may have been in the same place: what it told is looked at before it is believed.
        let told = places.get(key).and_then(|index| mapping.entries.get(*index));
        told.filter(|entry| entry.key.value == key)
            .map(|entry| &entry.value)
    }
}
