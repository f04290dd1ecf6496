//! The bank's transfers and checks of one payer, page by page, each against what we have under its key.

use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::{Draft, OurItem, Work, our_item, save};
use crate::adapters::column::{PageCursor, TransferQuery};
use crate::domain::ids::TransferKey;
use crate::domain::leg::Kind;
use crate::domain::reconciliation::Verdict;
use crate::domain::reconciliation::compare::{self, Ours};
use crate::domain::reconciliation::run::{PayerRun, Stage};
use crate::operations::bank_object::{BankObject, ObjectEvent};
use crate::operations::{OperationError, bank_events};
use crate::ports::table::{Change, Condition, Indexing, encode};
use crate::store::keys;

/// Pages of a hundred transfers that one payer may have in a range.
pub(super) const PAGES_MAX: u32 = 10_000;

/// A part of a run is begun only while there is this much time.
pub(super) const PART_TIME: Duration = Duration::from_secs(40);

const COMPARED_AT_ONCE: usize = 16;

/// What a page has told stays for the comparison with the books; then it may be cleaned away.
const SEEN_DAYS: i64 = 30;

/// What a page of the bank's list has shown, for the comparison with the books.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct SeenPage {
    pub version: u64,
    /// The keys of its transfers.
    pub keys: Vec<String>,
    /// What their items say that they have posted.
    pub posted: Vec<String>,
}

/// One transfer, compared.
struct Compared {
    verdict: Verdict,
    key: Option<String>,
    posted: Vec<String>,
}

impl Work<'_> {
    /// Compares a page of the list that the run stands at. Answers whether the run was saved.
    pub(super) async fn page(&self, run: &mut PayerRun, older_than: Option<String>) -> Result<bool, OperationError> {
        if run.pages >= PAGES_MAX {
            let what = format!("{} has too many transfers for one range: ask for fewer days", run.payer_id);
            return Err(OperationError::Inconsistent(what));
        }
        let (objects, older) = self.list(run, older_than).await?;
        let compared: Vec<_> = objects.into_iter().map(|object| self.compare(run, object)).collect();
        let compared: Vec<Compared> = stream::iter(compared).buffered(COMPARED_AT_ONCE).try_collect().await?;
        let mut seen = SeenPage { version: 1, ..SeenPage::default() };
        for transfer in &compared {
            seen.keys.extend(transfer.key.clone());
            seen.posted.extend(transfer.posted.iter().cloned());
        }
        let now = self.system.clock.business_now();
        let page = run.pages;
        run.page_compared(compared.iter().map(|transfer| transfer.verdict), older, now);
        let until = now.checked_add(jiff::SignedDuration::from_hours(24 * SEEN_DAYS)).ok();
        let put = Change::Put {
            key: keys::seen_page(run.reconciliation_id, &run.payer_id, page),
            attributes: encode(&seen)?,
            indexing: Indexing { expires_at: until.map(|until| until.as_second()), ..Indexing::default() },
            condition: Condition::Always,
        };
        save(self.system, run, vec![put]).await
    }

    async fn list(
        &self,
        run: &PayerRun,
        older_than: Option<String>,
    ) -> Result<(Vec<BankObject>, Option<String>), OperationError> {
        let range = self.reconciliation.range;
        let query = TransferQuery {
            bank_account_id: run.bank_account_id.clone(),
            created_from: range.begins_at(),
            created_until: Some(range.ends_at(self.reconciliation.cut())),
            older_than: older_than.map(PageCursor),
        };
        let column = self.system.column().await?;
        let (objects, older): (Vec<BankObject>, _) = if matches!(run.stage, Stage::Checks { .. }) {
            let page = column.checks(&query, self.deadline).await?;
            (page.checks.into_iter().map(BankObject::from).collect(), page.older)
        } else {
            let page = column.ach_transfers(&query, self.deadline).await?;
            (page.transfers.into_iter().map(BankObject::from).collect(), page.older)
        };
        Ok((objects, older.map(|cursor| cursor.0)))
    }

    /// One that does not agree at first is read again on both sides before it is judged.
    async fn compare(&self, run: &PayerRun, listed: BankObject) -> Result<Compared, OperationError> {
        let Ok(key) = listed.idempotency_key().unwrap_or_default().parse::<TransferKey>() else {
            let verdict = self.judge(None, &listed, 0);
            if verdict.is_difference() {
                self.report(run, verdict, listed.id().to_owned(), &listed, None, false).await?;
            }
            return Ok(Compared { verdict, key: None, posted: Vec::new() });
        };
        let mut ours = our_item(self.system, key.item).await?;
        let mut verdict = self.judge(ours.as_ref(), &listed, key.attempt);
        if verdict.is_difference() {
            let fresh = self.fetch(&listed).await?;
            ours = our_item(self.system, key.item).await?;
            verdict = self.judge(ours.as_ref(), &fresh, key.attempt);
            if verdict.is_difference() {
                let remedied = self.remedy(verdict, key, &fresh, &mut ours).await?;
                self.report(run, verdict, key.to_string(), &fresh, ours.as_ref(), remedied).await?;
            }
        }
        if verdict == Verdict::Matched
            && let Some(ours) = &ours
        {
            verdict = self.external_account(run, key, ours, &listed).await?;
        }
        let is_current = |ours: &&OurItem| ours.leg.attempt == key.attempt && ours.payer_id == run.payer_id;
        let posted = ours.as_ref().filter(is_current).map(|ours| ours.effects(key.item)).unwrap_or_default();
        Ok(Compared { verdict, key: Some(key.to_string()), posted })
    }

    fn judge(&self, ours: Option<&OurItem>, object: &BankObject, attempt: u32) -> Verdict {
        let ours = ours.map(|item| Ours { expected: item.expected, leg: &item.leg });
        compare::transfer(ours, &object.report(attempt), object.updated_at(), self.reconciliation.cut())
    }

    async fn fetch(&self, listed: &BankObject) -> Result<BankObject, OperationError> {
        let column = self.system.column().await?;
        Ok(match listed {
            BankObject::Transfer(transfer) => column.ach_transfer(&transfer.id, self.deadline).await?.into(),
            BankObject::Check(check) => column.check(&check.id, self.deadline).await?.into(),
        })
    }

    /// What the bank says is applied as an event of this moment would be. Answers whether both agree then; a dry run applies nothing.
    async fn remedy(
        &self,
        verdict: Verdict,
        key: TransferKey,
        object: &BankObject,
        ours: &mut Option<OurItem>,
    ) -> Result<bool, OperationError> {
        if verdict != Verdict::OtherState || self.reconciliation.dry_run {
            return Ok(false);
        }
        bank_events::apply(self.system, &ObjectEvent::asked(object.clone())).await?;
        *ours = our_item(self.system, key.item).await?;
        Ok(self.judge(ours.as_ref(), object, key.attempt) == Verdict::Matched)
    }

    async fn report(
        &self,
        run: &PayerRun,
        verdict: Verdict,
        subject: String,
        object: &BankObject,
        ours: Option<&OurItem>,
        remedied: bool,
    ) -> Result<(), OperationError> {
        let report = object.report(0);
        let direction = if report.is_debit { "debit" } else { "credit" };
        let draft = Draft {
            subject,
            verdict,
            transfer_id: Some(object.id().to_owned()),
            here: ours.map(OurItem::shown),
            there: Some(format!("{} {} {direction} {}", report.amount, report.currency, object.standing())),
            remedied,
        };
        let finding = self.finding(run, draft).await?;
        self.put(finding).await
    }

    /// The bank's transfer or check of an item, asked for by its id; absent where the bank has none.
    pub(super) async fn at_bank(&self, kind: Kind, transfer_id: &str) -> Result<Option<BankObject>, OperationError> {
        use crate::domain::bank::error::BankError;
        let column = self.system.column().await?;
        let found = match kind {
            Kind::Payout | Kind::Funding => column.ach_transfer(transfer_id, self.deadline).await.map(BankObject::from),
            Kind::Check => column.check(transfer_id, self.deadline).await.map(BankObject::from),
        };
        match found {
            Ok(object) => Ok(Some(object)),
            Err(BankError::AboutUs { status: 404, .. }) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }
}
