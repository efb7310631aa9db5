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
    SettingsSyntax, "settings-syntax", Error, "A line of a `.env` or `.ini` file is neither `NAME=value` nor a section.";
    CodeFailed, "code-failed", Error, "The code that is to make the config cannot be read, or throws.";
    EmptyFile, "empty-file", Error, "The file holds nothing but spaces and comments.";
    TooLarge, "too-large", Error,
        "The file is larger or nested deeper than any real one, or its aliases or directives blow it up beyond that.";
    DuplicateKey, "duplicate-key", Error, "A mapping has the same key twice.";
    UnknownKey, "unknown-key", Error, "A key that its mapping does not have. Mostly a misspelling.";
    MissingKey, "missing-key", Error, "A key that its mapping must have.";
    ExclusiveKeys, "exclusive-keys", Error, "Keys of which just one is to be given: none is, or several are.";
    EmptySection, "empty-section", Error, "A key with nothing after it where a mapping or list belongs.";
    WrongType, "wrong-type", Error, "A text where a number belongs, a list where a mapping belongs, and the like.";
    InvalidValue, "invalid-value", Error, "A value of the right type that is not one of those allowed.";
    OutOfRange, "out-of-range", Error, "A number that is too small or too great.";
    TooMany, "too-many", Error, "More of something than AWS takes, such as tags or resources of a stack.";
    InvalidName, "invalid-name", Error, "A name of a project, resource or variable that breaks the rule for such names.";
    DuplicateName, "duplicate-name", Error, "Two things that need names of their own have the same.";
    ReservedName, "reserved-name", Error, "A name that already stands for something else.";
    NameClash, "name-clash", Error,
        "Two different names become the same one in the template or in the environment of a container.";
    UnknownTag, "unknown-tag", Error,
        "A YAML tag other than YAML's own, such as the short forms of CloudFormation (`!Ref`).";
    UnknownDirective, "unknown-directive", Error, "A call of a directive that nobody defines.";
    DirectiveSyntax, "directive-syntax", Error, "A text that begins like a call of a directive and is none.";
    DirectiveInText, "directive-in-text", Error,
        "A call of a directive that is only a part of a text. It would stay as it is written.";
    DirectiveArguments, "directive-arguments", Error, "Too few or too many arguments of a directive, or of a wrong type.";
    DirectiveCycle, "directive-cycle", Error, "Directives that wait for each other's results.";
    DirectivePath, "directive-path", Error, "The path after a call leads to nothing.";
    DirectiveFailed, "directive-failed", Error,
        "A directive that gives no value: no such file or variable, a function that throws, and the like.";
    LateValue, "late-value", Error,
        "A directive whose value only the deployment knows, where the value has to be known when the file is read, or \
         where a value of its type does not belong.";
    LateInEarly, "late-in-early", Error,
        "A directive that is evaluated when the file is read takes the result of one that only the deployment knows.";
    MissingFile, "missing-file", Error, "A file or folder that the config names is not there.";
    UnknownResource, "unknown-resource", Error, "The name of a resource that the file does not have.";
    WrongResourceType, "wrong-resource-type", Error, "The name of a resource of a type that does not do there.";
    UnknownScript, "unknown-script", Error, "The name of a script that the file does not have.";
    UnknownMacro, "unknown-macro", Error, "A service of AWS in `connectTo` that is not one of those it knows.";
    UnknownParameter, "unknown-parameter", Error, "A parameter that a resource does not have.";
    UnknownLogicalId, "unknown-logical-id", Error, "A logical id that nothing in the template has.";
    MissingSecret, "missing-secret", Error, "A secret that is not stored, or that has no such key.";
    MissingCompute, "missing-compute", Error, "`resources` with neither `cpu` and `memory` nor `instanceTypes`.";
    RefusedFargateSize, "refused-fargate-size", Error,
        "A pair of cpu and memory that Fargate does not offer, in a config for AWS.";
    ScalingBounds, "scaling-bounds", Error, "`maxInstances` is below `minInstances`.";
    UnknownInstanceType, "unknown-instance-type", Error, "A type of EC2 instance that there is not.";
    MixedArchitectures, "mixed-architectures", Error, "Types of EC2 instances whose CPUs cannot run the same image.";
    ArchitectureConflict, "architecture-conflict", Error,
        "`architecture` beside `instanceTypes`: the types of instances decide the architecture.";
    WarmPool, "warm-pool", Error, "`enableWarmPool` without exactly one type of EC2 instance.";
    MemoryTooLarge, "memory-too-large", Error, "More memory than the smallest type of EC2 instance can provide.";
    UnknownContainer, "unknown-container", Error, "A dependency on a container that the task does not have.";
    DependencyCycle, "dependency-cycle", Error, "Containers that wait for each other.";
    ImpossibleDependency, "impossible-dependency", Error,
        "A dependency that ECS refuses, because it can never be met.";
    ConflictingEssential, "conflicting-essential", Error,
        "A container that is to run to its end, and whose end would be the end of the task.";
    VolumeClash, "volume-clash", Error, "Two volumes of a container in the same place.";
    MissingSetting, "missing-setting", Error,
        "A key that is right only beside another setting, which is missing or says something else.";
    ReversedBounds, "reversed-bounds", Error, "A greatest value that is below the least one.";
    UnknownState, "unknown-state", Error, "The name of a state that a state machine does not have.";
    ConflictingAttribute, "conflicting-attribute", Error, "An attribute of a table that is given two types.";
    AlreadyTaken, "already-taken", Error,
        "A port, a priority or the like that something else beside it has taken already.";
    InvalidPassword, "invalid-password", Error, "A password that the service does not take.";
    UnusableVpc, "unusable-vpc", Error, "A VPC to be used again that is not there, or that has too few subnets.";
    NotSupportedYet, "not-supported-yet", Error,
        "A part of the language that Stacktape knows and this version of tapedeck cannot act on. It is refused rather \
         than left out in silence.";
    NotRunHereYet, "not-run-here-yet", Warning,
        "Something that is right, and that this machine cannot run yet. `validate` warns of it, `deploy` to region \
         `local` refuses it.";
    InvalidFargateSize, "invalid-fargate-size", Warning,
        "A pair of cpu and memory that Fargate does not offer. It runs on this machine, but not on AWS.";
    RefusedByAws, "refused-by-aws", Warning, "Something that AWS would refuse, and that runs elsewhere.";
    UnreachableResource, "unreachable-resource", Warning,
        "A resource that lets in only those that connect to it, and nobody does.";
    NoEffectYet, "no-effect-yet", Warning, "A setting that is understood and, for now, changes nothing here.";
    DeprecatedKey, "deprecated-key", Warning, "A key or directive with a newer name.";
    DuplicateEntry, "duplicate-entry", Warning, "An entry of a list that is there twice. It counts once.";
    DuplicateVariable, "duplicate-variable", Warning,
        "An environment variable that is listed twice. The last value counts.";
    ShadowedVariable, "shadowed-variable", Warning,
        "An environment variable that `connectTo` would set, too. The value in `environment` counts.";
    UnusedSetting, "unused-setting", Warning, "A setting that changes nothing, because another one decides.";
    UnsafePermission, "unsafe-permission", Warning, "A permission to do everything.";
    PlaintextSecret, "plaintext-secret", Warning, "A password or key that stands in the file for everybody to read.";
    UnknownType, "unknown-type", Warning, "A type of CloudFormation resource that nothing is known of.";
    UnknownVersion, "unknown-version", Warning, "A version that nothing is known of. AWS decides.";
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
