//! Loading a text with surroundings that the test makes up: files, variables, secrets, results of functions.

use std::collections::BTreeMap;

use tapedeck_config::{Answer, Answers, LoadOptions, Loaded, PathState, Question, SecretState, VpcState};
use tapedeck_diagnostic::{Diagnostics, Source, Sources};
use tapedeck_model::{Region, Stack, StageName};

use crate::load;

/// What surrounds a config file in a test. Every path that a config names is there unless it is listed as missing.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    pub(super) options: LoadOptions,
    /// Files by path.
    pub(super) files: BTreeMap<String, String>,
    /// Paths at which there is nothing, or a folder.
    pub(super) paths: BTreeMap<String, PathState>,
    /// Variables of the environment.
    pub(super) environment: BTreeMap<String, String>,
    /// Secrets, and the keys of those that are JSON.
    pub(super) secrets: BTreeMap<String, Option<Vec<String>>>,
    /// VPCs by their ids.
    pub(super) vpcs: BTreeMap<String, VpcState>,
    /// Outputs of stacks by `stack.output`.
    pub(super) outputs: BTreeMap<String, String>,
    /// What functions return: by `path:handler`, JSON or `!` and a problem.
    pub(super) functions: BTreeMap<String, String>,
}

/// How many times a file may ask before a test gives up.
const MOST_ROUNDS: usize = 50;

impl Default for Stage {
    fn default() -> Self {
        Self {
            options: options(),
            files: BTreeMap::new(),
            paths: BTreeMap::new(),
            environment: BTreeMap::new(),
            secrets: BTreeMap::new(),
            vpcs: BTreeMap::new(),
            outputs: BTreeMap::new(),
            functions: BTreeMap::new(),
        }
    }
}

impl Stage {
    /// Loads a text under the name `stacktape.yml`, answering what it asks.
    pub(super) fn load(&self, text: &str) -> Loaded {
        let source = Source::new("stacktape.yml", text);
        let mut answers = Answers::new();
        for _ in 0..MOST_ROUNDS {
            let loaded = load(&source, &self.options, &answers);
            if loaded.questions.is_empty() {
                return loaded;
            }
            for question in loaded.questions {
                let answer = self.answer(&question);
                answers.insert(question, answer);
            }
        }
        panic!("the file asks for ever");
    }

    pub(super) fn answer(&self, question: &Question) -> Answer {
        let text = |text: Option<&String>| text.map_or(Answer::Missing, |text| Answer::Text(text.clone()));
        match question {
            Question::Text { path } => text(self.files.get(path)),
            Question::Environment { name } => text(self.environment.get(name)),
            Question::Path { path } => match self.paths.get(path) {
                Some(state) => Answer::Path(*state),
                None => Answer::Unknowable,
            },
            Question::Secret { name } => Answer::Secret(match self.secrets.get(name) {
                Some(keys) => SecretState::There { keys: keys.clone() },
                None => SecretState::Missing {
                    others: self.secrets.keys().cloned().collect(),
                },
            }),
            Question::Git => Answer::Json(
                r#"{"commit": "abc1234", "branch": "main", "username": "ada", "gitUrl": "", "hasUncommitedChanges": false}"#
                    .to_string(),
            ),
            Question::Vpc { id } => match self.vpcs.get(id) {
                Some(state) => Answer::Vpc(state.clone()),
                None => Answer::Missing,
            },
            Question::Account => Answer::Text("123456789012".to_string()),
            Question::StackOutput { stack, output, .. } => match self.outputs.get(&format!("{stack}.{output}")) {
                Some(value) => Answer::Text(value.clone()),
                None => Answer::Failed {
                    problem: format!("the stack `{stack}` has no output `{output}`"),
                    help: None,
                },
            },
            Question::Call {
                path,
                handler,
                arguments,
            } => self.returned(path, handler.as_deref(), arguments),
        }
    }

    fn returned(&self, path: &str, handler: Option<&str>, arguments: &str) -> Answer {
        let key = handler.map_or(path.to_string(), |handler| format!("{path}:{handler}"));
        match self.functions.get(&key) {
            Some(result) => match result.strip_prefix('!') {
                Some(problem) => Answer::Failed {
                    problem: problem.trim().to_string(),
                    help: None,
                },
                None => Answer::Json(result.replace("ARGUMENTS", arguments)),
            },
            None => Answer::Failed {
                problem: format!("there is no file `{path}`"),
                help: None,
            },
        }
    }
}

/// Options as for a file in the folder `demo`, stage `dev`, region `local`, no flag.
pub(super) fn options() -> LoadOptions {
    LoadOptions {
        project_name: None,
        fallback_project_name: Some("demo".to_string()),
        stage: StageName::new("dev").unwrap(),
        region: Region::local(),
        profile: None,
        command_line: BTreeMap::new(),
        is_deployment: false,
    }
}

/// Loads a text in surroundings in which every path is there and nothing else.
pub(super) fn loaded(text: &str) -> (Option<Stack>, Diagnostics, Sources) {
    let loaded = Stage::default().load(text);
    (loaded.stack, loaded.diagnostics, loaded.sources)
}
