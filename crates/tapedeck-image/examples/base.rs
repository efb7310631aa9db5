//! Assembles a base image and tells how long each step took, and how much of that this process computed (what apt and
//! npm do is not counted, so on a busy machine this tells more than the time): `base STORE RUNTIME [PLATFORM [PACKAGE …]]`, where the
//! runtime is `node`, `python`, `static` or `java-17`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example is a program of its own"
)]

use std::process::ExitCode;
use std::time::Instant;

use tapedeck_image::base::{BaseRequest, NodeVersion, PythonVersion, Runtime, ensure_base};
use tapedeck_image::{Platform, Progress, Store};

struct Clock {
    began: Instant,
    step: Option<(String, Instant, f64)>,
}

/// Seconds of computing, by all threads of this process.
fn computed() -> f64 {
    let stat = fs_err::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11);
    let ticks: u32 = fields.take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
    f64::from(ticks) / 100.0
}

impl Clock {
    fn end_step(&mut self) {
        if let Some((text, began, before)) = self.step.take() {
            let (took, computed) = (began.elapsed().as_secs_f64(), computed() - before);
            println!("{took:7.3} s, {computed:6.2} s computed  {text}");
        }
    }
}

impl Progress for Clock {
    fn step(&mut self, text: &str) {
        self.end_step();
        self.step = Some((text.to_owned(), Instant::now(), computed()));
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((folder, rest)) = arguments.split_first() else {
        eprintln!("give a folder for the store and a runtime");
        return ExitCode::from(2);
    };
    match assemble(folder, rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn assemble(folder: &str, arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let text = |position: usize, default: &'static str| {
        arguments.get(position).map_or(default, String::as_str).to_owned()
    };
    let runtime = match text(0, "node").as_str() {
        "python" => Runtime::Python(PythonVersion::Distribution),
        "static" => Runtime::Static,
        other => match other.strip_prefix("java-") {
            Some(major) => Runtime::Java(major.parse()?),
            None => Runtime::Node(NodeVersion::LTS),
        },
    };
    let platform = match text(1, Platform::host().as_str()).as_str() {
        "arm64" => Platform::Arm64,
        _ => Platform::Amd64,
    };
    let request = BaseRequest {
        runtime,
        platform,
        extra_packages: arguments.get(2..).unwrap_or_default(),
    };
    let store = Store::open(folder)?;
    let mut clock = Clock {
        began: Instant::now(),
        step: None,
    };
    let base = ensure_base(&store, &request, &mut clock)?;
    clock.end_step();
    println!("{:7.3} s  in all", clock.began.elapsed().as_secs_f64());
    println!(
        "{} is {}, {} bytes in {} layers",
        base.name,
        base.image.digest,
        base.image.size,
        base.image.layers.len()
    );
    Ok(())
}
