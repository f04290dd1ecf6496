//! The dashboard shows only what the functions tell: each metric of ours is counted by a filter of the template, and the lines that the
//! filter counts are written where something happens.

use std::collections::BTreeSet;
use std::sync::Arc;

use scenarios::simulation::{Simulation, Systems};
use serde_json::Value as Json;
use serde_yaml_ng::Value;
use shared::domain::task::Task;
use shared::operations::System;
use shared::operations::release::ReleaseCache;
use shared::operations::run::run;
use shared::store::metered::{MeteredTable, MoneyStep};
use tracing_subscriber::filter::LevelFilter;

use crate::log::said;
use crate::office::Office;
use crate::template::{tagged, template};

const NAMESPACE: &str = "Clearway/${AWS::StackName}";

/// A metric of ours: its name, and its dimensions as names with values.
type Metric = (String, Vec<(String, String)>);

/// Those that the dashboard shows.
fn shown() -> BTreeSet<Metric> {
    let template = template();
    let body = tagged(&template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]).unwrap();
    let body: Json = serde_json::from_str(body).unwrap();
    let widgets = body["widgets"].as_array().unwrap().iter();
    let metrics = widgets.flat_map(|widget| widget["properties"]["metrics"].as_array().unwrap());
    let texts = metrics.map(|metric| metric.as_array().unwrap().iter().filter_map(Json::as_str).map(str::to_owned));
    texts.map(Iterator::collect).filter_map(|texts: Vec<String>| metric(&texts)).collect()
}

fn metric(texts: &[String]) -> Option<Metric> {
    let [namespace, name, dimensions @ ..] = texts else { return None };
    let pairs = dimensions.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone()));
    (namespace == NAMESPACE).then(|| (name.clone(), pairs.collect()))
}

/// A filter that counts lines for a metric.
#[derive(Debug)]
struct Filter {
    name: String,
    pattern: String,
    /// Names of dimensions, and the fields whose values they take.
    dimensions: Vec<(String, String)>,
    /// The field that is counted, where it is one.
    value: Option<String>,
}

fn filters() -> Vec<Filter> {
    let template = template();
    let resources = template["Resources"].as_mapping().unwrap().values();
    let filters = resources.filter(|resource| resource["Type"] == "AWS::Logs::MetricFilter");
    filters.map(|filter| read(&filter["Properties"])).collect()
}

fn read(filter: &Value) -> Filter {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let counted = &filter["MetricTransformations"][0];
    assert_eq!(tagged(&counted["MetricNamespace"]), Some(NAMESPACE));
    let dimensions = counted["Dimensions"].as_sequence().into_iter().flatten();
    let field = |value: &Value| text(value).strip_prefix("$.").map(str::to_owned);
    Filter {
        name: text(&counted["MetricName"]),
        pattern: text(&filter["FilterPattern"]),
        dimensions: dimensions.map(|pair| (text(&pair["Key"]), field(&pair["Value"]).unwrap())).collect(),
        value: field(&counted["MetricValue"]),
    }
}

impl Filter {
    /// What it counts of a line. Of the patterns only the two that the dashboard's metrics of money have are understood.
    fn counts(&self, line: &Json) -> Option<Metric> {
        let pattern = self.pattern.trim_start_matches("{ $.").trim_end_matches(" }");
        let is_counted = match (pattern.split_once(" = "), pattern.split_once(" >= ")) {
            (Some((field, wanted)), _) => line[field].as_str() == Some(wanted.trim_matches('"')),
            (None, Some((field, "0"))) => line[field].is_u64(),
            (None, _) => false,
        };
        let has_number = self.value.as_ref().is_none_or(|field| line[field].is_i64());
        let values: Option<Vec<_>> = self
            .dimensions
            .iter()
            .map(|(name, field)| Some((name.clone(), line[field].as_str()?.to_owned())))
            .collect();
        values.filter(|_| is_counted && has_number).map(|values| (self.name.clone(), values))
    }
}

/// What the template's filters count of these lines.
fn counted(lines: &[Json]) -> BTreeSet<Metric> {
    let filters = filters();
    lines.iter().flat_map(|line| filters.iter().filter_map(|filter| filter.counts(line))).collect()
}

/// What is said while a scenario of autopay is played.
async fn played(scenario: &str) -> Vec<Json> {
    let mut simulation = Simulation::start().unwrap();
    let system = simulation.system.clone();
    let metered = System { table: Arc::new(MeteredTable::new(system.table.clone())), ..system };
    simulation.run_on(Systems::shared(&metered));
    let (played, lines) = said(LevelFilter::INFO, scenarios::find(scenario).unwrap().play_on(&mut simulation)).await;
    played.unwrap_or_else(|failure| panic!("{scenario}: {failure}"));
    lines
}

fn of_name(metrics: &BTreeSet<Metric>, name: &str) -> BTreeSet<Metric> {
    metrics.iter().filter(|(found, _)| found == name).cloned().collect()
}

#[test]
fn every_metric_of_the_dashboard_is_counted_by_a_filter() {
    let filters = filters();
    for (name, dimensions) in shown() {
        let of_it: Vec<&Filter> = filters.iter().filter(|filter| filter.name == name).collect();
        assert!(!of_it.is_empty(), "{name}: no filter counts it");
        let names = |pairs: &[(String, String)]| pairs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        for filter in of_it {
            assert_eq!(names(&filter.dimensions), names(&dimensions), "{name}");
        }
    }
}

/// Debits are told in all their steps, payments in all but the one that they do not have.
#[tokio::test]
async fn money_that_moves_is_shown_in_each_step() {
    let mut lines = played("happy-path").await;
    lines.extend(played("funding-returned-r02-account-closed").await);
    lines.extend(played("funding-returned-after-mailing-stop-loses").await);
    let told = of_name(&counted(&lines), "MoneyMoved");
    let shown = of_name(&shown(), "MoneyMoved");
    assert_eq!(shown.len(), 2 * MoneyStep::ALL.len() - 1, "{shown:?}");
    let unknown: Vec<_> = told.difference(&shown).collect();
    assert!(unknown.is_empty(), "told and not shown: {unknown:?}");
    let of = |kind: &str, step: MoneyStep| {
        let pairs = [("Of", kind), ("Step", step.as_str())];
        ("MoneyMoved".to_owned(), pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
    };
    for step in [MoneyStep::Sent, MoneyStep::Settled, MoneyStep::Available, MoneyStep::Returned] {
        assert!(told.contains(&of("funding", step)), "{step:?} of a debit: {told:?}");
    }
    for step in [MoneyStep::Sent, MoneyStep::Settled, MoneyStep::Failed] {
        assert!(told.contains(&of("payment", step)), "{step:?} of a payment: {told:?}");
    }
}

#[tokio::test]
async fn a_payment_and_a_batch_that_are_not_settled_tell_their_age() {
    let mut lines = played("happy-path").await;
    lines.extend(played("canceled-after-debit-settled").await);
    let office = Office::open();
    let batch_id = office.paying_batch(1).await;
    let world = &office.people.world;
    world.clock.advance(std::time::Duration::from_hours(30));
    let sweep = Task::Sweep { batch_id: batch_id.parse().unwrap() };
    let surrounding = ReleaseCache::default();
    let (swept, of_batch) =
        said(LevelFilter::INFO, run(&world.system, &surrounding, &sweep, world.deadline_in(60))).await;
    swept.unwrap();
    let hours: Vec<&Json> =
        of_batch.iter().filter(|line| line["metric"] == "unsettled").map(|line| &line["hours"]).collect();
    assert_eq!(hours, [30]);
    lines.extend(of_batch);
    assert_eq!(of_name(&counted(&lines), "UnsettledHours"), of_name(&shown(), "UnsettledHours"));
}

#[tokio::test]
async fn what_waits_for_an_operator_is_shown_every_minute() {
    let office = Office::open();
    let (_, lines) = said(LevelFilter::INFO, scheduler::on_schedule(&office.people.world.system)).await;
    let told: Vec<&Json> = lines.iter().filter_map(|line| line.get("open_attention")).collect();
    assert_eq!(told, [0]);
    assert_eq!(of_name(&counted(&lines), "OpenAttention"), of_name(&shown(), "OpenAttention"));
}
