//! Services that others reach: `private-service`, and `multi-container-workload` with its events.

use expect_test::{Expect, expect};
use fs_err as fs;
use serde_json::{Value, json};

use super::synthesized;

/// A worker that says these things more.
const WORKER: &str = "
  worker:
    type: worker-service
    properties:
      packaging: { type: prebuilt-image, properties: { image: busybox } }
      resources: { cpu: 0.25, memory: 512 }
";

/// What is made of these resources, each the lines below `resources`.
fn made(resources: &[&str]) -> Result<Value, String> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let config = folder.path().join("stacktape.yml");
    let text = ["resources:", &resources.concat()].concat();
    fs::write(&config, text).expect("it can be written");
    synthesized(&config)
}

fn template(resources: &[&str]) -> Value {
    made(resources).unwrap_or_else(|said| panic!("{said}"))
}

/// A private service with these further properties, one a line.
fn private(name: &str, lines: &str) -> String {
    let worker = WORKER.replace("worker:", &format!("{name}:"));
    let worker = worker.replace("worker-service", "private-service");
    lines
        .lines()
        .fold(worker, |text, line| format!("{text}      {line}\n"))
}

fn properties<'a>(template: &'a Value, id: &str) -> &'a Value {
    &template["Resources"][id]["Properties"]
}

fn variables(template: &Value, id: &str) -> Value {
    properties(template, id)["ContainerDefinitions"][0]["Environment"].clone()
}

fn refusal(resources: &[&str], expected: &Expect) {
    let said = made(resources).expect_err("it is refused");
    let because = said.lines().find(|line| line.trim_start().starts_with("because"));
    expected.assert_eq(because.unwrap_or(&said).trim());
}

#[test]
fn who_connects_to_a_private_service_is_told_its_address_and_starts_after_it() {
    let template = template(&[
        WORKER,
        "      connectTo: [Api]\n",
        &private("Api", "port: 8080\nprotocol: http2"),
    ]);
    let address = json!([{ "Name": "STP_API_ADDRESS", "Value": "api:8080" }]);
    assert_eq!(variables(&template, "WorkerTaskDefinition"), address);
    assert_eq!(
        template["Resources"]["WorkerService"]["DependsOn"],
        json!(["ApiService"])
    );
    let namespace = json!({ "Fn::GetAtt": ["StpDiscoveryService", "Arn"] });
    assert_eq!(
        properties(&template, "WorkerService")["ServiceConnectConfiguration"],
        json!({ "Enabled": true, "Namespace": namespace }),
    );
    let mappings = &properties(&template, "ApiTaskDefinition")["ContainerDefinitions"][0]["PortMappings"];
    let mapping = json!([{
        "AppProtocol": "http2", "ContainerPort": 8080, "HostPort": 8080, "Name": "port-8080", "Protocol": "tcp",
    }]);
    assert_eq!(mappings, &mapping);
    assert!(template["Resources"]["ApiService"].get("DependsOn").is_none());
}

#[test]
fn who_is_told_an_address_in_so_many_words_calls_too() {
    let names_it = "      environment: { API: 'http://api:3000/items' }\n";
    let template_of_caller = template(&[WORKER, names_it, &private("api", "")]);
    assert!(properties(&template_of_caller, "WorkerService")["ServiceConnectConfiguration"].is_object());
    for other in ["http://my-api:3000/", "http://api:30001/", "http://api/"] {
        let variable = format!("      environment: {{ API: '{other}' }}\n");
        let template = template(&[WORKER, &variable, &private("api", "")]);
        let configuration = &properties(&template, "WorkerService")["ServiceConnectConfiguration"];
        assert!(configuration.is_null(), "{other}");
    }
}

#[test]
fn services_that_call_each_other_do_not_wait_for_each_other() {
    let (a, b) = (private("a", "connectTo: [b]"), private("b", "connectTo: [a, c]"));
    let template = template(&[&a, &b, &private("c", "")]);
    assert!(template["Resources"]["AService"].get("DependsOn").is_none());
    assert_eq!(
        template["Resources"]["BService"]["DependsOn"],
        json!(["CService"])
    );
}

#[test]
fn a_load_balancer_of_a_service_has_an_address_and_a_url() {
    let service = private("api", "loadBalancing: { type: application-load-balancer }");
    let url = "      environment: { URL: \"$ResourceParam('api', 'url')\", PORT: \"$ResourceParam('api', 'port3000')\" }\n";
    let template = template(&[WORKER, "      connectTo: [api]\n", url, &service]);
    let domain = json!({ "Fn::GetAtt": ["ApiLoadBalancer", "DNSName"] });
    let all = variables(&template, "WorkerTaskDefinition");
    let value = |name: &str| {
        let all = all.as_array().expect("it is a list");
        let found = all.iter().find(|one| one["Name"] == name);
        found.unwrap_or_else(|| panic!("{name} in {all:?}"))["Value"].clone()
    };
    assert_eq!(
        value("URL"),
        json!({ "Fn::Join": ["", ["http://", domain, ":3000"]] })
    );
    assert_eq!(
        value("STP_API_ADDRESS"),
        json!({ "Fn::Join": [":", [domain, "3000"]] })
    );
    assert_eq!(value("STP_API_DOMAIN"), domain);
    assert_eq!(value("PORT"), "3000");
    assert!(properties(&template, "WorkerService")["ServiceConnectConfiguration"].is_null());
    assert!(template["Resources"].get("StpDiscoveryService").is_none());
}

#[test]
fn tasks_on_instances_get_ports_that_are_free() {
    let service = private("api", "loadBalancing: { type: application-load-balancer }");
    let service = service.replace("{ cpu: 0.25, memory: 512 }", "{ instanceTypes: [t3.medium] }");
    let template = template(&[&service]);
    let mappings = &properties(&template, "ApiTaskDefinition")["ContainerDefinitions"][0]["PortMappings"];
    assert_eq!(mappings[0]["HostPort"], 0);
    assert_eq!(
        properties(&template, "ApiApiToPort3000TargetGroup")["TargetType"],
        "instance"
    );
    assert_eq!(
        properties(&template, "ApiApiToPort3000TargetGroup")["HealthCheckPort"],
        "traffic-port"
    );
    let rule = &properties(&template, "ApiSecurityGroup")["SecurityGroupIngress"][0];
    assert_eq!(
        (&rule["FromPort"], &rule["ToPort"]),
        (&json!(32768), &json!(65535))
    );
}

#[test]
fn all_that_a_service_becomes_can_be_overridden() {
    let service = private("api", "loadBalancing: { type: application-load-balancer }");
    let overrides = "    overrides:
      ApiPort3000Priority3ListenerRule: { Priority: 4 }
      ApiApiToPort3000TargetGroup: { HealthCheckPath: /healthy }
      ApiLbSecurityGroup: { GroupName: mine }
      ApiServiceContainerLogGroup: { RetentionInDays: 7 }
";
    let template = template(&[&service, overrides]);
    assert_eq!(
        properties(&template, "ApiPort3000Priority3ListenerRule")["Priority"],
        4
    );
    assert_eq!(
        properties(&template, "ApiApiToPort3000TargetGroup")["HealthCheckPath"],
        "/healthy"
    );
    assert_eq!(properties(&template, "ApiLbSecurityGroup")["GroupName"], "mine");
    assert_eq!(
        properties(&template, "ApiServiceContainerLogGroup")["RetentionInDays"],
        7
    );
}

/// A workload with one container that has these events.
fn crew(name: &str, events: &str, resources: &str) -> String {
    format!(
        "
  {name}:
    type: multi-container-workload
    properties:
      resources: {resources}
      containers:
        - name: main
          packaging: {{ type: prebuilt-image, properties: {{ image: busybox }} }}
          events: [{events}]
"
    )
}

const FARGATE: &str = "{ cpu: 0.25, memory: 512 }";

#[test]
fn containers_of_a_workload_are_reached_by_their_names() {
    let events = "{ type: service-connect, properties: { containerPort: 80 } }, \
        { type: service-connect, properties: { containerPort: 81, alias: side.crew } }, \
        { type: workload-internal, properties: { containerPort: 82 } }";
    let template = template(&[
        WORKER,
        "      connectTo: [crew]\n",
        &crew("crew", events, FARGATE),
    ]);
    assert_eq!(
        template["Resources"]["WorkerService"]["DependsOn"],
        json!(["CrewService"])
    );
    assert_eq!(
        properties(&template, "CrewService")["ServiceConnectConfiguration"]["Services"],
        json!([
            { "PortName": "port-80", "DiscoveryName": "crew-main", "ClientAliases": [{ "DnsName": "crew-main", "Port": 80 }] },
            { "PortName": "port-81", "DiscoveryName": "side-crew", "ClientAliases": [{ "DnsName": "side.crew", "Port": 81 }] },
        ]),
    );
    let rules = properties(&template, "CrewSecurityGroup")["SecurityGroupIngress"].as_array();
    let ports: Vec<&Value> = rules
        .expect("it has rules")
        .iter()
        .map(|rule| &rule["ToPort"])
        .collect();
    assert_eq!(ports, [80, 81], "nobody outside of the task reaches 82");
}

#[test]
fn what_has_no_template_is_refused() {
    let internal = "{ type: workload-internal, properties: { containerPort: 82 } }";
    refusal(
        &[&crew("crew", internal, "{ instanceTypes: [t3.medium] }")],
        &expect![
            "because `crew` is a `multi-container-workload`, or uses a part of it, that has no template yet: events of type `workload-internal` with `instanceTypes`: there each container of a task has a `localhost` of its own"
        ],
    );
    let connect = "{ type: service-connect, properties: { containerPort: 82 } }";
    let same = "{ type: service-connect, properties: { containerPort: 82, alias: a-main } }";
    refusal(
        &[&crew("a", connect, FARGATE), &crew("b", same, FARGATE)],
        &expect![
            "because `a` and `b` would both be reached as `a-main:82`; give one of them another `alias`"
        ],
    );
    let api = "\n  api: { type: http-api-gateway }";
    let event = "{ type: http-api-gateway, properties: { containerPort: 80, httpApiGatewayName: api, method: GET, path: / } }";
    refusal(
        &[&crew("crew", event, FARGATE), api],
        &expect![
            "because `crew` is a `multi-container-workload`, or uses a part of it, that has no template yet: events of type `http-api-gateway`"
        ],
    );
}
