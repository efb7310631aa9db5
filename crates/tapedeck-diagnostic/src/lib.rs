//! Judging a person's file: sources, spans, rules and findings, and rendering them to text and JSON.
//!
//! A finding is data. Each [`Rule`] is declared once, in one table; each has one method of [`Diagnostics`] that words
//! it, so that `rg diagnostics.` lists every place a rule is applied. Nothing here knows YAML, a terminal or a colour.

mod diagnostic;
mod factory;
mod quote;
mod render;
mod rule;
mod source;

pub use diagnostic::{Diagnostic, Diagnostics, Related};
pub use factory::{Allowed, Found};
pub use quote::{nearest, quoted};
pub use render::{render_json, render_text};
pub use rule::{Rule, Severity, rules_markdown};
pub use source::{Position, Source, SourceId, Sources, Span, Spanned};

#[cfg(test)]
mod tests;
