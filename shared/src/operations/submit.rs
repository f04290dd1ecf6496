//! Paying one payment: decide on fresh reads, then claim, call, record.

use std::sync::Arc;

use super::send::{self, Sent, direction};
use super::system::Vault;
use super::{OperationError, System, release::Surrounding, sources};
use crate::adapters::sealing::SealedText;
use crate::domain::bank::request::{AchTransferRequest, Counterparty, InlineCounterparty, Timing};
use crate::domain::deadline::Deadline;
use crate::domain::ids::PaymentId;
use crate::domain::leg::Kind;
use crate::domain::payment::Payment;
use crate::domain::payment::release::Push;
use crate::domain::source::Source;
use crate::store::counterparty::{self, KnownCounterparty};
use crate::store::keys;
use crate::store::stored::{read, replace};

/// Pays a payment, if its funding, source and batch let it now. `surrounding` holds what this run has read of those.
pub async fn submit(
    system: &System,
    surrounding: &Surrounding,
    payment_id: PaymentId,
    deadline: Deadline,
) -> Result<(), OperationError> {
    let Some(payment) = read::<Payment>(&*system.table, &keys::payment(payment_id)).await? else {
        return Err(OperationError::not_found("payment", payment_id));
    };
    let Some(around) = surrounding.of(system, &payment).await? else { return Ok(()) };
    match payment.push(around.view(system)) {
        Push::Submit => pay(system, payment, around.source.clone(), deadline).await,
        // Left to the release task, which looks at the whole shard.
        Push::Leave | Push::Cancel | Push::FailUnfunded { .. } | Push::FollowUp => Ok(()),
    }
}

pub(crate) async fn pay(
    system: &System,
    mut payment: Payment,
    source: Arc<Source>,
    deadline: Deadline,
) -> Result<(), OperationError> {
    let fingerprint = payment.payee.fingerprint.clone();
    let known = counterparty::find(&*system.table, &fingerprint).await?;
    let was_known = known.as_ref().is_some_and(|known| known.counterparty_id.is_some());
    payment.leg.reason = None;
    let request = {
        let payment = payment.clone();
        let source = source.clone();
        async move { prepare(system, &payment, &source, known).await }
    };
    match send::send(system, payment, request, deadline).await? {
        Sent::Accepted(transfer) => {
            if !was_known {
                remember(system, &fingerprint, transfer.counterparty_id.clone()).await;
            }
            Ok(())
        }
        Sent::Deferred(code) => sources::pause_for_bank(system, &source.id, &code).await,
        Sent::Unknown => sources::pause_for_bank(system, &source.id, "no_answer").await,
        Sent::Refused | Sent::NotOurs => Ok(()),
    }
}

async fn prepare(
    system: &System,
    payment: &Payment,
    source: &Source,
    known: Option<KnownCounterparty>,
) -> Result<AchTransferRequest, OperationError> {
    let vault = system.vault().await?;
    let payee = &payment.payee;
    let bound_to = sealed_under(payment, source);
    let number = vault.sealing.open(&payee.sealed_account.clone().into(), &bound_to)?;
    let inline = InlineCounterparty {
        routing_number: payee.routing_number.clone(),
        account_number: number.expose().to_owned(),
        account_type: payee.account_type,
        name: payee.name.clone(),
    };
    let bank_account_id = source
        .bank_account_id
        .clone()
        .ok_or_else(|| OperationError::Inconsistent(format!("source {} has no account at the bank", source.id)))?;
    Ok(AchTransferRequest {
        direction: direction(Kind::Payout),
        amount: payment.amount,
        bank_account_id,
        counterparty: counterparty_of(&vault, &payee.fingerprint, known, inline)?,
        entry_class: payee.entry_class,
        timing: Timing::Standard,
        description: payment.id.to_string(),
        company_name: None,
        company_entry_description: payee.entry_description.clone(),
        receiver_name: payee.name.clone(),
        receiver_id: None,
        payment_related_info: None,
    })
}

/// A refund goes to the source's account, which is sealed under the source's key.
fn sealed_under(payment: &Payment, source: &Source) -> String {
    match payment.id {
        PaymentId::Refund { .. } => keys::source(&source.id).pk,
        PaymentId::Row { .. } | PaymentId::Lone(_) => keys::payment(payment.id).pk,
    }
}

/// What the bank told us to change wins; then the counterparty it knows; then the account as it is.
pub(crate) fn counterparty_of(
    vault: &Vault,
    fingerprint: &str,
    known: Option<KnownCounterparty>,
    inline: InlineCounterparty,
) -> Result<Counterparty, OperationError> {
    let Some(known) = known else { return Ok(Counterparty::Inline(inline)) };
    if let Some(correction) = known.correction {
        let bound_to = keys::counterparty(fingerprint).pk;
        let account_number = match correction.sealed_account {
            Some(sealed) => vault.sealing.open(&SealedText::from(sealed), &bound_to)?.expose().to_owned(),
            None => inline.account_number,
        };
        return Ok(Counterparty::Inline(InlineCounterparty {
            routing_number: correction.routing_number.unwrap_or(inline.routing_number),
            account_number,
            account_type: correction.account_type.unwrap_or(inline.account_type),
            name: inline.name,
        }));
    }
    match known.counterparty_id {
        Some(counterparty_id) => Ok(Counterparty::Known { counterparty_id }),
        None => Ok(Counterparty::Inline(inline)),
    }
}

/// Keeps the bank's name for an account. Losing it only makes the bank name it again.
pub(crate) async fn remember(system: &System, fingerprint: &str, counterparty_id: Option<String>) {
    let Some(counterparty_id) = counterparty_id else { return };
    let known = KnownCounterparty {
        counterparty_id: Some(counterparty_id),
        correction: None,
        version: 1,
        updated_at: system.clock.business_now(),
    };
    if let Err(error) = counterparty::remember_new(&*system.table, fingerprint, &known).await {
        tracing::warn!(%error, "the bank's counterparty was not remembered");
    }
}

/// Replaces an item that only its own writer changes; somebody else's faster write is as good.
pub(crate) async fn replace_or_leave<T: crate::store::stored::Stored>(
    system: &System,
    item: &mut T,
) -> Result<(), OperationError> {
    match system.table.write(vec![replace(item)?]).await {
        Ok(()) | Err(crate::ports::table::TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
