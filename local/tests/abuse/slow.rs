//! Clients that keep a connection busy by doing next to nothing.

use futures::future::join_all;

use crate::socket::Target;

const CROWD: usize = 100;

/// Each is closed in time, and nobody else has to wait for that.
#[tokio::test]
async fn heads_that_never_end_are_closed_and_others_served() {
    let target = Target::start().await;
    let crowd = join_all((0..CROWD).map(async |number| {
        let mut connection = target.connect().await;
        let begun: &[u8] = if number % 2 == 0 { b"GET /batches HTTP/1.1\r\nhost: x\r\nx-slow: a" } else { b"G" };
        connection.send(begun).await;
        connection
    }))
    .await;
    target.serves_on().await;
    for answer in join_all(crowd.into_iter().map(async |mut connection| connection.answer().await)).await {
        assert!(matches!(answer.status, 0 | 408), "{answer:?}");
    }
    target.serves_on().await;
}

/// A body that stops is a request that failed: it is answered, and its connection closed.
#[tokio::test]
async fn bodies_that_stop_are_refused_and_others_served() {
    let target = Target::start().await;
    let paths = ["/batches", "/webhooks/column", "/webhooks/plaid", "/items"];
    let crowd = join_all((0..CROWD).map(async |number| {
        let mut connection = target.connect().await;
        let more = "content-type: application/json\r\ncontent-length: 100\r\n";
        connection.send(&target.head("POST", paths[number % paths.len()], more)).await;
        connection.send(b"{").await;
        connection
    }))
    .await;
    target.serves_on().await;
    let answers =
        join_all(crowd.into_iter().map(async |mut connection| (connection.answer().await, connection.answer().await)));
    for (answer, then) in answers.await {
        answer.is_problem(400, "body_unreadable");
        assert_eq!(then.status, 0, "the connection goes on: {then:?}");
    }
    target.serves_on().await;
}

/// Whoever hangs up in the middle of a body leaves nothing.
#[tokio::test]
async fn bodies_that_are_broken_off_leave_no_batch() {
    let target = Target::start().await;
    for _ in 0..50 {
        let mut connection = target.connect().await;
        let more = "content-type: application/xml\r\ncontent-length: 1000\r\n";
        connection.send(&target.head("POST", "/batches", more)).await;
        connection.send(b"<file>").await;
    }
    let answer = target.exchange(&target.head("GET", "/batches", "")).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"items":[]}"#));
}
