//! `stackConfig.vpc.reuseVpc`: how it is named, and whether what is there will do.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use tapedeck_diagnostic::{Diagnostics, Span, Spanned};

use crate::check::Surroundings;
use crate::expand::{Answer, Question, VpcState};
use crate::parse::Mapping;

/// A service is spread over this many subnets.
const PUBLIC_SUBNETS: usize = 3;

/// A service behind a NAT is spread over this many subnets.
const PRIVATE_SUBNETS: usize = 2;

/// Judges the VPC that a stack is to use.
pub(super) fn check(
    root: &Mapping,
    surroundings: &Surroundings<'_>,
    questions: &mut BTreeSet<Question>,
    diagnostics: &mut Diagnostics,
) {
    let vpc = root.mapping("stackConfig").and_then(|stack| stack.mapping("vpc"));
    let Some(entry) = vpc.and_then(|vpc| vpc.entry("reuseVpc")) else {
        return;
    };
    let Some(reuse) = entry.value.value.as_mapping() else {
        return;
    };
    ways(entry.key.span, reuse, diagnostics);
    let Some(id) = reuse.spanned_text("vpcId") else {
        return;
    };
    let question = Question::Vpc { id: id.value.clone() };
    match surroundings.answers.get(&question) {
        None => drop(questions.insert(question)),
        Some(Answer::Vpc(state)) => usable(&id, state, needs_private_subnets(root), diagnostics),
        Some(Answer::Missing) => diagnostics.unusable_vpc(&id, "is not there", "name one that is"),
        Some(_) => {}
    }
}

fn ways(at: Span, reuse: &Mapping, diagnostics: &mut Diagnostics) {
    let by_id = reuse.has("vpcId");
    let parts = usize::from(reuse.has("projectName")) + usize::from(reuse.has("stage"));
    let ways = "`vpcId`, or `projectName` and `stage`";
    match (by_id, parts) {
        (true, 0) | (false, 2) => {}
        (true, _) => diagnostics.exclusive_keys(at, "`reuseVpc`", ways, 2),
        (false, _) => diagnostics.exclusive_keys(at, "`reuseVpc`", ways, 0),
    }
}

fn needs_private_subnets(root: &Mapping) -> bool {
    let resources = root.mapping("resources");
    let entries = resources.iter().flat_map(|resources| &resources.entries);
    entries
        .filter_map(|entry| entry.value.value.as_mapping()?.mapping("properties"))
        .any(|properties| properties.flag("usePrivateSubnetsWithNAT"))
}

fn usable(id: &Spanned<String>, state: &VpcState, needs_private: bool, diagnostics: &mut Diagnostics) {
    if state.public_subnets < PUBLIC_SUBNETS {
        let problem = format!("has {} public subnets", state.public_subnets);
        let help =
            "give it three subnets with a route to an internet gateway, each in another availability zone";
        diagnostics.unusable_vpc(id, &problem, help);
    }
    if needs_private && state.private_subnets < PRIVATE_SUBNETS {
        let problem = format!("has {} private subnets", state.private_subnets);
        let help =
            "give it two subnets without a route to an internet gateway, for `usePrivateSubnetsWithNAT`";
        diagnostics.unusable_vpc(id, &problem, help);
    }
    if !is_private(&state.cidr_block) {
        let problem = format!("has the addresses {}, which are public ones", state.cidr_block);
        let help = "use a VPC within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16";
        diagnostics.unusable_vpc(id, &problem, help);
    }
}

/// Whether a block of addresses is one of those that nobody owns. Source: RFC 1918.
fn is_private(block: &str) -> bool {
    let address = block.split('/').next().unwrap_or_default();
    address
        .parse::<Ipv4Addr>()
        .is_ok_and(|address| address.is_private())
}
