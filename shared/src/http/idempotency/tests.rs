use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Json;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::adapters::memory_table::MemoryTable;
use crate::adapters::simulated::{ManualClock, SeededRandom};
use crate::http::problem::CHANGED_MEANWHILE;

const LEASE: Duration = Duration::from_secs(30);

/// A service whose one create counts how often it acted.
struct World {
    idempotency: Idempotency,
    clock: Arc<ManualClock>,
    table: Arc<MemoryTable>,
    acted: AtomicUsize,
}

#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    replayed: bool,
    content_type: String,
    body: Value,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_second(1_800_000_000).unwrap()));
        let table = Arc::new(MemoryTable::new());
        let random = Arc::new(SeededRandom::new(7));
        let idempotency = Idempotency { table: table.clone(), clock: clock.clone(), random, lease: LEASE };
        Self { idempotency, clock, table, acted: AtomicUsize::new(0) }
    }

    async fn create(&self, caller: &str, key: &str, body: &str) -> Answer {
        self.create_answering(caller, key, body, StatusCode::CREATED).await
    }

    async fn create_answering(&self, caller: &str, key: &str, body: &str, status: StatusCode) -> Answer {
        let act = async |creation_id: Uuid| {
            let run = self.acted.fetch_add(1, Ordering::Relaxed) + 1;
            (status, Json(json!({"run": run, "id": creation_id}))).into_response()
        };
        self.run(caller, key, body, act).await
    }

    async fn run<Acting>(&self, caller: &str, key: &str, body: &str, act: impl FnOnce(Uuid) -> Acting) -> Answer
    where
        Acting: Future<Output = Response>,
    {
        let (caller, key) = (Caller::new(caller, []), IdempotencyKey(key.to_owned()));
        let request =
            IdempotentRequest { caller: &caller, key: &key, operation: "POST /payments", body: body.as_bytes() };
        read(self.idempotency.run(request, act).await).await
    }

    fn acted(&self) -> usize {
        self.acted.load(Ordering::Relaxed)
    }
}

async fn read(response: Response) -> Answer {
    let headers = response.headers();
    let replayed = headers.get(IDEMPOTENT_REPLAYED).is_some_and(|value| value == "true");
    let content_type = headers[CONTENT_TYPE].to_str().unwrap().to_owned();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Answer { status, replayed, content_type, body: serde_json::from_slice(&bytes).unwrap() }
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_nothing_acts_twice() {
    let world = World::new();
    let first = world.create("ann", "k", "{}").await;
    let second = world.create("ann", "k", "{}").await;
    assert_eq!((first.status, first.replayed, world.acted()), (201, false, 1));
    assert_eq!(second, Answer { replayed: true, ..first });
}

#[tokio::test]
async fn a_refusal_is_an_answer_too() {
    let world = World::new();
    world.create_answering("ann", "k", "{}", StatusCode::CONFLICT).await;
    let second = world.create("ann", "k", "{}").await;
    assert_eq!((second.status, second.replayed, world.acted()), (409, true, 1));
}

#[tokio::test]
async fn other_content_under_the_key_is_refused() {
    let world = World::new();
    world.create("ann", "k", "{}").await;
    let other = world.create("ann", "k", "{ }").await;
    assert_eq!((other.status, &other.body["code"]), (422, &json!("idempotency_key_reused")));
    assert_eq!(world.acted(), 1);
}

#[tokio::test]
async fn callers_do_not_share_keys() {
    let world = World::new();
    for (caller, key) in [("ann", "k"), ("bob", "k"), ("ann#b", "c"), ("ann", "b#c"), ("ann%23b", "c")] {
        assert!(!world.create(caller, key, "{}").await.replayed, "{caller} {key}");
    }
    assert_eq!(world.acted(), 5);
}

#[tokio::test]
async fn a_repeat_while_the_first_still_runs_is_told_to_wait() {
    let world = World::new();
    let first = world
        .run("ann", "k", "{}", async |_| {
            let meanwhile = world.create("ann", "k", "{}").await;
            assert_eq!((meanwhile.status, &meanwhile.body["code"]), (409, &json!("request_running")));
            Json(json!({})).into_response()
        })
        .await;
    assert_eq!((first.status, world.acted()), (200, 0));
}

#[tokio::test]
async fn a_run_that_died_is_run_again_with_the_same_id() {
    let world = World::new();
    let mut died_with = None;
    {
        let (caller, key) = (Caller::new("ann", []), IdempotencyKey("k".to_owned()));
        let request = IdempotentRequest { caller: &caller, key: &key, operation: "POST /payments", body: b"{}" };
        let dying = world.idempotency.run(request, async |creation_id| {
            died_with = Some(creation_id);
            std::future::pending().await
        });
        assert!(futures::FutureExt::now_or_never(dying).is_none());
    }
    assert_eq!(world.create("ann", "k", "{}").await.status, 409);
    world.clock.advance(LEASE);
    let second = world.create("ann", "k", "{}").await;
    assert_eq!((second.status, second.replayed), (201, false));
    assert_eq!(second.body["id"], json!(died_with.unwrap()));
    assert!(world.create("ann", "k", "{}").await.replayed);
}

#[tokio::test]
async fn a_run_that_lost_its_lease_does_not_overwrite_its_successor() {
    let world = World::new();
    let late = world
        .run("ann", "k", "{}", async |_| {
            world.clock.advance(LEASE);
            world.create("ann", "k", "{}").await;
            Json(json!({"run": "late"})).into_response()
        })
        .await;
    assert_eq!(late.body["run"], "late");
    assert_eq!(world.create("ann", "k", "{}").await.body["run"], 1);
}

#[tokio::test]
async fn a_failure_of_ours_may_be_repeated_at_once() {
    let world = World::new();
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS] {
        let failed = world.create_answering("ann", "k", "{}", status).await;
        assert_eq!((failed.status, failed.replayed), (status.as_u16(), false));
    }
    let first = world.create("ann", "k", "{}").await;
    assert_eq!((first.status, first.replayed, world.acted()), (201, false, 4));
}

#[tokio::test]
async fn a_key_is_free_again_after_thirty_days() {
    let world = World::new();
    let first = world.create("ann", "k", "{}").await;
    world.clock.advance(Duration::from_secs(30 * 24 * 60 * 60 - 1));
    assert!(world.create("ann", "k", "{ }").await.status == 422);
    world.clock.advance(Duration::from_secs(1));
    let second = world.create("ann", "k", "{ }").await;
    assert_eq!((second.status, second.replayed), (201, false));
    assert_ne!(first.body["id"], second.body["id"]);
}

#[tokio::test]
async fn a_first_run_costs_one_item_that_cleans_itself_away() {
    let world = World::new();
    world.create("ann", "k", "{}").await;
    let [item] = world.table.dump().try_into().unwrap();
    assert_eq!((&item["pk"], &item["sk"]), (&json!("REQUEST#ann#k"), &json!("REQUEST")));
    assert_eq!((&item["state"], &item["expires_at"]), (&json!("done"), &json!(1_800_000_000 + 30 * 24 * 60 * 60)));
}

#[test]
fn the_key_comes_from_the_header_or_the_body() {
    let code =
        |headers: &HeaderMap, field| IdempotencyKey::from_request(headers, field).map_err(|problem| problem.code());
    let key = |text: &str| Ok(IdempotencyKey(text.to_owned()));
    let with = |value: &str| HeaderMap::from_iter([(HeaderName::from_static(IDEMPOTENCY_KEY), value.parse().unwrap())]);
    let mut twice = with("a");
    twice.append(IDEMPOTENCY_KEY, HeaderValue::from_static("a"));

    assert_eq!(code(&with("a"), None), key("a"));
    assert_eq!(code(&HeaderMap::new(), Some("a")), key("a"));
    assert_eq!(code(&with("a"), Some("a")), key("a"));
    assert_eq!(code(&with("a"), Some("b")), Err("idempotency_key_ambiguous"));
    assert_eq!(code(&twice, None), Err("idempotency_key_ambiguous"));
    assert_eq!(code(&HeaderMap::new(), None), Err("idempotency_key_missing"));
    for wrong in ["", "a b", &"a".repeat(256)] {
        assert_eq!(code(&with(wrong), None), Err("idempotency_key_invalid"), "{wrong}");
    }
}

/// Others were faster once: the same request a moment later is done, and not told the same for 30 days.
#[tokio::test]
async fn that_others_were_faster_is_no_answer_to_keep() {
    for passing in [
        Problem::conflict(CHANGED_MEANWHILE, "Another request changed this first."),
        Problem::conflict("another_code", "Others are changing this.").retry_after(2),
    ] {
        let world = World::new();
        let act = async |_: Uuid| passing.clone().into_response();
        assert_eq!(world.run("ann", "k", "{}", act).await.status, 409);
        let again = world.create("ann", "k", "{}").await;
        assert_eq!((again.status, again.replayed), (201, false));
        assert!(world.create("ann", "k", "{}").await.replayed);
    }
}

/// A conflict that stays one is an answer like any other.
#[tokio::test]
async fn a_refusal_that_stays_is_kept() {
    let world = World::new();
    let act = async |_: Uuid| Problem::conflict("same_payments", "They are in another batch.").into_response();
    assert_eq!(world.run("ann", "k", "{}", act).await.status, 409);
    let again = world.create("ann", "k", "{}").await;
    assert_eq!((again.status, again.replayed), (409, true));
}
