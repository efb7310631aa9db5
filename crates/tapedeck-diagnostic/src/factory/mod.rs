//! The wording of every rule: one method each. Call sites pass what they hold; the sentences live here.

mod connected_a;
mod connected_b;
mod directives;
mod resources;
mod worker;

use crate::{Diagnostics, Rule, Span, Spanned, quoted};

/// What stands where a value of another type was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'a> {
    /// Nothing, or `null`.
    Empty,
    /// A text.
    Text(&'a str),
    /// A number, as written.
    Number(&'a str),
    /// A boolean, as written.
    Boolean(&'a str),
    /// A list.
    List,
    /// A mapping.
    Mapping,
    /// What only the deployment knows, by the directive of this name.
    Later(&'a str),
}

/// What a refused value could have been.
#[derive(Debug, Clone, Copy)]
pub enum Allowed<'a> {
    /// One of these words.
    OneOf {
        /// Those that are told to whoever wrote nothing similar to any.
        supported: &'a [&'a str],
        /// Those that may have been meant.
        known: &'a [&'a str],
    },
    /// What no list can express, as a sentence such as `use a relative path`.
    Advice(&'a str),
}

impl Diagnostics {
    /// The parser gave up here. `problem` says why, `help` what would be right.
    pub fn yaml_syntax(&mut self, at: Span, problem: &str, help: Option<&str>) {
        self.push(
            Rule::YamlSyntax,
            at,
            problem.to_string(),
            help.map(str::to_string),
        );
    }

    /// Nothing is in the file.
    pub fn empty_file(&mut self, at: Span) {
        let help = "begin with `resources:` and a resource of type `worker-service` in it";
        self.push(Rule::EmptyFile, at, "the file is empty".into(), Some(help.into()));
    }

    /// A limit was passed. `excess` says which, such as `the file has more than 100000 values`.
    pub fn too_large(&mut self, at: Span, excess: &str) {
        let help = "split the file, or use fewer aliases and directives";
        self.push(Rule::TooLarge, at, excess.to_string(), Some(help.into()));
    }

    /// A mapping has a key a second time.
    pub fn duplicate_key(&mut self, key: &Spanned<String>, first: Span) {
        let message = format!("{} is given twice in the same mapping", quoted(&key.value));
        self.push(
            Rule::DuplicateKey,
            key.span,
            message,
            Some("keep one of them".into()),
        );
        self.relate(first, "it is given first here");
    }

    /// A key that its parent does not have.
    pub fn unknown_key(&mut self, key: &Spanned<String>, parent: &str, known: &[&str]) {
        let message = format!("{} is not a key of {parent}", quoted(&key.value));
        let help = match (self.guess(&key.value, known), known) {
            (Some(best), _) => format!("did you mean `{best}`?"),
            (None, []) => "it has none".to_string(),
            (None, [only]) => format!("its only key is `{only}`"),
            (None, known) => format!("its keys are {}", listed(known, "and")),
        };
        self.push(Rule::UnknownKey, key.span, message, Some(help));
    }

    /// A key that its parent must have. `meaning` is what the schema says of it.
    pub fn missing_key(&mut self, at: Span, parent: &str, key: &str, meaning: &str) {
        let message = format!("{parent} needs the key `{key}`");
        self.push(Rule::MissingKey, at, message, Some(format!("`{key}`: {meaning}")));
    }

    /// A key that is known and does not belong there; `advice` says why and what to do.
    pub fn misplaced_key(&mut self, key: &Spanned<String>, parent: &str, advice: &str) {
        let message = format!("{} is not a key of {parent}", quoted(&key.value));
        self.push(Rule::UnknownKey, key.span, message, Some(advice.to_string()));
    }

    /// A value of another type. `expected` is such as `a number`.
    pub fn wrong_type(&mut self, at: Span, subject: &str, expected: &str, found: Found<'_>) {
        let shown = match found {
            Found::Empty => "empty".to_string(),
            Found::Text(text) => format!("the text {}", quoted(text)),
            Found::Number(text) => format!("the number {}", unquoted(text)),
            Found::Boolean(text) => unquoted(text),
            Found::List => "a list".to_string(),
            Found::Mapping => "a mapping".to_string(),
            Found::Later(directive) => format!("what `${directive}` gives"),
        };
        let message = format!("{subject} must be {expected}, but it is {shown}");
        let help = (found == Found::Empty).then(|| "give it a value, or remove the key".to_string());
        self.push(Rule::WrongType, at, message, help);
    }

    /// A section without anything in it. `keys` are those it could have.
    pub fn empty_section(&mut self, at: Span, subject: &str, keys: &[&str]) {
        let message = format!("{subject} is empty");
        let help = match keys {
            [] => "remove it, or put something into it".to_string(),
            keys => format!("remove it, or give it one of its keys: {}", listed(keys, "or")),
        };
        self.push(Rule::EmptySection, at, message, Some(help));
    }

    /// A value of the right type that is not allowed.
    pub fn invalid_value(&mut self, value: &Spanned<String>, subject: &str, allowed: Allowed<'_>) {
        let help = match allowed {
            Allowed::Advice(advice) => advice.to_string(),
            Allowed::OneOf { supported, known } => match self.guess(&value.value, known) {
                Some(best) => format!("did you mean `{best}`?"),
                None => format!("use {}", listed(supported, "or")),
            },
        };
        let message = format!("{subject} cannot be {}", shown(&value.value));
        self.push(Rule::InvalidValue, value.span, message, Some(help));
    }

    /// A number outside its range. `advice` is such as `use 2 to 120`.
    pub fn out_of_range(&mut self, value: &Spanned<String>, subject: &str, advice: &str) {
        let message = format!("{subject} cannot be {}", unquoted(&value.value));
        self.push(Rule::OutOfRange, value.span, message, Some(advice.to_string()));
    }

    /// A name that breaks the rule for names of its kind, which is such as `resource name`.
    pub fn invalid_name(&mut self, name: &Spanned<String>, kind: &str, rule: &str, suggestion: Option<&str>) {
        let message = format!("{} is not a valid {kind}", shown(&name.value));
        let help = match suggestion {
            Some(better) => format!("{rule}, such as `{better}`"),
            None => rule.to_string(),
        };
        self.push(Rule::InvalidName, name.span, message, Some(help));
    }

    /// Something that Stacktape has and this version of tapedeck has not.
    pub fn not_supported_yet(&mut self, at: Span, subject: &str) {
        let message = format!("{subject} is known to Stacktape, but not supported by this version yet");
        let help = "remove it, or wait for a version that supports it";
        self.push(Rule::NotSupportedYet, at, message, Some(help.into()));
    }

    /// A YAML tag that nobody gave a meaning, such as `!Ref`.
    pub fn unknown_tag(&mut self, at: Span, tag: &str) {
        let message = format!("the tag {} has no meaning in a config file", quoted(tag));
        self.push(
            Rule::UnknownTag,
            at,
            message,
            Some("write the value without a tag".into()),
        );
    }

    /// A size that AWS would refuse. Sizes are such as `2 vCPU with 4096 MiB`.
    pub fn invalid_fargate_size(&mut self, at: Span, given: &str, nearest: &[String]) {
        let message = format!("Fargate offers no task of {given}: it runs here, but AWS would refuse it");
        let help = format!("near it, Fargate offers {}", nearest.join(" and "));
        self.push(Rule::InvalidFargateSize, at, message, Some(help));
    }

    /// As [`Self::invalid_fargate_size`], where it is AWS that has to take it.
    pub fn refused_fargate_size(&mut self, at: Span, given: &str, nearest: &[String]) {
        let message = format!("Fargate offers no task of {given}");
        let help = format!("near it, Fargate offers {}", nearest.join(" and "));
        self.push(Rule::RefusedFargateSize, at, message, Some(help));
    }

    /// Something that is right, but that region `local` cannot run yet. `reason` says what is missing.
    pub fn not_run_here_yet(&mut self, at: Span, subject: &str, reason: &str) {
        let message = format!("{subject} cannot be run on this machine yet: {reason}");
        let help = "take it out to deploy to region `local`";
        self.push(Rule::NotRunHereYet, at, message, Some(help.into()));
    }

    /// Keys of which just one is to be given, and none or several are.
    pub fn exclusive_keys(&mut self, at: Span, parent: &str, keys: &str, given: usize) {
        let message = match given {
            0 => format!("{parent} needs {keys}"),
            _ => format!("{parent} has more than one of {keys}"),
        };
        self.push(
            Rule::ExclusiveKeys,
            at,
            message,
            Some(format!("give just one: {keys}")),
        );
    }

    /// More of something than there may be.
    pub fn too_many(&mut self, at: Span, subject: &str, count: usize, most: usize) {
        let message = format!("there are {count} {subject}, and {most} are the most there may be");
        self.push(Rule::TooMany, at, message, Some("leave some out".into()));
    }

    /// A setting that changes nothing for now. `reason` says what happens instead.
    pub fn no_effect_yet(&mut self, at: Span, subject: &str, reason: &str) {
        let message = format!("{subject} has no effect yet: {reason}");
        self.push(Rule::NoEffectYet, at, message, None);
    }

    /// A key that has a newer name.
    pub fn deprecated_key(&mut self, key: &Spanned<String>, instead: &str) {
        let message = format!("{} is deprecated", quoted(&key.value));
        self.push(
            Rule::DeprecatedKey,
            key.span,
            message,
            Some(format!("use `{instead}`")),
        );
    }

    /// An environment variable that is listed a second time.
    pub fn duplicate_variable(&mut self, name: &Spanned<String>, first: Span) {
        let message = format!(
            "the variable {} is listed twice: the last value counts",
            quoted(&name.value)
        );
        self.push(
            Rule::DuplicateVariable,
            name.span,
            message,
            Some("keep one of them".into()),
        );
        self.relate(first, "it is listed first here");
    }
}

/// As [`quoted`], in words where there is nothing to quote.
pub(super) fn shown(text: &str) -> String {
    match text {
        "" => "the empty text".to_string(),
        text => quoted(text),
    }
}

/// The most words that are listed.
const MOST_LISTED: usize = 40;

/// Words as `a, b and c`, each in backticks. Of very many, the first.
pub(super) fn listed(words: &[&str], last: &str) -> String {
    let quoted: Vec<String> = words
        .iter()
        .take(MOST_LISTED)
        .map(|word| format!("`{word}`"))
        .collect();
    if words.len() > MOST_LISTED {
        return format!("{} {last} more", quoted.join(", "));
    }
    match quoted.split_last() {
        Some((end, rest)) if !rest.is_empty() => format!("{} {last} {end}", rest.join(", ")),
        Some((end, _)) => end.clone(),
        None => "none".into(),
    }
}

/// As [`quoted`], without the backticks: numbers need none.
pub(super) fn unquoted(text: &str) -> String {
    quoted(text).trim_matches('`').to_string()
}
