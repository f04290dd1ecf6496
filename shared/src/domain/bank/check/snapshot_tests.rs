use serde_json::json;

use super::*;
use crate::domain::bank::event::{BankEvent, CheckEvent, TransferEvent};

fn mailed_check() -> Value {
    json!({
        "id": "chkt_2AbCdEfGhIjKlMnOpQrStUvWxYz", "type": "debit", "status": "issued", "positive_pay_amount": 48250,
        "deposited_amount": null, "currency_code": "USD", "bank_account_id": "bacc_2AbCdEfGhIjKlMnOpQrStUvWxYz",
        "account_number_id": "acno_2AbCdEfGhIjKlMnOpQrStUvWxYz", "idempotency_key": "pay_example:1", "check_number": 1017,
        "payee_name": "Example Card Services", "delivery_status": "mailed", "delivered_by_column": true,
        "payee_address": {"line_1": "PO Box 100", "city": "Wilmington", "country_code": "US"}, "memo": "Acct 4421",
        "returns": [], "void_date": null, "created_at": "2026-03-05T18:04:05Z", "updated_at": "2026-03-06T20:00:00Z",
        "issued_at": "2026-03-05T18:04:06Z", "settled_at": null, "stopped_at": null
    })
}

fn event(event_type: &str, data: Value) -> Vec<u8> {
    let event = json!({
        "id": "evnt_2AbCdEfGhIjKlMnOpQrStUvWxYz", "created_at": "2026-03-06T20:00:01Z", "type": event_type, "data": data
    });
    serde_json::to_vec(&event).unwrap()
}

fn check_event(event_type: &str, data: Value) -> CheckEvent {
    match BankEvent::from_body(&event(event_type, data)).unwrap() {
        BankEvent::Check(event) => event,
        BankEvent::Transfer(TransferEvent { event_type, .. }) | BankEvent::Other { event_type, .. } => {
            panic!("{event_type} is not an event of a check")
        }
    }
}

#[test]
fn a_mailed_check_is_read_whole() {
    let event = check_event("check.incoming_debit.delivery.mailed", mailed_check());

    assert_eq!(event.event_type, "check.incoming_debit.delivery.mailed");
    let check = event.check;
    assert_eq!((check.kind, check.status.clone()), (CheckKind::Issued, CheckStatus::Issued));
    assert_eq!((check.amount, check.deposited_amount), (Some(Cents::new(48_250)), None));
    assert_eq!(check.delivery_status, Some(DeliveryStatus::Mailed));
    assert_eq!((check.idempotency_key.as_deref(), check.check_number), (Some("pay_example:1"), Some(1017)));
    assert_eq!(check.issued_at, Some("2026-03-05T18:04:06Z".parse().unwrap()));
    assert_eq!((check.settled_at, check.latest_return()), (None, None));
}

#[test]
fn nothing_of_the_payee_is_kept() {
    let printed = format!("{:?}", check_event("check.incoming_debit.issued", mailed_check()));
    for personal in ["Card Services", "PO Box", "4421"] {
        assert!(!printed.contains(personal), "{printed}");
    }
}

#[test]
fn a_check_cashed_for_another_amount_shows_both_amounts_and_the_reason_of_its_return() {
    let mut data = mailed_check();
    data["status"] = json!("second_return");
    data["deposited_amount"] = json!(148_250);
    let made = |id: &str, reason: &str, created_at: &str| {
        json!({"id": id, "check_transfer_id": "chkt_1", "return_reason": reason, "status": "processed",
            "created_at": created_at, "updated_at": created_at})
    };
    data["returns"] = json!([made("chkr_2", "N", "2026-03-12T10:00:00Z"), made("chkr_1", "A", "2026-03-09T10:00:00Z")]);
    let check = check_event("check.incoming_debit.second_return", data).check;

    assert_eq!((check.amount, check.deposited_amount), (Some(Cents::new(48_250)), Some(Cents::new(148_250))));
    assert_eq!(check.returns.iter().map(|made| made.reason.as_str()).collect::<Vec<_>>(), ["A", "N"]);
    assert_eq!(check.latest_return().unwrap().reason.meaning(), Some("altered, fictitious or counterfeit"));
}

#[test]
fn absent_null_and_empty_all_mean_not_there() {
    for value in [Some(Value::Null), Some(json!("")), None] {
        let mut data = mailed_check();
        let fields = data.as_object_mut().unwrap();
        for name in ["idempotency_key", "delivery_status", "void_date"] {
            match &value {
                Some(value) => fields.insert(name.to_owned(), value.clone()),
                None => fields.remove(name),
            };
        }
        let check = CheckSnapshot::from_json(data).unwrap();
        assert_eq!((check.idempotency_key, check.delivery_status, check.void_on), (None, None, None));
    }
}

#[test]
fn every_event_of_a_check_that_we_issue_is_one_of_a_check_whatever_it_is_called() {
    for name in ["initiated", "returned", "brand_new", "delivery.delivered", "delivery.brand_new"] {
        let event = check_event(&format!("check.incoming_debit.{name}"), mailed_check());
        assert_eq!(event.check.status, CheckStatus::Issued, "{name}");
    }
}

#[test]
fn an_event_of_a_check_that_we_deposit_is_named_and_moves_nothing() {
    let event = BankEvent::from_body(&event("check.outgoing_debit.settled", json!({"id": "chkt_1"}))).unwrap();
    assert!(matches!(event, BankEvent::Other { event_type, .. } if event_type == "check.outgoing_debit.settled"));
}

#[test]
fn what_is_not_a_check_is_a_typed_error_that_does_not_repeat_it() {
    let changed = |field: &str, value: Value| {
        let mut data = mailed_check();
        data[field] = value;
        data
    };
    for (data, problem) in [
        (json!({"id": "chkt_1"}), MalformedBankData::NotACheck),
        (changed("type", json!("4421")), MalformedBankData::NotACheck),
        (changed("positive_pay_amount", json!(1.5)), MalformedBankData::NotACheck),
        (changed("void_date", json!("4421")), MalformedBankData::NotACheck),
        (changed("positive_pay_amount", json!(-1)), MalformedBankData::NegativeAmount),
        (changed("deposited_amount", json!(-1)), MalformedBankData::NegativeAmount),
    ] {
        let error = BankEvent::from_body(&event("check.incoming_debit.issued", data)).unwrap_err();
        assert_eq!(error, problem);
        assert!(!error.to_string().contains("4421"));
    }
}

#[test]
fn a_check_is_read_back_from_what_is_kept_of_it() {
    let mut data = mailed_check();
    data["status"] = json!("second_return");
    data["void_date"] = json!("2026-09-01");
    data["returns"] = json!([
        {"id": "chrt_1", "return_reason": "A", "status": "completed", "created_at": "2026-03-09T10:00:00Z"},
        {"id": "chrt_2", "return_reason": "N", "status": "completed", "created_at": ""}
    ]);
    data["first_return_at"] = json!("2026-03-09");
    data["settled_at"] = json!("");
    let check = CheckSnapshot::from_json(data).unwrap();
    assert_eq!(CheckSnapshot::from_json(check.to_json()), Ok(check));
}
