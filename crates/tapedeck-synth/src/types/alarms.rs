//! `alarms` of a resource: alarms of CloudWatch. Who is told of one is up to the account.

use serde_json::{Value, json};
use tapedeck_model::Data;

use super::Target;
use super::target::get;
use crate::SynthError;
use crate::assembly::Assembly;
use crate::template::Resource;

/// What an alarm watches.
pub(super) enum Measure {
    /// One metric, with the key of its threshold and what turns that into the metric's unit.
    Metric {
        name: &'static str,
        threshold: &'static str,
        factor: f64,
    },
    /// The sum of some metrics, which may not be above nothing.
    AnyOf(&'static [&'static str]),
}

/// Where a resource has its metrics.
pub(super) struct Metrics {
    pub(super) namespace: &'static str,
    /// Which of all in there are the resource's.
    pub(super) dimensions: Value,
    /// What a trigger watches.
    pub(super) measure: fn(&str) -> Option<Measure>,
}

/// Adds the alarms of a resource.
pub(super) fn add(
    target: &Target<'_>,
    metrics: &Metrics,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    for (index, alarm) in target.items("alarms").iter().enumerate() {
        let trigger = get(alarm, "trigger.type")
            .and_then(Data::as_text)
            .unwrap_or_default();
        let Some(measure) = (metrics.measure)(trigger) else {
            return Err(target.unsupported(&format!("`alarms` with the trigger `{trigger}`")));
        };
        let number = |path: &str, default: f64| get(alarm, path).and_then(decimal).unwrap_or(default);
        let name = format!("{}-{trigger}-{index}", target.name);
        let mut properties = json!({
            "AlarmName": assembly.names.physical(&name, 255),
            "EvaluationPeriods": number("evaluation.evaluationPeriods", 1.0) as u64,
            "DatapointsToAlarm": number("evaluation.breachedPeriods", 1.0) as u64,
            "TreatMissingData": "notBreaching",
            "Tags": assembly.tags(),
        });
        if let Some(text) = get(alarm, "description").and_then(Data::as_text) {
            properties["AlarmDescription"] = Value::from(text);
        }
        watch(alarm, &measure, metrics, &mut properties);
        assembly.add(
            &target.id(&format!("Alarm{index}")),
            Resource::new("AWS::CloudWatch::Alarm", properties),
        );
    }
    Ok(())
}

/// Says what is watched, and what is too much.
fn watch(alarm: &Data, measure: &Measure, metrics: &Metrics, properties: &mut Value) {
    let period = get(alarm, "evaluation.period").and_then(decimal).unwrap_or(60.0) as u64;
    let text = |path: &str| get(alarm, path).and_then(Data::as_text);
    match measure {
        Measure::Metric {
            name,
            threshold,
            factor,
        } => {
            let threshold = get(alarm, &format!("trigger.properties.{threshold}")).and_then(decimal);
            properties["Namespace"] = Value::from(metrics.namespace);
            properties["MetricName"] = Value::from(*name);
            properties["Dimensions"] = metrics.dimensions.clone();
            properties["Period"] = Value::from(period);
            properties["Threshold"] = json!(threshold.unwrap_or_default() * factor);
            let operator = text("trigger.properties.comparisonOperator");
            properties["ComparisonOperator"] = Value::from(operator.unwrap_or("GreaterThanThreshold"));
            let statistic = text("trigger.properties.statistic").unwrap_or("avg");
            match plain_statistic(statistic) {
                Some(plain) => properties["Statistic"] = Value::from(plain),
                None => properties["ExtendedStatistic"] = Value::from(statistic),
            }
        }
        Measure::AnyOf(names) => {
            let ids: Vec<String> = (0..names.len()).map(|index| format!("part{index}")).collect();
            let mut queries = vec![json!({ "Id": "total", "Expression": ids.join(" + ") })];
            queries.extend(ids.iter().zip(*names).map(|(id, name)| {
                let metric = json!({
                    "Namespace": metrics.namespace,
                    "MetricName": name,
                    "Dimensions": metrics.dimensions,
                });
                let stat = json!({ "Metric": metric, "Period": period, "Stat": "Maximum" });
                json!({ "Id": id, "MetricStat": stat, "ReturnData": false })
            }));
            properties["Metrics"] = Value::Array(queries);
            properties["Threshold"] = Value::from(0);
            properties["ComparisonOperator"] = Value::from("GreaterThanThreshold");
        }
    }
}

/// A statistic that is no percentile, as CloudWatch calls it.
fn plain_statistic(name: &str) -> Option<&'static str> {
    let known = [
        ("avg", "Average"),
        ("min", "Minimum"),
        ("max", "Maximum"),
        ("sum", "Sum"),
    ];
    known
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, plain)| *plain)
}

fn decimal(data: &Data) -> Option<f64> {
    match data {
        Data::Number(number) => number.0.parse().ok(),
        Data::Text(text) => text.parse().ok(),
        _ => None,
    }
}
