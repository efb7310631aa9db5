//! Words of the config language, taken from its tables, so that new keys take part by themselves.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use tapedeck_config::directive::BUILTINS;
use tapedeck_config::schema::{Kind, Object, RESOURCE, ROOT};
use tapedeck_resources::TYPES;

/// Pieces that are in no table: signs of YAML, calls, and letters that programs trip over.
const SIGNS: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    "\t",
    "  ",
    "    ",
    ": ",
    "- ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "\"",
    "'",
    "|\n",
    ">-\n",
    "#",
    "&a ",
    "*a",
    "<<: *a",
    "!Ref x",
    "!!str ",
    "!!map ",
    "%YAML 1.2\n",
    "---\n",
    "...\n",
    "~",
    "null",
    "true",
    "-1",
    "0",
    "1e99",
    ".nan",
    "0x7fffffffffffffff",
    "9223372036854775808",
    "1e-400",
    "\u{feff}",
    "\0",
    "\\0",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "\u{1b}[2J",
    "\\x1b",
    "é",
    "日本",
    "🎉",
    "$",
    "$Var()",
    ".a",
    "[0]",
    "['a.b']",
    "$This().resources",
    "$Format('{}{}', ",
    "$CfFormat('{}', ",
    "$File('a.yml')",
    "$File('a.env').A",
    "$FileRaw('a.txt')",
    "$f('a')",
    ")",
    "{}",
    "\\'",
    "aws:ses",
    "a:b",
    "../a",
    "/a",
    "src/main.ts",
    "a.py:main",
    "%%% file a.yml\n",
    "%%% function f.js:\n",
    "%%% variable A\n",
    "%%% region eu-west-1\n",
];

/// All words.
pub(crate) fn all() -> &'static [String] {
    static WORDS: OnceLock<Vec<String>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let mut words = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for object in [&ROOT, &RESOURCE] {
            of_object(object, &mut words, &mut seen);
        }
        for kind in TYPES {
            words.insert(kind.name.to_string());
            words.insert(format!("type: {}", kind.name));
            words.extend(kind.parameters.iter().map(|one| one.name.to_string()));
            if let Some(object) = kind.properties {
                of_object(object, &mut words, &mut seen);
            }
        }
        words.extend(BUILTINS.iter().map(|one| one.example.to_string()));
        words.extend(SIGNS.iter().map(ToString::to_string));
        words.into_iter().collect()
    })
}

fn of_object(object: &'static Object, words: &mut BTreeSet<String>, seen: &mut BTreeSet<&'static str>) {
    if !seen.insert(object.name) {
        return;
    }
    for key in object.keys {
        words.insert(format!("{}: ", key.name));
        words.extend(key.example.map(|example| format!("{}: {example}", key.name)));
        match &key.kind {
            Kind::Object(inner) | Kind::ListOf(inner) | Kind::MapOf(inner) | Kind::Environment(inner) => {
                of_object(inner, words, seen);
            }
            Kind::Branch(branch) => branch
                .cases
                .iter()
                .for_each(|case| of_object(case.object, words, seen)),
            Kind::TextOneOf(names) | Kind::TextsOneOf(names) | Kind::NumberOneOf(names) => {
                words.extend(names.iter().map(ToString::to_string));
            }
            Kind::Type(types) => words.extend(types.iter().map(|one| format!("type: {}", one.name))),
            _ => {}
        }
    }
}
