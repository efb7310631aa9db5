//! Packages one service of a folder and says what was done and how long it took, for measuring.
//!
//! `cargo run --release -p tapedeck-build --example package -- <folder> <entry file> <state folder>`

use std::path::Path;
use std::time::Instant;

use tapedeck_build::{BuildRequest, Language, Outcome, build};
use tapedeck_image::{Progress, Store};
use tapedeck_model::{
    GoConfig, JavaConfig, JavaScriptConfig, LanguageConfig, Packaging, PythonConfig, ResourceName,
    StacktapeImageBuildpack,
};

struct Loud;

impl Progress for Loud {
    #[expect(clippy::print_stderr, reason = "a tool for people who measure")]
    fn step(&mut self, text: &str) {
        eprintln!("  {text}");
    }
}

#[expect(clippy::print_stdout, reason = "a tool for people who measure")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, entry, state, ..] = arguments.as_slice() else {
        return Err("give a folder, an entry file and a state folder".into());
    };
    let started = Instant::now();
    let store = Store::open(Path::new(state).join("images"))?;
    let packaging = Packaging::StacktapeImageBuildpack(StacktapeImageBuildpack {
        entryfile_path: entry.clone(),
        include_files: Vec::new(),
        exclude_files: Vec::new(),
        exclude_dependencies: Vec::new(),
        custom_docker_build_commands: Vec::new(),
        language: match Language::of(Path::new(entry)) {
            Some(Language::Java) => LanguageConfig::Java(JavaConfig::default()),
            Some(Language::Go) => LanguageConfig::Go(GoConfig::default()),
            Some(Language::Python) => LanguageConfig::Python(PythonConfig::default()),
            _ => LanguageConfig::Javascript(JavaScriptConfig::default()),
        },
    });
    let (service, cache) = (ResourceName::new("measured")?, Path::new(state).join("build"));
    let request = BuildRequest {
        search_path: &std::env::var_os("PATH").unwrap_or_default(),
        ..BuildRequest::new(&store, &service, &packaging, Path::new(folder), &cache)
    };
    let built = build(&request, &mut Loud)?;
    println!(
        "{} in {:?}, process so far {:?}, {} bytes{}",
        built.image.short(),
        built.took,
        started.elapsed(),
        built.size,
        built
            .runtime
            .iter()
            .map(|runtime| format!(", {runtime} ({})", runtime.asked_by))
            .collect::<String>()
    );
    if let Outcome::Rebuilt { layers } = &built.outcome {
        layers.iter().for_each(|change| println!("  {change}"));
    }
    Ok(())
}
