//! What ignore files leave out, as Docker's own tests and documentation have it.

use super::IgnoreRules;

#[track_caller]
fn check(file: &str, excluded: &[&str], sent: &[&str]) {
    let rules = IgnoreRules::parse(file);
    for path in excluded {
        assert!(rules.excludes(path), "{path} should be left out by {file:?}");
    }
    for path in sent {
        assert!(!rules.excludes(path), "{path} should be sent with {file:?}");
    }
}

#[test]
fn patterns_match_as_docker_matches_them() {
    check("", &[], &["a", "a/b"]);
    check("# a\n\n  \n", &[], &["a", "# a"]);
    check(" /a/ \n", &["a", "a/b", "a/b/c"], &["b/a", "ab"]);
    check("*.md", &["README.md"], &["docs/README.md", "README.mdx"]);
    check(
        "*/temp*",
        &["x/temporary.txt", "x/temp", "x/temp/y"],
        &["temp", "x/y/temp"],
    );
    check("temp?", &["tempa", "tempb/c"], &["temp", "tempab", "temp/"]);
    check("**/*.go", &["a.go", "x/a.go", "x/y/a.go"], &["a.got", "go"]);
    check("**", &["a", "a/b"], &[]);
    check("dir/**", &["dir/a", "dir/a/b"], &["dir", "dirs/a"]);
    check(
        "**/dir2/*",
        &["dir2/file", "a/dir2/file", "a/b/dir2/file"],
        &["dir2"],
    );
    check("a**b", &["ab", "ax/b", "a/b", "ax/y/b"], &["axb", "b"]);
    check(
        "abc/**/def",
        &["abc/def", "abc/x/def", "abc/x/y/def"],
        &["abcdef", "abc/xdef"],
    );
    check("[a-cx]?/[^a]", &["ab/b", "xz/-"], &["dz/b", "ab/a"]);
    check("a\\*b", &["a*b"], &["axb"]);
    check("a.b$+(c)", &["a.b$+(c)"], &["aXb$+(c)"]);
    check("./a/../b", &["b"], &["a"]);
    check("\u{feff}a", &["a"], &[]);
}

#[test]
fn the_last_word_counts() {
    check("*\n!src", &["a", "b/c"], &["src", "src/a", "src/a/b"]);
    check(
        "*.md\n!README*.md\nREADME-secret.md",
        &["a.md", "README-secret.md"],
        &["README.md", "README-a.md"],
    );
    check(
        "*.md\nREADME-secret.md\n!README*.md",
        &["a.md"],
        &["README.md", "README-secret.md"],
    );
    check("**\n!**/*.ts", &["a", "a/b.js"], &["b.ts", "a/b.ts"]);
    check("! a", &[], &["a"]);
    check("a\n! a", &[], &["a"]);
}

#[test]
fn folders_are_entered_where_something_could_be_taken_back() {
    let rules = IgnoreRules::parse("node_modules\n!README.md\n!lib/keep\n!docs/*/x");
    assert!(!rules.may_take_back_below("node_modules"));
    assert!(!rules.may_take_back_below("lib/other"));
    for folder in ["lib", "lib/keep", "lib/keep/more", "docs", "docs/a"] {
        assert!(rules.may_take_back_below(folder), "{folder}");
    }
    assert!(IgnoreRules::parse("a\n!**/x").may_take_back_below("a/b"));
    assert!(!IgnoreRules::parse("a").may_take_back_below("a"));
}
