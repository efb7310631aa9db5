//! What services use and how they are scaled: the figures and rules that AWS's own library is told. One emulator runs services and keeps
//! figures, another scales.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tapedeck_testkit::{Emulator, Finished, Home, Moto, stable};

use crate::world::World;

/// Figures of the minute before the present one, of a service in its cluster. Tells what CloudWatch makes of them, for each metric.
const FIGURES: &str = "
import botocore.session, datetime, json, sys
cluster, service = sys.argv[1:3]
client = botocore.session.get_session().create_client('cloudwatch')
dimensions = [{'Name': 'ClusterName', 'Value': cluster}, {'Name': 'ServiceName', 'Value': service}]
now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
told = {}
for metric, values in [('CPUUtilization', (10, 30)), ('MemoryUtilization', (40, 45))]:
    data = [{'MetricName': metric, 'Dimensions': dimensions, 'Timestamp': now - datetime.timedelta(seconds=60), 'Value': value, 'Unit': 'Percent'}
            for value in values]
    client.put_metric_data(Namespace='AWS/ECS', MetricData=data)
    points = client.get_metric_statistics(Namespace='AWS/ECS', MetricName=metric, Dimensions=dimensions, Period=60,
        StartTime=now - datetime.timedelta(minutes=5), EndTime=now + datetime.timedelta(minutes=1), Statistics=['Average', 'Maximum'])
    told[metric] = [{ 'average': one['Average'], 'maximum': one['Maximum'] } for one in points['Datapoints']]
print(json.dumps(told))";

/// The stack of a service that is scaled, as far as an emulator makes such a one, and what scales it.
const SCALED: &str = "
import botocore.session, json
session = botocore.session.get_session()
properties = {
    'Cluster': ('AWS::ECS::Cluster', {'ClusterName': 'shop-dev-worker-cluster'}),
    'TaskDefinition': ('AWS::ECS::TaskDefinition', {'Family': 'worker', 'Cpu': '256', 'Memory': '512',
        'ContainerDefinitions': [{'Name': 'main', 'Image': 'worker', 'Memory': 512, 'Cpu': 256}]}),
    'WorkerService': ('AWS::ECS::Service', {'ServiceName': 'shop-dev-WorkerService', 'Cluster': {'Ref': 'Cluster'},
        'TaskDefinition': {'Ref': 'TaskDefinition'}, 'DesiredCount': 2}),
}
resources = {name: {'Type': kind, 'Properties': values} for name, (kind, values) in properties.items()}
session.create_client('cloudformation').create_stack(StackName='shop-dev', TemplateBody=json.dumps({'Resources': resources}))
scaling = session.create_client('application-autoscaling')
which = {'ServiceNamespace': 'ecs', 'ScalableDimension': 'ecs:service:DesiredCount',
    'ResourceId': 'service/shop-dev-worker-cluster/shop-dev-WorkerService'}
scaling.register_scalable_target(MinCapacity=1, MaxCapacity=4, **which)
for metric, target in [('CPU', 70), ('Memory', 80)]:
    tracked = {'PredefinedMetricType': f'ECSServiceAverage{metric}Utilization'}
    scaling.put_scaling_policy(PolicyName=f'worker-{metric}', PolicyType='TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration={'TargetValue': target, 'PredefinedMetricSpecification': tracked}, **which)
print(json.dumps(scaling.describe_scaling_policies(ServiceNamespace='ecs'), default=str))";

#[test]
fn what_services_use_is_what_cloudwatch_has() {
    let Some(world) = World::ready() else { return };
    world.must(&["deploy"]);
    let none = world.json(&["metrics"]);
    assert_eq!(none["services"][0]["history"], json!([]));
    let said = world.must(&["metrics", "worker"]);
    assert!(said.stdout.contains("no figures yet"), "{said:?}");

    let names = ["shop-dev-worker-cluster", "shop-dev-WorkerService"];
    let told = world.emulator.botocore(FIGURES, &names);
    let theirs: Value = serde_json::from_str(&told).unwrap();
    let ours = world.json(&["metrics", "worker", "--minutes", "5"]);
    let (service, worker) = (&ours["services"][0], world.worker());
    let history = service["history"].as_array().unwrap();
    for (metric, key) in [("CPUUtilization", "cpu"), ("MemoryUtilization", "memory")] {
        let theirs = theirs[metric].as_array().unwrap();
        assert_eq!((theirs.len(), history.len()), (1, 1), "{theirs:?} {history:?}");
        assert_eq!(
            theirs[0]["average"].as_f64(),
            history[0][key].as_f64(),
            "{history:?}"
        );
        let maximum = history[0][format!("{key}Maximum")].as_f64();
        assert_eq!(theirs[0]["maximum"].as_f64(), maximum, "{history:?}");
    }
    assert_eq!(
        (&service["name"], &service["cpu"], &service["memory"]),
        (&json!("worker"), &json!(250), &json!(512))
    );
    for key in ["runningCount", "desiredCount"] {
        assert_eq!(service[key], worker[key], "{key}");
    }
    assert_eq!(service["tasks"].as_array().map(Vec::len), Some(1), "{service}");

    let unknown = world.run(&["metrics", "wrker"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    // This emulator has no Application Auto Scaling.
    let refused = world.run(&["info:scaling"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("could not read which services are scaled")
            && refused
                .stderr
                .contains("application-autoscaling:DescribeScalableTargets")
            && refused.stderr.contains("not every emulator does"),
        "{refused:?}"
    );
}

#[test]
fn how_services_are_scaled_is_what_application_auto_scaling_says() {
    let Some(moto) = Moto::start(Path::new(env!("CARGO_TARGET_TMPDIR"))) else {
        return;
    };
    let home = Home::new(stable(Path::new(env!("CARGO_BIN_EXE_tapedeck"))));
    let command = |arguments: &[&str]| -> Command {
        let mut command = home.command(arguments);
        command
            .args(["--stackName", "shop-dev", "--region", Emulator::REGION])
            .env("AWS_ENDPOINT_URL", moto.endpoint())
            .env("AWS_ACCESS_KEY_ID", Emulator::ACCESS_KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", Emulator::SECRET_ACCESS_KEY);
        command
    };
    let theirs: Value = serde_json::from_str(&moto.botocore(SCALED, &[])).unwrap();

    let told = Finished::of(command(&["info:scaling", "--json"]));
    assert_eq!(told.code, Some(0), "{told:?}");
    let ours: Value = serde_json::from_str(&told.stdout).unwrap();
    let service = &ours[0];
    assert_eq!(service["name"], "Worker", "{ours}");
    assert_eq!(
        (
            &service["scaling"]["minInstances"],
            &service["scaling"]["maxInstances"]
        ),
        (&json!(1), &json!(4))
    );
    let policies = service["policies"].as_array().unwrap();
    let theirs = theirs["ScalingPolicies"].as_array().unwrap();
    assert_eq!(policies.len(), theirs.len());
    for (own, their) in policies.iter().zip(theirs) {
        let tracking = &their["TargetTrackingScalingPolicyConfiguration"];
        let metric = &tracking["PredefinedMetricSpecification"]["PredefinedMetricType"];
        assert_eq!(own["name"], their["PolicyName"]);
        assert_eq!(&own["metric"], metric);
        assert_eq!(own["target"].as_f64(), tracking["TargetValue"].as_f64());
    }
    // This emulator tells of no activities, which takes nothing from the rest.
    assert_eq!(service["decisions"], Value::Null);
    assert!(
        told.stderr
            .contains("could not read the scaling activities of service shop-dev-WorkerService"),
        "{told:?}"
    );
    let shown = Finished::of(command(&["info:scaling"]));
    assert!(
        shown.stdout.contains("between 1 and 4")
            && shown
                .stdout
                .contains("keeps ECSServiceAverageCPUUtilization near 70"),
        "{shown:?}"
    );
}
