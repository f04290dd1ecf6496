//! The items of card autopay. Cards and bank accounts are written under the version they were read at, in one write with the payment that
//! changes both; reviews, authorisation records and notices are put if absent.

use jiff::Timestamp;

use super::keys;
use super::stored::Stored;
use crate::domain::autopay::authorisation::{AuthorisationRecord, AuthorisationStep};
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::card::Card;
use crate::domain::autopay::item::Item;
use crate::domain::autopay::notice::Notice;
use crate::domain::autopay::person::Person;
use crate::domain::autopay::plaid_event::PlaidEvent;
use crate::domain::autopay::review::Review;
use crate::ports::table::{Indexing, Key};

/// The provider's name in the inbox.
pub const PLAID: &str = "plaid";

fn indexed(key: &Key, due_at: Option<Timestamp>, lists: Option<(String, String)>) -> Indexing {
    Indexing { due: due_at.map(|at| keys::due(key, at)), lists, expires_at: None }
}

impl Stored for Person {
    fn key(&self) -> Key {
        keys::person(self.id)
    }

    fn indexing(&self) -> Indexing {
        indexed(&self.key(), self.due_at, Some((keys::LIST_PERSONS.to_owned(), self.id.to_string())))
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
        indexed(&self.key(), self.due_at, Some((keys::list_of_cards(self.person_id), self.id.to_string())))
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

impl Stored for Review {
    fn key(&self) -> Key {
        keys::review(self.card_id, self.at)
    }

    fn indexing(&self) -> Indexing {
        Indexing::default()
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for AuthorisationRecord {
    fn key(&self) -> Key {
        let step = match self.step {
            AuthorisationStep::Agreed => "AGREED",
            AuthorisationStep::Revoked => "REVOKED",
        };
        keys::authorisation(self.card_id, self.at, step)
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

impl Stored for PlaidEvent {
    fn key(&self) -> Key {
        keys::inbox(PLAID, &self.id)
    }

    fn indexing(&self) -> Indexing {
        indexed(&self.key(), Some(self.due_at), None)
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}
