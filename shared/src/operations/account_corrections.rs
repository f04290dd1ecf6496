//! What the bank corrects about accounts: heard, listed, and taken back by two operators.
//!
//! Guarantees: a correction belongs to the account that its transfer was made for, whatever the payer's record says by then; it counts, is
//! in the audit and is told in one write with the bank's event. What no request could carry is never stored as usable.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::autopay::corrected;
use super::fund::SOURCE_ACCOUNT_TYPE;
use super::listener::{Listener, NamedAccount};
use super::upload::upload_object;
use super::{OperationError, System, audit, summarize};
use crate::adapters::sealing::SealedText;
use crate::domain::ach::account_correction::{AccountCorrection, Standing};
use crate::domain::ach::notification_of_change::{AccountChange, NotificationOfChange};
use crate::domain::bank::request::AccountType;
use crate::domain::batch::ManifestHead;
use crate::domain::batch::manifest::{InstitutionDecision, Manifest, ManifestCorrection};
use crate::domain::ids::BatchId;
use crate::domain::leg::AttentionReason;
use crate::domain::other_end::account_key;
use crate::domain::payroll_file::{Summary, Total};
use crate::domain::secret;
use crate::operations::system::Vault;
use crate::ports::table::{Change, Condition, Cursor, Query, Range, decode};
use crate::store::counterparty::{self, Correction, KnownCounterparty};
use crate::store::keys;
use crate::store::stored::{create, read, replace};

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
    pub said: Option<Correction>,
}

/// Takes in a notification of change: kept with the account that its transfer was made for, and used from the next transfer on (NACHA
/// Operating Rules, notifications of change). What it leaves out stays as an earlier one said. Every later word about its transfer repeats
/// it: that takes nothing back of what has been said of a transfer made since, nor of what operators have taken back.
pub(crate) async fn heed<T: Listener>(
    system: &System,
    item: &mut T,
    notice: &NotificationOfChange,
    made_at: Timestamp,
    now: Timestamp,
) -> Result<Heard, OperationError> {
    let change = notice.account_change();
    if change == AccountChange::None {
        return Ok(Heard::default());
    }
    let Some(named) = item.named_account(system).await?.filter(|named| !named.account.is_empty()) else {
        return Ok(Heard::default());
    };
    let before: Option<AccountCorrection> = read(&*system.table, &keys::account_correction(&named.account)).await?;
    let known = counterparty::find(&*system.table, &named.account).await?;
    let of_before = known.as_ref().and_then(|known| known.correction.as_ref()?.of);
    if before.as_ref().is_some_and(|before| before.outlasts(made_at)) || of_before > Some(made_at) {
        return Ok(Heard::default());
    }
    let hearing = Hearing { system, named, notice, made_at, now, before, known };
    match change {
        AccountChange::None => Ok(Heard::default()),
        AccountChange::Unusable => {
            tracing::error!(item = %item.item_id(), code = notice.code.as_str(), "attention: a correction that no request could carry");
            item.leg_mut().raise(AttentionReason::CorrectionUnusable, now);
            hearing.unusable(item)
        }
        AccountChange::Values { account_number, routing_number, account_type } => {
            hearing.values(item, account_number, routing_number, account_type).await
        }
    }
}

/// One notification, the account that it is about, and what was known of that.
struct Hearing<'a> {
    system: &'a System,
    named: NamedAccount,
    notice: &'a NotificationOfChange,
    made_at: Timestamp,
    now: Timestamp,
    before: Option<AccountCorrection>,
    known: Option<KnownCounterparty>,
}

impl Hearing<'_> {
    /// What was usable before stays in use; the note says that there is more, which is not.
    fn unusable<T: Listener>(self, item: &T) -> Result<Heard, OperationError> {
        let unusable_of = Some(self.made_at);
        let note = match &self.before {
            Some(before) if before.standing == Standing::InUse => AccountCorrection { unusable_of, ..before.clone() },
            Some(_) | None => AccountCorrection { standing: Standing::Unusable, unusable_of, ..self.blank(item) },
        };
        let (_, put) = self.note(note)?;
        Ok(Heard { changes: vec![put], is_unusable: true, ..Heard::default() })
    }

    async fn values<T: Listener>(
        self,
        item: &T,
        account_number: Option<String>,
        routing_number: Option<String>,
        account_type: Option<AccountType>,
    ) -> Result<Heard, OperationError> {
        let vault = self.system.vault().await?;
        let earlier = self.known.as_ref().and_then(|known| known.correction.clone());
        if self.says_the_same(&vault, earlier.as_ref(), account_number.as_deref(), &routing_number, account_type)? {
            return Ok(Heard::default());
        }
        let bound_to = keys::counterparty(&self.named.account).pk;
        let (sealed_account, corrected_last4) = match &account_number {
            Some(number) => {
                let sealed = vault.sealing.seal(number, &bound_to, &*self.system.random)?;
                (Some(sealed.as_str().to_owned()), Some(secret::last_four(number).to_owned()))
            }
            None => earlier
                .as_ref()
                .map(|earlier| (earlier.sealed_account.clone(), earlier.corrected_last4.clone()))
                .unwrap_or_default(),
        };
        let correction = Correction {
            change_code: self.notice.code.as_str().to_owned(),
            of: Some(self.made_at),
            said_of: item.leg().corrected.as_ref().map(|sent| sent.account.clone()),
            routing_number: routing_number.or_else(|| earlier.as_ref()?.routing_number.clone()),
            sealed_account,
            corrected_last4,
            account_type: account_type.or_else(|| earlier.as_ref()?.account_type),
        };
        let shown = AccountCorrection {
            corrected_last4: correction.corrected_last4.clone(),
            routing_number: correction.routing_number.clone(),
            account_type: correction.account_type,
            ..self.blank(item)
        };
        let read_at = self.known.as_ref().map(|known| known.version);
        let version = read_at.unwrap_or_default().saturating_add(1);
        let (said, updated_at) = (Some(correction.clone()), self.now);
        let known = KnownCounterparty { counterparty_id: None, correction: Some(correction), version, updated_at };
        let condition = read_at.map_or(Condition::Absent, Condition::VersionIs);
        let put = counterparty::put(&self.named.account, &known, condition)?;
        let detail = told(&shown);
        let entry = audit::entry(self.system, BANK, "account_corrected", &shown.account, Some(&detail))?;
        let (shown, note) = self.note(shown)?;
        Ok(Heard { changes: vec![put, note, entry], is_unusable: false, correction: Some(shown), said })
    }

    fn blank<T: Listener>(&self, item: &T) -> AccountCorrection {
        AccountCorrection {
            account: self.named.account.clone(),
            version: 1,
            change_code: self.notice.code.as_str().to_owned(),
            of: self.made_at,
            said_of: item.item_id(),
            payer_id: item.payer_id().to_owned(),
            account_last4: self.named.last4.clone(),
            corrected_last4: None,
            routing_number: None,
            account_type: None,
            since: self.now,
            standing: Standing::InUse,
            unusable_of: None,
            withdrawal: None,
        }
    }

    /// The put over the note that is there, and the note as it is put.
    fn note(self, mut note: AccountCorrection) -> Result<(AccountCorrection, Change), OperationError> {
        let put = match self.before {
            Some(before) => {
                note.version = before.version;
                replace(&mut note)?
            }
            None => create(&note)?,
        };
        Ok((note, put))
    }

    /// Every later word about a transfer repeats what its bank had corrected.
    fn says_the_same(
        &self,
        vault: &Vault,
        earlier: Option<&Correction>,
        account_number: Option<&str>,
        routing_number: &Option<String>,
        account_type: Option<AccountType>,
    ) -> Result<bool, OperationError> {
        let Some(earlier) = earlier.filter(|earlier| earlier.of == Some(self.made_at)) else { return Ok(false) };
        let bound_to = keys::counterparty(&self.named.account).pk;
        let same_number = match (account_number, &earlier.sealed_account) {
            (Some(number), Some(sealed)) => {
                vault.sealing.open(&SealedText::from(sealed.clone()), &bound_to)?.expose() == number
            }
            (Some(_), None) => false,
            (None, _) => true,
        };
        let same_routing = routing_number.is_none() || *routing_number == earlier.routing_number;
        let same_type = account_type.is_none() || account_type == earlier.account_type;
        Ok(self.before.is_some() && same_number && same_routing && same_type)
    }
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
        let parts = [source.routing_number.as_str(), source.account_number.expose()];
        let account = account_key(vault.fingerprints.fingerprint(&parts).as_str(), SOURCE_ACCOUNT_TYPE);
        let total = summary.by_source.get(&source.source_id).copied().unwrap_or_default();
        let of = in_use.get(&account).map(|correction| shown(correction, Some(&source.source_id), None, total));
        found.extend(of);
    }
    for loan in &summary.watched {
        let Some(InstitutionDecision::Ach { routing_number, account_type, .. }) = decisions.get(&loan.institution_id)
        else {
            continue;
        };
        let parts = [routing_number.as_str(), loan.loan_account_number.expose()];
        let account = account_key(vault.fingerprints.fingerprint(&parts).as_str(), *account_type);
        let total = Total { rows: loan.rows, total: loan.total };
        found.extend(in_use.get(&account).map(|correction| shown(correction, None, Some(loan.first_row), total)));
    }
    found.sort_by(|a, b| (&a.name, a.first_row).cmp(&(&b.name, b.first_row)));
    Ok(found)
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
    batch_id: BatchId,
    head: &ManifestHead,
    manifest: &Manifest,
) -> Result<Option<Vec<ManifestCorrection>>, OperationError> {
    let in_use = in_use(system).await?;
    if head.corrections_seen.as_deref() == Some(digest(&in_use).as_str()) || in_use.is_empty() {
        let still = |correction: &&ManifestCorrection| in_use.contains_key(&correction.fingerprint);
        return Ok(Some(manifest.corrections.iter().filter(still).cloned().collect()));
    }
    let size = system.objects.size(&upload_object(batch_id)).await?;
    if size > system.settings.summary_bytes_in_request_max {
        return Ok(None);
    }
    let Ok(summary) = summarize::read_file(system, batch_id, endings(&in_use)).await? else { return Ok(None) };
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
    correction.propose_withdrawal(caller, reason, system.clock.business_now())?;
    let entry = audit::entry(system, caller, "propose_withdrawal", account, Some(reason.trim()))?;
    system.table.write(vec![replace(&mut correction)?, entry]).await?;
    Ok(correction)
}

/// The second operator's word: from the next transfer on the account is sent as it was named.
pub async fn confirm_withdrawal(
    system: &System,
    account: &str,
    caller: &str,
) -> Result<AccountCorrection, OperationError> {
    let mut correction = load(system, account).await?;
    let now = system.clock.business_now();
    let reason = correction.confirm_withdrawal(caller, now)?;
    let mut changes =
        vec![replace(&mut correction)?, audit::entry(system, caller, "confirm_withdrawal", account, Some(&reason))?];
    if let Some(known) = counterparty::find(&*system.table, account).await? {
        let condition = Condition::VersionIs(known.version);
        let version = known.version.saturating_add(1);
        let plain = KnownCounterparty { counterparty_id: None, correction: None, version, updated_at: now };
        changes.push(counterparty::put(account, &plain, condition)?);
    }
    changes.extend(corrected::part(system, account).await?);
    system.table.write(changes).await?;
    Ok(correction)
}
