//! Giving a source back what is left of its money when a batch has ended: a payout to the account it was pulled from.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::fund::SOURCE_ACCOUNT_TYPE;
use super::submit::{pay, replace_or_leave};
use super::upload::load;
use super::{OperationError, System, audit, cover, debts, fund, payers, retry, send, sources, stops};
use crate::domain::ach::transliteration::transliterated;
use crate::domain::bank::request::EntryClass;
use crate::domain::batch::retry::is_spent;
use crate::domain::batch::{Batch, BatchRefusal, BatchState};
use crate::domain::deadline::Deadline;
use crate::domain::external_account::{GivenBack, PaidIn, account_key, refund_shares};
use crate::domain::funding::{CorrectedAccount, Funding, FundingStatus};
use crate::domain::ids::{BatchId, PaymentId, SourceTag};
use crate::domain::leg::{Leg, State};
use crate::domain::money::Cents;
use crate::domain::payment::{AccountPayee, Payee, Payment};
use crate::domain::source::Source;
use crate::domain::task::Task;
use crate::store::keys;
use crate::store::stored::{create, read, replace};

/// What the source's bank shows (NACHA company entry description, 10 characters).
const ENTRY_DESCRIPTION: &str = "REFUND";

/// Refunds of one batch that are looked for by their numbers.
const REFUNDS_MAX: u64 = 10_000;

/// What became of a request for the refund of a batch.
#[derive(Debug, Default)]
pub struct Refunded {
    /// The refunds that it made.
    pub made: Vec<Payment>,
    /// What stays until its source has repaid what it owes, by source; then it can be asked for again.
    pub withheld: BTreeMap<String, Cents>,
}

/// Refunds what is left of each source's money in an ended batch, to the accounts that it was pulled from. Asked for again it refunds only
/// what has become left since.
pub async fn refund(system: &System, batch_id: BatchId, caller: &str) -> Result<Refunded, OperationError> {
    let mut batch = load(system, batch_id).await?;
    if !matches!(batch.state, BatchState::Completed | BatchState::Canceled) {
        return Err(BatchRefusal::WrongState { state: batch.state, wanted: "refunded" }.into());
    }
    let mut refunded = Refunded::default();
    // Each source is read before its money is counted, and written with each refund: what is set against a debt of it meanwhile is seen.
    let mut sources = sources_of(system, &batch).await?;
    for (source_id, back) in to_give_back(system, &batch, &sources).await? {
        let source = sources.get_mut(&source_id).ok_or_else(|| OperationError::not_found("source", &source_id))?;
        for (pulled_by, amount) in back {
            if source.receivable_open {
                let withheld = refunded.withheld.entry(source_id.clone()).or_default();
                *withheld = withheld.plus(amount)?;
                continue;
            }
            if batch.refunds >= REFUNDS_MAX {
                return Err(OperationError::Inconsistent(format!("{batch_id} has had {REFUNDS_MAX} refunds")));
            }
            batch.refunds = batch.refunds.saturating_add(1);
            let number = u32::try_from(batch.refunds).unwrap_or(u32::MAX);
            let id = PaymentId::Refund { batch: batch_id, source: SourceTag::of(&source_id), number };
            let payment = new_refund(system, source, id, &pulled_by, amount).await?;
            let entry = audit::entry(system, caller, "refund", &payment.id.to_string(), Some(&amount.to_string()))?;
            // The header's version makes two refunds at once impossible: each counts on what the other has not yet taken.
            let changes = vec![replace(&mut batch)?, replace(source)?, create(&payment)?, entry];
            system.table.write(changes).await?;
            refunded.made.push(payment);
        }
    }
    system.hint(refunded.made.iter().map(|payment| Task::Submit { payment_id: payment.id })).await;
    Ok(refunded)
}

/// A payout to the account that a funding pulled from, sealed anew for the refund.
async fn new_refund(
    system: &System,
    source: &Source,
    id: PaymentId,
    pulled_by: &Funding,
    amount: Cents,
) -> Result<Payment, OperationError> {
    let (account, sealed_under, account_type) = match fault!(RefundToPresentAccount, None, pulled_by.account.as_ref()) {
        Some(pulled) => (&pulled.account, keys::funding(pulled_by.id).pk, pulled.account_type),
        // A funding of before names none.
        None => (&source.account, keys::source(&source.id).pk, SOURCE_ACCOUNT_TYPE),
    };
    let sealed_account = resealed(system, &account.sealed_account, &sealed_under, &keys::payment(id).pk).await?;
    let now = system.clock.business_now();
    let mut payment = Payment {
        id,
        version: 1,
        amount,
        payer_id: source.id.clone(),
        round: 1,
        leg: Leg::new(),
        payee: Payee::Account(AccountPayee {
            routing_number: account.routing_number.clone(),
            sealed_account,
            account_last4: account.account_last4.clone(),
            account_type,
            fingerprint: account_key(&account.fingerprint, account_type),
            name: transliterated(&source.name).into_owned(),
            entry_class: EntryClass::Ccd,
            entry_description: ENTRY_DESCRIPTION.to_owned(),
            came_from: came_from(system, pulled_by, id).await?,
        }),
        check: None,
        autopay: None,
        row: None,
        due_at: None,
        created_at: now,
        updated_at: now,
    };
    payment.schedule(now);
    Ok(payment)
}

/// The account that a correction had a funding pull from, sealed for the refund.
pub(crate) async fn came_from(
    system: &System,
    pulled_by: &Funding,
    id: PaymentId,
) -> Result<Option<Box<CorrectedAccount>>, OperationError> {
    let corrected = pulled_by.account.as_ref().and_then(|pulled| pulled.corrected.as_ref());
    let Some(mut corrected) = fault!(RefundDespiteCorrection, None, corrected.cloned()) else { return Ok(None) };
    let (from, to) = (keys::funding(pulled_by.id).pk, keys::payment(id).pk);
    corrected.account.sealed_account = resealed(system, &corrected.account.sealed_account, &from, &to).await?;
    Ok(Some(Box::new(corrected)))
}

/// The same number, sealed for another item.
pub(crate) async fn resealed(system: &System, sealed: &str, from: &str, to: &str) -> Result<String, OperationError> {
    let vault = system.vault().await?;
    let number = vault.sealing.open(&sealed.to_owned().into(), from)?;
    Ok(vault.sealing.seal(number.expose(), to, &*system.random)?.as_str().to_owned())
}

/// The sources of a batch that have been pulled from, by their ids.
async fn sources_of(system: &System, batch: &Batch) -> Result<BTreeMap<String, Source>, OperationError> {
    let mut sources = BTreeMap::new();
    for Funding { payer_id, .. } in fund::all_fundings(system, batch).await? {
        if let Entry::Vacant(entry) = sources.entry(payer_id) {
            let source = sources::load(system, entry.key()).await?;
            entry.insert(source);
        }
    }
    Ok(sources)
}

/// By source, what goes back to the account of which funding.
async fn to_give_back(
    system: &System,
    batch: &Batch,
    sources: &BTreeMap<String, Source>,
) -> Result<BTreeMap<String, Vec<(Funding, Cents)>>, OperationError> {
    let mut fundings: BTreeMap<String, Vec<(Funding, Cents)>> = BTreeMap::new();
    for funding in fund::all_fundings(system, batch).await? {
        // What was repaid of one that came back was wired by the same payer; from where, nobody knows here. It goes to the account that the
        // payer was pulled from, which somebody has accepted.
        let paid_in = funding.paid_in()?;
        if paid_in.is_positive() {
            fundings.entry(funding.payer_id.clone()).or_default().push((funding, paid_in));
        }
    }
    let mut before: BTreeMap<String, Vec<GivenBack>> = BTreeMap::new();
    for refund in all(system, batch).await? {
        if let Payee::Account(payee) = &refund.payee
            && is_spent(refund.leg.state, refund.leg.attention_reason())
        {
            let went_to = payee.came_from.as_ref().map_or_else(|| payee.fingerprint.clone(), |from| from.key());
            let given = GivenBack { account: went_to, amount: refund.amount };
            before.entry(refund.payer_id.clone()).or_default().push(given);
        }
    }
    let mut back = BTreeMap::new();
    for (source_id, left) in unspent(system, batch).await? {
        let rounds = fundings.remove(&source_id).unwrap_or_default();
        let source = sources.get(&source_id).ok_or_else(|| OperationError::not_found("source", &source_id))?;
        let paid_in: Vec<PaidIn> = rounds
            .iter()
            .map(|(funding, paid_in)| PaidIn { account: pulled_from(funding, source), amount: *paid_in })
            .collect();
        let shares = refund_shares(&paid_in, before.get(&source_id).map(Vec::as_slice).unwrap_or_default(), left)?;
        let is_its = |funding: &&Funding, account: &str| pulled_from(funding, source) == account;
        let of = |account: &str| {
            rounds.iter().rev().map(|(funding, _)| funding).find(|funding| is_its(funding, account)).cloned()
        };
        let shares = shares.into_iter().filter_map(|share| Some((of(&share.account)?, share.amount))).collect();
        back.insert(source_id, shares);
    }
    Ok(back)
}

/// What the account is known by that a funding really pulled from; of one of before that names none, the source's own.
fn pulled_from(funding: &Funding, source: &Source) -> String {
    let own = || account_key(&source.account.fingerprint, SOURCE_ACCOUNT_TYPE);
    funding.account.as_ref().map_or_else(own, |pulled| match &pulled.corrected {
        Some(corrected) => fault!(RoundsOfOneAccount, pulled.key(), corrected.key()),
        None => pulled.key(),
    })
}

async fn unspent(system: &System, batch: &Batch) -> Result<Vec<(String, Cents)>, OperationError> {
    let mut money = retry::source_money(system, batch).await?;
    for (source_id, spent) in
        fault!(RefundOfSpentMoney, std::collections::BTreeMap::new(), retry::spent_by_source(system, batch.id).await?)
    {
        let total = &mut money.entry(source_id).or_default().spent;
        *total = total.plus(spent)?;
    }
    let mut left = Vec::new();
    for (source_id, money) in money {
        let unspent = money.unspent()?;
        if unspent.is_positive() {
            left.push((source_id, unspent));
        }
    }
    Ok(left)
}

/// Every refund of a batch.
pub(crate) async fn all(system: &System, batch: &Batch) -> Result<Vec<Payment>, OperationError> {
    let Some(head) = &batch.manifest else { return Ok(Vec::new()) };
    let manifest = system.manifest(batch.id, &head.hash).await?;
    let mut refunds = Vec::new();
    for number in numbers(batch) {
        for source in &manifest.sources {
            let id = PaymentId::Refund { batch: batch.id, source: SourceTag::of(&source.id), number };
            refunds.extend(read::<Payment>(&*system.table, &keys::payment(id)).await?);
        }
    }
    Ok(refunds)
}

/// The numbers under which refunds of a batch were made so far.
fn numbers(batch: &Batch) -> RangeInclusive<u32> {
    1..=u32::try_from(batch.refunds).unwrap_or(u32::MAX)
}

/// Every refund of one source in a batch.
pub(super) async fn of_source(
    system: &System,
    batch: &Batch,
    source: SourceTag,
) -> Result<Vec<Payment>, OperationError> {
    let mut refunds = Vec::new();
    for number in numbers(batch) {
        let id = PaymentId::Refund { batch: batch.id, source, number };
        refunds.extend(read::<Payment>(&*system.table, &keys::payment(id)).await?);
    }
    Ok(refunds)
}

/// Sends a refund, or sends it again.
pub async fn submit(system: &System, id: PaymentId, deadline: Deadline) -> Result<(), OperationError> {
    let Some(mut payment) = read::<Payment>(&*system.table, &keys::payment(id)).await? else {
        return Err(OperationError::not_found("payment", id));
    };
    let source = sources::load(system, &payment.payer_id).await?;
    let (is_gone, is_undecided) = match cover_of(system, &payment).await? {
        FundingStatus::Gone { .. } | FundingStatus::Short => (true, false),
        FundingStatus::Undecided => (false, true),
        FundingStatus::Awaited | FundingStatus::Available => (false, false),
    };
    match payment.leg.state {
        State::Unprocessed if fault!(RefundOutlivesFunding, false, is_gone) => {
            return fail_unfunded(system, payment).await;
        }
        State::Unprocessed if is_undecided => return wait(system, &mut payment).await,
        State::Submitting if fault!(SentOnLostFunding, false, is_gone || is_undecided) => {
            return look_for(system, payment, deadline).await;
        }
        State::Unprocessed
        | State::Submitting
        | State::Processing
        | State::Completed
        | State::Available
        | State::Failed
        | State::Returned
        | State::Canceled => {}
    }
    let is_stopped = !stops::may_claim(system, &source.id).await?;
    let is_paused = is_stopped || source.is_paused(system.clock.business_now());
    let may_send = match payment.leg.state {
        State::Unprocessed => !is_paused && !source.receivable_open,
        State::Submitting => !is_paused,
        State::Processing | State::Completed | State::Available | State::Failed | State::Returned | State::Canceled => {
            false
        }
    };
    if payment.leg.attention.is_some() {
        return Ok(());
    }
    if !may_send {
        return wait(system, &mut payment).await;
    }
    pay(system, payment, Arc::new(source), deadline).await
}

/// Whether the money of a refund that is not at the bank yet is still there: a funding of its source in the batch may have come back, be
/// undecided, or be used up otherwise, and what is left be less than what is held and paid out.
async fn cover_of(system: &System, payment: &Payment) -> Result<FundingStatus, OperationError> {
    let PaymentId::Refund { batch, source, .. } = payment.id else { return Ok(FundingStatus::Available) };
    match payment.leg.state {
        State::Unprocessed | State::Submitting => {
            let batch = load(system, batch).await?;
            cover::of_refund(system, batch.id, source, rounds(&batch)).await
        }
        State::Processing | State::Completed | State::Available | State::Failed | State::Returned | State::Canceled => {
            Ok(FundingStatus::Available)
        }
    }
}

/// Looks for a refund that may be out and whose money is gone, or may be: it is not sent again. What the bank does not have is unsent, and ends so.
async fn look_for(system: &System, payment: Payment, deadline: Deadline) -> Result<(), OperationError> {
    if payment.leg.attention.is_some() || payment.leg.is_leased(system.clock.elapsed_now()) {
        return Ok(());
    }
    send::look(system, payment, deadline).await
}

/// Ends a refund that was never sent, and takes it off what its source still owes for the fundings that it stands on.
async fn fail_unfunded(system: &System, payment: Payment) -> Result<(), OperationError> {
    let PaymentId::Refund { batch, .. } = payment.id else { return Ok(()) };
    let source = keys::source(&payment.payer_id);
    let rounds = rounds(&load(system, batch).await?);
    debts::fail_unfunded(system, batch, vec![payment], rounds).await?;
    payers::settle_receivable::<Source>(system, &source).await.map(|_| ())
}

pub(super) fn rounds(batch: &Batch) -> u32 {
    u32::try_from(batch.rounds).unwrap_or(u32::MAX)
}

/// One that nobody has claimed is looked at again some minutes later; any other is due by what moves it.
async fn wait(system: &System, payment: &mut Payment) -> Result<(), OperationError> {
    if payment.leg.state != State::Unprocessed {
        return Ok(());
    }
    payment.schedule(system.clock.business_now());
    replace_or_leave(system, payment).await
}
