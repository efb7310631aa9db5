//! What the emulator is given of functions.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::Unsettled;
use crate::ArtifactLookup;
use crate::local::{ACCOUNT, LocalStack, localize_with_code};
use crate::tests::stack;

const CONFIG: &str = "
resources:
  jobs: { type: sqs-queue }
  db:
    type: relational-database
    properties:
      credentials: { masterUserPassword: $Secret('db') }
      engine:
        type: postgres
        properties: { version: '16.6', primaryInstance: { instanceSize: db.t4g.micro } }
  resize:
    type: function
    properties:
      packaging: { type: stacktape-lambda-buildpack, properties: { entryfilePath: src/resize.ts } }
      url: { enabled: true }
      connectTo: [jobs, db]
  worker:
    type: worker-service
    properties:
      packaging: { type: stacktape-image-buildpack, properties: { entryfilePath: src/main.ts } }
      connectTo: [resize]
      resources: { cpu: 0.25, memory: 512 }
";

const ENDPOINT: &str = "http://10.0.0.1:4566";

fn local() -> LocalStack {
    let artifact = ArtifactLookup {
        bucket: Some("code".to_owned()),
        key: "resize.zip".to_owned(),
        digest: "abc".to_owned(),
    };
    localize_with_code(&stack(CONFIG), ACCOUNT, [("resize".to_owned(), artifact)].into()).unwrap()
}

/// The variables of the function, settled.
fn settled(local: &mut LocalStack) -> Result<Value, Unsettled<String>> {
    let mut known = local.known(&stack(CONFIG).name());
    for database in &local.databases {
        database.tell(Ipv4Addr::new(10, 0, 0, 2), &mut known);
    }
    local.settle(&known, ENDPOINT, |reference| {
        match reference.to_string().as_str() {
            "db" => Ok("pass${word}".to_owned()),
            other => Err(format!("no {other}")),
        }
    })?;
    Ok(local.template.resources["ResizeFunction"].properties["Environment"]["Variables"].clone())
}

#[test]
fn code_is_where_it_was_uploaded_to_and_logs_are_made() {
    let local = local();
    let function = &local.template.resources["ResizeFunction"];
    assert_eq!(
        function.properties["Code"],
        json!({ "S3Bucket": "code", "S3Key": "resize.zip" })
    );
    for id in ["ResizeRole", "ResizeLogGroup", "ResizeUrl", "WorkerRole"] {
        assert!(local.template.resources.contains_key(id), "{id}");
    }
    assert!(!local.template.resources.contains_key("StpDeploymentBucket"));
}

#[test]
fn what_runs_beside_the_emulator_is_told_and_what_it_has_is_left_to_it() {
    let mut local = local();
    let variables = settled(&mut local).unwrap();
    assert_eq!(variables["STP_DB_HOST"], "10.0.0.2");
    assert!(
        variables["STP_DB_CONNECTION_STRING"]
            .to_string()
            .contains("pass${word}"),
        "{variables:#}"
    );
    assert_eq!(variables["STP_JOBS_URL"], json!({ "Ref": "JobsQueue" }));
    assert_eq!(local.functions_reach.len(), 1);
}

#[test]
fn a_url_leads_to_the_emulator() {
    let mut local = local();
    settled(&mut local).unwrap();
    let outputs = serde_json::to_string(&local.template.outputs).unwrap();
    assert!(
        outputs.contains("http://10.0.0.1:4566/_aws/lambda-url/"),
        "{outputs}"
    );
}

#[test]
fn a_variable_of_what_is_not_there_is_an_error() {
    let mut local = local();
    let function = local.template.resources.get_mut("ResizeFunction").unwrap();
    function.properties["Environment"]["Variables"]["X"] = json!({ "Ref": "Nowhere" });
    let error = settled(&mut local).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the variable X of the function `ResizeFunction` cannot be told"
    );
}
