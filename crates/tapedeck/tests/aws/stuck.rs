//! A stack that CloudFormation could not roll back: what is said of it, and the way out.

use crate::world::{WAITS, World};

/// Something of a function's that never goes back to its first version once it has left that.
const FUNCTION: &str = "cloudformationResources:
  Keeper:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      Role: { Fn::GetAtt: [WorkerRole, Arn] }
      Code:
        ZipFile: |
          import json, urllib.request
          def handler(event, context):
              told = {key: event[key] for key in ('StackId', 'RequestId', 'LogicalResourceId')}
              told['PhysicalResourceId'] = 'kept'
              is_back = event['RequestType'] == 'Update' and event['ResourceProperties']['Version'] == '1'
              told['Status'] = 'FAILED' if is_back else 'SUCCESS'
              told['Reason'] = 'there is no way back'
              request = urllib.request.Request(event['ResponseURL'], json.dumps(told).encode(), method='PUT')
              urllib.request.urlopen(request)
  Kept:
    Type: Custom::Kept
    Properties: { ServiceToken: { Fn::GetAtt: [Keeper, Arn] }, Version: '1' }
";

/// Something that cannot be made, after that was changed: so that has to go back.
const BROKEN: &str = "  Broken:
    Type: Custom::Broken
    DependsOn: [Kept]
    Properties: { ServiceToken: 'arn:aws:lambda:eu-west-1:123456789012:function:not-there' }
";

#[test]
fn a_stack_that_got_stuck_is_told_with_the_way_out_which_works() {
    let Some(world) = World::ready() else { return };
    world.configure(FUNCTION);
    world.must(&["deploy"]);
    world.configure(&format!("{FUNCTION}{BROKEN}").replace("Version: '1'", "Version: '2'"));
    let way_out = "tapedeck cf-rollback --region eu-west-1 --stackName shop-dev";

    let failed = world.run(&["deploy"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.stderr.contains("Broken (Custom::Broken)"), "{failed:?}");
    assert!(
        failed.stderr.contains("left in UPDATE_ROLLBACK_FAILED"),
        "{failed:?}"
    );
    assert!(failed.stderr.contains(way_out), "{failed:?}");

    world.configure(FUNCTION);
    let stuck = world.run(&["deploy"]);
    assert_eq!(stuck.code, Some(1), "{stuck:?}");
    assert!(stuck.stderr.contains("UPDATE_ROLLBACK_FAILED"), "{stuck:?}");
    assert!(stuck.stderr.contains(way_out), "{stuck:?}");

    let again = world.run(&["cf-rollback"]);
    assert_eq!(again.code, Some(1), "nothing was mended: {again:?}");
    let told = world.json(&["cf-rollback", "--resourcesToSkip", "Kept"]);
    assert_eq!(told["status"], "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(world.stack()["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");

    world.code(WAITS, "on we go");
    world.must(&["deploy"]);
    assert_eq!(world.stack()["StackStatus"], "UPDATE_COMPLETE");
    let rested = world.run(&["cf-rollback"]);
    assert_eq!(rested.code, Some(1), "{rested:?}");
    assert!(
        rested.stderr.contains("could not go on with the rollback"),
        "{rested:?}"
    );
}
