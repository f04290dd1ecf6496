//! Recording the rows of an approved file, a chunk at a time, and the barrier behind it: all rows or none.

use futures::stream::{self, StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};

use super::approve::release_claim;
use super::autopay::notices;
use super::corrected_ends::ending;
use super::system::Vault;
use super::upload::load;
use super::{OperationError, System, file_bytes, webhooks};
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::bank::request::{AccountType, EntryClass};
use crate::domain::batch::manifest::{InstitutionDecision, Manifest};
use crate::domain::batch::{Batch, BatchState, Failure, FailureCode, Idempotent};
use crate::domain::biller;
use crate::domain::external_account::account_key;
use crate::domain::ids::{BatchId, PaymentId};
use crate::domain::leg::{Kind, Leg, Reason};
use crate::domain::payment::{AccountPayee, Payee, Payment, RowFacts};
use crate::domain::payroll_file::{Limits, Row, RowPayee, read_chunk};
use crate::domain::task::Task;
use crate::ports::objects::ObjectError;
use crate::ports::table::{Attributes, Change, Condition, Indexing, Query, Range, TableError};
use crate::store::keys;
use crate::store::stored::{create, replace};

/// Payments of a chunk written at once.
const PUTS_AT_ONCE: usize = 16;

/// What is decided about the account that a row is paid to.
struct Terms {
    routing_number: String,
    account_type: AccountType,
    entry_class: EntryClass,
    entry_description: String,
}

/// Records the rows of one chunk. A payment that is there already was recorded by an earlier run.
pub async fn chunk(system: &System, batch_id: BatchId, number: u32) -> Result<(), OperationError> {
    let batch = load(system, batch_id).await?;
    if batch.state != BatchState::Importing {
        return Ok(());
    }
    let head = batch.manifest.as_ref().ok_or_else(|| missing_manifest(batch_id))?;
    let manifest = system.manifest(batch_id, &head.hash).await?;
    let chunk = manifest
        .chunk(number)
        .ok_or_else(|| OperationError::Inconsistent(format!("{batch_id} has no chunk {number}")))?;
    let bytes = match file_bytes::chunk(system, batch_id, &manifest, chunk).await {
        Ok(bytes) => bytes,
        Err(ObjectError::Missing(_)) => {
            return fail(system, batch, Failure::new(FailureCode::FileMissing, number)).await;
        }
        Err(other) => return Err(other.into()),
    };
    if hex::encode(Sha256::digest(&bytes)) != chunk.sha256 {
        return fail(system, batch, Failure::new(FailureCode::FileReplaced, number)).await;
    }
    let rows = match read_chunk(&bytes, chunk.first_row, &manifest.layout, &Limits::default(), manifest.summarized_on) {
        Ok(rows) if rows.len() as u64 == u64::from(chunk.rows) => rows,
        Ok(_) | Err(_) => return fail(system, batch, Failure::new(FailureCode::FileUnreadable, number)).await,
    };
    let vault = system.vault().await?;
    let (batch, manifest, vault) = (&batch, &*manifest, &vault);
    stream::iter(
        rows.into_iter()
            .map(|row| async move { put(system, &new_payment(system, vault, batch, manifest, &row)?).await }),
    )
    .buffer_unordered(PUTS_AT_ONCE)
    .try_for_each(|()| std::future::ready(Ok(())))
    .await?;
    let mark = Change::Put {
        key: keys::chunk(batch_id, number),
        attributes: mark(chunk.rows),
        indexing: Indexing::default(),
        condition: Condition::Always,
    };
    system.table.write(vec![mark]).await?;
    system.enqueue([Task::FinishImport { batch_id }]).await
}

async fn put(system: &System, payment: &Payment) -> Result<(), OperationError> {
    let mut changes = vec![create(payment)?];
    changes.extend(webhooks::of_new(system, payment).await?);
    match system.table.write(changes).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

fn mark(rows: u32) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.insert("rows".to_owned(), rows.into());
    attributes.insert("version".to_owned(), 1.into());
    attributes
}

fn missing_manifest(batch_id: BatchId) -> OperationError {
    OperationError::Inconsistent(format!("{batch_id} was approved without a manifest"))
}

fn new_payment(
    system: &System,
    vault: &Vault,
    batch: &Batch,
    manifest: &Manifest,
    row: &Row,
) -> Result<Payment, OperationError> {
    let number = u32::try_from(row.number)
        .map_err(|_| OperationError::Inconsistent(format!("row {} of {} is beyond counting", row.number, batch.id)))?;
    let id = PaymentId::Row { batch: batch.id, row: number };
    let named = row.payee.number().expose();
    let account = fault!(PayeeZerosDropped, named.trim_start_matches('0'), named);
    let bound_to = keys::payment(id).pk;
    let mut leg = Leg::new();
    let Terms { routing_number, account_type, entry_class, entry_description } = match terms_of(manifest, &row.payee) {
        Ok(terms) => terms,
        Err(reason) => {
            leg.fail_by_rule(Kind::Payout, Reason::UnpayableInstitution(reason))?;
            unpayable()
        }
    };
    let fingerprint = vault.account(&routing_number, account);
    let now = system.clock.business_now();
    Ok(Payment {
        id,
        version: 1,
        amount: row.amount,
        payer_id: row.source_id.clone(),
        round: 1,
        leg,
        payee: Payee::Account(AccountPayee {
            routing_number,
            sealed_account: vault.sealing.seal(account, &bound_to, &*system.random)?.as_str().to_owned(),
            account_last4: ending(account),
            account_type,
            fingerprint: fault!(
                AccountTypeForgotten,
                fingerprint.as_str().to_owned(),
                account_key(fingerprint.as_str(), account_type)
            ),
            name: row.receiver_name()?.as_str().to_owned(),
            entry_class,
            entry_description,
            came_from: None,
        }),
        check: None,
        autopay: None,
        row: Some(RowFacts {
            employee_id: row.employee_id.clone(),
            branch_id: row.branch_id.clone(),
            institution_id: row.payee.institution_id().unwrap_or_default().to_owned(),
        }),
        due_at: None,
        created_at: now,
        updated_at: now,
    })
}

/// How a payee is paid, as the manifest has it, or why it is not.
fn terms_of(manifest: &Manifest, payee: &RowPayee) -> Result<Terms, String> {
    let missing = || "not_in_the_manifest".to_owned();
    match payee {
        RowPayee::Loan { institution_id, .. } => {
            match &manifest.institution(institution_id).ok_or_else(missing)?.decision {
                InstitutionDecision::Ach { routing_number, account_type, entry_class, entry_description } => {
                    Ok(Terms {
                        routing_number: routing_number.clone(),
                        account_type: *account_type,
                        entry_class: *entry_class,
                        entry_description: entry_description.clone(),
                    })
                }
                InstitutionDecision::Unpayable { reason } => Err(reason.clone()),
            }
        }
        RowPayee::Account(account) => {
            let how = manifest.bank_accounts.as_ref().ok_or_else(missing)?;
            Ok(Terms {
                routing_number: account.routing_number.as_str().to_owned(),
                account_type: fault!(
                    PayeeTypeGuessed,
                    crate::domain::bank::request::AccountType::Checking,
                    account.account_type
                ),
                entry_class: how.entry_class,
                entry_description: how.entry_description.clone(),
            })
        }
    }
}

fn unpayable() -> Terms {
    Terms {
        routing_number: String::new(),
        account_type: biller::DEFAULT_ACCOUNT_TYPE,
        entry_class: biller::DEFAULT_ENTRY_CLASS,
        entry_description: biller::DEFAULT_ENTRY_DESCRIPTION.to_owned(),
    }
}

/// The object was replaced after the summary: nothing of the batch is ever paid. No money is pulled before an import is whole, so nothing
/// of it can have been sent, and its payments may come in another file.
async fn fail(system: &System, mut batch: Batch, failure: Failure) -> Result<(), OperationError> {
    tracing::error!(batch = %batch.id, why = failure.code.as_str(), "an import failed");
    let now = system.clock.business_now();
    let (code, text) = (failure.code, failure.text.clone());
    if batch.import_failed(failure, now)? == Idempotent::Executed {
        batch.updated_at = now;
        let notice = NoticeKind::ImportFailed { batch_id: batch.id, code, text };
        let mut changes = notices::puts(system, Recipient::PayrollAdmins, [notice]).await?;
        changes.push(replace(&mut batch)?);
        changes.extend(release_claim(&batch));
        changes.extend(webhooks::of_batch(system, &batch).await?);
        match system.table.write(changes).await {
            Ok(()) | Err(TableError::ConditionFailed { .. }) => {}
            Err(other) => return Err(other.into()),
        }
        system.hint([Task::Sweep { batch_id: batch.id }]).await;
    }
    Ok(())
}

/// The barrier: counts the finished chunks, consistently; when all are there the batch goes on to funding.
pub async fn finish(system: &System, batch_id: BatchId) -> Result<(), OperationError> {
    let mut batch = load(system, batch_id).await?;
    if matches!(batch.state, BatchState::Canceling | BatchState::Canceled | BatchState::Failed) {
        // Rows that were recorded while the end of the batch counted what is open.
        return super::fund::release_all(system, batch_id).await;
    }
    if batch.state != BatchState::Importing {
        return Ok(());
    }
    let expected = batch.manifest.as_ref().ok_or_else(|| missing_manifest(batch_id))?.chunks;
    if fault!(BarrierSkipped, false, !missing_chunks(system, batch_id, expected).await?.is_empty()) {
        return Ok(());
    }
    let now = system.clock.business_now();
    if batch.imported(now)? == Idempotent::AlreadyApplied {
        return Ok(());
    }
    batch.updated_at = now;
    batch.due_at = Some(super::system::minutes_from(now, super::sweep::SWEEP_MINUTES));
    match system.table.write(vec![replace(&mut batch)?]).await {
        Ok(()) => {}
        Err(TableError::ConditionFailed { .. }) => return Ok(()),
        Err(other) => return Err(other.into()),
    }
    super::fund::start_round(system, &batch).await
}

/// The chunks that are not recorded yet.
pub(crate) async fn missing_chunks(
    system: &System,
    batch_id: BatchId,
    expected: u32,
) -> Result<Vec<u32>, OperationError> {
    let mut done = std::collections::BTreeSet::new();
    let key = keys::batch(batch_id);
    let mut query = Query { range: Range::BeginsWith(keys::CHUNK_PREFIX.to_owned()), ..Query::primary(key.pk) };
    loop {
        let page = system.table.query(&query).await?;
        let numbers = page
            .items
            .iter()
            .filter_map(|item| item.get("sk")?.as_str()?.strip_prefix(keys::CHUNK_PREFIX)?.parse::<u32>().ok());
        done.extend(numbers);
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => break,
        }
    }
    Ok((1..=expected).filter(|number| !done.contains(number)).collect())
}
