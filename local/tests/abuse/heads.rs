//! Heads that are too long, not HTTP, or ask for what no route does; and several requests in one breath.

use crate::socket::Target;

#[tokio::test]
async fn a_flood_of_headers_is_refused() {
    let target = Target::start().await;
    let many: String = (0..10_000).map(|number| format!("x-{number}: 1\r\n")).collect();
    let long = format!("x-long: {}\r\n", "a".repeat(1024 * 1024));
    let same: String = "authorization: Bearer x\r\n".repeat(5_000);
    for more in [many, long, same] {
        target.exchange(&target.head("GET", "/batches", &more)).await.is_refusal_or_closed();
    }
    target.serves_on().await;
}

#[tokio::test]
async fn what_is_no_http_is_refused_or_closed() {
    let target = Target::start().await;
    let no_requests: [&[u8]; 10] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /batches\r\n\r\n",
        b"GET /batches HTTP/9.9\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"\r\n\r\n\r\n\r\nx\r\n\r\n",
        b"GET  /batches  HTTP/1.1\r\n\r\n",
        b"GET /bat\xff\xfeches HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /batches HTTP/1.1\r\nhost x\r\n\r\n",
        b"GET /batches HTTP/1.1\r\nx: a\0b\r\n\r\n",
    ];
    for bytes in no_requests {
        target.exchange(bytes).await.is_refusal_or_closed();
    }
    target.serves_on().await;
}

#[tokio::test]
async fn another_method_is_not_allowed() {
    let target = Target::start().await;
    let paths = ["/batches", "/batches/x", "/items", "/audit", "/webhooks/column", "/webhooks/plaid", "/sources/pause"];
    for path in paths {
        for method in ["PATCH", "OPTIONS", "TRACE", "BREW", "PROPFIND", "get"] {
            let answer = target.exchange(&target.request(method, path, "application/json", b"{}")).await;
            answer.is_problem(405, "method_not_allowed");
            assert!(answer.head.contains("allow: "), "{answer:?}");
        }
    }
    for target_form in ["*", "http://elsewhere.test/batches", "elsewhere.test:443"] {
        for method in ["OPTIONS", "CONNECT"] {
            target.exchange(&target.head(method, target_form, "")).await.is_refusal_or_closed();
        }
    }
    target.serves_on().await;
}

#[tokio::test]
async fn a_token_that_is_none_is_refused() {
    let target = Target::start().await;
    let (dots, long) = (".".repeat(50_000), "a".repeat(50_000));
    for credentials in
        ["Bearer", "Bearer ", "Basic Og==", "Bearer a.b.c", "Bearer \u{e9}", &format!("Bearer {dots}"), &long]
    {
        let request = format!("GET /batches HTTP/1.1\r\nhost: x\r\nauthorization: {credentials}\r\n\r\n");
        let answer = target.exchange(request.as_bytes()).await;
        assert_eq!(answer.status, 401, "{answer:?}");
        answer.is_refusal();
    }
    target.serves_on().await;
}

#[tokio::test]
async fn requests_in_one_breath_are_answered_one_by_one_in_their_order() {
    let target = Target::start().await;
    let mut connection = target.connect().await;
    let requests = [
        target.head("GET", "/batches", ""),
        target.request("POST", "/batches", "application/json", b"{\"length\": 0}"),
        target.head("GET", "/nowhere", ""),
        target.request("POST", "/batches", "application/json", b"{\"length\": 10}"),
        target.head("GET", "/sources", "connection: close\r\n"),
    ];
    connection.send(&requests.concat()).await;
    for status in [200, 422, 404, 201, 200, 0] {
        let answer = connection.answer().await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

/// More at once than anybody reads: they wait in the sockets, not in our memory.
#[tokio::test]
async fn a_thousand_requests_in_one_breath_are_answered() {
    let target = Target::start().await;
    let mut connection = target.connect().await;
    let request = b"GET /batches HTTP/1.1\r\nhost: x\r\n\r\n";
    assert!(connection.send(&request.repeat(1_000)).await);
    for _ in 0..1_000 {
        assert_eq!(connection.answer().await.status, 401);
    }
    target.serves_on().await;
}
