//! The person's permission to debit a bank account for a card (Regulation E, 12 CFR 1005.10(b) to (d)).
//!
//! Guarantees: an authorization names one bank account and a range of amounts; it covers nothing else. Revoking it works at once, and so
//! does a return that says that there is none. The text that was agreed to is kept word for word beside its version.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::explain::money;
use super::ids::{BankAccountId, CardId, PersonId};
use crate::domain::ach::return_codes::ReturnCode;
use crate::domain::batch::Idempotent;
use crate::domain::money::Cents;

/// Counted up with every change of [`text`]; what was agreed to earlier stays valid.
pub const TEXT_VERSION: u32 = 1;

/// A debit outside the agreed range is announced this many days before it is made.
pub const NOTICE_DAYS: i64 = 10;

/// An announced debit that was not made within these days after its day is announced anew.
pub const ANNOUNCEMENT_GOOD_DAYS: i64 = 7;

/// The amounts that need no notice of their own, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmountRange {
    #[schema(value_type = String)]
    pub least: Cents,
    #[schema(value_type = String)]
    pub most: Cents,
}

/// A range that is none. Final until it is corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a range begins at 0.00 or more and ends above that, both included")]
pub struct RangeProblem;

/// What is in force for a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Authorization {
    pub text_version: u32,
    /// Of the text as it was agreed to, in hexadecimal digits; absent in what was agreed to before it was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_sha256: Option<String>,
    #[schema(value_type = String)]
    pub bank_account_id: BankAccountId,
    pub range: AmountRange,
    #[schema(value_type = String, format = DateTime)]
    pub agreed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by_return: Option<EndingReturn>,
}

/// A debit that came back with a code after which only a new authorization lets another be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EndingReturn {
    #[schema(value_type = String)]
    pub return_code: ReturnCode,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// A debit outside the range, announced to the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Announcement {
    #[schema(value_type = String)]
    pub amount: Cents,
    #[schema(value_type = String, format = Date)]
    pub announced_on: Date,
    /// The first day on which the debit may be made, if the notice reaches the person at once.
    #[schema(value_type = String, format = Date)]
    pub debit_on: Date,
    /// Nobody has taken the notice yet.
    #[serde(default)]
    pub awaits_delivery: bool,
    /// When the notice was taken for its person: the days count from then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub delivered_on: Option<Date>,
}

/// The proof of what was agreed to, or that it ended: append-only and kept, at least two years after its end (12 CFR 1005.13).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRecord {
    pub card_id: CardId,
    pub person_id: PersonId,
    pub step: RecordedStep,
    /// Absent where a return ended it: the record of `agreed_at` has the words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub authorization: Authorization,
    /// Where the request came from; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    pub at: Timestamp,
    pub version: u64,
}

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationStep {
    Agreed,
    Revoked,
}

/// What is recorded: what a person did, or what their bank said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedStep {
    Agreed,
    Revoked,
    EndedByReturn,
}

impl From<AuthorizationStep> for RecordedStep {
    fn from(step: AuthorizationStep) -> Self {
        match step {
            AuthorizationStep::Agreed => Self::Agreed,
            AuthorizationStep::Revoked => Self::Revoked,
        }
    }
}

impl std::fmt::Debug for AuthorizationRecord {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "AuthorizationRecord({} {:?} {})", self.card_id, self.step, self.at)
    }
}

impl AmountRange {
    pub fn check(self) -> Result<(), RangeProblem> {
        if self.least >= Cents::ZERO && self.most > self.least { Ok(()) } else { Err(RangeProblem) }
    }

    pub fn covers(self, amount: Cents) -> bool {
        self.least <= amount && amount <= self.most
    }
}

impl Authorization {
    /// Whether it has not ended.
    pub const fn stands(&self) -> bool {
        self.revoked_at.is_none() && self.ended_by_return.is_none()
    }

    /// Whether it stands, for debits of this bank account.
    pub fn is_in_force(&self, bank_account_id: BankAccountId) -> bool {
        self.stands() && self.bank_account_id == bank_account_id
    }

    pub fn revoke(&mut self, now: Timestamp) -> Idempotent {
        if !self.stands() {
            return Idempotent::AlreadyApplied;
        }
        self.revoked_at = Some(now);
        Idempotent::Executed
    }

    /// A debit came back in a way that ends it. What ended it first stays.
    pub fn end_by_return(&mut self, return_code: ReturnCode, now: Timestamp) -> Idempotent {
        if !self.stands() {
            return Idempotent::AlreadyApplied;
        }
        self.ended_by_return = Some(EndingReturn { return_code, at: now });
        Idempotent::Executed
    }
}

impl Announcement {
    pub fn new(amount: Cents, today: Date) -> Self {
        let debit_on = notice_ends(today);
        Self { amount, announced_on: today, debit_on, awaits_delivery: true, delivered_on: None }
    }

    /// Its notice was taken for the person. The first time counts.
    pub fn delivered(&mut self, today: Date) {
        self.awaits_delivery = false;
        self.delivered_on.get_or_insert(today);
    }

    /// The first day on which the debit may be made, as far as that is known.
    pub fn earliest(&self) -> Date {
        let told_on = self.delivered_on.filter(|_| fault!(NoticeCountsFromDecision, false, true));
        self.debit_on.max(notice_ends(told_on.unwrap_or(self.announced_on)))
    }

    /// Its day has not come.
    pub fn is_awaited(&self, today: Date) -> bool {
        let is_told = fault!(NoticeCountsFromDecision, true, !self.awaits_delivery);
        !self.is_over(today) && (!is_told || today < self.earliest())
    }

    /// Its days have come and gone, or a later announcement could be made for the same day anyway.
    pub fn is_over(&self, today: Date) -> bool {
        today > self.debit_on.saturating_add(ANNOUNCEMENT_GOOD_DAYS.days())
    }

    /// Whether a debit of this amount today was announced: its day is here, and it is not more than was said.
    pub fn covers(&self, amount: Cents, today: Date) -> bool {
        !self.is_awaited(today) && !self.is_over(today) && amount <= self.amount
    }
}

/// The first day on which a debit announced today may be made.
pub fn notice_ends(today: Date) -> Date {
    today.saturating_add(NOTICE_DAYS.days())
}

/// What the text names.
#[derive(Clone, Copy, Debug)]
pub struct TextFacts<'a> {
    pub card_name: &'a str,
    pub bank_name: &'a str,
    pub bank_account_last4: &'a str,
    pub range: AmountRange,
}

/// The text of version [`TEXT_VERSION`] that a person agrees to.
pub fn text(facts: &TextFacts<'_>) -> String {
    format!(
        "I authorize Clearway to debit my account ending in {last4} at {bank} by electronic transfer, again and again, for amounts from \
         {least} to {most} US dollars each, in order to pay the bill of my card {card}, on the days on which the rule that I have set \
         calls for it. For an amount outside this range I receive notice of the amount and the day at least {NOTICE_DAYS} days before. \
         A debit that my bank returns for lack of money may be tried again up to two times. I can revoke this at any time in Clearway, \
         which stops every debit that has not been sent, or by telling my bank at least three business days before a debit.",
        last4 = facts.bank_account_last4,
        bank = facts.bank_name,
        least = money(facts.range.least),
        most = money(facts.range.most),
        card = facts.card_name,
    )
}

/// Names a text that was shown, so that what is recorded is what was read.
pub fn text_sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn range() -> AmountRange {
        AmountRange { least: Cents::new(2_000), most: Cents::new(100_000) }
    }

    #[test]
    fn the_ends_of_a_range_belong_to_it() {
        let covered = [1_999, 2_000, 100_000, 100_001].map(|cents| range().covers(Cents::new(cents)));
        assert_eq!(covered, [false, true, true, false]);
        for (least, most) in [(-1, 5), (5, 5), (6, 5), (0, 0)] {
            let range = AmountRange { least: Cents::new(least), most: Cents::new(most) };
            assert_eq!(range.check(), Err(RangeProblem), "{least} {most}");
        }
    }

    #[test]
    fn an_announced_debit_waits_ten_days_and_lapses_a_week_later() {
        let mut announced = Announcement::new(Cents::new(165_500), date(2026, 3, 2));
        announced.delivered(date(2026, 3, 2));
        assert_eq!(announced.debit_on, date(2026, 3, 12));
        let covered = |day, cents| announced.covers(Cents::new(cents), date(2026, 3, day));
        assert!(!covered(11, 165_500));
        assert!(covered(12, 165_500) && covered(19, 100));
        assert!(!covered(20, 165_500));
        assert!(!covered(12, 165_501), "more than was announced");
    }

    #[test]
    fn the_ten_days_count_from_the_delivery() {
        let march = |day| date(2026, 3, day);
        let mut announced = Announcement::new(Cents::new(165_500), march(2));
        let covered = |announced: &Announcement, day| announced.covers(Cents::new(165_500), march(day));
        assert!(!covered(&announced, 13) && announced.is_awaited(march(13)), "nobody has told the person");
        announced.delivered(march(6));
        announced.delivered(march(9));
        assert_eq!(announced.earliest(), march(16));
        assert_eq!([15, 16, 19, 20].map(|day| covered(&announced, day)), [false, true, true, false]);
        announced = Announcement { delivered_on: Some(march(15)), ..announced };
        assert!(!covered(&announced, 19) && announced.is_over(march(20)), "told too late: it is announced anew");
    }

    #[test]
    fn an_announcement_of_before_counts_from_its_decision() {
        let stored = serde_json::json!({ "amount": "1655.00", "announced_on": "2026-03-02", "debit_on": "2026-03-12" });
        let announced: Announcement = serde_json::from_value(stored).unwrap();
        assert!(!announced.is_awaited(date(2026, 3, 12)) && announced.covers(Cents::new(165_500), date(2026, 3, 12)));
    }

    #[test]
    fn an_authorization_is_for_one_bank_account_until_it_is_revoked() {
        let now: Timestamp = "2026-03-02T18:00:00Z".parse().unwrap();
        let account = |digit: u8| BankAccountId::of_fingerprint(&format!("f1_{digit:032x}")).unwrap();
        let mut authorization = Authorization {
            text_version: TEXT_VERSION,
            text_sha256: None,
            bank_account_id: account(1),
            range: range(),
            agreed_at: now,
            revoked_at: None,
            ended_by_return: None,
        };
        assert!(authorization.is_in_force(account(1)) && !authorization.is_in_force(account(2)));
        let mut returned = authorization.clone();
        assert_eq!(authorization.revoke(now), Idempotent::Executed);
        assert_eq!(authorization.revoke(now), Idempotent::AlreadyApplied);
        assert!(!authorization.is_in_force(account(1)));

        assert_eq!(returned.end_by_return("R10".parse().unwrap(), now), Idempotent::Executed);
        assert!(!returned.is_in_force(account(1)));
        assert_eq!(returned.revoke(now), Idempotent::AlreadyApplied, "what ended it first stays");
        assert_eq!(returned.end_by_return("R07".parse().unwrap(), now), Idempotent::AlreadyApplied);
    }

    #[test]
    fn the_text_is_pinned_to_its_version() {
        let facts = TextFacts {
            card_name: "Everyday Card",
            bank_name: "First Example Bank",
            bank_account_last4: "6789",
            range: range(),
        };
        let text = text(&facts);
        assert!(
            text.contains("from 20.00 to 1,000.00 US dollars") && text.contains("at least 10 days before"),
            "{text}"
        );
        // A changed text is a new version: people agreed to the old one.
        assert_eq!((TEXT_VERSION, text.len()), (1, 623), "{text}");
    }

    proptest! {
        #[test]
        fn nothing_is_covered_before_ten_days_have_passed(amount: i64, days in 0..10_i64) {
            let announced = Announcement::new(Cents::new(amount), date(2026, 3, 2));
            prop_assert!(!announced.covers(Cents::new(amount), date(2026, 3, 2).saturating_add(days.days())));
        }
    }
}
