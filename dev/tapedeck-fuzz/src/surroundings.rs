//! What surrounds a config, read from the same input as the config.

use std::collections::BTreeMap;

use tapedeck_config::{Answer, LoadOptions, PathState, Question, SecretState};
use tapedeck_model::{Region, StageName};

/// What begins the line before a part of the surroundings.
const MARK: &str = "%%% ";

/// Answers to whatever a config asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    pub(crate) files: BTreeMap<String, String>,
    /// What functions return, by `path:handler`, as JSON.
    pub(crate) functions: BTreeMap<String, String>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) options: BTreeMap<String, String>,
    /// Secrets, each with its keys, one a line.
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) region: Option<Region>,
}

impl Surroundings {
    /// The config and its surroundings.
    pub(crate) fn split(text: &str) -> (&str, Self) {
        let mut surroundings = Self::default();
        let mut parts = text.split(MARK);
        let config = parts.next().unwrap_or_default();
        for part in parts {
            let (head, content) = part.split_once('\n').unwrap_or((part, ""));
            let (kind, name) = head.split_once(' ').unwrap_or((head, ""));
            surroundings.add(kind, name, content);
        }
        (config, surroundings)
    }

    fn add(&mut self, kind: &str, name: &str, content: &str) {
        let (name, line) = (
            name.to_string(),
            content.strip_suffix('\n').unwrap_or(content).to_string(),
        );
        match kind {
            "file" => drop(self.files.insert(name, content.to_string())),
            "function" => drop(self.functions.insert(name, line)),
            "variable" => drop(self.variables.insert(name, line)),
            "option" => drop(self.options.insert(name, line)),
            "secret" => drop(self.secrets.insert(name, line)),
            "region" => self.region = Region::new(name).ok(),
            _ => {}
        }
    }

    /// The options to load with.
    pub(crate) fn load_options(&self) -> LoadOptions {
        LoadOptions {
            project_name: None,
            fallback_project_name: Some("demo".to_string()),
            stage: StageName::new("dev").expect("a name that is right"),
            region: self.region.clone().unwrap_or_else(Region::local),
            profile: self.options.get("profile").cloned(),
            command_line: self.options.clone(),
            is_deployment: self.options.contains_key("deploy"),
        }
    }

    /// The answer to a question, always the same one.
    pub(crate) fn answer(&self, question: &Question) -> Answer {
        let text = |found: Option<&String>| found.map_or(Answer::Missing, |text| Answer::Text(text.clone()));
        match question {
            Question::Text { path } => text(some_of(&self.files, path)),
            Question::Environment { name } => text(some_of(&self.variables, name)),
            Question::Path { path } => match path.len() % 8 {
                0 => Answer::Path(PathState::Missing),
                1 => Answer::Path(PathState::Folder),
                2 => Answer::Unknowable,
                _ => Answer::Path(PathState::File),
            },
            Question::Secret { name } => Answer::Secret(match self.secrets.get(name) {
                Some(keys) => SecretState::There {
                    keys: (!keys.is_empty()).then(|| keys.lines().map(str::to_string).collect()),
                },
                None => SecretState::Missing {
                    others: self.secrets.keys().cloned().collect(),
                },
            }),
            Question::Git => match self.variables.get("git") {
                Some(facts) => Answer::Json(facts.clone()),
                None => Answer::Json(r#"{"commit": "abc1234", "branch": "main"}"#.to_string()),
            },
            Question::Account => text(self.variables.get("account")),
            Question::Vpc { .. } => Answer::Unknowable,
            Question::StackOutput { output, .. } => match self.variables.get(output) {
                Some(value) => Answer::Text(value.clone()),
                None => failed(output),
            },
            Question::Call { path, handler, .. } => {
                let name = format!("{path}:{}", handler.as_deref().unwrap_or_default());
                some_of(&self.functions, &name)
                    .map_or_else(|| failed(path), |json| Answer::Json(json.clone()))
            }
        }
    }
}

/// The entry of a name; for one that is not there, any, so that a changed name still leads somewhere.
fn some_of<'a>(entries: &'a BTreeMap<String, String>, name: &str) -> Option<&'a String> {
    let any = || entries.values().nth(name.len() % (entries.len() + 1));
    entries.get(name).or_else(any)
}

fn failed(what: &str) -> Answer {
    Answer::Failed {
        problem: format!("there is no {what}"),
        help: None,
    }
}
