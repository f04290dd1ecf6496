//! Accounts at the other end by their whole numbers: what each is known by, and where the bank's corrections lead from it.
//!
//! Guarantees: two spellings of one number are one account. What a release of before kept under a number as it was typed is found under
//! that too; what is written is written under the number without its spelling.

use crate::adapters::sealing::{Fingerprint, SealedText, SealingError};
use crate::domain::bank::limits::EntryAccountNumber;
use crate::domain::bank::request::{AccountType, EntryClass};
use crate::domain::external_account::{Step, account_key, is_circle, last_step};
use crate::domain::funding::CorrectedAccount;
use crate::domain::ids::{FundingId, ItemId, PaymentId};
use crate::domain::leg::SentCorrected;
use crate::domain::payment::AccountPayee;
use crate::domain::secret::{self, AccountNumber};
use crate::operations::system::Vault;
use crate::operations::{OperationError, System};
use crate::store::counterparty::{self, Correction, KnownCounterparty};
use crate::store::keys;

/// Corrections that are followed from one account, at most.
const STEPS_MAX: usize = 32;

/// How an account number ends, however it is spelled.
pub(crate) fn ending(number: &str) -> String {
    secret::last_four(&EntryAccountNumber::normalized(number)).to_owned()
}

impl Vault {
    /// Stands for an account, however its number is spelled.
    pub(crate) fn account(&self, routing_number: &str, number: &str) -> Fingerprint {
        let spelled = fault!(SpellingEvadesCorrection, number.into(), EntryAccountNumber::normalized(number));
        self.fingerprints.fingerprint(&[routing_number, &spelled])
    }
}

/// An account with its whole number.
#[derive(Clone)]
pub(crate) struct Numbers {
    pub routing_number: String,
    pub account_number: AccountNumber,
    pub account_type: AccountType,
}

impl Numbers {
    /// Opens a number that is sealed for one of these partitions, the likeliest first.
    pub(crate) async fn open(
        system: &System,
        routing_number: &str,
        account_type: AccountType,
        sealed: &str,
        sealed_under: &[String],
    ) -> Result<Self, OperationError> {
        let vault = system.vault().await?;
        let sealed = SealedText::from(sealed.to_owned());
        let mut opened = Err(SealingError::Malformed);
        for bound_to in sealed_under {
            opened = vault.sealing.open(&sealed, bound_to);
            if opened.is_ok() {
                break;
            }
        }
        let number = opened?;
        fault!(AccountNumberLogged, tracing::info!(account = number.expose(), "an account is named"));
        let account_number = AccountNumber::new(number.expose());
        Ok(Self { routing_number: routing_number.to_owned(), account_number, account_type })
    }

    pub(crate) fn fingerprint(&self, vault: &Vault) -> Fingerprint {
        vault.account(&self.routing_number, self.account_number.expose())
    }

    /// What the account is known by.
    pub(crate) fn key(&self, vault: &Vault) -> String {
        account_key(self.fingerprint(vault).as_str(), self.account_type)
    }

    /// What something may be kept by that is known of the account: what it is known by, as its item pinned it, and as it was typed.
    pub(crate) fn names(&self, vault: &Vault, pinned: &str) -> Vec<String> {
        let mut names = vec![self.key(vault)];
        let typed = vault.fingerprints.fingerprint(&[&self.routing_number, self.account_number.expose()]);
        for name in [pinned.to_owned(), account_key(typed.as_str(), self.account_type)] {
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// What is known of an account, and the name that it is kept by: what holds a correction goes before what holds none.
pub(crate) async fn kept(
    system: &System,
    names: &[String],
) -> Result<Option<(String, KnownCounterparty)>, OperationError> {
    let mut first = None;
    for name in names {
        let Some(known) = counterparty::find(&*system.table, name).await? else { continue };
        if known.correction.is_some() {
            return Ok(Some((name.clone(), known)));
        }
        first = first.or_else(|| Some((name.clone(), known)));
    }
    Ok(first)
}

/// The account that a correction leads to from one; `name` is what the correction is kept by.
pub(crate) async fn led_to(
    system: &System,
    from: &Numbers,
    name: &str,
    correction: &Correction,
) -> Result<Numbers, OperationError> {
    let account_number = match &correction.sealed_account {
        Some(sealed) => {
            let vault = system.vault().await?;
            let number = vault.sealing.open(&SealedText::from(sealed.clone()), &keys::counterparty(name).pk)?;
            AccountNumber::new(number.expose())
        }
        None => from.account_number.clone(),
    };
    Ok(Numbers {
        routing_number: correction.routing_number.clone().unwrap_or_else(|| from.routing_number.clone()),
        account_number,
        account_type: fault!(
            CorrectedTypeIgnored,
            from.account_type,
            correction.account_type.unwrap_or(from.account_type)
        ),
    })
}

/// The account that a transfer to this one goes to instead, where the bank has corrected it.
pub(crate) async fn instead_of(
    system: &System,
    account: &Numbers,
    pinned: &str,
) -> Result<Option<Numbers>, OperationError> {
    let (last, kept) = named_last(system, account.clone(), pinned).await?;
    match kept.and_then(|(name, known)| Some((name, known.correction?))) {
        Some((name, correction)) => led_to(system, &last, &name, &correction).await.map(Some),
        None => Ok(None),
    }
}

/// The account under which a transfer to `start` is sent, `start` or the last one of its chain that was corrected, and what is kept of it.
pub(crate) async fn named_last(
    system: &System,
    start: Numbers,
    pinned: &str,
) -> Result<(Numbers, Option<(String, KnownCounterparty)>), OperationError> {
    let mut chain = Chain::from(system, start.clone(), pinned).await?;
    Ok(match chain.last() {
        Some(at) => {
            let Link { from, name, known } = chain.links.swap_remove(at);
            (from, Some((name, known)))
        }
        None => (start, chain.uncorrected),
    })
}

/// Where the corrections of an account lead.
pub(crate) struct Led {
    pub to: Numbers,
    /// What the accounts of the chain that were corrected may be kept by, the first one first.
    pub corrected: Vec<Vec<String>>,
    /// The place among these of the one whose correction leads there.
    pub last: usize,
}

/// Where money for `start` goes, of which nothing but its numbers is known. `is_corrected` says by an account's names whether a correction of
/// it may be in use: no other account is looked up.
pub(crate) async fn leads(
    system: &System,
    start: Numbers,
    is_corrected: &(dyn Fn(&[String]) -> bool + Sync),
) -> Result<Option<Led>, OperationError> {
    let most = fault!(FirstStepShownAlone, 1, STEPS_MAX);
    let chain = Chain::among(system, start, "", most, is_corrected).await?;
    let Some(last) = chain.last() else { return Ok(None) };
    let Some(Link { from, name, known: KnownCounterparty { correction: Some(correction), .. } }) =
        chain.links.get(last)
    else {
        return Ok(None);
    };
    let to = led_to(system, from, name, correction).await?;
    let vault = system.vault().await?;
    let corrected = chain.links.iter().map(|link| link.from.names(&vault, &link.name)).collect();
    Ok(Some(Led { to, corrected, last }))
}

/// An account of a chain from which a correction leads on, and what is kept of it.
struct Link {
    from: Numbers,
    name: String,
    known: KnownCounterparty,
}

/// The corrections that lead on from one account, one after another.
struct Chain {
    steps: Vec<Step>,
    /// One for each step.
    links: Vec<Link>,
    /// What is kept of the account that it begins with, where no correction of that is in use.
    uncorrected: Option<(String, KnownCounterparty)>,
}

impl Chain {
    async fn from(system: &System, start: Numbers, pinned: &str) -> Result<Self, OperationError> {
        let most = fault!(ChainNotFollowed, 1, STEPS_MAX);
        Self::among(system, start, pinned, most, &|_| true).await
    }

    /// At most so many steps, of accounts that by their names may be corrected.
    async fn among(
        system: &System,
        start: Numbers,
        pinned: &str,
        most: usize,
        may_be_corrected: &(dyn Fn(&[String]) -> bool + Sync),
    ) -> Result<Self, OperationError> {
        let vault = system.vault().await?;
        let mut chain = Self { steps: Vec::new(), links: Vec::new(), uncorrected: None };
        let (mut from, mut pinned) = (start, pinned.to_owned());
        while chain.steps.len() < most {
            let names = from.names(&vault, &pinned);
            if !may_be_corrected(&names) {
                break;
            }
            let Some((name, known)) = kept(system, &names).await? else { break };
            let Some(correction) = &known.correction else {
                chain.uncorrected = Some((name, known)).filter(|_| chain.links.is_empty());
                break;
            };
            let to = led_to(system, &from, &name, correction).await?;
            pinned = to.key(&vault);
            chain.steps.push(Step { from: from.key(&vault), to: pinned.clone(), said: correction.of });
            chain.links.push(Link { from, name, known });
            if is_circle(&chain.steps) {
                break;
            }
            from = to;
        }
        Ok(chain)
    }

    /// The step that leads to where money goes.
    fn last(&self) -> Option<usize> {
        last_step(&self.steps).filter(|at| *at < self.links.len())
    }
}

/// Whether it is money that a source gives or gets back.
pub(crate) const fn is_of_source(id: ItemId) -> bool {
    matches!(id, ItemId::Funding(FundingId::Round { .. }) | ItemId::Payment(PaymentId::Refund { .. }))
}

/// The account of which the correction was said that leads to where money for `start` goes, and the code of what led to that account.
/// Nothing where `start` has no correction in use.
async fn last_corrected(
    system: &System,
    start: Numbers,
    pinned: &str,
) -> Result<Option<(Numbers, Option<String>)>, OperationError> {
    let mut chain = Chain::from(system, start, pinned).await?;
    let Some(at) = chain.last() else { return Ok(None) };
    let before = at.checked_sub(1).and_then(|before| chain.links.get(before));
    let led_here = before.and_then(|link| Some(link.known.correction.as_ref()?.change_code.clone()));
    Ok(Some((chain.links.swap_remove(at).from, led_here)))
}

/// The account at the other end as it was pinned when the item was made, and what its holder sees of the entry.
#[derive(Clone)]
pub(crate) struct ExternalAccountDetails {
    pub routing_number: String,
    pub sealed_account: String,
    /// The partitions of the items that the number may be sealed for, the likeliest first.
    pub sealed_under: Vec<String>,
    pub account_type: AccountType,
    /// What the bank's counterparty and its corrections are found by.
    pub account: String,
    pub name: String,
    pub entry_class: EntryClass,
    pub entry_description: String,
    /// Of money that goes back to where a correction had it pulled from.
    pub corrected: Option<SentCorrected>,
}

impl ExternalAccountDetails {
    /// The account of a payee. A refund whose money came from a corrected account goes there, or to where the corrections lead that were
    /// said of that very account.
    pub(crate) async fn of_payee(
        system: &System,
        payee: &AccountPayee,
        sealed_under: Vec<String>,
    ) -> Result<Self, OperationError> {
        let named = Self {
            routing_number: payee.routing_number.clone(),
            sealed_account: payee.sealed_account.clone(),
            sealed_under,
            account_type: payee.account_type,
            account: payee.fingerprint.clone(),
            name: payee.name.clone(),
            entry_class: payee.entry_class,
            entry_description: payee.entry_description.clone(),
            corrected: None,
        };
        match &payee.came_from {
            Some(came_from) => named.given_back(system, came_from).await,
            None => Ok(named),
        }
    }

    /// Where money goes back to that a correction had pulled from another account than the one named.
    async fn given_back(self, system: &System, came_from: &CorrectedAccount) -> Result<Self, OperationError> {
        let account = &came_from.account;
        let back = Self {
            routing_number: account.routing_number.clone(),
            sealed_account: account.sealed_account.clone(),
            account_type: came_from.account_type,
            account: came_from.key(),
            corrected: Some(SentCorrected {
                change_code: came_from.change_code.clone(),
                account_last4: account.account_last4.clone(),
                account: came_from.key(),
            }),
            ..self.clone()
        };
        let start = back.numbers(system).await?;
        if let Some((last, change_code)) = last_corrected(system, start, &back.account).await? {
            return back.moved_on(system, &last, change_code).await;
        }
        // A release of before kept a correction with the account that was named alone.
        let known = kept(system, &self.names(system).await?).await?;
        let said_of = known.and_then(|(_, known)| known.correction?.said_of);
        Ok(if said_of == Some(came_from.key()) { self } else { back })
    }

    /// The same entry about another account of the chain.
    async fn moved_on(
        self,
        system: &System,
        to: &Numbers,
        change_code: Option<String>,
    ) -> Result<Self, OperationError> {
        let (vault, number) = (system.vault().await?, to.account_number.expose());
        let Some(bound_to) = self.sealed_under.first() else { return Ok(self) };
        let sealed_account = vault.sealing.seal(number, bound_to, &*system.random)?.as_str().to_owned();
        let key = to.key(&vault);
        let corrected = self.corrected.map(|sent| SentCorrected {
            change_code: change_code.unwrap_or(sent.change_code),
            account_last4: ending(number),
            account: key.clone(),
        });
        Ok(Self {
            routing_number: to.routing_number.clone(),
            sealed_account,
            account_type: to.account_type,
            account: key,
            corrected,
            ..self
        })
    }

    /// The account with its whole number, as it was pinned.
    pub(crate) async fn numbers(&self, system: &System) -> Result<Numbers, OperationError> {
        let Self { routing_number, account_type, sealed_account, sealed_under, .. } = self;
        Numbers::open(system, routing_number, *account_type, sealed_account, sealed_under).await
    }

    /// What something may be kept by that is known of the account.
    pub(crate) async fn names(&self, system: &System) -> Result<Vec<String>, OperationError> {
        let vault = system.vault().await?;
        Ok(self.numbers(system).await?.names(&vault, &self.account))
    }
}
