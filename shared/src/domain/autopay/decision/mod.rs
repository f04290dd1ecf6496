//! Whether to pay a card now, how much, and why: one pure function over everything it needs.
//!
//! Guarantees, for all inputs: no panic and no overflow; never more than the balance less what is in flight; never above a cap; never
//! outside the agreed range unless announced ten days before; while a payment of the card is open nothing but the rest of a bill; never more than the bank account
//! holds less the debits on their way and a floor; and always a text that a person understands. Limits: it believes the readings it is
//! given as long as they are fresh, and it opens nothing: whoever does so writes the card and the bank account under the versions that
//! were decided on, so that of two decisions made at once only one holds.

mod amount;
mod answer;
mod limits;
mod preconditions;
mod record;
#[cfg(test)]
mod tests;
mod text;

use jiff::Timestamp;
use jiff::civil::Date;

use super::bank_account::BankAccount;
use super::card::Card;
use super::item::ItemState;
use super::person::Person;
use crate::domain::biller::Remittance;
use crate::domain::calendar;
use crate::domain::money::Cents;

pub use answer::{AttentionNeed, CapKind, Cause, Cut, Decision, HeldBy, SkipReason, Why};
pub use record::{announcement, late_bill_notice, operators_notice};

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
    /// The bank account's balance was asked for at the bank for this decision.
    pub has_new_balance: bool,
    /// What came back of another's debit of the bank account is still to be settled with them.
    pub is_account_held: bool,
    /// Where the biller directory has checks for this issuer go.
    pub remittance: Option<&'a Remittance>,
    pub policy: &'a Policy,
    /// The stop switch is on, for all or for the person.
    pub stopped: bool,
}

/// Decides.
pub fn decide(inputs: &Inputs<'_>) -> Decision {
    match reach(inputs) {
        Ok(decision) | Err(decision) => decision,
    }
}

/// An answer on the way out is as good as one at the end.
fn reach(inputs: &Inputs<'_>) -> Result<Decision, Decision> {
    preconditions::permitted(inputs)?;
    // While a payment is on its way, what would hold the next one back is no news: that comes when it has arrived.
    let held = |other| inputs.card.open_payment().map_or(other, preconditions::open_payment);
    let reading = preconditions::readable(inputs).map_err(held)?;
    let bank_account = preconditions::debitable(inputs).map_err(held)?;
    // Setup is complete here; the rule stands.
    let rule = inputs.card.setup.rule.unwrap_or_default();
    let wanted = amount::wanted(inputs, reading, &rule, bank_account)?;
    Ok(limits::choose(inputs, bank_account, wanted))
}

impl Inputs<'_> {
    /// The Eastern day: the days of caps, notices and due dates.
    fn today(&self) -> Date {
        calendar::eastern_date(self.now)
    }
}

/// The nearest amount that cents can hold.
fn cents(amount: i128) -> Cents {
    let nearest = if amount < 0 { i64::MIN } else { i64::MAX };
    Cents::new(i64::try_from(amount).unwrap_or(nearest))
}
