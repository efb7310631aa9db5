//! Inputs as large as inputs may be, each of a shape that careless code is slow or deep at. Kept as code: as files they
//! would be megabytes.

use std::fmt::Write as _;

use tapedeck_config::explain::explain;
use tapedeck_resources::{CATALOGUE, TYPES};

/// About as many bytes as a config may have.
const MEGABYTE: usize = 1_000_000;

/// A large input: what it is, and the bytes for the target `load`.
pub type Large = (&'static str, String);

/// All large inputs.
#[must_use]
pub fn all() -> Vec<Large> {
    let mut all = texts();
    all.extend(lists());
    all.extend(calls());
    all.extend(resources());
    all.extend(types());
    all.extend(surroundings());
    all
}

/// Copies of a piece, up to a megabyte.
fn filled(piece: &str) -> String {
    piece.repeat(MEGABYTE / piece.len())
}

/// A line for each number.
fn numbered(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

fn texts() -> Vec<Large> {
    vec![
        ("one long plain text", format!("a: {}", filled("x"))),
        ("one long quoted text", format!("a: \"{}\"", filled("x\\n"))),
        ("a quote that never ends", format!("a: \"{}", filled("x "))),
        ("one long block text", format!("a: |\n{}", filled("  x\n"))),
        (
            "a plain text over many lines",
            format!("a: x\n{}", filled("  x\n")),
        ),
        ("one long number", format!("a: {}", filled("7"))),
        ("one long key", format!("{}: 1", filled("k"))),
        ("one long comment", format!("# {}", filled("x"))),
        ("blank lines", filled("\n")),
        ("carriage returns", filled("\r")),
        ("spaces", filled(" ")),
        ("tabs", filled("\t")),
        ("letters of four bytes", format!("a: {}", filled("🎉"))),
        ("byte order marks", filled("\u{feff}")),
        ("NUL characters", filled("\0")),
        (
            "ten megabytes",
            filled(&format!("{}\n", "a: b  ".repeat(20))).repeat(10),
        ),
        (
            "one line of mistakes",
            format!(
                "resources: {{{}}}",
                numbered(20_000, |n| format!("w{n}: {{ty: é}}, "))
            ),
        ),
    ]
}

fn lists() -> Vec<Large> {
    let aliases = numbered(30, |n| match n {
        0 => "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_string(),
        n => format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1),
    });
    vec![
        ("list items", format!("a:\n{}", "- x\n".repeat(99_000))),
        ("items between brackets", format!("a: [{}]", "x,".repeat(99_000))),
        ("brackets", filled("[")),
        ("braces", filled("{")),
        ("braces with keys", filled("{a: ")),
        ("dashes", filled("- ")),
        ("question marks", filled("? ")),
        ("colons", filled(": ")),
        ("anchors", filled("&a ")),
        ("tags", filled("!a ")),
        ("exclamation marks", filled("!")),
        ("documents", filled("---\n")),
        ("directives of YAML", filled("%a b\n")),
        (
            "a ladder of keys",
            numbered(1_400, |n| format!("{}a:\n", " ".repeat(n))),
        ),
        ("aliases of aliases", aliases),
        (
            "anchored items",
            format!("a:\n{}", numbered(40_000, |n| format!("- &a{n} x\n"))),
        ),
        ("duplicate keys", "a: 1\n".repeat(50_000)),
        (
            "duplicate long keys",
            format!("{}: 1\n", "k".repeat(1_000)).repeat(1_000),
        ),
        ("distinct keys", numbered(50_000, |n| format!("key{n}: 1\n"))),
        ("unknown keys of a resource", {
            let keys = numbered(40_000, |n| format!("    propertie{n}: 1\n"));
            format!("resources:\n  w:\n    type: worker-service\n{keys}")
        }),
        (
            "merge keys",
            format!("a: &a {{b: 1}}\nc:\n  <<: [{}]\n", "*a, ".repeat(40_000)),
        ),
    ]
}

/// A variable so deep that the path to it is that long, with links there, each to the next by that path.
fn deep_links(depth: usize, before: &str, after: &str) -> String {
    let path = ".a".repeat(depth);
    let links = numbered(200, |n| format!("l{n}: {before}$Var(){path}.l{}{after}, ", n + 1));
    format!(
        "  a: {}{{{links}{}\n",
        "{a: ".repeat(depth - 1),
        "}".repeat(depth)
    )
}

fn calls() -> Vec<Large> {
    let of_variables = |text: String| format!("variables:\n{text}resources: {{}}\n");
    vec![
        ("calls of one variable", {
            let calls = numbered(19_000, |n| format!("  c{n}: $Var().a\n"));
            of_variables(format!("  a: x\n{calls}"))
        }),
        ("calls of as many variables", {
            of_variables(numbered(19_000, |n| format!("  a{n}: x\n  c{n}: $Var().a{n}\n")))
        }),
        ("calls of variables that are not there", {
            of_variables(numbered(19_000, |n| format!("  a{n}: x\n  c{n}: $Var().b{n}\n")))
        }),
        ("calls that double", {
            let doubled = |n| format!("  a{}: $Format('{{}}{{}}', $Var().a{n}, $Var().a{n})\n", n + 1);
            of_variables(format!("  a0: {}\n{}", "x".repeat(1_000), numbered(60, doubled)))
        }),
        (
            "a chain of calls",
            of_variables(numbered(19_000, |n| format!("  a{n}: $Var().a{}\n", n + 1))),
        ),
        (
            "a circle of calls",
            of_variables(numbered(9_000, |n| {
                format!("  a{n}: $Var().a{}\n", (n + 1) % 9_000)
            })),
        ),
        (
            "one call of many arguments",
            of_variables(format!(
                "  a: $Format('{}'{})\n",
                "{}".repeat(200_000),
                ",a".repeat(200_000)
            )),
        ),
        ("one late call of many arguments", {
            of_variables(format!(
                "  a: $CfFormat('{}'{})\n",
                "{}".repeat(200_000),
                ",a".repeat(200_000)
            ))
        }),
        (
            "a long path",
            of_variables(format!("  b: {{}}\n  a: $Var(){}\n", filled(".b"))),
        ),
        ("a long path through a chain", {
            let chain = numbered(100, |n| format!("  a{n}: $Var().a{}\n", n + 1));
            of_variables(format!("{chain}  x: $Var().a0{}\n", ".b".repeat(400_000)))
        }),
        ("a chain of long paths", of_variables(deep_links(55, "", ""))),
        (
            "a chain of long paths into lists",
            of_variables(deep_links(50, "[[[", "]]]")),
        ),
        ("a chain of results of results", {
            let links = numbered(200, |n| {
                format!("  l{n}: [$CfFormat('{{}}', $Var().l{}.0)]\n", n + 1)
            });
            of_variables(links)
        }),
        (
            "beginnings of calls",
            format!("variables: {{a: \"x {}\"}}", filled("$a(")),
        ),
        (
            "beginnings of defined calls",
            format!("variables: {{a: \"x {}\"}}", filled("$Var(")),
        ),
        (
            "calls in a text",
            format!("variables: {{a: \"x {}\"}}", filled("$Var() ")),
        ),
        (
            "calls in calls",
            format!("variables: {{a: \"{}\"}}", filled("$Format(")),
        ),
        ("dollars", format!("variables: {{a: \"x{}\"}}", filled("$"))),
        (
            "a long name of a call",
            format!("variables: {{a: \"${}()\"}}", filled("a")),
        ),
        ("many long calls by one path", {
            let calls = numbered(15_000, |n| format!("  c{n}: $Var().a.b\n"));
            of_variables(format!("  a: $Format('{}').b\n{calls}", "x".repeat(500_000)))
        }),
    ]
}

/// A worker service in one line.
fn worker(name: &str, more: &str) -> String {
    format!(
        "  {name}: {{type: worker-service, properties: {{packaging: {{type: stacktape-image-buildpack, properties: \
         {{entryfilePath: a.js}}}}, resources: {{cpu: 1, memory: 2048}}{more}}}}}\n"
    )
}

fn resources() -> Vec<Large> {
    let listed =
        |key: &str, items: String| format!("resources:\n{}", worker("w", &format!(", {key}: [{items}]")));
    let image = "packaging: {type: prebuilt-image, properties: {image: a}}, containerType: run-on-init";
    vec![
        (
            "small resources",
            format!(
                "resources:\n{}",
                numbered(20_000, |n| format!("  w{n}: {{type: worker-service}}\n"))
            ),
        ),
        (
            "whole resources",
            format!(
                "resources:\n{}",
                numbered(5_400, |n| worker(&format!("w{n}"), ""))
            ),
        ),
        (
            "unknown types",
            format!(
                "resources:\n{}",
                numbered(20_000, |n| format!("  w{n}: {{type: worker-servic{n}}}\n"))
            ),
        ),
        ("names that nothing has", {
            let each = numbered(8_000, |n| {
                format!("  worker{n}: {{type: worker-service, properties: {{connectTo: [warker{n}]}}}}\n")
            });
            format!("resources:\n{each}")
        }),
        ("names of resources", {
            let each = numbered(8_000, |n| {
                format!(
                    "  w{n}: {{type: worker-service, properties: {{connectTo: [w{}]}}}}\n",
                    (n * 7) % 8_000
                )
            });
            format!("resources:\n{each}")
        }),
        (
            "connections",
            listed("connectTo", numbered(80_000, |n| format!("r{n}, "))),
        ),
        ("variables of the environment", {
            listed(
                "environment",
                numbered(19_000, |n| {
                    format!("{{name: A{n}, value: \"$ResourceParam('w', 'a')\"}}, ")
                }),
            )
        }),
        (
            "types of instances",
            listed("instanceTypes", numbered(80_000, |n| format!("t3.larg{n}, "))),
        ),
        ("types of instances in place", {
            let types = numbered(60_000, |n| format!("t3.larg{n}, "));
            format!(
                "resources: {{w: {{type: worker-service, properties: {{resources: {{instanceTypes: [{types}]}}}}}}}}"
            )
        }),
        ("side containers in a row", {
            listed(
                "sideContainers",
                numbered(6_500, |n| {
                    let next = n + 1;
                    format!(
                        "{{name: c{n}, {image}, dependsOn: [{{containerName: c{next}, condition: START}}]}}, "
                    )
                }),
            )
        }),
        (
            "statements",
            listed(
                "iamRoleStatements",
                "{Resource: ['*'], Action: ['a:b']}, ".repeat(15_000),
            ),
        ),
        ("resources of CloudFormation", {
            let each = numbered(20_000, |n| format!("  R{n}: {{Type: 'AWS::SQS::Queue'}}\n"));
            format!("cloudformationResources:\n{each}resources:\n{}", worker("w", ""))
        }),
        ("attributes of resources of CloudFormation", {
            let each = numbered(9_000, |n| {
                format!("  R{n}: {{Type: \"$CfResourceParam('R{n}', 'Arn')\"}}\n")
            });
            format!("cloudformationResources:\n{each}resources:\n{}", worker("w", ""))
        }),
        ("attributes of children", {
            let each = numbered(6_000, |n| {
                format!(
                    "  w{n}: {{type: worker-service, properties: {{iamRoleStatements: [{{Resource: \
                         \"$CfResourceParam('X{n}Y', 'Arn')\", Action: 'a:b'}}]}}}}\n"
                )
            });
            format!("resources:\n{each}")
        }),
        ("overrides", {
            let each = numbered(20_000, |n| format!("    O{n}: {{a: b}}\n"));
            format!(
                "resources:\n  w:\n    type: worker-service\n    properties: {{}}\n    overrides:\n{each}"
            )
        }),
        ("scripts and hooks", {
            let scripts = numbered(9_000, |n| {
                format!("  s{n}: {{type: local-script, properties: {{executeCommand: a}}}}\n")
            });
            let hooks = numbered(9_000, |n| format!("    - scriptName: s{}\n", n + 4_500));
            format!("scripts:\n{scripts}hooks:\n  beforeDeploy:\n{hooks}resources: {{}}\n")
        }),
    ]
}

fn types() -> Vec<Large> {
    let examples: Vec<String> = TYPES
        .iter()
        .filter_map(|kind| explain(&CATALOGUE, kind.name).ok()?.example)
        .collect();
    let mut text = String::from("resources:\n");
    for number in 0.. {
        let Some(example) = examples.get(number % examples.len()) else {
            break;
        };
        let mut lines = example.lines().skip(2);
        let _ = writeln!(text, "  r{number}:");
        let _ = lines.try_for_each(|line| writeln!(text, "{line}"));
        if text.len() > MEGABYTE / 2 {
            break;
        }
    }
    let balancers = numbered(3_000, |n| {
        format!(
            "  b{n}: {{type: application-load-balancer, properties: {{}}}}\n  m{n}: {{type: multi-container-workload, \
             properties: {{containers: [{{name: c, events: [{{type: application-load-balancer, properties: \
             {{loadBalancerName: b{n}, priority: 1, containerPort: 80, paths: ['*']}}}}]}}]}}}}\n"
        )
    });
    let databases = numbered(5_000, |n| {
        format!(
            "  d{n}: {{type: redis-cluster, properties: {{accessibility: {{accessibilityMode: \
             scoping-workloads-in-vpc}}}}}}\n  w{n}: {{type: worker-service, properties: {{connectTo: [d{n}]}}}}\n"
        )
    });
    vec![
        ("resources of every type", text),
        (
            "load balancers and what they balance",
            format!("resources:\n{balancers}"),
        ),
        (
            "databases and what connects to them",
            format!("resources:\n{databases}"),
        ),
    ]
}

fn surroundings() -> Vec<Large> {
    let file = |call: &str, name: &str, content: String| {
        format!("variables: {{a: {call}}}\nresources: {{}}\n%%% file {name}\n{content}")
    };
    let many = |call: &str| {
        numbered(19_000, |n| {
            format!("  c{n}: {}\n", call.replace('N', &n.to_string()))
        })
    };
    let json = |items: usize| format!("[{}1]", "1,".repeat(items));
    let function = |calls: String, result: String| {
        format!(
            "directives: [{{name: f, filePath: f.js}}]\nvariables:\n{calls}resources: {{}}\n%%% function f.js:\n{result}"
        )
    };
    let mut texts = vec![
        (
            "settings",
            file(
                "$File('a.env')",
                "a.env",
                numbered(90_000, |n| format!("A{n}=b\n")),
            ),
        ),
        (
            "settings of one name",
            file("$File('a.env')", "a.env", filled("A=b\n")),
        ),
        (
            "sections of settings",
            file(
                "$File('a.ini')",
                "a.ini",
                numbered(90_000, |n| format!("[s{n}]\n")),
            ),
        ),
        (
            "ten megabytes of settings",
            file(
                "$File('a.env')",
                "a.env",
                filled(&format!("A={}\n", "b".repeat(100))).repeat(10),
            ),
        ),
        (
            "ten megabytes of a file",
            file(
                "$File('a.yml')",
                "a.yml",
                filled(&format!("{}\n", "a: b  ".repeat(20))).repeat(10),
            ),
        ),
        ("a megabyte of text, again and again", {
            let calls = many("$FileRaw('a.txt')");
            format!(
                "variables:\n{calls}resources: {{}}\n%%% file a.txt\n{}",
                filled("x")
            )
        }),
        ("a file under many names", {
            let calls = many("$File('N.yml').a")
                .lines()
                .take(900)
                .map(|line| format!("{line}\n"))
                .collect::<String>();
            format!(
                "variables:\n{calls}resources: {{}}\n%%% file a.yml\na: [{}]\n",
                "x,".repeat(90_000)
            )
        }),
        ("a value of a large file", {
            let calls = many("$File('a.yml').kN");
            let keys = numbered(19_000, |n| format!("k{n}: x\n"));
            format!("variables:\n{calls}resources: {{}}\n%%% file a.yml\n{keys}")
        }),
        ("a large variable, again and again", {
            format!(
                "variables:\n{}resources: {{}}\n%%% variable A\n{}",
                many("$Env('A')"),
                "x".repeat(100_000)
            )
        }),
        (
            "a large result",
            function("  a: $f()\n".to_string(), json(400_000)),
        ),
        (
            "a value of a large result",
            function(many("$f()[N]"), json(90_000)),
        ),
        (
            "a deep result",
            function(
                "  a: $f()\n".to_string(),
                format!("{}{}", "[".repeat(120), "]".repeat(120)),
            ),
        ),
        (
            "a result too deep to read",
            function("  a: $f()\n".to_string(), "[".repeat(500_000)),
        ),
    ];
    let mut asked = String::from("variables:\n");
    for number in 0..19_000 {
        let _ = writeln!(asked, "  a{number}: $Env('V{number}', 'x')");
    }
    asked.push_str("resources: {}\n");
    texts.push(("questions", asked));
    texts
}
