//! How everything stands: the items of the table, as they are now.

use serde::de::DeserializeOwned;
use shared::domain::autopay::bank_account::BankAccount;
use shared::domain::autopay::card::Card;
use shared::domain::autopay::item::Item;
use shared::domain::autopay::notice::Notice;
use shared::domain::autopay::person::Person;
use shared::domain::autopay::review::Review;
use shared::domain::funding::Funding;
use shared::domain::payment::{Payee, Payment};
use shared::ports::table::{Attributes, decode};

use super::Simulation;
use crate::error::Played;

#[derive(Debug)]
pub struct Standing {
    pub persons: Vec<Person>,
    /// Earliest first, as everything here.
    pub items: Vec<Item>,
    pub cards: Vec<Card>,
    pub bank_accounts: Vec<BankAccount>,
    pub reviews: Vec<Review>,
    /// Payments to issuers; what goes back to persons is in `refunds`.
    pub payments: Vec<Payment>,
    pub refunds: Vec<Payment>,
    pub fundings: Vec<Funding>,
    pub notices: Vec<Notice>,
}

impl Simulation {
    pub fn standing(&self) -> Played<Standing> {
        let dump = self.table.dump();
        let mut payments: Vec<Payment> = all(&dump, "PAYMENT#")?;
        payments.sort_by_key(|payment| payment.created_at);
        let (refunds, payments) = payments.into_iter().partition(|payment| matches!(payment.payee, Payee::Account(_)));
        let mut standing = Standing {
            persons: all(&dump, "PERSON#")?,
            items: all(&dump, "ITEM#")?,
            cards: all(&dump, "CARD#")?,
            bank_accounts: all(&dump, "BANK#")?,
            reviews: all(&dump, "REVIEW#")?,
            payments,
            refunds,
            fundings: all(&dump, "FUNDING#")?,
            notices: all(&dump, "NOTICE#")?,
        };
        standing.items.sort_by_key(|item| (item.created_at, item.institution_id.clone()));
        standing.cards.sort_by_key(|card| (card.created_at, card.name.clone()));
        standing.reviews.sort_by_key(|review| review.at);
        standing.fundings.sort_by_key(|funding| funding.created_at);
        standing.notices.sort_by_key(|notice| (notice.created_at, notice.kind.code()));
        Ok(standing)
    }
}

fn all<T: DeserializeOwned>(dump: &[Attributes], prefix: &str) -> Played<Vec<T>> {
    let is_one =
        |item: &&Attributes| item.get("pk").and_then(|pk| pk.as_str()).is_some_and(|pk| pk.starts_with(prefix));
    dump.iter().filter(is_one).map(|item| Ok(decode(item.clone())?)).collect()
}

impl Standing {
    /// The latest payment to an issuer, and what it was pulled with.
    pub fn payment(&self) -> Option<&Payment> {
        self.payments.last()
    }

    pub fn funding(&self) -> Option<&Funding> {
        let payment = self.payment()?;
        self.fundings.iter().find(|funding| funding.id == payment.funding_id())
    }

    pub fn card(&self) -> Option<&Card> {
        self.cards.first()
    }

    pub fn has_notice(&self, code: &str) -> bool {
        self.notices.iter().any(|notice| notice.kind.code() == code)
    }
}

impl std::fmt::Display for Standing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for item in &self.items {
            write!(formatter, "item {:?}; ", item.state)?;
        }
        for review in &self.reviews {
            write!(formatter, "review {} {} as of {:?}; ", review.at, review.code, review.figures.as_of)?;
        }
        for card in &self.cards {
            let last = card.last_decision.as_ref().map(|last| last.code.as_str());
            write!(formatter, "card {:?} {:?}; ", last, card.payments)?;
        }
        for payment in self.payments.iter().chain(&self.refunds) {
            let leg = &payment.leg;
            write!(
                formatter,
                "{} {} {:?}; ",
                payment.id,
                leg.state.as_str(),
                (&leg.bank_status, &leg.reason, &leg.attention)
            )?;
        }
        for funding in &self.fundings {
            let leg = &funding.leg;
            write!(
                formatter,
                "{} {} {:?}; ",
                funding.id,
                leg.state.as_str(),
                (&leg.bank_status, &leg.reason, &leg.attention)
            )?;
        }
        let notices: Vec<&str> = self.notices.iter().map(|notice| notice.kind.code()).collect();
        write!(formatter, "notices {notices:?}")
    }
}
