//! The instance types of Amazon EC2: what a machine of each has, and how much of its memory tasks can use.

use std::sync::OnceLock;

use tapedeck_model::Architecture;

/// The table, a header and then one type a line, sorted by name.
pub(super) const TABLE: &str = include_str!("../../data/instance-types.tsv");

/// What a machine of a type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceType {
    /// Family and size, such as `c5.large`.
    pub name: &'static str,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Memory as it is sold, in MiB.
    pub memory: u32,
    /// What its processor runs.
    pub architecture: Architecture,
    /// GPUs, of any maker. A part of one counts as one.
    pub gpus: u32,
    /// Who makes its GPUs, such as `NVIDIA`. Images for GPUs are of one maker.
    pub gpu_maker: Option<&'static str>,
    /// Whether the machine has no hypervisor.
    pub bare_metal: bool,
    /// Whether it has a share of its CPUs and saves up for more.
    pub burstable: bool,
}

impl InstanceType {
    /// Memory that tasks can use, in MiB: what is left beside the system and the agent, of which larger machines need
    /// a smaller part.
    #[must_use]
    pub fn usable_memory(&self) -> u32 {
        const LEAST_RESERVED: u32 = 128;
        let percent = match self.memory {
            ..=16_384 => 85,
            16_385..=131_072 => 90,
            _ => 95,
        };
        // In two parts, so that no size overflows.
        let left = self.memory / 100 * percent + self.memory % 100 * percent / 100;
        left.min(self.memory.saturating_sub(LEAST_RESERVED))
    }
}

/// The type of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static InstanceType> {
    let types = all();
    let index = types.binary_search_by(|one| one.name.cmp(name)).ok()?;
    types.get(index)
}

/// The types that somebody may mean by a name that there is not: those of the same family where there is such a family.
#[must_use]
pub fn alike(name: &str) -> Vec<&'static str> {
    let family = |name: &'static str| name.split('.').next().unwrap_or_default();
    let wanted = name.split('.').next().unwrap_or_default();
    let names = || all().iter().map(|one| one.name);
    let of_family: Vec<&'static str> = names()
        .filter(|known| family(known).eq_ignore_ascii_case(wanted))
        .collect();
    match of_family.is_empty() {
        true => names().collect(),
        false => of_family,
    }
}

/// Every type, sorted by name.
#[must_use]
pub fn all() -> &'static [InstanceType] {
    static TYPES: OnceLock<Vec<InstanceType>> = OnceLock::new();
    TYPES.get_or_init(|| TABLE.lines().skip(1).filter_map(row).collect())
}

/// A line of the table. A test sees to it that each is one.
fn row(line: &'static str) -> Option<InstanceType> {
    let mut columns = line.split('\t');
    Some(InstanceType {
        name: columns.next()?,
        vcpus: columns.next()?.parse().ok()?,
        memory: columns.next()?.parse().ok()?,
        architecture: match columns.next()? {
            "x86_64" => Architecture::X86,
            "arm64" => Architecture::Arm,
            _ => return None,
        },
        gpus: columns.next()?.parse().ok()?,
        gpu_maker: Some(columns.next()?).filter(|maker| *maker != "-"),
        bare_metal: columns.next()? == "yes",
        burstable: columns.next()? == "yes",
    })
}
