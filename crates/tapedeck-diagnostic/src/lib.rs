//! Sources, spans, rules and findings; rendering them to text and JSON.
