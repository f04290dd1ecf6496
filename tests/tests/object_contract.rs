//! What every object store must do, asked of the folder and of memory; and which links the laptop's server may accept.
#![expect(clippy::expect_used, reason = "a story that cannot go on fails, and says where")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use shared::adapters::folder_objects::FolderObjects;
use shared::adapters::memory_objects::MemoryObjects;
use shared::adapters::object_links::{LinkRefused, LinkSigner};
use shared::adapters::simulated::{ManualClock, SeededRandom};
use shared::ports::objects::{ObjectError, Objects};

const HOUR: Duration = Duration::from_secs(3_600);

fn signer(clock: &Arc<ManualClock>) -> LinkSigner {
    LinkSigner::new("http://127.0.0.1:3000/objects", [7; 32], clock.clone())
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH))
}

macro_rules! contract {
    ($($story:ident),+ $(,)?) => {
        mod memory {
            $(#[tokio::test] async fn $story() {
                let clock = crate::clock();
                crate::$story(&crate::MemoryObjects::new(crate::signer(&clock))).await;
            })+
        }
        mod folder {
            $(#[tokio::test] async fn $story() {
                let folder = tempfile::tempdir().expect("a folder");
                let random = std::sync::Arc::new(crate::SeededRandom::new(1));
                crate::$story(&crate::FolderObjects::new(folder.path(), crate::signer(&crate::clock()), random)).await;
            })+
        }
    };
}

contract! {
    a_put_reads_back,
    a_put_replaces,
    nothing_is_missing_everywhere,
    a_range_ends_with_the_object,
    a_key_cannot_leave_its_place,
}

async fn a_put_reads_back(objects: &dyn Objects) {
    let body = Bytes::from_static(b"ROW 1\nROW 2\n");
    objects.put("uploads/1/file.xml", "application/xml", body.clone()).await.expect("a put");
    assert_eq!(objects.get("uploads/1/file.xml").await.expect("a get"), body);
    assert_eq!(objects.size("uploads/1/file.xml").await.expect("a size"), 12);
}

async fn a_put_replaces(objects: &dyn Objects) {
    for body in ["a long first text", "short"] {
        objects.put("reports/1", "text/plain", Bytes::from(body)).await.expect("a put");
    }
    assert_eq!(objects.get("reports/1").await.expect("a get"), "short");
}

async fn nothing_is_missing_everywhere(objects: &dyn Objects) {
    let missing = |error: ObjectError| matches!(&error, ObjectError::Missing(key) if key == "uploads/none");
    assert!(objects.get("uploads/none").await.is_err_and(missing));
    assert!(objects.get_range("uploads/none", 0, 1).await.is_err_and(missing));
    assert!(objects.size("uploads/none").await.is_err_and(missing));
}

async fn a_range_ends_with_the_object(objects: &dyn Objects) {
    objects.put("uploads/2", "text/plain", Bytes::from_static(b"0123456789")).await.expect("a put");
    for (start, end, expected) in
        [(0, 10, "0123456789"), (3, 5, "34"), (8, 100, "89"), (10, 20, ""), (50, 60, ""), (4, 4, "")]
    {
        assert_eq!(objects.get_range("uploads/2", start, end).await.expect("a range"), expected, "{start}..{end}");
    }
}

async fn a_key_cannot_leave_its_place(objects: &dyn Objects) {
    for key in
        ["", "/etc/passwd", "../secret", "uploads/../../secret", "uploads//1", ".aside/1", "a\\b", "a b", "a?b", "a\0b"]
    {
        let outcome = objects.put(key, "text/plain", Bytes::new()).await;
        assert!(matches!(outcome, Err(ObjectError::Defect(_))), "{key:?}: {outcome:?}");
        assert!(objects.upload_link(key, 1, HOUR).await.is_err(), "{key:?}");
    }
}

/// The key and query of a link.
fn parts(url: &str) -> (String, String) {
    let (path, query) = url.split_once('?').expect("a signed link");
    (path.trim_start_matches("http://127.0.0.1:3000/objects/").to_owned(), query.to_owned())
}

#[tokio::test]
async fn an_upload_link_is_good_for_its_key_and_length_until_it_expires() {
    let clock = clock();
    let objects = MemoryObjects::new(signer(&clock));
    let link = objects.upload_link("uploads/1/file.xml", 46, HOUR).await.expect("a link");
    assert_eq!(
        (link.method.as_str(), link.headers.as_slice()),
        ("PUT", [("content-length".to_owned(), "46".to_owned())].as_slice())
    );
    let (key, query) = parts(&link.url);
    let verify = |method: &str, key: &str, query: &str, length| objects.links().verify_link(method, key, query, length);

    assert_eq!(verify("PUT", &key, &query, Some(46)), Ok(()));
    assert_eq!(verify("PUT", &key, &query, Some(47)), Err(LinkRefused::WrongLength { signed: 46 }));
    assert_eq!(verify("PUT", &key, &query, None), Err(LinkRefused::WrongLength { signed: 46 }));
    assert_eq!(verify("GET", &key, &query, None), Err(LinkRefused::Forged));
    assert_eq!(verify("PUT", "uploads/2/file.xml", &query, Some(46)), Err(LinkRefused::Forged));
    let longer = query.replace("length=46", "length=47");
    assert_eq!(verify("PUT", &key, &longer, Some(47)), Err(LinkRefused::Forged));
    assert_eq!(verify("PUT", &key, "", Some(46)), Err(LinkRefused::Incomplete));
    clock.move_business(HOUR * 2);
    assert_eq!(verify("PUT", &key, &query, Some(46)), Ok(()), "links run by elapsed time");
    clock.advance(HOUR);
    assert_eq!(verify("PUT", &key, &query, Some(46)), Err(LinkRefused::Expired));
}

#[tokio::test]
async fn a_download_link_is_good_for_reading_alone() {
    let objects = MemoryObjects::new(signer(&clock()));
    let link = objects.download_link("reports/1", HOUR).await.expect("a link");
    let (key, query) = parts(&link.url);
    assert_eq!(objects.links().verify_link("GET", &key, &query, None), Ok(()));
    assert_eq!(objects.links().verify_link("PUT", &key, &query, Some(1)), Err(LinkRefused::Forged));
}

#[tokio::test]
async fn a_printed_link_shows_no_signature() {
    let objects = MemoryObjects::new(signer(&clock()));
    let link = objects.download_link("reports/1", HOUR).await.expect("a link");
    assert_eq!(format!("{link:?}"), "ObjectLink(GET http://127.0.0.1:3000/objects/reports/1)");
}
