//! What our clients send, held against the providers' published shapes.
//!
//! The folder of the shapes is named by `CLEARWAY_SCHEMAS`; without it these tests say that they were left out. A missing field of a
//! request is tolerated, because the published lists of required fields name alternatives together; everything else is an error.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, its helpers too, and says what it leaves out"
)]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use jsonschema::error::ValidationErrorKind;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::adapters::api_key::ApiKey;
use shared::adapters::column::{ColumnClient, ColumnSettings};
use shared::adapters::plaid::{BalanceQuery, LinkPurpose, LinkTokenRequest, PlaidClient, PlaidSettings, RepairNeed};
use shared::adapters::provider_call::CallLimits;
use shared::domain::autopay::person::HolderName;
use shared::domain::bank::check::request::{IssueCheckRequest, MailRequest};
use shared::domain::bank::check::snapshot::CheckSnapshot;
use shared::domain::bank::limits::{
    CheckPayeeName, CheckPayorName, EntryAccountNumber, EntryDescription, TransferAmount,
};
use shared::domain::bank::mailing_address::{AddressParts, MailingAddress};
use shared::domain::bank::request::{
    AccountType, AchTransferRequest, Counterparty, Direction, EntryClass, InlineCounterparty, Timing,
};
use shared::domain::deadline::Deadline;
use shared::domain::money::Cents;
use shared::domain::secret::{AccessToken, PublicToken};
use shared::ports::clock::Clock;
use shared::ports::random::Random;
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};

/// A published definition by the name of its root, such as "POST /transfers/ach request".
fn definition(file: &str, root: &str) -> Option<Value> {
    let Some(folder) = std::env::var_os("CLEARWAY_SCHEMAS") else {
        println!("left out: CLEARWAY_SCHEMAS names no folder of published shapes");
        return None;
    };
    let text = std::fs::read_to_string(PathBuf::from(folder).join(file)).unwrap();
    let mut shapes: Value = serde_json::from_str(&text).unwrap();
    let name = shapes["roots"][root].as_str().unwrap_or_else(|| panic!("no root {root}")).to_owned();
    let definitions = shapes["$defs"].take();
    closed(&definitions, &name)
}

/// The definition with all others beside it, taking no field that it does not name: a misspelled one must not pass.
fn closed(definitions: &Value, name: &str) -> Option<Value> {
    let mut definitions = definitions.clone();
    for definition in definitions.as_object_mut()?.values_mut() {
        if definition.get("properties").is_some() && definition.get("additionalProperties").is_none() {
            definition["additionalProperties"] = json!(false);
        }
    }
    Some(json!({"$ref": format!("#/$defs/{name}"), "$defs": definitions}))
}

/// Differences between a request and its published shape, missing fields left aside.
fn differences(schema: &Value, request: &Value) -> Vec<String> {
    jsonschema::validator_for(schema)
        .unwrap()
        .iter_errors(request)
        .filter(|error| !matches!(error.kind(), ValidationErrorKind::Required { .. }))
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn assert_published(file: &str, root: &str, request: &[u8]) {
    let Some(schema) = definition(file, root) else { return };
    let request: Value = serde_json::from_slice(request).unwrap();
    assert_eq!(differences(&schema, &request), Vec::<String>::new(), "{root}");
}

fn payout(counterparty: Counterparty, timing: Timing) -> AchTransferRequest {
    AchTransferRequest {
        direction: Direction::Credit,
        amount: Cents::new(48_250).try_into().unwrap(),
        bank_account_id: "bacc_2AbCdEfGhIjKlMnOpQrStUvWxYz".to_owned(),
        counterparty,
        entry_class: EntryClass::Ppd,
        timing,
        description: "batch bat_1 row 7".to_owned(),
        company_name: Some("Example Payroll".to_owned()),
        company_entry_description: "PAYROLL".try_into().unwrap(),
        receiver_name: "Pat Example".try_into().unwrap(),
        receiver_id: Some("E-0007".to_owned()),
        payment_related_info: Some("loan 0007".to_owned()),
    }
}

#[test]
fn a_payout_to_a_new_payee_has_the_published_shape() {
    let account = InlineCounterparty {
        routing_number: "110000000".parse().unwrap(),
        account_number: "000123456789".try_into().unwrap(),
        account_type: AccountType::Savings,
        name: "Pat Example".to_owned(),
    };
    let body = payout(Counterparty::Inline(account), Timing::SameDay).body().unwrap();
    assert_published("column.schema.json", "POST /transfers/ach request", body.bytes());
}

#[test]
fn a_payout_to_a_known_payee_has_the_published_shape() {
    let known = Counterparty::Known { counterparty_id: "cpty_2AbCdEfGhIjKlMnOpQrStUvWxYz".to_owned() };
    let body = payout(known, Timing::On(jiff::civil::date(2026, 3, 3))).body().unwrap();
    assert_published("column.schema.json", "POST /transfers/ach request", body.bytes());
}

#[test]
fn a_consumers_debit_presented_again_has_the_published_shape() {
    let known = Counterparty::Known { counterparty_id: "cpty_2AbCdEfGhIjKlMnOpQrStUvWxYz".to_owned() };
    let debit = AchTransferRequest {
        direction: Direction::Debit,
        entry_class: EntryClass::Web,
        ..payout(known, Timing::Standard)
    };
    assert_published(
        "column.schema.json",
        "POST /transfers/ach request",
        debit.reinitiated().unwrap().body().unwrap().bytes(),
    );
}

/// What people may type as a name: the shortest, the longest, and of every script.
fn holder_names() -> impl Strategy<Value = String> {
    let long = ["x".repeat(40), "é".repeat(40), "Łukasz ".repeat(5), "ß".repeat(20), "X".to_owned()];
    let latin = "[\u{c0}-\u{17f}\u{1e00}-\u{1eff} ]{1,40}";
    prop_oneof![prop::sample::select(long.to_vec()), "[A-Za-z' -]{1,45}", latin, "\\PC{1,40}"]
}

fn debit(holder: &HolderName, number: EntryAccountNumber, description: EntryDescription) -> AchTransferRequest {
    let account = InlineCounterparty {
        routing_number: "110000000".parse().unwrap(),
        account_number: number,
        account_type: AccountType::Checking,
        name: holder.as_str().to_owned(),
    };
    AchTransferRequest {
        direction: Direction::Debit,
        entry_class: EntryClass::Web,
        company_entry_description: description,
        receiver_name: holder.as_str().try_into().unwrap(),
        ..payout(Counterparty::Inline(account), Timing::Standard)
    }
}

fn check(holder: &HolderName, payee_name: CheckPayeeName, address: &MailingAddress) -> IssueCheckRequest {
    IssueCheckRequest {
        amount: TransferAmount::try_from(TransferAmount::LARGEST).unwrap(),
        bank_account_id: "bacc_2AbCdEfGhIjKlMnOpQrStUvWxYz".to_owned(),
        payee_name,
        description: "pay_example".to_owned(),
        mail: MailRequest {
            payee_address: address.clone(),
            memo: "Account ending 4421".try_into().unwrap(),
            message: "Payment for card account 4111000001004421".try_into().unwrap(),
            payor_name: Some(CheckPayorName::of_person(holder.as_str()).unwrap()),
            payor_address: Some(address.clone()),
        },
    }
}

/// The request as it is sent, once it has the published shape.
fn published(root: &str, body: &[u8]) -> Value {
    assert_published("column.schema.json", root, body);
    assert!(body.is_ascii());
    serde_json::from_slice(body).unwrap()
}

/// Whatever the doors take of a person, an account and a biller makes a request of the published shape, within the sizes that the bank
/// documents.
#[test]
fn what_a_door_takes_a_request_carries() {
    let config = ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
    let account = ("[A-Za-z0-9-]{1,17}", "[ -~]{1,10}", "[ -~]{1,40}");
    let address = ("[ -~]{1,35}", "[ -~]{0,15}", "[ -~]{1,255}");
    proptest!(config, |(name in holder_names(), account in account, address in address)| {
        let Ok(holder) = HolderName::try_from(name.as_str()) else { return Ok(()) };
        let (number, description, payee) = account;
        let number = EntryAccountNumber::try_from(number.as_str());
        if let (Ok(number), Ok(description)) = (number, EntryDescription::try_from(description.as_str())) {
            let body = debit(&holder, number, description).body().unwrap();
            let sent = published("POST /transfers/ach request", body.bytes());
            let size = |text: &Value| text.as_str().map(str::len).unwrap_or_default();
            prop_assert!((1..=22).contains(&size(&sent["receiver_name"])));
            prop_assert!((1..=10).contains(&size(&sent["company_entry_description"])));
            prop_assert!((1..=17).contains(&size(&sent["counterparty"]["account_number"])));
        }
        let (line_1, line_2, city) = address;
        let (state, postal_code) = ("DE".to_owned(), "19886".to_owned());
        let address = MailingAddress::try_from(AddressParts { line_1, line_2: Some(line_2), city, state, postal_code });
        if let (Ok(address), Ok(payee)) = (address, CheckPayeeName::try_from(payee.as_str())) {
            let body = check(&holder, payee, &address).body().unwrap();
            let sent = published("POST /transfers/checks/issue request", body.bytes());
            let payor = sent["mail_check_request"]["payor_name"].as_str().map(str::len);
            prop_assert!(payor.is_some_and(|size| (1..=40).contains(&size)));
        }
    });
}

fn address(line_2: Option<&str>) -> MailingAddress {
    let parts = AddressParts {
        line_1: "PO Box 100".to_owned(),
        line_2: line_2.map(str::to_owned),
        city: "Wilmington".to_owned(),
        state: "DE".to_owned(),
        postal_code: "19886-0100".to_owned(),
    };
    parts.try_into().unwrap()
}

#[test]
fn a_mailed_check_has_the_published_shape() {
    for (payor_name, payor_address) in
        [(Some("Pat Example".try_into().unwrap()), Some(address(Some("Unit 2")))), (None, None)]
    {
        let request = IssueCheckRequest {
            amount: Cents::new(48_250).try_into().unwrap(),
            bank_account_id: "bacc_2AbCdEfGhIjKlMnOpQrStUvWxYz".to_owned(),
            payee_name: "Example Card Services".try_into().unwrap(),
            description: "pay_example".to_owned(),
            mail: MailRequest {
                payee_address: address(None),
                memo: "Acct 4421".try_into().unwrap(),
                message: "Payment for account ending 4421".try_into().unwrap(),
                payor_name,
                payor_address,
            },
        };
        let body = request.body().unwrap();
        assert_published("column.schema.json", "POST /transfers/checks/issue request", body.bytes());
    }
}

#[test]
fn whatever_a_published_check_leaves_out_it_is_still_read() {
    let Some(schema) = definition("column.schema.json", "GET /transfers/checks/{check_transfer_id} response_200")
    else {
        return;
    };
    let shape = &schema["$defs"]["CheckTransfer"];
    let required: Vec<&str> = shape["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let mut check: Value =
        required.iter().map(|name| ((*name).to_owned(), example(&shape["properties"][name]))).collect();
    check["type"] = json!("debit");
    // What names something is never empty.
    for (name, id) in [("id", "chkt_example"), ("bank_account_id", "bacc_example"), ("status", "initiated")] {
        check[name] = json!(id);
    }
    check["returns"] = json!([example(&json!({"$ref": "#/$defs/CheckReturnResponse", "$defs": schema["$defs"]}))]);

    assert!(CheckSnapshot::from_json(check.clone()).is_ok());
    // The published shape says which fields may be null in a word that JSON Schema does not have.
    check.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    assert_eq!(differences(&schema, &check), Vec::<String>::new());
}

/// The least that a published shape allows: null where it may be, otherwise something of the type.
fn example(shape: &Value) -> Value {
    if shape["nullable"] == true {
        return Value::Null;
    }
    if let Some(name) = shape["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
        let properties = shape["$defs"][name]["properties"].as_object().unwrap();
        let examples = properties.iter().map(|(name, shape)| (name.clone(), example(shape)));
        return examples.filter(|(_, value)| !value.is_null()).collect();
    }
    match (shape["type"].as_str(), shape["format"].as_str()) {
        (Some("string"), Some("date-time")) => json!("2026-03-05T18:04:05Z"),
        (Some("string"), _) => json!(""),
        (Some("boolean"), _) => json!(false),
        (Some("array"), _) => json!([]),
        (kind, _) => panic!("no example of {kind:?}"),
    }
}

#[tokio::test]
async fn opening_an_account_has_the_published_shape() {
    let recorder = Arc::new(Recorder::default());
    let settings = ColumnSettings {
        base_url: "https://bank.example".to_owned(),
        api_key: ApiKey::new("test_key"),
        limits: CallLimits { tries_max: 1, ..CallLimits::default() },
    };
    let client = ColumnClient::new(recorder.clone(), Arc::new(Standing), Arc::new(Standing), settings);
    let opened = client.create_bank_account("enti_2AbCdEfGhIjKlMnOpQrStUvWxYz", "Source one", "src_1", later()).await;

    assert!(opened.is_err(), "the recorder answers no account");
    assert_published("column.schema.json", "POST /bank-accounts request", &recorder.last_body());
}

/// A client whose requests are recorded and answered with an empty object.
fn plaid() -> (PlaidClient, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::default());
    let settings = PlaidSettings {
        base_url: "https://plaid.example".to_owned(),
        client_id: "client-example".to_owned(),
        secret: ApiKey::new("secret-example"),
        limits: CallLimits { tries_max: 1, ..CallLimits::default() },
    };
    (PlaidClient::new(recorder.clone(), Arc::new(Standing), Arc::new(Standing), settings), recorder)
}

fn access_token() -> AccessToken {
    AccessToken::new("access-sandbox-00000000-0000-0000-0000-000000000000")
}

#[tokio::test]
async fn looking_an_institution_up_has_the_published_shape() {
    let (client, recorder) = plaid();
    let found = client.institution("ins_109508", later()).await;

    assert!(found.is_err(), "the recorder answers no institution");
    assert_published("plaid.schema.json", "POST /institutions/get_by_id request", &recorder.last_body());
}

#[tokio::test]
async fn every_way_into_link_has_the_published_shape() {
    let repair = |need| LinkPurpose::Repair { access_token: access_token(), need };
    for purpose in [
        LinkPurpose::NewItem { webhook_url: Some("https://hooks.example.test/webhooks/plaid".to_owned()) },
        repair(RepairNeed::Login),
        repair(RepairNeed::Accounts),
        repair(RepairNeed::Consent),
    ] {
        let (client, recorder) = plaid();
        let redirect_uri = Some("https://app.example.test/linked".to_owned());
        let request = LinkTokenRequest { client_user_id: "per_1".to_owned(), purpose, redirect_uri };
        assert!(client.create_link_token(&request, later()).await.is_err(), "the recorder answers no token");
        assert_published("plaid.schema.json", "POST /link/token/create request", &recorder.last_body());
    }
}

#[tokio::test]
async fn every_call_about_an_item_has_the_published_shape() {
    let (token, plaid_shapes) = (access_token(), "plaid.schema.json");
    let query = BalanceQuery {
        account_ids: vec!["r7QvLw2XkZsP9dNbTfHy3mJcEa5GuK8oVxRi4".to_owned()],
        updated_from: Some(Timestamp::UNIX_EPOCH),
    };
    let (client, recorder) = plaid();
    let public_token = PublicToken::new("public-sandbox-00000000-0000-0000-0000-000000000000");
    assert!(client.exchange_public_token(&public_token, later()).await.is_err());
    assert_published(plaid_shapes, "POST /item/public_token/exchange request", &recorder.last_body());
    assert!(client.item(&token, later()).await.is_err());
    assert_published(plaid_shapes, "POST /item/get request", &recorder.last_body());
    assert!(client.remove_item(&token, later()).await.is_ok());
    assert_published(plaid_shapes, "POST /item/remove request", &recorder.last_body());
    assert!(client.update_webhook(&token, "https://hooks.example.test/plaid", later()).await.is_err());
    assert_published(plaid_shapes, "POST /item/webhook/update request", &recorder.last_body());
    assert!(client.accounts(&token, later()).await.is_err());
    assert_published(plaid_shapes, "POST /accounts/get request", &recorder.last_body());
    assert!(client.balances(&token, &query, later()).await.is_err());
    assert_published(plaid_shapes, "POST /accounts/balance/get request", &recorder.last_body());
    assert!(client.liabilities(&token, later()).await.is_err());
    assert_published(plaid_shapes, "POST /liabilities/get request", &recorder.last_body());
    assert!(client.auth(&token, later()).await.is_err());
    assert_published(plaid_shapes, "POST /auth/get request", &recorder.last_body());
    assert!(client.transactions(&token, Some("Y3Vyc29y"), later()).await.is_err());
    assert_published(plaid_shapes, "POST /transactions/sync request", &recorder.last_body());
    assert!(client.webhook_verification_key("5d0f6a52-3b1e-4a77-9a0e-6f2f7c1f90aa", later()).await.is_err());
    assert_published(plaid_shapes, "POST /webhook_verification_key/get request", &recorder.last_body());
}

#[test]
fn a_misspelled_field_would_be_seen() {
    let Some(schema) = definition("column.schema.json", "POST /transfers/ach request") else { return };
    assert_eq!(differences(&schema, &json!({"ammount": 1})).len(), 1);
    assert_eq!(differences(&schema, &json!({"amount": "1.00"})).len(), 1);
}

fn later() -> Deadline {
    Deadline::new(Timestamp::UNIX_EPOCH + Duration::from_secs(60), Duration::ZERO)
}

/// Remembers the body and answers an empty object.
#[derive(Debug, Default)]
struct Recorder(Mutex<Bytes>);

impl Recorder {
    fn last_body(&self) -> Bytes {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Transport for Recorder {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        *self.0.lock().unwrap() = request.body;
        Ok(ProviderResponse { status: 200, headers: Vec::new(), body: Bytes::from_static(b"{}") })
    }
}

/// A clock that stands still, and no randomness.
#[derive(Debug)]
struct Standing;

#[async_trait]
impl Clock for Standing {
    fn business_now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn elapsed_now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn pause(&self, _: Duration) {}
}

impl Random for Standing {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}
