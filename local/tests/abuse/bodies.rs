//! Bodies that are too large, too deep, not what they say, or never end.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::socket::Target;

const MEGABYTE: usize = 1024 * 1024;
const DEEP: usize = 100_000;
/// Of the whole process, in which other tests run beside.
const MEMORY_GROWN_MAX: usize = 512 * MEGABYTE;

/// Routes that take JSON.
const JSON_ROUTES: [(&str, &str); 10] = [
    ("POST", "/batches"),
    ("POST", "/batches/bat_01985e6d2c4b7a31b2a4d0c9e8f7a6b5/approve"),
    ("POST", "/batches/bat_01985e6d2c4b7a31b2a4d0c9e8f7a6b5/upload-link"),
    ("PUT", "/billers/ins_1"),
    ("PUT", "/billers/ins_1/remittance"),
    ("POST", "/billers/ins_1/confirm"),
    ("POST", "/link-tokens"),
    ("POST", "/items"),
    ("PUT", "/cards/card_01985e6d2c4b7a31b2a4d0c9e8f7a6b5/autopay"),
    ("POST", "/payments/pay_01985e6d2c4b7a31b2a4d0c9e8f7a6b5/check/replace"),
];

const UNSIGNED_ROUTES: [&str; 2] = ["/webhooks/column", "/webhooks/plaid"];

/// The most memory that this process ever had, in bytes; 0 where the system does not tell.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<usize>().ok());
    kilobytes.unwrap_or_default() * 1024
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_too_large_everywhere() {
    let target = Target::start().await;
    let body = vec![b' '; 10 * MEGABYTE];
    for (method, path) in JSON_ROUTES {
        let answer = target.exchange(&target.request(method, path, "application/json", &body)).await;
        answer.is_refusal_or_closed();
    }
    for path in UNSIGNED_ROUTES {
        target.exchange(&target.request("POST", path, "application/json", &body)).await.is_refusal_or_closed();
    }
    target.exchange(&target.request("POST", "/batches", "application/xml", &body)).await.is_refusal_or_closed();
    target.serves_on().await;
}

#[tokio::test]
async fn endless_bodies_are_cut_and_take_no_memory() {
    let target = Target::start().await;
    let before = peak_memory();
    let piece = [format!("{MEGABYTE:x}\r\n").into_bytes(), vec![b' '; MEGABYTE], b"\r\n".to_vec()].concat();
    for path in ["/batches", "/webhooks/column", "/webhooks/plaid", "/items"] {
        let mut connection = target.connect().await;
        let more = "content-type: application/json\r\ntransfer-encoding: chunked\r\n";
        connection.send(&target.head("POST", path, more)).await;
        let mut pieces = 0;
        while pieces < 512 && connection.send(&piece).await {
            pieces += 1;
        }
        assert!(pieces < 512, "{path} takes everything");
        connection.answer().await.is_refusal_or_closed();
    }
    let grown = peak_memory().saturating_sub(before);
    assert!(grown < MEMORY_GROWN_MAX, "{grown} bytes more");
    target.serves_on().await;
}

/// Of what a link does not allow nothing is read: neither of a forged one, nor more than its length.
#[tokio::test]
async fn an_upload_without_a_link_is_refused_before_it_is_read() {
    let target = Target::start().await;
    for path in ["/objects/uploads/bat_1.xml", "/objects/uploads/bat_1.xml?expires=99999999999&signature=00&length=5"] {
        let more = "content-length: 2000000000\r\n";
        assert_eq!(target.exchange(&target.head("PUT", path, more)).await.status, 403);
        let more = "transfer-encoding: chunked\r\n";
        assert_eq!(target.exchange(&target.head("PUT", path, more)).await.status, 403);
    }
    target.serves_on().await;
}

fn deep_bodies() -> [Vec<u8>; 4] {
    let nested = |open: &str, close: &str| format!("{}1{}", open.repeat(DEEP), close.repeat(DEEP)).into_bytes();
    [nested("[", "]"), nested("{\"a\":", "}"), "[".repeat(DEEP).into_bytes(), "{\"a\":".repeat(DEEP).into_bytes()]
}

#[tokio::test]
async fn json_of_a_hundred_thousand_levels_is_a_bad_request() {
    let target = Target::start().await;
    for body in deep_bodies() {
        for (method, path) in JSON_ROUTES {
            let answer = target.exchange(&target.request(method, path, "application/json", &body)).await;
            answer.is_refusal();
        }
    }
    target.serves_on().await;
}

/// A genuine signature does not make a body one that can be read. It is kept for whoever can.
#[tokio::test]
async fn a_signed_webhook_of_a_hundred_thousand_levels_is_kept() {
    let target = Target::start().await;
    let http = reqwest::Client::new();
    let credentials = http.get(format!("{}/development/credentials", target.stack.base_url)).send().await.unwrap();
    let credentials: serde_json::Value = credentials.json().await.unwrap();
    let secret = credentials["webhook_secret"].as_str().unwrap();
    let odd = [b"".to_vec(), b"\xff\xfe".to_vec(), b"null".to_vec(), b"{\"id\":1e999}".to_vec()];
    for body in deep_bodies().into_iter().chain(odd) {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(&body);
        let signature = hex::encode(mac.finalize().into_bytes());
        let more = format!("column-signature: {signature}\r\ncontent-length: {}\r\n", body.len());
        let request = [target.head("POST", "/webhooks/column", &more), body].concat();
        assert_eq!(target.exchange(&request).await.status, 200);
    }
    target.serves_on().await;
}

#[tokio::test]
async fn a_body_of_another_type_is_not_supported() {
    let target = Target::start().await;
    let types = ["", "text/plain", "multipart/form-data; boundary=x", "application/jsonp", "image/png", "*/*", "a\tb"];
    for (method, path) in JSON_ROUTES {
        for content_type in types {
            let answer = target.exchange(&target.request(method, path, content_type, b"{}")).await;
            answer.is_problem(415, "content_type_unsupported");
        }
    }
    target.serves_on().await;
}

#[tokio::test]
async fn text_that_is_no_utf_8_is_a_bad_request() {
    let target = Target::start().await;
    for body in [&b"\xff\xfe\xfd"[..], b"{\"length\": \"\xc3\x28\"}", b"{\"\xed\xa0\x80\": 1}", b"\0", b""] {
        for (method, path) in JSON_ROUTES {
            target.exchange(&target.request(method, path, "application/json", body)).await.is_refusal();
        }
    }
    target.serves_on().await;
}

fn packed(bytes: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    bytes.for_each(|piece| encoder.write_all(&piece).unwrap());
    encoder.finish().unwrap()
}

/// Less than a megabyte that unpacks to eighty, a file that is cut, and one that only says it is gzip.
#[tokio::test]
async fn gzip_that_does_not_unpack_to_a_file_is_rejected_with_little_memory() {
    let target = Target::start().await;
    let bomb = packed(std::iter::repeat_n(vec![b' '; MEGABYTE], 80));
    assert!(bomb.len() < MEGABYTE);
    let cut = packed(std::iter::once(b"<file/>".to_vec()));
    let before = peak_memory();
    for body in [&bomb[..], &cut[..cut.len() - 5], b"<file/>"] {
        let more =
            format!("content-type: application/gzip\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n", body.len());
        let request = [target.head("POST", "/batches", &more), body.to_vec()].concat();
        target.exchange(&request).await.is_problem(422, "file_rejected");
    }
    let grown = peak_memory().saturating_sub(before);
    assert!(grown < MEMORY_GROWN_MAX, "{grown} bytes more");
    target.serves_on().await;
}

#[tokio::test]
async fn a_chunked_body_is_read_and_a_broken_one_refused() {
    let target = Target::start().await;
    let more = "content-type: application/json\r\ntransfer-encoding: chunked\r\n";
    let chunked = |chunks: &str| [target.head("POST", "/batches", more), chunks.as_bytes().to_vec()].concat();
    let answer = target.exchange(&chunked("1\r\n{\r\n5\r\n\"leng\r\n9\r\nth\": 10 }\r\n0\r\n\r\n")).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let broken =
        ["zz\r\n{}\r\n0\r\n\r\n", "-1\r\n{}\r\n0\r\n\r\n", "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n", "2\r\n{}0\r\n\r\n"];
    for chunks in broken {
        target.exchange(&chunked(chunks)).await.is_refusal_or_closed();
    }
    target.serves_on().await;
}

/// Two lengths, or a length and chunks: two servers in a row could read two different requests.
#[tokio::test]
async fn a_body_with_two_lengths_is_not_two_requests() {
    let target = Target::start().await;
    let smuggled = "GET /batches HTTP/1.1\r\nhost: clearway\r\n\r\n";
    for lengths in [
        "content-length: 2\r\ncontent-length: 45\r\n".to_owned(),
        "content-length: 2, 45\r\n".to_owned(),
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n".to_owned(),
        "transfer-encoding: xchunked\r\n".to_owned(),
        "content-length: +2\r\n".to_owned(),
    ] {
        let more = format!("content-type: application/json\r\n{lengths}");
        let request = [target.head("POST", "/batches", &more), format!("{{}}{smuggled}").into_bytes()].concat();
        target.exchange(&request).await.is_refusal_or_closed();
    }
    target.serves_on().await;
}
