//! What stands in for databases of stacks: what it is told, what it answers for, who may connect.

use std::net::Ipv4Addr;

use tapedeck_model::{SecretPart, Stack};

use super::{Database, DatabaseKind};
use crate::local::{ACCOUNT, LocalStack, evaluate};
use crate::tests::stack;

fn localize(stack: &Stack) -> LocalStack {
    crate::local::localize(stack, ACCOUNT).unwrap()
}

/// A worker that is connected to these resources.
fn config(settings: &str, resources: &str, connected: &str) -> Stack {
    let worker = format!(
        "  worker:\n    type: worker-service\n    properties:\n      packaging: {{ type: prebuilt-image, properties: {{ image: a }} }}\n      \
         resources: {{ cpu: 0.25, memory: 512 }}\n      connectTo: [{connected}]\n  \
         other:\n    type: worker-service\n    properties:\n      packaging: {{ type: prebuilt-image, properties: {{ image: a }} }}\n      \
         resources: {{ cpu: 0.25, memory: 512 }}\n"
    );
    stack(&format!("{settings}resources:\n{resources}{worker}"))
}

/// A value in which secrets stand as their names.
fn shown(parts: &[SecretPart]) -> String {
    let parts = parts.iter().map(|part| match part {
        SecretPart::Text(text) => text.clone(),
        SecretPart::Secret(reference) => format!("<{reference}>"),
    });
    parts.collect()
}

/// What the container of the worker is told of the only database, and the database.
fn told(stack: &Stack) -> (Vec<String>, Database, LocalStack) {
    let local = localize(stack);
    let [database] = local.databases.as_slice() else {
        panic!("{:?}", local.databases)
    };
    let mut known = local.known(&stack.name());
    database.tell(Ipv4Addr::new(10, 1, 2, 3), &mut known);
    let (_, worker) = local
        .workloads
        .iter()
        .find(|(name, _)| name.as_str() == "worker")
        .unwrap();
    let variables = worker.environments.values().flatten();
    let variables =
        variables.map(|(name, value)| format!("{name}={}", shown(&evaluate(value, &known).unwrap())));
    (variables.collect(), database.clone(), local.clone())
}

/// What the program is told.
fn environment(database: &Database, local: &LocalStack, stack: &Stack) -> Vec<String> {
    let known = local.known(&stack.name());
    let variables = database.environment.iter();
    let variables =
        variables.map(|(name, value)| format!("{name}={}", shown(&evaluate(value, &known).unwrap())));
    variables.collect()
}

fn reached(local: &LocalStack, service: &str) -> usize {
    let found = local.workloads.iter().find(|(name, _)| name.as_str() == service);
    found.unwrap().1.reaches.len()
}

const CLUSTER: &str = "  docs:\n    type: mongo-db-atlas-cluster\n    properties: { clusterTier: M10 }\n";

#[test]
fn a_cluster_of_atlas_is_a_url_with_a_password_of_its_own() {
    let stack = config("", CLUSTER, "docs");
    let (variables, database, local) = told(&stack);
    assert_eq!(
        variables,
        [
            "STP_DOCS_CONNECTION_STRING=mongodb://tapedeck:<tapedeck/shop-dev/docs.password>@10.1.2.3:27017/?directConnection=true"
        ]
    );
    assert_eq!(
        environment(&database, &local, &stack),
        [
            "MONGO_USER=tapedeck",
            "MONGO_PASSWORD=<tapedeck/shop-dev/docs.password>",
            "MONGO_PORT=27017"
        ]
    );
    assert_eq!(database.version.as_deref(), Some("7.0"));
    assert!(!local.needs_emulator());
    assert_eq!((reached(&local, "worker"), reached(&local, "other")), (1, 1));
}

#[test]
fn the_administrator_of_a_cluster_is_there_too() {
    let cluster = "  docs:\n    type: mongo-db-atlas-cluster\n    properties:\n      clusterTier: M10\n      \
                   adminUserCredentials: { userName: chief, password: $Secret('atlas.password') }\n";
    let stack = config("", cluster, "docs");
    let (_, database, local) = told(&stack);
    let environment = environment(&database, &local, &stack);
    assert_eq!(
        environment[3..],
        ["MONGO_ADMIN_USER=chief", "MONGO_ADMIN_PASSWORD=<atlas.password>"]
    );
}

#[test]
fn the_mode_of_the_account_says_who_reaches_a_cluster() {
    for (mode, expected) in [
        ("internet", (1, 1)),
        ("vpc", (1, 1)),
        ("scoping-workloads-in-vpc", (1, 0)),
        ("whitelisted-ips-only", (0, 0)),
    ] {
        let settings =
            format!("providerConfig:\n  mongoDbAtlas:\n    accessibility: {{ accessibilityMode: {mode} }}\n");
        let local = localize(&config(&settings, CLUSTER, "docs"));
        assert_eq!(
            (reached(&local, "worker"), reached(&local, "other")),
            expected,
            "{mode}"
        );
    }
}

#[test]
fn a_database_of_upstash_is_reached_with_both_protocols_on_one_port() {
    let stack = config("", "  cache:\n    type: upstash-redis\n", "cache");
    let (variables, database, local) = told(&stack);
    let secret = "tapedeck/shop-dev/cache";
    assert_eq!(
        variables,
        [
            "STP_CACHE_HOST=10.1.2.3".to_string(),
            "STP_CACHE_PORT=6379".to_string(),
            format!("STP_CACHE_PASSWORD=<{secret}.password>"),
            format!("STP_CACHE_REST_TOKEN=<{secret}.restToken>"),
            format!("STP_CACHE_READ_ONLY_REST_TOKEN=<{secret}.readOnlyRestToken>"),
            "STP_CACHE_REST_URL=http://10.1.2.3:6379".to_string(),
            format!("STP_CACHE_REDIS_URL=redis://:<{secret}.password>@10.1.2.3:6379"),
        ]
    );
    assert_eq!(database.kind, DatabaseKind::Redis);
    let rest = database.rest.clone().unwrap();
    assert!(rest.contains(&("REDIS_PORT", "6379".into())));
    assert!(rest.contains(&("UPSTASH_REDIS_PORT", "6380".into())));
    let environment = environment(&database, &local, &stack);
    assert!(
        environment.contains(&"REDIS_PORT=6380".to_string()),
        "{environment:?}"
    );
    assert!(
        environment.contains(&"REDIS_MAXMEMORY_POLICY=noeviction".to_string()),
        "{environment:?}"
    );
    assert_eq!((reached(&local, "worker"), reached(&local, "other")), (1, 1));
}

#[test]
fn topics_share_a_broker_whose_name_is_free() {
    let topics = "  kafka: { type: upstash-kafka-topic }\n  news: { type: upstash-kafka-topic, properties: { partitions: 3 } }\n";
    let stack = config("", topics, "news");
    let (variables, database, local) = told(&stack);
    assert_eq!(
        variables,
        [
            "STP_NEWS_TOPIC_NAME=shop-dev-news",
            "STP_NEWS_TOPIC_ID=shop-dev-news",
            "STP_NEWS_USERNAME=",
            "STP_NEWS_PASSWORD=",
            "STP_NEWS_TCP_ENDPOINT=10.1.2.3:9092",
            "STP_NEWS_REST_URL=http://kafka-has-no-rest-in-region-local.invalid",
        ]
    );
    assert_eq!(
        environment(&database, &local, &stack),
        ["KAFKA_PORT=9092", "KAFKA_TOPICS=shop-dev-kafka:1 shop-dev-news:3"]
    );
    assert_eq!(database.service.as_str(), "kafka2");
    assert_eq!(database.resources.len(), 2);
}

#[test]
fn a_topic_has_no_template_for_aws() {
    let stack = config("", "  news: { type: upstash-kafka-topic }\n", "news");
    let refused = crate::synthesize(&stack, &crate::tests::lookups()).unwrap_err();
    assert!(refused.to_string().contains("`upstash-kafka-topic`"), "{refused}");
}

#[test]
fn a_database_of_rds_is_told_what_the_template_says() {
    let database = "  db:\n    type: relational-database\n    properties:\n      credentials: { masterUserPassword: $Secret('db.password') }\n      \
                    engine: { type: postgres, properties: { version: '16.6', primaryInstance: { instanceSize: db.t4g.micro } } }\n";
    let stack = config("", database, "db");
    let (variables, database, local) = told(&stack);
    assert_eq!(variables[0], "STP_DB_HOST=10.1.2.3");
    assert_eq!(
        environment(&database, &local, &stack),
        [
            "POSTGRES_USER=db_master_user",
            "POSTGRES_PASSWORD=<db.password>",
            "POSTGRES_DB=defdb",
            "POSTGRES_PORT=5432"
        ]
    );
    assert_eq!(database.secret, None);
}
