//! A scenario, played to its end, and what can be done with it from there.

use ::scenarios::simulation::Simulation;
use ::scenarios::simulation::people::Caller;
use ::scenarios::simulation::standing::Standing;
use http::Method;
use serde_json::{Value, json};
use shared::domain::ids::PaymentId;
use shared::domain::leg::State;
use simulators::column::Control;

pub(super) const ANN: Caller = Caller::Person("ann");
pub(super) const OLGA: Caller = Caller::Operator("olga");
pub(super) const OSCAR: Caller = Caller::Operator("oscar");

pub(super) struct Story {
    pub(super) simulation: Simulation,
}

impl Story {
    pub(super) async fn after(scenario: &str) -> Self {
        let mut simulation = Simulation::start().unwrap();
        ::scenarios::find(scenario).unwrap().play_on(&mut simulation).await.unwrap();
        Self { simulation }
    }

    /// Ann's card is on autopay, and its balance has just passed the threshold.
    pub(super) async fn that_will_pay() -> Self {
        let story = Self::after("below-threshold").await;
        story.buy("card", "2700.00");
        story
    }

    pub(super) fn buy(&self, account: &str, amount: &str) {
        self.tell_plaid(json!({
            "control": "purchase", "user_id": "ann", "account": account, "amount": amount, "name": "Example Shop",
        }));
    }

    pub(super) fn tell_plaid(&self, control: Value) {
        self.simulation.providers.tell_plaid(control).unwrap();
    }

    pub(super) fn tell_bank(&self, control: Control) {
        self.simulation.providers.tell_bank(control).unwrap();
    }

    pub(super) async fn call(&self, caller: Caller, method: Method, path: &str, body: Value) -> Value {
        self.simulation.call(caller, method, path, body).await.unwrap()
    }

    /// Why a call is not done.
    pub(super) async fn refusal(&self, caller: Caller, method: Method, path: &str, body: Value) -> String {
        self.simulation.call(caller, method, path, body).await.unwrap_err().to_string()
    }

    pub(super) fn standing(&self) -> Standing {
        self.simulation.standing().unwrap()
    }

    pub(super) fn payment_id(&self) -> PaymentId {
        self.standing().payment().unwrap().id
    }

    pub(super) fn card_path(&self) -> String {
        format!("/cards/{}", self.standing().cards[0].id)
    }

    /// The bank's id of the check that is out.
    pub(super) fn check_id(&self) -> String {
        self.standing().payment().unwrap().leg.transfer_id.clone().unwrap()
    }

    /// The bank's id of the debit that was made last.
    pub(super) fn debit_id(&self) -> String {
        self.standing().funding().unwrap().leg.transfer_id.clone().unwrap()
    }

    pub(super) async fn until(&self, wish: &str, is_met: impl Fn(&Standing) -> bool) -> Standing {
        self.simulation.until(wish, is_met).await.unwrap()
    }

    pub(super) async fn until_payment_is(&self, state: State) -> Standing {
        self.until("the payment moves", |now| now.payment().is_some_and(|payment| payment.leg.state == state)).await
    }

    pub(super) async fn until_debit_is(&self, state: State) -> Standing {
        self.until("the debit moves", |now| now.funding().is_some_and(|funding| funding.leg.state == state)).await
    }

    pub(super) async fn let_days_pass(&self, days: i64) {
        self.simulation.let_days_pass(days).await.unwrap();
    }

    pub(super) async fn clear_attention(&self) {
        let path = format!("/payments/{}/attention/clear", self.payment_id());
        self.call(OLGA, Method::POST, &path, json!({ "note": "The issuer takes no checks there." })).await;
    }

    pub(super) async fn cash_check(&self) {
        let attempt = self.standing().payment().unwrap().leg.attempt;
        self.until("the letter is in the mail", |now| count(now, "check_mailed") >= attempt as usize).await;
        self.tell_bank(Control::CashCheck { transfer_id: self.check_id(), amount: None, beats_stop: false });
        self.until_payment_is(State::Completed).await;
    }

    pub(super) async fn is_balanced(&self) {
        self.simulation.settle().await.unwrap();
        let outcome = self.simulation.outcome("after").await.unwrap();
        assert_eq!((outcome.ledger.debits, outcome.ledger.receivable.get()), (outcome.ledger.credits, 0));
        assert!(outcome.attention.is_empty(), "{:?}", outcome.attention);
    }

    pub(super) async fn review(&self) -> Value {
        self.call(ANN, Method::POST, &format!("{}/review", self.card_path()), Value::Null).await
    }

    /// Ann reads the text for her bank account of now and agrees to it.
    pub(super) async fn agree_again(&self) {
        let (least, most) = ("1.00", "2500.00");
        let path = format!("/authorization-text?card_id={}&least={least}&most={most}", self.standing().cards[0].id);
        let text = self.call(ANN, Method::GET, &path, Value::Null).await;
        let agreed = json!({
            "text_version": text["text_version"], "text_sha256": text["text_sha256"],
            "bank_account_id": text["bank_account_id"], "range": { "least": least, "most": most },
        });
        self.call(ANN, Method::POST, &format!("{}/authorization", self.card_path()), agreed).await;
    }

    /// Ann goes through Link at an institution once more.
    pub(super) async fn link_again(&self, institution_id: &str) {
        let started = self.call(ANN, Method::POST, "/link-tokens", json!({})).await;
        let finish = json!({
            "control": "finish_link", "link_token": started["link_token"], "user_id": "ann",
            "institution_id": institution_id,
        });
        let finished = self.simulation.providers.tell_plaid(finish).unwrap();
        let linked = json!({ "public_token": finished["public_token"], "holder_name": "Ann Example" });
        self.call(ANN, Method::POST, "/items", linked).await;
    }

    pub(super) async fn revoke(&self) {
        self.call(ANN, Method::DELETE, &format!("{}/authorization", self.card_path()), Value::Null).await;
    }
}

pub(super) fn count(standing: &Standing, notice: &str) -> usize {
    standing.notices.iter().filter(|told| told.kind.code() == notice).count()
}
