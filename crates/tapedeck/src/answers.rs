//! Finds out what a config file asks of its surroundings: files, variables, secrets, git, functions of the user's.
//!
//! Files are read below the root of the project only: the folder with `.git` that the config is in, else the folder of
//! the config itself. What lies elsewhere is none of a config's business, whoever wrote it.

mod git;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tapedeck_config::parse::{MAX_BYTES, MAX_TEXT};
use tapedeck_config::{Answer, PathState, Question, SecretState};
use tapedeck_local::secrets::{GetError, SecretStore};
use tapedeck_model::{Region, SecretName};

use crate::aws::Aws;
use crate::context::Context;
use crate::evaluate::{self, Call, EvaluateError, Surroundings, TIME_LIMIT};
use crate::exit::Failure;
use crate::lookups::Lookups;
use crate::printer::Progress;

/// How many bytes all texts may have that are asked for at once: more than a config may hold.
const MOST_TEXT: usize = 2 * MAX_TEXT;

/// How deep the keys of a secret are looked at.
const DEEPEST_KEY: usize = 16;

/// Where answers are looked for.
pub(crate) struct Answering<'a> {
    pub(crate) context: &'a Context,
    /// The folder that paths start at, absolute and without links.
    pub(crate) folder: &'a Path,
    pub(crate) region: &'a Region,
    /// What AWS would answer, if that was given.
    pub(crate) lookups: Option<&'a Lookups>,
    /// Who is asked for what was not.
    pub(crate) aws: Option<&'a Aws>,
    pub(crate) progress: &'a mut Progress,
}

impl Answering<'_> {
    /// Answers all questions. Functions that are called together run in one process for each language.
    pub(crate) fn answer(&mut self, questions: Vec<Question>) -> Vec<(Question, Answer)> {
        let (calls, others): (Vec<Question>, Vec<Question>) = questions
            .into_iter()
            .partition(|question| matches!(question, Question::Call { .. }));
        let mut left = MOST_TEXT;
        let mut answers: Vec<(Question, Answer)> = others
            .into_iter()
            .map(|question| {
                let answer = within(self.one(&question), &mut left);
                (question, answer)
            })
            .collect();
        answers.extend(self.calls(calls));
        answers
    }

    fn one(&self, question: &Question) -> Answer {
        match question {
            Question::Text { path } => self.text(path),
            Question::Environment { name } => match self.context.variable(name) {
                Some(value) => Answer::Text(value),
                None => Answer::Missing,
            },
            Question::Path { path } => Answer::Path(match fs_err::metadata(self.folder.join(path)) {
                Ok(found) if found.is_dir() => PathState::Folder,
                Ok(_) => PathState::File,
                Err(_) => PathState::Missing,
            }),
            Question::Secret { name } => self.secret(name),
            Question::Git => git::facts(self.folder, &self.context.search_path),
            // Nothing of AWS is used on this machine.
            Question::Vpc { .. } if self.region.is_local() => Answer::Unknowable,
            Question::Vpc { id } => match (self.lookups, self.aws) {
                (Some(lookups), _) => lookups.vpc(id),
                (None, Some(aws)) => aws
                    .network_state(id)
                    .unwrap_or_else(|failure| not_asked(&failure)),
                (None, None) => Answer::Unknowable,
            },
            Question::Account => {
                let known = self.lookups.and_then(Lookups::account);
                self.told(known, "the account of AWS", "account", |aws| {
                    aws.account().map(Some)
                })
            }
            Question::StackOutput { stack, output, .. } => {
                let known = self
                    .lookups
                    .and_then(|lookups| lookups.stack_output(stack, output));
                let subject = format!("the output `{output}` of the stack `{stack}`");
                let lookup = format!("stackOutputs.{stack}.{output}");
                self.told(known, &subject, &lookup, |aws| aws.stack_output(stack, output))
            }
            // These have been taken out before.
            Question::Call { .. } => Answer::Unknowable,
        }
    }

    fn text(&self, path: &str) -> Answer {
        let path = match self.within_project(path) {
            Ok(path) => path,
            Err(answer) => return answer,
        };
        match fs_err::metadata(&path) {
            Ok(found) if found.is_dir() => {
                return failed("it is a folder, not a file", "name a file in it");
            }
            Ok(found) if !found.is_file() => {
                return failed("it is not a file", "name a file with a text in it");
            }
            Ok(found) if found.len() > MAX_BYTES as u64 => {
                let problem = format!(
                    "it has {} bytes, more than the {MAX_BYTES} that are read",
                    found.len()
                );
                return failed(&problem, "take out of it what the config needs");
            }
            _ => {}
        }
        match fs_err::read_to_string(&path) {
            Ok(text) => Answer::Text(text),
            Err(error) if error.kind() == ErrorKind::NotFound => Answer::Missing,
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                failed("it is not a text in UTF-8", "only texts can be used in a config")
            }
            Err(error) => failed(&format!("it cannot be read: {error}"), "see to its permissions"),
        }
    }

    /// The file at a path, links followed, if it is below the root of the project.
    fn within_project(&self, path: &str) -> Result<PathBuf, Answer> {
        let root = self
            .folder
            .ancestors()
            .find(|folder| folder.join(".git").exists())
            .unwrap_or(self.folder);
        let found = match fs_err::canonicalize(self.folder.join(path)) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(Answer::Missing),
            Err(error) => return Err(failed(&format!("it cannot be found: {error}"), "see to its path")),
        };
        if found.starts_with(root) {
            return Ok(found);
        }
        let problem = format!("{path} lies outside of the project");
        let help = format!(
            "a config reads files below {} only: move or copy it there",
            root.display()
        );
        Err(failed(&problem, &help))
    }

    /// What is known of a secret of this machine. Of those elsewhere nothing is.
    fn secret(&self, name: &str) -> Answer {
        let Ok(name) = SecretName::new(name) else {
            return Answer::Unknowable;
        };
        if !self.region.is_local() {
            return match (self.lookups, self.aws) {
                (Some(lookups), _) => lookups.secret(name.as_str()),
                (None, Some(aws)) => aws
                    .secret_state(name.as_str())
                    .unwrap_or_else(|failure| not_asked(&failure)),
                (None, None) => Answer::Unknowable,
            };
        }
        let Ok(store) = SecretStore::open(self.context.home.secrets()) else {
            return Answer::Unknowable;
        };
        match store.get(&name) {
            Ok(secret) => Answer::Secret(SecretState::There {
                keys: keys_of(secret.value.expose()),
            }),
            Err(GetError::Missing { .. }) => {
                let listing = store.list().unwrap_or_default();
                let others = listing
                    .secrets
                    .into_iter()
                    .map(|one| one.description.name.to_string());
                Answer::Secret(SecretState::Missing {
                    others: others.collect(),
                })
            }
            Err(_) => Answer::Unknowable,
        }
    }

    /// What only AWS can tell: as it is known already, or as AWS tells now.
    fn told(
        &self,
        known: Option<&str>,
        subject: &str,
        lookup: &str,
        ask: impl FnOnce(&Aws) -> Result<Option<String>, Failure>,
    ) -> Answer {
        match (known, self.aws) {
            (Some(known), _) => Answer::Text(known.to_string()),
            (None, None) => self.unknown(subject, lookup),
            (None, Some(aws)) => match ask(aws) {
                Ok(Some(text)) => Answer::Text(text),
                Ok(None) => failed(
                    &format!("there is no such thing as {subject}"),
                    "see to its names, and to the region",
                ),
                Err(failure) => not_asked(&failure),
            },
        }
    }

    /// What only AWS can tell, where it is not asked. `lookup` is where it would stand in a file of lookups.
    fn unknown(&self, subject: &str, lookup: &str) -> Answer {
        let problem = match self.lookups {
            Some(_) => format!("{subject} is not among the lookups: `{lookup}` is missing"),
            None => format!("{subject} can be told by AWS only, and this version does not ask it"),
        };
        let help =
            "give a file with it to `tapedeck validate --lookups`, or take the value from $Var() or $Env()";
        failed(&problem, help)
    }

    fn calls(&mut self, questions: Vec<Question>) -> Vec<(Question, Answer)> {
        let mut answers: BTreeMap<Question, Answer> = BTreeMap::new();
        let mut ready: Vec<(Question, PathBuf, Vec<Value>)> = Vec::new();
        for question in questions {
            let Question::Call { path, arguments, .. } = &question else {
                continue;
            };
            match self.within_project(path) {
                Ok(file) => {
                    let arguments = serde_json::from_str(arguments).unwrap_or_default();
                    ready.push((question, file, arguments));
                }
                Err(Answer::Missing) => {
                    let problem = format!("there is no file `{path}`");
                    let help = "paths are relative to the folder of the config file";
                    answers.insert(question, failed(&problem, help));
                }
                Err(answer) => drop(answers.insert(question, answer)),
            }
        }
        if ready.is_empty() {
            return answers.into_iter().collect();
        }
        let calls: Vec<Call<'_>> = ready
            .iter()
            .map(|(question, file, arguments)| Call {
                file,
                handler: match question {
                    Question::Call { handler, .. } => handler.as_deref(),
                    _ => None,
                },
                arguments,
            })
            .collect();
        let results = {
            let cache = self.context.home.build_cache();
            let stderr = std::io::stderr();
            let mut surroundings = Surroundings {
                folder: self.folder,
                search_path: &self.context.search_path,
                environment: &self.context.environment,
                cache_directory: &cache,
                output: stderr.as_fd(),
                time_limit: TIME_LIMIT,
                progress: self.progress,
            };
            evaluate::call_functions(&mut surroundings, &calls)
        };
        for ((question, ..), result) in ready.into_iter().zip(results) {
            answers.insert(
                question,
                result.map_or_else(|error| failure_of(&error), |json| Answer::Json(json.to_string())),
            );
        }
        answers.into_iter().collect()
    }
}

/// An answer, unless it is one text too many.
fn within(answer: Answer, left: &mut usize) -> Answer {
    let Answer::Text(text) = &answer else {
        return answer;
    };
    match left.checked_sub(text.len()) {
        Some(rest) => {
            *left = rest;
            answer
        }
        None => failed(
            "the texts that the config asks for are too large together",
            "ask for fewer files, or for smaller ones",
        ),
    }
}

fn failed(problem: &str, help: &str) -> Answer {
    Answer::Failed {
        problem: problem.to_string(),
        help: Some(help.to_string()),
    }
}

/// The answer when AWS could not be asked.
fn not_asked(failure: &Failure) -> Answer {
    Answer::Failed {
        problem: format!("{:#}", failure.error),
        help: failure.help.clone(),
    }
}

fn failure_of(error: &EvaluateError) -> Answer {
    let mut problem = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        problem.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    Answer::Failed {
        problem,
        help: error.help(),
    }
}

/// The keys of a secret in JSON, those within it with dots between; none when it is a plain text.
fn keys_of(text: &str) -> Option<Vec<String>> {
    let json: Value = serde_json::from_str(text).ok()?;
    if !json.is_object() && !json.is_array() {
        return None;
    }
    let mut keys = Vec::new();
    collect_keys(&json, "", DEEPEST_KEY, &mut keys);
    Some(keys)
}

fn collect_keys(json: &Value, prefix: &str, depth: usize, keys: &mut Vec<String>) {
    let mut inner: Vec<(String, &Value)> = match json {
        Value::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => return,
    };
    if depth == 0 {
        return;
    }
    for (key, _) in &mut inner {
        key.insert_str(0, prefix);
    }
    keys.extend(inner.iter().map(|(key, _)| key.clone()));
    for (key, value) in inner {
        collect_keys(value, &format!("{key}."), depth - 1, keys);
    }
}

#[cfg(test)]
mod tests;
