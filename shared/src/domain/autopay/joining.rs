//! One card in two links: which two may be one, what becomes of them where their person says so, and how that is taken back.
//!
//! Guarantees: pure. Two cards of two institutions are never joined, and two that end otherwise not on a word alone; what was agreed to for a
//! card is over where that card is called otherwise from then on; a joining can be taken back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::card::Card;
use super::in_flight::CardPayment;
use super::real_account::is_same_mask;
use super::refusal::AutopayRefusal;
use crate::domain::calendar::eastern_date;

/// So many numbers before the present one a card may have while payments are on their way to them.
pub const FORMER_NUMBERS_MAX: usize = 3;

/// What a card was read by before it took over another link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    pub item_id: String,
    pub account_id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    #[serde(default)]
    pub has_duplicate: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub real_accounts: Vec<String>,
}

impl Joined {
    fn of(card: &Card) -> Self {
        Self {
            item_id: card.item_id.clone(),
            account_id: card.account_id.clone(),
            name: card.name.clone(),
            mask: card.mask.clone(),
            has_duplicate: card.has_duplicate,
            real_accounts: card.real_accounts.clone(),
        }
    }
}

/// Whether a card may go on as the other one. `has_number`: its person knows the number that was entered for the other.
pub fn may_join(card: &Card, other: &Card, has_number: bool) -> Result<(), AutopayRefusal> {
    if card.id == other.id || is_beside(card, other) {
        return Err(AutopayRefusal::TwoCards);
    }
    let ends_alike = is_same_mask(card.mask.as_deref(), other.mask.as_deref());
    let is_alike = ends_alike || has_number || card.looks_like == Some(other.id);
    if fault!(UnlikeCardsJoined, false, card.institution_id != other.institution_id || !is_alike) {
        return Err(AutopayRefusal::UnlikeCards);
    }
    // What it pays goes on under its own id; the one without payments joins the other.
    if card.payments.iter().any(CardPayment::was_paid) {
        return Err(AutopayRefusal::CardHasPayments);
    }
    Ok(())
}

/// Whether one link shows both.
fn is_beside(card: &Card, other: &Card) -> bool {
    let is_shown = |card: &Card| card.reading.as_ref().is_none_or(|reading| !reading.is_gone);
    card.item_id == other.item_id && card.account_id != other.account_id && is_shown(card) && is_shown(other)
}

/// Whether what was agreed to for the other card named another one than it is from now on.
pub fn ends_agreement(card: &Card, other: &Card) -> bool {
    fault!(JoinKeepsAgreement, false, card.name != other.name || card.mask != other.mask)
}

/// Has the card go on as the other one, which takes over its link and what that says, where it `takes_over`.
pub fn join(card: &mut Card, other: &mut Card, takes_over: bool, now: Timestamp) {
    card.joined = Some(Box::new(Joined::of(other)));
    if takes_over {
        read_by(other, &Joined::of(card));
        if let Some(reading) = card.reading.clone() {
            other.take(reading, eastern_date(now));
        }
    }
    let new = card.real_accounts.iter().filter(|key| !other.real_accounts.contains(key));
    let new: Vec<String> = new.cloned().collect();
    other.real_accounts.extend(new);
    (other.updated_at, other.due_at) = (now, Some(now));
    (card.same_as, card.looks_like, card.due_at, card.updated_at) = (Some(other.id), None, None, now);
}

/// What taking a joining back comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parted {
    /// The keys that the other one has no more.
    pub lost: Vec<String>,
    /// The number that both would have: it stays the other one's, and its person enters one for this card anew.
    pub number_of_other: Option<String>,
    /// The other one is read by its earlier link again.
    pub goes_back: bool,
}

/// Takes a joining back: each is a card of its own again. Nothing where that cannot be told any more.
pub fn part(card: &mut Card, other: &mut Card, now: Timestamp) -> Option<Parted> {
    if card.same_as != Some(other.id) {
        return None;
    }
    let before = *card.joined.take()?;
    let now_read_by = (&other.item_id, &other.account_id);
    let goes_back = other.item_id == card.item_id && (&before.item_id, &before.account_id) != now_read_by;
    if goes_back {
        card.account_id.clone_from(&other.account_id);
        card.reading.clone_from(&other.reading);
        read_by(other, &before);
        // What the newer link said of a balance is not this card's.
        other.reading = None;
    }
    let typed: Vec<String> = other.numbers.present.iter().chain(&other.numbers.former).cloned().collect();
    let is_typed = |key: &String| fault!(TypedNumberParted, false, typed.contains(key));
    let is_lost =
        |key: &String| card.real_accounts.contains(key) && !before.real_accounts.contains(key) && !is_typed(key);
    let (lost, kept) = std::mem::take(&mut other.real_accounts).into_iter().partition(is_lost);
    other.real_accounts = kept;
    (other.updated_at, other.due_at) = (now, Some(now));
    let number_of_other = card.numbers.present.take_if(|number| is_typed(&*number));
    if number_of_other.is_some() {
        card.setup.card_number = None;
    }
    (card.same_as, card.updated_at, card.due_at) = (None, now, Some(now));
    Some(Parted { lost, number_of_other, goes_back })
}

fn read_by(card: &mut Card, link: &Joined) {
    card.item_id.clone_from(&link.item_id);
    card.account_id.clone_from(&link.account_id);
    card.name.clone_from(&link.name);
    card.mask.clone_from(&link.mask);
    card.has_duplicate = link.has_duplicate;
}
