//! What holds for every text, tried on random ones.

use proptest::prelude::*;
use tapedeck_diagnostic::{render_json, render_text};

use super::loaded;

/// Pieces of config files, so that random texts come deep into the schema.
const PIECES: &[&str] = &[
    "resources:",
    "\n",
    "\n  ",
    "\n    ",
    "\n      ",
    "mailer:",
    "type: worker-service",
    "type:",
    "properties:",
    "packaging:",
    "{",
    "}",
    "[",
    "]",
    ", ",
    ": ",
    "- ",
    "cpu: ",
    "memory: ",
    "0.25",
    "512",
    "-1",
    "1e99",
    "~",
    "true",
    "environment:",
    "name: A",
    "value: ",
    "\"",
    "'",
    "&a ",
    "*a",
    "<<: ",
    "*b",
    "$Secret('a')",
    "scaling:",
    "minInstances: ",
    "maxInstances: ",
    "stopTimeout: ",
    "!Ref x",
    "!!str ",
    "|",
    ">-",
    "#",
    "\t",
    "é",
    "\u{feff}",
    "%",
    "---",
    "...",
    "? ",
    "stacktape-image-buildpack",
    "entryfilePath: ",
    "src/main.ts",
    "languageSpecificConfig: ",
    "nodeVersion: ",
    "\r\n",
    "\0",
    "\\",
    "$Var()",
    ".a",
    "$Format('{}', ",
    "$This().resources",
    "$File('a.yml')",
    ")",
    "variables:",
    "connectTo:",
    "sideContainers:",
    "dependsOn:",
    "@",
    "`",
];

/// Loads and renders; both must end and agree with each other.
fn holds(text: &str) -> Result<(), TestCaseError> {
    let (stack, diagnostics, sources) = loaded(text);
    prop_assert_eq!(stack.is_some(), !diagnostics.has_errors());
    let rendered = render_text(&diagnostics, &sources);
    prop_assert!(
        rendered
            .chars()
            .all(|letter| letter == '\n' || !letter.is_control())
    );
    let records: Vec<serde_json::Value> = serde_json::from_str(&render_json(&diagnostics, &sources)).unwrap();
    prop_assert_eq!(records.len(), diagnostics.iter().count());
    for found in diagnostics.iter() {
        let text = sources.get(found.span.source).text();
        prop_assert!(found.span.start <= found.span.end && found.span.end <= text.len());
        prop_assert!(text.is_char_boundary(found.span.start) && text.is_char_boundary(found.span.end));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        holds(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn no_ascii_makes_it_panic(text in "[ -~\n\t]{0,120}") {
        holds(&text)?;
    }

    #[test]
    fn no_mixture_of_pieces_makes_it_panic(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60)) {
        holds(&pieces.concat())?;
    }

    #[test]
    fn environment_values_stay_as_written(value in "[0-9]{1,8}(\\.[0-9]{0,6})?") {
        let text = format!("resources:\n  w:\n    type: worker-service\n    properties:\n      packaging: {{ type: \
            stacktape-image-buildpack, properties: {{ entryfilePath: a.js }} }}\n      resources: {{ cpu: 1, memory: \
            2048 }}\n      environment: {{ A: {value} }}\n");
        let (stack, _, _) = loaded(&text);
        let stack = stack.unwrap();
        prop_assert_eq!(stack.services[0].container.environment[0].value.known(), Some(&value));
    }
}
