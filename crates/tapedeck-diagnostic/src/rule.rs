//! The table of rules: every kind of finding, its name, its severity and what it says.

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but perhaps not as its author thinks.
    Warning,
}

impl Severity {
    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Declares the rules: variant, name in messages, severity, summary.
macro_rules! rules {
    ($($variant:ident, $name:literal, $severity:ident, $summary:literal;)+) => {
        /// A kind of finding. Its name is a word, the same in text, JSON and documentation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Rule {
            $(#[doc = $summary] $variant,)+
        }

        impl Rule {
            /// Every rule, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name, such as `unknown-key`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// How bad a finding of this kind is.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            /// What it says, for the reference.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary,)+ }
            }
        }
    };
}

rules! {
    YamlSyntax, "yaml-syntax", Error, "The text is not YAML (or JSON, which is a part of YAML).";
    EmptyFile, "empty-file", Error, "The file holds nothing but spaces and comments.";
    TooLarge, "too-large", Error,
        "The file is larger or nested deeper than any real one, or its aliases blow it up beyond that.";
    DuplicateKey, "duplicate-key", Error, "A mapping has the same key twice.";
    UnknownKey, "unknown-key", Error, "A key that its mapping does not have. Mostly a misspelling.";
    MissingKey, "missing-key", Error, "A key that its mapping must have.";
    WrongType, "wrong-type", Error, "A text where a number belongs, a list where a mapping belongs, and the like.";
    InvalidValue, "invalid-value", Error, "A value of the right type that is not one of those allowed.";
    OutOfRange, "out-of-range", Error, "A number that is too small or too great.";
    InvalidName, "invalid-name", Error, "A name of a project, resource or variable that breaks the rule for such names.";
    UnknownTag, "unknown-tag", Error,
        "A YAML tag other than YAML's own, such as the short forms of CloudFormation (`!Ref`).";
    NotSupportedYet, "not-supported-yet", Error,
        "A part of the language that Stacktape knows and this version of tapedeck cannot act on. It is refused rather \
         than left out in silence.";
    InvalidFargateSize, "invalid-fargate-size", Warning,
        "A pair of cpu and memory that Fargate does not offer. It runs on this machine, but not on AWS.";
    NoEffectYet, "no-effect-yet", Warning, "A setting that is understood and, for now, changes nothing.";
    DeprecatedKey, "deprecated-key", Warning, "A key with a newer name.";
    DuplicateVariable, "duplicate-variable", Warning,
        "An environment variable that is listed twice. The last value counts.";
}

/// The reference of rules as Markdown, made from the table.
#[must_use]
pub fn rules_markdown() -> String {
    let mut page = String::from("# Rules\n\nWhat is said about a config file, and how bad it is.\n\n");
    page.push_str("| rule | severity | meaning |\n|---|---|---|\n");
    for rule in Rule::ALL {
        let (name, word, summary) = (rule.name(), rule.severity().word(), rule.summary());
        page.push_str(&format!("| `{name}` | {word} | {summary} |\n"));
    }
    page
}
