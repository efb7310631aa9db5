//! The config that is about to be written, held against the rules that `tapedeck validate` has.

use tapedeck_config::{Answers, LoadOptions};
use tapedeck_diagnostic::{Rule, Severity, Source};
use tapedeck_model::{ProjectName, Region, StageName};

use super::candidate::Candidate;
use super::decide::Draft;
use crate::exit::{ExitKind, Failure, OrFail};

/// The name of a project when neither its folder nor its package gives one.
const FALLBACK_PROJECT: &str = "my-project";

/// What the rules say of a config.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    /// Whether there is something in it that this version cannot act on yet.
    pub(crate) is_unsupported: bool,
    /// What they warn of.
    pub(crate) warnings: Vec<String>,
}

/// The name that the project will have. If its folder has none that will do, the draft gets one.
///
/// # Errors
/// When the name that is left is none either, which cannot be.
pub(crate) fn complete(draft: &mut Draft, chosen: &Candidate, folder: &str) -> Result<ProjectName, Failure> {
    if let Some(given) = &draft.project {
        return Ok(given.clone());
    }
    if let Some(name) = project_of(folder)? {
        return Ok(name);
    }
    let of_package = project_of(chosen.name.as_deref().unwrap_or_default())?;
    let name = match of_package {
        Some(name) => name,
        None => ProjectName::new(FALLBACK_PROJECT).or_fail(ExitKind::Internal)?,
    };
    draft.project = Some(name.clone());
    Ok(name)
}

/// What the rules say of a config in YAML. `folder` is the name of the project's folder.
///
/// # Errors
/// When it is wrong.
pub(crate) fn judge(config: &str, folder: &str) -> Result<Judged, Failure> {
    let source = Source::new("stacktape.yml", config);
    let found = tapedeck_resources::load(&source, &options(folder)?, &Answers::new()).diagnostics;
    let is_unsupported = |rule| matches!(rule, Rule::NotSupportedYet | Rule::NotRunHereYet);
    let mut warnings = Vec::new();
    for finding in found.iter().filter(|finding| !is_unsupported(finding.rule)) {
        if finding.severity == Severity::Error {
            let failure = Failure::usage(format!("the config would be wrong: {}", finding.message));
            return Err(match &finding.help {
                Some(help) => failure.help(help),
                None => failure.help("nothing was written; choose another entry file or name"),
            });
        }
        warnings.push(match &finding.help {
            Some(help) => format!("{}; {help}", finding.message),
            None => finding.message.clone(),
        });
    }
    Ok(Judged {
        is_unsupported: found.iter().any(|finding| is_unsupported(finding.rule)),
        warnings,
    })
}

/// The name that a project gets from its folder.
fn project_of(folder: &str) -> Result<Option<ProjectName>, Failure> {
    let source = Source::new("stacktape.yml", "resources: {}");
    Ok(tapedeck_config::project_name(&source, &options(folder)?))
}

fn options(folder: &str) -> Result<LoadOptions, Failure> {
    Ok(LoadOptions {
        project_name: None,
        fallback_project_name: Some(folder.to_string()),
        stage: StageName::new("dev").or_fail(ExitKind::Internal)?,
        region: Region::local(),
        profile: None,
        command_line: std::collections::BTreeMap::new(),
        is_deployment: false,
    })
}
