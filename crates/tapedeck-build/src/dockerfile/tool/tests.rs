//! What tools say, and what is told of it.

use super::{Said, step_in};

#[test]
fn steps_are_told_in_the_words_of_each_tool() {
    for (line, step) in [
        ("STEP 2/6: ARG WORD=none", Some("STEP 2/6: ARG WORD=none")),
        (
            "[1/2] STEP 1/3: FROM scratch AS a",
            Some("[1/2] STEP 1/3: FROM scratch AS a"),
        ),
        ("Step 1/3 : FROM scratch", Some("Step 1/3 : FROM scratch")),
        ("#5 [build 2/3] RUN make", Some("[build 2/3] RUN make")),
        ("#5 [internal] load build definition from Dockerfile", None),
        ("#5 DONE 0.1s", None),
        ("STEP by step", None),
        ("COMMIT x", None),
    ] {
        assert_eq!(step_in(line), step, "{line}");
    }
}

#[test]
fn the_step_that_failed_is_the_last_one_or_the_one_that_is_named() {
    let heard = |lines: &[&str]| {
        let mut said = Said::default();
        for line in lines {
            said.hear(line);
        }
        said.failed_step()
    };
    assert_eq!(
        heard(&["STEP 1/2: FROM a", "STEP 2/2: RUN b", "", "oh"]),
        " at STEP 2/2: RUN b"
    );
    let buildkit = [
        "#4 [a 1/2] RUN x",
        "#5 [b 1/2] RUN y",
        "------",
        " > [a 1/2] RUN x:",
        "0.1 oh",
    ];
    assert_eq!(heard(&buildkit), " at [a 1/2] RUN x");
    assert_eq!(heard(&["nonsense"]), "");
}

#[test]
fn only_the_last_lines_are_kept() {
    let mut said = Said::default();
    for number in 0..1000 {
        said.hear(&format!("line {number}"));
    }
    let lines = said.last_lines();
    assert!(
        lines.starts_with("line 980") && lines.ends_with("line 999"),
        "{lines}"
    );
}
