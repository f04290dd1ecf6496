//! What the bank corrects about accounts: heard, listed, and taken back by two operators.
//!
//! Guarantees: a correction belongs to the account that its transfer was made for, whatever the payer's record says by then; it counts, is
//! in the audit and is told in one write with the bank's event. What no request could carry is never stored as usable.

mod hear;
mod places;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::autopay::{corrected, own};
use super::corrected_ends::Numbers;
use super::file_bytes::{ReadFile, Unpacked};
use super::fund::SOURCE_ACCOUNT_TYPE;
use super::upload::upload_object;
use super::{OperationError, System, audit, sources, summarize};
use crate::domain::ach::account_correction::{AccountCorrection, Standing};
use crate::domain::bank::request::AccountType;
use crate::domain::batch::manifest::{InstitutionDecision, Manifest, ManifestCorrection};
use crate::domain::batch::{Batch, ManifestHead};
use crate::domain::payroll_file::{RowPayee, Summary, Total};
use crate::domain::secret::AccountNumber;
use crate::operations::system::Vault;
use crate::ports::table::{Change, Condition, Cursor, Query, Range, decode};
use crate::store::counterparty::{self, Correction, KnownCounterparty};
use crate::store::keys;
use crate::store::stored::{read, replace};

pub(crate) use hear::{Word, heed};

/// In whose name the audit keeps what the bank says.
const BANK: &str = "bank";

/// What a notification of change leads to.
#[derive(Default)]
pub(crate) struct Heard {
    pub changes: Vec<Change>,
    /// The item bears attention now: its notification cannot be used.
    pub is_unusable: bool,
    /// Whoever is to know of a correction is told: it is new, and used from now on.
    pub correction: Option<AccountCorrection>,
    /// What is sent from now on, with that.
    pub said: Option<KeptCorrection>,
}

/// What is sent in the place of an account, and the name of that account, which its number is sealed for.
pub(crate) struct KeptCorrection {
    /// The attempt of its item that it was said of.
    pub attempt: u32,
    pub account: String,
    pub correction: Correction,
}

/// For the audit: what was corrected, without a number beyond its last four.
fn told(correction: &AccountCorrection) -> String {
    let number = correction.corrected_last4.as_deref().map(|last4| format!(", number ending in {last4}"));
    let routing = correction.routing_number.as_deref().map(|routing| format!(", routing {routing}"));
    let parts = [number, routing].map(Option::unwrap_or_default).concat();
    format!(
        "{} of the account ending in {}{parts}, said of {}",
        correction.change_code, correction.account_last4, correction.said_of
    )
}

/// The corrections that are in use, by account: read consistently, since an approval rests on them.
pub(crate) async fn in_use(system: &System) -> Result<BTreeMap<String, AccountCorrection>, OperationError> {
    let mut found = BTreeMap::new();
    let mut query = Query::primary(keys::ACCOUNT_CORRECTIONS);
    loop {
        let page = system.table.query(&query).await?;
        for item in page.items {
            let correction: AccountCorrection = decode(item)?;
            if correction.standing == Standing::InUse {
                found.insert(correction.account.clone(), correction);
            }
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok(found),
        }
    }
}

/// How the numbers of corrected accounts end: what a file's reader looks out for.
pub(crate) fn endings(in_use: &BTreeMap<String, AccountCorrection>) -> BTreeSet<String> {
    in_use.values().map(|correction| correction.account_last4.clone()).collect()
}

/// Another text for any other corrections in use: an approval looks at the file again only where they are others than at the summary.
pub(crate) fn digest(in_use: &BTreeMap<String, AccountCorrection>) -> String {
    let mut hasher = Sha256::new();
    for correction in in_use.values() {
        hasher.update(correction.token());
        hasher.update([0]);
    }
    hex::encode(hasher.finalize())
}

/// The corrected accounts among the payees and sources of a file, as its rows are paid by these decisions.
pub(crate) async fn of_file(
    system: &System,
    in_use: &BTreeMap<String, AccountCorrection>,
    summary: &Summary,
    decisions: &BTreeMap<String, InstitutionDecision>,
) -> Result<Vec<ManifestCorrection>, OperationError> {
    if in_use.is_empty() {
        return Ok(Vec::new());
    }
    let vault = system.vault().await?;
    let mut found = Vec::new();
    for source in &summary.sources {
        let routing_number = source.routing_number.as_str();
        let correction = of_account(&vault, in_use, routing_number, &source.account_number, SOURCE_ACCOUNT_TYPE);
        let total = summary.by_source.get(&source.source_id).copied().unwrap_or_default();
        found.extend(correction.map(|correction| shown(correction, Some(&source.source_id), None, total)));
    }
    for watched in &summary.watched {
        let Some((routing_number, account_type)) = paid_at(&watched.payee, decisions) else { continue };
        let correction = of_account(&vault, in_use, routing_number, watched.payee.number(), account_type);
        let total = Total { rows: watched.rows, total: watched.total };
        found.extend(correction.map(|correction| shown(correction, None, Some(watched.first_row), total)));
    }
    found.sort_by(|a, b| (&a.name, a.first_row).cmp(&(&b.name, b.first_row)));
    Ok(found)
}

/// The routing number and kind of the account that a payee is paid at; nothing where it is not paid.
fn paid_at<'p>(
    payee: &'p RowPayee,
    decisions: &'p BTreeMap<String, InstitutionDecision>,
) -> Option<(&'p str, AccountType)> {
    match payee {
        RowPayee::Loan { institution_id, .. } => match decisions.get(institution_id)? {
            InstitutionDecision::Ach { routing_number, account_type, .. } => Some((routing_number, *account_type)),
            InstitutionDecision::Unpayable { .. } => None,
        },
        RowPayee::Account(account) => Some((account.routing_number.as_str(), account.account_type)),
    }
}

/// The correction of an account that is in use, however the file spells its number.
fn of_account<'c>(
    vault: &Vault,
    in_use: &'c BTreeMap<String, AccountCorrection>,
    routing_number: &str,
    account_number: &AccountNumber,
    account_type: AccountType,
) -> Option<&'c AccountCorrection> {
    let account_number = account_number.clone();
    let account = Numbers { routing_number: routing_number.to_owned(), account_number, account_type };
    account.names(vault, "").iter().find_map(|name| in_use.get(name))
}

fn shown(
    correction: &AccountCorrection,
    source_id: Option<&str>,
    first_row: Option<u64>,
    total: Total,
) -> ManifestCorrection {
    ManifestCorrection {
        name: correction.token(),
        fingerprint: correction.account.clone(),
        change_code: correction.change_code.clone(),
        account_last4: correction.account_last4.clone(),
        corrected_last4: correction.corrected_last4.clone(),
        corrected_routing_number: correction.routing_number.clone(),
        since: correction.since,
        source_id: source_id.map(str::to_owned),
        first_row,
        rows: total.rows,
        total: total.total,
    }
}

/// What an approver would have to accept of corrections if the summary were made now. `None` where that takes another summary: the file is
/// too large to be looked at again while the caller waits, or is another one by now.
pub(crate) async fn true_now(
    system: &System,
    batch: &Batch,
    head: &ManifestHead,
    manifest: &Manifest,
) -> Result<Option<Vec<ManifestCorrection>>, OperationError> {
    let in_use = in_use(system).await?;
    if head.corrections_seen.as_deref() == Some(digest(&in_use).as_str()) || in_use.is_empty() {
        let still = |correction: &&ManifestCorrection| in_use.contains_key(&correction.fingerprint);
        return Ok(Some(manifest.corrections.iter().filter(still).cloned().collect()));
    }
    let size = system.objects.size(&upload_object(batch.id)).await?;
    if size.max(manifest.bytes) > system.settings.summary_bytes_in_request_max {
        return Ok(None);
    }
    let read = summarize::read_file(system, batch, endings(&in_use), Unpacked::Dropped).await?;
    let Ok(ReadFile { summary, .. }) = read else { return Ok(None) };
    if summary.canonical_hash.to_string() != head.canonical_hash {
        return Ok(None);
    }
    let decisions = manifest.institutions.iter().map(|known| (known.id.clone(), known.decision.clone())).collect();
    of_file(system, &in_use, &summary, &decisions).await.map(Some)
}

/// Every correction, by the account's name.
pub async fn list(
    system: &System,
    after: Option<Cursor>,
    most: u32,
) -> Result<(Vec<AccountCorrection>, Option<Cursor>), OperationError> {
    let query = Query {
        page_items: Some(most),
        start_after: after,
        range: Range::BeginsWith(keys::FINGERPRINT_PREFIX.to_owned()),
        ..Query::primary(keys::ACCOUNT_CORRECTIONS)
    };
    let page = system.table.query(&query).await?;
    let items = page.items.into_iter().map(decode).collect::<Result<_, _>>()?;
    Ok((items, page.next))
}

pub async fn load(system: &System, account: &str) -> Result<AccountCorrection, OperationError> {
    read(&*system.table, &keys::account_correction(account))
        .await?
        .ok_or_else(|| OperationError::not_found("account correction", account))
}

/// Proposes to take a correction back. It counts once a second operator has confirmed it.
pub async fn propose_withdrawal(
    system: &System,
    account: &str,
    reason: &str,
    caller: &str,
) -> Result<AccountCorrection, OperationError> {
    let mut correction = load(system, account).await?;
    own::refuse(system, caller, &correction.payer_id).await?;
    correction.propose_withdrawal(caller, reason, system.clock.business_now())?;
    let entry = audit::entry(system, caller, "propose_withdrawal", account, Some(reason.trim()))?;
    system.table.write(vec![replace(&mut correction)?, entry]).await?;
    Ok(correction)
}

/// The second operator's word: from the next transfer on the account is sent as it was named. What the same word of the bank's has changed
/// about another account goes with it, and so does what the correction had claimed for its source.
pub async fn confirm_withdrawal(
    system: &System,
    account: &str,
    caller: &str,
) -> Result<AccountCorrection, OperationError> {
    let mut correction = load(system, account).await?;
    own::refuse(system, caller, &correction.payer_id).await?;
    let now = system.clock.business_now();
    let reason = correction.confirm_withdrawal(caller, now)?;
    let mut changes = vec![audit::entry(system, caller, "confirm_withdrawal", account, Some(&reason))?];
    let mut led_to = std::mem::take(&mut correction.led_to);
    let mut taken_back = vec![account];
    let twin = correction.twin.clone();
    if let Some(twin_account) = &twin {
        let twin: Option<AccountCorrection> = read(&*system.table, &keys::account_correction(twin_account)).await?;
        if let Some(mut twin) = twin.filter(|twin| twin.is_of_same_word(&correction)) {
            twin.standing = correction.standing.clone();
            led_to.append(&mut twin.led_to);
            taken_back.push(twin_account);
            changes.push(replace(&mut twin)?);
            changes.extend(no_longer_corrected(system, &twin.account, now).await?);
        }
    }
    changes.push(replace(&mut correction)?);
    changes.extend(no_longer_corrected(system, account, now).await?);
    // The account may have passed to another source since.
    let holder = sources::holder(system, account).await?;
    let source_id = holder.as_ref().unwrap_or(&correction.payer_id);
    changes.extend(sources::release_corrected(system, source_id, led_to).await?);
    changes.extend(corrected::part(system, &taken_back).await?);
    system.table.write(changes).await?;
    Ok(correction)
}

/// The account is sent as it is named.
async fn no_longer_corrected(system: &System, account: &str, now: Timestamp) -> Result<Option<Change>, OperationError> {
    let Some(known) = counterparty::find(&*system.table, account).await? else { return Ok(None) };
    let condition = Condition::VersionIs(known.version);
    let version = known.version.saturating_add(1);
    let plain = KnownCounterparty { counterparty_id: None, correction: None, version, updated_at: now };
    Ok(Some(counterparty::put(account, &plain, condition)?))
}
