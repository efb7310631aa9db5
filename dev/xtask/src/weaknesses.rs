//! The weak spots of templates: `docs/deviations.md` answers each of them in a row of its own. One that is `done` names the test that
//! proves it; one that is `kept` or `not here` says why.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::tree::Tree;

/// How many there are.
const COUNT: usize = 44;

/// The page with the rows.
const PAGE: &str = "docs/deviations.md";

/// What an answer begins with.
const ANSWERS: [&str; 3] = ["done", "kept", "not here"];

/// The fewest characters of an answer that has no test.
const SHORTEST_REASON: usize = 30;

/// A row of the table: its line, its number and its cells.
struct Row<'a> {
    line: usize,
    number: usize,
    cells: Vec<&'a str>,
}

/// Rows that are missing or say too little, and tests that no row names.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let text = tree.file(PAGE).map_or("", |file| file.text.as_str());
    let rows: Vec<Row<'_>> = text.lines().enumerate().filter_map(row).collect();
    let finding = |line: usize, message: String, help: &str| Finding {
        file: PAGE.to_owned(),
        line,
        rule: "weak-spots",
        message,
        help: help.to_owned(),
    };
    let mut found = Vec::new();
    for number in 1..=COUNT {
        let count = rows.iter().filter(|row| row.number == number).count();
        if count != 1 {
            found.push(finding(
                1,
                format!("W{number:02} has {count} rows"),
                "give it one: number, weak spot, answer, where it is shown",
            ));
        }
    }
    let tests = tests_of(tree);
    let mut named = BTreeSet::new();
    for row in &rows {
        let own = format!("w{:02}_", row.number);
        let shown: Vec<&str> = row
            .cells
            .get(3)
            .map_or("", |cell| cell)
            .split('`')
            .skip(1)
            .step_by(2)
            .collect();
        let answer = row.cells.get(2).copied().unwrap_or_default();
        let says = |start: &str| answer.starts_with(&format!("{start}: "));
        let is_short = !says("done") && answer.len() < SHORTEST_REASON;
        if !ANSWERS.iter().any(|start| says(start)) || is_short {
            found.push(finding(
                row.line,
                format!("W{:02} is not answered: `{answer}`", row.number),
                "begin with `done:`, `kept:` or `not here:`, and say what or why",
            ));
        }
        if says("done") && !shown.iter().any(|name| name.contains(&own)) {
            found.push(finding(
                row.line,
                format!("W{:02} is done, and names no test", row.number),
                "name one whose name has its number, such as `w01_…`",
            ));
        }
        for name in shown {
            named.insert(name.to_owned());
            if !tests.contains(name) {
                found.push(finding(
                    row.line,
                    format!("there is no test `{name}`"),
                    "name one that is there",
                ));
            }
        }
    }
    let unnamed = tests.difference(&named);
    found.extend(
        unnamed.map(|name| finding(1, format!("no row names `{name}`"), "name it where it is shown")),
    );
    found
}

/// A row that begins with a number such as `W07`.
fn row((index, line): (usize, &str)) -> Option<Row<'_>> {
    let cells: Vec<&str> = line
        .strip_prefix("| ")?
        .trim_end_matches('|')
        .split('|')
        .map(str::trim)
        .collect();
    let number = cells.first()?.strip_prefix('W')?.parse().ok()?;
    Some(Row {
        line: index + 1,
        number,
        cells,
    })
}

/// The names of all tests that begin with the number of a weak spot.
fn tests_of(tree: &Tree) -> BTreeSet<String> {
    let lines = tree
        .files
        .iter()
        .filter(|file| file.is_rust())
        .flat_map(|file| file.text.lines());
    let names = lines.filter_map(|line| Some(line.strip_prefix("fn ")?.split_once('(')?.0));
    let is_one = |name: &&str| {
        let digits = name.strip_prefix('w').and_then(|rest| rest.split_once('_'));
        digits
            .is_some_and(|(digits, _)| digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    names.filter(is_one).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
