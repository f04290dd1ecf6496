use serde_json::{Value, json};

use crate::evidence::{Endpoint, EndpointSecret, Evidence, Received};
use crate::sample::{BATCH, FUNDING, PAYMENT, at, found_one, good, spoiled};

const URL: &str = "https://payroll.example.com/clearway";
const CAME: &str = "2026-03-06T14:00:00Z";

fn received(event_id: &str, kind: &str, data: &Value) -> Received {
    Received {
        order: 0,
        at: at(CAME),
        elapsed_at: at(CAME),
        url: URL.to_owned(),
        event_id: event_id.to_owned(),
        signed_at: at(CAME).as_second(),
        signature: String::new(),
        body: json!({ "type": kind, "timestamp": CAME, "data": data }).to_string(),
        signed_under: vec![0],
    }
}

fn payment() -> Value {
    json!({ "object": "payment", "payment_id": PAYMENT, "batch_id": BATCH, "amount": "10.00", "state": "completed" })
}

/// An endpoint that takes what becomes of payments and batches, and is told of all of it.
fn told(evidence: &mut Evidence) {
    let early = at("2026-03-01T12:00:00Z");
    let types = ["payment.settled", "funding.available", "batch.completed"];
    evidence.asked.endpoints.push(Endpoint {
        endpoint_id: "whe_1".to_owned(),
        url: URL.to_owned(),
        event_types: types.map(str::to_owned).to_vec(),
        hears_from: early,
        secrets: vec![EndpointSecret { secret: "whsec_1".to_owned(), asked_at: early, known_at: early }],
    });
    let events = occasions(evidence).into_iter().enumerate();
    let calls: Vec<Received> =
        events.map(|(place, (kind, data))| received(&format!("evt_{place}"), kind, &data)).collect();
    evidence.told.events = calls;
}

/// Everything of those types that the sample's moves show.
fn occasions(evidence: &Evidence) -> Vec<(&'static str, Value)> {
    let of = |step: &crate::evidence::Move| {
        let kind = super::type_of(&step.id, &step.state)?;
        let item = |items: &[crate::evidence::ToldItem], name: &str| {
            items.iter().find(|told| told.item[name] == step.id.as_str()).map(|told| told.item["amount"].clone())
        };
        let (told, id, state) = (&evidence.told, &step.id, &step.state);
        let data = match kind {
            "payment.settled" => {
                json!({ "payment_id": id, "amount": item(&told.payments, "payment_id")?, "state": state })
            }
            "funding.available" => {
                json!({ "funding_id": id, "amount": item(&told.fundings, "funding_id")?, "state": state })
            }
            "batch.completed" => json!({ "batch_id": id, "state": state }),
            _ => return None,
        };
        Some((kind, data))
    };
    evidence.moves.iter().filter_map(of).collect()
}

#[test]
fn what_is_told_once_and_as_it_is_is_fine() {
    let found = spoiled("webhooks", told);
    assert!(found.is_empty(), "{found:#?}");
    assert!(good().told.events.is_empty());
}

#[test]
fn the_same_again_is_fine_and_under_another_id_or_in_another_body_it_is_found() {
    let again = |change: fn(&mut Received)| {
        move |evidence: &mut Evidence| {
            told(evidence);
            let place = evidence.told.events.iter().position(|call| call.body.contains(PAYMENT)).unwrap();
            let mut call = evidence.told.events[place].clone();
            change(&mut call);
            evidence.told.events.push(call);
        }
    };
    assert!(spoiled("webhooks", again(|_| ())).is_empty());
    found_one("webhooks", PAYMENT, "under 2 ids", again(|call| call.event_id = "evt_other".to_owned()));
    let found = spoiled("webhooks", again(|call| call.body = call.body.replace(CAME, "2026-03-07T14:00:00Z")));
    assert!(found.iter().any(|finding| finding.what.contains("another body")), "{found:#?}");
}

#[test]
fn what_is_not_told_is_found() {
    for (about, of) in [(PAYMENT, PAYMENT), (FUNDING, FUNDING), (BATCH, "batch.completed")] {
        found_one("webhooks", about, "of which 0 came", |evidence| {
            told(evidence);
            evidence.told.events.retain(|call| {
                !call.body.contains(of) || call.body.contains("payment.settled") && of == "batch.completed"
            });
        });
    }
}

#[test]
fn what_is_not_so_is_found() {
    found_one("webhooks", "evt_wrong", "what is not so", |evidence| {
        told(evidence);
        let mut data = payment();
        data["amount"] = json!("10.01");
        evidence.told.events.retain(|call| !call.body.contains(PAYMENT));
        evidence.told.events.push(received("evt_wrong", "payment.settled", &data));
    });
}

#[test]
fn a_signature_that_does_not_hold_and_one_under_an_old_secret_are_found() {
    let spoil = |change: fn(&mut Evidence)| {
        move |evidence: &mut Evidence| {
            told(evidence);
            evidence.told.events.truncate(1);
            evidence.asked.endpoints[0].event_types.clear();
            change(evidence);
        }
    };
    found_one("webhooks", "evt_0", "can verify", spoil(|evidence| evidence.told.events[0].signed_under.clear()));
    found_one(
        "webhooks",
        "evt_0",
        "that had ended",
        spoil(|evidence| {
            let early = at("2026-03-02T12:00:00Z");
            let secret = EndpointSecret { secret: "whsec_2".to_owned(), asked_at: early, known_at: early };
            evidence.asked.endpoints[0].secrets.push(secret);
            evidence.told.events[0].signed_under = vec![0, 1];
        }),
    );
    found_one("webhooks", "evt_0", "signed for second", spoil(|evidence| evidence.told.events[0].signed_at += 60));
}

#[test]
fn an_event_that_names_an_account_or_a_person_is_found() {
    for (what, text) in [("account number of a payee", "10000001"), ("names somebody", "Ann Example")] {
        found_one("webhooks", "evt_0", what, |evidence| {
            told(evidence);
            let call = evidence.told.events.iter_mut().find(|call| call.event_id == "evt_0").unwrap();
            call.body = call.body.replacen(r#""data":{"#, &format!(r#""data":{{"note":"{text}","#), 1);
        });
    }
}

#[test]
fn an_endpoint_that_was_disabled_is_found() {
    found_one("webhooks", "whe_1", "was disabled", |evidence| {
        told(evidence);
        evidence.told.endpoints.push(json!({ "endpoint_id": "whe_1", "state": "disabled" }));
    });
}
