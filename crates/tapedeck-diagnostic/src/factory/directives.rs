//! What is said about directives.

use crate::{Diagnostics, Found, Rule, Span, Spanned, quoted};

use super::listed;

impl Diagnostics {
    /// A call of something that nobody defines.
    pub fn unknown_directive(&mut self, at: Span, name: &str, guess: Option<&str>) {
        let message = format!("there is no directive {}", quoted(&format!("${name}")));
        let help = match guess {
            Some(guess) => format!("did you mean `${guess}`?"),
            None => "directives of the project's own are listed under `directives`".to_string(),
        };
        self.push(Rule::UnknownDirective, at, message, Some(help));
    }

    /// A text that begins like a call and is none.
    pub fn directive_syntax(&mut self, at: Span, name: &str, problem: &str) {
        let message = format!("this is no call of the directive `${name}`: {problem}");
        let help = format!(
            "a call looks like ${name}('a text', 5, $Stage()); for the text itself, write it as $Format('{{}}', '…')"
        );
        self.push(Rule::DirectiveSyntax, at, message, Some(help));
    }

    /// A call that is only a part of a text. `better` does what was meant; empty when it cannot be told.
    pub fn directive_in_text(&mut self, at: Span, name: &str, better: &str) {
        let message =
            format!("the call of `${name}` is only a part of this text, and would stay as it is written");
        let help = match better {
            "" => "make the whole text one call of $Format() or $CfFormat()".to_string(),
            better => format!("write {}", quoted(better)),
        };
        self.push(Rule::DirectiveInText, at, message, Some(help));
    }

    /// A call with too few or too many arguments.
    pub fn directive_arguments(
        &mut self,
        at: Span,
        name: &str,
        given: usize,
        parameters: &[&str],
        example: &str,
    ) {
        let takes = match parameters {
            [] => "takes no arguments".to_string(),
            parameters => format!("takes {}", listed(parameters, "and")),
        };
        let message = format!("`${name}` {takes}, and {given} were given");
        self.push(
            Rule::DirectiveArguments,
            at,
            message,
            Some(format!("such as {example}")),
        );
    }

    /// An argument of a wrong type.
    pub fn directive_argument_type(&mut self, at: Span, name: &str, expected: &str, found: Found<'_>) {
        let subject = format!("an argument of `${name}`");
        let found = match found {
            Found::List => "a list",
            Found::Mapping => "a mapping",
            _ => "empty",
        };
        let message = format!("{subject} must be {expected}, but it is {found}");
        self.push(Rule::DirectiveArguments, at, message, None);
    }

    /// `{}` and values that do not match.
    pub fn placeholder_count(&mut self, at: Span, name: &str, places: usize, values: usize) {
        let message =
            format!("the text of `${name}` has {places} of `{{}}`, and {values} values are given for them");
        let help = "give one value for each `{}`".to_string();
        self.push(Rule::DirectiveArguments, at, message, Some(help));
    }

    /// Calls that wait for each other. `chain` begins and, in the message, ends with the same one.
    pub fn directive_cycle(&mut self, at: Span, chain: &[&str]) {
        let links: Vec<&str> = chain.iter().chain(chain.first()).copied().collect();
        let message = format!("this value waits for itself: {}", links.join(" → "));
        let help = "give one of them a value of its own";
        self.push(Rule::DirectiveCycle, at, message, Some(help.into()));
    }

    /// A path that leads to nothing. `noun` is what `known` are, such as `keys`.
    pub fn directive_path(&mut self, at: Span, subject: &str, key: &str, noun: &str, known: &[&str]) {
        let message = format!("{} has no {}", quoted(subject), quoted(key));
        let help = match (self.guess(key, known), known) {
            (Some(best), _) => format!("did you mean `{best}`?"),
            (None, []) => "nothing is in it".to_string(),
            (None, [first, last]) if noun == "items from" => format!("it has items from {first} to {last}"),
            (None, known) => format!("it has the {noun} {}", listed(known, "and")),
        };
        self.push(Rule::DirectivePath, at, message, Some(help));
    }

    /// A path into a value that only the deployment knows.
    pub fn late_path(&mut self, at: Span, directive: &str, key: &str) {
        let message = format!(
            "{} cannot be taken out of what `${directive}` gives: only the deployment knows it",
            quoted(key)
        );
        let help = match directive {
            "Secret" => "name the key within the quotes: $Secret('name.key')",
            _ => "leave the path out",
        };
        self.push(Rule::DirectivePath, at, message, Some(help.into()));
    }

    /// A directive that gives no value.
    pub fn directive_failed(&mut self, at: Span, name: &str, problem: &str, help: Option<&str>) {
        let message = format!("`${name}` gives no value: {problem}");
        self.push(Rule::DirectiveFailed, at, message, help.map(str::to_string));
    }

    /// What only the deployment knows as an argument of what is evaluated now.
    pub fn late_in_early(&mut self, at: Span, name: &str, inner: &str) {
        let message = format!(
            "`${name}` is evaluated now, and {} is known only when the stack is deployed",
            quoted(inner)
        );
        let help = match name {
            "Format" => "use `$CfFormat` instead: it takes such values",
            _ => "give it something that is known now",
        };
        self.push(Rule::LateInEarly, at, message, Some(help.into()));
    }

    /// What only the deployment knows, where the value has to be known now.
    pub fn late_value(&mut self, at: Span, subject: &str, directive: &str) {
        let message = format!(
            "{subject} has to be known now, and what `${directive}` gives is known only when the stack is deployed"
        );
        let help = "write the value itself, or use $Var(), $File() or $Env()";
        self.push(Rule::LateValue, at, message, Some(help.into()));
    }

    /// What only the deployment knows, of a type that does not do.
    pub fn late_type(&mut self, at: Span, subject: &str, expected: &str, directive: &str) {
        let message = format!("{subject} must be {expected}, and `${directive}` gives none here");
        self.push(Rule::LateValue, at, message, None);
    }

    /// A directive that has a newer name.
    pub fn deprecated_directive(&mut self, at: Span, old: &str, instead: &str) {
        let message = format!("`{old}` is deprecated");
        self.push(Rule::DeprecatedKey, at, message, Some(format!("use `{instead}`")));
    }

    /// The code of a config gives none.
    pub fn code_failed(&mut self, at: Span, problem: &str, help: Option<&str>) {
        let message = format!("the code gives no config: {problem}");
        self.push(Rule::CodeFailed, at, message, help.map(str::to_string));
    }

    /// A line of a file of settings that says nothing.
    pub fn settings_syntax(&mut self, at: Span) {
        let message = "this line is neither `NAME=value` nor a section in brackets".to_string();
        let help = "begin comments with `#`";
        self.push(Rule::SettingsSyntax, at, message, Some(help.into()));
    }

    /// A parameter that a resource does not have.
    pub fn unknown_parameter(&mut self, at: Span, parameter: &str, of: &str, known: &[&str]) {
        let message = format!("{of} has no parameter {}", quoted(parameter));
        let help = match (self.guess(parameter, known), known) {
            (Some(best), _) => format!("did you mean `{best}`?"),
            (None, []) => "it has none".to_string(),
            (None, known) => format!("it has {}", listed(known, "and")),
        };
        self.push(Rule::UnknownParameter, at, message, Some(help));
    }

    /// A logical id that nothing has.
    pub fn unknown_logical_id(&mut self, at: Span, logical_id: &str, subject: &str, known: &[&str]) {
        let message = format!("{} is not {subject}", quoted(logical_id));
        let help = match (self.guess(logical_id, known), known) {
            (Some(best), _) => format!("did you mean `{best}`?"),
            (None, []) => "there is none".to_string(),
            (None, known) => format!("there are {}", listed(known, "and")),
        };
        self.push(Rule::UnknownLogicalId, at, message, Some(help));
    }

    /// A type of CloudFormation's that nothing is known of.
    pub fn unknown_type(&mut self, at: Span, name: &str) {
        let message = format!("nothing is known of the type {}", quoted(name));
        let help = "check its spelling; CloudFormation decides whether there is such a type";
        self.push(Rule::UnknownType, at, message, Some(help.into()));
    }

    /// A secret that is not stored. `others` are names of those that are.
    pub fn missing_secret(&mut self, at: Span, name: &str, region: &str, others: &[&str]) {
        let message = format!("there is no secret {}", quoted(name));
        let create = format!("tapedeck secret:set --secretName {name} --region {region}");
        let help = match self.guess(name, others) {
            Some(best) => format!("did you mean `{best}`? Else create it: {create}"),
            None => format!("create it: {create}"),
        };
        self.push(Rule::MissingSecret, at, message, Some(help));
    }

    /// A key that a secret does not have.
    pub fn missing_secret_key(&mut self, at: Span, name: &str, key: &str, known: Option<&[&str]>) {
        let message = format!("the secret {} has no key {}", quoted(name), quoted(key));
        let help = match known {
            None => format!("its value is a plain text: use $Secret('{name}')"),
            Some(known) => match (self.guess(key, known), known) {
                (Some(best), _) => format!("did you mean `{best}`?"),
                (None, []) => "it has none".to_string(),
                (None, known) => format!("it has {}", listed(known, "and")),
            },
        };
        self.push(Rule::MissingSecret, at, message, Some(help));
    }

    /// A password or key that stands in the file.
    pub fn plaintext_secret(&mut self, at: Span, subject: &str) {
        let message = format!("{subject} stands in the file for everybody to read");
        let help = "keep it as a secret: `tapedeck secret:set`, and here $Secret('name')";
        self.push(Rule::PlaintextSecret, at, message, Some(help.into()));
    }

    /// A name that stands for something else already.
    pub fn reserved_name(&mut self, name: &Spanned<String>, kind: &str, why: &str) {
        let message = format!("{} cannot be the name of {kind}: {why}", quoted(&name.value));
        self.push(
            Rule::ReservedName,
            name.span,
            message,
            Some("choose another name".into()),
        );
    }

    /// A name that another thing of the kind has.
    pub fn duplicate_name(&mut self, name: &Spanned<String>, kind: &str, first: Span) {
        let message = format!("there is another {kind} with the name {}", quoted(&name.value));
        self.push(
            Rule::DuplicateName,
            name.span,
            message,
            Some("give each a name of its own".into()),
        );
        self.relate(first, "the first one is here");
    }
}
