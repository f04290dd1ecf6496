//! Alarms: what the scheduler says every minute is what the template counts, and whoever is called finds in docs/operate.md what to do.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use shared::domain::autopay::ids::PersonId;
use shared::domain::autopay::person::Person;
use shared::domain::dead_letter::GivenUp;
use shared::operations::{dead_letters, reconciliation};
use shared::ports::clock::Clock;
use shared::ports::queue::QueueName;
use shared::store::stored::create;
use tracing_subscriber::filter::LevelFilter;

use crate::log::said;
use crate::office::Office;
use crate::template::template;

/// What a run of the scheduler writes to its log, from warnings on.
async fn said_by_scheduler(office: &Office) -> Vec<Value> {
    let (run, lines) = said(LevelFilter::WARN, scheduler::on_schedule(&office.people.world.system)).await;
    run.unwrap();
    lines
}

fn counted(filter: &str) -> (String, String) {
    let template = template();
    let count = &template["Resources"][filter]["Properties"];
    let text = |value: &serde_yaml_ng::Value| value.as_str().unwrap().to_owned();
    (text(&count["FilterPattern"]), text(&count["MetricTransformations"][0]["MetricValue"]))
}

#[tokio::test]
async fn open_dead_letters_are_counted() {
    let office = Office::open();
    assert_eq!(said_by_scheduler(&office).await, Vec::<Value>::new());
    let message = GivenUp { queue: QueueName::Bulk, message_id: "m-1", body: "no task", sender: None };
    dead_letters::record(&office.people.world.system, message).await.unwrap();
    let said = said_by_scheduler(&office).await;
    assert_eq!(said.last().unwrap()["open_dead_letters"], 1, "{said:?}");
    let (pattern, value) = counted("OpenDeadLettersCount");
    assert_eq!((pattern.as_str(), value.as_str()), ("{ $.open_dead_letters > 0 }", "$.open_dead_letters"));
}

async fn overdue(office: &Office) -> bool {
    said_by_scheduler(office).await.iter().any(|line| line["metric"] == "reconciliation_overdue")
}

/// It does not begin, or does not end: either is said until one has begun and ended.
#[tokio::test]
async fn a_daily_reconciliation_that_does_not_run_is_overdue() {
    let office = Office::open();
    let world = &office.people.world;
    let hours = |hours| world.clock.advance(Duration::from_hours(hours));
    let person = Person::new(PersonId::of_subject("eve"), "Eve Example".to_owned(), world.clock.business_now());
    world.system.table.write(vec![create(&person).unwrap()]).await.unwrap();
    // From now on one is due every day at eight.
    reconciliation::daily(&world.system).await.unwrap();
    hours(14);
    assert!(!overdue(&office).await);
    hours(13);
    assert!(overdue(&office).await, "it did not begin");

    reconciliation::daily(&world.system).await.unwrap();
    hours(10);
    assert!(!overdue(&office).await, "it runs");
    hours(3);
    assert!(overdue(&office).await, "it did not end");
    let (_, latest) = reconciliation::health(&world.system).await.unwrap();
    reconciliation::go_on(&world.system, latest.unwrap().id, None, world.deadline_in(60)).await.unwrap();
    assert!(!overdue(&office).await);

    let (pattern, value) = counted("ReconciliationOverdueCount");
    assert_eq!((pattern.as_str(), value.as_str()), (r#"{ $.metric = "reconciliation_overdue" }"#, "1"));
}

/// The names of all alarms of the template.
fn alarms() -> Vec<String> {
    let template = template();
    let resources = template["Resources"].as_mapping().unwrap();
    let alarms = resources.iter().filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm");
    alarms.map(|(name, _)| name.as_str().unwrap().strip_suffix("Alarm").unwrap().to_owned()).collect()
}

/// Those that each function has are told of together.
#[test]
fn operators_are_told_what_to_do_about_every_alarm() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operate.md")).unwrap();
    let names = alarms();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let of_each = ["Errors", "Throttles"].iter().find(|kind| name.ends_with(*kind));
        let told = of_each.map_or(format!("`{name}`"), |kind| format!("`…{kind}`"));
        assert!(page.lines().any(|line| line.starts_with('|') && line.contains(&told)), "{name} is not told of");
    }
}

/// The part of the page for operators under a heading.
fn section(heading: &str) -> String {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operate.md")).unwrap();
    let (_, rest) = page.split_once(&format!("\n### {heading}\n")).unwrap();
    rest.split_once("\n## ").unwrap().0.to_owned()
}

#[test]
fn operators_have_a_query_for_every_alarm() {
    let queries = section("Queries to paste");
    let named: Vec<&str> = queries.lines().filter(|line| line.starts_with("**")).collect();
    for name in alarms() {
        let of_each = ["Errors", "Throttles"].iter().find(|kind| name.ends_with(*kind));
        let told = of_each.map_or(format!("**`{name}`**"), |kind| format!("**`…{kind}`**"));
        assert!(named.iter().any(|line| line.contains(&told)), "{name} has no query");
    }
}

/// What the queries look for is what the code says.
#[test]
fn the_queries_name_lines_that_are_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut code = String::new();
    for folder in ["shared/src", "functions"] {
        read_all(&root.join(folder), &mut code);
    }
    let queries = section("Queries to paste");
    let of_lambda = ["REPORT", "ERROR", "WARN"];
    let lines = queries.lines().filter(|line| line.starts_with("    "));
    let texts: Vec<&str> = lines.flat_map(|line| line.split('"').skip(1).step_by(2)).collect();
    assert!(texts.len() > 15, "{texts:?}");
    for text in texts {
        assert!(of_lambda.contains(&text) || code.contains(&format!("\"{text}\"")), "nothing says {text:?}");
    }
}

/// Lines of the log as the code writes them: the message, the metric, and the names of the fields.
struct Written {
    message: String,
    metric: Option<String>,
    fields: Vec<String>,
}

/// Every line that the code writes. Arguments of a macro of the log are fields, and the last is the message.
fn written() -> Vec<Written> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut code = String::new();
    for folder in ["shared/src", "functions"] {
        read_all(&root.join(folder), &mut code);
    }
    let macros = ["tracing::error!(", "tracing::warn!("];
    let calls = macros.iter().flat_map(|call| code.split(call).skip(1)).filter_map(|rest| rest.split_once(");"));
    calls.filter_map(|(arguments, _)| line(arguments)).collect()
}

fn line(arguments: &str) -> Option<Written> {
    let (fields, message) = arguments.trim_end().trim_end_matches([',', '"']).rsplit_once('"')?;
    let mut line = Written { message: message.to_owned(), metric: None, fields: Vec::new() };
    for field in fields.split(',').map(str::trim).filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        let name = name.trim().trim_start_matches(['%', '?']);
        match name {
            "metric" => line.metric = Some(value.trim().trim_matches('"').to_owned()),
            _ => line.fields.push(name.to_owned()),
        }
    }
    Some(line)
}

/// Whoever is called sees what the line says, and not only that there is one.
#[test]
fn the_queries_show_every_field_of_the_lines_that_they_find() {
    let (queries, written) = (section("Queries to paste"), written());
    assert!(written.len() > 60, "{}", written.len());
    let mut found = 0;
    for query in queries.split("\n\n").filter(|block| block.starts_with("    ")) {
        let sought: Vec<&str> = query.split('"').skip(1).step_by(2).collect();
        let shown: Vec<&str> = query.split(|end: char| !end.is_ascii_alphanumeric() && end != '_').collect();
        let begins = ["attention:", "alarm:"].into_iter().find(|begins| query.contains(&format!("/^{begins}/")));
        for line in &written {
            let is_found = sought.contains(&line.message.as_str())
                || line.metric.as_deref().is_some_and(|metric| sought.contains(&metric))
                || begins.is_some_and(|begins| line.message.starts_with(begins));
            for field in line.fields.iter().filter(|_| is_found) {
                found += 1;
                assert!(
                    shown.contains(&field.as_str()),
                    "{:?} has {field}, and its query does not:\n{query}",
                    line.message
                );
            }
        }
    }
    assert!(found > 60, "{found}");
}

fn read_all(folder: &Path, code: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, code);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            code.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

/// A row of what an idle stack costs begins with a number of resources.
#[test]
fn the_idle_cost_counts_the_template_s_resources_and_adds_up() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operate.md")).unwrap();
    let (_, rest) = page.split_once("**A stack that does nothing**").unwrap();
    let rows: Vec<Vec<&str>> = rest
        .lines()
        .skip_while(|line| !line.starts_with("| --- "))
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let count = |kind: &str| {
        let template = template();
        let resources = template["Resources"].as_mapping().unwrap();
        resources.values().filter(|resource| resource["Type"] == kind).count()
    };
    for (kind, named) in [
        ("AWS::CloudWatch::Alarm", "alarms"),
        ("AWS::CloudWatch::Dashboard", "dashboard"),
        ("AWS::SecretsManager::Secret", "secrets"),
    ] {
        let row = format!("{} {named}", count(kind));
        assert!(rows.iter().any(|cells| cells[0] == row), "no row {row}");
    }
    let cents = |cells: &[&str]| cells[2].replace('.', "").parse::<u64>().unwrap();
    let (sum, parts) = rows.split_last().unwrap();
    assert_eq!(cents(sum), parts.iter().map(|cells| cents(cells)).sum::<u64>());
}
