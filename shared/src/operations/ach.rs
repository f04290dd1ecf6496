//! One ACH transfer of one of our items: its request from what is stored, and what its outcome does to the payer.

use super::bank_object::BankObject;
use super::listener::Listener;
use super::payers::{self, Payer};
use super::send::{self, Prepared, Sent};
use super::{OperationError, System};
use crate::adapters::sealing::SealedText;
use crate::domain::aba::RoutingNumber;
use crate::domain::bank::body::RequestProblem;
use crate::domain::bank::reach::BankIs;
use crate::domain::bank::request::{
    AccountType, AchTransferRequest, Counterparty, Direction, EntryClass, InlineCounterparty, Timing,
};
use crate::domain::deadline::Deadline;
use crate::domain::money::Cents;
use crate::domain::payment::AccountPayee;
use crate::ports::table::Key;
use crate::store::counterparty::{self, KnownCounterparty};
use crate::store::keys;

/// The account at the other end as it is stored, and what its holder sees of the entry.
#[derive(Clone)]
pub(crate) struct OtherEnd {
    pub routing_number: String,
    pub sealed_account: String,
    /// The partition of the item that the number is sealed for.
    pub sealed_under: String,
    pub account_type: AccountType,
    pub fingerprint: String,
    pub name: String,
    pub entry_class: EntryClass,
    pub entry_description: String,
}

impl OtherEnd {
    pub(crate) fn of_payee(payee: &AccountPayee, sealed_under: String) -> Self {
        Self {
            routing_number: payee.routing_number.clone(),
            sealed_account: payee.sealed_account.clone(),
            sealed_under,
            account_type: payee.account_type,
            fingerprint: payee.fingerprint.clone(),
            name: payee.name.clone(),
            entry_class: payee.entry_class,
            entry_description: payee.entry_description.clone(),
        }
    }
}

/// Sends an item, remembers the account's name at the bank, and lets the payer rest where the bank refuses us.
pub(crate) async fn send<T: Listener, P: Payer>(
    system: &System,
    item: T,
    payer: &P,
    other_end: OtherEnd,
    deadline: Deadline,
) -> Result<(), OperationError> {
    let fingerprint = other_end.fingerprint.clone();
    let known = counterparty::find(&*system.table, &fingerprint).await?;
    let forgotten_at = known.as_ref().and_then(KnownCounterparty::forgotten_at);
    let was_known = known.as_ref().is_some_and(|known| known.counterparty_id.is_some());
    let kind = item.expected().kind;
    let draft = Draft {
        direction: if kind.is_debit() { Direction::Debit } else { Direction::Credit },
        bank_account_id: payer.bank_account_id().map(str::to_owned),
        item: item.item_id().to_string(),
        amount: item.amount(),
        payer_id: payer.payer_id(),
    };
    let request = async move { draft.prepare(system, other_end, known).await };
    let sent = send::send(system, item, request, deadline).await?;
    if let Sent::Forgotten { counterparty_id } = &sent {
        counterparty::forget(&*system.table, &fingerprint, counterparty_id).await?;
    }
    if let Sent::Accepted(BankObject::Transfer(transfer)) = &sent
        && !was_known
    {
        remember(system, &fingerprint, transfer.counterparty_id.clone(), forgotten_at).await;
    }
    rest::<P>(system, &payer.key(), sent).await
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
        Sent::NotOurs | Sent::NoTime | Sent::Stopped => Ok(()),
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
    async fn prepare(
        self,
        system: &System,
        other_end: OtherEnd,
        known: Option<KnownCounterparty>,
    ) -> Result<Prepared, OperationError> {
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
            counterparty: counterparty_of(system, other_end, known).await?,
        };
        Ok(Prepared { body: request.body()?, bank_account_id })
    }
}

/// What the bank told us to change wins; then the counterparty it knows; then the account as it is.
async fn counterparty_of(
    system: &System,
    other_end: OtherEnd,
    known: Option<KnownCounterparty>,
) -> Result<Counterparty, OperationError> {
    let (counterparty_id, correction) =
        known.map(|known| (known.counterparty_id, known.correction)).unwrap_or_default();
    let vault = system.vault().await?;
    let own_number = || {
        let sealed = SealedText::from(other_end.sealed_account.clone());
        let number = vault.sealing.open(&sealed, &other_end.sealed_under)?;
        fault!(AccountNumberLogged, tracing::info!(account = number.expose(), "an account is named"));
        Ok::<_, OperationError>(number.expose().to_owned())
    };
    let Some(correction) = correction else {
        return Ok(match counterparty_id {
            Some(counterparty_id) => Counterparty::Known { counterparty_id },
            None => Counterparty::Inline(InlineCounterparty {
                account_number: own_number()?.as_str().try_into()?,
                routing_number: routing_number(&other_end.routing_number)?,
                account_type: other_end.account_type,
                name: other_end.name,
            }),
        });
    };
    let account_number = match correction.sealed_account {
        Some(sealed) => {
            let bound_to = keys::counterparty(&other_end.fingerprint).pk;
            vault.sealing.open(&SealedText::from(sealed), &bound_to)?.expose().to_owned()
        }
        None => own_number()?,
    };
    Ok(Counterparty::Inline(InlineCounterparty {
        account_number: account_number.as_str().try_into()?,
        routing_number: routing_number(&correction.routing_number.unwrap_or(other_end.routing_number))?,
        account_type: correction.account_type.unwrap_or(other_end.account_type),
        name: other_end.name,
    }))
}

fn routing_number(text: &str) -> Result<RoutingNumber, RequestProblem> {
    text.parse::<RoutingNumber>().map_err(RequestProblem::from)
}

/// Keeps the bank's name for an account. Losing it only makes the bank name it again.
async fn remember(system: &System, fingerprint: &str, counterparty_id: Option<String>, forgotten_at: Option<u64>) {
    let Some(counterparty_id) = counterparty_id else { return };
    let known = KnownCounterparty {
        counterparty_id: Some(counterparty_id),
        correction: None,
        version: 1,
        updated_at: system.clock.business_now(),
    };
    if let Err(error) = counterparty::remember_new(&*system.table, fingerprint, known, forgotten_at).await {
        tracing::warn!(%error, "the bank's counterparty was not remembered");
    }
}
