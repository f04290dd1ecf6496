//! What is told to a company's own systems, and what operators do with their endpoints.

use http::Method;
use journeys::api::{APPROVES, OPERATES, Sent};
use journeys::file::{PayrollFile, one_source};
use journeys::recording::Invocation;
use serde_json::{Value, json};
use shared::domain::leg::AttentionReason;
use shared::domain::webhooks::endpoint::EndpointState;
use shared::domain::webhooks::event::EventType;
use shared::operations::webhooks;

use super::{Story, id_of, other_payments};

/// Its receiver fails once, and is disabled in between. One batch is declined, and one paid; of that a payment comes back, and the flag of
/// another is cleared.
pub(super) async fn a_company_s_system_is_told() -> Vec<Invocation> {
    let file = PayrollFile::generated(&one_source(4));
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let types = EventType::ALL.map(EventType::as_str);
    let asked = json!({"url": "https://payroll.example.com/clearway", "event_types": types});
    let made = api.post(OPERATES, "/webhook-endpoints", asked).await;
    let path = format!("/webhook-endpoints/{}", made["endpoint_id"].as_str().unwrap());
    journey.webhooks.once(Ok(500));
    let declined = api.upload(other_payments(&file).bytes).await;
    api.post(APPROVES, &format!("/batches/{declined}/decline"), Value::Null).await;
    let began = journey.now();
    let batch_id = story.pay(&file).await;
    journey.bank.return_now(&journey.bank.payouts().remove(0).id, "R03");
    let mut payment = journey.payments(id_of(&batch_id)).await.remove(1);
    payment.leg.raise(AttentionReason::KeepsFailing, journey.now());
    let payment_id = payment.id;
    story.overwrite(payment).await;
    api.post(OPERATES, &format!("/payments/{payment_id}/attention/clear"), json!({"note": "looked at"})).await;
    journey.settle_now().await;

    for path in ["/webhook-endpoints", &path] {
        api.get(OPERATES, path).await;
    }
    let delivered = api.get(OPERATES, &format!("{path}/deliveries?day=2026-03-02")).await;
    api.post(OPERATES, &format!("{path}/rotate-secret"), json!({})).await;
    let mut endpoint = webhooks::list(&journey.system).await.unwrap().remove(0);
    endpoint.state = EndpointState::Disabled;
    story.overwrite(endpoint).await;
    api.post(OPERATES, &format!("{path}/enable"), Value::Null).await;
    let event_id = &delivered["items"][0]["event_id"];
    api.post(OPERATES, &format!("{path}/replay"), json!({"event_id": event_id})).await;
    api.post(OPERATES, &format!("{path}/replay"), json!({"since": began.to_string()})).await;
    journey.settle_now().await;
    api.expect(OPERATES, Method::DELETE, &path, Sent::Nothing).await;
    story.told()
}
