//! What operators look after: sources, billers, attention, the books, dead letters.

use http::Method;
use jiff::SignedDuration;
use journeys::api::{OPERATES, OPERATES_TOO, Sent, UPLOADS};
use journeys::delivery::{came_back, post_signed};
use journeys::file::{PayrollFile, one_source};
use journeys::recording::Invocation;
use serde_json::{Value, json};
use shared::domain::ids::PaymentId;
use shared::domain::leg::{Attention, AttentionReason, Claim, Leg, Outcome, State};
use shared::domain::task::Task;
use shared::operations::{fund, upload};
use shared::ports::queue::{Queue as _, QueueName};
use simulators::column::Control;

use super::{Story, id_of, other_payments};

pub(super) async fn look_after_sources_billers_and_attention() -> Vec<Invocation> {
    let file = PayrollFile::of(12);
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let how = json!({"how": "ach", "routing_number": "021000021", "account_type": "loan", "entry_class": "PPD",
        "entry_description": "LOAN PMT"});
    api.expect(OPERATES, Method::PUT, "/billers/ins_9", Sent::Json(how.clone())).await;
    api.post(OPERATES_TOO, "/billers/ins_9/confirm", how).await;
    let there = json!({"routing_number": "021000021", "name": "Example Card Services"});
    api.expect(OPERATES, Method::PUT, "/billers/ins_9/remittance/institution-address", Sent::Json(there)).await;
    journey.settle_now().await;
    assert_eq!(api.get(OPERATES, "/billers/ins_9").await["remittance_proposal"]["by"], OPERATES.0);
    assert_eq!(api.get(OPERATES, "/billers?waiting=true").await["items"][0]["institution_id"], "ins_9");
    let batch_id = story.pay(&file).await;
    let sources = api.get(OPERATES, "/sources").await;
    for stopped in [true, false] {
        let thrown = json!({"stopped": stopped, "reason": "a drill"});
        api.expect(OPERATES, Method::PUT, "/stops/all", Sent::Json(thrown)).await;
        api.get(OPERATES, "/stops").await;
    }
    let source_id = sources["items"][0]["source_id"].as_str().unwrap();
    api.post(OPERATES, &format!("/sources/{source_id}/pause"), Value::Null).await;
    api.post(OPERATES, &format!("/sources/{source_id}/resume"), json!({"reason": "looked at"})).await;

    let (attention, note) = (AttentionReason::KeepsFailing, json!({"note": "looked at"}));
    let mut payment = journey.payments(id_of(&batch_id)).await.remove(0);
    payment.leg.raise(attention, journey.now());
    let payment_id = payment.id;
    story.overwrite(payment).await;
    let mut batch = upload::load(&journey.system, id_of(&batch_id)).await.unwrap();
    let mut funding = fund::all_fundings(&journey.system, &batch).await.unwrap().remove(0);
    funding.leg.raise(attention, journey.now());
    let funding_id = funding.id;
    story.overwrite(funding).await;
    batch.attention = Some(Attention { reason: attention, since: journey.now() });
    story.overwrite(batch).await;
    let waiting = api.get(OPERATES, "/attention").await;
    assert_eq!(waiting["items"].as_array().unwrap().len(), 4, "{waiting}");
    for item in [format!("/payments/{payment_id}"), format!("/fundings/{funding_id}"), format!("/batches/{batch_id}")] {
        api.post(OPERATES, &format!("{item}/attention/clear"), note.clone()).await;
    }
    story.told()
}

/// The bank signs what does not fit: its word is taken for one payment and not for another, and what fits nothing is closed.
pub(super) async fn look_after_what_the_bank_says() -> Vec<Invocation> {
    let file = PayrollFile::generated(&one_source(4));
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let batch_id = story.pay(&file).await;
    let tell = async |event: Value| {
        assert!(post_signed(&journey.system, &journey.receiver(), &event).await.is_success(), "{event}");
    };
    let payments = journey.payments(id_of(&batch_id)).await;
    for (payment, apply) in payments.iter().zip([true, false]) {
        if apply {
            let transfer_id = payment.leg.transfer_id.clone().unwrap();
            journey.bank.control(Control::Return {
                transfer_id,
                return_code: "R03".to_owned(),
                addenda: String::new(),
            });
        }
        let mut event = came_back(payment, &format!("evnt_other_{apply}"));
        event["data"]["amount"] = json!(payment.amount.get() + 1);
        tell(event).await;
        let clearing = json!({"note": "asked the bank", "apply": apply});
        api.post(OPERATES, &format!("/payments/{}/attention/clear", payment.id), clearing).await;
        journey.settle_now().await;
    }
    // Whether the bank has corrected the account that it came back from decides whether it can be retried.
    assert_eq!(api.get(UPLOADS, &format!("/payments/{}", payments[0].id)).await["retry"]["possible"], false);
    let batch = upload::load(&journey.system, id_of(&batch_id)).await.unwrap();
    let funding = fund::all_fundings(&journey.system, &batch).await.unwrap().remove(0);
    let word = json!({
        "id": "evnt_funding", "created_at": "2026-03-09T13:30:02Z", "type": "ach.outgoing_transfer.completed",
        "data": {
            "id": funding.leg.transfer_id, "type": "DEBIT", "status": "COMPLETED", "amount": 1, "currency_code": "USD",
            "bank_account_id": funding.leg.bank_account_id, "is_incoming": false,
            "idempotency_key": format!("{}:1", funding.id), "created_at": "2026-03-02T18:04:05Z"
        }
    });
    tell(word).await;
    let clearing = json!({"note": "asked the bank", "apply": true});
    api.post(OPERATES, &format!("/fundings/{}/attention/clear", funding.id), clearing).await;
    journey.settle_now().await;

    let mut lost = came_back(&payments[2], "evnt_lost");
    lost["data"]["idempotency_key"] = json!(format!("pay_{}:1", "0".repeat(32)));
    tell(lost).await;
    tell(json!({"id": "evnt_strange", "type": "ach.outgoing_transfer.settled"})).await;
    journey.let_days_pass(5).await;
    for event in api.get(OPERATES, "/unmatched-events").await["items"].as_array().unwrap() {
        let path = format!("/unmatched-events/{}/close", event["event_id"].as_str().unwrap());
        api.post(OPERATES, &path, json!({"reason": "looked at"})).await;
    }
    story.told()
}

/// A payout and a debit that the bank's whole list does not have: of one two operators say that it never arrived, of the other that they
/// found it, which the bank does not know.
pub(super) async fn end_what_may_be_out() -> Vec<Invocation> {
    let file = PayrollFile::generated(&one_source(4));
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let batch_id = story.pay(&file).await;
    let mut payment = journey.payments(id_of(&batch_id)).await.remove(0);
    let payment_id = payment.id;
    make_unknown(&mut payment.leg, journey.now());
    story.overwrite(payment).await;
    let batch = upload::load(&journey.system, id_of(&batch_id)).await.unwrap();
    let mut funding = fund::all_fundings(&journey.system, &batch).await.unwrap().remove(0);
    let funding_id = funding.id;
    make_unknown(&mut funding.leg, journey.now());
    story.overwrite(funding).await;
    let never = json!({"outcome": "never_reached"});
    let found = json!({"outcome": "found", "transfer_id": "acht_2AbCdEfGhIjKlMnOpQrStUvWxYz"});
    // The message that would carry it out is lost: the timer finds it.
    for (path, told) in
        [(format!("/unknown-outcomes/{payment_id}"), never), (format!("/unknown-outcomes/{funding_id}"), found)]
    {
        let proposal = json!({"told": told, "reason": "asked the bank's desk"});
        for _ in 0..2 {
            api.expect(OPERATES, Method::PUT, &path, Sent::Json(proposal.clone())).await;
        }
        api.get(OPERATES_TOO, "/attention").await;
        let confirmed = api.post(OPERATES_TOO, &format!("{path}/confirm"), told).await;
        assert_eq!(confirmed["is_pending"], true);
        journey.settle_now().await;
        assert_eq!(api.get(OPERATES, &path).await["is_pending"], false);
    }
    story.told()
}

fn make_unknown(leg: &mut Leg, now: jiff::Timestamp) {
    leg.state = State::Submitting;
    leg.claim = Some(Claim {
        owner: "a run that died".to_owned(),
        lease_until: jiff::Timestamp::UNIX_EPOCH,
        first_sent_at: now,
        last_sent_at: Some(now),
        sends: 1,
        outcome: Outcome::Unknown,
        look: None,
    });
    leg.raise(AttentionReason::OutcomeUnknown, now);
}

/// A payment names another transfer than the bank has: the daily reconciliation stops its source. Then its debit comes back, and the
/// source repays.
pub(super) async fn reconcile_and_correct() -> Vec<Invocation> {
    let file = PayrollFile::generated(&one_source(4));
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let batch_id = story.pay(&file).await;
    let mut payment = journey.payments(id_of(&batch_id)).await.remove(0);
    let source_id = payment.payer_id.clone();
    payment.leg.transfer_id = Some("acht_another".to_owned());
    story.overwrite(payment).await;
    for _ in 0..36 {
        journey.go_on_to(journey.now() + SignedDuration::from_hours(1)).await;
    }
    assert_eq!(api.get(OPERATES, "/health").await["health"], "differences");

    let range = json!({"from": "2026-03-02", "to": "2026-03-08"});
    let begun = api.post_under("once", OPERATES, "/reconciliations", range.clone()).await;
    assert_eq!(api.post_under("once", OPERATES, "/reconciliations", range).await, begun);
    journey.settle_now().await;
    let path = format!("/reconciliations/{}", begun["reconciliation_id"].as_str().unwrap());
    assert_eq!(api.get(OPERATES, "/reconciliations").await["items"][0], api.get(OPERATES, &path).await);
    assert_eq!(api.get(OPERATES, &format!("{path}/items")).await["items"][0]["verdict"], "duplicate");

    let debit = journey.bank.debits().remove(0);
    journey.bank.return_now(&debit.id, "R10");
    journey.settle_now().await;
    let owed = shared::domain::money::Cents::new(debit.cents).to_string();
    let terms = json!({"payer_id": source_id, "debit": "cash", "credit": "receivable", "amount": owed,
        "reason": "repaid by wire", "about": debit.item()});
    let proposed = api.post(OPERATES, "/ledger/corrections", terms.clone()).await;
    let path = format!("/ledger/corrections/{}", proposed["correction_id"].as_str().unwrap());
    api.get(OPERATES, &path).await;
    assert_eq!(api.post(OPERATES_TOO, &format!("{path}/confirm"), terms).await["confirmed_by"], OPERATES_TOO.0);
    story.told()
}

/// Of one batch a payment was refunded, and another came back: that is set against what its source owes for the next batch.
pub(super) async fn set_what_is_left_against_a_debt() -> Vec<Invocation> {
    let file = PayrollFile::generated(&one_source(4));
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let first = story.pay(&file).await;
    let comes_back = async |row: usize| {
        let payment = journey.payments(id_of(&first)).await.remove(row);
        journey.bank.return_now(payment.leg.transfer_id.as_deref().unwrap(), "R02");
        journey.settle_now().await;
        payment
    };
    comes_back(0).await;
    api.post(OPERATES, &format!("/batches/{first}/refund"), Value::Null).await;
    while journey.step().await {}
    let left = comes_back(1).await;
    story.pay(&other_payments(&file)).await;
    let [pulled_first, pulled_next] = &journey.bank.debits()[..] else { panic!("two debits") };
    journey.bank.return_now(&pulled_next.id, "R01");
    journey.settle_now().await;
    let terms = json!({"payer_id": left.payer_id, "debit": "funds", "credit": "receivable", "amount": left.amount.to_string(),
        "reason": "what is left of the batch before", "about": pulled_next.item(), "uses": pulled_first.item()});
    let proposed = api.post(OPERATES, "/ledger/corrections", terms.clone()).await;
    let path = format!("/ledger/corrections/{}/confirm", proposed["correction_id"].as_str().unwrap());
    assert_eq!(api.post(OPERATES_TOO, &path, terms).await["confirmed_by"], OPERATES_TOO.0);
    story.told()
}

/// Of each queue a task of something that is not there, and of the bulk queue what is no task.
pub(super) async fn tasks_are_given_up_and_dealt_with() -> Vec<Invocation> {
    let story = Story::of(&PayrollFile::of(4));
    let (api, journey) = (&story.api, &story.journey);
    let missing = "pay_00000000000000000000000000000007".parse::<PaymentId>().unwrap();
    for task in [Task::Submit { payment_id: missing }, Task::Advance { payment_id: missing }] {
        journey.queue.send(task.queue(), vec![task.to_body()]).await.unwrap();
    }
    journey.queue.send(QueueName::Bulk, vec!["no task".to_owned()]).await.unwrap();
    journey.let_queues_give_up().await;
    journey.settle_now().await;

    let reason = json!({"reason": "looked at"});
    let letters = api.get(OPERATES, "/dead-letters").await;
    let letters = letters["items"].as_array().unwrap().clone();
    let is_task = |letter: &&Value| letter["task"].is_object();
    let (task, stray) = (letters.iter().find(is_task).unwrap(), letters.iter().find(|l| !is_task(l)).unwrap());
    let path = |letter: &Value| format!("/dead-letters/{}", letter["dead_letter_id"].as_str().unwrap());
    api.get(OPERATES, &path(task)).await;
    api.post(OPERATES, &format!("{}/send-again", path(task)), reason.clone()).await;
    api.post(OPERATES, &format!("{}/discard", path(stray)), reason.clone()).await;
    let rest = api.post(OPERATES, "/dead-letters/send-again", reason).await;
    assert_eq!(rest["sent"], 1);
    api.get(OPERATES, &format!("/audit?subject={}", task["dead_letter_id"].as_str().unwrap())).await;
    story.told()
}
