//! `clearway event`: a sample of what Lambda hands to a function, fresh, on standard output:
//! `clearway event settled | sam local invoke ColumnWebhookFunction -e -`.
//!
//! Tokens and signatures are of the stack that runs at `--url`, its simulated bank and its simulated Plaid; samples that need none need no
//! stack. Plaid's signature holds for five minutes.

use std::time::Duration;

use axum::http::Method;
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
use crate::terminal::print_line;

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
    "operator" "OperatorFunction": "audit" "begin-reconciliation" "list-dead-letters" "send-again";
    "payment-worker" "PaymentWorkerFunction": "bulk" "other";
    "plaid-webhook" "PlaidWebhookFunction": "plaid-forged" "plaid-login-required" "plaid-updates";
    "rent" "RentFunction": "preview-lease";
    "reports" "ReportsFunction": "list-batches" "read-batch" "read-report" "trial-balance";
    "scheduler" "SchedulerFunction": "every-minute";
}

/// The samples whose signature is meant to be wrong: the bank's, and Plaid's.
const FORGED: &str = "forged";
const FORGED_OF_PLAID: &str = "plaid-forged";

const VERIFICATION: &str = "Plaid-Verification";

const PATIENCE: Duration = Duration::from_secs(10);

pub async fn run(options: &EventOptions) -> Result<(), LocalError> {
    let Some(name) = &options.name else {
        for sample in SAMPLES {
            print_line(&format!("{:<16} {}", sample.name, sample.function))?;
        }
        return Ok(());
    };
    let sample = SAMPLES.iter().find(|sample| sample.name == name);
    let sample = sample.ok_or_else(|| LocalError::NoSuchEvent(name.clone()))?;
    let event: Value = serde_json::from_str(sample.event)?;
    let now = SystemClock.elapsed_now();
    let proofs =
        if event["headers"].is_object() { Some(proofs(sample, &event, &options.url, now).await?) } else { None };
    print_line(&serde_json::to_string_pretty(&fresh(sample, event, proofs.as_ref(), now))?)
}

/// What shows that a sample is genuine.
#[derive(Clone, Debug)]
pub struct Proofs {
    pub credentials: Credentials,
    /// Plaid's, over the sample's body, where it needs one.
    pub plaid_verification: Option<String>,
}

async fn proofs(sample: &Sample, event: &Value, url: &str, now: Timestamp) -> Result<Proofs, LocalError> {
    let credentials: Credentials =
        serde_json::from_slice(&ask(Method::GET, &format!("{url}{CREDENTIALS_PATH}"), Bytes::new()).await?)?;
    let is_plaid_s = event["headers"][VERIFICATION].is_string() && sample.name != FORGED_OF_PLAID;
    let plaid_verification = if is_plaid_s {
        let asked = json!({ "body": event["body"], "at": now }).to_string();
        let signing = format!("{}/__control/sign-webhook", credentials.plaid_url);
        let signed: Value = serde_json::from_slice(&ask(Method::POST, &signing, asked.into()).await?)?;
        signed["verification"].as_str().map(str::to_owned)
    } else {
        None
    };
    Ok(Proofs { credentials, plaid_verification })
}

/// The body of the stack's answer.
async fn ask(method: Method, url: &str, body: Bytes) -> Result<Bytes, LocalError> {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let request = ProviderRequest { method, url: url.to_owned(), headers, body, timeout: PATIENCE };
    let unreachable = |cause| LocalError::NoStack { url: url.to_owned(), cause: format!("{cause}") };
    Ok(HttpTransport::new().exchange(request).await.map_err(unreachable)?.body)
}

/// The sample as if it happened now, signed by the running stack.
pub fn fresh(sample: &Sample, mut event: Value, proofs: Option<&Proofs>, now: Timestamp) -> Value {
    if let Some(Proofs { credentials, plaid_verification }) = proofs {
        let signature = signature(&credentials.webhook_secret, event["body"].as_str().unwrap_or_default());
        let headers = [
            ("Authorization", Some(format!("Bearer {}", credentials.token))),
            ("Column-Signature", Some(if sample.name == FORGED { "0".repeat(64) } else { signature })),
            (VERIFICATION, plaid_verification.clone()),
        ];
        for (name, value) in headers {
            if let Some(value) = value.filter(|_| event["headers"][name].is_string()) {
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
