//! What comes from outside of the file: how much of it there may be, and what is wrong with it.

use tapedeck_diagnostic::Rule;

use super::Stage;

/// The rules that are broken by a config of these variables, and what is said first.
fn found(stage: &Stage, variables: &str) -> (Vec<Rule>, String) {
    let loaded = stage.load(&format!("variables:\n{variables}resources: {{}}\n"));
    let rules = loaded.diagnostics.iter().map(|one| one.rule).collect();
    let first = loaded
        .diagnostics
        .iter()
        .next()
        .map(|one| one.message.clone())
        .unwrap_or_default();
    (rules, first)
}

fn numbered(count: usize, line: &str) -> String {
    (0..count)
        .map(|number| line.replace('N', &number.to_string()))
        .collect()
}

#[test]
fn texts_from_outside_count_towards_what_a_file_may_hold() {
    let mut stage = Stage::default();
    stage.files.insert("a.txt".into(), "x".repeat(500_000));
    stage.environment.insert("A".into(), "x".repeat(100_000));
    assert!(
        found(&stage, &numbered(15, "  aN: $FileRaw('a.txt')\n"))
            .0
            .is_empty()
    );
    for (count, line) in [(20, "  aN: $FileRaw('a.txt')\n"), (100, "  aN: $Env('A')\n")] {
        assert_eq!(
            found(&stage, &numbered(count, line)).0,
            [Rule::TooLarge],
            "{line}"
        );
    }
}

#[test]
fn one_file_under_many_names_counts_each_time() {
    let mut stage = Stage::default();
    let mut calls = String::new();
    for number in 0..9 {
        let path = format!("{}a.json", "./".repeat(number));
        calls.push_str(&format!("  a{number}: $File('{path}').b\n"));
        stage.files.insert(
            path,
            format!("{{\"b\": 1, \"c\": \"{}\"}}", "x".repeat(1_000_000)),
        );
    }
    let (rules, message) = found(&stage, &calls);
    assert_eq!(rules, [Rule::TooLarge]);
    assert!(message.contains("bytes together"), "{message}");
}

#[test]
fn a_result_that_cannot_be_used_is_told() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for (result, part) in [
        ("{\"a\": ", "cannot be read"),
        (deep.as_str(), "cannot be read"),
        ("{\"a\": \"x\\u0000y\"}", "NUL"),
        (&format!("\"{}\"", "x".repeat(1 << 20)), "more than"),
    ] {
        let mut stage = Stage::default();
        stage.functions.insert("f.js".into(), result.to_string());
        let (rules, message) = found(
            &stage,
            "  a: $f()\n  b: $File('f.js').a\ndirectives: [{ name: f, filePath: f.js }]\n",
        );
        assert!(rules.iter().all(|rule| *rule == Rule::DirectiveFailed) && rules.len() == 2);
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_nul_character_in_a_text_from_outside_is_told() {
    let mut stage = Stage::default();
    stage.files.insert("a.env".into(), "A=x\0y\n".into());
    for call in ["$File('a.env').A", "$FileRaw('a.env')"] {
        let (rules, message) = found(&stage, &format!("  a: {call}\n"));
        assert_eq!(rules, [Rule::DirectiveFailed]);
        assert!(message.contains("NUL"), "{message}");
    }
}

#[test]
fn parts_of_a_result_have_the_place_of_the_call_that_wants_them() {
    let mut stage = Stage::default();
    stage
        .functions
        .insert("f.js".into(), "{\"cpu\": \"lots\", \"memory\": \"most\"}".into());
    let text = "directives: [{ name: f, filePath: f.js }]\nresources:\n  w:\n    type: worker-service\n    properties:\n      \
                packaging: { type: stacktape-image-buildpack, properties: { entryfilePath: a.js } }\n      resources:\n        \
                cpu: $f().cpu\n        memory: $f().memory\n";
    let loaded = stage.load(text);
    let lines: Vec<usize> = loaded
        .diagnostics
        .iter()
        .map(|one| loaded.sources.main().position(one.span.start).line)
        .collect();
    assert_eq!(lines, [8, 9]);
}

#[test]
fn the_keys_of_large_mappings_are_found_and_missed_as_those_of_small_ones() {
    let keys = numbered(100, "  kN: N\n");
    let stage = Stage::default();
    assert!(
        found(&stage, &format!("{keys}{}", numbered(100, "  cN: $Var().kN\n")))
            .0
            .is_empty()
    );
    let (rules, message) = found(&stage, &format!("{keys}  c: $Var().kk5\n"));
    assert_eq!(rules, [Rule::DirectivePath]);
    assert_eq!(message, "`variables` has no `kk5`");
}
