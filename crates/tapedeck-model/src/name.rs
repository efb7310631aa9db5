//! Names of projects, stages, stacks, resources and secrets.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text is not a name of the wanted kind. The message is complete: it names the kind, the text and the rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {kind}: {rule}")]
pub struct InvalidName {
    /// What the text was to name, such as `stage name`.
    pub kind: &'static str,
    /// The refused text.
    pub text: String,
    /// The rule it breaks, such as `use lower-case letters, digits and hyphens`.
    pub rule: &'static str,
}

/// Defines a newtype over `String` whose only constructor, `new`, applies `$check`.
macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $check:expr, $rule:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The rule that every such name obeys, for messages.
            pub const RULE: &'static str = $rule;

            /// Checks and wraps a text.
            ///
            /// # Errors
            /// [`InvalidName`] when the text breaks [`Self::RULE`].
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
                let text = text.into();
                let check: fn(&str) -> bool = $check;
                if check(&text) { Ok(Self(text)) } else { Err(InvalidName { kind: $kind, text, rule: $rule }) }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.pad(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }
    };
}

name_type!(
    /// A project: one `stacktape.yml` and what it defines.
    ProjectName,
    "project name",
    is_lower_kebab,
    "use 2 to 48 lower-case letters, digits and hyphens"
);

name_type!(
    /// A stage of a project, such as `dev` or `production`.
    StageName,
    "stage name",
    is_lower_kebab,
    "use 2 to 48 lower-case letters, digits and hyphens"
);

name_type!(
    /// A key under `resources`. Logical ids are made of it, so letters and digits only.
    ResourceName,
    "resource name",
    |text| (1..=64).contains(&text.len()) && text.chars().all(|letter| letter.is_ascii_alphanumeric()),
    "use 1 to 64 letters and digits"
);

name_type!(
    /// A stack: `<project>-<stage>`. See [`StackName::of`].
    StackName,
    "stack name",
    |text| text.len() <= 97 && is_lower_kebab_of(text, 5..=97),
    "it is <project>-<stage>, in lower-case letters, digits and hyphens"
);

name_type!(
    /// A secret. The characters are those of AWS Secrets Manager but for the dot, which separates keys
    /// ([`SecretReference`](crate::SecretReference)).
    SecretName,
    "name of a secret",
    |text| (1..=256).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/_+=@-".contains(&byte)),
    "use 1 to 256 letters, digits and / _ + = @ -"
);

impl StackName {
    /// The stack that one stage of a project is deployed as.
    #[must_use]
    pub fn of(project: &ProjectName, stage: &StageName) -> Self {
        Self(format!("{project}-{stage}"))
    }
}

fn is_lower_kebab(text: &str) -> bool {
    is_lower_kebab_of(text, 2..=48)
}

fn is_lower_kebab_of(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

name_type!(
    /// Where a stack runs: `local`, this machine, or a region of AWS.
    Region,
    "region",
    |text| (2..=32).contains(&text.len()) && is_lower_kebab(text),
    "use `local` for this machine, or the name of a region of AWS such as `eu-west-1`"
);

impl Region {
    /// The name of this machine as a region.
    pub const LOCAL: &'static str = "local";

    /// This machine.
    #[must_use]
    pub fn local() -> Self {
        Self("local".to_string())
    }

    /// Whether it is this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.0 == "local"
    }
}
