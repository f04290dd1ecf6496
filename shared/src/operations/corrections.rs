//! Correcting the books: one operator proposes, another confirms, and a new entry is booked.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::autopay::own;
use super::payers::OfPayer;
use super::{OperationError, System, audit, cover, payers, upload};
use crate::domain::autopay::person::Person;
use crate::domain::batch::Idempotent;
use crate::domain::funding::Funding;
use crate::domain::ids::{CorrectionId, FundingId, PaymentId};
use crate::domain::ledger::AccountKind;
use crate::domain::ledger::correction::{Correction, CorrectionRefusal, CorrectionTerms, Reach, left_of_single};
use crate::domain::money::Cents;
use crate::domain::payment::Payment;
use crate::domain::payment::single::rests_with_us;
use crate::domain::source::Source;
use crate::ports::table::{Change, Condition, TableError};
use crate::store::stored::{Stored as _, create, read, replace};
use crate::store::{keys, ledger};

/// Proposes a correction. It counts once a second person has confirmed it. Proposed again under the same id, it answers how that one stands.
pub async fn propose(
    system: &System,
    id: Uuid,
    terms: CorrectionTerms,
    caller: &str,
) -> Result<Correction, OperationError> {
    let id = CorrectionId::new(id);
    // Once it is booked, what it says was repaid could not be repaid again.
    if let Some(known) = read::<Correction>(&*system.table, &keys::correction(id)).await? {
        return Ok(known);
    }
    own::refuse(system, caller, &terms.payer_id).await?;
    payers::since(system, &terms.payer_id).await?;
    let correction = Correction::propose(id, terms, caller, system.clock.business_now())?;
    reached(system, &correction.terms).await?;
    let entry = audit::entry(system, caller, "propose_correction", &id.to_string(), Some(&shown(&correction)))?;
    match system.table.write(vec![create(&correction)?, entry]).await {
        Ok(()) => Ok(correction),
        Err(TableError::ConditionFailed { .. }) => load(system, id).await,
        Err(other) => Err(other.into()),
    }
}

/// The second person's word: books the correction that they looked at. What the payer owed may be settled by it; then it is free.
pub async fn confirm(
    system: &System,
    id: CorrectionId,
    seen: &CorrectionTerms,
    caller: &str,
) -> Result<Correction, OperationError> {
    let mut correction = load(system, id).await?;
    own::refuse(system, caller, &correction.terms.payer_id).await?;
    let now = system.clock.business_now();
    if correction.confirm(caller, seen, now)? == Idempotent::Executed {
        let entry = audit::entry(system, caller, "confirm_correction", &id.to_string(), Some(&shown(&correction)))?;
        let mut changes = ledger::puts_of_correction(&correction, now)?;
        changes.push(replace(&mut correction)?);
        changes.push(entry);
        match reached(system, &correction.terms).await {
            Ok(more) => changes.extend(more),
            // Confirmed in between, by the same person perhaps: then it is in the books, and what it is about says so already.
            Err(refusal) => {
                let stored = load(system, id).await?;
                return if stored.booked.is_some() { Ok(stored) } else { Err(refusal) };
            }
        }
        system.table.write(changes).await?;
    }
    if correction.terms.touches_receivable() {
        settle(system, &correction.terms.payer_id).await?;
    }
    Ok(correction)
}

/// The payer and the fundings that a correction is about, as they are afterwards: each at the version that it was read at, so that of two
/// corrections, and of a payment that takes something off, one sees the other. The payer is read before the money of a batch is counted:
/// a refund writes its source, so that it and a correction see each other too.
async fn reached(system: &System, terms: &CorrectionTerms) -> Result<Vec<Change>, OperationError> {
    let reach = terms.reach()?;
    if reach.is_of_overpaid {
        let owed = payers::owed_by(system, &terms.payer_id).await?;
        if fault!(DebtFromNothing, false, owed.plus(terms.amount)? > Cents::ZERO) {
            return Err(CorrectionRefusal::NotBelowNothing.into());
        }
    }
    let mut changes = payer_of(system, terms, reach).await?;
    // Read after the payer, whom the write holds to what was read.
    if terms.credit == AccountKind::Receivable && terms.is_of_person() {
        let owed = payers::owed_by(system, &terms.payer_id).await?;
        if fault!(RepaidBeyondDebt, false, terms.amount > owed) {
            return Err(CorrectionRefusal::MoreThanLost.into());
        }
    }
    let mut fundings: BTreeMap<FundingId, Funding> = BTreeMap::new();
    let used_of = reach.used.and_then(|(id, _)| id);
    for id in reach.repaid.map(|(id, _)| id).into_iter().chain(used_of) {
        let funding: Option<Funding> = read(&*system.table, &keys::funding(id)).await?;
        let mut funding = funding.ok_or_else(|| OperationError::not_found("funding", id))?;
        funding.updated_at = system.clock.business_now();
        fundings.insert(id, funding);
    }
    // First what is used: what this repays of the same funding is nothing to use.
    if let Some((Some(id), cents)) = reach.used
        && let Some(funding) = fundings.get_mut(&id)
    {
        let is_same = reach.repaid.is_some_and(|(repaid, _)| repaid == id);
        let is_own_debt = fault!(OwnDebtNeverMet, false, is_same);
        changes.extend(use_up(system, funding, terms, (cents, reach.is_spent), is_own_debt).await?);
    }
    if let Some((id, cents)) = reach.repaid
        && let Some(funding) = fundings.get_mut(&id)
    {
        funding.note_repaid(&terms.payer_id, cents)?;
        // Of what was taken off before fundings said so, the books tell.
        if cents > payers::owed_by(system, &terms.payer_id).await? {
            return Err(CorrectionRefusal::MoreThanLost.into());
        }
    }
    for funding in fundings.values_mut() {
        changes.push(replace(funding)?);
    }
    Ok(changes)
}

/// Uses up money of a funding, or gives it back. What is spent has to be left in its batch. What a person's debit brought is used, and given
/// back, only while it lies with us for nothing else: its payment is held to that.
async fn use_up(
    system: &System,
    funding: &mut Funding,
    terms: &CorrectionTerms,
    (cents, is_spent): (Cents, bool),
    is_own_debt: bool,
) -> Result<Vec<Change>, OperationError> {
    let (left, held_to) = match funding.id {
        FundingId::Round { batch, source, .. } if is_spent => {
            let batch = upload::load(system, batch).await?;
            let left = if is_own_debt {
                cover::unspent(system, &batch, source).await?
            } else {
                cover::left(system, &batch, source).await?
            };
            (left, Vec::new())
        }
        FundingId::Round { .. } => (Cents::ZERO, Vec::new()),
        FundingId::Single(id) => {
            let (holder, held_to) = holder_of(system, PaymentId::Single(id)).await?;
            let resting = rests_with_us(&holder, funding).then(|| funding.unused());
            let left = fault!(PaymentsMoneySetOff, Some(funding.unused()), resting);
            (left_of_single(&holder, left, cents)?, held_to)
        }
    };
    if is_spent {
        funding.note_set_against_debt(&terms.payer_id, cents, left, is_own_debt)?;
    } else {
        funding.note_set_off(&terms.payer_id, cents)?;
    }
    Ok(held_to)
}

/// A person's payment, or its refund where it has one: whose money a debit's is. With the checks that both stay as they are: the refund that
/// is made meanwhile, or sent again, would pay it out.
async fn holder_of(system: &System, payment_id: PaymentId) -> Result<(Payment, Vec<Change>), OperationError> {
    let mut payment = payment(system, payment_id).await?;
    let mut held_to = vec![unchanged(&mut payment)];
    let Some(refund_id) = payment.refunded_by() else { return Ok((payment, held_to)) };
    let mut refund = self::payment(system, refund_id).await?;
    held_to.push(unchanged(&mut refund));
    Ok((refund, held_to))
}

async fn payment(system: &System, id: PaymentId) -> Result<Payment, OperationError> {
    read(&*system.table, &keys::payment(id)).await?.ok_or_else(|| OperationError::not_found("payment", id))
}

fn unchanged(payment: &mut Payment) -> Change {
    Change::Check { key: payment.key(), condition: Condition::VersionIs(*payment.version_mut()) }
}

/// The payer, where what they owe changes, or what they paid in beside batches and payments.
async fn payer_of(system: &System, terms: &CorrectionTerms, reach: Reach) -> Result<Vec<Change>, OperationError> {
    let used_beside = reach.used.and_then(|(id, cents)| id.is_none().then_some(cents));
    if used_beside.is_none() && !terms.touches_receivable() {
        return Ok(Vec::new());
    }
    let of_payer = OfPayer { more_owed: terms.more_owed(), used_beside };
    Ok(vec![payers::corrected(system, &terms.payer_id, of_payer).await?])
}

/// Done again where a run stopped between the entry and this.
async fn settle(system: &System, payer_id: &str) -> Result<(), OperationError> {
    let key = payers::key_of(payer_id);
    if key.pk.starts_with("SOURCE#") {
        payers::settle_receivable::<Source>(system, &key).await?;
    } else {
        payers::settle_receivable::<Person>(system, &key).await?;
    }
    Ok(())
}

pub async fn load(system: &System, id: CorrectionId) -> Result<Correction, OperationError> {
    read(&*system.table, &keys::correction(id)).await?.ok_or_else(|| OperationError::not_found("correction", id))
}

fn shown(correction: &Correction) -> String {
    let terms = &correction.terms;
    let (debit, credit) = (terms.debit.as_str(), terms.credit.as_str());
    format!("{} of {}: {debit} to {credit}: {}", terms.amount, terms.payer_id, terms.reason)
}
