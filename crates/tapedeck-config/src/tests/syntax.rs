//! The grammar of calls.

use crate::directive::{Argument, Call, Reading, called_within, read};

fn call(text: &str) -> Call {
    match read(text) {
        Reading::Call(call) => call,
        other => panic!("{text}: {other:?}"),
    }
}

fn keys(call: &Call) -> Vec<&str> {
    call.path.iter().map(|segment| segment.key.as_str()).collect()
}

#[test]
fn a_call_has_a_name_arguments_and_a_path() {
    let parsed = call("$File('settings.json', 5, true, word).list.0['a.b'][1]");
    assert_eq!(parsed.name, "File");
    let word = |text: &str| Argument::Word(text.to_string());
    assert_eq!(
        parsed.arguments,
        [
            Argument::Text("settings.json".to_string()),
            word("5"),
            word("true"),
            word("word")
        ]
    );
    assert_eq!(keys(&parsed), ["list", "0", "a.b", "1"]);
}

#[test]
fn calls_stand_within_calls() {
    let parsed = call("$Format( '{}-{}' , $Format('<{}>', $Stage()) , $Var().a.b )");
    let Argument::Call(inner) = &parsed.arguments[1] else {
        panic!("{parsed:?}")
    };
    assert_eq!(inner.name, "Format");
    let Argument::Call(last) = &parsed.arguments[2] else {
        panic!("{parsed:?}")
    };
    assert_eq!(keys(last), ["a", "b"]);
}

#[test]
fn quotes_can_be_escaped() {
    let text = |source: &str| call(source).arguments;
    assert_eq!(text(r"$F('it\'s')"), [Argument::Text("it's".to_string())]);
    assert_eq!(
        text(r#"$F("a \"b\" \\ \d")"#),
        [Argument::Text(r#"a "b" \ \d"#.to_string())]
    );
    assert_eq!(text("$F(\"it's\")"), [Argument::Text("it's".to_string())]);
    assert_eq!(text("$F('a, (b)')"), [Argument::Text("a, (b)".to_string())]);
}

#[test]
fn what_is_no_call_is_a_text() {
    for text in [
        "",
        "$",
        "$FOO",
        "$100 off (today)",
        "$(npm bin)/x",
        "$ Stage()",
        "prefix $Stage()",
        "Stage()",
        "$1a()",
    ] {
        assert_eq!(read(text), Reading::Plain, "{text}");
    }
}

#[test]
fn what_begins_like_a_call_and_is_none_says_why() {
    for (text, part) in [
        ("$Format('abc'", "never closed"),
        ("$Format('abc", "quote is never closed"),
        ("$Format('a' 'b')", "comma"),
        ("$Format('a',)", "missing"),
        ("$Var().", "missing in the path"),
        ("$Var()[0", "bracket"),
        ("$F(", "missing"),
    ] {
        match read(text) {
            Reading::Broken { problem, .. } => assert!(problem.contains(part), "{text}: {problem}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn what_stands_after_a_call_is_noticed() {
    for (text, after) in [
        ("$Stage()-x", "-x"),
        ("$ResourceParam('b','arn')/*", "/*"),
        ("$Var().a/b", "/b"),
        ("$Stage()$Stage()", "$Stage()"),
    ] {
        match read(text) {
            Reading::Trailing(_, rest) => assert_eq!(rest, after),
            other => panic!("{text}: {other:?}"),
        }
    }
    let found: Vec<&str> = called_within("a $Stage() and $Region() but not $this or $that(")
        .map(|(name, _)| name)
        .collect();
    assert_eq!(found, ["Stage", "Region"]);
}

#[test]
fn nesting_is_bounded() {
    let deep = format!("{}1{}", "$F(".repeat(10_000), ")".repeat(10_000));
    assert!(matches!(read(&deep), Reading::Broken { .. }));
}

#[test]
fn paths_are_bounded() {
    assert_eq!(call(&format!("$Var(){}", ".a".repeat(64))).path.len(), 64);
    for (call, keys) in [("$Var()", 65), ("$Var()", 500_000), ("$F($Var()", 65)] {
        let text = format!("{call}{}", ".a".repeat(keys));
        assert!(matches!(read(&text), Reading::Broken { problem, .. } if problem.contains("longer")));
    }
}

#[test]
fn what_looks_like_calls_again_and_again_is_looked_through_once() {
    let text = format!("x {}", "$Var(".repeat(200_000));
    assert_eq!(called_within(&text).count(), 0);
    assert_eq!(called_within(&format!("{text})")).count(), 200_000);
}
