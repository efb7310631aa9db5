//! What a service may rely on, row by row, and which tests prove it: a test has the numbers of its rows in its name, such as
//! `t02_a_killed_task_is_replaced` or a scenario `t31-bad-image-of-one.txt`. A row that is not kept as it stands is named
//! in `docs/deviations.md`, such as `(T07)`.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Finding;
use crate::tree::Tree;

/// The page that tells it.
pub(crate) const PAGE: &str = "docs/conformance.md";

/// Where rows are explained that are kept otherwise.
const DEVIATIONS: &str = "docs/deviations.md";

/// The rows, in short. The numbers 57 to 59 are free.
const ROWS: [(u8, &str); 75] = [
    (
        1,
        "A new task goes through its states in order; its start and the steady state are told once",
    ),
    (2, "A killed task is replaced, the others are not touched"),
    (3, "A program that ends with 0 is replaced, too"),
    (
        4,
        "Starts that fail are held back ever longer, and it is told until when",
    ),
    (5, "A new revision does not inherit the delay of the one before"),
    (
        6,
        "A task that was healthy for long is replaced at once when it crashes",
    ),
    (
        7,
        "A first deployment that fails is given up, and the service stays without tasks",
    ),
    (8, "A program that is not in the image is a failure to start"),
    (9, "Exit codes are told as they are"),
    (
        10,
        "A container that depends on a healthy one gives up when that takes too long",
    ),
    (11, "Dependencies START and SUCCESS"),
    (
        12,
        "Containers are stopped in the reverse order of their dependencies",
    ),
    (13, "A program that ends on SIGTERM is not killed"),
    (14, "A program that ignores SIGTERM is killed after `stopTimeout`"),
    (15, "`stopTimeout` is 2 to 120 s"),
    (16, "No process of a task outlives its PID 1"),
    (17, "The STOPSIGNAL of an image is honoured"),
    (18, "A deleted service stops all of its tasks together"),
    (19, "The last line of a handler of SIGTERM is in the log"),
    (
        20,
        "A health check that fails from the start makes a task unhealthy after its retries, never before",
    ),
    (
        21,
        "Failures within `startPeriod` do not count until the first success",
    ),
    (22, "A success in between makes up for failures"),
    (
        23,
        "A probe that takes too long is killed with its children; probes never overlap",
    ),
    (24, "An unhealthy task is stopped when its replacement is healthy"),
    (
        25,
        "Where the maximum leaves no room, the unhealthy task is stopped first",
    ),
    (
        26,
        "A task that recovers before its replacement is healthy is kept",
    ),
    (27, "The HEALTHCHECK of an image is not used"),
    (
        28,
        "A check that needs a shell which the image does not have fails with words",
    ),
    (
        29,
        "A good deployment never has fewer healthy tasks than before, nor more than the maximum",
    ),
    (
        30,
        "A bad deployment is rolled back, and the old tasks run throughout",
    ),
    (
        31,
        "A revision that cannot start is rolled back without touching the only task",
    ),
    (
        32,
        "The threshold of the circuit breaker follows the desired count",
    ),
    (33, "A healthy task resets the circuit breaker"),
    (34, "Bounds that leave no room are told once"),
    (
        35,
        "An old task that crashes while the new revision fails is replaced by the old revision",
    ),
    (36, "More tasks wanted during a deployment"),
    (37, "A newer deployment overtakes one that is under way"),
    (
        38,
        "All tasks of a deployment run the digest that its tag had when it was deployed",
    ),
    (39, "A protected task stays until its protection ends"),
    (40, "A service at its limit of CPU gets tasks"),
    (41, "A load worth five tasks has five, and never more"),
    (
        42,
        "Any metric above its target adds tasks, all have to be low to remove some",
    ),
    (43, "Between the thresholds nothing happens"),
    (
        44,
        "Tasks are removed down to what the load needs, and not added again",
    ),
    (45, "A load that comes and goes does not make the count swing"),
    (46, "Without metrics no task is removed"),
    (47, "No task is removed during a deployment"),
    (48, "New bounds hold at once"),
    (
        49,
        "Memory that more tasks do not relieve does not drive the count up for good",
    ),
    (50, "CPU that a program needs to start is not taken for load"),
    (51, "A task without a size has an instance to itself"),
    (
        52,
        "Several tasks share an instance, and the emptier one is given up",
    ),
    (
        53,
        "Instance types are tried in order, and a task without room waits and says so",
    ),
    (54, "Tasks without a size of CPU share that of their instance"),
    (
        55,
        "Instances are replaced every Sunday at 03:00 UTC without a dip",
    ),
    (56, "A task that no instance can hold is refused"),
    (
        60,
        "Twenty tasks outlive a killed engine, no line is lost or doubled",
    ),
    (61, "An engine killed at any moment is gone on from"),
    (62, "An exit that no engine saw is known to the next"),
    (63, "A killed shim takes its container along"),
    (
        64,
        "A task without memory is killed and it is told; a child without memory is told, and the task goes on",
    ),
    (65, "A fork bomb harms nobody else"),
    (66, "A task that fills its 20 GB harms nobody else"),
    (
        67,
        "On a full disk what runs runs on, and what is lost is counted",
    ),
    (68, "A torn end of a journal or a log is cut off"),
    (69, "A clock that jumps moves nothing"),
    (70, "After a reboot everything comes back as it was last wanted"),
    (71, "Logs keep up with ten thousand lines a second"),
    (
        72,
        "A log that cannot be forwarded blocks or drops, as it was asked for",
    ),
    (73, "Lines of a megabyte and invalid UTF-8 arrive whole"),
    (74, "A task may close its output"),
    (75, "Two hundred idle tasks and many cycles leave nothing behind"),
    (76, "A task can ask for its metadata, and for nothing of another"),
    (77, "A second engine on the same folder is refused"),
    (78, "A config that says the same in other words deploys nothing"),
];

/// Names of tests and scenarios, by row.
fn proofs(tree: &Tree) -> BTreeMap<u8, BTreeSet<String>> {
    let mut found: BTreeMap<u8, BTreeSet<String>> = BTreeMap::new();
    let mut add = |name: &str, separator: char| {
        for row in rows_of(name, separator) {
            found.entry(row).or_default().insert(name.to_owned());
        }
    };
    for file in &tree.files {
        if file.is_rust() {
            let names = file.text.lines().filter_map(|line| {
                let (name, _) = line.trim_start().strip_prefix("fn ")?.split_once('(')?;
                Some(name)
            });
            names.for_each(|name| add(name, '_'));
        } else if let Some((_, scenario)) = file.path.split_once("/scenarios/") {
            add(
                scenario.trim_end_matches(".transcript").trim_end_matches(".txt"),
                '-',
            );
        }
    }
    found
}

/// The rows that a name begins with: those of `t29_t30_a_rollout` are 29 and 30.
fn rows_of(name: &str, separator: char) -> impl Iterator<Item = u8> {
    name.split(separator).map_while(|word| {
        let digits = word.strip_prefix('t').filter(|digits| digits.len() == 2)?;
        digits.parse().ok()
    })
}

/// Whether a row is explained among the deviations.
fn is_deviation(tree: &Tree, row: u8) -> bool {
    let named = format!("(T{row:02})");
    tree.file(DEVIATIONS)
        .is_some_and(|file| file.text.contains(&named))
}

/// Rows that nobody proves, and words on rows that are not so.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let proofs = proofs(tree);
    let finding = |message: String, help: &str| Finding {
        file: "dev/xtask/src/conformance.rs".to_owned(),
        line: 1,
        rule: "conformance",
        message,
        help: help.to_owned(),
    };
    let mut found = Vec::new();
    for (row, what) in ROWS {
        let is_kept = proofs.contains_key(&row) || is_deviation(tree, row);
        if !is_kept {
            found.push(finding(
                format!("no test has T{row:02} in its name: {what}"),
                "name one `t…_…`, or explain the row in docs/deviations.md",
            ));
        }
    }
    let unknown = proofs
        .keys()
        .filter(|row| ROWS.iter().all(|(known, _)| known != *row));
    found.extend(unknown.map(|row| {
        finding(
            format!("a test has T{row:02} in its name, which is no row"),
            "give it the number that it proves",
        )
    }));
    found
}

/// The page: each row with its tests.
pub(crate) fn page(tree: &Tree) -> String {
    let proofs = proofs(tree);
    let mut out = "# What a service may rely on

How services behave, row by row, after how ECS behaves. The tests that prove a row have its number in their names: `cargo test t02`. Where
we differ on purpose, [deviations.md](deviations.md) says why.

| | what | tests |
|---|---|---|
"
    .to_owned();
    for (row, what) in ROWS {
        let mut proof: Vec<String> = proofs
            .get(&row)
            .into_iter()
            .flatten()
            .map(|name| format!("`{name}`"))
            .collect();
        if is_deviation(tree, row) {
            proof.push("see [deviations.md](deviations.md)".to_owned());
        }
        if proof.is_empty() {
            proof.push("none yet".to_owned());
        }
        out.push_str(&format!("| T{row:02} | {what} | {} |\n", proof.join(", ")));
    }
    out
}

#[cfg(test)]
mod tests;
