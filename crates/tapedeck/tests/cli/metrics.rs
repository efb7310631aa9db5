//! `tapedeck metrics` and the address of metrics, without an engine.

use expect_test::expect;

use crate::environment::Environment;

#[test]
fn without_an_engine_nothing_is_measured() {
    let environment = Environment::new();
    environment.check(
        &["metrics", "--prometheus"],
        expect![[r#"
        exit code 1
        --- stderr ---
        error: no engine answers on [TEMP]/home/run/engine.sock
        help: `tapedeck engine start` starts it
    "#]],
    );
    environment.check(
        &["metrics", "--stackName", "app-dev"],
        expect![[r#"
        exit code 1
        --- stderr ---
        error: there is no stack app-dev: nothing was ever deployed on this machine (looked in [TEMP]/home)
        help: `tapedeck deploy` makes app-dev
    "#]],
    );
    environment.check(
        &["metrics", "--minutes", "6"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: --minutes 6 is more than is kept: on this machine 5 minutes are
            help: give at most 5
        "#]],
    );
    environment.check(
        &["metrics", "--region", "eu-west-1", "--prometheus"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: --prometheus prints what tasks of this machine use; what those in eu-west-1 use is in CloudWatch
            help: leave --prometheus out, or --region; exporters of CloudWatch's metrics serve them to Prometheus
        "#]],
    );
    assert!(!environment.home().exists(), "looking made something");
}

#[test]
fn metrics_are_served_to_this_machine_alone() {
    let environment = Environment::new();
    environment.check(
        &["engine", "start", "--metrics-address", "192.168.1.4:9464"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: invalid value '192.168.1.4:9464' for '--metrics-address <ADDRESS>': 192.168.1.4:9464 is not an address of this machine alone: metrics are served on 127.0.0.1 or [::1] only

            For more information, try '--help'.
        "#]],
    );
    environment.check(&["engine", "run", "--metrics-address", "9464"], expect![[r#"
        exit code 2
        --- stderr ---
        error: invalid value '9464' for '--metrics-address <ADDRESS>': `9464` is not an address and a port, such as 127.0.0.1:9464

        For more information, try '--help'.
    "#]]);
    assert!(!environment.home().exists(), "nothing was started");
}
