//! What a config file asks of its surroundings, and what they answered.
//!
//! [`crate::load`] reads nothing but its arguments. What it would have to read it asks for; whoever called it finds the
//! answers and loads again, until nothing is asked any more.

use std::collections::BTreeMap;

/// Something outside of the file that its meaning depends on. Paths are as they were written, relative to the folder of
/// the config file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// The text of a file.
    Text {
        /// Its path.
        path: String,
    },
    /// What a function in a file of code returns.
    Call {
        /// The file.
        path: String,
        /// The function; the default one when there is none.
        handler: Option<String>,
        /// The arguments, as a list of JSON.
        arguments: String,
    },
    /// What git knows of the folder, as a JSON object of `commit`, `branch`, `username`, `gitUrl` and
    /// `hasUncommitedChanges`.
    Git,
    /// A variable of the environment.
    Environment {
        /// Its name.
        name: String,
    },
    /// What is at a path.
    Path {
        /// The path.
        path: String,
    },
    /// Whether there is a secret, and what is in it.
    Secret {
        /// Its name.
        name: String,
    },
    /// The AWS account.
    Account,
    /// A VPC that is there already.
    Vpc {
        /// Its id.
        id: String,
    },
    /// An output of a deployed stack.
    StackOutput {
        /// The stack.
        stack: String,
        /// The output.
        output: String,
        /// The region, if it was given.
        region: Option<String>,
    },
}

/// An answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A text.
    Text(String),
    /// JSON, as text.
    Json(String),
    /// What is at a path.
    Path(PathState),
    /// What is known of a secret.
    Secret(SecretState),
    /// What is known of a VPC.
    Vpc(VpcState),
    /// There is no such thing.
    Missing,
    /// It cannot be told here. The question counts as asked, and nothing is judged by it.
    Unknowable,
    /// It could not be found out.
    Failed {
        /// What failed and why, such as `it throws: kaput`.
        problem: String,
        /// What to do about it.
        help: Option<String>,
    },
}

/// What is known of a VPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VpcState {
    /// Its block of addresses, such as `10.20.0.0/16`.
    pub cidr_block: String,
    /// How many of its subnets have a way to the internet.
    pub public_subnets: usize,
    /// How many have none.
    pub private_subnets: usize,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathState {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// Nothing.
    Missing,
}

/// What is known of a secret. Never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretState {
    /// It is a text, or a JSON object with these keys, those within it with dots between.
    There {
        /// The keys; none when it is a text.
        keys: Option<Vec<String>>,
    },
    /// There is none of this name. With the names that there are.
    Missing {
        /// Names of other secrets.
        others: Vec<String>,
    },
}

/// Answers to questions that were asked before.
#[derive(Debug, Clone, Default)]
pub struct Answers(BTreeMap<Question, Answer>);

impl Answers {
    /// No answers yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The answer to a question, if it was asked before.
    #[must_use]
    pub fn get(&self, question: &Question) -> Option<&Answer> {
        self.0.get(question)
    }

    /// Takes an answer.
    pub fn insert(&mut self, question: Question, answer: Answer) {
        self.0.insert(question, answer);
    }
}
