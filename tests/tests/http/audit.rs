use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use shared::ports::clock::Clock as _;
use shared::ports::table::TableError;
use shared::store::audit::{self, AuditEntry};

use crate::office::{OPERATOR, Office};

const DAY: Duration = Duration::from_hours(24);

fn entry(office: &Office, actor: &str, subject: &str, detail: Option<&str>) -> AuditEntry {
    AuditEntry {
        at: office.people.world.clock.business_now(),
        actor: actor.to_owned(),
        action: "look".to_owned(),
        subject: subject.to_owned(),
        detail: detail.map(str::to_owned),
    }
}

/// Four people do twelve things each, a minute apart, over three days.
async fn three_days() -> Office {
    let office = Office::open();
    let world = &office.people.world;
    for number in 0..48_u64 {
        let actor = format!("person-{}", number % 4);
        let put = audit::put(&entry(&office, &actor, &format!("thing-{}", number % 5), None), number).unwrap();
        world.system.table.write(vec![put]).await.unwrap();
        world.clock.advance(if number % 16 == 15 { DAY } else { Duration::from_secs(60) });
    }
    office
}

/// Every page of a question, as entries.
async fn pages(office: &Office, question: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut path = question.to_owned();
    loop {
        let page = office.get(OPERATOR, &path).await.json();
        pages.push(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { return pages };
        path = format!("{question}&cursor={cursor}");
    }
}

fn times(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["at"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn days_are_read_page_by_page_in_the_order_of_time() {
    let office = three_days().await;
    let pages = pages(&office, "/audit?from=2026-03-02&limit=7").await;
    assert!(pages.iter().all(|page| page.len() <= 7));
    let entries = pages.concat();
    assert_eq!(entries.len(), 48);
    assert!(times(&entries).is_sorted());
    let of_day = office.get(OPERATOR, "/audit?day=2026-03-03").await.json();
    assert_eq!(of_day["items"].as_array().unwrap().as_slice(), &entries[16..32]);
    let of_range = office.get(OPERATOR, "/audit?from=2026-03-02&to=2026-03-03").await.json();
    assert_eq!(of_range["items"].as_array().unwrap().as_slice(), &entries[..32]);
}

#[tokio::test]
async fn what_one_actor_did_and_what_was_done_to_one_thing_are_found() {
    let office = three_days().await;
    let of_actor = pages(&office, "/audit?from=2026-03-02&actor=person-2&limit=5").await.concat();
    assert_eq!(of_actor.len(), 12);
    assert!(of_actor.iter().all(|entry| entry["actor"] == "person-2") && times(&of_actor).is_sorted());

    let of_thing = pages(&office, "/audit?subject=thing-3&limit=4").await.concat();
    assert_eq!(of_thing.len(), 9);
    assert!(of_thing.iter().all(|entry| entry["subject"] == "thing-3") && times(&of_thing).is_sorted());
    let in_a_day = pages(&office, "/audit?subject=thing-3&day=2026-03-03").await.concat();
    assert_eq!(in_a_day.len(), 3);
    let by_one = pages(&office, "/audit?subject=thing-3&actor=person-3").await.concat();
    assert!(!by_one.is_empty() && by_one.iter().all(|entry| entry["actor"] == "person-3"));
}

#[tokio::test]
async fn a_month_without_a_deed_is_no_end() {
    let office = Office::open();
    let world = &office.people.world;
    for number in 0..2 {
        let put = audit::put(&entry(&office, "ann", "thing", None), number).unwrap();
        world.system.table.write(vec![put]).await.unwrap();
        world.clock.advance(DAY * 100);
    }
    assert_eq!(pages(&office, "/audit?from=2026-03-02").await.concat().len(), 2);
}

#[tokio::test]
async fn a_spreadsheet_runs_nothing_and_is_led_to_the_next_page() {
    let office = Office::open();
    let table = &office.people.world.system.table;
    let formula = entry(&office, "=ann", "thing", Some("=HYPERLINK(\"x\")"));
    table.write(vec![audit::put(&formula, 1).unwrap()]).await.unwrap();
    table.write(vec![audit::put(&entry(&office, "bob", "thing", None), 2).unwrap()]).await.unwrap();

    let first = office.get_as(OPERATOR, "/audit?day=2026-03-02&limit=1", "text/csv").await;
    assert_eq!(
        (first.status, &first.headers["content-type"]),
        (StatusCode::OK, &"text/csv; charset=utf-8".parse().unwrap())
    );
    let lines =
        "at,actor,action,subject,detail\r\n2026-03-02T18:00:00Z,'=ann,look,thing,\"'=HYPERLINK(\"\"x\"\")\"\r\n";
    assert_eq!(first.body, lines);
    let link = first.headers["link"].to_str().unwrap();
    let query = link.strip_prefix("<").and_then(|rest| rest.strip_suffix(">; rel=\"next\"")).unwrap();
    let second = office.get_as(OPERATOR, &format!("/audit{query}"), "text/csv").await;
    assert!(second.body.contains("bob,look,thing,"), "{second:?}");
}

#[tokio::test]
async fn an_entry_is_never_written_over() {
    let office = Office::open();
    let table = &office.people.world.system.table;
    table.write(vec![audit::put(&entry(&office, "ann", "thing", None), 1).unwrap()]).await.unwrap();
    let over = table.write(vec![audit::put(&entry(&office, "ann", "thing", Some("changed")), 1).unwrap()]).await;
    assert!(matches!(over, Err(TableError::ConditionFailed { .. })), "{over:?}");
}

#[tokio::test]
async fn a_question_has_to_name_its_days_or_a_thing() {
    let office = Office::open();
    for question in
        ["", "?actor=ann", "?to=2026-03-02", "?day=2026-03-02&from=2026-03-02", "?from=2026-03-03&to=2026-03-02"]
    {
        let refused = office.get(OPERATOR, &format!("/audit{question}")).await.refusal();
        assert_eq!(refused, (400, "days_invalid".to_owned()), "{question}");
    }
    assert_eq!(office.get(OPERATOR, "/audit?day=today").await.refusal(), (400, "query_invalid".to_owned()));
    let cursor = office.get(OPERATOR, "/audit?day=2026-03-02&cursor=abc").await;
    assert_eq!(cursor.refusal(), (400, "cursor_invalid".to_owned()));
    let image = office.get_as(OPERATOR, "/audit?day=2026-03-02", "image/png").await;
    assert_eq!(image.status, StatusCode::NOT_ACCEPTABLE);
    assert_eq!(office.get(OPERATOR, "/audit?day=2026-03-02").await.json(), json!({"items": []}));
}
