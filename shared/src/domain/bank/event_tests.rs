use jiff::civil::date;
use serde_json::json;

use super::*;
use crate::domain::bank::request::Direction;
use crate::domain::bank::status::BankStatus;
use crate::domain::money::Cents;

fn settled_debit() -> Value {
    json!({
        "id": "acht_2AbCdEfGhIjKlMnOpQrStUvWxYz", "type": "DEBIT", "status": "SETTLED", "amount": 48250,
        "currency_code": "USD", "bank_account_id": "bacc_2AbCdEfGhIjKlMnOpQrStUvWxYz",
        "account_number_id": "acno_2AbCdEfGhIjKlMnOpQrStUvWxYz", "counterparty_id": "cpty_2AbCdEfGhIjKlMnOpQrStUvWxYz",
        "is_incoming": false, "is_on_us": false, "same_day": false, "entry_class_code": "CCD",
        "company_name": "EXAMPLE PAY", "company_entry_description": "PAYROLL", "description": "",
        "receiver_name": "EXAMPLE COMPANY", "receiver_id": "", "trace_number": "121145300000042",
        "effective_on": "2026-03-03T08:00:00Z", "idempotency_key": "fnd_example:1", "return_details": [],
        "notification_of_changes": null, "nsf_deadline": null, "created_at": "2026-03-02T18:04:05Z",
        "submitted_at": "2026-03-02T19:31:00Z", "settled_at": "2026-03-03T13:30:00Z", "completed_at": null,
        "returned_at": null, "cancelled_at": null, "updated_at": "2026-03-03T13:30:00Z"
    })
}

fn event(event_type: &str, data: Value) -> Vec<u8> {
    let event = json!({
        "id": "evnt_2AbCdEfGhIjKlMnOpQrStUvWxYz", "created_at": "2026-03-03T13:30:02Z", "type": event_type, "data": data
    });
    serde_json::to_vec(&event).unwrap()
}

fn transfer_of(body: &[u8]) -> TransferSnapshot {
    match BankEvent::from_body(body).unwrap() {
        BankEvent::Transfer(event) => event.transfer,
        BankEvent::Check(CheckEvent { event_type, .. }) | BankEvent::Other { event_type, .. } => {
            panic!("{event_type} is not a transfer event")
        }
    }
}

#[test]
fn a_settled_funding_is_read_whole() {
    let transfer = transfer_of(&event("ach.outgoing_transfer.settled", settled_debit()));

    assert_eq!(transfer.status, BankStatus::Settled);
    assert_eq!(transfer.direction, Direction::Debit);
    assert_eq!(transfer.amount, Cents::new(48_250));
    assert_eq!(transfer.idempotency_key.as_deref(), Some("fnd_example:1"));
    assert_eq!(transfer.effective_on, Some(date(2026, 3, 3)));
    assert_eq!(transfer.settled_at, Some("2026-03-03T13:30:00Z".parse().unwrap()));
    assert_eq!(transfer.latest_return, None);
}

#[test]
fn the_newest_return_counts_whatever_the_order_of_the_list() {
    let mut data = settled_debit();
    data["status"] = json!("return_dishonored");
    data["return_details"] = json!([
        {"return_code": "R68", "description": "untimely return", "created_at": "2026-03-06T10:00:00Z"},
        {"return_code": "R01", "description": "insufficient funds", "created_at": "2026-03-05T10:00:00Z"}
    ]);
    let transfer = transfer_of(&event("ach.outgoing_transfer.return_dishonored", data));

    assert_eq!(transfer.status, BankStatus::ReturnDishonored);
    let detail = transfer.latest_return.unwrap();
    assert_eq!(detail.code, "R68".parse().ok());
}

#[test]
fn a_return_without_a_readable_code_is_still_a_return() {
    let mut data = settled_debit();
    data["return_details"] = json!([{"return_code": "unknown", "description": null, "created_at": null}]);
    let detail = transfer_of(&event("ach.outgoing_transfer.returned", data)).latest_return.unwrap();
    assert_eq!(detail.code, None);
}

#[test]
fn a_notification_of_change_carries_the_corrected_account_and_does_not_print_it() {
    let mut data = settled_debit();
    data["notification_of_changes"] = json!({
        "change_code": "C01", "account_number": "000987654321", "routing_number": "", "receiver_id": "",
        "account_type": "", "transaction_code": ""
    });
    let transfer = transfer_of(&event("ach.outgoing_transfer.noc", data));

    let change = transfer.notification_of_change.as_ref().unwrap();
    assert_eq!(change.account_number(), Some("000987654321"));
    assert!(!format!("{transfer:?}").contains("00098765"));
}

#[test]
fn absent_null_and_empty_all_mean_not_there() {
    for value in [Some(Value::Null), Some(json!("")), None] {
        let mut data = settled_debit();
        let fields = data.as_object_mut().unwrap();
        for name in ["counterparty_id", "idempotency_key", "effective_on"] {
            match &value {
                Some(value) => fields.insert(name.to_owned(), value.clone()),
                None => fields.remove(name),
            };
        }
        let transfer = TransferSnapshot::from_json(data).unwrap();
        assert_eq!((transfer.counterparty_id, transfer.idempotency_key, transfer.effective_on), (None, None, None));
    }
}

#[test]
fn a_type_we_do_not_know_is_named_not_refused() {
    let event = BankEvent::from_body(&event("identity.created", json!({"id": "enti_x"}))).unwrap();
    assert!(matches!(event, BankEvent::Other { event_type, .. } if event_type == "identity.created"));
}

#[test]
fn what_is_not_an_event_is_a_typed_error() {
    let mut negative = settled_debit();
    negative["amount"] = json!(-1);
    let mut fraction = settled_debit();
    fraction["amount"] = json!(1.5);
    for (body, problem) in [
        (b"{".to_vec(), MalformedBankData::NotJson),
        (b"{\"id\":\"evnt_1\"}".to_vec(), MalformedBankData::NotAnEvent),
        (event("ach.outgoing_transfer.settled", json!({"id": "acht_1"})), MalformedBankData::NotATransfer),
        (event("ach.outgoing_transfer.settled", fraction), MalformedBankData::NotATransfer),
        (event("ach.outgoing_transfer.settled", negative), MalformedBankData::NegativeAmount),
    ] {
        assert_eq!(BankEvent::from_body(&body), Err(problem));
    }
}

/// What a documented time may be where nothing has happened yet, and in the older answers that give a day alone.
#[test]
fn a_return_is_read_whatever_form_its_times_have() {
    for time in [
        Value::Null,
        json!(""),
        json!("2026-03-05"),
        json!("2026-03-05T13:30:00Z"),
        json!("2026-03-05T13:30:00.123456Z"),
    ] {
        let mut data = settled_debit();
        data["status"] = json!("RETURNED");
        for name in ["settled_at", "returned_at", "cancelled_at", "updated_at", "effective_on"] {
            data[name] = time.clone();
        }
        data["return_details"] =
            json!([{"return_code": "R01", "description": "", "addenda": "", "created_at": time, "updated_at": time}]);
        let transfer = transfer_of(&event("ach.outgoing_transfer.returned", data));
        assert_eq!(transfer.latest_return.and_then(|latest| latest.code), "R01".parse().ok(), "{time}");
        let is_there = time.as_str().is_some_and(|text| !text.is_empty());
        assert_eq!((transfer.settled_at.is_some(), transfer.effective_on.is_some()), (is_there, is_there), "{time}");
    }
}

#[test]
fn a_day_without_a_time_is_that_day() {
    let mut data = settled_debit();
    (data["settled_at"], data["effective_on"]) = (json!("2026-03-05"), json!("2026-03-05"));
    let transfer = transfer_of(&event("ach.outgoing_transfer.settled", data));
    assert_eq!(transfer.settled_at.map(crate::domain::calendar::eastern_date), Some(date(2026, 3, 5)));
    assert_eq!(transfer.effective_on, Some(date(2026, 3, 5)));
}

/// An id is part of a key, and one that is empty names everything.
#[test]
fn what_is_no_id_makes_an_event_unreadable() {
    let long = "x".repeat(500_000);
    for text in ["", " ", "evnt#1", "evnt\u{0}", "evnt/../1", &long] {
        let mut other: Value =
            serde_json::from_slice(&event("ach.outgoing_transfer.settled", settled_debit())).unwrap();
        other["id"] = json!(text);
        assert_eq!(BankEvent::from_json(other.clone()), Err(MalformedBankData::NotAnEvent));
        assert_eq!(id_of_unreadable(other.to_string().as_bytes()), None);
        for field in ["id", "bank_account_id"] {
            let mut data = settled_debit();
            data[field] = json!(text);
            let body = event("ach.outgoing_transfer.settled", data);
            assert_eq!(BankEvent::from_body(&body), Err(MalformedBankData::NotATransfer), "{field}");
        }
    }
}

#[test]
fn a_word_that_is_no_word_is_not_kept() {
    let long = "x".repeat(500_000);
    for field in ["status", "currency_code", "counterparty_id"] {
        let mut data = settled_debit();
        data[field] = json!(long);
        let body = event("ach.outgoing_transfer.settled", data);
        assert_eq!(BankEvent::from_body(&body), Err(MalformedBankData::NotATransfer), "{field}");
    }
    assert_eq!(BankEvent::from_body(&event(&long, settled_debit())), Err(MalformedBankData::NotAnEvent));
    let mut data = settled_debit();
    data["return_details"] = json!([{"return_code": "R01", "description": long, "created_at": null}]);
    let detail = transfer_of(&event("ach.outgoing_transfer.returned", data)).latest_return.unwrap();
    assert_eq!((detail.code, detail.description.len()), ("R01".parse().ok(), 255));
}

#[test]
fn the_banks_test_event_is_about_nothing() {
    for data in [json!({}), Value::Null] {
        let read = BankEvent::from_body(&event("ach.outgoing_transfer.settled", data)).unwrap();
        assert!(matches!(read, BankEvent::Other { .. }));
    }
}

#[test]
fn an_event_that_is_called_incoming_is_about_what_others_sent() {
    assert!(transfer_of(&event("ach.incoming_transfer.settled", settled_debit())).is_incoming);
}

#[test]
fn a_transfer_is_read_back_from_what_is_kept_of_it() {
    let mut data = settled_debit();
    data["return_details"] =
        json!([{"return_code": "R02", "description": "account closed", "created_at": "2026-03-05T10:00:00Z"}]);
    data["notification_of_changes"] = json!({"change_code": "C02", "routing_number": "021000021"});
    let transfer = TransferSnapshot::from_json(data).unwrap();
    assert_eq!(TransferSnapshot::from_json(transfer.to_json()), Ok(transfer));
}
