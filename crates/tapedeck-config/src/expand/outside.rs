//! Directives that need an answer from outside: files, functions, and what comes back from them.

use std::rc::Rc;

use tapedeck_diagnostic::{Source, Span, Spanned, quoted};

use super::arguments::Arguments;
use super::{Answer, Expander, Question, settings, unknown};
use crate::directive::{CODE_EXTENSIONS, Call, extension, with_handler};
use crate::parse::{self, Entry, Mapping, Scalar, Stop, Value};

impl Expander<'_> {
    /// `$File`: by the ending of the path, data or what a function returns.
    pub(super) fn file_content(&mut self, path: &str, call: &Call, at: Span) -> Result<Spanned<Value>, Stop> {
        let (file, handler) = with_handler(path);
        let subject = format!("$File('{path}')");
        if CODE_EXTENSIONS.contains(&extension(file)) {
            let question = Question::Call {
                path: file.to_string(),
                handler: handler.map(str::to_string),
                arguments: "[]".to_string(),
            };
            return self.returned(question, call, &subject, at);
        }
        let Some(tree) = self.data_file(path, at) else {
            return Ok(unknown(at));
        };
        self.at_path(&tree, &call.path, &subject, at)
    }

    /// The tree of a file of data, read once.
    fn data_file(&mut self, path: &str, at: Span) -> Option<Rc<Spanned<Value>>> {
        if let Some(known) = self.files.get(path) {
            return known.clone();
        }
        let question = Question::Text {
            path: path.to_string(),
        };
        let answer = self.ask(question)?;
        let text = self.text_of_file(answer, "File", path, at)?;
        let source = Source::new(path, text);
        let id = self.sources.add(source.clone());
        let name = path.rsplit('/').next().unwrap_or_default();
        let tree = if name.starts_with(".env") || matches!(extension(name), "env" | "ini") {
            settings::parse(&source, id, self.diagnostics)
        } else if matches!(extension(name), "json" | "yml" | "yaml") {
            parse::parse_part(&source, id, self.diagnostics)
        } else {
            let problem = format!(
                "{} has an ending that says nothing about its content",
                quoted(path)
            );
            let help =
                "use a file in .json, .yml, .yaml, .ini, .env, .js, .ts or .py, or $FileRaw() for its text";
            self.diagnostics
                .directive_failed(at, "File", &problem, Some(help));
            None
        };
        let tree = tree.map(Rc::new);
        self.files.insert(path.to_string(), tree.clone());
        tree
    }

    pub(super) fn raw_file(&mut self, path: &str, at: Span) -> Option<String> {
        let question = Question::Text {
            path: path.to_string(),
        };
        let answer = self.ask(question)?;
        self.text_of_file(answer, "FileRaw", path, at)
    }

    /// A directive of the project's own.
    pub(super) fn custom_call(&mut self, call: &Call, at: Span) -> Result<Spanned<Value>, Stop> {
        let Some(custom) = self.custom.get(&call.name).cloned() else {
            return Ok(self.unknown_directive(&call.name, at));
        };
        let values = match self.values(call, at)? {
            Arguments::Ready(values) => values,
            Arguments::Unclear => return Ok(unknown(at)),
        };
        let mut arguments = Vec::with_capacity(values.len());
        for value in &values {
            match value.to_json() {
                Some(json) => arguments.push(json),
                None => {
                    self.diagnostics
                        .late_in_early(at, &call.name, "what only the deployment knows");
                    return Ok(unknown(at));
                }
            }
        }
        let question = Question::Call {
            path: custom.path,
            handler: custom.handler,
            arguments: serde_json::Value::from(arguments).to_string(),
        };
        self.returned(question, call, &format!("${}()", call.name), at)
    }

    /// What a function returns, directives in it evaluated.
    fn returned(
        &mut self,
        question: Question,
        call: &Call,
        subject: &str,
        at: Span,
    ) -> Result<Spanned<Value>, Stop> {
        let Some(answer) = self.ask(question) else {
            return Ok(unknown(at));
        };
        match self.json_of(answer, &call.name, at) {
            Some(tree) => self.at_path(&tree, &call.path, subject, at),
            None => Ok(unknown(at)),
        }
    }

    /// The text of an answer; tells when it is none.
    pub(super) fn text_of(&mut self, answer: &Answer, directive: &str, at: Span) -> Option<String> {
        match answer {
            Answer::Text(text) => Some(text.clone()),
            Answer::Failed { problem, help } => {
                self.diagnostics
                    .directive_failed(at, directive, problem, help.as_deref());
                None
            }
            _ => None,
        }
    }

    fn text_of_file(&mut self, answer: &Answer, directive: &str, path: &str, at: Span) -> Option<String> {
        if *answer == Answer::Missing {
            let problem = format!("there is no file {}", quoted(path));
            let help = "paths are relative to the folder of the config file";
            self.diagnostics
                .directive_failed(at, directive, &problem, Some(help));
            return None;
        }
        self.text_of(answer, directive, at)
    }

    /// The tree of an answer in JSON, all of it at the place of the call.
    pub(super) fn json_of(&mut self, answer: &Answer, directive: &str, at: Span) -> Option<Spanned<Value>> {
        let Answer::Json(text) = answer else {
            self.text_of(answer, directive, at);
            return None;
        };
        let json: serde_json::Value = serde_json::from_str(text).ok()?;
        Some(of_json(&json, at))
    }
}

/// JSON as a value that was written at one place.
fn of_json(json: &serde_json::Value, at: Span) -> Spanned<Value> {
    use crate::parse::ScalarKind;
    let scalar = |text: String, kind| Value::Scalar(Scalar { text, kind });
    let value = match json {
        serde_json::Value::Null => scalar(String::new(), ScalarKind::Null),
        serde_json::Value::Bool(value) => scalar(value.to_string(), ScalarKind::Boolean),
        serde_json::Value::Number(number) => scalar(number.to_string(), ScalarKind::Number),
        serde_json::Value::String(text) => scalar(text.clone(), ScalarKind::Text),
        serde_json::Value::Array(items) => Value::List(items.iter().map(|item| of_json(item, at)).collect()),
        serde_json::Value::Object(entries) => Value::Mapping(Mapping {
            entries: entries
                .iter()
                .map(|(key, value)| Entry {
                    key: Spanned::new(key.clone(), at),
                    value: of_json(value, at),
                })
                .collect(),
        }),
    };
    Spanned::new(value, at)
}
