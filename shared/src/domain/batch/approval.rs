//! The approval of a batch: of exactly what was shown, by somebody who had no hand in it, while it is still true.

use jiff::Timestamp;

use super::acceptance::{Accepted, Circumstances, judge, not_shown};
use super::manifest::Manifest;
use super::{Approval, Batch, BatchRefusal, BatchState, Idempotent};
use crate::domain::bank::request::LARGEST_ENTRY;
use crate::domain::money::Cents;

/// What an approval names: the approver has seen this and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approve {
    pub by: String,
    pub manifest_hash: String,
    pub total: Cents,
    pub accepted: Accepted,
    /// Set where one person may do both.
    pub uploader_may_approve: bool,
}

impl Batch {
    /// Approves exactly what `approve` names, if that is still what is true. A repeat by the same person with the same manifest changes
    /// nothing; anybody else's is refused, since it was not their approval that counted.
    pub fn approve(
        &mut self,
        approve: &Approve,
        manifest: &Manifest,
        circumstances: &Circumstances,
        now: Timestamp,
    ) -> Result<Idempotent, BatchRefusal> {
        match self.state {
            BatchState::Importing | BatchState::Paying | BatchState::Completed => return self.approved_before(approve),
            BatchState::Ready => {}
            state @ (BatchState::Draft
            | BatchState::Summarizing
            | BatchState::Rejected
            | BatchState::Canceling
            | BatchState::Canceled
            | BatchState::Declined
            | BatchState::Expired
            | BatchState::Failed) => return Err(BatchRefusal::WrongState { state, wanted: "approved" }),
        }
        let head = self.manifest.as_ref().ok_or(BatchRefusal::StaleManifest)?;
        if head.hash != approve.manifest_hash {
            return Err(BatchRefusal::StaleManifest);
        }
        if head.total != approve.total {
            return Err(BatchRefusal::OtherTotal { named: approve.total, total: head.total });
        }
        fault!(UploaderApproves, Ok(()), self.may_decide(&approve.by, approve.uploader_may_approve))?;
        if let Some(obstacle) = self.obstacles(manifest, circumstances).into_iter().next() {
            return Err(obstacle);
        }
        judge(&manifest.to_acknowledge(), &circumstances.to_acknowledge, &approve.accepted)?;
        self.state = BatchState::Importing;
        self.rounds = 1;
        self.approval = Some(Approval {
            by: approve.by.clone(),
            at: now,
            accounts: approve.accepted.accounts.clone(),
            overlaps: approve.accepted.overlaps.clone(),
        });
        self.due_at = Some(now);
        Ok(Idempotent::Executed)
    }

    /// Whether the person may decide that rows of the file are paid: nobody who had a hand in it, unless one person may do both.
    pub fn may_decide(&self, subject: &str, uploader_may_approve: bool) -> Result<(), BatchRefusal> {
        if self.is_uploader(subject) && !uploader_may_approve {
            return Err(BatchRefusal::ApproverIsUploader);
        }
        Ok(())
    }

    fn approved_before(&self, approve: &Approve) -> Result<Idempotent, BatchRefusal> {
        let (Some(head), Some(approval)) = (&self.manifest, &self.approval) else {
            return Err(BatchRefusal::StaleManifest);
        };
        let is_same = approval.by == approve.by && head.hash == approve.manifest_hash;
        if fault!(ReplayAnswersAnybody, true, is_same) {
            return Ok(Idempotent::AlreadyApplied);
        }
        Err(BatchRefusal::ApprovedBefore { by: approval.by.clone(), manifest_hash: head.hash.clone() })
    }

    /// Everything that no approval of this summary could get past, whatever it accepts. None: whoever accepts what is shown is not refused.
    pub fn obstacles(&self, manifest: &Manifest, circumstances: &Circumstances) -> Vec<BatchRefusal> {
        let mut obstacles = Vec::new();
        if let Some(control) = self.control_total.filter(|control| *control != manifest.total) {
            obstacles.push(BatchRefusal::ControlTotal { control, total: manifest.total });
        }
        let too_large = manifest.sources.iter().filter(|source| source.payable_total > LARGEST_ENTRY);
        obstacles.extend(too_large.map(|source| BatchRefusal::SourceTotalTooLarge { source_id: source.id.clone() }));
        let not_its_own =
            manifest.sources.iter().filter_map(|source| Some((source.id.clone(), source.account_of.clone()?)));
        obstacles
            .extend(not_its_own.map(|(source_id, holder)| BatchRefusal::AccountOfAnotherSource { source_id, holder }));
        if circumstances.needs_new_summary {
            obstacles.push(BatchRefusal::StaleManifest);
        }
        obstacles.extend(circumstances.same_payments.map(|earlier| BatchRefusal::SamePayments { earlier }));
        let unseen = not_shown(&manifest.to_acknowledge(), &circumstances.to_acknowledge);
        if !unseen.is_empty() {
            obstacles.push(BatchRefusal::NotShown(unseen));
        }
        obstacles
    }
}
