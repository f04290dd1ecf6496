//! `clearway event`: a sample of what Lambda hands to a function, fresh, on standard output:
//! `clearway event settled | sam local invoke ColumnWebhookFunction -e -`.
//!
//! Tokens and the bank's signature are of the stack that runs at `--url`; samples that need neither need no stack.

use std::io::{self, Write as _};
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;
use shared::adapters::http_transport::HttpTransport;
use shared::adapters::system::SystemClock;
use shared::ports::clock::Clock as _;
use shared::ports::transport::{ProviderRequest, Transport as _};

use crate::error::LocalError;
use crate::stack::development::{CREDENTIALS_PATH, Credentials};

#[derive(Clone, Debug, Args)]
pub struct EventOptions {
    /// Which sample; without one they are listed with the functions that take them.
    pub name: Option<String>,
    /// The stack whose tokens and secret are used: one that `clearway` serves.
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    pub url: String,
}

/// A committed sample.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub name: &'static str,
    /// The function's logical id in the template.
    pub function: &'static str,
    pub event: &'static str,
}

macro_rules! samples {
    ($($folder:literal $function:literal: $($name:literal)+;)+) => {
        /// All of `events/`.
        pub const SAMPLES: &[Sample] = &[$($(Sample {
            name: $name,
            function: $function,
            event: include_str!(concat!("../../events/", $folder, "/", $name, ".json")),
        },)+)+];
    };
}

samples! {
    "accounts" "AccountsFunction": "clear-debit-block" "list-cards" "remove-item" "review-card";
    "approve-batch" "ApproveBatchFunction": "approve-batch" "create-batch" "make-summary" "pause-source" "post-file" "propose-biller";
    "column-webhook" "ColumnWebhookFunction": "forged" "settled";
    "dead-letters" "DeadLettersFunction": "given-up";
    "operator" "OperatorFunction": "audit" "list-dead-letters" "send-again";
    "payment-worker" "PaymentWorkerFunction": "bulk" "other";
    "plaid-webhook" "PlaidWebhookFunction": "plaid-forged";
    "reports" "ReportsFunction": "list-batches" "read-batch" "read-report" "trial-balance";
    "scheduler" "SchedulerFunction": "every-minute";
}

/// The one sample whose signature is meant to be wrong.
const FORGED: &str = "forged";

const PATIENCE: Duration = Duration::from_secs(10);

pub async fn run(options: &EventOptions) -> Result<(), LocalError> {
    let Some(name) = &options.name else {
        for sample in SAMPLES {
            say(&format!("{:<16} {}", sample.name, sample.function))?;
        }
        return Ok(());
    };
    let sample = SAMPLES.iter().find(|sample| sample.name == name);
    let sample = sample.ok_or_else(|| LocalError::NoSuchEvent(name.clone()))?;
    let event: Value = serde_json::from_str(sample.event)?;
    let credentials = if event["headers"].is_object() { Some(credentials(&options.url).await?) } else { None };
    let fresh = fresh(sample, event, credentials.as_ref(), SystemClock.elapsed_now());
    say(&serde_json::to_string_pretty(&fresh)?)
}

/// Whoever reads may stop reading.
fn say(text: &str) -> Result<(), LocalError> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(LocalError::start(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

async fn credentials(url: &str) -> Result<Credentials, LocalError> {
    let transport = HttpTransport::new();
    let request = ProviderRequest {
        method: axum::http::Method::GET,
        url: format!("{url}{CREDENTIALS_PATH}"),
        headers: Vec::new(),
        body: Bytes::new(),
        timeout: PATIENCE,
    };
    let unreachable = |cause| LocalError::NoStack { url: url.to_owned(), cause: format!("{cause}") };
    Ok(serde_json::from_slice(&transport.exchange(request).await.map_err(unreachable)?.body)?)
}

/// The sample as if it happened now, signed by the running stack.
pub fn fresh(sample: &Sample, mut event: Value, credentials: Option<&Credentials>, now: Timestamp) -> Value {
    if let Some(credentials) = credentials {
        let signature = signature(&credentials.webhook_secret, event["body"].as_str().unwrap_or_default());
        let headers = [
            ("Authorization", format!("Bearer {}", credentials.token)),
            ("Column-Signature", if sample.name == FORGED { "0".repeat(64) } else { signature }),
        ];
        for (name, value) in headers {
            if event["headers"][name].is_string() {
                event["headers"][name] = json!(value);
                event["multiValueHeaders"][name] = json!([value]);
            }
        }
        event["requestContext"]["requestTime"] = json!(now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string());
        event["requestContext"]["requestTimeEpoch"] = json!(now.as_millisecond());
    }
    if let Some(records) = event.get_mut("Records").and_then(Value::as_array_mut) {
        for record in records {
            let sent = json!(now.as_millisecond().to_string());
            record["attributes"]["SentTimestamp"] = sent.clone();
            record["attributes"]["ApproximateFirstReceiveTimestamp"] = sent;
        }
    }
    if event["time"].is_string() {
        event["time"] = json!(now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    }
    event
}

/// Column's: HMAC-SHA256 over the body in hexadecimal digits.
fn signature(secret: &str, body: &str) -> String {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
