//! `tapedeck dev`

use std::io::IsTerminal as _;
use std::process::ExitCode;

use tapedeck_build::Resident;
use tapedeck_model::{Moment, ResourceName, Stack};

use crate::args::DevArgs;
use crate::config::Reading;
use crate::context::Context;
use crate::dev::{Session, Wish, Workshop, chosen};
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::options::require_local;
use crate::packaging;
use crate::printer::Printer;
use crate::prompt;
use crate::scripts;

pub(crate) const EXAMPLES: &str = "\
Examples:
  tapedeck dev
  tapedeck dev mailer --stage ada
  tapedeck dev --raw | jq .
  tapedeck dev --json | jq -c 'select(.event == \"running\")'

One task of each service runs, whatever `scaling` says. What it writes goes to
stdout, what `dev` says to stderr.

What the image was made of is watched, and the config with all that it reads.
At each save the old task is stopped, then the new one started; a save that
cannot be packaged is told and changes nothing. A task that ends by itself is
not started again before the next save.

At the end all of it is deleted, whatever ends it, and the engine is stopped if
it was started for this.

Keys: r restarts, q or Ctrl-C ends, h shows the keys. While it ends, Ctrl-C once
more kills what does not stop.";

/// Load, choose, then watch until somebody ends it.
pub(crate) fn run(args: &DevArgs, context: &Context, printer: &Printer) -> Outcome {
    require_local(&args.stack.region)?;
    let wish = Wish {
        stack: args.stack.clone(),
        config: args.config.clone(),
        extra: args.options.extra.clone(),
        raw: args.raw,
        poll: args.poll,
        no_cache: args.no_cache,
    };
    let reading = Reading::of(&wish);
    let (stack, config, hooks) = scripts::load_stack(Moment::BeforeDev, &reading, context, printer)?;
    let services = named(args, &stack, printer)?;
    chosen(&stack, &services)?;
    let images = packaging::open_images(context, "run services on this machine")?;
    let workshop = Workshop {
        context: context.clone(),
        printer: printer.clone(),
        wish: wish.clone(),
        images,
        findings: String::new(),
        stack,
        config,
        resident: Resident::default(),
        services,
        connected: None,
    };
    let ended = Session::new(wish, workshop).and_then(Session::run);
    // Also of a session that failed: what a hook before it has started is ended by one after it.
    let after = hooks.after(Moment::AfterDev);
    ended.map(|code| if code == ExitCode::SUCCESS { after } else { code })
}

/// The names of the services that are asked for; on a terminal they are asked.
fn named(args: &DevArgs, stack: &Stack, printer: &Printer) -> Result<Vec<ResourceName>, Failure> {
    let given: Vec<&String> = args.services.iter().chain(&args.resource_names).collect();
    if !given.is_empty() {
        let mut names = Vec::new();
        for name in given {
            let name = ResourceName::new(name).or_fail(ExitKind::Usage)?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        return Ok(names);
    }
    let known: Vec<&str> = stack
        .services
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    match stack.services.as_slice() {
        [] => {
            Err(Failure::usage("the config has no services")
                .help("`tapedeck init` shows what one looks like"))
        }
        [only] => Ok(vec![only.name.clone()]),
        several if std::io::stdin().is_terminal() && !printer.is_json() => {
            let chosen = prompt::choice(printer, "Which service?", &known)?;
            Ok(vec![several[chosen].name.clone()])
        }
        _ => Err(
            Failure::usage(format!("the config has several services: {}", known.join(", ")))
                .help("name one: `tapedeck dev NAME`; or several"),
        ),
    }
}
