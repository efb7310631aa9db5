//! The way to a key, through mappings, lists and cases of branches.

use std::collections::HashSet;

use crate::schema::{Branch, Key, Kind, Object, ROOT, ResourceType};

/// The way to a key.
#[derive(Debug, Clone)]
pub(super) struct Trail {
    /// The type of resource that it begins in; none for keys of the file.
    pub(super) kind: Option<&'static ResourceType>,
    /// The keys on the way, at least one. The last is where it leads to.
    pub(super) steps: Vec<Step>,
    /// Other ways to a key of this name.
    pub(super) also: Vec<String>,
}

/// A key on the way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) key: &'static Key,
    /// The case of the branch that the way goes on in, or ends in.
    pub(super) case: Option<Taken>,
}

/// A case of a branch that a way goes through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub(super) branch: &'static Branch,
    /// The value, or the first of those, that leads to it.
    pub(super) value: &'static str,
    pub(super) object: &'static Object,
}

impl Trail {
    pub(super) fn last(&self) -> &Step {
        self.steps.last().expect("a trail has at least one step")
    }

    /// As it is written on the command line.
    pub(super) fn path(&self) -> String {
        let mut names: Vec<&str> = self.kind.iter().map(|kind| kind.name).collect();
        for step in &self.steps {
            names.push(step.key.name);
            names.extend(step.case.map(|case| case.value));
        }
        names.join(".")
    }

    /// The objects that the next key may be in, each with the case that leads to it.
    pub(super) fn inside(&self) -> Vec<(&'static Object, Option<Taken>)> {
        let Some(step) = self.steps.last() else {
            let start = match self.kind {
                Some(kind) => kind.properties,
                None => Some(&ROOT),
            };
            return start.into_iter().map(|object| (object, None)).collect();
        };
        match (step.case, &step.key.kind) {
            (Some(case), _) => vec![(case.object, None)],
            (
                None,
                Kind::Object(object) | Kind::ListOf(object) | Kind::MapOf(object) | Kind::Environment(object),
            ) => {
                vec![(*object, None)]
            }
            (None, Kind::Branch(branch)) => {
                let cases = branch.cases.iter();
                cases
                    .map(|case| {
                        let taken = Taken {
                            branch,
                            value: case.values[0],
                            object: case.object,
                        };
                        (case.object, Some(taken))
                    })
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn with(&self, step: Step) -> Self {
        let mut longer = self.clone();
        longer.steps.push(step);
        longer
    }

    /// One key further. A key of a branch can be named without the key that the branch is at, and a case by its value.
    pub(super) fn step(&self, name: &str) -> Option<Self> {
        let here = self.key(name).or_else(|| self.case(name));
        here.or_else(|| {
            let branches = self.branches();
            branches
                .into_iter()
                .find_map(|deeper| deeper.case(name).or_else(|| deeper.key(name)))
        })
    }

    /// One key further, of those that may come next.
    fn key(&self, name: &str) -> Option<Self> {
        let (object, case) = self
            .inside()
            .into_iter()
            .find(|(object, _)| object.key(name).is_some())?;
        let mut longer = self.clone();
        if let (Some(case), Some(last)) = (case, longer.steps.last_mut()) {
            last.case = Some(case);
        }
        Some(longer.with(Step {
            key: object.key(name)?,
            case: None,
        }))
    }

    /// The case of the branch at the end that a value leads to.
    fn case(&self, value: &str) -> Option<Self> {
        let mut longer = self.clone();
        let last = longer.steps.last_mut()?;
        let Kind::Branch(branch) = last.key.kind else {
            return None;
        };
        let case = branch.cases.iter().find(|case| case.values.contains(&value))?;
        let value = case.values.iter().find(|one| **one == value)?;
        last.case = Some(Taken {
            branch,
            value,
            object: case.object,
        });
        Some(longer)
    }

    /// The keys one further whose value depends on another.
    fn branches(&self) -> Vec<Self> {
        let inside = self.inside().into_iter().filter(|(_, case)| case.is_none());
        let keys = inside.flat_map(|(object, _)| object.keys);
        keys.filter(|key| matches!(key.kind, Kind::Branch(_)))
            .map(|key| self.with(Step { key, case: None }))
            .collect()
    }

    /// The names of what may come next.
    pub(super) fn next_names(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for (object, case) in self.inside() {
            names.extend(case.map(|case| case.value));
            names.extend(object.key_names());
        }
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(*name));
        names
    }
}
