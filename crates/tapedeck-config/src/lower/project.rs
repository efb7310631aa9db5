//! The name of the project: from the command line, the file or the folder.

use tapedeck_diagnostic::{Diagnostics, Span, Spanned, quoted};
use tapedeck_model::ProjectName;

use crate::LoadOptions;
use crate::parse::{Mapping, Value};

/// The keys that may name the project; the first that is there counts.
const KEYS: [&str; 2] = ["projectName", "serviceName"];

/// The longest project name that is made of a folder's name, in characters.
const LONGEST: usize = 48;

/// The name, or a finding about why there is none. A wrong name in the file is one even if another goes before it.
pub(super) fn name(
    root: &Mapping,
    at: Span,
    options: &LoadOptions,
    diagnostics: &mut Diagnostics,
) -> Option<ProjectName> {
    let written = KEYS.iter().find_map(|key| root.get(key));
    let from_file = written.map(|value| of_file(value, diagnostics));
    match (&options.project_name, from_file) {
        (Some(given), _) => Some(given.clone()),
        (None, Some(from_file)) => from_file,
        (None, None) => of_folder(at, options, diagnostics),
    }
}

fn of_file(value: &Spanned<Value>, diagnostics: &mut Diagnostics) -> Option<ProjectName> {
    let text = value.value.as_text().filter(|text| !text.is_empty())?;
    match ProjectName::new(text) {
        Ok(name) => Some(name),
        Err(_) => {
            let better = normalised(text);
            let better = better.as_ref().map(ProjectName::as_str);
            let name = Spanned::new(text.to_string(), value.span);
            diagnostics.invalid_name(&name, "project name", ProjectName::RULE, better);
            None
        }
    }
}

fn of_folder(at: Span, options: &LoadOptions, diagnostics: &mut Diagnostics) -> Option<ProjectName> {
    let folder = options.fallback_project_name.as_deref().unwrap_or_default();
    let name = normalised(folder);
    if name.is_none() {
        let meaning = match folder {
            "" => "a name for the project".to_string(),
            _ => format!(
                "a name for the project, as none can be made of the folder's name {}",
                quoted(folder)
            ),
        };
        diagnostics.missing_key(at.start_point(), "the file", KEYS[0], &meaning);
    }
    name
}

/// A text as a project name: lower-case, everything but letters and digits to single hyphens, none at the ends.
fn normalised(text: &str) -> Option<ProjectName> {
    let lower = text.to_lowercase();
    let words = lower
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-");
    let short = joined.get(..LONGEST).unwrap_or(&joined);
    ProjectName::new(short.trim_end_matches('-')).ok()
}
