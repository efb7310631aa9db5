//! Figures of CloudWatch.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy};
use aws_smithy_types::DateTime;
use tapedeck_model::Timestamp;

use crate::call::CallError;
use crate::connect::{Cloud, time};
use crate::error::CloudError;

const GET: &str = "cloudwatch:GetMetricData";

/// The most metrics that CloudWatch tells of in one call.
const METRICS_AT_ONCE: usize = 500;

/// Seconds that a figure is about.
const PERIOD: i32 = 60;

/// Which figures, one for each minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricQuery {
    /// Whose metric: `AWS/ECS`.
    pub namespace: &'static str,
    /// Which: `CPUUtilization`.
    pub metric: &'static str,
    /// What of a minute: `Average`, `Maximum`.
    pub statistic: &'static str,
    /// Of what, by name.
    pub dimensions: Vec<(&'static str, String)>,
}

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricPoint {
    /// The beginning of the minute.
    pub at: Timestamp,
    /// The figure.
    pub value: f64,
}

impl Cloud {
    /// Figures from one point in time to another, the oldest first, in the order of the queries. Nothing for what CloudWatch has no figures
    /// of.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when they may not be read or nobody answers.
    pub async fn metric_data(
        &self,
        queries: &[MetricQuery],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Vec<MetricPoint>>, CloudError> {
        let mut found = Vec::new();
        for some in queries.chunks(METRICS_AT_ONCE) {
            let told = self.some_metric_data(some, from, until).await;
            let mut told = told.map_err(|cause| self.not_done("read metrics".to_owned(), cause))?;
            found.extend((0..some.len()).map(|place| told.remove(&id(place)).unwrap_or_default()));
        }
        Ok(found)
    }

    async fn some_metric_data(
        &self,
        queries: &[MetricQuery],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<BTreeMap<String, Vec<MetricPoint>>, CallError> {
        let queries = queries.iter().enumerate().map(|(place, one)| query(place, one));
        let call = self
            .cloudwatch
            .get_metric_data()
            .set_metric_data_queries(Some(queries.collect()))
            .start_time(date_time(from))
            .end_time(date_time(until))
            .scan_by(ScanBy::TimestampAscending);
        let mut pages = call.into_paginator().send();
        let mut found: BTreeMap<String, Vec<MetricPoint>> = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CallError::new(GET, error))?;
            for result in page.metric_data_results.unwrap_or_default() {
                let times = result.timestamps.unwrap_or_default().into_iter();
                let points = times.zip(result.values.unwrap_or_default());
                let points = points.filter_map(|(at, value)| Some(MetricPoint { at: time(at)?, value }));
                found
                    .entry(result.id.unwrap_or_default())
                    .or_default()
                    .extend(points);
            }
        }
        for points in found.values_mut() {
            points.sort_by_key(|point| point.at);
        }
        Ok(found)
    }
}

/// By what an answer says which query it is to.
fn id(place: usize) -> String {
    format!("m{place}")
}

fn query(place: usize, query: &MetricQuery) -> MetricDataQuery {
    let dimensions = query
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(*name).value(value).build());
    let metric = Metric::builder()
        .namespace(query.namespace)
        .metric_name(query.metric)
        .set_dimensions(Some(dimensions.collect()))
        .build();
    let statistic = MetricStat::builder()
        .metric(metric)
        .period(PERIOD)
        .stat(query.statistic)
        .build();
    MetricDataQuery::builder()
        .id(id(place))
        .metric_stat(statistic)
        .build()
}

fn date_time(at: Timestamp) -> DateTime {
    DateTime::from_millis(i64::try_from(at.millis()).unwrap_or(i64::MAX))
}
