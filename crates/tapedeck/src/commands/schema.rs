//! `tapedeck schema`

use std::process::ExitCode;

use tapedeck_config::schema::json_schema;
use tapedeck_resources::CATALOGUE;

use crate::args::SchemaArgs;
use crate::context::Context;
use crate::exit::{ExitKind, Failure, Outcome};
use crate::printer::Printer;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck schema --outFile stacktape.schema.json
  tapedeck schema | jq '.definitions | keys'

Editors with the YAML language server use it for files that begin with:
  # yaml-language-server: $schema=stacktape.schema.json";

/// Prints the JSON Schema, or writes it into a file.
pub(crate) fn run(args: &SchemaArgs, context: &Context, printer: &Printer) -> Outcome {
    let schema = json_schema(&CATALOGUE).to_string();
    let Some(path) = &args.out_file else {
        printer.data(schema);
        return Ok(ExitCode::SUCCESS);
    };
    fs_err::write(context.working_directory.join(path), format!("{schema}\n")).map_err(|error| {
        Failure::new(ExitKind::Environment, error)
            .help("name a file in a folder that is there and can be written to")
    })?;
    let path = path.display();
    printer.say(format!(
        "wrote {path}; begin a config with `# yaml-language-server: $schema={path}` to use it"
    ));
    Ok(ExitCode::SUCCESS)
}
