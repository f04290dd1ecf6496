use proptest::prelude::*;

use super::*;

fn now() -> Timestamp {
    "2026-03-02T18:00:00Z".parse().unwrap()
}

fn hours(hours: i64) -> Timestamp {
    now().checked_add(SignedDuration::from_hours(hours)).unwrap()
}

fn item() -> Item {
    Item {
        institution_id: "ins_1".to_owned(),
        institution_name: "First Example Bank".to_owned(),
        transactions_cursor: Some("cursor".to_owned()),
        due_at: None,
        ..Item::new("item".to_owned(), PersonId::of_subject("ann"), "sealed".to_owned(), now())
    }
}

#[test]
fn a_broken_login_is_told_once_stops_decisions_and_ends_when_it_is_repaired() {
    let mut item = item();
    let told = item.apply(ItemEvent::LoginRequired, now());
    assert_eq!(told, Some(ItemNotice::LoginRequired { since: now() }));
    assert!(!item.state.lets_decide(now()));
    // Said again by another webhook an hour later: the same occasion.
    assert_eq!(item.apply(ItemEvent::LoginRequired, hours(1)), told);
    assert_eq!(item.apply(ItemEvent::Read, hours(2)), told, "an answer from a cache repairs nothing");
    assert_eq!(item.apply(ItemEvent::Repaired, hours(3)), None);
    assert_eq!((item.state, item.due_at), (ItemState::Healthy, Some(hours(3))));
}

#[test]
fn an_institution_that_is_down_is_asked_less_and_less_often_and_told_after_a_day() {
    let mut item = item();
    let mut at = now();
    let mut pauses = Vec::new();
    let mut told_after = None;
    for _ in 0..7 {
        if item.apply(ItemEvent::InstitutionDown, at).is_some() {
            told_after.get_or_insert(at.duration_since(now()).as_hours());
        }
        let next = item.due_at.unwrap();
        pauses.push(next.duration_since(at).as_hours());
        at = next;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 12, 12, 12]);
    assert_eq!(told_after, Some(27));
    assert_eq!(item.apply(ItemEvent::Read, at), None);
    assert_eq!(item.state, ItemState::Healthy);
}

#[test]
fn consent_that_is_about_to_end_still_holds_until_its_day() {
    let mut item = item();
    let until = hours(24 * 7);
    assert_eq!(item.apply(ItemEvent::ConsentExpiring { until }, now()), Some(ItemNotice::ConsentExpiring { until }));
    assert!(item.state.lets_decide(hours(24 * 6)) && !item.state.lets_decide(until));
    assert_eq!(item.apply(ItemEvent::Read, hours(1)), None, "told already");
    // No webhook says that it ended: the next reading finds the day past.
    assert_eq!(item.apply(ItemEvent::Read, until), Some(ItemNotice::LoginRequired { since: until }));
}

#[test]
fn what_is_not_ready_says_nothing_of_the_item() {
    let mut item = item();
    assert_eq!(item.apply(ItemEvent::NotReady, now()), None);
    assert_eq!(item.state, ItemState::Healthy);
    assert_eq!(item.due_at.map(|at| at.duration_since(now()).as_mins()), Some(15));
}

#[test]
fn a_token_is_kept_until_plaid_has_taken_it_back() {
    for event in [ItemEvent::Removed, ItemEvent::Revoked] {
        let mut item = item();
        item.apply(event, now());
        assert!(item.state.is_over());
        assert_eq!((item.sealed_access_token.is_some(), item.due_at), (true, Some(now())));
        item.forget_token(now());
        assert_eq!((&item.sealed_access_token, &item.transactions_cursor, item.due_at), (&None, &None, None));
        item.apply(ItemEvent::Repaired, hours(1));
        assert!(item.state.is_over() && item.due_at.is_none());
    }
}

#[test]
fn an_error_code_leads_to_its_state() {
    let cases = [
        ("ITEM_LOGIN_REQUIRED", Some(ItemEvent::LoginRequired)),
        ("NO_ACCOUNTS", Some(ItemEvent::LoginRequired)),
        ("ITEM_NOT_FOUND", Some(ItemEvent::Revoked)),
        ("USER_PERMISSION_REVOKED", Some(ItemEvent::Revoked)),
        ("INSTITUTION_DOWN", Some(ItemEvent::InstitutionDown)),
        ("PRODUCT_NOT_READY", Some(ItemEvent::NotReady)),
        ("BALANCE_LIMIT", Some(ItemEvent::NotReady)),
        ("RATE_LIMIT", Some(ItemEvent::NotReady)),
        ("CREDITS_EXHAUSTED", None),
        ("INVALID_API_KEYS", None),
        ("INVALID_ACCESS_TOKEN", None),
    ];
    for (code, event) in cases {
        assert_eq!(event_of_error(code), event, "{code}");
    }
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    (0..2_000_000_000_i64).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn any_state() -> impl Strategy<Value = ItemState> {
    (0..6, any_time(), any::<u32>()).prop_map(|(kind, at, failures)| match kind {
        0 => ItemState::Healthy,
        1 => ItemState::ConsentExpiring { until: at },
        2 => ItemState::LoginRequired { since: at },
        3 => ItemState::InstitutionDown { since: at, failures, retry_at: at },
        4 => ItemState::Revoked { since: at },
        _ => ItemState::Removed { since: at },
    })
}

fn any_event() -> impl Strategy<Value = ItemEvent> {
    (0..8, any_time()).prop_map(|(kind, at)| match kind {
        0 => ItemEvent::Read,
        1 => ItemEvent::Repaired,
        2 => ItemEvent::LoginRequired,
        3 => ItemEvent::ConsentExpiring { until: at },
        4 => ItemEvent::InstitutionDown,
        5 => ItemEvent::NotReady,
        6 => ItemEvent::Revoked,
        _ => ItemEvent::Removed,
    })
}

proptest! {
    #[test]
    fn nothing_is_forgotten_and_what_is_over_stays_over(state in any_state(), event in any_event(), at in any_time()) {
        let step = next(state, event, at);
        prop_assert!(step.read_at.is_some(), "whatever happens, it is looked at again");
        prop_assert!(!state.is_over() || step.state.is_over());
        let told_of_state = step.state.lets_decide(at) || step.state.is_over() || step.notice.is_some()
            || matches!(step.state, ItemState::InstitutionDown { .. } | ItemState::ConsentExpiring { .. });
        prop_assert!(told_of_state, "a person who has to act is told");
    }
}

#[test]
fn a_bank_account_that_was_shown_under_two_ids_is_one() {
    let [first, second] = [1, 2].map(|number| BankAccountId::of_fingerprint(&format!("f1_{number:032x}")).unwrap());
    let shown = [("before", first), ("now", first), ("gone", second)];
    let bank_accounts = shown.into_iter().map(|(account_id, id)| (account_id.to_owned(), id)).collect();
    let mut item = Item { bank_accounts, ..item() };
    assert_eq!(item.each_bank_account(), [first, second]);
    item.let_go_of_former_ids(|account_id| account_id == "now");
    assert_eq!(item.bank_accounts.keys().collect::<Vec<_>>(), ["gone", "now"], "what is shown nowhere stays known");
}
