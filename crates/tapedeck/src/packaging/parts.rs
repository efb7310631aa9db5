//! What is packaged of a service: its main container, then the others.

use std::collections::BTreeSet;

use tapedeck_build::Built;
use tapedeck_model::naming::pascal_case;
use tapedeck_model::{Container, ResourceName, WorkerService};

/// The longest name of a resource.
const LONGEST: usize = 64;

/// A container to package.
#[derive(Debug, Clone)]
pub(crate) struct Part<'a> {
    /// What it is remembered by from build to build; unlike that of every other part.
    pub(crate) name: ResourceName,
    /// How it is told.
    pub(crate) label: String,
    pub(crate) container: &'a Container,
}

/// The images of a service.
#[derive(Debug, Clone)]
pub(crate) struct Packaged {
    pub(crate) main: Built,
    /// In the order of the side containers.
    pub(crate) sides: Vec<Built>,
}

/// The containers of each service, the main one first.
pub(crate) fn of<'a>(services: &[&'a WorkerService]) -> Vec<Vec<Part<'a>>> {
    let mut taken: BTreeSet<String> = services
        .iter()
        .map(|service| service.name.as_str().to_owned())
        .collect();
    services
        .iter()
        .map(|service| {
            let main = Part {
                name: service.name.clone(),
                label: service.name.to_string(),
                container: &service.container,
            };
            let sides = service.side_containers.iter().map(|side| Part {
                name: name_of(service.name.as_str(), &side.name, &mut taken),
                label: format!("{}/{}", service.name, side.name),
                container: &side.container,
            });
            std::iter::once(main).chain(sides).collect()
        })
        .collect()
}

/// A name that is not taken, and the same each time the config is.
fn name_of(service: &str, side: &str, taken: &mut BTreeSet<String>) -> ResourceName {
    let wanted: String = format!("{service}{}", pascal_case(side))
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let name = (1_u32..)
        .find_map(|number| {
            let ending = match number {
                1 => String::new(),
                number => number.to_string(),
            };
            let kept: String = wanted.chars().take(LONGEST - ending.len()).collect();
            let name = kept + &ending;
            let name = (!taken.contains(&name)).then_some(name)?;
            ResourceName::new(name).ok()
        })
        .expect("names are letters and digits, and numbers do not run out");
    taken.insert(name.as_str().to_owned());
    name
}

#[cfg(test)]
mod tests;
