//! One ACH transfer of one of our items: its request from what is stored, and what its outcome does to the payer.

use super::bank_object::BankObject;
use super::listener::Listener;
use super::payers::{self, Payer};
use super::send::{self, Prepared, Sent};
use super::{OperationError, System};
use crate::adapters::sealing::{SealedText, SealingError};
use crate::domain::aba::RoutingNumber;
use crate::domain::bank::body::{RequestProblem, TransferBody};
use crate::domain::bank::reach::BankIs;
use crate::domain::bank::request::{
    AccountType, AchTransferRequest, Counterparty, Direction, EntryClass, InlineCounterparty, Timing,
};
use crate::domain::deadline::Deadline;
use crate::domain::funding::CorrectedAccount;
use crate::domain::leg::SentCorrected;
use crate::domain::money::Cents;
use crate::domain::other_end::account_key;
use crate::domain::payment::AccountPayee;
use crate::domain::secret;
use crate::domain::source::ExternalAccount;
use crate::ports::table::Key;
use crate::store::counterparty::{self, KnownCounterparty};
use crate::store::keys;

/// The account at the other end as it was pinned when the item was made, and what its holder sees of the entry.
#[derive(Clone)]
pub(crate) struct OtherEnd {
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

impl OtherEnd {
    /// The account of a payee. A refund whose money came from a corrected account goes there, unless what is in use now was said of that
    /// very account.
    pub(crate) async fn of_payee(
        system: &System,
        payee: &AccountPayee,
        sealed_under: Vec<String>,
    ) -> Result<Self, OperationError> {
        let mut other_end = Self {
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
        if let Some(came_from) = &payee.came_from {
            let known = counterparty::find(&*system.table, &payee.fingerprint).await?;
            let in_use = known.and_then(|known| known.correction);
            let said_of = in_use.and_then(|correction| correction.said_of);
            if said_of != Some(came_from.key()) {
                other_end.routing_number.clone_from(&came_from.account.routing_number);
                other_end.sealed_account.clone_from(&came_from.account.sealed_account);
                other_end.account_type = came_from.account_type;
                other_end.account = came_from.key();
                other_end.corrected = Some(SentCorrected {
                    change_code: came_from.change_code.clone(),
                    account_last4: came_from.account.account_last4.clone(),
                    account: came_from.key(),
                });
            }
        }
        Ok(other_end)
    }
}

impl OtherEnd {
    /// What the bank has corrected about the account, as a send would use it now. Nothing where no request could carry it.
    pub(crate) async fn corrected_now(&self, system: &System) -> Result<Option<SentCorrected>, OperationError> {
        match named_to_bank(system, self).await {
            Ok(named) => Ok(named.corrected),
            Err(OperationError::Unsendable(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

/// Sends an item, remembers the bank's name for the account that was in the request, and lets the payer rest where the bank refuses us.
pub(crate) async fn send<T: Listener, P: Payer>(
    system: &System,
    mut item: T,
    payer: &P,
    other_end: OtherEnd,
    deadline: Deadline,
) -> Result<(), OperationError> {
    let kind = item.expected().kind;
    let draft = Draft {
        direction: if kind.is_debit() { Direction::Debit } else { Direction::Credit },
        bank_account_id: payer.bank_account_id().map(str::to_owned),
        item: item.item_id().to_string(),
        amount: item.amount(),
        payer_id: payer.payer_id(),
    };
    // What goes out again is what was stored, and about the account that it names.
    let (prepared, spelled_out) = match item.leg().request.clone() {
        Some(stored) => (None, stored_account(system, &stored, &item.key().pk).await?),
        None => match named_to_bank(system, &other_end).await {
            Ok(named) => {
                item.leg_mut().corrected = named.corrected.clone().or_else(|| other_end.corrected.clone());
                item.went_to(corrected_account(system, &named, &item.key().pk).await?);
                let spelled_out = match &named.counterparty {
                    Counterparty::Inline(account) => Some(account.clone()),
                    Counterparty::Known { .. } => None,
                };
                (Some(draft.prepare(&other_end, named)), spelled_out)
            }
            // That no request can be made is for the send to judge: it ends the item where it is to be sent.
            Err(unsendable @ OperationError::Unsendable(_)) => (Some(Err(unsendable)), None),
            Err(other) => return Err(other),
        },
    };
    let gone = || OperationError::Inconsistent("a stored request disappeared before its send".to_owned());
    let request = async move { prepared.unwrap_or_else(|| Err(gone())) };
    let sent = send::send(system, item, request, deadline).await?;
    if let Sent::Forgotten { counterparty_id } = &sent {
        counterparty::forget(&*system.table, &other_end.account, counterparty_id).await?;
    }
    if let (Sent::Accepted(BankObject::Transfer(transfer)), Some(account)) = (&sent, spelled_out) {
        let known_by = fault!(FundedFromPresentAccount, other_end.account.clone(), known_by(system, &account).await?);
        remember(system, &known_by, transfer.counterparty_id.clone()).await?;
    }
    rest::<P>(system, &payer.key(), sent).await
}

/// The account that a correction put in the place of the one named, sealed for the item.
async fn corrected_account(
    system: &System,
    named: &NamedToBank,
    bound_to: &str,
) -> Result<Option<CorrectedAccount>, OperationError> {
    let (Counterparty::Inline(account), Some(corrected)) = (&named.counterparty, &named.corrected) else {
        return Ok(None);
    };
    let (vault, number) = (system.vault().await?, account.account_number.expose());
    let fingerprint = vault.fingerprints.fingerprint(&[account.routing_number.as_str(), number]);
    Ok(Some(CorrectedAccount {
        change_code: corrected.change_code.clone(),
        account: ExternalAccount {
            routing_number: account.routing_number.as_str().to_owned(),
            sealed_account: vault.sealing.seal(number, bound_to, &*system.random)?.as_str().to_owned(),
            account_last4: secret::last_four(number).to_owned(),
            fingerprint: fingerprint.as_str().to_owned(),
        },
        account_type: account.account_type,
    }))
}

/// What an account is known by, from its whole numbers.
async fn known_by(system: &System, account: &InlineCounterparty) -> Result<String, OperationError> {
    let vault = system.vault().await?;
    let fingerprint =
        vault.fingerprints.fingerprint(&[account.routing_number.as_str(), account.account_number.expose()]);
    Ok(account_key(fingerprint.as_str(), account.account_type))
}

/// The account that a stored request spells out.
async fn stored_account(
    system: &System,
    stored: &str,
    bound_to: &str,
) -> Result<Option<InlineCounterparty>, OperationError> {
    let vault = system.vault().await?;
    let opened = vault.sealing.open(&SealedText::from(stored.to_owned()), bound_to)?;
    Ok(TransferBody::from_stored(opened.expose().to_owned().into_bytes()).inline_counterparty())
}

/// What the bank's answer to a send does to the payer: a refusal for a reason of ours lets them rest, one silence does not, and an outage
/// does.
pub(crate) async fn rest<P: Payer>(system: &System, payer: &Key, sent: Sent) -> Result<(), OperationError> {
    match sent {
        Sent::Deferred(code) => {
            system.bank_answered();
            payers::pause_for_bank::<P>(system, payer, &code).await
        }
        Sent::Silent => match fault!(OneSilencePauses, BankIs::OutOfReach, system.bank_was_silent()) {
            BankIs::InReach => Ok(()),
            BankIs::OutOfReach => payers::pause_for_bank::<P>(system, payer, "no_answer").await,
        },
        Sent::Accepted(_) | Sent::Refused | Sent::Forgotten { .. } => {
            system.bank_answered();
            Ok(())
        }
        Sent::NotOurs | Sent::NotReached | Sent::Stopped => Ok(()),
    }
}

/// What of a request comes from the item and its payer.
struct Draft {
    direction: Direction,
    bank_account_id: Option<String>,
    item: String,
    amount: Cents,
    payer_id: String,
}

impl Draft {
    fn prepare(self, other_end: &OtherEnd, named: NamedToBank) -> Result<Prepared, OperationError> {
        let bank_account_id = self
            .bank_account_id
            .ok_or_else(|| OperationError::Inconsistent(format!("{} has no account at the bank", self.payer_id)))?;
        let request = AchTransferRequest {
            direction: self.direction,
            amount: self.amount.try_into()?,
            bank_account_id: bank_account_id.clone(),
            entry_class: other_end.entry_class,
            timing: Timing::Standard,
            description: self.item,
            company_name: None,
            company_entry_description: other_end.entry_description.as_str().try_into()?,
            receiver_name: other_end.name.as_str().try_into()?,
            receiver_id: None,
            payment_related_info: None,
            counterparty: named.counterparty,
        };
        Ok(Prepared { body: request.body()?, bank_account_id })
    }
}

/// How an account is named in a request, and what the bank had corrected about it.
struct NamedToBank {
    counterparty: Counterparty,
    corrected: Option<SentCorrected>,
}

/// What the bank told us to change wins; then the counterparty it knows; then the account as it is.
async fn named_to_bank(system: &System, other_end: &OtherEnd) -> Result<NamedToBank, OperationError> {
    let known = counterparty::find(&*system.table, &other_end.account).await?;
    let (counterparty_id, correction) =
        known.map(|known| (known.counterparty_id, known.correction)).unwrap_or_default();
    if let Some(correction) = correction {
        return corrected(system, other_end, correction).await;
    }
    let counterparty = match counterparty_id {
        Some(counterparty_id) => Counterparty::Known { counterparty_id },
        None => Counterparty::Inline(InlineCounterparty {
            account_number: own_number(system, other_end).await?.as_str().try_into()?,
            routing_number: routing_number(&other_end.routing_number)?,
            account_type: other_end.account_type,
            name: other_end.name.clone(),
        }),
    };
    Ok(NamedToBank { counterparty, corrected: None })
}

async fn corrected(
    system: &System,
    other_end: &OtherEnd,
    correction: counterparty::Correction,
) -> Result<NamedToBank, OperationError> {
    let account_number = match correction.sealed_account {
        Some(sealed) => {
            let bound_to = keys::counterparty(&other_end.account).pk;
            let vault = system.vault().await?;
            vault.sealing.open(&SealedText::from(sealed), &bound_to)?.expose().to_owned()
        }
        None => own_number(system, other_end).await?,
    };
    let account = InlineCounterparty {
        account_number: account_number.as_str().try_into()?,
        routing_number: routing_number(correction.routing_number.as_deref().unwrap_or(&other_end.routing_number))?,
        account_type: correction.account_type.unwrap_or(other_end.account_type),
        name: other_end.name.clone(),
    };
    let corrected = SentCorrected {
        change_code: correction.change_code,
        account_last4: secret::last_four(account.account_number.expose()).to_owned(),
        account: known_by(system, &account).await?,
    };
    Ok(NamedToBank { counterparty: Counterparty::Inline(account), corrected: Some(corrected) })
}

/// The number of the account as it was pinned.
async fn own_number(system: &System, other_end: &OtherEnd) -> Result<String, OperationError> {
    let vault = system.vault().await?;
    let sealed = SealedText::from(other_end.sealed_account.clone());
    let mut opened = Err(SealingError::Malformed);
    for bound_to in &other_end.sealed_under {
        opened = vault.sealing.open(&sealed, bound_to);
        if opened.is_ok() {
            break;
        }
    }
    let number = opened?;
    fault!(AccountNumberLogged, tracing::info!(account = number.expose(), "an account is named"));
    Ok(number.expose().to_owned())
}

fn routing_number(text: &str) -> Result<RoutingNumber, RequestProblem> {
    text.parse::<RoutingNumber>().map_err(RequestProblem::from)
}

/// Keeps the bank's name for an account. Losing it only makes the bank name it again.
async fn remember(system: &System, account: &str, counterparty_id: Option<String>) -> Result<(), OperationError> {
    let Some(counterparty_id) = counterparty_id else { return Ok(()) };
    let forgotten_at = counterparty::find(&*system.table, account).await?.and_then(|known| known.forgotten_at());
    let known = KnownCounterparty {
        counterparty_id: Some(counterparty_id),
        correction: None,
        version: 1,
        updated_at: system.clock.business_now(),
    };
    if let Err(error) = counterparty::remember_new(&*system.table, account, known, forgotten_at).await {
        tracing::warn!(%error, "the bank's counterparty was not remembered");
    }
    Ok(())
}
