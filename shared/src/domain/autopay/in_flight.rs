//! Payments of a card that its balance may not show yet.
//!
//! Guarantees: a payment counts as in flight from the moment it is opened until Plaid's data, read after the check was cashed, show it, or
//! the person says that the issuer credited it and the balance was read after that, or it is undone; it is neither counted as posted before
//! nor forgotten. One posted payment of the card stands for one payment of ours, whoever of its holders made it: the one with our check's number, where the institution tells numbers, and else one of its
//! amount from the days of its cashing. A balance that merely dropped proves nothing: the person may have paid otherwise. Limit: where no
//! number is told, a payment by hand of the same amount in those same days is taken for the check.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::card::{CardReading, PostedPayment};
use super::held::Ended;
use crate::domain::calendar::eastern_date;
use crate::domain::ids::PaymentId;
use crate::domain::money::Cents;

/// A person is asked whether the issuer credited a payment that Plaid does not show this long after the check was cashed.
const ASKED_AFTER_HOURS: i64 = 24 * 10;

/// Between an issuer's credit for a check and its settlement at our bank.
const CREDITED_BEFORE_DAYS: i64 = 5;

/// Between two statements of a card where nothing tells the day of the last.
const STATEMENT_EVERY_DAYS: i64 = 31;

/// Two statements of a card are further apart than this: an issuer that moves the day of one by a few makes no other bill of it.
const STATEMENTS_APART_DAYS: i32 = 15;

/// The statement that a payment is to pay, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Billed {
    /// The one of that day.
    On(Date),
    /// No statement is known: whichever was the last since that day.
    Since(Date),
}

/// A payment as its card remembers it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardPayment {
    pub payment_id: PaymentId,
    pub amount: Cents,
    /// The Eastern day.
    pub opened_on: Date,
    /// Opened because the bill was nearly due or late.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub for_bill: bool,
    /// The day of the statement that was the last when it was opened, where that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bill: Option<Date>,
    /// How often the bank account was debited for it, or is about to be.
    #[serde(default = "once")]
    pub presented: u32,
    /// The number of its check, once that was cashed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_number: Option<i64>,
    /// What ended it, and holds the next payment back until that has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// The Eastern day on which the person canceled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canceled_on: Option<Date>,
    /// Of another person who shares the card; only where it is decided on.
    #[serde(skip)]
    pub is_of_another: bool,
    pub stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Stage {
    /// From the debit to the cashed check.
    Open,
    /// The check was cashed, and the balance may not show it yet.
    Cashed { at: Timestamp },
    /// The person has been asked whether the issuer credited it.
    Asked { cashed_at: Timestamp, asked_at: Timestamp },
    /// The person has said that the issuer credited it, and the balance that is known is from before that.
    Confirmed { cashed_at: Timestamp, at: Timestamp },
    /// Plaid's data show it, by this transaction where there is one, or the person has said so.
    Posted { by: ShownBy },
    /// Its money never reached the issuer, or came back.
    Reversed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShownBy {
    Transaction(String),
    /// The liability's last payment, of that day.
    LastPayment(Date),
    Person,
}

impl Billed {
    /// Where no statement is told that day.
    pub fn untold(today: Date) -> Self {
        Self::Since(today.saturating_sub(STATEMENT_EVERY_DAYS.days()))
    }
}

impl std::fmt::Debug for CardPayment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "CardPayment({} {:?})", self.payment_id, self.stage)
    }
}

impl CardPayment {
    pub fn new(payment_id: PaymentId, amount: Cents, opened_on: Date) -> Self {
        Self {
            payment_id,
            amount,
            opened_on,
            for_bill: false,
            bill: None,
            presented: once(),
            check_number: None,
            ended: None,
            canceled_on: None,
            is_of_another: false,
            stage: Stage::Open,
        }
    }

    /// Keeps another payment of the card from being opened.
    pub fn is_open(&self) -> bool {
        match self.stage {
            Stage::Open => true,
            Stage::Cashed { .. }
            | Stage::Asked { .. }
            | Stage::Confirmed { .. }
            | Stage::Posted { .. }
            | Stage::Reversed => false,
        }
    }

    /// Counts against the balance.
    pub fn is_in_flight(&self) -> bool {
        match self.stage {
            Stage::Open | Stage::Cashed { .. } | Stage::Asked { .. } | Stage::Confirmed { .. } => true,
            Stage::Posted { .. } | Stage::Reversed => false,
        }
    }

    /// Counts against the caps.
    pub fn was_paid(&self) -> bool {
        match self.stage {
            Stage::Open
            | Stage::Cashed { .. }
            | Stage::Asked { .. }
            | Stage::Confirmed { .. }
            | Stage::Posted { .. } => true,
            Stage::Reversed => false,
        }
    }

    /// Debits that brought the issuer nothing, or have not yet.
    fn presented_in_vain(&self) -> u32 {
        match self.stage {
            Stage::Open | Stage::Reversed => self.presented,
            Stage::Cashed { .. } | Stage::Asked { .. } | Stage::Confirmed { .. } | Stage::Posted { .. } => {
                self.presented.saturating_sub(1)
            }
        }
    }

    /// Whether it was opened while that statement was the last, or may have been where none is known.
    pub fn is_of_bill(&self, bill: Billed) -> bool {
        match (bill, self.bill) {
            (Billed::On(day), Some(own)) => is_same_bill(own, day),
            (Billed::Since(day), Some(_)) => {
                fault!(UntoldBillIsAnother, self.bill.is_some_and(|own| is_same_bill(own, day)), self.opened_on >= day)
            }
            (Billed::On(day) | Billed::Since(day), None) => self.opened_on >= day,
        }
    }

    /// What it is to pay.
    pub fn billed(&self) -> Billed {
        self.bill.map_or_else(|| Billed::untold(self.opened_on), Billed::On)
    }

    /// Known to have been credited by the issuer.
    pub fn is_shown(&self) -> bool {
        match self.stage {
            Stage::Posted { .. } => true,
            Stage::Open | Stage::Cashed { .. } | Stage::Asked { .. } | Stage::Confirmed { .. } | Stage::Reversed => {
                false
            }
        }
    }

    fn cashed_at(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Cashed { at } | Stage::Asked { cashed_at: at, .. } | Stage::Confirmed { cashed_at: at, .. } => {
                Some(at)
            }
            Stage::Open | Stage::Posted { .. } | Stage::Reversed => None,
        }
    }

    /// An issuer may credit a check some days before it is settled at our bank, and not earlier.
    fn credited_from(&self) -> Date {
        let cashed_on = self.cashed_at().map_or(self.opened_on, eastern_date);
        cashed_on.saturating_sub(CREDITED_BEFORE_DAYS.days())
    }

    /// The check was cashed. Said again, nothing changes.
    pub fn cashed(&mut self, at: Timestamp) {
        if self.is_open() {
            self.stage = Stage::Cashed { at };
        }
    }

    /// Nothing of it reached the issuer, or it came back.
    pub fn undone(&mut self) {
        self.stage = Stage::Reversed;
    }

    /// The person says that the issuer credited it: a balance that is read after that shows it. Answers whether that is news.
    pub fn confirmed(&mut self, now: Timestamp) -> bool {
        match self.stage {
            Stage::Cashed { at } | Stage::Asked { cashed_at: at, .. } => {
                let said = Stage::Confirmed { cashed_at: at, at: now };
                self.stage = fault!(WordCountsAtOnce, Stage::Posted { by: ShownBy::Person }, said);
                true
            }
            Stage::Open | Stage::Confirmed { .. } | Stage::Posted { .. } | Stage::Reversed => false,
        }
    }

    /// Whether the person has said that the issuer credited it.
    pub fn is_confirmed(&self) -> bool {
        match self.stage {
            Stage::Confirmed { .. } => true,
            Stage::Open | Stage::Cashed { .. } | Stage::Asked { .. } | Stage::Posted { .. } | Stage::Reversed => false,
        }
    }

    /// When the person is to be asked, if Plaid shows nothing by then.
    pub fn asks_at(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Cashed { at } => at.checked_add(SignedDuration::from_hours(ASKED_AFTER_HOURS)).ok(),
            Stage::Open | Stage::Asked { .. } | Stage::Confirmed { .. } | Stage::Posted { .. } | Stage::Reversed => {
                None
            }
        }
    }

    /// Marks it as asked about, once its time has come. Answers whether the person is to be asked now.
    pub fn ask(&mut self, now: Timestamp) -> bool {
        match self.stage {
            Stage::Cashed { at } if self.asks_at().is_some_and(|asks_at| asks_at <= now) => {
                self.stage = Stage::Asked { cashed_at: at, asked_at: now };
                true
            }
            Stage::Cashed { .. }
            | Stage::Open
            | Stage::Asked { .. }
            | Stage::Confirmed { .. }
            | Stage::Posted { .. }
            | Stage::Reversed => false,
        }
    }
}

/// The payment that the person canceled since that statement and that was not paid after all, if that speaks against paying what the
/// statement's bill asks for, or what a rule pays above the threshold. A cancel says nothing about a bill that was not being paid.
pub fn canceled_since(issued_on: Date, payments: &[CardPayment], for_bill: bool) -> Option<&CardPayment> {
    let is_canceled = |payment: &&CardPayment| {
        payment.canceled_on.is_some_and(|on| on >= issued_on) && !payment.was_paid() && (payment.for_bill || !for_bill)
    };
    payments.iter().filter(is_canceled).max_by_key(|payment| payment.canceled_on)
}

/// Payments of before were presented once, as far as is known.
const fn once() -> u32 {
    1
}

/// Whether two days of statements are those of one.
pub fn is_same_bill(one: Date, other: Date) -> bool {
    one.since(other).is_ok_and(|apart| apart.get_days().abs() < STATEMENTS_APART_DAYS)
}

/// How often the bank account was debited, or is about to be, for what a statement asks for, over all payments of that time, and brought
/// the issuer nothing.
pub fn presented_for(bill: Billed, payments: &[CardPayment]) -> u32 {
    let of_bill = payments.iter().filter(|payment| payment.is_of_bill(bill));
    of_bill.map(CardPayment::presented_in_vain).fold(0, u32::saturating_add)
}

/// What is in flight; never wraps.
pub fn in_flight(payments: &[CardPayment]) -> i128 {
    let open = payments.iter().filter(|payment| payment.is_in_flight());
    open.map(|payment| i128::from(payment.amount.get().max(0))).sum()
}

/// What was paid since a statement, ours and others', as far as it is known: what is in flight, and the posted payments of that time.
/// Where the transactions are not known, the liability's last payment stands for them.
pub fn paid_since(issued_on: Date, payments: &[CardPayment], reading: &CardReading) -> i128 {
    let posted = reading.posted.iter().filter(|posted| posted.on >= issued_on);
    let by_transactions: i128 = posted.map(|posted| i128::from(posted.amount.get().max(0))).sum();
    let last = reading.last_payment.filter(|last| last.on >= issued_on);
    let by_liability = last.map_or(0, |last| i128::from(last.amount.get().max(0)));
    in_flight(payments) + by_transactions.max(by_liability)
}

/// Marks the payments that a reading shows. The oldest payment takes the oldest posted one.
pub fn match_posted_payments(payments: &mut [CardPayment], reading: &CardReading) {
    let mut used = used_by(payments);
    for payment in payments.iter_mut() {
        let Some(cashed_at) = payment.cashed_at() else { continue };
        if reading.age.as_of() <= cashed_at {
            continue;
        }
        if let Some(by) = evidence(payment, reading, &used) {
            used.push(by.clone());
            payment.stage = Stage::Posted { by };
        } else if matches!(payment.stage, Stage::Confirmed { at, .. } if reading.age.as_of() > at) {
            payment.stage = Stage::Posted { by: ShownBy::Person };
        }
    }
}

/// What stands for these payments in what their card's link told.
pub fn used_by(payments: &[CardPayment]) -> Vec<ShownBy> {
    payments.iter().filter_map(|payment| shown_by(&payment.stage)).collect()
}

/// Another's payment of the same card, as this card's own reading lets it be seen: what that shows is shown, whether or not the other's link
/// is still read. What only the other's reading shows still counts until this one is as recent, and what only the other's word or a posted
/// payment that stands for one of `used` says, until this one shows it.
pub fn as_seen_in(
    payment: CardPayment,
    shown_there: Option<Timestamp>,
    reading: &CardReading,
    used: &mut Vec<ShownBy>,
) -> CardPayment {
    let is_read_since = payment.cashed_at().is_none_or(|cashed_at| reading.age.as_of() > cashed_at);
    let is_cashed = payment.is_shown() || fault!(CreditOfOthersCheckUnseen, false, payment.cashed_at().is_some());
    if !is_cashed || !is_read_since {
        return payment;
    }
    if let Some(by) = evidence(&payment, reading, used) {
        used.push(by.clone());
        return CardPayment { stage: Stage::Posted { by }, ..payment };
    }
    let is_as_recent = shown_there.is_none_or(|at| reading.age.as_of() >= at);
    let is_used = fault!(OneCreditForTwoChecks, false, evidence(&payment, reading, &[]).is_some());
    let is_word_of_another = payment.is_of_another && shown_by(&payment.stage) == Some(ShownBy::Person);
    if !payment.is_shown() || (is_as_recent && !is_used && !is_word_of_another) {
        return payment;
    }
    CardPayment { stage: Stage::Cashed { at: shown_there.unwrap_or(reading.age.as_of()) }, ..payment }
}

fn shown_by(stage: &Stage) -> Option<ShownBy> {
    match stage {
        Stage::Posted { by } => Some(by.clone()),
        Stage::Open | Stage::Cashed { .. } | Stage::Asked { .. } | Stage::Confirmed { .. } | Stage::Reversed => None,
    }
}

/// Whether the institution's word is this check's number, however many zeros it begins with.
fn is_number(told: &str, number: i64) -> bool {
    told.trim().parse() == Ok(number)
}

/// What in the reading stands for this payment and for no other of ours: a posted payment, else the liability's last payment.
fn evidence(payment: &CardPayment, reading: &CardReading, used: &[ShownBy]) -> Option<ShownBy> {
    let tells_numbers = reading.posted.iter().any(|posted| posted.check_number.is_some());
    let is_in_time = |on: Date| on >= payment.opened_on && on >= payment.credited_from();
    let is_this = |posted: &&PostedPayment| {
        let is_check = match (posted.check_number.as_deref(), payment.check_number) {
            (Some(told), Some(number)) => is_number(told, number) && posted.on >= payment.opened_on,
            (None, Some(_)) => !tells_numbers && is_in_time(posted.on),
            // Of before check numbers were kept.
            (Some(_) | None, None) => is_in_time(posted.on),
        };
        posted.amount == payment.amount && fault!(PaidByHandIsOurCheck, posted.on >= payment.opened_on, is_check)
    };
    let mut posted: Vec<&PostedPayment> = reading.posted.iter().filter(is_this).collect();
    posted.sort_by_key(|posted| posted.on);
    let by_transaction = posted.into_iter().map(|posted| ShownBy::Transaction(posted.transaction_id.clone()));
    // The last payment is one of the transactions where those are known: then it must not stand for a second payment of ours.
    let last = reading.last_payment.filter(|_| reading.posted.is_empty());
    let last = last.filter(|last| last.amount == payment.amount && is_in_time(last.on));
    let by_liability = last.map(|last| ShownBy::LastPayment(last.on));
    by_transaction.chain(by_liability).find(|by| !used.contains(by))
}

#[cfg(test)]
#[path = "in_flight_tests.rs"]
mod tests;
