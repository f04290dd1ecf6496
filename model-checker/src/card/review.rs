//! A review of a card: what it reads, and the write that opens a payment.

use shared::domain::autopay::agreement::PinnedAgreement;
use shared::domain::autopay::authorization::Announcement;
use shared::domain::autopay::bank_account::{BankAccount, BankReading};
use shared::domain::autopay::card::{Card, CardReading};
use shared::domain::autopay::decision::{Decision, Inputs, decide};
use shared::domain::autopay::facts::AutopayFacts;
use shared::domain::autopay::freshness::Age;
use shared::domain::autopay::in_flight::CardPayment;
use shared::domain::autopay::item::ItemState;
use shared::domain::autopay::real_account::{is_shared, shared_bank_account, shared_card};
use shared::domain::leg::Kind;
use shared::domain::money::Cents;

use super::item::Item;
use super::table::{Key, Life, Put, Write};
use super::{CardWorld, Cards, HOLDS, PAYMENTS_MAX, stored};

/// What a review of a person's card would write; nothing where it opens and announces nothing.
pub(super) fn review(world: &CardWorld, cards: &Cards, holder: usize) -> Option<Write> {
    let own = &cards.table.holders[holder];
    let mut account = BankAccount::clone(&own.account);
    account.take(balance(cards));
    let card = as_shared(cards, holder, Some(&account));
    let others: Vec<BankAccount> =
        others(cards, holder).map(|other| BankAccount::clone(&cards.table.holders[other].account)).collect();
    let shared_account = shared_bank_account(&account, &[&cards.table.number], &others);
    let decision = decide(&Inputs {
        now: cards.now(),
        person: &own.person,
        card: &card,
        card_item: ItemState::Healthy,
        bank_account: Some((&shared_account, ItemState::Healthy)),
        has_new_balance: true,
        is_account_held: is_held(cards, holder),
        remittance: Some(&world.remittance),
        policy: &world.policy,
        stopped: false,
    });
    match decision {
        Decision::Pay { amount, .. } => open(cards, holder, account, amount),
        Decision::Announce { amount, .. } => Some(announce(cards, holder, amount)),
        Decision::Skip(_) | Decision::Attention(_) => None,
    }
}

/// A balance that is asked for now. The bank books in the night what settled by day.
fn balance(cards: &Cards) -> BankReading {
    let booked = |settled_on: Option<usize>| settled_on.is_some_and(|day| day < cards.day);
    let moved = cards.transfers.iter().filter(|transfer| transfer.is_live() && booked(transfer.settled_on));
    let signed = moved.map(|transfer| match transfer.kind {
        Kind::Funding => -transfer.amount,
        Kind::Payout => transfer.amount,
        Kind::Check => 0,
    });
    let available = Some(Cents::new(HOLDS + signed.sum::<i64>()));
    BankReading { age: Age::read_now(cards.now()), currency: Some("USD".to_owned()), available, current: None }
}

pub(super) fn others(cards: &Cards, holder: usize) -> impl Iterator<Item = usize> {
    (0..cards.table.holders.len()).filter(move |other| *other != holder)
}

/// The card with what others who have it have paid.
pub(super) fn as_shared(cards: &Cards, holder: usize, account: Option<&BankAccount>) -> Card {
    let own = &cards.table.holders[holder].card;
    let others: Vec<Card> = others(cards, holder)
        .map(|other| Card::clone(&cards.table.holders[other].card))
        .filter(|other| is_shared(own, other))
        .collect();
    shared_card(own, account, &others)
}

/// What another's debit of the bank account left behind is still to be settled with them.
pub(super) fn is_held(cards: &Cards, holder: usize) -> bool {
    let own = cards.table.holders[holder].person.id;
    cards.table.number.came_back.iter().any(|(person, at)| {
        let other = cards.table.holders.iter().find(|other| other.person.id == *person);
        *person != own && other.is_some_and(|other| other.person.answers_for(*at))
    })
}

/// What a review and the claim of a debit are held to of what others have in common with the person.
pub(super) fn held_to(cards: &Cards, holder: usize) -> Vec<Key> {
    let persons = others(cards, holder).map(Key::Person);
    persons.chain([Key::Number]).collect()
}

fn open(cards: &Cards, holder: usize, mut account: BankAccount, amount: Cents) -> Option<Write> {
    let own = &cards.table.holders[holder];
    let lives = || cards.table.lives.iter().filter(|life| life.holder == holder);
    let number = lives().count();
    if lives().filter(|life| life.payment.refund_of().is_none()).count() >= PAYMENTS_MAX {
        return None;
    }
    let (id, now) = (stored::payment_id(holder, number), cards.now());
    let facts = facts(&own.card, &account, now);
    let payment = stored::payment(id, own.person.id, amount, facts, now);
    let funding = stored::funding(id, own.person.id, amount, &account, now);
    let mut card = Card::clone(&own.card);
    let bill = card.reading.as_ref().and_then(CardReading::bill);
    card.open(CardPayment { for_bill: true, bill, ..CardPayment::new(id, amount, cards.today()) });
    account.open_debit(id, amount);
    let life = Life { holder, payment: Item::new(payment), funding: Some(Item::new(funding)) };
    let puts = vec![Put::Open(life), Put::Card(holder, Item::new(card)), Put::Account(holder, Item::new(account))];
    let mut checks = held_to(cards, holder);
    checks.push(Key::Person(holder));
    for other in others(cards, holder) {
        checks.extend([Key::Card(other), Key::Account(other)]);
    }
    Some(Write { puts, checks, ..Write::default() })
}

fn facts(card: &Card, account: &BankAccount, now: jiff::Timestamp) -> AutopayFacts {
    AutopayFacts {
        card_id: card.id,
        bank_account_id: account.id,
        utilization_before: None,
        rule: card.setup.rule.unwrap_or_default(),
        reason: String::new(),
        decided_at: now,
        agreement: PinnedAgreement::of(card, account),
        cancel_asked_at: None,
        stop_asked_at: None,
        mailed_before: Vec::new(),
        refund_of: None,
        refunded_by: None,
        used_up_at: None,
    }
}

/// The notice is delivered at once.
fn announce(cards: &Cards, holder: usize, amount: Cents) -> Write {
    let mut card = Card::clone(&cards.table.holders[holder].card);
    let mut announced = Announcement::new(amount, cards.today());
    announced.delivered(cards.today());
    card.announced = Some(announced);
    Write { puts: vec![Put::Card(holder, Item::new(card))], ..Write::default() }
}
