//! `tapedeck cost`: what is counted, and how it is shown.

use expect_test::expect;
use serde_json::Value;

use crate::environment::{Environment, GOOD};
use crate::synth::{goldens, on_golden};

const SCALED: &str = "\
projectName: shop
resources:
  outbox: { type: sqs-queue }
  mailer:
    type: worker-service
    properties:
      packaging: { type: prebuilt-image, properties: { image: 'busybox:1.36' } }
      resources: { cpu: 0.25, memory: 512 }
      scaling: { minInstances: 2, maxInstances: 4 }
";

#[test]
fn a_service_costs_what_its_scaling_allows() {
    Environment::with_config(SCALED).check(
        &["cost", "--region", "eu-west-1"],
        expect![[r#"
        exit code 0
        --- stdout ---
        stack shop-dev in eu-west-1                             $25.72 to $51.04 a month

        mailer                                                          $25.72 to $51.04
          2 to 4 tasks of 0.25 vCPU and 0.5 GB on Fargate (x86)         $18.02 to $36.04
            (MailerService)
          2 to 4 public IPv4 addresses of tasks (MailerService)          $7.30 to $14.60
          2 alarms that scaling keeps                                              $0.20
            (MailerEcsServiceAverageCpuUtilizationScalingPolicy)
          2 alarms that scaling keeps                                              $0.20
            (MailerEcsServiceAverageMemoryUtilizationScalingPolicy)

        paid by use, not counted
          traffic out of AWS and between zones (MailerService)
          logs that are written (MailerServiceContainerLogGroup)            $0.57 per GB
          logs that are kept (MailerServiceContainerLogGroup)         $0.03 per GB-month
          requests (OutboxQueue)

        - a month has 730 hours; prices are list prices on demand, without taxes,
          discounts and free tiers
        - the minimum is the lower bound of scaling all month, the maximum its upper
          bound all month
        - tasks on Fargate are billed by the second from the pull of their image to
          their end, and for a minute at least; one that restarts often, and a
          deployment that runs old and new tasks at once, cost more
        - what is paid by use, such as requests, traffic and stored data, is not in the
          sum
        - prices are those of March 2025
    "#]],
    );
}

#[test]
fn this_machine_costs_nothing() {
    Environment::with_config(SCALED).check(
        &["cost"],
        expect![[r#"
            exit code 0
            --- stdout ---
            region `local` costs nothing but this machine; name a region of AWS with --region
        "#]],
    );
}

#[test]
fn a_region_without_prices_is_refused() {
    Environment::with_config(GOOD).check(
        &["cost", "--region", "eu-west-2"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: there are no prices of region eu-west-2
            help: there are those of us-east-1, us-east-2, us-west-2, eu-west-1, eu-central-1, sa-east-1
        "#]],
    );
}

#[test]
fn the_estimate_is_data() {
    let environment = Environment::with_config(SCALED);
    let arguments = ["cost", "--region", "us-east-1", "--json"];
    let output = environment.command(&arguments).output().expect("it starts");
    assert!(output.status.success());
    let told: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(
        (&told["stack"], &told["currency"]),
        (&Value::from("shop-dev"), &Value::from("USD"))
    );
    assert_eq!(told["cost"]["items"][0]["owner"], "mailer");
    assert!(told["cost"]["minimum"].as_f64() < told["cost"]["maximum"].as_f64());
    assert!(
        told["assumptions"]
            .as_array()
            .is_some_and(|lines| lines.len() > 3)
    );
}

#[test]
fn for_each_golden_config_80_columns_hold() {
    let (mut estimated, mut unknown) = (0, Vec::new());
    for (name, config) in goldens() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let output = on_golden("cost", &config, folder.path())
            .output()
            .expect("it starts");
        if output.status.code() == Some(2) {
            continue;
        }
        let text = String::from_utf8(output.stdout).expect("all output is UTF-8");
        assert!(output.status.success(), "{name}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
        let lines = text
            .lines()
            .filter(|line| line.contains("its price is not known"));
        unknown.extend(lines.map(|line| format!("{name} {line}")));
        estimated += 1;
    }
    assert_eq!(unknown, Vec::<String>::new());
    assert!(estimated > 90, "only {estimated} were estimated");
}
