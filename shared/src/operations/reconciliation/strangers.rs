//! Accounts of payers at the bank that nothing here knows: opened after the moment that the table was restored to.
//!
//! Guarantees: each is a difference of its own, which names the payer that it was opened for. Limit: nothing pauses a payer that is not
//! here; an operator throws the stop switch for it.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use crate::adapters::column::{BankAccount, PageCursor};
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::deadline::Deadline;
use crate::domain::reconciliation::run::PayerRun;
use crate::domain::reconciliation::{Counts, Finding, Reconciliation, Verdict};
use crate::operations::autopay::notices;
use crate::operations::{OperationError, System, payers};
use crate::ports::table::{Change, Condition, Indexing, TableError, encode};
use crate::store::keys;
use crate::store::stored::create;

const READS_AT_ONCE: usize = 16;

/// Looks through one page of our accounts at the bank. Answers how many nothing here knows, and where the next page begins.
pub(super) async fn page(
    system: &System,
    reconciliation: &Reconciliation,
    deadline: Deadline,
) -> Result<(u64, Option<String>), OperationError> {
    let older_than = reconciliation.after.clone().map(PageCursor);
    let column = system.column().await?;
    let page = column.bank_accounts(&system.settings.column_entity_id, older_than.as_ref(), deadline).await?;
    let looks: Vec<_> = page.accounts.iter().map(|account| stranger(system, reconciliation, account)).collect();
    let payers: Vec<Option<String>> = stream::iter(looks).buffered(READS_AT_ONCE).try_collect().await?;
    let mut found = 0_u64;
    for (account, payer_id) in page.accounts.iter().zip(payers) {
        if let Some(payer_id) = payer_id {
            record(system, reconciliation, payer_id, account).await?;
            found = found.saturating_add(1);
        }
    }
    Ok((found, page.older.map(|cursor| cursor.0)))
}

/// The payer that an account was opened for, where they are not here or have no account that we know of, or another.
async fn stranger(
    system: &System,
    reconciliation: &Reconciliation,
    account: &BankAccount,
) -> Result<Option<String>, OperationError> {
    let Some(payer_id) = payers::payer_of_account(&account.description) else { return Ok(None) };
    // One that was just opened may not be written down yet.
    if account.created_at.is_none_or(|created_at| created_at > reconciliation.cut()) {
        return Ok(None);
    }
    let known = payers::bank_account_of(system, &payer_id).await?;
    let is_known = fault!(StrangeAccountsUnseen, true, known.as_deref() == Some(account.id.as_str()));
    Ok((!is_known).then_some(payer_id))
}

/// The difference, and a run that is done with it, so that it is counted.
async fn record(
    system: &System,
    reconciliation: &Reconciliation,
    payer_id: String,
    account: &BankAccount,
) -> Result<(), OperationError> {
    let now = system.clock.business_now();
    let mut finding = Finding {
        payer_id,
        subject: account.id.clone(),
        verdict: Verdict::MissingHere,
        transfer_id: None,
        here: None,
        there: Some(format!("{} available, {} pending", account.balances.available, account.balances.pending)),
        remedied: false,
        known: false,
        found_at: now,
    };
    let mark = keys::difference(&finding.payer_id, &finding.name());
    finding.known = system.table.get(&mark).await?.is_some();
    if !reconciliation.dry_run && !finding.known {
        alarm(system, reconciliation, &finding).await?;
    }
    put(system, keys::finding(reconciliation.id, &finding.payer_id, &finding.name()), &finding).await?;
    let mut run = done(reconciliation, account, now);
    let mut counts = Counts::default();
    counts.take(&finding);
    run.finish(counts);
    write(system, create(&run)?).await
}

/// Under the account's id: its payer may have a run of their own, for the account that is known.
fn done(reconciliation: &Reconciliation, account: &BankAccount, now: Timestamp) -> PayerRun {
    PayerRun::new(reconciliation.id, account.id.clone(), account.id.clone(), now, now)
}

/// The notice first: a run that stops after it puts it again to no effect, and then marks the difference.
async fn alarm(system: &System, reconciliation: &Reconciliation, finding: &Finding) -> Result<(), OperationError> {
    tracing::error!(
        metric = "reconciliation_difference",
        reconciliation = %reconciliation.id,
        payer = finding.payer_id,
        account = finding.subject,
        "the bank has an account of ours that nothing here knows: stop its payer until it is explained"
    );
    let kind = NoticeKind::DifferenceFound {
        reconciliation_id: reconciliation.id,
        payer_id: finding.payer_id.clone(),
        differences: 1,
    };
    for told in notices::puts(system, Recipient::Operators, [kind]).await? {
        write(system, told).await?;
    }
    put(system, keys::difference(&finding.payer_id, &finding.name()), finding).await
}

async fn put(system: &System, key: crate::ports::table::Key, finding: &Finding) -> Result<(), OperationError> {
    let (attributes, indexing) = (encode(finding)?, Indexing::default());
    write(system, Change::Put { key, attributes, indexing, condition: Condition::Absent }).await
}

/// What is there already stays.
async fn write(system: &System, change: Change) -> Result<(), OperationError> {
    match system.table.write(vec![change]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
