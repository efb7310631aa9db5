//! Each kind of pattern takes the lines that CloudWatch would, and says where it is wrong.

use super::LogFilter;

#[track_caller]
fn takes(pattern: &str, line: &str) {
    let filter = LogFilter::parse(pattern).unwrap_or_else(|error| panic!("{error}"));
    assert!(filter.matches(line), "`{pattern}` takes `{line}`");
}

#[track_caller]
fn leaves(pattern: &str, line: &str) {
    let filter = LogFilter::parse(pattern).unwrap_or_else(|error| panic!("{error}"));
    assert!(!filter.matches(line), "`{pattern}` leaves `{line}`");
}

#[track_caller]
fn refused(pattern: &str, column: usize, problem: &str) {
    let error = LogFilter::parse(pattern).expect_err(pattern);
    assert_eq!(
        (error.column, error.problem.as_str()),
        (column, problem),
        "{pattern}"
    );
}

#[test]
fn words_are_found_in_any_order_and_in_their_case() {
    takes("", "anything");
    takes("error", "an error");
    leaves("error", "an Error");
    takes("a b", "b before a");
    leaves("a b", "only a");
    takes("\"two words\"", "with two words in it");
    leaves("\"two words\"", "two other words");
    takes(r#""say \"no\"""#, r#"they say "no" again"#);
    takes(r#""C:\\temp""#, r"in C:\temp today");
}

#[test]
fn signs_make_words_excluded_or_optional() {
    leaves("a -b", "a and b");
    takes("a -b", "a and c");
    leaves("-\"not this\"", "not this");
    takes("?warn ?error", "error");
    leaves("?warn ?error", "info");
    leaves("job ?warn ?error", "error elsewhere");
    takes("a - b", "a - b");
    takes("-", "a - b");
    leaves("-", "a + b");
}

#[test]
fn expressions_stand_between_percent_signs() {
    takes("%code=[45][0-9]{2}%", "code=503 after 3 s");
    leaves("%code=[45][0-9]{2}%", "code=200");
    takes("job -%^debug %", "info job");
    leaves("job -%^debug %", "debug job");
    takes(r"%9\d\%%", "disk is 97% full");
    leaves(r"%9\d\%%", "disk is 97 full");
}

#[test]
fn json_is_compared_by_type() {
    let line = r#"{"level":"error","n":4,"code":"404","ok":true,"nothing":null,"big":1.5e3}"#;
    takes(r#"{ $.level = "error" && $.n > 3 }"#, line);
    leaves(r#"{ $.level = "error" && $.n > 4 }"#, line);
    takes("{ $.n >= 4 && $.n <= 4.0 && $.n < 5 && $.n = 4.0 }", line);
    takes("{$.level=err*}", line);
    takes(r#"{ $.level = "*r*r" }"#, line);
    leaves(r#"{ $.level = "error*r" }"#, line);
    takes("{ $.level != info }", line);
    leaves("{ $.level != error }", line);
    takes("{ $.code = 4* }", line);
    leaves("{ $.code > 3 }", line);
    leaves(r#"{ $.n = "4" }"#, line);
    takes("{ $.big = 1500 }", line);
    takes("{ $.ok IS TRUE && $.nothing IS NULL }", line);
    leaves("{ $.ok IS FALSE }", line);
    takes("{ $.level = %^err% }", line);
    leaves("{ $.level = error }", "error");
    leaves("{ $.level = error }", "\"error\"");
}

#[test]
fn what_is_not_there_only_does_not_exist() {
    takes("{ $.a NOT EXISTS }", "{}");
    leaves("{ $.a NOT EXISTS }", r#"{"a":null}"#);
    leaves("{ $.a IS NULL }", "{}");
    leaves("{ $.a != 1 }", "{}");
    takes("{ $.a != 1 || $.a NOT EXISTS }", "{}");
}

#[test]
fn selectors_go_into_objects_and_lists() {
    let line = r#"{"a":[{"id":1},{"id":2}],"b":{"c d":{"e":"x"}},"f-g":7}"#;
    takes("{ $.a[0].id = 1 && $.a[1].id = 2 }", line);
    leaves("{ $.a[2].id = 1 }", line);
    takes("{ $.a[*].id = 2 }", line);
    leaves("{ $.a[*].id = 3 }", line);
    takes("{ $.b.['c d'].e = x }", line);
    takes(r#"{ $["b"].*.e = x }"#, line);
    takes("{ $.f-g = 7 }", line);
    takes("{ $[1] = 2 }", "[1, 2]");
}

#[test]
fn and_binds_stronger_than_or() {
    let line = r#"{"a":1,"b":2,"c":3}"#;
    takes("{ $.a = 1 || $.b = 0 && $.c = 0 }", line);
    leaves("{ ($.a = 1 || $.b = 0) && $.c = 0 }", line);
    takes("{ (($.a = 0) || ($.b = 2&&$.c=3)) }", line);
}

#[test]
fn fields_are_told_apart_by_spaces_quotes_and_brackets() {
    let line = r#"127.0.0.1 - frank [10/Oct/2025:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#;
    takes("[ip, id, user, time, request, status, bytes]", line);
    leaves("[ip, id, user, time, request, status]", line);
    takes("[ip, ..., status=4*, bytes]", line);
    leaves("[ip, ..., status=5*, bytes]", line);
    takes("[ip, user, …, status=4* && status!=403, bytes > 1000]", line);
    takes("[..., status = 500 || status = 404, bytes]", line);
    takes("[ip=127.*, ...]", line);
    takes(r#"[ip, id, user, time, request = "GET *", ...]"#, line);
    takes(r"[ip = %^127\.0%, ...]", line);
    takes("[a, ..., b]", "one two");
    leaves("[a, ..., b]", "one");
    takes("[..., (n = 1 || n = 2) && n < 2]", "x 1");
}

#[test]
fn what_cannot_be_read_is_pointed_at() {
    refused("ok \"open", 4, "the `\"` is not closed");
    refused("-%open", 2, "the `%` is not closed");
    refused("{ $.a = }", 9, "a value is missing");
    refused("{ $.a > x }", 9, "`>` compares with a number");
    refused("{ level = 1 }", 3, "a selector such as `$.level` is missing");
    refused("{ $.ä = 1 $.b = 2 }", 11, "`}`, `&&` or `||` is missing");
    refused("{ ($.a = 1 }", 12, "`)`, `&&` or `||` is missing");
    refused("{ $.a = 1 } x", 13, "nothing may follow the closing bracket");
    refused(
        "{ $.a[x] = 1 }",
        7,
        "the number of an item, `*` or a key in quotes is missing",
    );
    refused("[a, ..., b, ...]", 13, "`...` may stand once");
    refused("[a=1 && b=2]", 9, "conditions of the field `a` are about itself");
    refused(
        "[a b]",
        4,
        "a comparison (= != < <= > >=), IS NULL, IS TRUE, IS FALSE or NOT EXISTS is missing",
    );
    refused("[a NOT EXISTS]", 14, "fields are only compared (= != < <= > >=)");
    refused("x %(%", 3, "the expression cannot be used (unclosed group)");
    let deep = format!("{{ {}$.a = 1{} }}", "(".repeat(40), ")".repeat(40));
    refused(&deep, 36, "parentheses are nested too deep");
}

#[test]
fn no_text_makes_it_panic() {
    let pieces = [
        "{", "}", "[", "]", "$", ".", "a", "ä", "=", "!", "<", "\"", "%", "\\", "(", ")", "&&", "||", "*",
        " ", ",", "...", "1", "-", "?",
    ];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut pattern = String::new();
        for _ in 0..12 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            pattern.push_str(pieces[(state >> 33) as usize % pieces.len()]);
        }
        match LogFilter::parse(&pattern) {
            Ok(filter) => drop(filter.matches(&pattern)),
            Err(error) => assert!(error.column <= pattern.chars().count() + 1, "{error}"),
        }
    }
}
