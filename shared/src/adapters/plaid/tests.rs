use super::*;
use crate::adapters::scripted::{PausedClock, SameByte, ScriptedTransport, answer};

type Scripted = Result<ProviderResponse, crate::ports::transport::TransportError>;

fn refusal(status: u16, error_type: &str, error_code: &str) -> Scripted {
    let body = json!({
        "error_type": error_type, "error_code": error_code, "error_message": "text", "display_message": null,
        "request_id": "k3Jt9QxWmP2aZr7"
    });
    answer(status, body.to_string())
}

async fn looked_up(script: Scripted) -> (Result<InstitutionLookup, PlaidError>, Vec<ProviderRequest>) {
    let (transport, clock) = (ScriptedTransport::new([script]), PausedClock::new());
    let settings = PlaidSettings {
        base_url: "https://plaid.example".to_owned(),
        client_id: "client-example".to_owned(),
        secret: ApiKey::new("secret-example"),
        limits: CallLimits { tries_max: 1, ..CallLimits::default() },
    };
    let client = PlaidClient::new(transport.clone(), clock.clone(), std::sync::Arc::new(SameByte(0)), settings);
    let result = client.institution("ins_109508", clock.deadline_in(60)).await;
    (result, transport.sent())
}

#[tokio::test]
async fn an_institution_is_found_with_its_routing_numbers() {
    let body = json!({
        "institution": {"institution_id": "ins_109508", "name": "Example Bank", "products": ["auth", "brand_new"],
            "country_codes": ["US"], "routing_numbers": ["110000000"], "oauth": false, "url": null},
        "request_id": "k3Jt9QxWmP2aZr7"
    });
    let (result, sent) = looked_up(answer(200, body.to_string())).await;

    let facts = InstitutionFacts { name: "Example Bank".to_owned(), routing_numbers: vec!["110000000".to_owned()] };
    assert_eq!(result, Ok(InstitutionLookup::Found(facts)));
    assert_eq!(sent[0].url, "https://plaid.example/institutions/get_by_id");
    let asked: Value = serde_json::from_slice(&sent[0].body).unwrap();
    assert_eq!(asked, json!({"institution_id": "ins_109508", "country_codes": ["US"]}));
    assert!(sent[0].headers.contains(&("plaid-secret".to_owned(), "secret-example".to_owned())));
}

#[tokio::test]
async fn an_institution_that_plaid_does_not_have_is_an_answer() {
    let (result, _) = looked_up(refusal(400, "INVALID_INPUT", "INVALID_INSTITUTION")).await;
    assert_eq!(result, Ok(InstitutionLookup::Unknown));
}

#[tokio::test]
async fn errors_say_whether_a_retry_helps() {
    for (script, retryable) in [
        (refusal(429, "RATE_LIMIT_EXCEEDED", "INSTITUTIONS_GET_BY_ID_LIMIT"), true),
        (refusal(429, "RATE_LIMIT_EXCEEDED", "CREDITS_EXHAUSTED"), false),
        (refusal(400, "INSTITUTION_ERROR", "INSTITUTION_DOWN"), true),
        (refusal(500, "API_ERROR", "INTERNAL_SERVER_ERROR"), true),
        (refusal(400, "INVALID_INPUT", "INVALID_API_KEYS"), false),
        (answer(404, "<html>"), true),
        (answer(200, "<html>"), false),
    ] {
        let (result, _) = looked_up(script).await;
        assert_eq!(result.map_err(|error| error.retryable()), Err(retryable));
    }
}

#[tokio::test]
async fn a_plaid_out_of_reach_is_asked_again_later() {
    let broken = Err(crate::ports::transport::TransportError::TimedOut);
    let (result, _) = looked_up(broken).await;
    assert!(matches!(result, Err(PlaidError::Unavailable { .. })), "{result:?}");
}
