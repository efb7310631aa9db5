//! What the Markdown specs in `specs/` cannot say: limits, properties of all inputs, the generated reference.

mod limits;
mod places;
mod project;
mod properties;
mod reference;
mod specs;

use tapedeck_diagnostic::{Diagnostics, Source};
use tapedeck_model::{Stack, StageName};

use crate::{LoadOptions, load};

/// Options as for a file in the folder `demo`, stage `dev`, no flag.
fn options() -> LoadOptions {
    LoadOptions {
        project_name: None,
        fallback_project_name: Some("demo".to_string()),
        stage: StageName::new("dev").unwrap(),
    }
}

/// Loads a text under the name `stacktape.yml`.
fn loaded(text: &str) -> (Option<Stack>, Diagnostics, Source) {
    let source = Source::new("stacktape.yml", text);
    let (stack, diagnostics) = load(&source, &options());
    (stack, diagnostics, source)
}
