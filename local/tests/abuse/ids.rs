//! Ids, cursors and queries that name nothing, or something outside.

use crate::socket::Target;

/// Paths that end in a caller's words.
const PLACES: [&str; 16] = [
    "/batches/{}",
    "/batches/{}/summary",
    "/batches/{}/reports/payments",
    "/batches/bat_01985e6d2c4b7a31b2a4d0c9e8f7a6b5/reports/{}",
    "/billers/{}",
    "/cards/{}",
    "/cards/{}/payments",
    "/cards/{}/reviews",
    "/employees/{}/payments",
    "/fundings/{}",
    "/fundings/{}/history",
    "/items/{}",
    "/ledger/accounts/{}/postings",
    "/payments/{}",
    "/payments/{}/history",
    "/sources/{}",
];

fn odd_words() -> Vec<String> {
    let plain = [
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "..",
        "%00",
        "bat_%00",
        "%ff%fe",
        "%F0%9F%92%B8",
        "%2F",
        "a%0d%0aset-cookie:%20x",
        "%7B%7D",
        "'%20OR%201=1--",
        "bat_",
        "pay_01985e6d2c4b7a31b2a4d0c9e8f7a6b5_99999999999999999999",
        "bat_FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
        "%",
        "%zz",
        "cash%20of%20",
        "%23%23%23",
    ];
    let long = [1_100, 2_100, 30_000].map(|length| "a".repeat(length));
    let wide = ["%E2%82%AC".repeat(900), "cash:".to_owned() + &"a".repeat(3_000)];
    plain.into_iter().map(str::to_owned).chain(long).chain(wide).collect()
}

#[tokio::test]
async fn ids_that_name_nothing_are_not_found() {
    let target = Target::start().await;
    for place in PLACES {
        for word in odd_words() {
            let path = place.replace("{}", &word);
            let answer = target.exchange(&target.head("GET", &path, "")).await;
            let shown: String = path.chars().take(100).collect();
            // Of some things there may be an empty list.
            assert!(answer.status == 200 || (400..500).contains(&answer.status), "{shown}: {answer:?}");
        }
    }
    target.serves_on().await;
}

#[tokio::test]
async fn commands_about_what_is_not_there_are_refused() {
    let target = Target::start().await;
    let commands = [
        ("POST", "/batches/{}/approve"),
        ("POST", "/batches/{}/summary"),
        ("POST", "/batches/{}/cancel"),
        ("POST", "/batches/{}/retry"),
        ("POST", "/batches/{}/refund"),
        ("POST", "/batches/{}/upload-link"),
        ("POST", "/sources/{}/pause"),
        ("POST", "/sources/{}/resume"),
        ("PUT", "/billers/{}"),
        ("POST", "/billers/{}/confirm"),
        ("PUT", "/billers/{}/remittance"),
        ("POST", "/items/{}/repaired"),
        ("DELETE", "/items/{}"),
        ("PUT", "/cards/{}/autopay"),
        ("POST", "/cards/{}/review"),
        ("DELETE", "/cards/{}/authorization"),
        ("POST", "/people/{}/block/clear"),
        ("POST", "/cards/{}/hold/clear"),
        ("POST", "/payments/{}/refund/send-again"),
    ];
    for (method, place) in commands {
        for word in odd_words() {
            let path = place.replace("{}", &word);
            let answer = target.exchange(&target.request(method, &path, "application/json", b"{}")).await;
            let shown: String = path.chars().take(100).collect();
            assert!((400..500).contains(&answer.status), "{method} {shown}: {answer:?}");
        }
    }
    target.serves_on().await;
}

#[tokio::test]
async fn queries_that_cannot_be_meant_are_bad_requests() {
    let target = Target::start().await;
    let cursor = "A".repeat(4_000);
    let queries = [
        "limit=0".to_owned(),
        "limit=-1".to_owned(),
        "limit=99999999999999999999".to_owned(),
        "limit=1&limit=2".to_owned(),
        "limit=%ff".to_owned(),
        "cursor=%ff".to_owned(),
        "cursor=".to_owned(),
        "cursor=e30".to_owned(),
        "cursor=eyJwayI6IngifQ".to_owned(),
        "cursor=bnVsbA".to_owned(),
        format!("cursor={cursor}"),
        format!("cursor={}", "A".repeat(5_000)),
        "state=nonsense".to_owned(),
        format!("state={}", "a=&".repeat(10_000)),
    ];
    for query in queries {
        let answer = target.exchange(&target.head("GET", &format!("/batches?{query}"), "")).await;
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
        answer.is_refusal();
    }
    for path in ["/employees/x/payments", "/ledger/accounts/cash:x/postings", "/cards/x/payments"] {
        for query in ["cursor=e30", "cursor=AAAA", "limit=x"] {
            target.exchange(&target.head("GET", &format!("{path}?{query}"), "")).await.is_refusal();
        }
    }
    for day in ["", "2026-13-40", "9999999-01-01", "today"] {
        target.exchange(&target.head("GET", &format!("/audit?day={day}"), "")).await.is_refusal();
    }
    target.serves_on().await;
}

#[tokio::test]
async fn a_target_of_a_hundred_kilobytes_is_too_long() {
    let target = Target::start().await;
    let long = "a=b&".repeat(25_000);
    target.exchange(&target.head("GET", &format!("/batches?{long}"), "")).await.is_refusal_or_closed();
    target.exchange(&target.head("GET", &format!("/batches/{long}"), "")).await.is_refusal_or_closed();
    target.serves_on().await;
}

/// The folder of objects cannot be left.
#[tokio::test]
async fn no_path_leads_out_of_the_objects() {
    let target = Target::start().await;
    for key in [
        "../../etc/passwd",
        "%2e%2e/%2e%2e/etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "/etc/passwd",
        "a/../../b",
        ".aside/x",
    ] {
        for method in ["GET", "PUT"] {
            for prefix in ["/objects", "/aws/bucket"] {
                let answer =
                    target.exchange(&target.request(method, &format!("{prefix}/{key}"), "text/plain", b"x")).await;
                assert!((400..500).contains(&answer.status), "{method} {prefix}/{key}: {answer:?}");
            }
        }
    }
    target.serves_on().await;
}
