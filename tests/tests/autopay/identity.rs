//! What makes two links one account, and what does not: numbers, names and links change, two persons share, and no account is debited and
//! no card paid beyond what there is of it.

mod shared_cards;

use std::collections::BTreeSet;

use ::scenarios::simulation::Simulation;
use ::scenarios::simulation::people::Caller;
use ::scenarios::simulation::standing::Standing;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::domain::autopay::bank_account::{BankAccount, UnusableReason};
use shared::domain::autopay::card::Card;
use shared::domain::autopay::ids::PersonId;
use shared::domain::leg::State;
use shared::operations::autopay::subjects::keyed;
use simulators::column::{Control, Direction, ReturnMoment, ReturnPlan};

const BANK: &str = "ins_2";
const ISSUER: &str = "ins_3";
const ANNS_NUMBER: &str = "4111000001004421";

/// Ann's card is on autopay, and below its threshold; Bob has linked nothing.
struct Story {
    simulation: Simulation,
}

impl Story {
    async fn begin() -> Self {
        let mut simulation = Simulation::start().unwrap();
        ::scenarios::find("below-threshold").unwrap().play_on(&mut simulation).await.unwrap();
        Self { simulation }
    }

    fn standing(&self) -> Standing {
        self.simulation.standing().unwrap()
    }

    fn id_of(&self, person: &str) -> PersonId {
        futures::executor::block_on(keyed(&self.simulation.system, person)).unwrap()
    }

    fn cards_of(&self, person: &str) -> Vec<Card> {
        let id = self.id_of(person);
        self.standing().cards.into_iter().filter(|card| card.person_id == id && card.same_as.is_none()).collect()
    }

    fn bank_accounts_of(&self, person: &str) -> Vec<BankAccount> {
        let id = self.id_of(person);
        self.standing().bank_accounts.into_iter().filter(|account| account.person_id == id).collect()
    }

    fn bank_account(&self) -> BankAccount {
        let [account] = self.bank_accounts_of("ann").try_into().unwrap();
        account
    }

    fn tell_plaid(&self, control: Value) {
        self.simulation.providers.tell_plaid(control).unwrap();
    }

    fn change(&self, person: &str, account: &str, change: &Value) {
        self.tell_plaid(json!({ "control": "set_account", "user_id": person, "account": account, "change": change }));
    }

    fn set_available(&self, person: &str, amount: &str) {
        self.change(person, "checking", &json!({ "balances": { "available": amount, "current": amount } }));
    }

    fn buy(&self, person: &str, account: &str, amount: &str) {
        self.tell_plaid(json!({
            "control": "purchase", "user_id": person, "account": account, "amount": amount, "name": "Example Shop",
        }));
    }

    /// 63.1 % of the limit is owed: 1,655.00 is paid.
    fn pass_threshold(&self) {
        self.buy("ann", "card", "2200.00");
    }

    async fn link(&self, person: &'static str, institution_id: &str) -> String {
        let item_id = self.simulation.link(person, institution_id).await.unwrap();
        self.simulation.settle().await.unwrap();
        item_id
    }

    async fn remove(&self, institution_id: &str) {
        let items = self.standing().items.into_iter();
        let item = items.rev().find(|item| item.institution_id == institution_id).unwrap();
        self.call("ann", Method::DELETE, &format!("/items/{}", item.id), Value::Null).await;
    }

    async fn call(&self, person: &'static str, method: Method, path: &str, body: Value) -> Value {
        self.simulation.call(Caller::Person(person), method, path, body).await.unwrap()
    }

    /// The code of the refusal.
    async fn refusal(&self, method: Method, path: &str, body: Value) -> String {
        let refused = self.simulation.call(Caller::Person("ann"), method, path, body).await;
        refused.unwrap_err().to_string()
    }

    /// A card on autopay as Ann's is, from the person's own bank account.
    async fn set_up(&self, person: &'static str, card: &Card, number: &str) {
        let path = format!("/cards/{}/autopay", card.id);
        let chosen = json!({
            "bank_account_id": self.bank_accounts_of(person)[0].id,
            "rule": { "threshold": 3000, "above_threshold": { "down_to": 3000 }, "when_due": "minimum" },
            "card_number": number,
        });
        self.call(person, Method::PUT, &path, chosen).await;
        self.agree(person, card).await;
    }

    async fn agree(&self, person: &'static str, card: &Card) {
        let (least, most) = ("1.00", "2500.00");
        let path = format!("/authorisation-text?card_id={}&least={least}&most={most}", card.id);
        let text = self.call(person, Method::GET, &path, Value::Null).await;
        let agreed = json!({
            "text_version": text["text_version"], "text_sha256": text["text_sha256"],
            "bank_account_id": text["bank_account_id"], "range": { "least": least, "most": most },
        });
        self.call(person, Method::POST, &format!("/cards/{}/authorisation", card.id), agreed).await;
    }

    /// Bob has the same bank account as Ann, and the card that is given, at the same institutions.
    async fn bob_shares_the_bank_account(&self, card: Value) {
        let routing = simulators::plaid::routing_number(BANK);
        let checking = json!({
            "key": "checking", "name": "Our Checking", "mask": "6789", "type": "depository", "subtype": "checking",
            "balances": { "available": "2000.00", "current": "2000.00" },
            "numbers": { "account": "000123456789", "routing": routing },
        });
        for (institution_id, account) in [(BANK, checking), (ISSUER, card)] {
            self.tell_plaid(json!({
                "control": "create_person", "user_id": "bob", "institution_id": institution_id, "accounts": [account],
            }));
            self.link("bob", institution_id).await;
        }
    }

    async fn review(&self, person: &'static str, card: &Card) -> String {
        let review = self.call(person, Method::POST, &format!("/cards/{}/review", card.id), Value::Null).await;
        review["code"].as_str().unwrap().to_owned()
    }

    async fn say(&self, card: &Card, other: &Card, is_same: bool) -> Value {
        let said = json!({ "card_id": other.id, "is_same": is_same });
        self.call("ann", Method::PUT, &format!("/cards/{}/identity", card.id), said).await
    }

    /// What the persons' bank has been asked for so far, in dollars.
    fn debited(&self) -> Vec<String> {
        self.standing().payments.iter().map(|payment| payment.amount.to_string()).collect()
    }

    async fn let_days_pass(&self, days: i64) {
        self.simulation.let_days_pass(days).await.unwrap();
    }

    async fn until(&self, wish: &str, is_met: impl Fn(&Standing) -> bool) {
        self.simulation.until(wish, is_met).await.unwrap();
    }

    async fn until_debited(&self) {
        let is_at_bank = |now: &Standing| now.funding().is_some_and(|funding| funding.leg.state == State::Processing);
        self.until("the debit is at the bank", is_at_bank).await;
    }

    async fn until_debit_comes_back(&self) {
        let is_back = |now: &Standing| now.funding().is_some_and(|funding| funding.leg.state == State::Returned);
        self.until("the debit comes back", is_back).await;
    }

    fn plan_return(&self, code: &str) {
        let returned = ReturnPlan::new(Direction::Debit, ReturnMoment::Settled, 1, &[code]);
        self.simulation.providers.tell_bank(Control::PlanReturns(returned)).unwrap();
    }

    fn was_told(&self, person: &str, reason: &str) -> bool {
        let recipient = self.id_of(person).to_string();
        let mut notices = self.standing().notices.into_iter();
        notices.any(|notice| notice.recipient.to_string() == recipient && notice.text.contains(reason))
    }
}

fn card_account(key: &str, mask: &str, owed: &str) -> Value {
    json!({
        "key": key, "name": format!("Everyday Card {mask}"), "official_name": "Everyday Rewards Card", "mask": mask,
        "type": "credit", "subtype": "credit card", "balances": { "current": owed, "limit": "5000.00" },
        "credit": {
            "is_overdue": false, "last_statement_balance": "455.00", "last_statement_issue_date": "2026-02-23",
            "minimum_payment_amount": "35.00", "next_payment_due_date": "2026-04-20",
        },
    })
}

/// A number that ends so and passes the check digit.
fn number_ending(mask: &str) -> String {
    let fits = |digit: u8| {
        let number = format!("41110000010{digit}{mask}");
        let digits = number.bytes().rev().map(|byte| u32::from(byte - b'0')).enumerate();
        let sum: u32 =
            digits.map(|(at, digit)| if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { digit }).sum();
        sum.is_multiple_of(10).then_some(number)
    };
    (0..10).find_map(fits).unwrap()
}

#[tokio::test]
async fn a_bank_account_whose_number_changed_is_the_same_one_when_it_is_linked_again() {
    let story = Story::begin().await;
    let before = story.bank_account();
    story.change("ann", "checking", &json!({ "numbers": { "account": "000777770001" } }));
    story.let_days_pass(1).await;
    assert_eq!(story.bank_account().account.account_last4, "0001");
    story.link("ann", BANK).await;
    assert_eq!(story.bank_account().id, before.id);
}

/// Plaid's word about the number is lost, so that the new link shows an account which nothing joins to the old one.
#[tokio::test]
async fn a_number_that_changed_without_a_word_is_debited_once_by_two_links() {
    let story = Story::begin().await;
    story.tell_plaid(json!({ "control": "fault_webhooks", "drop_next": 1_000_000 }));
    story.change("ann", "checking", &json!({ "numbers": { "account": "000777770001" } }));
    story.set_available("ann", "2000.00");
    story.link("ann", BANK).await;
    story.tell_plaid(json!({
        "control": "create_person", "user_id": "ann", "institution_id": ISSUER,
        "accounts": [card_account("second", "8765", "3155.00")],
    }));
    story.link("ann", ISSUER).await;
    let [first, second] = ["4421", "8765"].map(|mask| {
        let mut cards = story.cards_of("ann").into_iter();
        cards.find(|card| card.mask.as_deref() == Some(mask) && card.looks_like.is_none()).unwrap()
    });
    let [old, new] = story.bank_accounts_of("ann").try_into().unwrap();
    let new = if first.setup.bank_account_id == Some(old.id) { new } else { old };
    story.set_up("ann", &second, &number_ending("8765")).await;
    let path = format!("/cards/{}/autopay", second.id);
    story.call("ann", Method::PUT, &path, json!({ "bank_account_id": new.id })).await;
    story.simulation.let_pass(SignedDuration::from_mins(1)).await.unwrap();
    story.agree("ann", &second).await;
    story.agree("ann", &first).await;
    story.pass_threshold();
    story.until("one of them is paid", |now| now.payment().is_some()).await;
    story.let_days_pass(1).await;
    assert_eq!(story.debited(), ["1655.00"], "the account holds 2,000.00");
}

#[tokio::test]
async fn two_persons_with_one_bank_account_do_not_debit_it_for_more_than_it_holds() {
    let story = Story::begin().await;
    story.bob_shares_the_bank_account(card_account("bobs", "5533", "3155.00")).await;
    story.set_available("ann", "2000.00");
    story.set_up("bob", &story.cards_of("bob")[0], &number_ending("5533")).await;
    story.pass_threshold();
    story.until("one of them pays", |now| now.payment().is_some()).await;
    story.let_days_pass(1).await;
    assert_eq!(story.debited(), ["1655.00"], "the account holds 2,000.00");
    let codes =
        [story.review("ann", &story.cards_of("ann")[0]).await, story.review("bob", &story.cards_of("bob")[0]).await];
    let codes: BTreeSet<&str> = codes.iter().map(String::as_str).collect();
    assert_eq!(codes, BTreeSet::from(["insufficient_bank_balance", "payment_open"]));
}

#[tokio::test]
async fn a_card_of_two_persons_is_paid_once() {
    let story = Story::begin().await;
    story.bob_shares_the_bank_account(card_account("card", "4421", "3155.00")).await;
    story.set_available("ann", "8000.00");
    story.set_available("bob", "8000.00");
    story.set_up("bob", &story.cards_of("bob")[0], ANNS_NUMBER).await;
    story.pass_threshold();
    story.until("one of them pays", |now| now.payment().is_some()).await;
    story.let_days_pass(2).await;
    assert_eq!(story.debited(), ["1655.00"]);
}

#[tokio::test]
async fn a_card_that_was_renamed_and_linked_again_is_not_paid_twice_to_one_number() {
    let story = Story::begin().await;
    story.pass_threshold();
    story.until_debited().await;
    let renamed = json!({ "name": "Travel Card", "official_name": "Travel Rewards Card" });
    story.change("ann", "card", &renamed);
    story.remove(ISSUER).await;
    story.link("ann", ISSUER).await;
    let [first, renamed] = story.cards_of("ann").try_into().unwrap();
    let path = format!("/cards/{}/autopay", renamed.id);
    let refusal = story.refusal(Method::PUT, &path, json!({ "card_number": ANNS_NUMBER })).await;
    assert!(refusal.contains("card_number_of_other_card") && refusal.contains(&first.id.to_string()), "{refusal}");
    assert_eq!(story.say(&renamed, &first, true).await["card_id"], json!(first.id));
    assert_eq!(story.say(&renamed, &first, true).await["card_id"], json!(first.id), "said again");
    let [card] = story.cards_of("ann").try_into().unwrap();
    assert_eq!((card.id, card.name.as_str(), card.payments.len()), (first.id, "Travel Card", 1));
    // Removing its link revoked what was agreed to, and stopped nothing that had left.
    story.agree("ann", &card).await;
    assert_eq!(story.review("ann", &card).await, "payment_open");
    assert_eq!(story.debited(), ["1655.00"]);
}

#[tokio::test]
async fn a_card_that_only_looks_like_another_waits_for_its_holders_word() {
    let story = Story::begin().await;
    story.link("ann", ISSUER).await;
    let [first, again] = story.cards_of("ann").try_into().unwrap();
    assert_eq!((first.item_id != again.item_id, again.looks_like), (true, Some(first.id)));
    assert!(again.authorisation.is_none() && again.setup.card_number.is_none());
    assert!(story.was_told("ann", "say whether it is that card or another one"));
    let path = format!("/cards/{}/autopay", again.id);
    let bank_account_id = story.bank_account().id;
    story.call("ann", Method::PUT, &path, json!({ "bank_account_id": bank_account_id })).await;
    let refusal = {
        let text = format!("/authorisation-text?card_id={}&least=1.00&most=2.00", again.id);
        let text = story.call("ann", Method::GET, &text, Value::Null).await;
        let agreed = json!({
            "text_version": text["text_version"], "text_sha256": text["text_sha256"],
            "bank_account_id": bank_account_id, "range": { "least": "1.00", "most": "2.00" },
        });
        story.refusal(Method::POST, &format!("/cards/{}/authorisation", again.id), agreed).await
    };
    assert!(refusal.contains("card_looks_like_another"), "{refusal}");
    assert_eq!(story.review("ann", &again).await, "card_looks_like_another");

    let told = story.say(&again, &first, false).await;
    assert_eq!((&told["card_id"], &told["looks_like"]), (&json!(again.id), &Value::Null));
    // Another card has another number.
    let refusal = story.refusal(Method::PUT, &path, json!({ "card_number": ANNS_NUMBER })).await;
    assert!(refusal.contains("card_number_of_other_card"), "{refusal}");
}

#[tokio::test]
async fn what_is_left_of_two_cards_that_cannot_be_told_apart_takes_nothing_of_the_other() {
    let story = Story::begin().await;
    let twin = json!({
        "control": "create_person", "user_id": "ann", "institution_id": ISSUER,
        "accounts": [card_account("twin", "4421", "3155.00")],
    });
    story.tell_plaid(twin);
    story.change("ann", "twin", &json!({ "name": "Everyday Card 4421" }));
    let item_id = story.link("ann", ISSUER).await;
    story.change("ann", "card", &json!({ "is_closed": true }));
    story.let_days_pass(2).await;
    let of_link = |card: &&Card| card.item_id == item_id;
    let cards = story.cards_of("ann");
    let linked: Vec<&Card> = cards.iter().filter(of_link).collect();
    assert_eq!(linked.len(), 2, "a link that shows two accounts shows two cards");
    let is_set_up = |card: &&&Card| card.authorisation.is_some() || card.setup.card_number.is_some();
    assert_eq!(linked.iter().filter(is_set_up).count(), 0);
    assert_eq!(story.debited(), Vec::<String>::new());
}

#[tokio::test]
async fn a_return_of_an_old_number_does_not_bar_the_new_one() {
    let story = Story::begin().await;
    story.plan_return("R02");
    story.pass_threshold();
    story.until_debited().await;
    story.change("ann", "checking", &json!({ "numbers": { "account": "000777770001" } }));
    story.until_debit_comes_back().await;
    let account = story.bank_account();
    assert_eq!((account.account.account_last4.as_str(), account.unusable), ("0001", None));
    // What was agreed to was the old number.
    let card = story.cards_of("ann").remove(0);
    story.agree("ann", &card).await;
    story.until("it is paid from the new number", |now| now.payments.len() == 2).await;
}

#[tokio::test]
async fn a_number_that_was_closed_while_nothing_showed_it_stays_closed_when_it_is_linked_again() {
    let story = Story::begin().await;
    story.plan_return("R02");
    story.pass_threshold();
    story.until_debited().await;
    story.remove(BANK).await;
    story.until_debit_comes_back().await;
    story.link("ann", BANK).await;
    let account = story.bank_account();
    assert_eq!(
        account.unusable.map(|unusable| unusable.reason),
        Some(UnusableReason::Returned("R02".parse().unwrap()))
    );
    let card = story.cards_of("ann").remove(0);
    assert!(card.authorisation.is_some_and(|authorisation| authorisation.revoked_at.is_some()));
    story.let_days_pass(3).await;
    assert_eq!(story.debited(), ["1655.00"]);
}

#[tokio::test]
async fn a_closed_number_bars_whoever_else_holds_it() {
    let story = Story::begin().await;
    story.bob_shares_the_bank_account(card_account("bobs", "5533", "455.00")).await;
    story.set_up("bob", &story.cards_of("bob")[0], &number_ending("5533")).await;
    story.plan_return("R02");
    story.pass_threshold();
    story.until_debit_comes_back().await;
    story.buy("bob", "bobs", "2700.00");
    story.let_days_pass(2).await;
    assert_eq!(story.debited(), ["1655.00"]);
    assert_eq!(story.review("bob", &story.cards_of("bob")[0]).await, "bank_account_unusable");
}

#[tokio::test]
async fn removing_the_bank_ends_what_was_agreed_to_for_its_account() {
    let story = Story::begin().await;
    story.remove(BANK).await;
    story.link("ann", BANK).await;
    story.pass_threshold();
    story.let_days_pass(2).await;
    assert_eq!(story.debited(), Vec::<String>::new());
    story.agree("ann", &story.cards_of("ann")[0]).await;
    story.until("it is paid again", |now| now.payment().is_some()).await;
}

#[tokio::test]
async fn a_link_with_more_cards_than_one_write_holds_is_read_to_its_end() {
    let story = Story::begin().await;
    let many: Vec<Value> = (0..120)
        .map(|number| card_account(&format!("card{number}"), &format!("{:04}", 1000 + number), "10.00"))
        .collect();
    story.tell_plaid(json!({
        "control": "create_person", "user_id": "cleo", "institution_id": ISSUER, "accounts": many,
    }));
    story.link("cleo", ISSUER).await;
    assert_eq!(story.cards_of("cleo").len(), 120);
    let items = story.standing().items;
    let item = items.iter().find(|item| item.person_id == story.id_of("cleo")).unwrap();
    assert!(item.read_at.is_some() && item.cards.len() == 120);
}

/// The bank answers each question with a balance of six hours ago.
#[tokio::test]
async fn a_bank_that_gives_only_old_balances_is_not_asked_for_ever_and_its_holder_is_told() {
    let story = Story::begin().await;
    let six_hours_ago = story.simulation.now().saturating_sub(SignedDuration::from_hours(6)).unwrap();
    story.change("ann", "checking", &json!({ "balances": { "last_updated_datetime": six_hours_ago } }));
    let asked = || {
        let counters = story.simulation.providers.plaid.counters();
        counters.calls_by_path.get("/accounts/balance/get").copied().unwrap_or_default()
    };
    story.pass_threshold();
    story
        .until("a review asks the bank", |now| now.reviews.iter().any(|review| review.code == "bank_balance_old"))
        .await;
    let before = asked();
    story.simulation.let_pass(SignedDuration::from_hours(24)).await.unwrap();
    assert!(asked() - before <= 4, "{} calls in a day", asked() - before);
    assert!(story.was_told("ann", "your bank gives the balance"));
    assert_eq!(story.debited(), Vec::<String>::new());
}
