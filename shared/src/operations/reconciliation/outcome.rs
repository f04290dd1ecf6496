//! What follows when everything of a payer is compared: of a real reconciliation an unexplained difference raises the alarm and stops the
//! payer until an operator has looked.

use super::{Work, save};
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::autopay::person::Person;
use crate::domain::reconciliation::run::PayerRun;
use crate::domain::reconciliation::{Counts, Finding};
use crate::domain::source::Source;
use crate::domain::task::Task;
use crate::operations::OperationError;
use crate::operations::autopay::notices;
use crate::operations::payers::{self, Payer};
use crate::ports::table::{Change, Condition, Indexing, Query, Range, TableError, decode, encode};
use crate::store::keys;

impl Work<'_> {
    /// Answers whether the run was saved.
    pub(super) async fn outcome(&self, run: &mut PayerRun) -> Result<bool, OperationError> {
        let findings = self.findings(run).await?;
        let mut counts = Counts::default();
        for finding in &findings {
            counts.take(finding);
        }
        let news: Vec<&Finding> =
            findings.iter().filter(|finding| finding.is_unexplained() && !finding.known).collect();
        if !self.reconciliation.dry_run && !news.is_empty() {
            self.alarm(run, &news).await?;
        }
        run.finish(counts);
        let saved = save(self.system, run, Vec::new()).await?;
        if saved && self.reconciliation.payer_id.is_some() {
            self.system.hint([Task::Reconcile { reconciliation_id: run.reconciliation_id, payer_id: None }]).await;
        }
        Ok(saved)
    }

    async fn findings(&self, run: &PayerRun) -> Result<Vec<Finding>, OperationError> {
        let mut findings = Vec::new();
        let mut query = Query {
            range: Range::BeginsWith(keys::findings_of(&run.payer_id)),
            ..Query::primary(keys::reconciliation(run.reconciliation_id).pk)
        };
        loop {
            let page = self.system.table.query(&query).await?;
            for item in page.items {
                findings.push(decode(item)?);
            }
            match page.next {
                Some(next) => query.start_after = Some(next),
                None => return Ok(findings),
            }
        }
    }

    /// The pause and the notice first: a run that stops after them does both again to no effect, and then marks the differences.
    async fn alarm(&self, run: &PayerRun, news: &[&Finding]) -> Result<(), OperationError> {
        tracing::error!(
            metric = "reconciliation_difference",
            reconciliation = %run.reconciliation_id,
            payer = run.payer_id,
            differences = news.len(),
            "the books, the payments and the bank differ, and nothing explains it: the payer is paused"
        );
        let key = payers::key_of(&run.payer_id);
        if key.pk.starts_with("SOURCE#") {
            self.pause::<Source>(run, news).await?;
        } else {
            self.pause::<Person>(run, news).await?;
        }
        for finding in news {
            let mark = Change::Put {
                key: keys::difference(&run.payer_id, &finding.name()),
                attributes: encode(finding)?,
                indexing: Indexing::default(),
                condition: Condition::Absent,
            };
            match self.system.table.write(vec![mark]).await {
                Ok(()) | Err(TableError::ConditionFailed { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Ok(())
    }

    async fn pause<P: Payer>(&self, run: &PayerRun, news: &[&Finding]) -> Result<(), OperationError> {
        let kind = NoticeKind::DifferenceFound {
            reconciliation_id: run.reconciliation_id,
            payer_id: run.payer_id.clone(),
            differences: u64::try_from(news.len()).unwrap_or(u64::MAX),
        };
        let told = notices::puts(self.system, Recipient::Operators, [kind]).await?;
        payers::pause_for_difference::<P>(self.system, &payers::key_of(&run.payer_id), run.reconciliation_id, told)
            .await
    }
}
