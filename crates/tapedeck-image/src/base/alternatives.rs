//! Links that packages ask for when they are installed, because several packages may bring the same program or library.
//!
//! Maintainer scripts are not run: they may be for another processor, and they would run as root. Of their work, the
//! calls of `update-alternatives` that are written out in full are read and done. Others, put together by a loop or
//! from variables, are not seen.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::rootfs::place;

/// A link that a package offers, placed as in an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alternative {
    /// Where the link is to be.
    pub(super) link: PathBuf,
    /// What it leads to, absolute.
    pub(super) target: PathBuf,
    /// The highest wins.
    priority: i64,
}

/// What a script that runs after installing asks for.
pub(super) fn of_script(script: &str) -> Vec<Alternative> {
    let joined = script.replace("\\\n", " ");
    let calls = joined
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_once("update-alternatives"));
    calls.flat_map(|(_, arguments)| of_call(arguments)).collect()
}

fn of_call(arguments: &str) -> Vec<Alternative> {
    let words: Vec<&str> = arguments
        .split_whitespace()
        .map(|word| word.trim_matches(['"', '\'']))
        .collect();
    let install = words.windows(5).find(|words| words[0] == "--install");
    let Some(priority) = install.and_then(|words| words[4].trim_end_matches(';').parse().ok()) else {
        return Vec::new();
    };
    words
        .windows(4)
        .filter(|words| matches!(words[0], "--install" | "--slave"))
        .filter_map(|words| alternative(words[1], words[3], priority))
        .collect()
}

fn alternative(link: &str, target: &str, priority: i64) -> Option<Alternative> {
    let is_plain = |path: &str| path.starts_with('/') && !path.contains(['$', '`', '*']);
    if !is_plain(link) || !is_plain(target) {
        return None;
    }
    Some(Alternative {
        link: place(link.as_bytes())?,
        target: target.trim_end_matches(';').into(),
        priority,
    })
}

/// The link to make for each place: the one of the highest priority, the first of equals.
pub(super) fn best(alternatives: impl IntoIterator<Item = Alternative>) -> BTreeMap<PathBuf, PathBuf> {
    let mut best: BTreeMap<PathBuf, Alternative> = BTreeMap::new();
    for alternative in alternatives {
        let taken = best
            .get(&alternative.link)
            .is_some_and(|found| found.priority >= alternative.priority);
        if !taken {
            best.insert(alternative.link.clone(), alternative);
        }
    }
    best.into_iter()
        .map(|(link, alternative)| (link, alternative.target))
        .collect()
}
