//! What the bank corrects about accounts: heard, listed, and taken back by two operators.
//!
//! Guarantees: a correction belongs to the account that its transfer was made for, whatever the payer's record says by then; it counts, is
//! in the audit and is told in one write with the bank's event. What no request could carry is never stored as usable.

mod hear;
pub(crate) mod joined;
mod places;

use std::collections::{BTreeMap, BTreeSet};

use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::autopay::{corrected, own};
use super::corrected_ends::{self, Led, Numbers, ending};
use super::corrected_rows::CorrectedRows;
use super::file_bytes::{ReadFile, Unpacked};
use super::fund::SOURCE_ACCOUNT_TYPE;
use super::upload::upload_object;
use super::{OperationError, System, audit, sources, summarize};
use crate::domain::ach::account_correction::{AccountCorrection, Standing};
use crate::domain::bank::request::AccountType;
use crate::domain::batch::manifest::{InstitutionDecision, Manifest, ManifestCorrection};
use crate::domain::batch::{Batch, ManifestHead};
use crate::domain::payroll_file::{RowPayee, Summary, Total, WatchedPayee};
use crate::ports::table::{Change, Condition, Cursor, Query, Range, decode};
use crate::store::counterparty::{self, Correction, KnownCounterparty};
use crate::store::keys;
use crate::store::stored::{read, replace};

pub(crate) use hear::{Word, note};

/// In whose name the audit keeps what the bank says.
const BANK: &str = "bank";

/// Corrected accounts of a file that are followed at once.
const CHAINS_AT_ONCE: usize = 16;

/// What a notification of change leads to.
#[derive(Default)]
pub(crate) struct NotedCorrection {
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

/// What banks have said of accounts, as summaries and approvals need it.
#[derive(Default)]
pub(crate) struct Known {
    /// The corrections in use, by account.
    in_use: BTreeMap<String, AccountCorrection>,
    /// How the numbers end that corrections, in use or taken back, are about or lead to: what a file's reader looks out for.
    endings: BTreeSet<String>,
}

/// Reads what is known consistently, since an approval rests on it.
pub(crate) async fn known(system: &System) -> Result<Known, OperationError> {
    let mut known = Known::default();
    let mut query = Query::primary(keys::ACCOUNT_CORRECTIONS);
    loop {
        let page = system.table.query(&query).await?;
        for item in page.items {
            known.add(decode(item)?);
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok(known),
        }
    }
}

impl Known {
    fn add(&mut self, correction: AccountCorrection) {
        // What was taken back, or replaced by a later word, was paid so meanwhile.
        let endings = correction.endings();
        if !endings.is_empty() || correction.standing != Standing::Unusable {
            self.endings.insert(correction.account_last4.clone());
            self.endings.extend(endings);
        }
        if correction.standing == Standing::InUse {
            self.in_use.insert(correction.account.clone(), correction);
        }
    }

    pub(crate) const fn endings(&self) -> &BTreeSet<String> {
        &self.endings
    }

    /// Another text for any other corrections in use, and for any other numbers that banks have ever corrected: an approval looks at the file
    /// again only where these are others than at the summary.
    pub(crate) fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        // Summaries of before showed the first step of a chain alone: they are looked at again.
        hasher.update(b"chains");
        for correction in self.in_use.values() {
            hasher.update(correction.token());
            hasher.update([0]);
        }
        for ending in fault!(FormerNumberForgotten, None, Some(&self.endings)).into_iter().flatten() {
            hasher.update(ending);
            hasher.update([1]);
        }
        hex::encode(hasher.finalize())
    }
}

/// What corrections make of a file.
pub(crate) struct OfFile {
    /// The corrected accounts among its payees and sources.
    pub corrections: Vec<ManifestCorrection>,
    /// Of its corrected payees, by their first row: the fingerprint of the account that they are paid at.
    pub leads_to: BTreeMap<u64, String>,
}

/// What corrections make of a file, as its rows are paid by these decisions.
pub(crate) async fn of_file(
    system: &System,
    known: &Known,
    summary: &Summary,
    decisions: &BTreeMap<String, InstitutionDecision>,
) -> Result<OfFile, OperationError> {
    let mut of_file = OfFile { corrections: Vec::new(), leads_to: BTreeMap::new() };
    if known.in_use.is_empty() {
        return Ok(of_file);
    }
    let vault = system.vault().await?;
    let named = of_sources(summary).chain(of_payees(summary, decisions).map(|(_, named)| named));
    let is_corrected =
        |named: &Named| named.numbers.names(&vault, "").iter().any(|name| known.in_use.contains_key(name));
    let shown: Vec<_> = named.filter(is_corrected).map(|named| shown(system, &known.in_use, named).boxed()).collect();
    let shown: Vec<Option<Shown>> = stream::iter(shown).buffered(CHAINS_AT_ONCE).try_collect().await?;
    for Shown { correction, account } in shown.into_iter().flatten() {
        of_file.leads_to.extend(correction.first_row.map(|row| (row, account)));
        of_file.corrections.push(correction);
    }
    of_file.corrections.sort_by(|a, b| (&a.name, a.first_row).cmp(&(&b.name, b.first_row)));
    Ok(of_file)
}

/// An account as a file names it.
struct Named {
    numbers: Numbers,
    /// Whose own it is, where it is a source's.
    source_id: Option<String>,
    /// The first row that pays it, where it is a payee's.
    first_row: Option<u64>,
    total: Total,
}

fn of_sources(summary: &Summary) -> impl Iterator<Item = Named> {
    summary.sources.iter().map(|source| Named {
        numbers: Numbers {
            routing_number: source.routing_number.as_str().to_owned(),
            account_number: source.account_number.clone(),
            account_type: SOURCE_ACCOUNT_TYPE,
        },
        source_id: Some(source.source_id.clone()),
        first_row: None,
        total: summary.by_source.get(&source.source_id).copied().unwrap_or_default(),
    })
}

fn of_payees<'s>(
    summary: &'s Summary,
    decisions: &BTreeMap<String, InstitutionDecision>,
) -> impl Iterator<Item = (&'s WatchedPayee, Named)> {
    summary.watched.iter().filter_map(|watched| {
        let (routing_number, account_type) = paid_at(&watched.payee, decisions)?;
        let (routing_number, account_number) = (routing_number.to_owned(), watched.payee.number().clone());
        let named = Named {
            numbers: Numbers { routing_number, account_number, account_type },
            source_id: None,
            first_row: Some(watched.first_row),
            total: Total { rows: watched.rows, total: watched.total },
        };
        Some((watched, named))
    })
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

/// A corrected account of a file.
struct Shown {
    correction: ManifestCorrection,
    /// Fingerprint of the account that money for it goes to.
    account: String,
}

/// Where money for an account goes by all corrections that lead on from it, as an approver sees it.
async fn shown(
    system: &System,
    in_use: &BTreeMap<String, AccountCorrection>,
    named: Named,
) -> Result<Option<Shown>, OperationError> {
    let is_corrected = |names: &[String]| names.iter().any(|name| in_use.contains_key(name));
    let Some(led) = corrected_ends::leads(system, named.numbers, &is_corrected).await? else { return Ok(None) };
    let Led { to, corrected, last } = led;
    let steps: Vec<_> = corrected.iter().filter_map(|names| names.iter().find_map(|name| in_use.get(name))).collect();
    let (Some(first), Some(last)) = (steps.first(), steps.get(last)) else { return Ok(None) };
    let is_other_number = steps.iter().any(|step| step.corrected_last4.is_some());
    let is_other_routing = steps.iter().any(|step| step.routing_number.is_some());
    let account = to.fingerprint(&*system.vault().await?).as_str().to_owned();
    let correction = ManifestCorrection {
        name: name_of(&steps),
        fingerprint: first.account.clone(),
        change_code: last.change_code.clone(),
        account_last4: first.account_last4.clone(),
        corrected_last4: is_other_number.then(|| ending(to.account_number.expose())),
        corrected_routing_number: is_other_routing.then_some(to.routing_number),
        since: steps.iter().map(|step| step.since).fold(first.since, Timestamp::max),
        source_id: named.source_id,
        first_row: named.first_row,
        rows: named.total.rows,
        total: named.total.total,
    };
    Ok(Some(Shown { correction, account }))
}

/// What an approval names to accept corrections that lead on one from another: with any other step it is another name.
fn name_of(steps: &[&AccountCorrection]) -> String {
    let mut tokens = steps.iter().map(|step| step.token());
    let first = tokens.next().unwrap_or_default();
    let mut hasher = Sha256::new();
    for token in tokens {
        hasher.update(token);
        hasher.update([0]);
    }
    if steps.len() > 1 { format!("{first}+{}", hex::encode(hasher.finalize())) } else { first }
}

/// What corrections make of a file at the moment of its approval.
#[derive(Default)]
pub(crate) struct Now {
    /// What an approver would have to accept if the summary were made now.
    pub corrections: Vec<ManifestCorrection>,
    /// The rows that corrections may be about, where these are others than at the summary.
    pub rows: Option<CorrectedRows>,
}

/// What is true of a file now. `None` where that takes another summary: the file is too large to be looked at again while the caller waits,
/// or is another one by now.
pub(crate) async fn true_now(
    system: &System,
    batch: &Batch,
    head: &ManifestHead,
    manifest: &Manifest,
) -> Result<Option<Now>, OperationError> {
    let known = known(system).await?;
    if head.corrections_seen.as_deref() == Some(known.digest().as_str()) {
        return Ok(Some(Now { corrections: manifest.corrections.clone(), rows: None }));
    }
    if known.endings.is_empty() {
        return Ok(Some(Now::default()));
    }
    let size = system.objects.size(&upload_object(batch.id)).await?;
    if size.max(manifest.bytes) > system.settings.summary_bytes_in_request_max {
        return Ok(None);
    }
    let read = summarize::read_file(system, batch, known.endings.clone(), Unpacked::Dropped).await?;
    let Ok(ReadFile { summary, .. }) = read else { return Ok(None) };
    if summary.canonical_hash.to_string() != head.canonical_hash {
        return Ok(None);
    }
    let decisions = manifest.institutions.iter().map(|known| (known.id.clone(), known.decision.clone())).collect();
    let OfFile { corrections, .. } = of_file(system, &known, &summary, &decisions).await?;
    Ok(Some(Now { corrections, rows: Some(CorrectedRows::of_watched(&summary.watched)) }))
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
    let Some(reason) = correction.confirm_withdrawal(caller, now)? else { return Ok(correction) };
    let mut changes = vec![audit::entry(system, caller, "confirm_withdrawal", account, Some(&reason))?];
    let mut led_to = std::mem::take(&mut correction.led_to);
    let mut taken_back = vec![account];
    let duplicate = correction.duplicate.clone();
    if let Some(duplicate_account) = &duplicate {
        let duplicate: Option<AccountCorrection> =
            read(&*system.table, &keys::account_correction(duplicate_account)).await?;
        if let Some(mut duplicate) = duplicate.filter(|duplicate| duplicate.is_of_same_word(&correction)) {
            duplicate.standing = correction.standing.clone();
            led_to.append(&mut duplicate.led_to);
            taken_back.push(duplicate_account);
            changes.push(replace(&mut duplicate)?);
            changes.extend(no_longer_corrected(system, &duplicate.account, now).await?);
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
