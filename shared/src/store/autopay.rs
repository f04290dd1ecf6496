//! The items of card autopay. Cards and bank accounts are written under the version they were read at, in one write with the payment that
//! changes both; reviews, authorization records and notices are put if absent.

use jiff::Timestamp;

use super::stored::Stored;
use super::{attention, keys};
use crate::domain::attention::Subject;
use crate::domain::autopay::authorization::{AuthorizationRecord, RecordedStep};
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::card::Card;
use crate::domain::autopay::item::Item;
use crate::domain::autopay::notice::Notice;
use crate::domain::autopay::person::Person;
use crate::domain::autopay::real_account::RealAccount;
use crate::domain::autopay::review::Review;
use crate::ports::table::{Indexing, Key};

fn indexed(key: &Key, due_at: Option<Timestamp>, lists: Option<(String, String)>) -> Indexing {
    Indexing { due: due_at.map(|at| keys::due(key, at)), lists, ..Indexing::default() }
}

impl Stored for Person {
    fn key(&self) -> Key {
        keys::person(self.id)
    }

    fn indexing(&self) -> Indexing {
        let attention = attention::place(Subject::Person(self), &self.key());
        let list = (keys::LIST_PERSONS.to_owned(), self.id.to_string());
        Indexing { attention, ..indexed(&self.key(), None, Some(list)) }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Item {
    fn key(&self) -> Key {
        keys::item(&self.id)
    }

    fn indexing(&self) -> Indexing {
        indexed(&self.key(), self.due_at, Some((keys::list_of_items(self.person_id), self.id.clone())))
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Card {
    fn key(&self) -> Key {
        keys::card(self.id)
    }

    fn indexing(&self) -> Indexing {
        // What the person said is another card is shown as that card alone.
        let list = (keys::list_of_cards(self.person_id), self.id.to_string());
        let attention = attention::place(Subject::Card(self), &self.key());
        Indexing { attention, ..indexed(&self.key(), self.due_at, Some(list).filter(|_| self.same_as.is_none())) }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for BankAccount {
    fn key(&self) -> Key {
        keys::bank_account(self.id)
    }

    fn indexing(&self) -> Indexing {
        indexed(&self.key(), None, Some((keys::list_of_bank_accounts(self.person_id), self.id.to_string())))
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for RealAccount {
    fn key(&self) -> Key {
        keys::real_account(&self.fingerprint)
    }

    fn indexing(&self) -> Indexing {
        Indexing::default()
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Review {
    fn key(&self) -> Key {
        keys::review(self.card_id, self.at, &self.code)
    }

    fn indexing(&self) -> Indexing {
        Indexing::default()
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for AuthorizationRecord {
    fn key(&self) -> Key {
        let step = match self.step {
            RecordedStep::Agreed => "AGREED",
            RecordedStep::Revoked => "REVOKED",
            RecordedStep::EndedByReturn => "ENDED_BY_RETURN",
        };
        keys::authorization(self.card_id, self.at, step)
    }

    /// Never cleaned away: the law asks for two years after the end (12 CFR 1005.13), which a record of the beginning does not know.
    fn indexing(&self) -> Indexing {
        Indexing::default()
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Notice {
    fn key(&self) -> Key {
        keys::notice(self.recipient, &self.kind.occasion())
    }

    fn indexing(&self) -> Indexing {
        indexed(&self.key(), self.due_at, None)
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::autopay::ids::PersonId;
    use crate::domain::autopay::notice::{NoticeKind, Recipient};
    use crate::domain::ids::BatchId;
    use crate::ports::table::{Change, Condition};
    use crate::store::stored::{create, replace};

    fn now() -> Timestamp {
        "2026-03-02T18:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_person_is_found_by_a_key_made_from_their_own_id_alone() {
        let mut person = Person::new(PersonId::of_subject("ann"), "Ann Example".to_owned(), now());
        assert_eq!(person.key(), Key::new(format!("PERSON#{}", PersonId::of_subject("ann")), "PERSON"));
        let Change::Put { condition, attributes, .. } = replace(&mut person).unwrap() else { panic!("a put") };
        assert_eq!((condition, person.version), (Condition::VersionIs(1), 2));
        assert_eq!(attributes.get("version").and_then(serde_json::Value::as_u64), Some(2));
    }

    #[test]
    fn a_notice_is_put_once_per_occasion_and_due_until_it_is_delivered() {
        let batch_id = BatchId::new(uuid::Uuid::from_u128(1));
        let kind = NoticeKind::BatchCompleted { batch_id, round: 1, paid: 5, failed: 0 };
        let mut notice = Notice::new(Recipient::PayrollAdmins, kind, now());
        let Change::Put { key, indexing, condition, .. } = create(&notice).unwrap() else { panic!("a put") };
        assert_eq!(key.pk, "NOTICE#payroll_admins");
        assert!(key.sk.starts_with("batch_completed#bat_"), "{}", key.sk);
        assert_eq!(condition, Condition::Absent);
        assert!(indexing.due.is_some());
        notice.due_at = None;
        assert!(notice.indexing().due.is_none());
    }
}
