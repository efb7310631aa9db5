//! Alarms of a `function`.

use tapedeck_config::schema::{Branch, Case, Kind, OBJECT, Object, REQUIRED, one_type, whole};

use crate::shared::alarms::{
    COMPARISON_OPERATOR, DESCRIPTION, EVALUATION, INCLUDE_IN_HISTORY, NOTIFICATION_TARGETS, STATISTIC,
    threshold,
};
use crate::shared::key::Key;

pub(super) static ALARM: Object = Object {
    name: "an alarm of a function",
    doc: "What is watched, and who is told when it is wrong.",
    keys: &[
        Key {
            name: "trigger",
            kind: Kind::Object(&TRIGGER),
            doc: "what is watched",
            ..REQUIRED
        },
        EVALUATION,
        NOTIFICATION_TARGETS,
        DESCRIPTION,
        INCLUDE_IN_HISTORY,
    ],
    ..OBJECT
};

static TRIGGER: Object = Object {
    name: "`trigger` of an alarm of a function",
    doc: "What is watched.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(&[one_type("lambda-error-rate"), one_type("lambda-duration")]),
            doc: "the measure",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&MEASURES),
            doc: "when it is wrong",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static MEASURES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        Case {
            values: &["lambda-error-rate"],
            object: &ERRORS,
        },
        Case {
            values: &["lambda-duration"],
            object: &DURATION,
        },
    ],
};

static ERRORS: Object = Object {
    name: "`lambda-error-rate`",
    doc: "How many of the runs fail.",
    keys: &[
        threshold("thresholdPercent", "per cent of the runs"),
        COMPARISON_OPERATOR,
    ],
    ..OBJECT
};

static DURATION: Object = Object {
    name: "`lambda-duration`",
    doc: "How long runs take.",
    keys: &[
        threshold("thresholdMilliseconds", "milliseconds of a run"),
        COMPARISON_OPERATOR,
        STATISTIC,
    ],
    ..OBJECT
};
