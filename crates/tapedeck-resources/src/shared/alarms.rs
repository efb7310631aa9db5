//! Alarms of a resource: `alarms` and `disabledGlobalAlarms`. What can trigger one depends on the type.

use tapedeck_config::Scope;
use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{
    Branch, Case, DecimalRange, Key, Kind, Need, OBJECT, OPTIONAL, Object, REQUIRED, Range, Support, Type,
    one_type, whole,
};
use tapedeck_diagnostic::{Allowed, Spanned};

use super::relations;

/// `alarms`, each as the object says.
pub(crate) const fn alarms(alarm: &'static Object) -> Key {
    Key {
        name: "alarms",
        kind: Kind::ListOf(alarm),
        doc: "alarms of its own, beside those of the whole account",
        support: Support::NoEffect("alarms go off in AWS only"),
        ..OPTIONAL
    }
}

/// `disabledGlobalAlarms`.
pub(crate) const DISABLED_GLOBAL_ALARMS: Key = Key {
    name: "disabledGlobalAlarms",
    kind: Kind::Texts,
    doc: "names of alarms of the whole account that are not to watch it",
    support: Support::NoEffect("alarms go off in AWS only"),
    ..OPTIONAL
};

/// `evaluation` of an alarm.
pub(crate) const EVALUATION: Key = Key {
    name: "evaluation",
    kind: Kind::Object(&EVALUATION_OBJECT),
    doc: "how often the measure is looked at, and how often it has to be wrong",
    ..OPTIONAL
};

static EVALUATION_OBJECT: Object = Object {
    name: "`evaluation` of an alarm",
    doc: "How often the measure is looked at, and how often it has to be wrong.",
    keys: &[
        Key {
            name: "period",
            kind: Kind::Integer(&PERIOD),
            default: Some("60"),
            doc: "seconds over which a value is taken, a multiple of 60",
            ..OPTIONAL
        },
        Key {
            name: "evaluationPeriods",
            kind: Kind::Integer(&COUNT),
            default: Some("1"),
            doc: "how many of the last values are looked at",
            ..OPTIONAL
        },
        Key {
            name: "breachedPeriods",
            kind: Kind::Integer(&COUNT),
            default: Some("1"),
            doc: "how many of those have to be wrong",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static PERIOD: Range = Range {
    min: 60,
    max: 604_800,
    advice: "use a multiple of 60 seconds, a week at most",
};

static COUNT: Range = Range {
    min: 1,
    max: 10_080,
    advice: "use a whole number from 1 on; all of them together may not span more than a week",
};

/// `notificationTargets` of an alarm.
pub(crate) const NOTIFICATION_TARGETS: Key = Key {
    name: "notificationTargets",
    kind: Kind::ListOf(&NOTIFICATION_TARGET),
    doc: "who is told",
    ..OPTIONAL
};

static NOTIFICATION_TARGET: Object = Object {
    name: "a target of notifications",
    doc: "Who is told of an alarm.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(TARGET_TYPES),
            doc: "in which way",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&TARGET_PROPERTIES),
            doc: "how to reach them",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static TARGET_TYPES: &[Type] = &[
    one_type("email"),
    one_type("slack"),
    one_type("ms-teams"),
    one_type("discord"),
    one_type("webhook"),
];

static TARGET_PROPERTIES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        Case {
            values: &["email"],
            object: &EMAIL,
        },
        Case {
            values: &["slack"],
            object: &SLACK,
        },
        Case {
            values: &["ms-teams"],
            object: &MS_TEAMS,
        },
        Case {
            values: &["discord"],
            object: &DISCORD,
        },
        Case {
            values: &["webhook"],
            object: &WEBHOOK,
        },
    ],
};

static EMAIL: Object = Object {
    name: "`email`",
    doc: "A mail.",
    keys: &[
        text("sender", "address that it comes from"),
        text("recipient", "address that it goes to"),
    ],
    ..OBJECT
};

static SLACK: Object = Object {
    name: "`slack`",
    doc: "A message in Slack.",
    keys: &[
        text("conversationId", "id of the channel or person"),
        text("accessToken", "token of the bot, best as a `$Secret()`"),
    ],
    ..OBJECT
};

static MS_TEAMS: Object = Object {
    name: "`ms-teams`",
    doc: "A message in a channel of Microsoft Teams.",
    keys: &[WEBHOOK_URL],
    ..OBJECT
};

static DISCORD: Object = Object {
    name: "`discord`",
    doc: "A message in a channel of Discord.",
    keys: &[WEBHOOK_URL],
    ..OBJECT
};

const WEBHOOK_URL: Key = text(
    "webhookUrl",
    "URL that is told, best as a `$Secret()`: whoever has it can post",
);

static WEBHOOK: Object = Object {
    name: "`webhook`",
    doc: "A POST request to a URL.",
    keys: &[
        text("url", "URL that is told"),
        Key {
            need: Need::Optional,
            ..text(
                "secret",
                "what the requests are signed with, best as a `$Secret()`",
            )
        },
        Key {
            name: "headers",
            kind: Kind::MapOfScalars,
            doc: "headers of the requests",
            late: true,
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

const fn text(name: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Text,
        doc,
        late: true,
        ..REQUIRED
    }
}

/// `description` of an alarm.
pub(crate) const DESCRIPTION: Key = Key {
    name: "description",
    kind: Kind::Text,
    doc: "what it says when it goes off",
    ..OPTIONAL
};

/// `includeInHistory` of an alarm.
pub(crate) const INCLUDE_IN_HISTORY: Key = Key {
    name: "includeInHistory",
    kind: Kind::Boolean,
    default: Some("true"),
    doc: "whether it is remembered that it went off",
    ..OPTIONAL
};

/// `comparisonOperator` of what triggers an alarm.
pub(crate) const COMPARISON_OPERATOR: Key = Key {
    name: "comparisonOperator",
    kind: Kind::TextOneOf(&[
        "GreaterThanThreshold",
        "GreaterThanOrEqualToThreshold",
        "LessThanThreshold",
        "LessThanOrEqualToThreshold",
    ]),
    default: Some("GreaterThanThreshold"),
    doc: "how the measure is compared with the threshold",
    ..OPTIONAL
};

/// `statistic` of what triggers an alarm.
pub(crate) const STATISTIC: Key = Key {
    name: "statistic",
    kind: Kind::TextOneOf(&["avg", "p90", "p95", "p99", "min", "max", "sum"]),
    default: Some("avg"),
    doc: "what is made of the values of a period",
    ..OPTIONAL
};

/// The threshold of what triggers an alarm.
pub(crate) const fn threshold(name: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Decimal(&THRESHOLD),
        doc,
        ..REQUIRED
    }
}

static THRESHOLD: DecimalRange = DecimalRange {
    min: 0.0,
    max: 1e15,
    advice: "use a number from 0 on",
};

/// Judges the alarms of a resource.
pub(crate) fn check(properties: &Mapping, scope: &mut Scope<'_>) {
    let alarms = properties.list("alarms").iter();
    for alarm in alarms.filter_map(|item| item.value.as_mapping()) {
        evaluation(alarm, scope);
        let targets = alarm.list("notificationTargets").iter();
        for target in targets.filter_map(|item| item.value.as_mapping()?.mapping("properties")) {
            secrets(target, scope);
        }
    }
}

fn evaluation(alarm: &Mapping, scope: &mut Scope<'_>) {
    let Some(evaluation) = alarm.mapping("evaluation") else {
        return;
    };
    if let Some(value) = evaluation.get("period")
        && evaluation
            .integer("period")
            .is_some_and(|period: i64| period >= 60 && period % 60 != 0)
    {
        let given = Spanned::new(
            evaluation.scalar("period").unwrap_or_default().to_string(),
            value.span,
        );
        let advice = Allowed::Advice(PERIOD.advice);
        scope.diagnostics.invalid_value(&given, "`period`", advice);
    }
    if !evaluation.has("evaluationPeriods") && evaluation.integer("breachedPeriods").unwrap_or(1_i64) > 1 {
        let needed = "`evaluationPeriods`, at least as many";
        return relations::only_with(evaluation, &["breachedPeriods"], needed, scope);
    }
    relations::bounds(evaluation, "breachedPeriods", "evaluationPeriods", scope);
}

/// Tokens, and URLs that work like tokens, do not belong into the file.
fn secrets(target: &Mapping, scope: &mut Scope<'_>) {
    for key in ["accessToken", "webhookUrl", "secret"] {
        if let Some(written) = target.spanned_text(key) {
            scope
                .diagnostics
                .plaintext_secret(written.span, &format!("`{key}`"));
        }
    }
}
