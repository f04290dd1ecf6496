//! A person: the payer of their cards' bills, with a Column bank account of their own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::PersonId;
use crate::domain::ach::return_codes::ReturnCode;
use crate::domain::bank::body::RequestProblem;
use crate::domain::bank::limits::{CheckPayorName, ReceiverName};
use crate::domain::bank::mailing_address::MailingAddress;
use crate::domain::batch::Idempotent;
use crate::domain::money::Cents;
use crate::domain::source::{Pause, PauseReason};

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    pub version: u64,
    /// As it stands on debits and checks. Not for logs.
    pub name: String,
    /// Printed on their checks, where they gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<MailingAddress>,
    /// The person's own account at Column, opened before the first debit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column_bank_account_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// A debit came back after its money had left: no new payment until that is settled.
    #[serde(default)]
    pub receivable_open: bool,
    /// Since when they have owed something, or did last. Absent in what was written before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receivable_since: Option<Timestamp>,
    /// What corrections of the books have added to their `funds` that no funding brought, less what they used up of that. No payment is made
    /// with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside_payments: Option<Cents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debit_block: Option<DebitBlock>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The person that a subject of the token issuer is: put down once, whatever the key of ids is later.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectClaim {
    /// The SHA-256 of the subject, in hexadecimal digits: it is the claim's key, and shown to nobody.
    pub subject_sha256: String,
    pub person_id: PersonId,
    pub version: u64,
}

impl std::fmt::Debug for SubjectClaim {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SubjectClaim({})", self.person_id)
    }
}

/// A holder's name, as they type it: one that a debit can name and a check can be printed with.
#[derive(Clone, PartialEq, Eq)]
pub struct HolderName(String);

impl HolderName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for HolderName {
    type Error = RequestProblem;

    fn try_from(name: &str) -> Result<Self, RequestProblem> {
        let name = name.trim();
        if !name.chars().any(char::is_alphabetic) || name.chars().any(char::is_control) {
            return Err(RequestProblem::ReceiverName);
        }
        fault!(UnprintableHolderTaken, return Ok(Self(name.to_owned())));
        ReceiverName::try_from(name)?;
        CheckPayorName::of_person(name)?;
        Ok(Self(name.to_owned()))
    }
}

impl std::fmt::Debug for HolderName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("HolderName")
    }
}

/// Why no new debit may be made for a person until an operator clears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DebitBlock {
    /// The return that says that the debit was not authorized, or that the holder has died.
    #[schema(value_type = String)]
    pub return_code: ReturnCode,
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Person({})", self.id)
    }
}

impl Person {
    pub fn new(id: PersonId, name: String, now: Timestamp) -> Self {
        Self {
            id,
            version: 1,
            name,
            address: None,
            column_bank_account_id: None,
            pause: None,
            receivable_open: false,
            receivable_since: None,
            beside_payments: None,
            debit_block: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Stops every new debit. The first reason stays.
    pub fn block_debits(&mut self, return_code: ReturnCode, now: Timestamp) -> Idempotent {
        if self.debit_block.is_some() {
            return Idempotent::AlreadyApplied;
        }
        self.debit_block = Some(DebitBlock { return_code, since: now });
        self.updated_at = now;
        Idempotent::Executed
    }

    /// A debit came back after its money had left: they owe it.
    pub fn open_receivable(&mut self, now: Timestamp) {
        if !self.receivable_open {
            self.receivable_open = true;
            self.receivable_since = Some(now);
        }
    }

    /// A correction of the books says that they owe, as they had before where they did.
    pub fn reopen_receivable(&mut self, now: Timestamp) {
        self.receivable_open = true;
        self.receivable_since.get_or_insert(now);
    }

    /// Whether what came back then is still to be settled with them: they have been blocked, or have owed, since then or before.
    pub fn answers_for(&self, came_back_at: Timestamp) -> bool {
        let is_blocked = self.debit_block.is_some_and(|block| block.since <= came_back_at);
        let owes = self.receivable_open && self.receivable_since.is_some_and(|since| since <= came_back_at);
        is_blocked || fault!(DebtLeftBehind, false, owes)
    }

    /// An operator has looked into why debits are blocked, or into what differs. An open receivable stays: it ends when the money is
    /// there.
    pub fn clear_block(&mut self, now: Timestamp) -> Idempotent {
        let differs = |pause: &Pause| matches!(pause.reason, PauseReason::Difference(_));
        let was_paused = self.pause.take_if(|pause| differs(pause)).is_some();
        if self.debit_block.take().is_none() && !was_paused {
            return Idempotent::AlreadyApplied;
        }
        self.updated_at = now;
        Idempotent::Executed
    }

    pub fn is_paused(&self, business_now: Timestamp) -> bool {
        self.pause.as_ref().is_some_and(|pause| pause.is_on(business_now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_named_as_debit_and_check_can_name_them() {
        for name in ["Pat Example", " José Muñoz ", "Łukasz Wiśniewski", "X", &"x".repeat(40), "O'Neil-D’Arcy"] {
            assert_eq!(HolderName::try_from(name).map(|name| name.as_str().to_owned()), Ok(name.trim().to_owned()));
        }
        for name in ["", " ", "\u{a0}\u{200b}", "Pat\nExample", "李小龙", "-", "7", &"x".repeat(41), &"é".repeat(41)]
        {
            assert!(HolderName::try_from(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_block_keeps_its_first_reason_until_an_operator_clears_it() {
        let now: Timestamp = "2026-03-02T18:00:00Z".parse().unwrap();
        let mut person = Person::new(PersonId::of_subject("ann"), "Ann Example".to_owned(), now);
        assert_eq!(person.block_debits("R10".parse().unwrap(), now), Idempotent::Executed);
        assert_eq!(person.block_debits("R07".parse().unwrap(), now), Idempotent::AlreadyApplied);
        assert_eq!(person.debit_block.map(|block| block.return_code.to_string()).as_deref(), Some("R10"));
        assert_eq!(person.clear_block(now), Idempotent::Executed);
        assert_eq!(person.clear_block(now), Idempotent::AlreadyApplied);
    }

    #[test]
    fn a_pause_for_a_difference_is_cleared_and_a_pause_by_the_bank_ends_by_itself() {
        let now: Timestamp = "2026-03-02T18:00:00Z".parse().unwrap();
        let mut person = Person::new(PersonId::of_subject("ann"), "Ann Example".to_owned(), now);
        let pause = |reason| Some(Pause { reason, since: now, until: None });
        person.pause = pause(PauseReason::Difference("rec_1".to_owned()));
        assert_eq!((person.clear_block(now), person.is_paused(now)), (Idempotent::Executed, false));
        person.pause = pause(PauseReason::Bank("http_401".to_owned()));
        assert_eq!((person.clear_block(now), person.is_paused(now)), (Idempotent::AlreadyApplied, true));
    }

    #[test]
    fn what_came_back_is_answered_for_while_its_own_block_or_debt_stands() {
        let (before, now): (Timestamp, Timestamp) =
            ("2026-03-01T18:00:00Z".parse().unwrap(), "2026-03-02T18:00:00Z".parse().unwrap());
        let mut person = Person::new(PersonId::of_subject("ann"), "Ann Example".to_owned(), before);
        assert!(!person.answers_for(now));
        let _ = person.block_debits("R10".parse().unwrap(), now);
        assert_eq!(
            (person.answers_for(now), person.answers_for(before)),
            (true, false),
            "an earlier one was looked into"
        );
        let _ = person.clear_block(now);
        assert!(!person.answers_for(now));
        person.open_receivable(now);
        assert_eq!((person.answers_for(now), person.answers_for(before)), (true, false));
        person.receivable_open = false;
        assert!(!person.answers_for(now));
    }

    #[test]
    fn a_name_is_not_printed() {
        let now: Timestamp = "2026-03-02T18:00:00Z".parse().unwrap();
        let person = Person::new(PersonId::of_subject("ann"), "Ann Example".to_owned(), now);
        assert!(!format!("{person:?}").contains("Example"));
    }
}
