//! `tapedeck secret:set`

use std::io::{self, IsTerminal as _, Read};
use std::path::Path;
use std::process::ExitCode;

use tapedeck_local::secrets::{Existing, InvalidValue, SecretValue, SetError};
use tapedeck_model::SecretName;

use crate::args::{SecretSetArgs, SecretSourceArgs};
use crate::aws::{self, Aws};
use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::printer::Printer;
use crate::prompt::Silence;
use crate::{engine, env_file, prompt, secrets};

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck secret:set api-token                       asks for the value without showing it
  tapedeck secret:set api-token < token.txt           from standard input, less a newline at its end
  tapedeck secret:set database --secretFile db.json   JSON: $Secret('database.password') is a key of it
  tapedeck secret:set mailer/env --fromEnvFile .env   a JSON object of the lines KEY=VALUE
  tapedeck secret:set api-token --forceUpdate < new.txt";

/// Asks before it overwrites, then for the value if nothing gives it, and stores it.
pub(crate) fn run(args: &SecretSetArgs, context: &Context, printer: &Printer) -> Outcome {
    let name = secrets::name_of(&args.secret)?;
    if let Some(aws) = Aws::of_region(context, &args.secret.region)? {
        let known = aws::secrets::contains(&aws, &name)?;
        if known && !args.force_update && !may_replace(printer, &name)? {
            printer.say("nothing was changed");
            return Ok(ExitCode::SUCCESS);
        }
        let text = text_of(&args.source, &name, context, printer)?;
        let value = SecretValue::new(text).map_err(unusable)?;
        return aws::secrets::set(&aws, &name, value.expose(), printer);
    }
    let store = secrets::open(context)?;
    let known = store.contains(&name).map_err(secrets::could_not_open)?;
    if known && !args.force_update && !may_replace(printer, &name)? {
        printer.say("nothing was changed");
        return Ok(ExitCode::SUCCESS);
    }
    let text = text_of(&args.source, &name, context, printer)?;
    let value = SecretValue::new(text).map_err(unusable)?;
    // What another process has set meanwhile was not asked about.
    let existing = if known || args.force_update {
        Existing::Replace
    } else {
        Existing::Keep
    };
    let set = store
        .set(&name, &value, existing, engine::now())
        .map_err(secrets::could_not_set)?;
    if printer.is_json() {
        printer.json(&set);
    }
    let version = secrets::short(set.version.as_str());
    printer.say(if known {
        format!(
            "secret {name} has a new value (version {version}): tasks that start from now on get it, running ones keep theirs"
        )
    } else {
        format!("secret {name} is set (version {version})")
    });
    Ok(ExitCode::SUCCESS)
}

fn unusable(why: InvalidValue) -> Failure {
    let help = match why {
        InvalidValue::Empty => "give it on standard input, with --secretFile, or on a terminal",
        InvalidValue::TooLarge => "take it apart into several secrets, or keep it in a file of its own",
    };
    Failure::new(ExitKind::Usage, why).help(format!("{help}; nothing was changed"))
}

/// Asks on the terminal. Where there is none, `--forceUpdate` is needed.
fn may_replace(printer: &Printer, name: &SecretName) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(secrets::could_not_set(SetError::Exists { name: name.clone() }));
    }
    let question = format!("There is a secret {name} already. Replace its value?");
    Ok(prompt::agrees(printer, &question))
}

/// The value as it was given: by a flag, by standard input, or by a person.
fn text_of(
    source: &SecretSourceArgs,
    name: &SecretName,
    context: &Context,
    printer: &Printer,
) -> Result<String, Failure> {
    if let Some(value) = &source.secret_value {
        printer.warn(
            "the value of --secretValue stands in the history of the shell and, while this runs, in the list of \
             processes; standard input and --secretFile leave no such trace",
        );
        return Ok(value.clone());
    }
    if let Some(path) = &source.secret_file {
        let path = context.working_directory.join(path);
        let name = path.display().to_string();
        let file = fs_err::File::open(&path).map_err(|error| unreadable(&name, error))?;
        return read(file, &name);
    }
    if let Some(path) = &source.from_env_file {
        return object_of(&context.working_directory.join(path));
    }
    if io::stdin().is_terminal() {
        return typed(name, printer);
    }
    let text = read(io::stdin().lock(), "standard input")?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// Asks for the value twice: nobody sees whether it was mistyped.
fn typed(name: &SecretName, printer: &Printer) -> Result<String, Failure> {
    let silence = Silence::begin().or_fail(ExitKind::Environment)?;
    let first = silence.ask(printer, &format!("Value of {name}, which is not shown:"))?;
    let second = silence.ask(printer, "Once more:")?;
    if first == second {
        return Ok(first);
    }
    Err(Failure::usage("the two values differ; nothing was changed"))
}

/// A JSON object of the variables in a file.
fn object_of(path: &Path) -> Result<String, Failure> {
    let name = path.display();
    let text = fs_err::read_to_string(path).map_err(|error| unreadable(&name.to_string(), error))?;
    let variables = env_file::parse(&text).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    if variables.is_empty() {
        return Err(Failure::usage(format!("{name} has no line KEY=VALUE")));
    }
    serde_json::to_string(&variables).or_fail(ExitKind::Internal)
}

/// Text to its end, or as much of it as shows that it is too long.
fn read(from: impl Read, name: &str) -> Result<String, Failure> {
    let limit = SecretValue::MAX_BYTES as u64 + "\r\n\n".len() as u64;
    let mut bytes = Vec::new();
    from.take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(name, error))?;
    let is_cut = bytes.len() as u64 == limit;
    String::from_utf8(bytes).or_else(|error| match is_cut {
        // It may be cut within a letter; that it is too long is told in a moment.
        true => Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        false => Err(Failure::usage(format!("{name} is not text in UTF-8"))
            .help("encode it, for example with `base64`, and let the service decode it")),
    })
}

fn unreadable(name: &str, error: io::Error) -> Failure {
    let what = format!("could not read {name}");
    Failure::new(ExitKind::Usage, anyhow::Error::new(error).context(what))
        .help("paths are relative to the working directory; nothing was changed")
}
