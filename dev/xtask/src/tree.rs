//! The tree as the rules see it: every text file that git would take, and the tokens of Rust files.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A text file.
#[derive(Debug)]
pub(crate) struct File {
    /// Path from the root of the repository, with slashes.
    pub(crate) path: String,
    /// Its content.
    pub(crate) text: String,
}

/// All text files of a checkout.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The folder of the checkout.
    pub(crate) root: PathBuf,
    /// Sorted by path.
    pub(crate) files: Vec<File>,
}

/// The checkout that this program was built in.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors()
        .nth(2)
        .expect("this crate is at dev/xtask")
        .to_path_buf()
}

impl Tree {
    /// Reads a checkout, without what `.gitignore` names. Files that are not UTF-8 are left out.
    ///
    /// # Errors
    /// When a folder or file cannot be read.
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut walk = ignore::WalkBuilder::new(root);
        walk.hidden(false)
            .parents(false)
            .git_global(false)
            .git_exclude(false)
            .require_git(false);
        walk.filter_entry(|entry| entry.file_name() != ".git");
        let mut files = Vec::new();
        for entry in walk.build() {
            let entry = entry.context("could not list the files of the repository")?;
            if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                continue;
            }
            let path = entry
                .path()
                .strip_prefix(root)
                .expect("the walk starts at the root");
            if let Ok(text) = String::from_utf8(fs_err::read(entry.path())?) {
                files.push(File {
                    path: path.to_string_lossy().into_owned(),
                    text,
                });
            }
        }
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(Self {
            root: root.to_path_buf(),
            files,
        })
    }

    /// The file at a path, if there is one.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

impl File {
    /// Whether this is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether this is test code: `tests.rs`, or in a folder `tests`.
    pub(crate) fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// The first line, counted from 1, that a predicate holds for; 1 when there is none.
    pub(crate) fn line_where(&self, wanted: impl Fn(&str) -> bool) -> usize {
        self.text.lines().position(wanted).map_or(1, |index| index + 1)
    }
}

/// One token of Rust: a word, a sign, a literal, or one side of a pair of brackets.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// Line, counted from 1.
    pub(crate) line: usize,
}

/// The tokens of a Rust file, without comments. None when it cannot be taken apart; the compiler says why then.
pub(crate) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut out = Vec::new();
    flatten(TokenStream::from_str(text).ok()?, &mut out);
    Some(out)
}

fn flatten(stream: TokenStream, out: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        let TokenTree::Group(group) = tree else {
            out.push(Token {
                text: tree.to_string(),
                line,
            });
            continue;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        out.push(Token {
            text: open.to_string(),
            line,
        });
        flatten(group.stream(), out);
        out.push(Token {
            text: close.to_string(),
            line: group.span_close().start().line,
        });
    }
}
