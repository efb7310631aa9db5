//! Java: classes with `public static void main` in projects of Maven or Gradle.

use super::{folder_name, manifest_shown, nearest};
use crate::init::candidate::{Candidate, Language, Strength};
use crate::init::path::{extension, is_below, join};
use crate::init::seen::Seen;

const MANIFESTS: [&str; 3] = ["pom.xml", "build.gradle", "build.gradle.kts"];

/// What can be run.
pub(super) fn candidates(seen: &Seen) -> Vec<Candidate> {
    let programs = seen
        .texts
        .iter()
        .filter(|(path, text)| extension(path) == "java" && has_main(text));
    programs
        .filter_map(|(path, text)| candidate(seen, path, text))
        .collect()
}

/// The project that a file belongs to.
pub(super) fn owner(seen: &Seen, file: &str) -> Option<String> {
    nearest(seen, file, &MANIFESTS)
}

/// The name of a project.
pub(super) fn name(seen: &Seen, folder: &str) -> Option<String> {
    let pom = seen.text(&join(folder, "pom.xml"));
    // The parent is named before the project itself.
    let own = pom.split_once("</parent>").map_or(pom, |(_, own)| own);
    let gradle = || {
        ["settings.gradle", "settings.gradle.kts"]
            .iter()
            .find_map(|file| {
                let text = seen.text(&join(folder, file));
                let line = text
                    .lines()
                    .find(|line| line.trim_start().starts_with("rootProject.name"))?;
                quoted(line)
            })
    };
    element(own, "artifactId")
        .or_else(gradle)
        .or_else(|| folder_name(folder))
}

fn candidate(seen: &Seen, path: &str, text: &str) -> Option<Candidate> {
    let folder = owner(seen, path)?;
    let declared = MANIFESTS.iter().find(|manifest| {
        let class = main_class(seen.text(&join(&folder, manifest)));
        class.is_some_and(|class| is_below(path, &folder) && is_class(path, &class))
    });
    let (strength, why) = match declared {
        Some(manifest) => {
            let shown = manifest_shown(&folder, manifest);
            (Strength::Named(0), format!("the main class of {shown}"))
        }
        None if text.contains("@SpringBootApplication") => {
            (Strength::Usual(0), "a Spring Boot application".to_string())
        }
        None => (
            Strength::Startable(0),
            "with `public static void main`".to_string(),
        ),
    };
    let mut candidate = Candidate::of_file(path.to_string(), Language::Java, strength, why);
    candidate.name = name(seen, &folder);
    candidate.folder = folder;
    Some(candidate)
}

fn has_main(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let words = words.join(" ").replace(" (", "(");
    words.contains("public static void main(") || words.contains("static public void main(")
}

/// The class that a build file names as the main one.
fn main_class(text: &str) -> Option<String> {
    let of_maven = || element(text, "mainClass").or_else(|| element(text, "start-class"));
    let of_gradle = || {
        let line = text.lines().find(|line| line.contains("mainClass"))?;
        quoted(line)
    };
    of_maven()
        .or_else(of_gradle)
        .filter(|class| !class.contains(['$', '<', ' ']))
}

/// Whether a file is that of a class with all its packages.
fn is_class(path: &str, class: &str) -> bool {
    let file = format!("{}.java", class.replace('.', "/"));
    path == file || path.ends_with(&format!("/{file}"))
}

/// What is in the first element of this name.
fn element(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inside, _) = rest.split_once('<')?;
    Some(inside.trim().to_string()).filter(|inside| !inside.is_empty())
}

/// The first text between quotes.
fn quoted(line: &str) -> Option<String> {
    let start = line.find(['"', '\''])?;
    let quote = line[start..].chars().next()?;
    let inside = line[start + 1..].split(quote).next()?;
    Some(inside.to_string()).filter(|inside| !inside.is_empty())
}
