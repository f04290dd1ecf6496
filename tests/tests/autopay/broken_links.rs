//! Every way a link breaks: the item's state, what its person is told, when it is asked again, and that nothing is paid on old figures
//! meanwhile. A purchase passes the threshold while it is broken; once it works again, the bill is paid.

use ::scenarios::simulation::Simulation;
use ::scenarios::simulation::people::Caller;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::domain::autopay::item::Item;

const ANN: Caller = Caller::Person("ann");
const BANK: &str = "ins_2";
const ISSUER: &str = "ins_3";

/// Ann's card is on autopay, and below its threshold.
struct Story {
    simulation: Simulation,
}

impl Story {
    async fn begin() -> Self {
        let mut simulation = Simulation::start().unwrap();
        ::scenarios::find("below-threshold").unwrap().play_on(&mut simulation).await.unwrap();
        Self { simulation }
    }

    fn item(&self, institution_id: &str) -> Item {
        let items = self.simulation.standing().unwrap().items;
        items.into_iter().find(|item| item.institution_id == institution_id).unwrap()
    }

    /// The name of the item's state.
    fn state(&self, institution_id: &str) -> String {
        serde_json::to_value(self.item(institution_id).state).unwrap()["name"].as_str().unwrap().to_owned()
    }

    fn tell_plaid(&self, control: Value) -> Value {
        self.simulation.providers.tell_plaid(control).unwrap()
    }

    /// For so many hours calls about an item are answered so.
    fn fail_for(&self, hours: i64, institution_id: &str, fault: &Value) {
        self.tell_plaid(json!({
            "control": "fault_calls", "fault": fault, "item_id": self.item(institution_id).id,
            "until": self.in_hours(hours),
        }));
    }

    fn in_hours(&self, hours: i64) -> Timestamp {
        self.simulation.now().saturating_add(SignedDuration::from_hours(hours)).unwrap()
    }

    /// 63.1 % of the limit is owed now.
    fn pass_threshold(&self) {
        self.tell_plaid(json!({
            "control": "purchase", "user_id": "ann", "account": "card", "amount": "2200.00", "name": "Example Shop",
        }));
    }

    async fn let_hours_pass(&self, hours: i64) {
        self.simulation.let_pass(SignedDuration::from_hours(hours)).await.unwrap();
    }

    fn readings(&self) -> u64 {
        let counters = self.simulation.providers.plaid.counters();
        counters.calls_by_path.get("/item/get").copied().unwrap_or_default()
    }

    fn payments(&self) -> usize {
        self.simulation.standing().unwrap().payments.len()
    }

    /// How often the persons were told this.
    fn told(&self, kind: &str) -> usize {
        self.simulation.told.sent().iter().filter(|notice| notice.kind == kind).count()
    }

    async fn review(&self) -> String {
        let card_id = self.simulation.standing().unwrap().cards[0].id;
        let path = format!("/cards/{card_id}/review");
        let review = self.simulation.call(ANN, Method::POST, &path, Value::Null).await.unwrap();
        review["code"].as_str().unwrap().to_owned()
    }

    /// Ann goes through Link's update mode.
    async fn repair(&self, institution_id: &str) {
        let item_id = self.item(institution_id).id;
        let wanted = json!({ "repair": { "item_id": item_id } });
        let started = self.simulation.call(ANN, Method::POST, "/link-tokens", wanted).await.unwrap();
        self.tell_plaid(json!({ "control": "finish_link", "link_token": started["link_token"] }));
        let path = format!("/items/{item_id}/repaired");
        self.simulation.call(ANN, Method::POST, &path, json!({})).await.unwrap();
    }

    /// It works again, and what is due by now is paid.
    async fn is_paid_at_last(&self, institution_id: &str) {
        let standing = self.simulation.until("a payment is opened", |now| now.payment().is_some()).await.unwrap();
        assert_eq!(standing.payment().unwrap().amount.to_string(), "1655.00");
        assert_eq!(self.state(institution_id), "healthy");
    }
}

fn refused(code: &str) -> Value {
    json!({ "kind": "refuse", "code": code })
}

#[tokio::test]
async fn an_issuer_that_is_down_is_asked_less_and_less_often_and_its_holder_told_after_a_day() {
    let story = Story::begin().await;
    story.fail_for(60, ISSUER, &refused("INSTITUTION_NOT_RESPONDING"));
    story.pass_threshold();
    story.let_hours_pass(20).await;
    assert_eq!((story.state(ISSUER).as_str(), story.told("institution_down")), ("institution_down", 0));
    assert_eq!(story.review().await, "link_broken");
    let readings = story.readings();
    story.let_hours_pass(38).await;
    assert_eq!((story.state(ISSUER).as_str(), story.told("institution_down")), ("institution_down", 1));
    // The bank's link is read as usual.
    assert!(story.readings() - readings <= 10, "{} readings in 38 hours", story.readings() - readings);
    assert_eq!(story.payments(), 0);
    story.is_paid_at_last(ISSUER).await;
}

#[tokio::test]
async fn what_is_not_ready_or_too_often_asked_is_asked_again_soon_and_nobody_is_told() {
    for fault in
        [refused("PRODUCT_NOT_READY"), json!({ "kind": "rate_limited" }), json!({ "kind": "gateway", "status": 502 })]
    {
        let story = Story::begin().await;
        let told = story.simulation.told.sent().len();
        story.fail_for(3, ISSUER, &fault);
        story.pass_threshold();
        story.let_hours_pass(2).await;
        let due_at = story.item(ISSUER).due_at.unwrap();
        assert!(due_at <= story.in_hours(1), "{fault}: asked again at {due_at}");
        assert_eq!((story.state(ISSUER).as_str(), story.payments()), ("healthy", 0), "{fault}");
        assert_eq!(story.simulation.told.sent().len(), told, "{fault}");
        story.is_paid_at_last(ISSUER).await;
    }
}

#[tokio::test]
async fn consent_that_ends_is_told_ahead_holds_until_its_day_and_then_wants_a_login() {
    let story = Story::begin().await;
    let (item_id, at) = (story.item(ISSUER).id, story.in_hours(24 * 9));
    story.tell_plaid(json!({ "control": "set_consent_expiration", "item_id": item_id, "at": at }));
    story.let_hours_pass(24 * 4).await;
    assert_eq!((story.state(ISSUER).as_str(), story.told("consent_expiring")), ("consent_expiring", 1));
    assert_eq!(story.review().await, "below_threshold", "it still holds");

    story.let_hours_pass(24 * 6).await;
    assert_eq!((story.state(ISSUER).as_str(), story.told("login_required")), ("login_required", 1));
    story.pass_threshold();
    story.let_hours_pass(24 * 3).await;
    assert_eq!((story.review().await.as_str(), story.payments()), ("link_broken", 0));
    story.repair(ISSUER).await;
    story.is_paid_at_last(ISSUER).await;
    assert_eq!((story.told("consent_expiring"), story.told("login_required")), (1, 1));
}

#[tokio::test]
async fn while_the_bank_is_down_nothing_is_pulled_on_a_balance_of_before() {
    let story = Story::begin().await;
    story.fail_for(30, BANK, &refused("INSTITUTION_DOWN"));
    story.pass_threshold();
    story.let_hours_pass(29).await;
    assert_eq!((story.state(BANK).as_str(), story.payments()), ("institution_down", 0));
    assert_eq!(story.review().await, "bank_balance_stale");
    story.is_paid_at_last(BANK).await;
}

#[tokio::test]
async fn a_bank_that_wants_a_login_is_repaired_before_anything_is_pulled() {
    let story = Story::begin().await;
    let item_id = story.item(BANK).id;
    story.tell_plaid(json!({ "control": "require_login", "item_id": item_id }));
    story.pass_threshold();
    story.let_hours_pass(24 * 3).await;
    assert_eq!((story.state(BANK).as_str(), story.told("login_required")), ("login_required", 1));
    assert_eq!(story.payments(), 0);
    story.repair(BANK).await;
    story.is_paid_at_last(BANK).await;
}

#[tokio::test]
async fn a_permission_that_is_withdrawn_at_the_bank_ends_debits_and_is_told_once() {
    let story = Story::begin().await;
    let item_id = story.item(BANK).id;
    story.tell_plaid(json!({ "control": "revoke_permission", "item_id": item_id }));
    story.pass_threshold();
    story.let_hours_pass(24 * 3).await;
    assert_eq!((story.state(BANK).as_str(), story.told("link_revoked")), ("revoked", 1));
    assert_eq!((story.review().await.as_str(), story.payments()), ("bank_account_unusable", 0));
}

/// Nothing at all can be read of the card for longer than a reading counts.
#[tokio::test]
async fn a_reading_that_has_grown_old_decides_nothing() {
    let story = Story::begin().await;
    story.pass_threshold();
    // The purchase is not seen: neither by its webhook nor by a reading.
    story.fail_for(48, ISSUER, &refused("PRODUCT_NOT_READY"));
    story.let_hours_pass(47).await;
    assert_eq!((story.review().await.as_str(), story.payments()), ("stale", 0));
    story.is_paid_at_last(ISSUER).await;
}
