//! What one reading of an item found, and what it makes of the item's cards and bank accounts.

use jiff::{SignedDuration, Timestamp};

use crate::adapters::sealing::SealingError;
use crate::domain::aba::RoutingNumber;
use crate::domain::autopay::bank_account::{BankAccount, BankReading, UnusableReason};
use crate::domain::autopay::card::{Card, CardReading, LastPayment, PostedPayment, posted_after};
use crate::domain::autopay::freshness::Age;
use crate::domain::autopay::identity::{AccountFacts, IdentityParts, card_parts, described_parts, duplicates};
use crate::domain::autopay::ids::{BankAccountId, CardId};
use crate::domain::autopay::item::Item;
use crate::domain::autopay::setup::Setup;
use crate::domain::bank::limits::EntryAccountNumber;
use crate::domain::bank::request::AccountType;
use crate::domain::calendar::eastern_date;
use crate::domain::money::Cents;
use crate::domain::plaid::account::{AccountKind, PlaidAccount};
use crate::domain::plaid::auth::AchNumbers;
use crate::domain::plaid::item::{ItemStatus, PlaidItem};
use crate::domain::plaid::liability::CardLiability;
use crate::domain::plaid::transaction::{PlaidTransaction, TransactionChanges};
use crate::domain::source::ExternalAccount;
use crate::operations::OperationError;
use crate::operations::system::Vault;
use crate::ports::random::Random;
use crate::store::keys;

/// A balance of which Plaid does not say when the institution gave it may be this old: it asks about once a day.
const CACHED_HOURS: i64 = 24;

const CARD_PAYMENT: &str = "LOAN_PAYMENTS_CREDIT_CARD_PAYMENT";

/// Everything that was read of an item, before anything of it is written.
pub(super) struct Found {
    /// When it was asked for.
    pub at: Timestamp,
    pub item: PlaidItem,
    pub status: ItemStatus,
    pub accounts: Vec<PlaidAccount>,
    pub liabilities: Vec<CardLiability>,
    pub transactions: TransactionChanges,
    /// Empty where they were not asked for.
    pub numbers: Vec<AchNumbers>,
}

/// What the keys of the deployment are needed for.
pub(super) struct Keys<'a> {
    pub vault: &'a Vault,
    pub random: &'a dyn Random,
}

pub(super) fn is_card(account: &PlaidAccount) -> bool {
    account.kind == AccountKind::Credit
}

/// The type of a bank account that can be debited; nothing for other accounts.
pub(super) fn bank_account_type(account: &PlaidAccount) -> Option<AccountType> {
    match (&account.kind, account.subtype.as_deref()) {
        (AccountKind::Depository, Some("checking")) => Some(AccountType::Checking),
        (AccountKind::Depository, Some("savings")) => Some(AccountType::Savings),
        (AccountKind::Depository, _)
        | (
            AccountKind::Credit
            | AccountKind::Loan
            | AccountKind::Investment
            | AccountKind::Other
            | AccountKind::Unknown(_),
            _,
        ) => None,
    }
}

impl Found {
    fn age(&self, account: &PlaidAccount) -> Age {
        let updated_at = account.balances.last_updated_datetime.or(self.status.transactions_updated_at);
        Age { read_at: self.at, updated_at }
    }

    /// Of a bank account nothing is fresh that was not asked for at the bank.
    fn bank_reading(&self, account: &PlaidAccount) -> BankReading {
        let cached = self.at.checked_sub(SignedDuration::from_hours(CACHED_HOURS)).ok();
        let age = self.age(account);
        bank_reading(account, Age { updated_at: age.updated_at.or(cached), ..age })
    }

    pub(super) fn institution_id(&self, item: &Item) -> String {
        self.item.institution_id.clone().unwrap_or_else(|| item.institution_id.clone())
    }

    /// What a card's id is made of where it is new.
    pub(super) fn identity(&self, item: &Item, card: &FoundCard<'_>) -> IdentityParts {
        card_parts(item.person_id, &self.facts(&self.institution_id(item), card.account))
    }

    /// What a card looks like.
    pub(super) fn described(&self, item: &Item, card: &FoundCard<'_>) -> IdentityParts {
        described_parts(item.person_id, &self.facts(&self.institution_id(item), card.account))
    }

    fn facts<'a>(&self, institution_id: &'a str, account: &'a PlaidAccount) -> AccountFacts<'a> {
        let kind = match &account.kind {
            AccountKind::Credit => "credit",
            AccountKind::Depository => "depository",
            AccountKind::Loan => "loan",
            AccountKind::Investment => "investment",
            AccountKind::Other => "other",
            AccountKind::Unknown(kind) => kind,
        };
        AccountFacts {
            institution_id,
            kind,
            subtype: account.subtype.as_deref(),
            mask: account.mask.as_deref(),
            name: &account.name,
            official_name: account.official_name.as_deref(),
            persistent_account_id: account.persistent_account_id.as_deref(),
        }
    }

    /// The item's cards, with whether another account of the item has the same identity.
    pub(super) fn cards(&self, item: &Item) -> Vec<FoundCard<'_>> {
        let accounts = self.accounts.iter().filter(|account| is_card(account));
        let found: Vec<_> = accounts.map(|account| FoundCard { account, has_duplicate: false }).collect();
        let duplicates = duplicates(found.iter().map(|card| (card.account_id(), self.identity(item, card))));
        let has_duplicate = |card: &FoundCard<'_>| duplicates.contains(&card.account_id());
        found.iter().map(|card| FoundCard { has_duplicate: has_duplicate(card), ..*card }).collect()
    }

    /// The card's reading, given what of its payments is known.
    fn card_reading(&self, account: &PlaidAccount, known: &[PostedPayment]) -> CardReading {
        let liability = self.liabilities.iter().find(|liability| liability.account_id == account.account_id);
        let amount = liability.and_then(|liability| liability.last_payment_amount);
        let on = liability.and_then(|liability| liability.last_payment_on);
        CardReading {
            age: self.age(account),
            currency: account.balances.iso_currency_code.clone(),
            balance: account.balances.current,
            limit: account.balances.limit,
            statement_balance: liability.and_then(|liability| liability.last_statement_balance),
            statement_issued_on: liability.and_then(|liability| liability.last_statement_on),
            minimum_payment: liability.and_then(|liability| liability.minimum_payment),
            due_on: liability.and_then(|liability| liability.next_payment_due_on),
            is_overdue: liability.and_then(|liability| liability.is_overdue),
            last_payment: amount.zip(on).map(|(amount, on)| LastPayment { amount, on }),
            posted: self.posted(&account.account_id, known),
            is_gone: false,
        }
    }

    fn posted(&self, account_id: &str, known: &[PostedPayment]) -> Vec<PostedPayment> {
        let changes = &self.transactions;
        let known = if changes.from_the_beginning { &[] } else { known };
        let of_card = changes.added.iter().chain(&changes.modified).filter(|change| change.account_id == account_id);
        let (payments, others): (Vec<_>, Vec<_>) = of_card.partition(|transaction| is_payment(transaction));
        let gone = changes.removed.iter().map(|removed| removed.transaction_id.clone());
        let gone = gone.chain(others.into_iter().map(|other| other.transaction_id.clone()));
        let posted = payments.into_iter().filter_map(posted_payment).collect();
        posted_after(known, posted, &gone.collect::<Vec<_>>(), eastern_date(self.at))
    }
}

/// A posted payment to the card. Where Plaid has no guess at what it was for, every credit counts.
fn is_payment(transaction: &PlaidTransaction) -> bool {
    let category = transaction.personal_finance_category.as_ref();
    let fits = category.is_none_or(|category| category.detailed == CARD_PAYMENT || category.primary == "TRANSFER_IN");
    transaction.amount < Cents::ZERO && !transaction.pending && fits
}

fn posted_payment(transaction: &PlaidTransaction) -> Option<PostedPayment> {
    let amount = Cents::ZERO.minus(transaction.amount).ok()?;
    Some(PostedPayment {
        transaction_id: transaction.transaction_id.clone(),
        amount,
        on: transaction.date,
        check_number: transaction.check_number.clone().filter(|number| !number.trim().is_empty()),
    })
}

pub(super) fn bank_reading(account: &PlaidAccount, age: Age) -> BankReading {
    BankReading {
        age,
        currency: account.balances.iso_currency_code.clone(),
        available: account.balances.available,
        current: account.balances.current,
    }
}

/// A card among an item's accounts.
#[derive(Clone, Copy)]
pub(super) struct FoundCard<'a> {
    account: &'a PlaidAccount,
    has_duplicate: bool,
}

impl<'a> FoundCard<'a> {
    pub(super) fn account_id(&self) -> &'a str {
        &self.account.account_id
    }

    pub(super) fn persistent_account_id(&self) -> Option<&'a str> {
        self.account.persistent_account_id.as_deref()
    }

    /// A card that was never read before. One that looks like another is reviewed, so that its person is asked.
    pub(super) fn first(&self, id: CardId, looks_like: Option<CardId>, item: &Item, found: &Found) -> Card {
        Card {
            id,
            version: 1,
            person_id: item.person_id,
            item_id: item.id.clone(),
            account_id: self.account.account_id.clone(),
            institution_id: found.institution_id(item),
            institution_name: item.institution_name.clone(),
            name: self.account.name.clone(),
            mask: self.account.mask.clone(),
            has_duplicate: self.has_duplicate,
            real_accounts: Vec::new(),
            numbers: Default::default(),
            looks_like,
            same_as: None,
            joined: None,
            reading: Some(found.card_reading(self.account, &[])),
            setup: Setup::default(),
            authorization: None,
            agreed_account: None,
            payments: Vec::new(),
            announced: None,
            last_decision: None,
            due_at: looks_like.map(|_| found.at),
            created_at: found.at,
            updated_at: found.at,
        }
    }

    /// Takes over what was read. By a new link it has new ids, and its transactions too.
    pub(super) fn update(&self, card: &mut Card, item: &Item, found: &Found) {
        let is_same_link = card.item_id == item.id && card.account_id == self.account.account_id;
        let posted = card.reading.as_ref().map(|reading| reading.posted.clone()).filter(|_| is_same_link);
        let reading = found.card_reading(self.account, &posted.unwrap_or_default());
        card.item_id.clone_from(&item.id);
        card.account_id.clone_from(&self.account.account_id);
        card.name.clone_from(&self.account.name);
        card.mask.clone_from(&self.account.mask);
        card.has_duplicate = self.has_duplicate;
        card.take(reading, eastern_date(found.at));
        card.updated_at = found.at;
        if card.authorization.is_some() {
            card.due_at = Some(found.at);
        }
    }
}

/// The card's account is no longer among the item's.
pub(super) fn mark_gone(card: &mut Card, at: Timestamp) {
    if let Some(reading) = card.reading.as_mut()
        && !reading.is_gone
    {
        reading.is_gone = true;
        card.updated_at = at;
        card.due_at = Some(at);
    }
}

/// A bank account among an item's accounts.
pub(super) struct FoundBankAccount<'a> {
    pub account: &'a PlaidAccount,
    pub account_type: AccountType,
    pub numbers: Option<&'a AchNumbers>,
}

impl FoundBankAccount<'_> {
    fn sealed(&self, id: BankAccountId, keys: &Keys<'_>) -> Result<Option<ExternalAccount>, SealingError> {
        // What no entry could carry is no account to pull from.
        let Some(numbers) = self.numbers.filter(|numbers| can_be_debited(numbers)) else { return Ok(None) };
        let number = numbers.account_number.expose();
        let sealed = keys.vault.sealing.seal(number, &keys::bank_account(id).pk, keys.random)?;
        let fingerprint = keys.vault.fingerprints.fingerprint(&[&numbers.routing_number, number]);
        Ok(Some(ExternalAccount {
            routing_number: numbers.routing_number.clone(),
            sealed_account: sealed.as_str().to_owned(),
            account_last4: numbers.account_number.last_four().to_owned(),
            fingerprint: fingerprint.as_str().to_owned(),
        }))
    }

    /// A bank account that was never read before, if its numbers are known.
    pub(super) fn first(
        &self,
        id: BankAccountId,
        item: &Item,
        found: &Found,
        keys: &Keys<'_>,
    ) -> Result<Option<BankAccount>, OperationError> {
        let Some(account) = self.sealed(id, keys)? else { return Ok(None) };
        Ok(Some(BankAccount {
            id,
            version: 1,
            person_id: item.person_id,
            item_id: item.id.clone(),
            account_id: self.account.account_id.clone(),
            institution_id: found.institution_id(item),
            name: self.account.name.clone(),
            account,
            account_type: self.account_type,
            reading: Some(found.bank_reading(self.account)),
            open_debits: Vec::new(),
            proven_at: None,
            proven_numbers: Default::default(),
            unusable: None,
            real_accounts: Vec::new(),
            permission_ended_at: None,
            created_at: found.at,
            updated_at: found.at,
        }))
    }

    /// Takes over what was read. Numbers read anew make it usable again; a return code of the bank's stays until the numbers are others.
    pub(super) fn update(
        &self,
        known: &mut BankAccount,
        item: &Item,
        found: &Found,
        keys: &Keys<'_>,
    ) -> Result<(), SealingError> {
        known.item_id.clone_from(&item.id);
        known.account_id.clone_from(&self.account.account_id);
        known.name.clone_from(&self.account.name);
        // Another type is another agreement, as another number is.
        known.account_type = self.account_type;
        known.take(found.bank_reading(self.account));
        known.updated_at = found.at;
        let fresh = self.sealed(known.id, keys)?;
        let has_other_numbers = fresh.as_ref().is_some_and(|fresh| fresh.fingerprint != known.account.fingerprint);
        if has_other_numbers {
            // Another number is a new link: nothing has been proven of it, unless a correction had debits go there before.
            known.proven_at = fresh.as_ref().and_then(|fresh| known.proven_numbers.get(&fresh.fingerprint).copied());
        }
        let has_numbers = fresh.is_some();
        if let Some(fresh) = fresh {
            known.account = fresh;
        }
        known.unusable = known.unusable.filter(|unusable| match unusable.reason {
            UnusableReason::Returned(_) => !has_other_numbers,
            UnusableReason::Withdrawn | UnusableReason::NumbersChanged => !has_numbers,
        });
        Ok(())
    }
}

fn can_be_debited(numbers: &AchNumbers) -> bool {
    let is_account = EntryAccountNumber::check(numbers.account_number.expose()).is_ok();
    let can_be = is_account && numbers.routing_number.parse::<RoutingNumber>().is_ok();
    if !can_be {
        tracing::error!("Plaid gave the numbers of a bank account that no entry can carry");
    }
    can_be
}

/// The bank account is no longer among the item's.
pub(super) fn mark_withdrawn(account: &mut BankAccount, at: Timestamp) -> bool {
    let is_news = account.stop_using(UnusableReason::Withdrawn, at);
    if is_news {
        account.updated_at = at;
    }
    is_news
}
