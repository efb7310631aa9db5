//! Directives whose value is known when the file is read.

use tapedeck_diagnostic::{Span, Spanned, quoted};

use super::arguments::{Arguments, text_at};
use super::outside::of_json;
use super::{Answer, Expander, Question, unknown};
use crate::directive::{BUILTINS, Builtin, Call, Phase, builtin};
use crate::parse::{Stop, Value};

/// The account that stands for all accounts on this machine, as in the emulators of AWS.
const LOCAL_ACCOUNT: &str = "000000000000";

/// What git is asked for.
const GIT_PROPERTIES: [&str; 5] = ["commit", "branch", "username", "gitUrl", "hasUncommitedChanges"];

impl Expander<'_> {
    /// Finds the directive of a call and evaluates it.
    pub(super) fn dispatch(&mut self, call: &Call, at: Span) -> Result<Spanned<Value>, Stop> {
        let Some(one) = builtin(&call.name) else {
            return self.custom_call(call, at);
        };
        let values = match self.arguments(call, one, at)? {
            Arguments::Ready(values) => values,
            Arguments::Unclear => return Ok(unknown(at)),
        };
        if one.phase == Phase::Late {
            return self.late(call, &values, at);
        }
        let Some(texts) = self.texts(&values, &call.arguments, &call.name, at) else {
            return Ok(unknown(at));
        };
        self.early(one, call, &texts, at)
    }

    fn early(
        &mut self,
        one: &Builtin,
        call: &Call,
        texts: &[String],
        at: Span,
    ) -> Result<Spanned<Value>, Stop> {
        let first = texts.first().map(String::as_str).unwrap_or_default();
        let result = match one.name {
            "Var" => return self.variables(call, at),
            "This" => return self.at_path(self.root, &call.path, "the file", at),
            "File" => return self.file_content(first, call, at),
            "FileRaw" => self.text_of_file("FileRaw", first, at)?,
            "Stage" => Some(self.options.stage.to_string()),
            "Region" => Some(self.options.region.to_string()),
            "Profile" => self.profile(at),
            "AwsAccountId" => self.account(at),
            "CliArgs" => self.command_line(first, texts.get(1), at),
            "Env" => self.environment_variable(first, texts.get(1), at),
            "Format" => self.format(texts, at),
            "GitInfo" => return self.git(texts.first(), call, at),
            _ => self.stack_output(texts, at),
        };
        let result = result.map_or_else(|| unknown(at), |text| text_at(text, at));
        self.grow(&result.value, at)?;
        self.at_path_of_text(result, call, at)
    }

    /// Texts have no keys: a path after one is a mistake.
    fn at_path_of_text(
        &mut self,
        result: Spanned<Value>,
        call: &Call,
        at: Span,
    ) -> Result<Spanned<Value>, Stop> {
        if let (Some(segment), false) = (call.path.first(), result.value == Value::Unknown) {
            let subject = format!("${}()", call.name);
            self.diagnostics
                .directive_path(at, &subject, &segment.key, "keys", &[]);
            return Ok(unknown(at));
        }
        Ok(result)
    }

    fn variables(&mut self, call: &Call, at: Span) -> Result<Spanned<Value>, Stop> {
        let section = self
            .root
            .value
            .as_mapping()
            .and_then(|mapping| mapping.get("variables"));
        match section {
            Some(section) => self.at_path(section, &call.path, "variables", at),
            None => {
                let problem = "the file has no section `variables`";
                let help = "add `variables:` with a key for each value";
                self.diagnostics.directive_failed(at, "Var", problem, Some(help));
                Ok(unknown(at))
            }
        }
    }

    fn profile(&mut self, at: Span) -> Option<String> {
        if self.options.profile.is_none() {
            let help = "give --profile, or take the directive out";
            let problem = "the command was given no AWS profile";
            self.diagnostics
                .directive_failed(at, "Profile", problem, Some(help));
        }
        self.options.profile.clone()
    }

    fn account(&mut self, at: Span) -> Option<String> {
        if self.options.region.is_local() {
            return Some(LOCAL_ACCOUNT.to_string());
        }
        let answer = self.ask(Question::Account)?;
        self.text_of(answer, "AwsAccountId", at)
    }

    fn command_line(&mut self, name: &str, default: Option<&String>, at: Span) -> Option<String> {
        if let Some(value) = self.options.command_line.get(name).or(default) {
            return Some(value.clone());
        }
        let problem = format!("the command line has no option `{name}`");
        let help = format!("give `-- --{name} VALUE`, or a default: $CliArgs('{name}', 'value')");
        self.diagnostics
            .directive_failed(at, "CliArgs", &problem, Some(&help));
        None
    }

    fn environment_variable(&mut self, name: &str, default: Option<&String>, at: Span) -> Option<String> {
        let question = Question::Environment {
            name: name.to_string(),
        };
        let answer = self.ask(question)?;
        if *answer != Answer::Missing {
            return self.text_of(answer, "Env", at);
        }
        if default.is_none() {
            let problem = format!("the environment has no variable {}", quoted(name));
            let help = format!("set it, or give a default: $Env('{name}', 'value')");
            self.diagnostics
                .directive_failed(at, "Env", &problem, Some(&help));
        }
        default.cloned()
    }

    fn format(&mut self, texts: &[String], at: Span) -> Option<String> {
        let (template, values) = texts.split_first()?;
        let pieces: Vec<&str> = template.split("{}").collect();
        if pieces.len() - 1 != values.len() {
            self.diagnostics
                .placeholder_count(at, "Format", pieces.len() - 1, values.len());
            return None;
        }
        let mut joined = pieces[0].to_string();
        for (value, piece) in values.iter().zip(&pieces[1..]) {
            joined.push_str(value);
            joined.push_str(piece);
        }
        Some(joined)
    }

    /// `$GitInfo('commit')`, or `$GitInfo().commit`.
    fn git(&mut self, property: Option<&String>, call: &Call, at: Span) -> Result<Spanned<Value>, Stop> {
        let property = property.or_else(|| call.path.first().map(|segment| &segment.key));
        if let Some(property) = property
            && !GIT_PROPERTIES.contains(&property.as_str())
        {
            self.diagnostics
                .directive_path(at, "$GitInfo()", property, "keys", &GIT_PROPERTIES);
            return Ok(unknown(at));
        }
        let Some(facts) = self.json(Question::Git, "GitInfo", at) else {
            return Ok(unknown(at));
        };
        let wanted = match property {
            Some(property) => facts.get(property).unwrap_or(&serde_json::Value::Null),
            None => &facts,
        };
        Ok(of_json(wanted, at))
    }

    fn stack_output(&mut self, texts: &[String], at: Span) -> Option<String> {
        let question = Question::StackOutput {
            stack: texts.first()?.clone(),
            output: texts.get(1)?.clone(),
            region: texts.get(2).cloned(),
        };
        let answer = self.ask(question)?;
        self.text_of(answer, "StackOutput", at)
    }

    /// A name that nothing defines.
    pub(super) fn unknown_directive(&mut self, name: &str, at: Span) -> Spanned<Value> {
        let known: Vec<&str> = BUILTINS
            .iter()
            .map(|one| one.name)
            .chain(self.custom.keys().map(String::as_str))
            .collect();
        let guess = self.diagnostics.guess(name, &known).map(str::to_string);
        self.diagnostics.unknown_directive(at, name, guess.as_deref());
        unknown(at)
    }
}
