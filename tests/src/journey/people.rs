//! What people do: upload, approve, and look after a batch.

use std::sync::Arc;

use shared::domain::batch::manifest::Manifest;
use shared::domain::batch::{Accepted, Acknowledgement, Approve, Batch};
use shared::domain::ids::{BatchId, ItemId};
use shared::domain::leg::AttentionReason;
use shared::domain::payment::Payment;
use shared::operations::attention::Clearing;
use shared::operations::summarize::Summarized;
use shared::operations::upload::Announced;
use shared::operations::{OperationError, approve, attention, reports, summarize, upload};
use shared::ports::table::{Index, Key, Query, decode};
use shared::store::{keys, stored};

use super::{APPROVER, Journey, OPERATOR, UPLOADER};
use crate::file::PayrollFile;

/// What people do.
impl Journey {
    pub async fn upload(&self, file: &PayrollFile) -> BatchId {
        let batch = upload::begin(&self.system, self.system.new_uuid(), UPLOADER, Announced::default()).await.unwrap();
        upload::store(&self.system, batch.id, file.bytes.clone(), UPLOADER).await.unwrap();
        batch.id
    }

    /// Summarizes a file that has no errors.
    pub async fn summarize(&self, batch_id: BatchId) -> Batch {
        match summarize::request(&self.system, batch_id, UPLOADER, self.deadline()).await.unwrap() {
            Summarized::Ready(batch) => *batch,
            other @ (Summarized::Rejected(..) | Summarized::Started) => panic!("no summary: {other:?}"),
        }
    }

    pub async fn manifest(&self, batch: &Batch) -> Arc<Manifest> {
        self.system.manifest(batch.id, &batch.manifest.as_ref().unwrap().hash).await.unwrap()
    }

    /// What an approver says who has read the whole manifest and accepts all of it.
    pub async fn consent(&self, batch: &Batch) -> Approve {
        let head = batch.manifest.as_ref().unwrap();
        let mut consent = Approve {
            by: APPROVER.to_owned(),
            manifest_hash: head.hash.clone(),
            total: head.total,
            accepted: Accepted::default(),
            uploader_may_approve: false,
        };
        for needed in self.manifest(batch).await.to_acknowledge() {
            match needed {
                Acknowledgement::Account { fingerprint, .. } => {
                    consent.accepted.accounts.insert(fingerprint);
                }
                Acknowledgement::Correction { name } => {
                    consent.accepted.accounts.insert(name);
                }
                Acknowledgement::Overlap { batch_id, .. } => {
                    consent.accepted.overlaps.insert(batch_id);
                }
            }
        }
        consent
    }

    pub async fn approve(&self, consent: &Approve, batch_id: BatchId) -> Result<Batch, OperationError> {
        approve::approve(&self.system, batch_id, consent).await
    }

    /// Uploads, summarizes and approves a file, accepting whatever there is to accept.
    pub async fn begin(&self, file: &PayrollFile) -> BatchId {
        let batch_id = self.upload(file).await;
        let batch = self.summarize(batch_id).await;
        let consent = self.consent(&batch).await;
        self.approve(&consent, batch_id).await.unwrap();
        batch_id
    }

    /// Every batch, oldest first.
    pub async fn batches(&self) -> Vec<Batch> {
        let query = Query { index: Index::Lists, ..Query::primary(keys::LIST_BATCHES) };
        let mut batches = Vec::new();
        for item in self.table.query(&query).await.unwrap().items {
            let key: Key = decode(item).unwrap();
            batches.extend(stored::read::<Batch>(&*self.table, &key).await.unwrap());
        }
        batches
    }

    pub async fn batch(&self, batch_id: BatchId) -> Batch {
        upload::load(&self.system, batch_id).await.unwrap()
    }
}

/// What operators do.
impl Journey {
    /// A batch's payments in the order of its rows.
    pub async fn payments(&self, batch_id: BatchId) -> Vec<Payment> {
        reports::payments_by_row(&self.system, batch_id).await.unwrap()
    }

    /// Flags all payments but the first `count`: nothing automatic happens to them until [`Self::let_go`].
    pub async fn hold_back_after(&self, batch_id: BatchId, count: usize) {
        for mut payment in self.payments(batch_id).await.into_iter().skip(count) {
            payment.leg.raise(AttentionReason::KeepsFailing, self.now());
            self.table.write(vec![stored::replace(&mut payment).unwrap()]).await.unwrap();
        }
    }

    /// Clears every flag of a batch's payments.
    pub async fn let_go(&self, batch_id: BatchId) {
        let flagged = |payment: &Payment| payment.leg.attention.is_some();
        for payment in self.payments(batch_id).await.into_iter().filter(flagged) {
            let clearing = Clearing { by: OPERATOR, note: "looked at", apply: None };
            attention::clear(&self.system, ItemId::Payment(payment.id), clearing).await.unwrap();
        }
    }
}
