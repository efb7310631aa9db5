//! `tapedeck synth`

use std::path::Path;
use std::process::ExitCode;

use tapedeck_model::Stack;
use tapedeck_synth::{DIRECT_BYTES, SynthError, Template, chores, ignored, problems, synthesize};

use crate::args::{SynthArgs, TemplateFormat};
use crate::aws::Aws;
use crate::config::{self, Reading};
use crate::context::Context;
use crate::exit::{ExitKind, Failure, Outcome};
use crate::lookups::Lookups;
use crate::options::{self, ConfigFile};
use crate::printer::Printer;
use crate::text::count;

/// The type of what a network of its own has in each zone.
const SUBNET: &str = "AWS::EC2::Subnet";

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck synth --region eu-west-1 --lookups lookups.json
  tapedeck synth --region eu-west-1 --stage production --lookups lookups.json --outFile template.yml
  tapedeck synth --region eu-west-1 --lookups lookups.json | jq '.Resources | keys'";

/// The account of what depends on none.
pub(crate) const ANY_ACCOUNT: &str = "000000000000";

/// Makes the template and prints it, or writes it into a file.
pub(crate) fn run(args: &SynthArgs, context: &Context, printer: &Printer) -> Outcome {
    if options::region(&args.stack.region)?.is_local() {
        return Err(
            Failure::usage("region `local` is this machine, which runs no templates")
                .help("name a region of AWS, such as --region eu-west-1"),
        );
    }
    let reading = Reading {
        command: "synth",
        is_deployment: false,
        stack: &args.stack,
        config: &args.config,
        extra: &args.options.extra,
        lookups: args.lookups.file.as_deref(),
        aws: None,
    };
    let (_, template) = template(&reading, None, context, printer)?;
    let text = match format(args) {
        TemplateFormat::Json => template.to_json(),
        TemplateFormat::Yaml => template.to_yaml(),
    };
    if text.len() > DIRECT_BYTES {
        let size = text.len();
        printer.warn(format!(
            "the template has {size} bytes: beyond {DIRECT_BYTES} CloudFormation takes it from a bucket only, such as by \
             `aws cloudformation deploy --s3-bucket`"
        ));
    }
    let Some(path) = &args.out_file else {
        printer.data(text.trim_end());
        return Ok(ExitCode::SUCCESS);
    };
    fs_err::write(context.working_directory.join(path), text).map_err(|error| {
        Failure::new(ExitKind::Environment, error)
            .help("name a file in a folder that is there and can be written to")
    })?;
    printer.say(format!(
        "wrote {}: {}",
        path.display(),
        count(template.resources.len(), "resource")
    ));
    Ok(ExitCode::SUCCESS)
}

/// The stack of a config and its template, which CloudFormation would take. `account` is the one where none is looked up.
///
/// # Errors
/// When there is none, or something in it leads nowhere.
pub(crate) fn template(
    reading: &Reading<'_>,
    account: Option<&str>,
    context: &Context,
    printer: &Printer,
) -> Result<(Stack, Template), Failure> {
    let (stack, file) = config::load_stack(context, printer, reading)?;
    let plan = plan(stack, file, reading, account, (context, printer))?;
    Ok((plan.stack, plan.template))
}

/// What a config becomes, and what it was made with.
pub(crate) struct Plan {
    pub(crate) stack: Stack,
    pub(crate) file: ConfigFile,
    pub(crate) lookups: tapedeck_synth::Lookups,
    pub(crate) template: Template,
}

/// The same of a stack that is read already, with all that a deployment goes on from. Where there is an `account` for when none is looked up,
/// its zones are not asked for either.
///
/// # Errors
/// Those of [`template`].
pub(crate) fn plan(
    stack: Stack,
    file: ConfigFile,
    reading: &Reading<'_>,
    account: Option<&str>,
    (context, printer): (&Context, &Printer),
) -> Result<Plan, Failure> {
    let mut lookups = match reading.lookups {
        Some(path) => Lookups::read(&context.working_directory.join(path))?.0,
        None => tapedeck_synth::Lookups::default(),
    };
    lookups.account = lookups.account.or_else(|| account.map(str::to_string));
    let made = |lookups: &tapedeck_synth::Lookups| synthesize(&stack, lookups);
    let mut template = looked_up(reading.aws, &mut lookups, file.name(), made)?;
    let has_zones = template.ids_of_type(SUBNET).next().is_some();
    if let Some(aws) = reading
        .aws
        .filter(|_| account.is_none() && has_zones && lookups.availability_zones.is_none())
    {
        lookups.availability_zones = Some(aws.zones()?);
        template = looked_up(reading.aws, &mut lookups, file.name(), made)?;
    }
    for one in ignored(&stack) {
        printer.warn(format!(
            "`{}` of `{}` changes nothing: {}",
            one.key, one.resource, one.reason
        ));
    }
    for chore in chores(&stack) {
        printer.warn(chore);
    }
    match problems(&template).into_iter().next() {
        Some(problem) => {
            let what = format!("the template of {} would be refused", file.name());
            Err(
                Failure::new(ExitKind::Usage, anyhow::Error::new(problem).context(what))
                    .help("look into `cloudformationResources` and `overrides`"),
            )
        }
        None => Ok(Plan {
            stack,
            file,
            lookups,
            template,
        }),
    }
}

/// Makes something of a stack, and has AWS, if it is to be asked, tell what is missing.
///
/// # Errors
/// When nobody tells that, or it cannot be made. `of` is what it was to be made of.
pub(crate) fn looked_up<T>(
    aws: Option<&Aws>,
    lookups: &mut tapedeck_synth::Lookups,
    of: impl std::fmt::Display,
    make: impl Fn(&tapedeck_synth::Lookups) -> Result<T, SynthError>,
) -> Result<T, Failure> {
    loop {
        let error = match make(lookups) {
            Ok(made) => return Ok(made),
            Err(error) => error,
        };
        let is_answered = match aws {
            Some(aws) => aws.look_up(&error, lookups)?,
            None => false,
        };
        if !is_answered {
            return Err(failure(error, of));
        }
    }
}

/// The language that was asked for, by option or by the name of the file.
fn format(args: &SynthArgs) -> TemplateFormat {
    let extension = args.out_file.as_deref().and_then(Path::extension);
    match (args.format, extension.and_then(|extension| extension.to_str())) {
        (Some(format), _) => format,
        (None, Some("yml" | "yaml")) => TemplateFormat::Yaml,
        (None, _) => TemplateFormat::Json,
    }
}

fn failure(error: SynthError, file: impl std::fmt::Display) -> Failure {
    let help = match &error {
        SynthError::MissingLookup { key, .. } => {
            format!("name a file with it by --lookups; there it stands under `{key}`")
        }
        error => error.way_out().unwrap_or("nothing was written").to_string(),
    };
    let what = format!("could not make a template of {file}");
    Failure::new(ExitKind::Usage, anyhow::Error::new(error).context(what)).help(help)
}
