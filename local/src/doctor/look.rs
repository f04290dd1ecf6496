//! Looking at a deployed stack: every question is one that changes nothing.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::Region;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use shared::adapters::clients::{self, AwsClients};
use shared::adapters::http_transport::HttpTransport;
use shared::adapters::system::SystemClock;
use shared::adapters::tokens::TokenVerifier;
use shared::domain::caller::ExpectedToken;
use shared::ports::clock::Clock as _;
use shared::ports::secrets::{SecretName, SecretText, webhook_secrets};
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport as _};

use super::cloudformation::{self, Place};
use super::facts::{
    BankFacts, Deployed, Door, Endpoint, Facts, KeyKind, NotDescribed, PlaidFacts, Problem, Resource, ResourceStanding,
    TokenFacts,
};
use super::secrets::{self, Read};

const TIMEOUT: Duration = Duration::from_secs(20);

/// An institution that Plaid knows in each of its environments.
const KNOWN_INSTITUTION: &str = "ins_3";

/// Which stack is looked at, and with what.
#[derive(Clone, Debug)]
pub(super) struct Asked<'a> {
    pub(super) name: &'a str,
    pub(super) region: &'a str,
    /// An emulator's address, where it is not AWS.
    pub(super) endpoint: Option<&'a str>,
    /// Somebody's bearer token.
    pub(super) token: Option<&'a SecretText>,
}

/// Finds everything out, one question after the other.
pub(super) async fn look(asked: &Asked<'_>) -> Facts {
    let transport = Arc::new(HttpTransport::new());
    let config = clients::config(asked.endpoint);
    let config = config.into_builder().region(Region::new(asked.region.to_owned())).build();
    let described = match config.credentials_provider() {
        Some(credentials) => describe(asked, &transport, &credentials).await,
        None => Err(NotDescribed::Refused("there are no credentials".to_owned())),
    };
    let mut facts = Facts::of(asked.name, asked.region, described);
    let Ok(deployed) = facts.stack.clone() else { return facts };
    let read = secrets::read(&aws_sdk_secretsmanager::Client::new(&config), asked.name).await;
    facts.resources = resources(&AwsClients::from_config(&config), &deployed).await;
    facts.doors = doors(&transport, &deployed).await;
    let (keys, token) = tokens(&transport, &deployed, asked.token).await;
    (facts.issuer_keys, facts.token) = (keys, token);
    facts.bank = bank(&transport, &deployed, &read).await;
    facts.plaid = plaid(&transport, &deployed, &read).await;
    facts.secrets = read.standings;
    facts
}

async fn describe(
    asked: &Asked<'_>,
    transport: &HttpTransport,
    credentials: &SharedCredentialsProvider,
) -> Result<Deployed, NotDescribed> {
    let place = Place { region: asked.region, endpoint: asked.endpoint, now: SystemClock.elapsed_now() };
    let mut deployed = cloudformation::describe(transport, credentials, &place, asked.name).await?;
    if let Some(endpoint) = asked.endpoint {
        for name in ["ApiUrl", "WebhookUrl", "PlaidWebhookEndpoint"] {
            if let Some(url) = emulated(deployed.output(name), endpoint) {
                deployed.outputs.insert(name.to_owned(), url);
            }
        }
    }
    Ok(deployed)
}

/// Where an emulator serves what AWS serves at this address of API Gateway.
fn emulated(url: &str, endpoint: &str) -> Option<String> {
    let (host, path) = url.strip_prefix("https://")?.split_once('/')?;
    let (api, _) = host.split_once(".execute-api.")?;
    let (stage, path) = path.split_once('/').unwrap_or((path, ""));
    let url = format!("{}/restapis/{api}/{stage}/_user_request_/{path}", endpoint.trim_end_matches('/'));
    Some(url.trim_end_matches('/').to_owned())
}

/// What an AWS service says, in a few words: its code, or what kept it from answering.
pub(super) fn cause(error: &(impl ProvideErrorMetadata + std::error::Error)) -> String {
    if let Some(code) = error.code() {
        return code.to_owned();
    }
    let mut words = vec![error.to_string()];
    let mut source = error.source();
    while let Some(deeper) = source {
        words.push(deeper.to_string());
        source = deeper.source();
    }
    words.join(": ")
}

async fn resources(aws: &AwsClients, deployed: &Deployed) -> Vec<Resource> {
    let mut resources = vec![
        Resource { output: "TableName", standing: table(aws, deployed.output("TableName")).await },
        Resource { output: "BucketName", standing: bucket(aws, deployed.output("BucketName")).await },
    ];
    for output in ["BulkQueueUrl", "OtherQueueUrl", "BulkDeadLettersUrl", "OtherDeadLettersUrl"] {
        resources.push(Resource { output, standing: queue(aws, deployed.output(output)).await });
    }
    for output in ["AlarmTopicArn", "NoticesTopicArn"] {
        resources.push(Resource { output, standing: topic(aws, deployed.output(output)).await });
    }
    resources
}

async fn table(aws: &AwsClients, name: &str) -> ResourceStanding {
    let described = match aws.dynamodb.describe_table().table_name(name).send().await {
        Ok(answer) => answer.table,
        Err(error) => return ResourceStanding::Unreachable(cause(&error)),
    };
    let Some(table) = described else { return ResourceStanding::NotReady("not described".to_owned()) };
    let of_table = table.table_status.map(|status| status.as_str().to_owned());
    let indexes = table.global_secondary_indexes.unwrap_or_default();
    let of_indexes = indexes.into_iter().filter_map(|index| Some(index.index_status?.as_str().to_owned()));
    let unready = of_table.into_iter().chain(of_indexes).find(|status| status != "ACTIVE");
    unready.map_or(ResourceStanding::There, ResourceStanding::NotReady)
}

async fn bucket(aws: &AwsClients, name: &str) -> ResourceStanding {
    match aws.s3.head_bucket().bucket(name).send().await {
        Ok(_) => ResourceStanding::There,
        Err(error) => ResourceStanding::Unreachable(cause(&error)),
    }
}

async fn queue(aws: &AwsClients, url: &str) -> ResourceStanding {
    let wanted = "ApproximateNumberOfMessages";
    match aws.sqs.get_queue_attributes().queue_url(url).attribute_names(wanted.into()).send().await {
        Ok(answer) => {
            let attributes = answer.attributes.unwrap_or_default();
            let count = attributes.iter().find(|(name, _)| name.as_str() == wanted).map(|(_, count)| count.parse());
            count.map_or(ResourceStanding::There, |count| ResourceStanding::Holds(count.unwrap_or_default()))
        }
        Err(error) => ResourceStanding::Unreachable(cause(&error)),
    }
}

async fn topic(aws: &AwsClients, arn: &str) -> ResourceStanding {
    match aws.sns.list_subscriptions_by_topic().topic_arn(arn).send().await {
        Ok(answer) => {
            let subscriptions = answer.subscriptions.unwrap_or_default();
            // One that is not confirmed has words in the place of its ARN.
            let is_confirmed = |arn: Option<&str>| arn.is_some_and(|arn| arn.starts_with("arn:"));
            let confirmed = subscriptions.iter().filter(|one| is_confirmed(one.subscription_arn())).count();
            ResourceStanding::ToldTo(u64::try_from(confirmed).unwrap_or(u64::MAX))
        }
        Err(error) => ResourceStanding::Unreachable(cause(&error)),
    }
}

/// Asks as a stranger would. A refused webhook is counted, but one is no alarm.
async fn doors(transport: &HttpTransport, deployed: &Deployed) -> Vec<Door> {
    let own = deployed.parameter("PlaidWebhookUrl");
    let plaid_s = if own.is_empty() { "PlaidWebhookEndpoint" } else { "PlaidWebhookUrl" };
    let asked = [
        ("API", "ApiUrl", Method::GET, format!("{}/batches", deployed.output("ApiUrl")), "token_missing"),
        (
            "address for the bank",
            "WebhookUrl",
            Method::POST,
            deployed.output("WebhookUrl").to_owned(),
            "signature_invalid",
        ),
        ("address for Plaid", plaid_s, Method::POST, deployed.plaid_webhook_url().to_owned(), "signature_invalid"),
    ];
    let mut doors = Vec::new();
    for (what, named, method, url, expected) in asked {
        let body = if method == Method::POST { Bytes::from_static(b"{}") } else { Bytes::new() };
        let answer = ask(transport, method, &url, None, body)
            .await
            .map(|answer| Problem { status: answer.status, code: text(&answer, "code") });
        doors.push(Door { what, named, expected, answer });
    }
    doors
}

async fn tokens(
    transport: &Arc<HttpTransport>,
    deployed: &Deployed,
    token: Option<&SecretText>,
) -> (Result<usize, String>, Option<Result<TokenFacts, String>>) {
    let expected = ExpectedToken {
        issuer: deployed.parameter("OidcIssuer").to_owned(),
        audience: deployed.parameter("OidcAudience").to_owned(),
    };
    let verifier = TokenVerifier::new(expected, transport.clone(), Arc::new(SystemClock));
    let keys = verifier.usable_keys().await.map_err(said);
    let Some(token) = token else { return (keys, None) };
    let verified = verifier.verify(Some(&format!("Bearer {}", token.expose().trim()))).await;
    let facts = verified.map(|caller| TokenFacts { subject: caller.subject, roles: caller.roles });
    (keys, Some(facts.map_err(said)))
}

fn said(error: impl Display) -> String {
    error.to_string()
}

async fn bank(transport: &HttpTransport, deployed: &Deployed, read: &Read) -> Option<BankFacts> {
    let key = read.text(SecretName::ColumnApiKey)?;
    let basic = format!("Basic {}", STANDARD.encode(format!(":{}", key.expose())));
    let url = deployed.parameter("ColumnUrl");
    let entity = format!("{url}/entities/{}", deployed.parameter("ColumnEntityId"));
    let entity = ask(transport, Method::GET, &entity, Some(&basic), Bytes::new()).await.map(|answer| answer.status);
    let listed =
        ask(transport, Method::GET, &format!("{url}/webhook-endpoints?limit=100"), Some(&basic), Bytes::new()).await;
    let stored = read.text(SecretName::ColumnWebhookSecrets).and_then(|text| webhook_secrets(text).ok());
    let endpoints = listed.and_then(|answer| endpoints(&answer, &stored.unwrap_or_default()));
    let kind = match key.expose() {
        live if live.starts_with("live_") => KeyKind::Live,
        sandbox if sandbox.starts_with("test_") => KeyKind::Sandbox,
        _ => KeyKind::Unknown,
    };
    Some(BankFacts { key: kind, entity, endpoints })
}

fn endpoints(answer: &ProviderResponse, stored: &[SecretText]) -> Result<Vec<Endpoint>, String> {
    if answer.status != 200 {
        return Err(format!("the bank answers {} about its webhook endpoints", answer.status));
    }
    let body: Value = serde_json::from_slice(&answer.body).map_err(said)?;
    let listed = body["webhook_endpoints"].as_array().cloned().unwrap_or_default();
    let read = |endpoint: &Value| {
        let text = |name: &str| endpoint[name].as_str().unwrap_or_default().to_owned();
        let events = endpoint["enabled_events"].as_array().into_iter().flatten();
        Endpoint {
            url: text("url"),
            is_disabled: endpoint["is_disabled"].as_bool().unwrap_or_default(),
            enabled_events: events.filter_map(Value::as_str).map(str::to_owned).collect(),
            created_at: text("created_at"),
            secret_is_stored: stored.iter().any(|secret| secret.expose() == text("secret")),
        }
    };
    Ok(listed.iter().map(read).collect())
}

async fn plaid(transport: &HttpTransport, deployed: &Deployed, read: &Read) -> Option<PlaidFacts> {
    let (client_id, secret) = (read.text(SecretName::PlaidClientId)?, read.text(SecretName::PlaidSecret)?);
    let asked = json!({
        "client_id": client_id.expose(),
        "secret": secret.expose(),
        "institution_id": KNOWN_INSTITUTION,
        "country_codes": ["US"],
    });
    let url = format!("{}/institutions/get_by_id", deployed.parameter("PlaidUrl"));
    let answer = ask(transport, Method::POST, &url, None, asked.to_string().into()).await;
    Some(PlaidFacts { error_code: answer.map(|answer| text(&answer, "error_code")) })
}

/// A text of a JSON answer, empty where it has none.
fn text(answer: &ProviderResponse, name: &str) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    body[name].as_str().unwrap_or_default().to_owned()
}

async fn ask(
    transport: &HttpTransport,
    method: Method,
    url: &str,
    authorization: Option<&str>,
    body: Bytes,
) -> Result<ProviderResponse, String> {
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    headers.extend(authorization.map(|value| ("authorization".to_owned(), value.to_owned())));
    let request = ProviderRequest { method, url: url.to_owned(), headers, body, timeout: TIMEOUT };
    transport.exchange(request).await.map_err(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emulator_serves_an_api_under_its_own_address() {
        let url = "https://a1b2.execute-api.us-east-1.amazonaws.com/live";
        let endpoint = "http://127.0.0.1:4566";
        assert_eq!(emulated(url, endpoint).unwrap(), "http://127.0.0.1:4566/restapis/a1b2/live/_user_request_");
        let webhook = emulated(&format!("{url}/webhooks/column"), endpoint).unwrap();
        assert_eq!(webhook, "http://127.0.0.1:4566/restapis/a1b2/live/_user_request_/webhooks/column");
        assert_eq!(emulated("https://pay.example.com/live", endpoint), None);
    }

    #[test]
    fn an_endpoint_of_the_bank_is_read_without_its_secret() {
        let body = r#"{"webhook_endpoints": [{"id": "whep_1", "url": "https://a", "enabled_events": ["*"],
            "secret": "s-1", "is_disabled": false, "created_at": "2026-01-05T17:00:00Z"}]}"#;
        let answer = ProviderResponse { status: 200, headers: Vec::new(), body: Bytes::from_static(body.as_bytes()) };
        let read = endpoints(&answer, &[SecretText::new("s-1")]).unwrap();
        assert_eq!((read[0].url.as_str(), read[0].secret_is_stored), ("https://a", true));
        assert!(!format!("{read:?}").contains("s-1"));
        assert!(!endpoints(&answer, &[]).unwrap()[0].secret_is_stored);
    }
}
