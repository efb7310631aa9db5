//! A policy of `aws:permissions` is what a deployment needs: with it and nothing else it comes to its end, with less it does not.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};
use tapedeck_testkit::Finished;

use crate::calls::Watched;
use crate::world::{WAITS, World};

/// Somebody who may do what a policy says.
struct User {
    key: String,
    secret: String,
}

const NAME: &str = "deployer";

impl User {
    /// Makes one who may nothing yet.
    fn make(world: &World) -> Self {
        let _ = world.aws("iam", "create_user", &json!({ "UserName": NAME }));
        let made = world.aws("iam", "create_access_key", &json!({ "UserName": NAME }));
        let text = |key: &str| made["AccessKey"][key].as_str().unwrap().to_owned();
        Self {
            key: text("AccessKeyId"),
            secret: text("SecretAccessKey"),
        }
    }

    /// From now on they may what these policies say.
    fn may(world: &World, policies: &[Value]) {
        for (index, policy) in policies.iter().enumerate() {
            let put = json!({
                "UserName": NAME, "PolicyName": format!("policy-{index}"), "PolicyDocument": policy.to_string(),
            });
            let _ = world.aws("iam", "put_user_policy", &put);
        }
    }

    fn run(&self, world: &World, arguments: &[&str]) -> Finished {
        self.run_at(world, &world.emulator.endpoint(), arguments)
    }

    /// The same with another endpoint.
    fn run_at(&self, world: &World, endpoint: &str, arguments: &[&str]) -> Finished {
        let mut command: Command = world.command_at(endpoint, arguments);
        command
            .env("AWS_ACCESS_KEY_ID", &self.key)
            .env("AWS_SECRET_ACCESS_KEY", &self.secret);
        Finished::of(command)
    }
}

/// Policies without an action.
fn without(policies: &[Value], action: &str) -> Vec<Value> {
    let mut policies = policies.to_vec();
    let mut found = false;
    for policy in &mut policies {
        for statement in policy["Statement"].as_array_mut().unwrap() {
            if let Some(actions) = statement["Action"].as_array_mut() {
                let before = actions.len();
                actions.retain(|one| one != action);
                found |= actions.len() < before;
            }
        }
        let statements = policy["Statement"].as_array_mut().unwrap();
        statements.retain(|statement| statement["Action"] != json!([]));
    }
    assert!(found, "no statement allows {action}");
    policies
}

/// What a policy allows.
fn actions(policy: &Value) -> Vec<String> {
    let statements = policy["Statement"].as_array().unwrap().iter();
    let actions = statements.flat_map(|statement| match &statement["Action"] {
        Value::Array(several) => several.as_slice(),
        one => std::slice::from_ref(one),
    });
    actions
        .map(|action| action.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_deployment_needs_what_is_printed_and_no_less() {
    let Some(world) = World::ready() else { return };
    let printed = world.must(&["aws:permissions", "--split"]);
    let policies: Vec<Value> = serde_json::from_str(&printed.stdout).unwrap();
    let user = User::make(&world);
    let denied = user.run(&world, &["deploy"]);
    assert_eq!(denied.code, Some(1), "nobody has allowed it: {denied:?}");

    // What whoever deploys for the first time cannot do without.
    for action in [
        "cloudformation:CreateChangeSet",
        "cloudformation:DescribeStackEvents",
        "cloudformation:ExecuteChangeSet",
        "ecr:GetAuthorizationToken",
        "ecs:DescribeServices",
        "s3:PutObject",
    ] {
        world.code(WAITS, action);
        User::may(&world, &without(&policies, action));
        let denied = user.run(&world, &["deploy"]);
        assert_eq!(denied.code, Some(1), "without {action}: {denied:?}");
        assert!(
            denied.stderr.contains("access is denied"),
            "without {action}: {denied:?}"
        );
        let way_out = format!("let whoever calls do {action}");
        assert!(denied.stderr.contains(&way_out), "without {action}: {denied:?}");
    }

    User::may(&world, &policies);
    let watched = Watched::before(&world.emulator.endpoint());
    let must = |arguments: &[&str], outcome: &str| {
        let arguments = [arguments, &["--json"]].concat();
        let finished = user.run_at(&world, &watched.endpoint(), &arguments);
        assert_eq!(finished.code, Some(0), "{arguments:?}: {finished:?}");
        let told: Value = serde_json::from_str(&finished.stdout).unwrap();
        assert_eq!(told["outcome"], outcome, "{told}");
    };
    world.code(WAITS, "allowed");
    must(&["deploy"], "updated");
    must(&["deploy"], "unchanged");
    world.code(WAITS, "swapped");
    must(&["deploy", "--hotSwap"], "swapped");
    world.code(WAITS, "changed");
    must(&["deploy"], "updated");
    // Also of what the emulator lets pass without asking who may.
    let allowed: BTreeSet<String> = policies.iter().flat_map(actions).collect();
    let called = watched.actions();
    let denied: Vec<&String> = called.difference(&allowed).collect();
    assert!(denied.is_empty(), "{denied:?} are called and not allowed");
    assert!(called.len() > 20, "only {called:?} were seen");

    let secrets = user.run(&world, &["secret:list"]);
    assert_eq!(secrets.code, Some(1), "no deployment needs that: {secrets:?}");
}
