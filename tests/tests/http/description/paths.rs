//! Ids of operations, made from method and path: `POST /batches/{batch_id}/approve` is `approve_batch`. Generators name functions after them.

/// What a last part of a path tells to do, where it begins with one of these.
const VERBS: [&str; 20] = [
    "approve", "cancel", "clear", "close", "confirm", "decline", "discard", "pause", "posted", "refund", "repaired",
    "replace", "replay", "resume", "retry", "review", "rotate", "send", "test", "withdraw",
];

pub(super) fn operation_id(method: &str, path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let ends_in_parameter = parts.last().is_some_and(|part| is_parameter(part));
    let mut nouns = nouns(&parts);
    let last = nouns.pop().unwrap_or_default();
    let verb = match method {
        "get" if !ends_in_parameter && singular(&last) != last => "list",
        "post" if !ends_in_parameter && VERBS.contains(&first_word(&last)) => {
            return snake(&[&last, &nouns.join("_")]);
        }
        "post" => "create",
        other => other,
    };
    let last = if verb == "list" { last } else { singular(&last) };
    nouns.push(last);
    snake(&[verb, &nouns.join("_")])
}

fn is_parameter(part: &str) -> bool {
    part.starts_with('{')
}

/// The parts that are no parameters; one thing of many where a parameter follows.
fn nouns(parts: &[&str]) -> Vec<String> {
    let next = parts.iter().skip(1).map(Some).chain(std::iter::once(None));
    let with_next = parts.iter().zip(next).filter(|(part, _)| !is_parameter(part));
    with_next
        .map(|(part, next)| match next {
            Some(next) if is_parameter(next) => singular(part),
            Some(_) | None => (*part).to_owned(),
        })
        .collect()
}

fn first_word(part: &str) -> &str {
    part.split('-').next().unwrap_or_default()
}

fn singular(word: &str) -> String {
    if word == "people" {
        return "person".to_owned();
    }
    for (ending, one) in [("ies", "y"), ("ches", "ch"), ("sses", "ss"), ("ss", "ss"), ("s", "")] {
        if let Some(stem) = word.strip_suffix(ending) {
            return format!("{stem}{one}");
        }
    }
    word.to_owned()
}

fn snake(parts: &[&str]) -> String {
    let words: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    words.join("_").replace('-', "_")
}

#[test]
fn the_description_names_operations_after_what_they_do() {
    for (method, path, id) in [
        ("get", "/batches", "list_batches"),
        ("post", "/batches", "create_batch"),
        ("get", "/batches/{batch_id}", "get_batch"),
        ("post", "/batches/{batch_id}/approve", "approve_batch"),
        ("post", "/batches/{batch_id}/summary", "create_batch_summary"),
        ("get", "/batches/{batch_id}/reports/{report}", "get_batch_report"),
        ("post", "/dead-letters/send-again", "send_again_dead_letters"),
        ("post", "/dead-letters/{dead_letter_id}/send-again", "send_again_dead_letter"),
        ("post", "/people/{person_id}/block/clear", "clear_person_block"),
        ("put", "/cards/{card_id}/identity", "put_card_identity"),
        ("delete", "/items/{item_id}", "delete_item"),
        ("get", "/health", "get_health"),
        ("get", "/ledger/accounts/{account}/postings", "list_ledger_account_postings"),
    ] {
        assert_eq!(operation_id(method, path), id, "{method} {path}");
    }
}
