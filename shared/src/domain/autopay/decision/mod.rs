//! Whether to pay a card now, how much, and why: one pure function over everything it needs.
//!
//! Guarantees, for all inputs: no panic and no overflow; never more than the balance less what is in flight; never above a cap; never
//! outside the agreed range unless announced ten days before; never while a payment of the card is open; never more than the bank account
//! holds less the debits on their way and a floor; and always a text that a person understands. Limits: it believes the readings it is
//! given as long as they are fresh, and it opens nothing: whoever does so writes the card and the bank account under the versions that
//! were decided on, so that of two decisions made at once only one holds.

mod amount;
mod limits;
#[cfg(test)]
mod tests;
mod text;

use jiff::Timestamp;
use jiff::civil::Date;

use super::authorisation::{Announcement, EndingReturn};
use super::bank_account::{BankAccount, UnusableReason};
use super::card::{Card, CardReading};
use super::in_flight::in_flight;
use super::item::ItemState;
use super::notice::NoticeKind;
use super::person::Person;
use super::review::{Action, Figures, Review};
use super::rule::{Amount, Bill};
use super::setup::{Missing, missing};
use super::utilization::{BasisPoints, utilization};
use crate::domain::ach::return_codes::ReturnCode;
use crate::domain::calendar;
use crate::domain::money::Cents;

/// What a deployment decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Calendar days from issuing a check to the issuer's credit. First class mail takes 2 to 5 days and posting 1 to 2; 10 are safe.
    pub mail_days: u32,
    /// Banking days that a settled debit is held, of a new link and of a proven one.
    pub hold_new_link: u32,
    pub hold_proven: u32,
    /// A card's reading older than this decides nothing. Institutions are asked about once a day.
    pub card_reading_hours: u32,
    /// A bank balance older than this decides nothing.
    pub bank_reading_hours: u32,
    /// What every bank account keeps.
    pub bank_floor: Cents,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mail_days: 10,
            hold_new_link: 4,
            hold_proven: 2,
            card_reading_hours: 36,
            bank_reading_hours: 1,
            bank_floor: Cents::ZERO,
        }
    }
}

/// Everything that is decided on.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Business time.
    pub now: Timestamp,
    pub person: &'a Person,
    pub card: &'a Card,
    pub card_item: ItemState,
    /// The bank account that the setup names, and the state of its item.
    pub bank_account: Option<(&'a BankAccount, ItemState)>,
    /// Whether the biller directory knows where checks for this issuer go.
    pub has_remittance_address: bool,
    pub policy: &'a Policy,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Decision {
    /// Open a payment.
    Pay { amount: Cents, why: Why },
    /// Tell the person of a debit outside the agreed range; it may be made from that day on.
    Announce { amount: Cents, on: Date },
    /// Nothing to do now; a later review may find otherwise.
    Skip(SkipReason),
    /// Nothing can be done until somebody does something.
    Attention(AttentionNeed),
}

/// Why something is paid.
#[derive(Clone, PartialEq, Eq)]
pub struct Why {
    pub cause: Cause,
    pub balance: Cents,
    pub in_flight: Cents,
    /// Why it is less than the rule asks for.
    pub cut: Option<Cut>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    AboveThreshold {
        utilization: BasisPoints,
        limit: Cents,
        threshold: BasisPoints,
        pays: Amount,
    },
    /// A debit made today is a check credited on `arrives_on`.
    BillDue {
        due_on: Date,
        arrives_on: Date,
        bill: Bill,
    },
    Overdue {
        due_on: Option<Date>,
        bill: Bill,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    Cap(CapKind),
    Announced,
    /// More is asked for, but only the bill can be paid now.
    OnlyTheBill {
        wanted: Cents,
        held_by: HeldBy,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapKind {
    Payment,
    Day,
    Month,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBy {
    Range,
    BankBalance,
}

#[derive(Clone, PartialEq, Eq)]
pub enum SkipReason {
    SetupIncomplete(Vec<Missing>),
    AuthorisationMissing,
    AuthorisationRevoked {
        at: Timestamp,
    },
    /// A debit came back in a way that ends it.
    AuthorisationEnded {
        by: EndingReturn,
    },
    /// The bank takes nothing of the person's at the moment.
    Paused,
    PaymentOpen {
        amount: Cents,
        opened_on: Date,
    },
    LinkBroken(ItemState),
    NotRead,
    Stale {
        as_of: Timestamp,
    },
    BalanceUnknown,
    /// The issuer owes the holder.
    CreditBalance {
        amount: Cents,
    },
    NothingOwed,
    /// What is on its way covers all that is owed.
    CoveredInFlight {
        balance: Cents,
        in_flight: Cents,
    },
    BelowThreshold {
        utilization: BasisPoints,
        limit: Cents,
        threshold: BasisPoints,
        in_flight: Cents,
    },
    /// Missing or zero: there is no share of it to stay under. Bills are paid all the same.
    LimitUnknown,
    /// What the rule pays above the threshold has been paid.
    RuleCovered {
        pays: Amount,
    },
    CapReached {
        cap: CapKind,
        most: Cents,
    },
    AnnouncementAwaited {
        amount: Cents,
        on: Date,
    },
    /// It would be paid if the bank balance, read anew, bears it.
    BankBalanceStale {
        amount: Cents,
    },
    BankBalanceUnknown,
    InsufficientBankBalance {
        amount: Cents,
        bearable: Cents,
    },
}

#[derive(Clone, PartialEq, Eq)]
pub enum AttentionNeed {
    CannotTellCardsApart,
    DebitsBlocked {
        return_code: ReturnCode,
    },
    ReceivableOpen,
    CardGone,
    OtherCurrency,
    BankAccountUnusable(UnusableReason),
    BankAccountOtherCurrency,
    /// The bill is nearly due, but neither minimum nor statement balance is known.
    BillUnknown {
        due_on: Option<Date>,
    },
    /// The rule pays a figure that is not known.
    AmountUnknown {
        pays: Amount,
    },
}

/// Decides.
pub fn decide(inputs: &Inputs<'_>) -> Decision {
    match reach(inputs) {
        Ok(decision) | Err(decision) => decision,
    }
}

/// An answer on the way out is as good as one at the end.
fn reach(inputs: &Inputs<'_>) -> Result<Decision, Decision> {
    permitted(inputs)?;
    let reading = readable(inputs)?;
    let bank_account = debitable(inputs)?;
    // Setup is complete here; the rule stands.
    let rule = inputs.card.setup.rule.unwrap_or_default();
    let wanted = amount::wanted(inputs, reading, &rule, bank_account)?;
    Ok(limits::choose(inputs, bank_account, wanted))
}

/// What speaks against any payment, before any figure is looked at.
fn permitted(inputs: &Inputs<'_>) -> Result<(), Decision> {
    let card = inputs.card;
    let missing = missing(card, inputs.has_remittance_address);
    if missing.contains(&Missing::CannotTellCardsApart) {
        return Err(Decision::Attention(AttentionNeed::CannotTellCardsApart));
    }
    let is_only_unauthorised = missing == [Missing::Authorisation];
    if !missing.is_empty() && !is_only_unauthorised {
        return Err(Decision::Skip(SkipReason::SetupIncomplete(missing)));
    }
    // Before the authorisation, which ends with the same return: agreeing again would not help.
    if let Some(block) = inputs.person.debit_block {
        return Err(Decision::Attention(AttentionNeed::DebitsBlocked { return_code: block.return_code }));
    }
    if is_only_unauthorised {
        return Err(Decision::Skip(unauthorised(card)));
    }
    if inputs.person.receivable_open {
        return Err(Decision::Attention(AttentionNeed::ReceivableOpen));
    }
    if let Some(open) = fault!(SecondOpenPayment, None, card.open_payment()) {
        let (amount, opened_on) = (open.amount, open.opened_on);
        return Err(Decision::Skip(SkipReason::PaymentOpen { amount, opened_on }));
    }
    if inputs.person.is_paused(inputs.now) {
        return Err(Decision::Skip(SkipReason::Paused));
    }
    Ok(())
}

/// Why no authorisation stands.
fn unauthorised(card: &Card) -> SkipReason {
    let ends = card.authorisation.as_ref().map(|known| (known.revoked_at, known.ended_by_return));
    match ends {
        Some((Some(at), _)) => SkipReason::AuthorisationRevoked { at },
        Some((None, Some(by))) => SkipReason::AuthorisationEnded { by },
        // There is none, or it is for another bank account.
        Some((None, None)) | None => SkipReason::AuthorisationMissing,
    }
}

/// The card's reading, if it may be decided on.
fn readable<'a>(inputs: &Inputs<'a>) -> Result<&'a CardReading, Decision> {
    if !inputs.card_item.lets_decide(inputs.now) {
        return Err(Decision::Skip(SkipReason::LinkBroken(inputs.card_item)));
    }
    let reading = inputs.card.reading.as_ref().ok_or(Decision::Skip(SkipReason::NotRead))?;
    if reading.is_gone {
        return Err(Decision::Attention(AttentionNeed::CardGone));
    }
    if reading.age.is_older_than(inputs.policy.card_reading_hours, inputs.now) {
        return Err(Decision::Skip(SkipReason::Stale { as_of: reading.age.as_of() }));
    }
    if !reading.is_dollars() {
        return Err(Decision::Attention(AttentionNeed::OtherCurrency));
    }
    Ok(reading)
}

/// The bank account, if debits may be made of it.
fn debitable<'a>(inputs: &Inputs<'a>) -> Result<&'a BankAccount, Decision> {
    let is_chosen = |account: &BankAccount| Some(account.id) == inputs.card.setup.bank_account_id;
    let Some((account, item)) = inputs.bank_account.filter(|(account, _)| is_chosen(account)) else {
        return Err(Decision::Skip(SkipReason::SetupIncomplete(vec![Missing::BankAccount])));
    };
    let unusable = account.unusable.map(|unusable| unusable.reason);
    match unusable.or(item.is_over().then_some(UnusableReason::Withdrawn)) {
        Some(reason) => Err(Decision::Attention(AttentionNeed::BankAccountUnusable(reason))),
        None => Ok(account),
    }
}

impl Inputs<'_> {
    /// The Eastern day: the days of caps, notices and due dates.
    fn today(&self) -> Date {
        calendar::eastern_date(self.now)
    }
}

impl Decision {
    pub const fn action(&self) -> Action {
        match self {
            Decision::Pay { .. } => Action::Pay,
            Decision::Announce { .. } => Action::Announce,
            Decision::Skip(_) => Action::Skip,
            Decision::Attention(_) => Action::Attention,
        }
    }

    pub const fn amount(&self) -> Option<Cents> {
        match self {
            Decision::Pay { amount, .. } | Decision::Announce { amount, .. } => Some(*amount),
            Decision::Skip(_) | Decision::Attention(_) => None,
        }
    }

    /// Whether it would pay if only the bank balance were read anew.
    pub const fn wants_bank_balance(&self) -> bool {
        matches!(self, Decision::Skip(SkipReason::BankBalanceStale { .. }))
    }

    /// The record of it.
    pub fn review(&self, inputs: &Inputs<'_>) -> Review {
        Review {
            card_id: inputs.card.id,
            version: 1,
            at: inputs.now,
            action: self.action(),
            code: self.code().to_owned(),
            amount: self.amount(),
            reason: self.text(),
            figures: figures(inputs),
        }
    }

    /// Whether the record is worth keeping: it pays or announces, or differs from the last one.
    pub fn is_news(&self, card: &Card) -> bool {
        match self {
            Decision::Pay { .. } | Decision::Announce { .. } => true,
            Decision::Skip(_) | Decision::Attention(_) => {
                card.last_decision.as_ref().is_none_or(|last| last.code != self.code())
            }
        }
    }

    /// What the person is told of it; payments have a notice of their own when they are opened.
    pub fn notice(&self, card: &Card, today: Date) -> Option<NoticeKind> {
        if let Decision::Announce { amount, on } = self {
            let card_name = card.name.clone();
            return Some(NoticeKind::DebitAnnounced { card_id: card.id, card_name, amount: *amount, debit_on: *on });
        }
        // Once for every bill.
        let bill = card.reading.as_ref().and_then(|reading| reading.statement_issued_on);
        self.is_told().then(|| NoticeKind::CardNeeds {
            card_id: card.id,
            card_name: card.name.clone(),
            code: self.code().to_owned(),
            reason: self.text(),
            since: bill.unwrap_or_else(|| today.first_of_month()),
        })
    }
}

/// What operators are told of an answer: that a card waits for an address that only they can enter.
pub fn operators_notice(decision: &Decision, card: &Card) -> Option<NoticeKind> {
    match decision {
        Decision::Skip(SkipReason::SetupIncomplete(missing)) if missing.contains(&Missing::RemittanceAddress) => {
            let (institution_id, institution_name) = (card.institution_id.clone(), card.institution_name.clone());
            Some(NoticeKind::AddressWanted { institution_id, institution_name })
        }
        Decision::Pay { .. } | Decision::Announce { .. } | Decision::Skip(_) | Decision::Attention(_) => None,
    }
}

/// The announcement that an answer calls for.
pub fn announcement(decision: &Decision, today: Date) -> Option<Announcement> {
    match decision {
        Decision::Announce { amount, .. } => Some(Announcement::new(*amount, today)),
        Decision::Pay { .. } | Decision::Skip(_) | Decision::Attention(_) => None,
    }
}

fn figures(inputs: &Inputs<'_>) -> Figures {
    let reading = inputs.card.reading.as_ref();
    let bank = inputs.bank_account.and_then(|(account, _)| limits::bearable(account, inputs.policy));
    Figures {
        as_of: reading.map(|reading| reading.age.as_of()),
        balance: reading.and_then(|reading| reading.balance),
        limit: reading.and_then(|reading| reading.limit),
        utilization: reading.and_then(|reading| utilization(reading.balance, reading.limit)),
        in_flight: cents(in_flight(&inputs.card.payments)),
        statement_balance: reading.and_then(|reading| reading.statement_balance),
        minimum_payment: reading.and_then(|reading| reading.minimum_payment),
        due_on: reading.and_then(|reading| reading.due_on),
        bank_balance: bank.map(cents),
    }
}

/// The nearest amount that cents can hold.
fn cents(amount: i128) -> Cents {
    let nearest = if amount < 0 { i64::MIN } else { i64::MAX };
    Cents::new(i64::try_from(amount).unwrap_or(nearest))
}
