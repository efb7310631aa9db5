//! Scripts and hooks with a deployed stack: told about a queue and a database, in the role of a worker and in none.

use tapedeck_local::stand_in::Kind;
use tapedeck_testkit::{Finished, missing};

use crate::seed::{SEED, Seed};
use crate::source::Project;
use crate::stage::PROJECT;

const CONFIG: &str = "
resources:
  jobs: { type: sqs-queue }
  secrets: { type: sqs-queue }
  db:
    type: relational-database
    properties:
      credentials: { masterUserPassword: \"$Secret('scripts.password')\" }
      engine: { type: postgres, properties: { version: '16.6', primaryInstance: { instanceSize: db.t4g.micro } } }
  worker:
    type: worker-service
    properties:
      packaging: { type: stacktape-image-buildpack, properties: { entryfilePath: src/made.ts } }
      connectTo: [jobs]
      resources: { cpu: 0.25, memory: 512 }
scripts:
  generate: { type: local-script, properties: { executeCommand: 'cp src/main.ts src/made.ts' } }
  look:
    type: local-script
    properties:
      executeScript: look.ts
      connectTo: [jobs, secrets, db]
      environment: { PASSWORD: \"$Secret('scripts.password')\" }
  fail: { type: local-script, properties: { executeCommand: 'echo $STP_HOOK_TYPE; exit 3' } }
hooks:
  beforeDeploy: [{ scriptName: generate }]
  afterDeploy: [{ scriptName: look }]
  beforeDelete: [{ scriptName: fail, skipOnCI: true }]
  afterDelete: [{ scriptName: fail }]
";

/// Sends a message to each queue with what it was told, and reaches the database.
const LOOK: &str = "
import { connect } from 'node:net';
const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, PASSWORD } = process.env;
import { createHash, createHmac } from 'node:crypto';
const hmac = (key: any, text: string) => createHmac('sha256', key).update(text).digest();
const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const send = async (url: string): Promise<number> => {
  const body = JSON.stringify({ QueueUrl: url, MessageBody: 'hello' });
  const at = new Date().toISOString().replace(/[-:]|\\.\\d+/g, ''), day = at.slice(0, 8);
  const headers: Record<string, string> = { 'content-type': 'application/x-amz-json-1.0', host: new URL(AWS_ENDPOINT_URL!).host,
    'x-amz-date': at, 'x-amz-target': 'AmazonSQS.SendMessage' };
  if (AWS_SESSION_TOKEN) headers['x-amz-security-token'] = AWS_SESSION_TOKEN;
  const names = Object.keys(headers).sort(), signed = names.join(';');
  const canonical = ['POST', '/', '', ...names.map(name => `${name}:${headers[name]}`), '', signed, hash(body)].join('\\n');
  const scope = `${day}/local/sqs/aws4_request`;
  const key = hmac(hmac(hmac(hmac(`AWS4${AWS_SECRET_ACCESS_KEY}`, day), 'local'), 'sqs'), 'aws4_request');
  const signature = hmac(key, ['AWS4-HMAC-SHA256', at, scope, hash(canonical)].join('\\n')).toString('hex');
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
  const { host, ...rest } = headers;
  return (await fetch(AWS_ENDPOINT_URL!, { method: 'POST', headers: rest, body })).status;
};
const db = new URL(process.env.STP_DB_CONNECTION_STRING!);
await new Promise((done, failed) => connect(Number(db.port || 5432), db.hostname, () => done(0)).on('error', failed));
console.log('jobs', await send(process.env.STP_JOBS_URL!), 'secrets', await send(process.env.STP_SECRETS_URL!),
  'password', decodeURIComponent(db.password) === PASSWORD, AWS_SESSION_TOKEN ? 'session' : 'root');
process.exit(0);
";

fn project() -> Option<Project> {
    if let Some(missing) = missing(&["python3", "apt-get"]) {
        eprintln!("SKIPPED: this test needs {missing}");
        return None;
    }
    for kind in [Kind::Aws, Kind::Postgres] {
        if let Err(error) = Seed::take(SEED).stand_in(kind) {
            eprintln!("SKIPPED: this test needs what stands in for others: {error}");
            return None;
        }
    }
    let project = Project::ready()?;
    project.write("stacktape.yml", CONFIG);
    project.write("look.ts", LOOK);
    Some(project)
}

fn run(project: &Project, arguments: &[&str], ci: bool) -> Finished {
    let mut command = project.home.command(&[arguments, &PROJECT].concat());
    command.current_dir(project.folder.path());
    if ci {
        command.env("CI", "1");
    }
    Finished::of(command)
}

#[test]
fn scripts_are_told_what_works_on_this_machine_and_act_in_roles() {
    let Some(project) = project() else { return };
    let password = r#"{"password": "only-for-scripts"}"#;
    project
        .home
        .must(&["secret:set", "scripts", "--secretValue", password]);
    // What the service is packaged from is made by a hook, and another looks at what was deployed.
    let deployed = run(&project, &["deploy", "--json"], false);
    assert_eq!(deployed.code, Some(0), "{deployed:?}");
    let stack: serde_json::Value = serde_json::from_str(deployed.stdout.trim()).unwrap();
    assert_eq!(stack["detached"], false);
    let all = "jobs 200 secrets 200 password true root\n";
    assert!(deployed.stderr.contains(all), "{deployed:?}");

    // In the role of the worker what it is connected to is allowed, all else refused.
    let role = ["script:run", "--scriptName", "look", "--assumeRoleOfResource"];
    let allowed = run(&project, &[&role[..], &["worker"]].concat(), false);
    assert_eq!(allowed.code, Some(0), "{allowed:?}");
    assert!(allowed.stdout.starts_with("jobs 200 secrets 4"), "{allowed:?}");
    assert!(allowed.stdout.ends_with("password true session\n"), "{allowed:?}");
    let none = run(&project, &[&role[..], &["db"]].concat(), false);
    assert_eq!(none.code, Some(1), "{none:?}");
    for told in [&deployed, &allowed, &none] {
        let text = format!("{}{}", told.stdout, told.stderr);
        assert!(!text.contains("only-for-scripts"), "{text}");
    }

    // One that fails before keeps the stack; one that fails after lets it go, and the exit code says so.
    let kept = run(&project, &["delete", "--yes"], false);
    assert_eq!(kept.code, Some(1), "{kept:?}");
    assert!(kept.stderr.contains("beforeDelete\n"), "{kept:?}");
    assert!(!project.stack().services.is_empty());
    let gone = run(&project, &["delete", "--yes"], true);
    assert_eq!(gone.code, Some(1), "{gone:?}");
    assert!(
        gone.stderr.contains("the stack is deleted all the same"),
        "{gone:?}"
    );
    assert_eq!(project.home.must(&["info:stacks", "--json"]).trim(), "[]");
}
