//! What ECS is asked to run a command.

use tapedeck_model::{ResourceName, StackName};

use crate::ExecuteCommand;

fn request(task: Option<&str>, container: Option<&str>, arguments: &[&str]) -> ExecuteCommand {
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    let (stack, service) = (
        StackName::new("shop-dev").unwrap(),
        ResourceName::new("mailer").unwrap(),
    );
    ExecuteCommand::new(&stack, &service, task, container, &arguments)
}

#[test]
fn the_request_is_as_ecs_takes_it() {
    let request = request(Some("3f2a"), None, &["sh", "-c", "echo \"it's\"; exit 3", ""]);
    let body = serde_json::to_value(&request).unwrap();
    let expected = serde_json::json!({
        "cluster": "shop-dev-mailer-cluster",
        "task": "3f2a",
        "container": "service-container",
        "command": r#"sh -c 'echo "it'\''s"; exit 3' ''"#,
        "interactive": true,
    });
    assert_eq!(body, expected);
}

#[test]
fn it_is_a_line_for_a_shell_too() {
    let line = request(None, Some("proxy"), &["ls", "/var/log"]).as_aws_command("eu-west-1");
    assert_eq!(
        line,
        "aws ecs execute-command --region eu-west-1 --cluster shop-dev-mailer-cluster --task TASK --container proxy \
         --interactive --command 'ls /var/log'"
    );
}
