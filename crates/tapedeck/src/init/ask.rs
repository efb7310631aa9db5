//! The questions on a terminal. Each has its answer ready: an empty line takes it.

use std::io::BufRead;

use tapedeck_model::{Cpu, MemoryMb, ResourceName};

use super::candidate::Candidate;
use super::decide::{DEFAULT_INSTANCES, DEFAULT_VCPU, Draft, Wishes, default_memory, draft};

/// Candidates that are listed.
const LISTED: usize = 9;

/// The answers ended: somebody closed the terminal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoAnswer;

/// Where questions go and answers come from.
pub(crate) struct Dialogue<'a> {
    /// The answers, a line each.
    pub(crate) answers: &'a mut dyn BufRead,
    /// Shows a text.
    pub(crate) tell: &'a dyn Fn(&str),
}

impl Dialogue<'_> {
    /// Asks until there is an answer that can be read.
    fn ask<T>(
        &mut self,
        question: &str,
        default: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, NoAnswer> {
        loop {
            (self.tell)(&match default {
                "" => question.to_string(),
                default => format!("{question} [{default}]"),
            });
            let mut line = String::new();
            if self.answers.read_line(&mut line).map_err(|_| NoAnswer)? == 0 {
                return Err(NoAnswer);
            }
            let answer = match line.trim() {
                // There is nothing to take: the question stands.
                "" if default.is_empty() => continue,
                "" => default,
                answer => answer,
            };
            match read(answer) {
                Ok(value) => return Ok(value),
                Err(problem) => (self.tell)(&format!("  {problem}")),
            }
        }
    }
}

/// Asks which of the candidates the service runs. `named` reads the path of a file that is none of them.
///
/// # Errors
/// When there is no answer.
pub(crate) fn candidate(
    dialogue: &mut Dialogue<'_>,
    candidates: &[Candidate],
    named: &dyn Fn(&str) -> Result<Candidate, String>,
) -> Result<Candidate, NoAnswer> {
    if candidates.is_empty() {
        let question = "Entry file of the service, such as src/main.ts";
        return dialogue.ask(question, "", named);
    }
    (dialogue.tell)("Found:");
    for (index, candidate) in candidates.iter().take(LISTED).enumerate() {
        (dialogue.tell)(&format!("  {}  {}", index + 1, candidate.shown()));
    }
    let question = "Entry file of the service: a number or a path";
    let listed = candidates.len().min(LISTED);
    dialogue.ask(question, "1", |answer| match answer.parse::<usize>() {
        Ok(number) if (1..=listed).contains(&number) => Ok(candidates[number - 1].clone()),
        Ok(number) => Err(format!("`{number}` is not one of 1 to {listed}")),
        Err(_) => named(answer),
    })
}

/// Asks for whatever was not wished for yet.
///
/// # Errors
/// When there is no answer.
pub(crate) fn rest(
    dialogue: &mut Dialogue<'_>,
    wishes: &Wishes,
    candidate: &Candidate,
    folder: &str,
) -> Result<Draft, NoAnswer> {
    let mut wishes = wishes.clone();
    let proposed = draft(&wishes, candidate, folder);
    if wishes.service.is_none() {
        let name = dialogue.ask("Name of the service", proposed.service.as_str(), |answer| {
            ResourceName::new(answer).map_err(|error| error.to_string())
        })?;
        wishes.service = Some(name);
    }
    let cpu = match wishes.cpu {
        Some(cpu) => cpu,
        None => dialogue.ask("Virtual CPUs of each instance", &DEFAULT_VCPU.to_string(), cpu)?,
    };
    wishes.cpu = Some(cpu);
    if wishes.memory.is_none() {
        let default = default_memory(cpu).mebibytes().to_string();
        wishes.memory = Some(dialogue.ask("Memory of each instance, in MiB", &default, memory)?);
    }
    if wishes.instances.is_none() {
        let default = DEFAULT_INSTANCES.to_string();
        wishes.instances = Some(dialogue.ask("Instances", &default, instances)?);
    }
    Ok(draft(&wishes, candidate, folder))
}

fn cpu(answer: &str) -> Result<Cpu, String> {
    let number: f64 = answer.parse().map_err(|_| not_a_number(answer))?;
    Cpu::from_vcpu(number).map_err(|error| error.to_string())
}

fn memory(answer: &str) -> Result<MemoryMb, String> {
    let number: u32 = answer.parse().map_err(|_| not_a_number(answer))?;
    MemoryMb::new(number).map_err(|error| error.to_string())
}

fn instances(answer: &str) -> Result<u32, String> {
    let number: u32 = answer.parse().map_err(|_| not_a_number(answer))?;
    if (1..=5000).contains(&number) {
        return Ok(number);
    }
    Err(format!("`{number}` is not a number of instances: use 1 to 5000"))
}

fn not_a_number(answer: &str) -> String {
    format!("`{answer}` is not a number")
}
