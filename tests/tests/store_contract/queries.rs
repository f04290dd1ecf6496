//! Reading partitions and indexes, part by part and page by page.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shared::ports::table::{
    Attributes, Condition, Cursor, Index, Indexing, Key, Order, Query, Range, Table, TableError,
};

use crate::world::{delete, given, put, put_indexed, versioned};

/// All pages of a query, and how many there were.
async fn pages(table: &dyn Table, mut query: Query) -> (Vec<Attributes>, usize) {
    let (mut items, mut count) = (Vec::new(), 0);
    loop {
        let page = table.query(&query).await.expect("a page");
        items.extend(page.items);
        count += 1;
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return (items, count),
        }
    }
}

async fn sort_values(table: &dyn Table, query: Query) -> Vec<String> {
    texts(&pages(table, query).await.0, "sk")
}

fn texts(items: &[Attributes], name: &str) -> Vec<String> {
    items.iter().filter_map(|item| item.get(name)?.as_str().map(str::to_owned)).collect()
}

async fn given_rows(table: &dyn Table, pk: &str, rows: &[&str]) {
    for row in rows {
        given(table, &Key::new(pk, *row), versioned(1)).await;
    }
}

fn due_query(pk: &str) -> Query {
    Query { index: Index::Due, ..Query::primary(pk) }
}

async fn given_due(table: &dyn Table, key: &Key, pk: &str, time: &str) {
    let indexing = Indexing { due: Some((pk.to_owned(), time.to_owned())), ..Indexing::default() };
    table
        .write(vec![put_indexed(key, json!({ "version": 1, "state": "held" }), indexing, Condition::Always)])
        .await
        .expect("a put");
}

pub(crate) async fn a_partition_reads_in_both_orders(table: &dyn Table) {
    given_rows(table, "BATCH#1#0", &["c", "a", "b"]).await;
    given_rows(table, "BATCH#1#1", &["z"]).await;
    assert_eq!(sort_values(table, Query::primary("BATCH#1#0")).await, ["a", "b", "c"]);
    let descending = Query { order: Order::Descending, ..Query::primary("BATCH#1#0") };
    assert_eq!(sort_values(table, descending).await, ["c", "b", "a"]);
}

pub(crate) async fn every_range_reads_its_part(table: &dyn Table) {
    given_rows(table, "HISTORY#1", &["2026-01", "2026-01-05", "2026-01-09", "2026-02", "2026-02-01"]).await;
    let cases: [(Range, &[&str]); 5] = [
        (Range::All, &["2026-01", "2026-01-05", "2026-01-09", "2026-02", "2026-02-01"]),
        (Range::BeginsWith("2026-01".to_owned()), &["2026-01", "2026-01-05", "2026-01-09"]),
        (Range::Between("2026-01-05".to_owned(), "2026-02".to_owned()), &["2026-01-05", "2026-01-09", "2026-02"]),
        (Range::Between("2026-02".to_owned(), "2026-02".to_owned()), &["2026-02"]),
        (Range::AtMost("2026-01-09".to_owned()), &["2026-01", "2026-01-05", "2026-01-09"]),
    ];
    for (range, expected) in cases {
        for (order, page_items) in [
            (Order::Ascending, None),
            (Order::Descending, None),
            (Order::Ascending, Some(1)),
            (Order::Descending, Some(2)),
        ] {
            let query = Query { range: range.clone(), order, page_items, ..Query::primary("HISTORY#1") };
            let mut expected: Vec<_> = expected.to_vec();
            if order == Order::Descending {
                expected.reverse();
            }
            assert_eq!(sort_values(table, query).await, expected, "{range:?} {order:?} {page_items:?}");
        }
    }
}

pub(crate) async fn a_prefix_ends_where_the_next_begins(table: &dyn Table) {
    given_rows(table, "HISTORY#2", &["a", "a~", "a\u{10FFFF}", "a\u{10FFFF}x", "b"]).await;
    let query = |prefix: &str| Query { range: Range::BeginsWith(prefix.to_owned()), ..Query::primary("HISTORY#2") };
    assert_eq!(sort_values(table, query("a")).await, ["a", "a~", "a\u{10FFFF}", "a\u{10FFFF}x"]);
    assert_eq!(sort_values(table, query("a\u{10FFFF}")).await, ["a\u{10FFFF}", "a\u{10FFFF}x"]);
}

pub(crate) async fn pages_by_count_cover_everything_once(table: &dyn Table) {
    let rows: Vec<String> = (0..25).map(|row| format!("{row:02}")).collect();
    given_rows(table, "BATCH#2#0", &rows.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let query = Query { page_items: Some(10), ..Query::primary("BATCH#2#0") };
    let first = table.query(&query).await.expect("a page");
    assert_eq!(first.items.len(), 10);
    let (items, count) = pages(table, query).await;
    assert_eq!((texts(&items, "sk"), count), (rows, 3));
}

pub(crate) async fn pages_by_size_cover_everything_once(table: &dyn Table) {
    let rows: Vec<String> = (0..25).map(|row| format!("{row:02}")).collect();
    for row in &rows {
        given(table, &Key::new("BATCH#3#0", row.as_str()), json!({ "version": 1, "text": "x".repeat(100 * 1024) }))
            .await;
    }
    let (items, count) = pages(table, Query::primary("BATCH#3#0")).await;
    assert_eq!(texts(&items, "sk"), rows);
    assert_eq!(count, 3, "2.5 MB are three pages of 1 MB at most");
}

pub(crate) async fn an_index_holds_only_what_is_indexed(table: &dyn Table) {
    given_rows(table, "PAYMENT#1", &["PAYMENT"]).await;
    given_due(table, &Key::new("PAYMENT#2", "PAYMENT"), "DUE#1", "2026-01-02").await;
    given_due(table, &Key::new("PAYMENT#3", "PAYMENT"), "DUE#1", "2026-01-01").await;
    let (items, _) = pages(table, due_query("DUE#1")).await;
    let keys_only = |pk: &str, time: &str| json!({ "pk": pk, "sk": "PAYMENT", "due_pk": "DUE#1", "due_sk": time });
    let found: Vec<Value> = items.into_iter().map(Value::Object).collect();
    assert_eq!(found, [keys_only("PAYMENT#3", "2026-01-01"), keys_only("PAYMENT#2", "2026-01-02")]);
    let lists = Query { index: Index::Lists, ..Query::primary("DUE#1") };
    assert!(pages(table, lists).await.0.is_empty());
}

pub(crate) async fn an_index_forgets_what_was_unindexed(table: &dyn Table) {
    let (settled, gone) = (Key::new("PAYMENT#4", "PAYMENT"), Key::new("PAYMENT#5", "PAYMENT"));
    given_due(table, &settled, "DUE#2", "2026-01-01").await;
    given_due(table, &gone, "DUE#2", "2026-01-02").await;
    table
        .write(vec![put(&settled, versioned(2), Condition::VersionIs(1)), delete(&gone, Condition::Always)])
        .await
        .expect("a write");
    assert!(pages(table, due_query("DUE#2")).await.0.is_empty());
}

pub(crate) async fn an_index_follows_a_moved_item(table: &dyn Table) {
    let key = Key::new("PAYMENT#6", "PAYMENT");
    given_due(table, &key, "DUE#3", "2026-01-01").await;
    given_due(table, &key, "DUE#3", "2026-01-08").await;
    assert_eq!(texts(&pages(table, due_query("DUE#3")).await.0, "due_sk"), ["2026-01-08"]);
    let due_now = Query { range: Range::AtMost("2026-01-07".to_owned()), ..due_query("DUE#3") };
    assert!(pages(table, due_now).await.0.is_empty());
}

pub(crate) async fn an_item_is_in_each_index_that_it_names(table: &dyn Table) {
    let key = Key::new("PAYMENT#8", "PAYMENT");
    let place = |pk: &str| Some((pk.to_owned(), "2026-01-01".to_owned()));
    let everywhere =
        Indexing { due: place("DUE#5"), lists: place("LIST#5"), attention: place("ATTENTION#5"), expires_at: None };
    let only_attention = Indexing { due: None, lists: None, ..everywhere.clone() };
    for (indexing, expected) in [(everywhere, [1, 1, 1]), (only_attention, [0, 0, 1])] {
        let change = put_indexed(&key, versioned(1), indexing, Condition::Always);
        table.write(vec![change]).await.expect("a put");
        for ((index, pk), expected) in
            Index::SECONDARY.into_iter().zip(["DUE#5", "LIST#5", "ATTENTION#5"]).zip(expected)
        {
            let found = pages(table, Query { index, ..Query::primary(pk) }).await.0;
            assert_eq!(found.len(), expected, "{index:?}");
        }
    }
}

pub(crate) async fn an_index_pages_through_equal_times(table: &dyn Table) {
    for payment in 0..7 {
        given_due(table, &Key::new(format!("PAYMENT#7{payment}"), "PAYMENT"), "DUE#4", "2026-01-01").await;
    }
    for order in [Order::Ascending, Order::Descending] {
        let range = Range::AtMost("2026-01-01".to_owned());
        let query = Query { page_items: Some(3), order, range, ..due_query("DUE#4") };
        let mut found = texts(&pages(table, query).await.0, "pk");
        found.sort();
        let all: Vec<_> = (0..7).map(|payment| format!("PAYMENT#7{payment}")).collect();
        assert_eq!(found, all, "{order:?}");
    }
}

pub(crate) async fn an_empty_partition_is_an_empty_page(table: &dyn Table) {
    for index in [Index::Primary, Index::Due, Index::Lists, Index::Attention] {
        let page = table.query(&Query { index, ..Query::primary("NOTHING#1") }).await.expect("a page");
        assert!(page.items.is_empty() && page.next.is_none(), "{page:?}");
    }
}

pub(crate) async fn a_cursor_stays_in_its_partition(table: &dyn Table) {
    given_rows(table, "BATCH#4#0", &["a", "b"]).await;
    given_rows(table, "BATCH#4#1", &["a", "b", "c"]).await;
    let page = table.query(&Query { page_items: Some(1), ..Query::primary("BATCH#4#0") }).await.expect("a page");
    let elsewhere = Query { start_after: page.next, ..Query::primary("BATCH#4#1") };
    let items = table.query(&elsewhere).await.expect("a page").items;
    assert_eq!(texts(&items, "pk"), ["BATCH#4#1", "BATCH#4#1"]);
}

async fn refused(table: &dyn Table, query: Query, cursor: &str) {
    let query = Query { start_after: Some(Cursor(cursor.to_owned())), ..query };
    let outcome = table.query(&query).await;
    assert!(matches!(outcome, Err(TableError::CursorInvalid)), "{cursor} after {:?}: {outcome:?}", query.range);
}

fn place(parts: &[&str]) -> String {
    URL_SAFE_NO_PAD.encode(Value::from(parts).to_string())
}

pub(crate) async fn a_made_up_cursor_is_refused(table: &dyn Table) {
    let long = "a".repeat(1_025);
    for made_up in ["", "x", "W10", "e30", &place(&["a", "b"]), &place(&[""]), &place(&[&long])] {
        refused(table, Query::primary("BATCH#5#0"), made_up).await;
    }
    let (longer, lists) = ("a".repeat(2_049), || Query { index: Index::Lists, ..Query::primary("BATCHES") });
    for parts in [&["a"][..], &["a", "b"], &["", "b", "c"], &["a", "", "c"], &["a", &longer, "c"], &["a", "b", &long]] {
        refused(table, lists(), &place(parts)).await;
    }
}

/// The service refuses it, which would be a fault of ours.
pub(crate) async fn a_cursor_outside_the_range_is_refused(table: &dyn Table) {
    given_rows(table, "BATCH#7#0", &["ba", "bb", "bc", "c"]).await;
    let range = |range: Range| Query { range, ..Query::primary("BATCH#7#0") };
    for outside in [
        range(Range::Between("b".to_owned(), "bb".to_owned())),
        range(Range::BeginsWith("ba".to_owned())),
        range(Range::AtMost("bb".to_owned())),
    ] {
        refused(table, outside, &place(&["bc"])).await;
    }
    refused(table, range(Range::Between("bb".to_owned(), "c".to_owned())), &place(&["ba"])).await;
    let within =
        Query { start_after: Some(Cursor(place(&["ba"]))), ..range(Range::Between("b".to_owned(), "bb".to_owned())) };
    assert_eq!(texts(&table.query(&within).await.expect("a page").items, "sk"), ["bb"]);
}

pub(crate) async fn a_range_that_ends_before_it_begins_is_a_defect(table: &dyn Table) {
    let range = Range::Between("b".to_owned(), "a".to_owned());
    let outcome = table.query(&Query { range, ..Query::primary("BATCH#6#0") }).await;
    assert!(matches!(outcome, Err(TableError::Defect(_))), "{outcome:?}");
}
