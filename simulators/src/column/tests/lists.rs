use super::*;

fn ids(page: &Value) -> Vec<String> {
    page["transfers"].as_array().unwrap().iter().map(|transfer| transfer["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn pages_are_newest_first_and_cover_everything_once() {
    let mut story = Story::funded(1_000);
    let mut expected: Vec<String> = (0..25).map(|_| story.transfer("CREDIT", 1)).collect();
    expected.reverse();
    for filter in [String::new(), format!("&bank_account_id={}", story.account)] {
        let mut seen = Vec::new();
        let mut target = format!("/transfers/ach?limit=10&unheard_of=1{filter}");
        loop {
            let page = story.ok("GET", &target, Value::Null);
            seen.extend(ids(&page));
            if page["has_more"] == false {
                break;
            }
            target = format!("/transfers/ach?limit=10&starting_after={}{filter}", seen.last().unwrap());
        }
        assert_eq!(seen, expected, "{filter}");
    }
}

#[test]
fn ending_before_gives_the_page_next_to_the_cursor() {
    let mut story = Story::funded(1_000);
    let created: Vec<String> = (0..6).map(|_| story.transfer("CREDIT", 1)).collect();
    let page = story.ok("GET", &format!("/transfers/ach?limit=2&ending_before={}", created[1]), Value::Null);
    assert_eq!(ids(&page), [created[3].clone(), created[2].clone()]);
    assert_eq!(page["has_more"], true);
}

#[test]
fn a_list_is_filtered_by_account_status_direction_and_time() {
    let mut story = Story::funded(1_000);
    let early = story.transfer("CREDIT", 1);
    story.advance_to("2026-03-04T18:00:00Z");
    let late = story.transfer("DEBIT", 1);
    let cases = [
        ("type=debit", vec![&late]),
        ("type=credit", vec![&early]),
        ("status=settled", vec![&early]),
        ("created.gt=2026-03-02T18:04:05Z", vec![&late]),
        ("created.lte=2026-03-02T18:04:05Z", vec![&early]),
        ("created.lt=2026-03-02T18:04:05Z", vec![]),
        ("created.gte=2026-03-02T18:04:05Z&created.lt=2026-03-05T00:00:00Z", vec![&late, &early]),
        ("bank_account_id=bacc_other", vec![]),
        ("is_incoming=true", vec![]),
    ];
    for (filter, expected) in cases {
        let page = story.ok("GET", &format!("/transfers/ach?{filter}"), Value::Null);
        assert_eq!(ids(&page).iter().collect::<Vec<_>>(), expected, "{filter}");
    }
}

#[test]
fn the_union_list_holds_wires_and_ach() {
    let mut story = Story::funded(1_000);
    story.transfer("CREDIT", 1);
    story.transfer("DEBIT", 1);
    let page = story.ok("GET", "/transfers", Value::Null);
    let kinds: Vec<&str> =
        page["transfers"].as_array().unwrap().iter().map(|transfer| transfer["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["ach_debit", "ach_credit", "wire"]);
    assert_eq!(ids(&story.ok("GET", "/transfers?type=wire", Value::Null)).len(), 1);
}

#[test]
fn wrong_page_parameters_are_refused() {
    let mut story = Story::new();
    for query in [
        "limit=0",
        "limit=101",
        "limit=x",
        "starting_after=a&ending_before=b",
        "starting_after=acht_x",
        "created.gt=yesterday",
    ] {
        assert_eq!(story.call("GET", &format!("/transfers/ach?{query}"), Value::Null).0, 400, "{query}");
    }
}

#[test]
fn events_are_found_by_object_type_and_time() {
    let mut story = Story::funded(1_000);
    let id = story.transfer("CREDIT", 1);
    story.transfer("CREDIT", 1);
    story.advance_to("2026-03-04T18:00:00Z");
    let of_transfer = story.ok("GET", &format!("/events?object_ids={id}"), Value::Null);
    assert_eq!(
        types(of_transfer["events"].as_array().unwrap()),
        ["settled", "submitted", "pending_submission", "initiated"]
    );
    let settled =
        story.ok("GET", "/events?types=ach.outgoing_transfer.settled&created.gte=2026-03-03T00:00:00Z", Value::Null);
    assert_eq!(settled["events"].as_array().unwrap().len(), 2);
    assert_eq!(story.ok("GET", "/events/webhook", Value::Null)["events"], json!([]));
}
