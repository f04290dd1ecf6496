//! Why something that a person asked for was not done.

use super::authorization::RangeProblem;
use super::ids::CardId;
use super::rule::RuleProblem;
use crate::domain::autopay::joining::FORMER_NUMBERS_MAX;

/// Each says what to do next. None is retryable as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AutopayRefusal {
    #[error(transparent)]
    Rule(#[from] RuleProblem),
    #[error(transparent)]
    Range(#[from] RangeProblem),
    #[error(
        "a holder's name has 1 to 40 Latin letters, with or without accents, and spaces, as their bank and their checks have it"
    )]
    HolderName,
    #[error("this is not a card number: enter the 12 to 19 digits as they stand on the card, with no zero before them")]
    CardNumber,
    #[error("this number is not of the card that was linked, which ends otherwise: enter the number of that card")]
    OtherCardNumber,
    #[error("the text has changed since you read it: read version {current} and agree to that")]
    OtherText { current: u32 },
    #[error("choose the bank account to pay from first")]
    NoBankAccount,
    #[error("another bank account is chosen now: read the text again")]
    OtherBankAccount,
    #[error("two cards of this link cannot be told apart, so neither can be paid")]
    CannotTellCardsApart,
    #[error("this card looks like one that you linked before: say first whether it is that card or another one")]
    CardLooksLikeAnother,
    #[error(
        "this is the number of your card {card_id}: if it is the same card, say so with this number, and it goes on as that one; if it was \
         typed there by mistake, enter that card's own number there first"
    )]
    NumberOfOtherCard { card_id: CardId },
    #[error("the link shows these as two cards, so they are two")]
    TwoCards,
    #[error("payments were made for this card: say it of the other one, which then goes on as this one")]
    CardHasPayments,
    #[error("you said that they are the same card, and it went on with another one since: take that back first")]
    CardsJoined,
    #[error(
        "these do not look like one card: they are of one institution and end alike, or you say so with the number that was entered for the \
         other one"
    )]
    UnlikeCards,
    #[error(
        "the number of this card was changed {FORMER_NUMBERS_MAX} times while payments are on their way: enter another one when they have \
         arrived, or cancel them"
    )]
    NumberChangedTooOften,
    #[error("its check has not been cashed, so no issuer can have credited it yet")]
    NotCashed,
    #[error("the link is over: link the institution anew")]
    ItemOver,
    #[error("this bank account cannot be used now: name another one of the person's")]
    AccountUnusable,
    #[error(
        "what holds back your own debits, or those of somebody with whom you have a bank account or card in common, is cleared by another \
         operator, who has none of these"
    )]
    OwnBlock,
    #[error(
        "this is your own money, or that of somebody with whom you have a bank account or card in common: ask another operator, who has none \
         of these"
    )]
    OwnMoney,
}
