//! What the commands about secrets share: which secret, in which store, and whose turn it is after a failure.

use tapedeck_local::secrets::{
    DeleteError, EntryError, GetError, ListError, OpenError, ResolveError, SecretStore, SecretSummary,
    SetError,
};
use tapedeck_model::SecretName;

use crate::args::SecretArgs;
use crate::context::Context;
use crate::exit::{ExitKind, Failure};
use crate::printer::{BOLD, DIM, RESET};
use crate::text::instant;

/// Keys that are shown of each secret in a list.
const SHOWN_KEYS: usize = 8;

/// Digits of a version that are enough for people.
const SHORT_VERSION: usize = 8;

/// The secret that a command is about.
///
/// # Errors
/// When the name is none.
pub(crate) fn name_of(args: &SecretArgs) -> Result<SecretName, Failure> {
    let text = args
        .name
        .as_ref()
        .or(args.secret_name.as_ref())
        .ok_or_else(|| Failure::usage("no name of a secret was given").help("give --secretName NAME"))?;
    SecretName::new(text).map_err(|error| {
        let failure = Failure::new(ExitKind::Usage, error);
        if text.contains('.') {
            return failure.help(
                "the dot separates keys: `tapedeck secret:get NAME --key KEY` gets one, `$Secret('NAME.KEY')` uses it",
            );
        }
        failure
    })
}

/// The store of this machine.
///
/// # Errors
/// When it may not be looked at.
pub(crate) fn open(context: &Context) -> Result<SecretStore, Failure> {
    SecretStore::open(context.home.secrets()).map_err(could_not_open)
}

/// The failure of looking at a store.
pub(crate) fn could_not_open(error: OpenError) -> Failure {
    let help = error.way_out();
    Failure::new(ExitKind::Environment, error).help(help)
}

/// The failure of reading a secret, or a key of it.
pub(crate) fn could_not_get(error: impl Into<ResolveError>) -> Failure {
    let error = error.into();
    let help = error.way_out();
    let kind = match &error {
        ResolveError::Get(GetError::Missing { .. }) | ResolveError::Pick { .. } => ExitKind::Operation,
        ResolveError::Get(GetError::Entry(entry)) => kind_of(entry),
    };
    Failure::new(kind, error).help(help)
}

/// The failure of setting a secret.
pub(crate) fn could_not_set(error: SetError) -> Failure {
    let help = error.way_out();
    let kind = match &error {
        SetError::Exists { .. } => ExitKind::Usage,
        SetError::Entry(entry) => kind_of(entry),
        SetError::Write { .. } => ExitKind::Environment,
    };
    Failure::new(kind, error).help(help)
}

/// The failure of listing secrets.
pub(crate) fn could_not_list(error: ListError) -> Failure {
    let help = error.way_out();
    Failure::new(ExitKind::Environment, error).help(help)
}

/// The failure of deleting a secret.
pub(crate) fn could_not_delete(error: DeleteError) -> Failure {
    let help = error.way_out();
    let kind = match &error {
        DeleteError::Missing { .. } => ExitKind::Operation,
        DeleteError::Remove { .. } => ExitKind::Environment,
    };
    Failure::new(kind, error).help(help)
}

fn kind_of(error: &EntryError) -> ExitKind {
    match error {
        EntryError::Read(_) | EntryError::Key(_) | EntryError::Newer { .. } => ExitKind::Environment,
        EntryError::Malformed { .. }
        | EntryError::OtherKey { .. }
        | EntryError::Damaged { .. }
        | EntryError::Misplaced { .. } => ExitKind::Operation,
    }
}

/// The list of secrets.
pub(crate) fn table(secrets: &[SecretSummary]) -> String {
    if secrets.is_empty() {
        return "no secrets".to_string();
    }
    let names = secrets.iter().map(|one| one.description.name.as_str().len());
    let width = names.max().unwrap_or(0);
    let rows = secrets.iter().map(|one| {
        let (about, keys) = (&one.description, keys(&one.keys));
        format!(
            "{BOLD}{:width$}{RESET}  updated {}  version {}{keys}",
            about.name,
            instant(about.updated),
            short(about.version.as_str()),
        )
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// As much of a version as people need.
pub(crate) fn short(version: &str) -> &str {
    version.get(..SHORT_VERSION).unwrap_or(version)
}

fn keys(keys: &[String]) -> String {
    let shown = keys.iter().take(SHOWN_KEYS).map(String::as_str);
    let shown = shown.collect::<Vec<_>>().join(", ");
    match keys.len() {
        0 => String::new(),
        1..=SHOWN_KEYS => format!("  {DIM}keys {shown}{RESET}"),
        all => format!("  {DIM}keys {shown} and {} more{RESET}", all - SHOWN_KEYS),
    }
}
