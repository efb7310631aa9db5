//! The config language under any input: one function of bytes for each target, which panics when something does not
//! hold.
//!
//! The same functions are driven twice: by a test for a minute, with mutations of the corpus, and by libFuzzer
//! (`cargo +nightly fuzz run parse`, see `fuzz/`). The corpus is in `corpus/<target>`, one input a file.

pub mod campaign;
mod expression;
mod holds;
pub mod large;
pub mod limits;
mod mutation;
mod surroundings;
mod words;

use tapedeck_config::parse;
use tapedeck_diagnostic::{Diagnostics, Source};

use surroundings::Surroundings;

/// Something that takes any bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is that of its folder in the corpus.
    pub name: &'static str,
    /// Runs it; panics when something does not hold.
    pub run: fn(&[u8]),
}

/// All targets.
pub static TARGETS: [Target; 5] = [
    Target {
        name: "parse",
        run: parse,
    },
    Target {
        name: "load",
        run: load,
    },
    Target {
        name: "directives",
        run: directives,
    },
    Target {
        name: "settings",
        run: settings,
    },
    Target {
        name: "render",
        run: render,
    },
];

/// YAML to a tree whose places are right and which is within its limits.
pub fn parse(data: &[u8]) {
    let source = Source::new("stacktape.yml", String::from_utf8_lossy(data));
    let mut diagnostics = Diagnostics::new();
    let tree = parse::parse(&source, &mut diagnostics);
    assert!(
        tree.is_some() || diagnostics.has_errors(),
        "neither a tree nor an error"
    );
    if let Some(tree) = tree {
        holds::tree(&tree, source.text());
    }
    holds::findings(&diagnostics, &source.into());
}

/// A whole config, with the files, functions and variables that it asks for, all made of the input: a line `%%% file
/// NAME` begins a file, and so do `function`, `variable`, `option`, `secret` and `region`.
pub fn load(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (config, surroundings) = Surroundings::split(&text);
    holds::config(config, &surroundings);
}

/// A config full of calls in calls, with right and wrong arguments.
pub fn directives(data: &[u8]) {
    let (config, surroundings) = expression::config(data);
    holds::config(&config, &surroundings);
}

/// A file of settings, as `.env` and as `.ini`.
pub fn settings(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let config = "variables: { env: $File('a.env'), ini: $File('a.ini'), one: $File('a.env').A, inner: \
                  $File('a.ini').section.A, raw: $FileRaw('a.env') }\nresources: {}\n";
    let mut surroundings = Surroundings::default();
    for name in ["a.env", "a.ini"] {
        surroundings.files.insert(name.to_string(), text.to_string());
    }
    holds::config(config, &surroundings);
}

/// Findings with any words at any place of any text.
pub fn render(data: &[u8]) {
    let (diagnostics, sources) = expression::findings(data);
    holds::rendering(&diagnostics, &sources);
}
