//! Positions, guesses and renderings, each on a small text.

use crate::*;

fn misspelt() -> (Diagnostics, Sources) {
    let text = "resources:\n  mailer: { type: worker-service, propertes: {} }\n";
    let source = Source::new("stacktape.yml", text);
    let start = text.find("propertes").unwrap();
    let key = Spanned::new("propertes".to_string(), Span::new(start, start + 9));
    let mut diagnostics = Diagnostics::new();
    diagnostics.unknown_key(&key, "a resource", &["type", "properties", "overrides"]);
    (diagnostics, source.into())
}

#[test]
fn a_finding_shows_its_line_and_marks_it() {
    let (diagnostics, source) = misspelt();
    let expected = "\
error[unknown-key]: `propertes` is not a key of a resource
 --> stacktape.yml:2:35
  |
2 |   mailer: { type: worker-service, propertes: {} }
  |                                   ^^^^^^^^^
help: did you mean `properties`?
";
    assert_eq!(render_text(&diagnostics, &source), expected);
}

#[test]
fn a_finding_becomes_json_with_both_ends() {
    let (diagnostics, source) = misspelt();
    let parsed: serde_json::Value = serde_json::from_str(&render_json(&diagnostics, &source)).unwrap();
    let expected = serde_json::json!([{
        "rule": "unknown-key", "severity": "error", "message": "`propertes` is not a key of a resource",
        "help": "did you mean `properties`?", "file": "stacktape.yml",
        "line": 2, "column": 35, "endLine": 2, "endColumn": 44, "related": [],
    }]);
    assert_eq!(parsed, expected);
}

#[test]
fn nothing_found_renders_as_nothing() {
    let source = Source::new("a", "");
    assert_eq!(render_text(&Diagnostics::new(), &source.clone().into()), "");
    assert_eq!(render_json(&Diagnostics::new(), &source.clone().into()), "[]");
    assert!(!Diagnostics::new().has_errors());
}

#[test]
fn columns_count_characters() {
    let source = Source::new("a", "ä: ö\r\nb\n");
    assert_eq!(source.position(4), Position { line: 1, column: 4 });
    assert_eq!(
        source.position(1),
        Position { line: 1, column: 1 },
        "inside the first character"
    );
    assert_eq!(
        source.position(999),
        Position { line: 3, column: 1 },
        "past the end"
    );
    assert_eq!(source.line(1), "ä: ö");
    assert_eq!(source.line(2), "b");
    assert_eq!((source.line(0), source.line(4)), ("", ""));
}

#[test]
fn findings_come_by_place_and_once() {
    let mut diagnostics = Diagnostics::new();
    diagnostics.not_supported_yet(Span::new(4, 5), "`b`");
    diagnostics.no_effect_yet(Span::new(1, 2), "`a`", "it waits");
    diagnostics.not_supported_yet(Span::new(4, 5), "`b`");
    let rules: Vec<Rule> = diagnostics.iter().map(|one| one.rule).collect();
    assert_eq!(rules, [Rule::NoEffectYet, Rule::NotSupportedYet]);
    assert_eq!(
        (
            diagnostics.count(Severity::Error),
            diagnostics.count(Severity::Warning)
        ),
        (1, 1)
    );
    assert!(diagnostics.has_errors());
}

#[test]
fn a_second_place_is_a_note() {
    let source = Source::new("a.yml", "cpu: 1\ncpu: 2\n");
    let mut diagnostics = Diagnostics::new();
    diagnostics.duplicate_key(&Spanned::new("cpu".into(), Span::new(7, 10)), Span::new(0, 3));
    let text = render_text(&diagnostics, &source.clone().into());
    assert!(
        text.contains("\n2 | cpu: 2\n  | ^^^\nnote: it is given first here: a.yml:1:1\nhelp: keep one"),
        "{text}"
    );
}

#[test]
fn a_span_of_several_lines_is_marked_to_the_end_of_the_first() {
    let source = Source::new("a", "key: [1,\n 2]\n");
    let mut diagnostics = Diagnostics::new();
    diagnostics.wrong_type(Span::new(5, 12), "`key`", "a number", Found::List);
    assert!(render_text(&diagnostics, &source.clone().into()).contains("1 | key: [1,\n  |      ^^^\n"));
}

#[test]
fn tabs_control_characters_and_long_lines_do_not_reach_the_terminal() {
    let text = format!("\t\u{1b}[2J{}x{}", "a".repeat(300), "b".repeat(300));
    let at = text.find('x').unwrap();
    let source = Source::new("a", text);
    let mut diagnostics = Diagnostics::new();
    diagnostics.too_large(Span::new(at, at + 1), "it is long");
    diagnostics.too_large(Span::new(1, 2), "it is odd");
    let shown = render_text(&diagnostics, &source.clone().into());
    assert!(!shown.contains('\u{1b}') && !shown.contains('\t'));
    assert!(shown.lines().all(|line| line.chars().count() < 120), "{shown}");
    let lines: Vec<&str> = shown
        .lines()
        .filter(|line| line.contains('^') || line.contains('x'))
        .collect();
    let caret = lines[2].chars().position(|letter| letter == '^');
    assert_eq!(
        lines[1].chars().position(|letter| letter == 'x'),
        caret,
        "{shown}"
    );
}

#[test]
fn a_guess_is_close_or_not_made() {
    let known = ["type", "properties", "stopTimeout", "environment"];
    assert_eq!(nearest("propertes", &known), Some("properties"));
    assert_eq!(nearest("stop_timeout", &known), Some("stopTimeout"));
    assert_eq!(nearest("enviroment", &known), Some("environment"));
    assert_eq!(
        nearest("tyep", &known),
        Some("type"),
        "a transposition is one edit"
    );
    assert_eq!(nearest("colour", &known), None);
    assert_eq!(nearest("", &known), None);
    assert_eq!(nearest(&"x".repeat(100_000), &known), None);
}

#[test]
fn quotes_are_short_and_plain() {
    assert_eq!(quoted("a\nb\u{7}"), "`a\\nb\u{fffd}`");
    assert_eq!(quoted(&"é".repeat(500)).chars().count(), 63);
}

#[test]
fn every_rule_has_its_own_name_and_a_line_in_the_reference() {
    let page = rules_markdown();
    let mut names: Vec<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    for rule in Rule::ALL {
        let json = serde_json::to_string(rule).unwrap();
        assert_eq!(json.trim_matches('"'), rule.name());
        assert!(page.contains(&format!("| `{}` | {} |", rule.name(), rule.severity().word())));
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Rule::ALL.len());
}

#[test]
fn of_very_many_findings_the_first_are_kept_and_errors_are_known_of_all() {
    let source = Source::new("a", "x".repeat(2_000));
    let mut diagnostics = Diagnostics::new();
    for at in 0..1_000 {
        diagnostics.no_effect_yet(Span::point(at), "`a`", "it waits");
    }
    assert!(diagnostics.has_more() && !diagnostics.has_errors());
    assert_eq!(
        (diagnostics.made(), diagnostics.count(Severity::Warning)),
        (1_000, 500)
    );
    diagnostics.duplicate_key(&Spanned::new("cpu".into(), Span::point(1)), Span::point(0));
    assert!(diagnostics.has_errors());
    assert!(
        diagnostics.iter().all(|one| one.related.is_empty()),
        "the note belongs to a finding that was left out"
    );
    assert!(
        render_text(&diagnostics, &source.clone().into())
            .ends_with("\nthere are more findings than are shown\n")
    );
}

#[test]
fn a_finding_about_a_value_of_another_file_names_both_places() {
    let mut sources = Sources::new(Source::new("stacktape.yml", "cpu: $File('sizes.yml').cpu\n"));
    let other = sources.add(Source::new("sizes.yml", "cpu: lots\n"));
    let written = Span::new(5, 9).of(other);
    let mut diagnostics = Diagnostics::new();
    diagnostics.note_use(written, Span::new(5, 27));
    diagnostics.wrong_type(written, "`cpu`", "a number", Found::Text("lots"));
    let text = render_text(&diagnostics, &sources);
    assert!(
        text.contains(" --> sizes.yml:1:6\n  |\n1 | cpu: lots\n"),
        "{text}"
    );
    assert!(
        text.contains("note: it is used here: stacktape.yml:1:6\n"),
        "{text}"
    );
}

#[test]
fn a_warning_can_be_made_an_error() {
    let mut diagnostics = Diagnostics::new();
    diagnostics.no_effect_yet(Span::point(0), "`a`", "it waits");
    assert!(!diagnostics.has_errors());
    diagnostics.escalate(Rule::NoEffectYet);
    diagnostics.no_effect_yet(Span::point(1), "`b`", "it waits");
    assert!(diagnostics.has_errors());
    assert_eq!(diagnostics.count(Severity::Error), 1);
}

#[test]
fn words_of_others_cannot_move_the_cursor_or_fill_the_screen() {
    let mut diagnostics = Diagnostics::new();
    let odd = "\u{1b}[2J\n\u{202e}x";
    diagnostics.directive_failed(Span::point(0), odd, odd, Some(odd));
    diagnostics.directive_failed(Span::point(1), &"y".repeat(1_000_000), odd, None);
    let text = render_text(&diagnostics, &Source::new("\u{1b}[2J.yml", odd).into());
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    assert!(text.contains("help: \u{fffd}[2J\\n\u{fffd}x\n"), "{text}");
    assert!(text.len() < 5_000);
}

#[test]
fn of_very_many_known_words_the_first_are_listed_and_guesses_come_to_an_end() {
    let known: Vec<String> = (0..10_000).map(|number| format!("key{number}")).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let mut diagnostics = Diagnostics::new();
    for at in 0..30 {
        let key = Spanned::new(format!("kex{at}"), Span::point(at));
        diagnostics.unknown_key(&key, "a resource", &known);
    }
    let helps: Vec<&str> = diagnostics.iter().filter_map(|one| one.help.as_deref()).collect();
    assert_eq!(helps[0], "did you mean `key0`?");
    assert!(helps[29].ends_with("`key39` and more"), "{}", helps[29]);
}
