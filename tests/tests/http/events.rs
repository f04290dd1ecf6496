//! The samples of `events/` go through the handlers that they are for, so that none can rot. Whoever adds one says here what comes of it.
//!
//! `TOKEN` stands where people's requests carry theirs, `VERIFICATION` where Plaid's webhooks do: as the files are they get 401, with a fresh
//! one what the table says. A bank's signature has no time limit: the sample's is of a secret that only tests use.

use std::collections::BTreeSet;
use std::path::Path;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::SqsEvent;
use axum::Router;
use http_body_util::BodyExt;
use local::event::{Proofs, SAMPLES};
use local::stack::development::Credentials;
use serde_json::Value;
use shared::domain::bank::signature::{self, WebhookKeys};
use shared::ports::queue::QueueName;
use tower::ServiceExt;

use crate::office::{APPROVER, OPERATOR, Office, PERSON, Person, READER, UPLOADER};

/// What comes of a request in an empty system.
struct Expected {
    person: Person,
    status: u16,
    /// The code of a refusal.
    code: Option<&'static str>,
}

const fn expected(person: Person, status: u16, code: Option<&'static str>) -> Expected {
    Expected { person, status, code }
}

const ACCOUNTS: &[(&str, Expected)] = &[
    ("clear-debit-block", expected(OPERATOR, 404, Some("not_found"))),
    ("list-cards", expected(PERSON, 200, None)),
    ("remove-item", expected(PERSON, 404, Some("not_found"))),
    ("review-card", expected(PERSON, 404, Some("not_found"))),
];

const APPROVE_BATCH: &[(&str, Expected)] = &[
    ("approve-batch", expected(APPROVER, 404, Some("not_found"))),
    ("create-batch", expected(UPLOADER, 201, None)),
    ("make-summary", expected(UPLOADER, 404, Some("not_found"))),
    ("pause-source", expected(OPERATOR, 404, Some("not_found"))),
    ("post-file", expected(UPLOADER, 201, None)),
    ("propose-biller", expected(OPERATOR, 200, None)),
];

const REPORTS: &[(&str, Expected)] = &[
    ("list-batches", expected(READER, 200, None)),
    ("read-batch", expected(READER, 404, Some("not_found"))),
    ("read-report", expected(READER, 404, Some("not_found"))),
    ("trial-balance", expected(READER, 200, None)),
];

const OPERATORS: &[(&str, Expected)] = &[
    ("audit", expected(OPERATOR, 200, None)),
    ("begin-reconciliation", expected(OPERATOR, 202, None)),
    ("list-dead-letters", expected(OPERATOR, 200, None)),
    ("send-again", expected(OPERATOR, 404, Some("not_found"))),
];

const RENT: &[(&str, Expected)] = &[("preview-lease", expected(PERSON, 200, None))];

const COLUMN_WEBHOOK: &[(&str, u16, Option<&str>)] =
    &[("forged", 401, Some("signature_invalid")), ("settled", 200, None)];

/// And how many tasks each makes. They are about an item that nobody linked here: the worker finds that out.
const PLAID_WEBHOOK: &[(&str, u16, usize)] =
    &[("plaid-forged", 401, 0), ("plaid-login-required", 200, 1), ("plaid-updates", 200, 1)];

/// Which messages come again: those whose batch or payment is not there, and what is no task.
const PAYMENT_WORKER: &[(&str, &[usize])] = &[("bulk", &[1, 2, 3]), ("other", &[2])];

fn folder(function: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(function)
}

fn sample(function: &str, name: &str) -> String {
    std::fs::read_to_string(folder(function).join(format!("{name}.json"))).unwrap()
}

/// The status and the code that the function's own router answers.
async fn answer(router: Router, event: &str) -> (u16, Option<String>) {
    let request = wiring::without_stage(lambda_http::request::from_str(event).unwrap());
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    (parts.status.as_u16(), body["code"].as_str().map(str::to_owned))
}

async fn people_s_requests(function: &str, samples: &[(&str, Expected)], router_of: impl Fn(&Office) -> Router) {
    for (name, expected) in samples {
        let (office, event) = (Office::open(), sample(function, name));
        let refused = (401, Some("token_invalid".to_owned()));
        assert_eq!(answer(router_of(&office), &event).await, refused, "{function}/{name} as it is");

        let (subject, roles) = expected.person;
        let event = event.replace("Bearer TOKEN", &office.people.bearer(subject, roles));
        let wanted = (expected.status, expected.code.map(str::to_owned));
        assert_eq!(answer(router_of(&office), &event).await, wanted, "{function}/{name} with a token");
    }
}

#[tokio::test]
async fn requests_of_those_who_pay() {
    people_s_requests("approve-batch", APPROVE_BATCH, |office| {
        approve_batch::HTTP.router(office.people.world.system.clone(), office.people.verifier.clone())
    })
    .await;
}

#[tokio::test]
async fn requests_of_those_whose_cards_are_paid() {
    people_s_requests("accounts", ACCOUNTS, |office| {
        accounts::HTTP.router(office.people.world.system.clone(), office.people.verifier.clone())
    })
    .await;
}

#[tokio::test]
async fn requests_of_those_who_look() {
    people_s_requests("reports", REPORTS, |office| {
        reports::HTTP.router(office.people.world.system.clone(), office.people.verifier.clone())
    })
    .await;
}

#[tokio::test]
async fn requests_of_those_who_operate() {
    people_s_requests("operator", OPERATORS, |office| {
        operator::HTTP.router(office.people.world.system.clone(), office.people.verifier.clone())
    })
    .await;
}

#[tokio::test]
async fn requests_of_landlords_and_renters() {
    people_s_requests("rent", RENT, |office| {
        rent::HTTP.router(office.people.world.system.clone(), office.people.verifier.clone())
    })
    .await;
}

#[tokio::test]
async fn events_of_the_bank() {
    for (name, status, code) in COLUMN_WEBHOOK {
        let office = Office::open();
        let router = column_webhook::router(office.people.world.system.clone());
        let wanted = (*status, code.map(str::to_owned));
        assert_eq!(answer(router, &sample("column-webhook", name)).await, wanted, "{name}");
    }
}

#[tokio::test]
async fn webhooks_of_plaid() {
    for (name, status, tasks) in PLAID_WEBHOOK {
        let office = Office::open();
        let router = || plaid_webhook::router(office.people.world.system.clone());
        let event = sample("plaid-webhook", name);
        let refused = (401, Some("signature_invalid".to_owned()));
        assert_eq!(answer(router(), &event).await, refused, "{name} as it is");

        let body: Value = serde_json::from_str(&event).unwrap();
        let verification = office.people.plaid_verification(body["body"].as_str().unwrap());
        let (answered, _) = answer(router(), &event.replace("VERIFICATION", &verification)).await;
        let queued = office.people.world.take_tasks(QueueName::Other).unwrap().len();
        assert_eq!((answered, queued), (*status, *tasks), "{name} signed by Plaid");
    }
}

#[tokio::test]
async fn deliveries_of_tasks() {
    for (name, failing) in PAYMENT_WORKER {
        let world = &Office::open().people.world;
        let event: SqsEvent = serde_json::from_str(&sample("payment-worker", name)).unwrap();
        let response = payment_worker::handle(&world.system, event, world.deadline_in(60)).await;
        let failed: BTreeSet<_> =
            response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
        let wanted = failing.iter().map(|number| format!("00000000-0000-4000-8000-{number:012}")).collect();
        assert_eq!(failed, wanted, "{name}");
    }
}

#[tokio::test]
async fn deliveries_of_what_was_given_up() {
    let world = &Office::open().people.world;
    let environment: Value = serde_json::from_str(&std::fs::read_to_string(folder("env.json")).unwrap()).unwrap();
    let arn = |name: &str| environment["Parameters"][name].as_str().unwrap().to_owned();
    let queues = dead_letters::DeadLetterQueues {
        bulk_arn: arn("BULK_DEAD_LETTERS_ARN"),
        other_arn: arn("OTHER_DEAD_LETTERS_ARN"),
    };
    let event: SqsEvent = serde_json::from_str(&sample("dead-letters", "given-up")).unwrap();
    let response = dead_letters::handle(&world.system, &queues, event).await;
    assert!(response.batch_item_failures.is_empty());
    assert_eq!(shared::operations::dead_letters::count_open(&world.system).await.unwrap(), 2);
}

#[tokio::test]
async fn the_timer_s_call() {
    let _shape: EventBridgeEvent = serde_json::from_str(&sample("scheduler", "every-minute")).unwrap();
    assert_eq!(scheduler::handle(&Office::open().people.world.system).await.unwrap(), 0);
}

#[test]
fn every_sample_is_expected_to_do_something() {
    fn told<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        names.into_iter().map(str::to_owned).collect()
    }
    let names = |function: &str| -> BTreeSet<String> {
        let files = std::fs::read_dir(folder(function)).unwrap();
        files.map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(names("accounts"), told(ACCOUNTS.iter().map(|(name, _)| *name)));
    assert_eq!(names("plaid-webhook"), told(PLAID_WEBHOOK.iter().map(|(name, _, _)| *name)));
    assert_eq!(names("approve-batch"), told(APPROVE_BATCH.iter().map(|(name, _)| *name)));
    assert_eq!(names("operator"), told(OPERATORS.iter().map(|(name, _)| *name)));
    assert_eq!(names("rent"), told(RENT.iter().map(|(name, _)| *name)));
    assert_eq!(names("reports"), told(REPORTS.iter().map(|(name, _)| *name)));
    assert_eq!(names("column-webhook"), told(COLUMN_WEBHOOK.iter().map(|(name, _, _)| *name)));
    assert_eq!(names("payment-worker"), told(PAYMENT_WORKER.iter().map(|(name, _)| *name)));
    assert_eq!(names("dead-letters"), told(["given-up"]));
    assert_eq!(names("scheduler"), told(["every-minute"]));
    assert_eq!(
        names(""),
        told([
            "accounts",
            "approve-batch",
            "column-webhook",
            "dead-letters",
            "env",
            "env.docker",
            "operator",
            "payment-worker",
            "plaid-webhook",
            "rent",
            "reports",
            "scheduler",
        ])
    );
}

/// `clearway event` knows every sample, and signs it as the running stack would.
#[test]
fn a_fresh_sample_is_the_committed_one_with_other_credentials_and_times() {
    let credentials = Credentials {
        token: "fresh".to_owned(),
        webhook_secret: "secret".to_owned(),
        plaid_url: "http://plaid.test".to_owned(),
    };
    let proofs = Proofs { credentials, plaid_verification: Some("signed by Plaid".to_owned()) };
    let now = "2026-03-04T05:06:07Z".parse().unwrap();
    let fresh = |name: &str| {
        let sample = SAMPLES.iter().find(|sample| sample.name == name).unwrap();
        local::event::fresh(sample, serde_json::from_str(sample.event).unwrap(), Some(&proofs), now)
    };
    let request = fresh("post-file");
    assert_eq!(request["headers"]["Authorization"], "Bearer fresh");
    assert_eq!(request["multiValueHeaders"]["Authorization"][0], "Bearer fresh");
    assert_eq!(request["requestContext"]["requestTime"], "04/Mar/2026:05:06:07 +0000");
    let webhook = fresh("settled");
    let signature = webhook["headers"]["Column-Signature"].as_str();
    let keys = WebhookKeys { current_secret: "secret", previous_secret: None, endpoint_id: None };
    signature::verify(keys, signature, None, webhook["body"].as_str().unwrap().as_bytes()).unwrap();
    assert_ne!(fresh("forged")["headers"]["Column-Signature"], webhook["headers"]["Column-Signature"]);
    assert_eq!(fresh("plaid-updates")["headers"]["Plaid-Verification"], "signed by Plaid");
    assert_eq!(fresh("plaid-updates")["multiValueHeaders"]["Plaid-Verification"][0], "signed by Plaid");
    assert_eq!(fresh("every-minute")["time"], "2026-03-04T05:06:07Z");
    assert_eq!(fresh("bulk")["Records"][0]["attributes"]["SentTimestamp"], "1772600767000");

    let known: BTreeSet<String> = SAMPLES.iter().map(|sample| sample.name.to_owned()).collect();
    let webhooks =
        COLUMN_WEBHOOK.iter().map(|(name, _, _)| *name).chain(PLAID_WEBHOOK.iter().map(|(name, _, _)| *name));
    let expected = people_s_samples().chain(webhooks);
    let expected = expected.chain(PAYMENT_WORKER.iter().map(|(name, _)| *name)).chain(["every-minute", "given-up"]);
    assert_eq!(known, expected.map(str::to_owned).collect());
}

fn people_s_samples() -> impl Iterator<Item = &'static str> {
    ACCOUNTS.iter().chain(APPROVE_BATCH).chain(OPERATORS).chain(RENT).chain(REPORTS).map(|(name, _)| *name)
}

/// What `sam local invoke --env-vars` gives a function is what it reads, and where `clearway` serves it.
#[tokio::test]
async fn the_committed_environment_is_that_of_the_local_stack() {
    let environment = std::fs::read_to_string(folder("env.json")).unwrap();
    let of_containers = std::fs::read_to_string(folder("env.docker.json")).unwrap();
    assert_eq!(of_containers, environment.replace("127.0.0.1", "172.17.0.1"));
    let environment: Value = serde_json::from_str(&environment).unwrap();
    let environment = &environment["Parameters"];
    let variable = |name: &str| environment[name].as_str().map(str::to_owned);
    let with_timeout =
        |name: &str| variable(name).or_else(|| (name == "FUNCTION_TIMEOUT_SECONDS").then(|| "30".to_owned()));
    wiring::Environment::read(with_timeout).unwrap();

    let stack = local::stack::Stack::start(local::stack::StackOptions::default()).await.unwrap();
    let settings = &stack.system.settings;
    assert_eq!(environment["COLUMN_ENTITY_ID"], settings.column_entity_id);
    let told = environment.as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>();
    let template: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(&std::fs::read_to_string(folder("../template.yaml")).unwrap()).unwrap();
    let declared = template["Globals"]["Function"]["Environment"]["Variables"].as_mapping().unwrap().keys();
    let mut declared: BTreeSet<_> = declared.map(|name| name.as_str().unwrap()).collect();
    declared.extend([
        "OIDC_ISSUER",
        "OIDC_AUDIENCE",
        "PLAID_WEBHOOK_URL",
        "BULK_DEAD_LETTERS_ARN",
        "OTHER_DEAD_LETTERS_ARN",
    ]);
    assert_eq!(told, declared, "SAM hands over only what the template names");
}
