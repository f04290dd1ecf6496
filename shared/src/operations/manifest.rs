//! Making a manifest of a summary: how each institution is paid, whether each source's account is known, what can be paid.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::account_corrections::{Known, OfFile, joined};
use super::corrected_ends::ending;
use super::corrected_rows::CorrectedRows;
use super::file_bytes::ReadFile;
use super::{OperationError, System, account_corrections, billers, overlaps, sources};
use crate::domain::batch::manifest::{
    AccountStanding, Chunk, InstitutionDecision, Manifest, ManifestBranch, ManifestInstitution, ManifestSource,
    ManifestWarning,
};
use crate::domain::batch::{Batch, ManifestBankAccounts, ManifestHead};
use crate::domain::calendar;
use crate::domain::deadline::Deadline;
use crate::domain::payroll_file::{PAID_BY_ACCOUNT, SourceDetails, Summary, Total};
use crate::domain::source::{ExternalAccount, Source};
use crate::store::{keys, stored};

/// Institutions looked up at once.
const LOOKUPS_AT_ONCE: usize = 4;

/// `digests` are those of the rows, sorted, one after another.
pub(super) async fn make_manifest(
    system: &System,
    batch: &Batch,
    file: &ReadFile,
    pay_period: Date,
    digests: Bytes,
    known: &Known,
    deadline: Deadline,
) -> Result<Manifest, OperationError> {
    let summary = &file.summary;
    let institutions = decide_institutions(system, summary, deadline).await?;
    let is_payable =
        |id: &str| id == PAID_BY_ACCOUNT || matches!(institutions.get(id), Some(InstitutionDecision::Ach { .. }));
    let payable = |by: &BTreeMap<String, Total>| -> Result<Total, OperationError> {
        let mut sum = Total::default();
        for (_, total) in by.iter().filter(|(id, _)| is_payable(id)) {
            sum.add(*total)?;
        }
        Ok(sum)
    };
    let payable_of = |by: &BTreeMap<String, BTreeMap<String, Total>>, id: &str| match by.get(id) {
        Some(by_institution) => payable(by_institution),
        None => Ok(Total::default()),
    };
    let mut sources = Vec::with_capacity(summary.sources.len());
    for details in &summary.sources {
        let total = summary.by_source.get(&details.source_id).copied().unwrap_or_default();
        let payable = payable_of(&summary.by_source_and_institution, &details.source_id)?;
        sources.push(make_source(system, details, total, payable).await?);
    }
    sources.sort_by(|a, b| a.id.cmp(&b.id));
    let mut branches = Vec::with_capacity(summary.by_branch.len());
    for (id, total) in &summary.by_branch {
        let payable = payable_of(&summary.by_branch_and_institution, id)?;
        branches.push(ManifestBranch {
            id: id.clone(),
            rows: total.rows,
            total: total.total,
            payable_rows: payable.rows,
            payable_total: payable.total,
        });
    }
    let payable = payable(&summary.by_institution)?;
    let canonical_hash = summary.canonical_hash.to_string();
    let corrected = CorrectedRows::of_watched(&summary.watched);
    let rows = overlaps::Rows { batch_id: batch.id, canonical_hash: &canonical_hash, digests, corrected };
    let overlaps = overlaps::find(system, &rows, pay_period).await?;
    let OfFile { corrections, leads_to } = account_corrections::of_file(system, known, summary, &institutions).await?;
    let joined = joined::warnings(&*system.vault().await?, summary, &institutions, &leads_to);
    Ok(Manifest {
        format: 1,
        batch_id: batch.id,
        summarized_on: calendar::eastern_date(system.clock.business_now()),
        pay_period: Some(pay_period),
        file_sha256: summary.file_sha256.to_string(),
        canonical_hash,
        bytes: summary.file_bytes,
        rows: summary.rows,
        total: summary.total,
        payable_rows: payable.rows,
        payable_total: payable.total,
        employees: summary.employees,
        loans: summary.loans,
        sources,
        branches,
        institutions: institution_list(summary, institutions),
        bank_accounts: ManifestBankAccounts::of(summary),
        warnings: warnings(summary, joined),
        bank_names: summary.bank_names.clone(),
        unknown_columns: summary.unknown_columns.clone(),
        overlaps,
        corrections,
        chunks: chunks(summary),
        layout: summary.layout.clone(),
        packed: file.packed,
    })
}

fn institution_list(summary: &Summary, decisions: BTreeMap<String, InstitutionDecision>) -> Vec<ManifestInstitution> {
    decisions
        .into_iter()
        .map(|(id, decision)| {
            let total = summary.by_institution.get(&id).copied().unwrap_or_default();
            ManifestInstitution { id, rows: total.rows, total: total.total, decision }
        })
        .collect()
}

/// `joined` are of accounts that corrections make one.
fn warnings(summary: &Summary, joined: Vec<ManifestWarning>) -> Vec<ManifestWarning> {
    let warning =
        |(code, seen): (&crate::domain::payroll_file::Warning, &crate::domain::payroll_file::WarningCount)| {
            ManifestWarning { code: *code, count: seen.count, first_row: seen.first_row }
        };
    let mut warnings: Vec<_> = summary.warnings.iter().map(warning).collect();
    for more in joined {
        match warnings.iter_mut().find(|warning| warning.code == more.code) {
            Some(warning) => {
                warning.count += more.count;
                warning.first_row = warning.first_row.min(more.first_row);
            }
            None => warnings.push(more),
        }
    }
    warnings
}

fn chunks(summary: &Summary) -> Vec<Chunk> {
    summary
        .chunks
        .iter()
        .map(|chunk| Chunk {
            number: chunk.number,
            first_row: chunk.first_row,
            rows: chunk.rows,
            start: chunk.start,
            end: chunk.end,
            sha256: chunk.sha256.to_string(),
        })
        .collect()
}

async fn decide_institutions(
    system: &System,
    summary: &Summary,
    deadline: Deadline,
) -> Result<BTreeMap<String, InstitutionDecision>, OperationError> {
    let ids: Vec<String> = summary.by_institution.keys().filter(|id| *id != PAID_BY_ACCOUNT).cloned().collect();
    stream::iter(ids.into_iter().map(|id| async move {
        let decision = billers::decision(system, &id, deadline).await?;
        Ok((id, decision))
    }))
    .buffer_unordered(LOOKUPS_AT_ONCE)
    .try_collect()
    .await
}

async fn make_source(
    system: &System,
    details: &SourceDetails,
    total: Total,
    payable: Total,
) -> Result<ManifestSource, OperationError> {
    let vault = system.vault().await?;
    let number = details.account_number.expose();
    let bound_to = keys::source(&details.source_id).pk;
    let fingerprint = vault.account(details.routing_number.as_str(), number);
    let known: Option<Source> = stored::read(&*system.table, &keys::source(&details.source_id)).await?;
    let (standing, replaces) = standing_of(known.as_ref(), fingerprint.as_str());
    let replaces_version =
        known.as_ref().filter(|_| standing == AccountStanding::Changed).map(|source| source.account_version);
    // What is known already is sealed already: the same summary again makes the same manifest.
    let account = match known {
        Some(source) if standing == AccountStanding::Known => source.account,
        Some(_) | None => ExternalAccount {
            routing_number: details.routing_number.as_str().to_owned(),
            sealed_account: vault.sealing.seal(number, &bound_to, &*system.random)?.as_str().to_owned(),
            account_last4: ending(number),
            fingerprint: fingerprint.as_str().to_owned(),
        },
    };
    let account_of = sources::other_holder(system, &details.source_id, &account).await?;
    Ok(ManifestSource {
        id: details.source_id.clone(),
        name: details.name.clone(),
        account,
        standing,
        replaces,
        replaces_version,
        account_of,
        rows: total.rows,
        total: total.total,
        payable_rows: payable.rows,
        payable_total: payable.total,
    })
}

/// Whether the account is the one that is known of the source, and which one it takes the place of.
pub(super) fn standing_of(known: Option<&Source>, fingerprint: &str) -> (AccountStanding, Option<String>) {
    match known {
        None => (AccountStanding::New, None),
        Some(source) if source.account.fingerprint == fingerprint => (AccountStanding::Known, None),
        Some(source) => (AccountStanding::Changed, Some(source.account.fingerprint.clone())),
    }
}

pub(super) fn head_of(
    manifest: &Manifest,
    body: &[u8],
    approvals_seen: u64,
    known: &Known,
    corrected: &CorrectedRows,
) -> ManifestHead {
    ManifestHead {
        hash: hex::encode(Sha256::digest(body)),
        file_sha256: manifest.file_sha256.clone(),
        canonical_hash: manifest.canonical_hash.clone(),
        rows: manifest.rows,
        total: manifest.total,
        payable_rows: manifest.payable_rows,
        payable_total: manifest.payable_total,
        chunks: u32::try_from(manifest.chunks.len()).unwrap_or(u32::MAX),
        pay_period: manifest.pay_period,
        approvals_seen,
        corrections_seen: Some(known.digest()),
        corrected_rows: corrected.count(),
    }
}
