//! A source: a payer of payroll. Its external account, its own account at the bank, and whether it may be paid from.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ach::return_codes::{RetryRule, ReturnCode};
use super::money::Cents;

/// What the ids of persons begin with.
const OF_PERSONS: &str = "per_";

/// What stands for all persons together in the sums of the books.
pub const ALL_PERSONS: &str = "people";

const ID_CHARACTERS_MAX: usize = 64;

/// Whether a text may be a source's id: up to 64 letters, digits, `_` and `-`. What means everybody, all persons or a person elsewhere is none: a
/// source and a person of one id would have one account at the bank, and a source called as all persons are would share their sums.
pub fn is_source_id(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let begins_as_person = text.get(..OF_PERSONS.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(OF_PERSONS));
    let means_many = [super::stop::ALL, ALL_PERSONS].iter().any(|name| text.eq_ignore_ascii_case(name));
    let means_other = means_many || begins_as_person;
    let is_written_so = (1..=ID_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(is_allowed);
    is_written_so && !fault!(SourceNamedAsPerson, false, means_other)
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub id: String,
    pub version: u64,
    /// Legal name, as NACHA's receiver name of the debit.
    pub name: String,
    pub account: ExternalAccount,
    /// Counts the accounts that it has had: an approver accepts another one in place of this one, and of no other.
    #[serde(default = "first_account")]
    pub account_version: u64,
    /// The source's own account at the bank, opened before its first funding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// Who paused it last, and what they said. It is about `pause` while that is an operator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_word: Option<PauseWord>,
    /// A debit came back with a code that forbids another one: it stands beside any other pause, and a person lifts it with a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barred: Option<Pause>,
    /// A funding came back after it was available and the books still show a receivable: no release until it is settled.
    #[serde(default)]
    pub receivable_open: bool,
    /// What corrections of the books have added to its `funds` that no funding of a batch brought, less what they used up of that. No batch
    /// pays with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside_batches: Option<Cents>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A payer's bank account outside, that fundings are pulled from. `Debug` shows the last four.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalAccount {
    pub routing_number: String,
    /// Sealed under the key of the item that holds it.
    pub sealed_account: String,
    pub account_last4: String,
    /// Keyed hash of routing and account number: a changed account has another.
    pub fingerprint: String,
}

impl std::fmt::Debug for ExternalAccount {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ExternalAccount(…{})", self.account_last4)
    }
}

/// Why nothing leaves a payer at the moment, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Pause {
    pub reason: PauseReason,
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// It ends by itself then; without one an operator resumes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// An operator's word about the pause that they made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PauseWord {
    pub by: String,
    /// Absent where they said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    Operator,
    /// The bank refused for a reason of ours, with this code or status.
    Bank(String),
    /// This reconciliation found a difference that nothing explains.
    Difference(String),
    /// A debit came back with this return code, which forbids another one.
    ReturnCode(ReturnCode),
}

impl Pause {
    pub fn is_on(&self, business_now: Timestamp) -> bool {
        self.until.is_none_or(|until| business_now < until)
    }
}

/// Why a source is not resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceRefusal {
    #[error(
        "a debit of this source came back with a code that forbids another one: resume it with a reason of 1 to 500 characters"
    )]
    ReasonWanted,
}

/// Of sources that were stored before accounts were counted.
const fn first_account() -> u64 {
    1
}

impl Source {
    pub fn is_paused(&self, business_now: Timestamp) -> bool {
        self.standing_pause(business_now).is_some()
    }

    /// Why nothing leaves it now. What only a person with a reason lifts comes first.
    pub fn standing_pause(&self, business_now: Timestamp) -> Option<&Pause> {
        let barred = fault!(ReturnedSourceDebited, None, self.barred.as_ref());
        barred.or_else(|| self.pause.as_ref().filter(|pause| pause.is_on(business_now)))
    }

    /// What an operator said about the pause that holds now, if it is an operator's.
    pub fn standing_word(&self, business_now: Timestamp) -> Option<&PauseWord> {
        let is_operators = |pause: &&Pause| pause.reason == PauseReason::Operator;
        self.standing_pause(business_now).filter(is_operators).and(self.pause_word.as_ref())
    }

    /// Puts another account in the place of the present one, as an approver accepted it.
    pub fn replace_account(&mut self, account: ExternalAccount, now: Timestamp) {
        self.account = account;
        self.account_version = self.account_version.saturating_add(1);
        self.updated_at = now;
    }

    /// Heeds the return code of a debit. Answers whether it bars the source from now on.
    pub fn apply_return_code(&mut self, code: ReturnCode, now: Timestamp) -> bool {
        if !bars(code) {
            return false;
        }
        let is_new = self.barred.is_none();
        self.barred.get_or_insert(Pause { reason: PauseReason::ReturnCode(code), since: now, until: None });
        is_new
    }
}

/// Whether a debit that came back with this code must not be followed by another one until a person has looked: whatever else than
/// missing money it says (account closed or unknown, stopped, not authorized, frozen), a company's next debit would say it again. A code
/// that the table does not know bars too.
fn bars(code: ReturnCode) -> bool {
    match code.retry_rule() {
        RetryRule::Same => false,
        RetryRule::FixFirst | RetryRule::NewAuthorization | RetryRule::Never => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_return_but_for_want_of_money_bars_the_next_debit() {
        for code in ["R01", "R09"] {
            assert!(!bars(code.parse().unwrap()), "{code}");
        }
        for code in
            ["R02", "R03", "R04", "R05", "R07", "R08", "R10", "R11", "R13", "R14", "R16", "R20", "R29", "R51", "R99"]
        {
            assert!(bars(code.parse().unwrap()), "{code}");
        }
    }
}
