//! Directives that need an answer from outside: files, functions, and what comes back from them.

use std::rc::Rc;

use tapedeck_diagnostic::{Source, Span, Spanned, quoted};

use super::arguments::Arguments;
use super::{Answer, Expander, Question, settings, unknown};
use crate::directive::{CODE_EXTENSIONS, Call, extension, with_handler};
use crate::parse::{self, Entry, MAX_BYTES, Mapping, Scalar, Stop, Value};

/// How many files may be named, each by one path. Whoever answers has to read them all.
const MOST_FILES: usize = 1_000;

/// How many bytes files of data may have together.
const MOST_READ: usize = 4 * MAX_BYTES;

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
        let Some(tree) = self.data_file(path, at)? else {
            return Ok(unknown(at));
        };
        self.at_path(&tree, &call.path, &subject, at)
    }

    /// The tree of a file of data, read once.
    fn data_file(&mut self, path: &str, at: Span) -> Result<Option<Rc<Spanned<Value>>>, Stop> {
        if let Some(known) = self.files.get(path) {
            return Ok(known.clone());
        }
        let Some(text) = self.text_of_file("File", path, at)? else {
            return Ok(None);
        };
        // The same file may be read under many names.
        self.read += text.len();
        if self.read > MOST_READ {
            let excess =
                format!("the files that it takes values from have more than {MOST_READ} bytes together");
            return Err(self.excess(at, &excess));
        }
        let tree = self.data(path, text, at).map(Rc::new);
        self.files.insert(path.to_string(), tree.clone());
        Ok(tree)
    }

    /// The text of a file of data as a tree, by the ending of the path.
    fn data(&mut self, path: &str, text: String, at: Span) -> Option<Spanned<Value>> {
        let source = Source::new(path, text);
        let id = self.sources.add(source.clone());
        let name = path.rsplit('/').next().unwrap_or_default();
        if name.starts_with(".env") || matches!(extension(name), "env" | "ini") {
            return settings::parse(&source, id, self.diagnostics);
        }
        if matches!(extension(name), "json" | "yml" | "yaml") {
            return parse::parse_part(&source, id, self.diagnostics);
        }
        let problem = format!(
            "{} has an ending that says nothing about its content",
            quoted(path)
        );
        let help =
            "use a file in .json, .yml, .yaml, .ini, .env, .js, .ts or .py, or $FileRaw() for its text";
        self.diagnostics
            .directive_failed(at, "File", &problem, Some(help));
        None
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
        match self.json(question, &call.name, at) {
            Some(json) => self.at_path_of_json(&json, &call.path, subject, at),
            None => Ok(unknown(at)),
        }
    }

    /// The text of an answer; tells when it is none.
    pub(super) fn text_of(&mut self, answer: &Answer, directive: &str, at: Span) -> Option<String> {
        match answer {
            Answer::Text(text) if text.contains('\0') => {
                let problem = "there is a NUL character in it, which no process can be given";
                let help = "leave it out: only texts can be used in a config";
                self.diagnostics
                    .directive_failed(at, directive, problem, Some(help));
                None
            }
            Answer::Text(text) => Some(text.clone()),
            Answer::Failed { problem, help } => {
                self.diagnostics
                    .directive_failed(at, directive, problem, help.as_deref());
                None
            }
            _ => None,
        }
    }

    /// The text of a file.
    pub(super) fn text_of_file(
        &mut self,
        directive: &str,
        path: &str,
        at: Span,
    ) -> Result<Option<String>, Stop> {
        if self.named.insert(path.to_string()) && self.named.len() > MOST_FILES {
            let excess = format!("it takes texts from more than {MOST_FILES} files");
            return Err(self.excess(at, &excess));
        }
        let question = Question::Text {
            path: path.to_string(),
        };
        let Some(answer) = self.ask(question) else {
            return Ok(None);
        };
        if *answer == Answer::Missing {
            let problem = format!("there is no file {}", quoted(path));
            let help = "paths are relative to the folder of the config file";
            self.diagnostics
                .directive_failed(at, directive, &problem, Some(help));
            return Ok(None);
        }
        Ok(self.text_of(answer, directive, at))
    }

    /// The answer to a question that is answered with JSON, read once.
    pub(super) fn json(
        &mut self,
        question: Question,
        directive: &str,
        at: Span,
    ) -> Option<Rc<serde_json::Value>> {
        if let Some(known) = self.results.get(&question) {
            return Some(known.clone());
        }
        let answer = self.ask(question.clone())?;
        let Answer::Json(text) = answer else {
            self.text_of(answer, directive, at);
            return None;
        };
        match json_of(text) {
            Ok(json) => {
                let json = Rc::new(json);
                self.results.insert(question, json.clone());
                Some(json)
            }
            Err(problem) => {
                let help = "let it give less, or take a part of it";
                self.diagnostics
                    .directive_failed(at, directive, &problem, Some(help));
                None
            }
        }
    }
}

/// JSON out of its text. The error says why it is of no use.
fn json_of(text: &str) -> Result<serde_json::Value, String> {
    if text.len() > MAX_BYTES {
        return Err(format!(
            "what it gives has {} bytes as JSON, more than the {MAX_BYTES} that are read",
            text.len()
        ));
    }
    let json =
        serde_json::from_str(text).map_err(|error| format!("what it gives cannot be read: {error}"))?;
    if has_nul(&json) {
        return Err("what it gives has a NUL character in it, which no process can be given".to_string());
    }
    Ok(json)
}

fn has_nul(json: &serde_json::Value) -> bool {
    match json {
        serde_json::Value::String(text) => text.contains('\0'),
        serde_json::Value::Array(items) => items.iter().any(has_nul),
        serde_json::Value::Object(entries) => entries
            .iter()
            .any(|(key, value)| key.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// JSON as a value that was written at one place.
pub(super) fn of_json(json: &serde_json::Value, at: Span) -> Spanned<Value> {
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
