//! `lifecycleRules` of a `bucket`: what becomes of its files in time.

use tapedeck_config::Scope;
use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{
    Branch, Case, Key, Kind, OBJECT, OPTIONAL, Object, REQUIRED, Range, one_type, whole,
};
use tapedeck_diagnostic::Spanned;

use crate::shared::relations;
use crate::shared::upload::KEY_VALUE;

/// The most rules that a bucket may have. Source: quotas of S3.
const MOST_RULES: usize = 1000;

/// Days that S3 wants an object to be old before it goes to a class for infrequent access.
const DAYS_TO_INFREQUENT: i64 = 30;

/// `lifecycleRules`.
pub(super) const LIFECYCLE_RULES: Key = Key {
    name: "lifecycleRules",
    kind: Kind::ListOf(&RULE),
    doc: "when files are deleted or moved to cheaper storage",
    ..OPTIONAL
};

static RULE: Object = Object {
    name: "a lifecycle rule",
    doc: "When files are deleted or moved to cheaper storage.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(&[
                one_type("expiration"),
                one_type("non-current-version-expiration"),
                one_type("class-transition"),
                one_type("non-current-version-class-transition"),
                one_type("abort-incomplete-multipart-upload"),
            ]),
            doc: "what happens",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&RULE_PROPERTIES),
            doc: "when, and to which files",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static RULE_PROPERTIES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        Case {
            values: &["expiration"],
            object: &EXPIRATION,
        },
        Case {
            values: &["non-current-version-expiration"],
            object: &VERSION_EXPIRATION,
        },
        Case {
            values: &["class-transition"],
            object: &TRANSITION,
        },
        Case {
            values: &["non-current-version-class-transition"],
            object: &VERSION_TRANSITION,
        },
        Case {
            values: &["abort-incomplete-multipart-upload"],
            object: &ABORT,
        },
    ],
};

static EXPIRATION: Object = Object {
    name: "`expiration`",
    doc: "Files are deleted.",
    keys: &[days("daysAfterUpload", "days after their upload"), PREFIX, TAGS],
    ..OBJECT
};

static VERSION_EXPIRATION: Object = Object {
    name: "`non-current-version-expiration`",
    doc: "Older versions of files are deleted.",
    keys: &[
        days("daysAfterVersioned", "days after they became older versions"),
        PREFIX,
        TAGS,
    ],
    ..OBJECT
};

static TRANSITION: Object = Object {
    name: "`class-transition`",
    doc: "Files are moved to cheaper storage.",
    keys: &[
        days("daysAfterUpload", "days after their upload"),
        STORAGE_CLASS,
        PREFIX,
        TAGS,
    ],
    ..OBJECT
};

static VERSION_TRANSITION: Object = Object {
    name: "`non-current-version-class-transition`",
    doc: "Older versions of files are moved to cheaper storage.",
    keys: &[
        days("daysAfterVersioned", "days after they became older versions"),
        STORAGE_CLASS,
        PREFIX,
        TAGS,
    ],
    ..OBJECT
};

static ABORT: Object = Object {
    name: "`abort-incomplete-multipart-upload`",
    doc: "What was uploaded in part only is deleted.",
    keys: &[days("daysAfterInitiation", "days after the upload began"), PREFIX],
    absent: &[(
        "tags",
        "use `prefix`: what is not uploaded to its end has no tags yet",
    )],
};

const fn days(name: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Integer(&DAYS),
        doc,
        example: Some("90"),
        ..REQUIRED
    }
}

static DAYS: Range = Range {
    min: 1,
    max: 2_147_483_647,
    advice: "use a whole number of days from 1 on",
};

const STORAGE_CLASS: Key = Key {
    name: "storageClass",
    kind: Kind::TextOneOf(&[
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "DEEP_ARCHIVE",
    ]),
    doc: "where they go; the cheaper it is to keep them, the dearer and slower it is to get them back",
    ..REQUIRED
};

const PREFIX: Key = Key {
    name: "prefix",
    kind: Kind::Text,
    doc: "only files whose keys begin so",
    example: Some("logs/"),
    ..OPTIONAL
};

const TAGS: Key = Key {
    name: "tags",
    kind: Kind::ListOf(&KEY_VALUE),
    doc: "only files with these tags",
    ..OPTIONAL
};

/// Judges the rules of a bucket.
pub(super) fn check(properties: &Mapping, scope: &mut Scope<'_>) {
    let rules = properties.list("lifecycleRules");
    if let (Some(entry), true) = (properties.entry("lifecycleRules"), rules.len() > MOST_RULES) {
        scope
            .diagnostics
            .too_many(entry.key.span, "lifecycle rules", rules.len(), MOST_RULES);
    }
    for rule in rules.iter().filter_map(|item| item.value.as_mapping()) {
        let Some(settings) = rule.mapping("properties") else {
            continue;
        };
        let is_about_versions = rule
            .text("type")
            .is_some_and(|kind| kind.starts_with("non-current"));
        if is_about_versions && !properties.flag("versioning") {
            let reason = "there are no older versions without `versioning: true`";
            relations::unused(settings, &["daysAfterVersioned"], reason, scope);
        }
        infrequent(settings, scope);
    }
}

/// Source: user guide of S3, constraints for transitions.
fn infrequent(settings: &Mapping, scope: &mut Scope<'_>) {
    let class = settings.text("storageClass").unwrap_or_default();
    if !matches!(class, "STANDARD_IA" | "ONEZONE_IA") {
        return;
    }
    for key in ["daysAfterUpload", "daysAfterVersioned"] {
        let Some((value, days)) = settings.get(key).zip(settings.integer::<i64>(key)) else {
            continue;
        };
        if (1..DAYS_TO_INFREQUENT).contains(&days) {
            let given = Spanned::new(days.to_string(), value.span);
            let advice = format!("S3 moves nothing to {class} before it is {DAYS_TO_INFREQUENT} days old");
            scope
                .diagnostics
                .out_of_range(&given, &format!("`{key}`"), &advice);
        }
    }
}
