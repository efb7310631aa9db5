//! `open-search-domain`: a domain of OpenSearch.

use serde_json::{Map, Value, json};

use super::target::rule;
use super::{Kind, Parameters, Target};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::join;
use crate::naming::within;
use crate::policy::allow;
use crate::template::Resource;

pub(super) const KIND: Kind = Kind {
    name: "open-search-domain",
    build,
    parameters,
    grants,
    in_vpc: true,
};

/// The port of HTTPS.
const PORT: u64 = 443;

/// Lets the service write logs.
const LOG_POLICY: &str = "LogResourcePolicy";

/// The logs: key in the config, name of the group, what the domain calls it, and for how many days it is kept.
const LOGS: [(&str, &str, &str, u64); 3] = [
    ("errorLogs", "InstanceErrorLogs", "ES_APPLICATION_LOGS", 30),
    ("indexSlowLogs", "InstanceIndexSlowLogs", "INDEX_SLOW_LOGS", 5),
    ("searchSlowLogs", "InstanceSearchSlowLogs", "SEARCH_SLOW_LOGS", 5),
];

fn build(domain: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    if domain.is_used("userPool") {
        return Err(domain.unsupported("`userPool`, for which an identity pool is needed"));
    }
    let cluster = cluster(domain, assembly)?;
    let name = format!("{}-{}", assembly.names.stack, domain.name.to_lowercase());
    let mut properties = json!({
        "ClusterConfig": cluster,
        "DomainName": within(name, 28),
        "EBSOptions": storage(domain),
        "EngineVersion": format!("OpenSearch_{}", domain.text("version").unwrap_or("2.17")),
        "LogPublishingOptions": add_logs(domain, assembly),
    });
    if let Some(rules) = rules(domain, assembly) {
        domain.add_security_group("database", rules, assembly);
        properties["VPCOptions"] = json!({
            "SecurityGroupIds": [domain.reference("SecurityGroup")],
            "SubnetIds": assembly.network.public_subnets.iter().take(zones(domain)).collect::<Vec<_>>(),
        });
    }
    assembly.add(
        &domain.id("Domain"),
        Resource::new("AWS::OpenSearchService::Domain", properties).after([domain.id(LOG_POLICY)]),
    );
    Ok(())
}

/// How much each instance can keep, and how quickly.
fn storage(domain: &Target<'_>) -> Value {
    let mut options = json!({
        "EBSEnabled": true,
        "VolumeSize": domain.number("storage.size").unwrap_or(10),
        "VolumeType": "gp3",
    });
    for (key, property, default) in [("iops", "Iops", 3000), ("throughput", "Throughput", 125)] {
        if let Some(own) = domain
            .number(&format!("storage.{key}"))
            .filter(|own| *own != default)
        {
            options[property] = Value::from(own);
        }
    }
    options
}

/// In how many availability zones its instances are. Documents are copied once, so that two are enough for most.
fn zones(domain: &Target<'_>) -> usize {
    let count = domain.number("clusterConfig.instanceCount").unwrap_or(1);
    match count {
        _ if domain.flag("clusterConfig.multiAzDisabled") => 1,
        _ if domain.flag("clusterConfig.standbyEnabled") => 3,
        0 | 1 => 1,
        count if count % 3 == 0 => 3,
        count if count % 2 == 0 => 2,
        _ => 1,
    }
}

/// The instances that it runs on.
fn cluster(domain: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<Map<String, Value>, SynthError> {
    let mut cluster = Map::new();
    for (key, property) in [
        ("instanceType", "InstanceType"),
        ("instanceCount", "InstanceCount"),
        ("dedicatedMasterType", "DedicatedMasterType"),
        ("dedicatedMasterCount", "DedicatedMasterCount"),
        ("warmType", "WarmType"),
        ("warmCount", "WarmCount"),
    ] {
        if let Some(value) = domain.get(&format!("clusterConfig.{key}")) {
            cluster.insert(property.to_string(), assembly.data(value)?);
        }
    }
    for (key, property) in [
        ("dedicatedMasterType", "DedicatedMasterEnabled"),
        ("warmType", "WarmEnabled"),
    ] {
        if domain.get(&format!("clusterConfig.{key}")).is_some() {
            cluster.insert(property.to_string(), Value::from(true));
        }
    }
    let zones = zones(domain);
    if zones > 1 {
        cluster.insert("ZoneAwarenessEnabled".to_string(), Value::from(true));
        let config = json!({ "AvailabilityZoneCount": zones });
        cluster.insert("ZoneAwarenessConfig".to_string(), config);
    }
    if domain.flag("clusterConfig.standbyEnabled") {
        cluster.insert("MultiAZWithStandbyEnabled".to_string(), Value::from(true));
    }
    Ok(cluster)
}

/// Adds the log groups. Tells which log goes to which.
fn add_logs(domain: &Target<'_>, assembly: &mut Assembly<'_>) -> Value {
    let mut options = Map::new();
    for (key, part, option, days) in LOGS {
        if domain.flag(&format!("logging.{key}.disabled")) {
            continue;
        }
        let id = domain.id(&format!("{part}LogGroup"));
        let group = json!({
            "LogGroupName": format!("/stp/{}/open-search/{}/{key}", assembly.names.stack, domain.name),
            "RetentionInDays": domain.number(&format!("logging.{key}.retentionDays")).unwrap_or(days),
        });
        assembly.add(&id, Resource::new("AWS::Logs::LogGroup", group));
        let destination = crate::intrinsic::attribute(&id, "Arn");
        options.insert(
            option.to_string(),
            json!({ "CloudWatchLogsLogGroupArn": destination, "Enabled": true }),
        );
    }
    add_log_permission(domain, assembly);
    Value::Object(options)
}

/// Lets the service write into the log groups, which needs a policy of its own.
fn add_log_permission(domain: &Target<'_>, assembly: &mut Assembly<'_>) {
    let groups = format!(
        "log-group:/stp/{}/open-search/{}/*",
        assembly.names.stack, domain.name
    );
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "es.amazonaws.com" },
            "Action": ["logs:PutLogEvents", "logs:CreateLogStream"],
            "Resource": [assembly.names.arn("logs", &groups)],
            "Condition": { "StringEquals": { "aws:SourceAccount": assembly.names.account } },
        }],
    });
    let name = format!("{}-{}-logs", assembly.names.stack, domain.name);
    let policy = json!({ "PolicyName": name, "PolicyDocument": document.to_string() });
    assembly.add(
        &domain.id(LOG_POLICY),
        Resource::new("AWS::Logs::ResourcePolicy", policy),
    );
}

/// Who is let in; nothing for a domain that is not in the VPC.
fn rules(domain: &Target<'_>, assembly: &Assembly<'_>) -> Option<Vec<Value>> {
    match domain.text("accessibility.accessibilityMode") {
        Some("vpc") => {
            let addresses = Value::from(assembly.network.cidr_block.as_str());
            Some(vec![rule(PORT, "CidrIp", &addresses)])
        }
        Some("scoping-workloads-in-vpc") => Some(domain.rules_of_services(PORT, assembly)),
        _ => None,
    }
}

fn parameters(domain: &Target<'_>, _: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    Ok(vec![
        (
            "domainEndpoint".to_string(),
            domain.attribute("Domain", "DomainEndpoint"),
        ),
        ("arn".to_string(), domain.attribute("Domain", "Arn")),
    ])
}

fn grants(domain: &Target<'_>, _: &Assembly<'_>) -> Vec<Value> {
    let paths = join("", vec![domain.attribute("Domain", "Arn"), "/*".into()]);
    vec![allow(&["es:ESHttp*"], vec![paths])]
}
