//! Every scenario of card autopay, with each function on a system of its own that notes what it asks for; and what people do besides,
//! which no scenario needs.

use std::sync::Arc;

use http::{Method, StatusCode};
use journeys::recording::{Function, Invocation, Recorded};
use scenarios::simulation::people::Caller;
use scenarios::simulation::standing::Standing;
use scenarios::simulation::{Simulation, Systems};
use serde_json::{Value, json};
use shared::domain::bank::check::delivery::DeliveryStatus;
use shared::domain::ids::ItemId;
use shared::domain::ledger::AccountKind;
use shared::domain::ledger::correction::CorrectionTerms;
use shared::domain::leg::State;
use shared::domain::payment::Payee;
use shared::domain::webhooks::endpoint::NewEndpoint;
use shared::domain::webhooks::event::EventType;
use shared::operations::{System, corrections, webhooks};
use shared::ports::table::Table;
use simulators::column::{Control, Direction, ReturnMoment, ReturnPlan, WebhookFaults};

use crate::stories::Silent;

const ANN: Caller = Caller::Person("ann");
const OLGA: Caller = Caller::Operator("olga");
const OSCAR: Caller = Caller::Operator("oscar");

pub(crate) async fn all() -> Vec<Invocation> {
    let mut invocations = Vec::new();
    for scenario in scenarios::all() {
        invocations.extend(Recording::of(scenario.name).await.told());
    }
    invocations.extend(a_person_pays_takes_back_and_ends_the_link().await);
    invocations.extend(a_person_who_owes_is_reviewed().await);
    invocations.extend(a_person_says_that_a_payment_was_posted().await);
    invocations.extend(a_person_asks_twice().await);
    invocations.extend(a_person_tells_two_cards_apart().await);
    invocations.extend(two_who_share_a_bank_account_and_a_card_are_reviewed().await);
    invocations.extend(operators_replace_a_check_and_clear_a_block().await);
    invocations.extend(operators_send_a_refund_again_and_clear_a_hold().await);
    invocations.extend(a_debit_comes_back_and_no_event_tells().await);
    invocations.extend(a_person_repays_and_two_operators_book_it().await);
    invocations
}

/// A scenario that was played, and what was asked for. Only people's requests are told apart: the rest that a function asks for counts as
/// one run.
struct Recording {
    simulation: Simulation,
    recorded: Recorded,
}

impl Recording {
    async fn of(scenario: &str) -> Self {
        Self::over(scenario, |table| table).await
    }

    /// With something between the functions and the table.
    async fn over(scenario: &str, wrap: fn(Arc<dyn Table>) -> Arc<dyn Table>) -> Self {
        let mut simulation = Simulation::start().unwrap();
        let system = simulation.system.clone();
        let recorded = Recorded::new(&System { table: wrap(system.table.clone()), ..system });
        for function in Function::ALL {
            recorded.records.begin(function, 1);
        }
        let system_of = |function| recorded.system_of(function).clone();
        simulation.run_on(Systems {
            accounts: system_of(Function::Accounts),
            approve_batch: system_of(Function::ApproveBatch),
            column_webhook: system_of(Function::ColumnWebhook),
            dead_letters: system_of(Function::DeadLetters),
            operator: system_of(Function::Operator),
            plaid_webhook: system_of(Function::PlaidWebhook),
            payment_worker: system_of(Function::PaymentWorker),
            reports: system_of(Function::Reports),
            scheduler: system_of(Function::Scheduler),
        });
        let callable = vec![Function::Accounts, Function::ApproveBatch];
        simulation.watch_api(|api| recorded.records.counted(callable, api));
        if let Err(failure) = scenarios::find(scenario).unwrap().play_on(&mut simulation).await {
            panic!("{scenario}: {failure}");
        }
        Self { simulation, recorded }
    }

    async fn call(&self, caller: Caller, method: Method, path: &str, body: Value) -> Value {
        self.simulation.call(caller, method, path, body).await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        self.call(ANN, Method::GET, path, Value::Null).await
    }

    fn card_id(&self) -> String {
        self.simulation.standing().unwrap().cards[0].id.to_string()
    }

    fn told(self) -> Vec<Invocation> {
        self.recorded.records.invocations()
    }
}

/// An endpoint takes what is told of it. Authorized and reviewed at once, right after the bank account was read: so the function itself opens the payment, and not the worker.
async fn a_person_pays_takes_back_and_ends_the_link() -> Vec<Invocation> {
    let story = Recording::of("authorization-revoked").await;
    let told = NewEndpoint {
        url: "https://payroll.example.com/clearway".to_owned(),
        description: None,
        event_types: EventType::ALL.into(),
    };
    webhooks::create(&story.simulation.system, told, "olga").await.unwrap();
    let card = format!("/cards/{}", story.card_id());
    let bought = json!({
        "control": "purchase", "user_id": "ann", "account": "checking", "amount": "1.00", "name": "Example Shop",
    });
    story.simulation.providers.tell_plaid(bought).unwrap();
    story.simulation.settle().await.unwrap();
    let (least, most) = ("1.00", "2500.00");
    let text = story.get(&format!("/authorization-text?card_id={}&least={least}&most={most}", story.card_id())).await;
    let agreed = json!({
        "text_version": text["text_version"], "text_sha256": text["text_sha256"],
        "bank_account_id": text["bank_account_id"],
        "range": { "least": least, "most": most },
    });
    story.call(ANN, Method::POST, &format!("{card}/authorization"), agreed).await;
    let review = story.call(ANN, Method::POST, &format!("{card}/review"), Value::Null).await;
    assert_eq!(review["action"], "pay", "{review}");
    let payments = story.get(&format!("{card}/payments")).await;
    let payment_id = payments["items"][0]["payment_id"].as_str().unwrap();
    let canceled = story.call(ANN, Method::POST, &format!("{card}/payments/{payment_id}/cancel"), Value::Null).await;
    assert_eq!(canceled["state"], "canceled");
    story.get(&format!("{card}/reviews")).await;
    let items = story.get("/items").await;
    for item in items["items"].as_array().unwrap() {
        let item = format!("/items/{}", item["item_id"].as_str().unwrap());
        story.call(ANN, Method::DELETE, &item, Value::Null).await;
    }
    story.told()
}

async fn a_person_who_owes_is_reviewed() -> Vec<Invocation> {
    let story = Recording::of("funding-returned-after-mailing-stop-loses").await;
    story.call(ANN, Method::POST, &format!("/cards/{}/review", story.card_id()), Value::Null).await;
    story.told()
}

/// The check is cashed, and Plaid's balance does not show it.
async fn a_person_says_that_a_payment_was_posted() -> Vec<Invocation> {
    let story = Recording::of("below-threshold").await;
    let bought = json!({
        "control": "purchase", "user_id": "ann", "account": "card", "amount": "2000.00", "name": "Example Shop",
    });
    story.simulation.providers.tell_plaid(bought).unwrap();
    let has_come = |now: &Standing| {
        let check = now.payment().and_then(|payment| payment.check.as_ref());
        check.is_some_and(|check| check.delivery_status == Some(DeliveryStatus::Delivered))
    };
    let standing = story.simulation.until("the check is delivered", has_come).await.unwrap();
    let payment = standing.payment().unwrap();
    let transfer_id = payment.leg.transfer_id.clone().unwrap();
    let cashed = Control::CashCheck { transfer_id, amount: None, beats_stop: false };
    story.simulation.providers.tell_bank(cashed).unwrap();
    let is_paid = |now: &Standing| now.payment().is_some_and(|payment| payment.leg.state == State::Completed);
    story.simulation.until("the check is cashed", is_paid).await.unwrap();
    let path = format!("/cards/{}/payments/{}/posted", story.card_id(), payment.id);
    story.call(ANN, Method::POST, &path, Value::Null).await;
    story.told()
}

async fn a_person_tells_two_cards_apart() -> Vec<Invocation> {
    let story = Recording::of("below-threshold").await;
    story.simulation.link("ann", "ins_3").await.unwrap();
    story.simulation.settle().await.unwrap();
    let standing = story.simulation.standing().unwrap();
    let path = format!("/cards/{}/identity", standing.cards[1].id);
    let said = json!({ "card_id": standing.cards[0].id, "is_same": false });
    story.call(ANN, Method::PUT, &path, said).await;
    // The worker reads the new number, and has the account hold it.
    story.simulation.providers.tell_plaid(json!({
        "control": "set_account", "user_id": "ann", "account": "checking", "change": { "numbers": { "account": "000777770001" } },
    })).unwrap();
    story.simulation.settle().await.unwrap();
    story.told()
}

/// Bob has the bank account and the card that Ann has, and pays first; right after his links were read, so that the function itself does.
async fn two_who_share_a_bank_account_and_a_card_are_reviewed() -> Vec<Invocation> {
    let story = Recording::of("below-threshold").await;
    let bob = Caller::Person("bob");
    let checking = json!({
        "key": "checking", "name": "Our Checking", "mask": "6789", "type": "depository", "subtype": "checking",
        "balances": { "available": "8000.00", "current": "8000.00" },
        "numbers": { "account": "000123456789", "routing": simulators::plaid::routing_number("ins_2") },
    });
    let card = json!({
        "key": "card", "name": "Our Card", "mask": "4421", "type": "credit", "subtype": "credit card",
        "balances": { "current": "3155.00", "limit": "5000.00" },
    });
    for (institution_id, account) in [("ins_2", checking), ("ins_3", card)] {
        let known = json!({
            "control": "create_person", "user_id": "bob", "institution_id": institution_id, "accounts": [account],
        });
        story.simulation.providers.tell_plaid(known).unwrap();
        story.simulation.link("bob", institution_id).await.unwrap();
    }
    let card_id = story.call(bob, Method::GET, "/cards", Value::Null).await["items"][0]["card_id"].clone();
    let accounts = story.call(bob, Method::GET, "/bank-accounts", Value::Null).await;
    let card = format!("/cards/{}", card_id.as_str().unwrap());
    let chosen = json!({
        "bank_account_id": accounts["items"][0]["bank_account_id"], "card_number": "4111000001004421",
        "rule": { "threshold": 3000, "above_threshold": { "down_to": 3000 }, "when_due": "minimum" },
    });
    story.call(bob, Method::PUT, &format!("{card}/autopay"), chosen).await;
    let path = format!("/authorization-text?card_id={}&least=1.00&most=2500.00", card_id.as_str().unwrap());
    let text = story.call(bob, Method::GET, &path, Value::Null).await;
    let agreed = json!({
        "text_version": text["text_version"], "text_sha256": text["text_sha256"],
        "bank_account_id": text["bank_account_id"], "range": text["range"],
    });
    story.call(bob, Method::POST, &format!("{card}/authorization"), agreed).await;
    let review = story.call(bob, Method::POST, &format!("{card}/review"), Value::Null).await;
    assert_eq!(review["action"], "pay", "{review}");
    // Ann may not decide about it with the operator role either, whichever function she asks.
    let payment = story.simulation.standing().unwrap().payment().unwrap().clone();
    let (flag, stop) = (format!("/payments/{}/attention/clear", payment.id), format!("/stops/{}", payment.payer_id));
    let start = json!({ "stopped": false, "reason": "mine" });
    for (method, path, body) in [(Method::POST, flag, json!({ "note": "mine" })), (Method::PUT, stop, start)] {
        let refused = story.simulation.call(Caller::Operator("ann"), method, &path, body).await;
        assert!(refused.is_err_and(|refusal| refusal.to_string().contains("own_money")), "{path}");
    }
    story.told()
}

async fn a_person_asks_twice() -> Vec<Invocation> {
    let story = Recording::over("below-threshold", |table| Arc::new(Silent(table))).await;
    let spent = json!({ "public_token": "public-sandbox-none", "holder_name": "Ann Example" });
    let ask = || story.simulation.ask_under("once", ANN, Method::POST, "/items", spent.clone());
    let (first, again) = (ask().await.unwrap(), ask().await.unwrap());
    // Each answer names its own request.
    assert_eq!((first.0, &first.1["code"]), (again.0, &again.1["code"]));
    assert_ne!(first.0, StatusCode::CREATED);
    story.told()
}

/// The bank's events are lost: the worker asks, and finds that the debit was not authorized.
async fn a_debit_comes_back_and_no_event_tells() -> Vec<Invocation> {
    let story = Recording::of("below-threshold").await;
    let providers = &story.simulation.providers;
    let returned = ReturnPlan::new(Direction::Debit, ReturnMoment::Settled, 1, &["R10"]);
    providers.tell_bank(Control::PlanReturns(returned)).unwrap();
    let lost = WebhookFaults { drop_next: u64::MAX, ..WebhookFaults::default() };
    providers.tell_bank(Control::FaultWebhooks(lost)).unwrap();
    let bought = json!({
        "control": "purchase", "user_id": "ann", "account": "card", "amount": "2000.00", "name": "Example Shop",
    });
    providers.tell_plaid(bought).unwrap();
    let is_failed = |now: &Standing| now.payment().is_some_and(|payment| payment.leg.state == State::Failed);
    story.simulation.until("the payment is given up", is_failed).await.unwrap();
    story.told()
}

async fn operators_replace_a_check_and_clear_a_block() -> Vec<Invocation> {
    let story = Recording::of("check-returned-by-mail").await;
    let standing = story.simulation.standing().unwrap();
    let replacement = json!({ "address": {
        "line_1": "PO Box 200", "city": "Wilmington", "state": "DE", "postal_code": "19886",
    }});
    let path = format!("/payments/{}/check/replace", standing.payment().unwrap().id);
    story.call(OLGA, Method::POST, &path, replacement.clone()).await;
    story.call(OLGA, Method::POST, &path, replacement.clone()).await;
    story.call(OSCAR, Method::GET, "/attention", Value::Null).await;
    let proposed = format!("/payments/{}/check/replacement", standing.payment().unwrap().id);
    story.call(OSCAR, Method::GET, &proposed, Value::Null).await;
    story.call(OSCAR, Method::POST, &format!("{path}/confirm"), replacement).await;
    let mut invocations = story.told();

    // Where it went before, one operator is enough.
    let story = Recording::of("check-returned-by-mail").await;
    let standing = story.simulation.standing().unwrap();
    let payment = standing.payment().unwrap();
    let Payee::Check(payee) = &payment.payee else { panic!("a payment by check") };
    let path = format!("/payments/{}/check/replace", payment.id);
    story.call(OLGA, Method::POST, &path, json!({ "address": payee.address })).await;
    invocations.extend(story.told());

    let story = Recording::of("funding-returned-r10-unauthorized").await;
    let standing = story.simulation.standing().unwrap();
    let path = format!("/people/{}/block/clear", standing.persons[0].id);
    story.call(OLGA, Method::POST, &path, json!({ "note": "The holder had forgotten." })).await;
    invocations.extend(story.told());
    invocations
}

/// The refund comes back twice: it is sent where it was, then to an account that Ann has linked since.
async fn operators_send_a_refund_again_and_clear_a_hold() -> Vec<Invocation> {
    let story = Recording::of("canceled-after-debit-settled").await;
    let comes_back = async || {
        let refund = story.simulation.standing().unwrap().refunds.remove(0);
        let transfer_id = refund.leg.transfer_id.clone().unwrap();
        let returned = Control::Return { transfer_id, return_code: "R02".to_owned(), addenda: String::new() };
        story.simulation.providers.tell_bank(returned).unwrap();
        let is_back = |now: &Standing| now.refunds[0].leg.state == State::Returned;
        story.simulation.until("the refund comes back", is_back).await.unwrap();
        format!("/payments/{}/refund/send-again", refund.id)
    };
    let path = comes_back().await;
    story.call(OLGA, Method::POST, &path, json!({})).await;
    let is_there = |now: &Standing| now.refunds[0].leg.state == State::Completed;
    story.simulation.until("the refund is there", is_there).await.unwrap();
    let path = comes_back().await;
    let standing = story.simulation.standing().unwrap();
    let account = &standing.bank_accounts[0];
    let to = json!({ "bank_account_id": account.id });
    story.call(OLGA, Method::POST, &path, to.clone()).await;
    story.call(OLGA, Method::POST, &path, to).await;
    let seen = json!({ "bank_account_id": account.id, "account_last4": account.account.account_last4 });
    story.call(OSCAR, Method::POST, &format!("{path}/confirm"), seen).await;
    story.simulation.until("the refund is there", is_there).await.unwrap();
    let mut invocations = story.told();

    let story = Recording::of("check-never-cashed").await;
    let path = format!("/cards/{}/hold/clear", story.card_id());
    story.call(OLGA, Method::POST, &path, json!({ "note": "The issuer has found it." })).await;
    invocations.extend(story.told());
    invocations
}

async fn a_person_repays_and_two_operators_book_it() -> Vec<Invocation> {
    let story = Recording::of("funding-returned-after-mailing-stop-loses").await;
    let standing = story.simulation.standing().unwrap();
    let payment = standing.payment().unwrap();
    let terms = CorrectionTerms {
        payer_id: payment.payer_id.clone(),
        debit: AccountKind::Cash,
        credit: AccountKind::Receivable,
        amount: payment.amount,
        reason: "repaid by wire".to_owned(),
        about: Some(ItemId::Payment(payment.id)),
        uses: None,
    };
    let system = story.recorded.system_of(Function::Operator);
    let id = system.new_uuid();
    let proposed = corrections::propose(system, id, terms.clone(), "olga").await.unwrap();
    corrections::confirm(system, proposed.id, &terms, "oscar").await.unwrap();
    story.told()
}
