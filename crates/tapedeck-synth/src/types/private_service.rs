//! `private-service`: a container that others of the stack reach, by a name or through a load balancer. What it is made of
//! stands in `workload`.

use serde_json::{Value, json};

use super::{Kind, Parameters, Target, no_grants};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::join;
use crate::workload::BALANCER;

pub(super) const KIND: Kind = Kind {
    name: "private-service",
    build,
    parameters,
    grants: no_grants,
    in_vpc: true,
};

/// The port of a service that names none.
const PORT: u64 = 3000;

fn build(_: &Target<'_>, _: &mut Assembly<'_>) -> Result<(), SynthError> {
    Ok(())
}

fn parameters(service: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    let port = service.number("port").unwrap_or(PORT).to_string();
    let named = |name: &str, value: Value| (name.to_string(), value);
    if service.text("loadBalancing.type") != Some("application-load-balancer") {
        assembly.called.insert(service.name.to_string());
        let address = format!("{}:{port}", service.name.to_lowercase());
        return Ok(vec![named("address", Value::from(address))]);
    }
    let domain = service.attribute(BALANCER, "DNSName");
    let address = join(":", vec![domain.clone(), json!(port)]);
    let url = match port.as_str() {
        "80" => join("", vec!["http://".into(), domain.clone()]),
        port => join(
            "",
            vec!["http://".into(), domain.clone(), format!(":{port}").into()],
        ),
    };
    let mut parameters = vec![
        named("address", address),
        named("canonicalDomain", domain.clone()),
        named("domain", domain),
        named("url", url),
    ];
    if port == "3000" {
        parameters.push(named("port3000", json!(port)));
    }
    Ok(parameters)
}
