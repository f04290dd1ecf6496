//! What a caller over HTTP is told when an operation was not done: the one mapping of [`OperationError`] to problem details.
//!
//! The codes are stable. Causes on our side go to the log; the caller learns only whether the same request may be sent again.

use serde_json::{Value, json};

use super::OperationError;
use crate::domain::ach::account_correction::WithdrawalRefusal;
use crate::domain::autopay::refusal::AutopayRefusal;
use crate::domain::bank::disputed::AttentionRefusal;
use crate::domain::batch::manifest::Overlap;
use crate::domain::batch::{Acknowledgement, BatchRefusal};
use crate::domain::biller::BillerRefusal;
use crate::domain::dead_letter::DeadLetterRefusal;
use crate::domain::file_mapping::FileMappingRefusal;
use crate::domain::ledger::correction::CorrectionRefusal;
use crate::domain::leg::SettlementRefusal;
use crate::domain::payment::replacement::ReplacementRefusal;
use crate::domain::plaid::error::PlaidError;
use crate::domain::reconciliation::ReconciliationRefusal;
use crate::domain::source::SourceRefusal;
use crate::domain::stop::StopRefusal;
use crate::domain::webhooks::WebhookRefusal;
use crate::http::problem::{CHANGED_MEANWHILE, Problem};
use crate::ports::objects::ObjectError;

const TRY_AGAIN_SECONDS: u32 = 2;

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::Table(error) => error.into(),
            OperationError::Attention(refusal) => refusal.into(),
            OperationError::Batch(refusal) => refusal.into(),
            OperationError::Biller(refusal) => refusal.into(),
            OperationError::FileMapping(refusal) => refusal.into(),
            OperationError::DeadLetter(refusal) => refusal.into(),
            OperationError::Reconciliation(refusal) => refusal.into(),
            OperationError::Correction(refusal) => refusal.into(),
            OperationError::Replacement(refusal) => refusal.into(),
            OperationError::Settlement(refusal) => refusal.into(),
            OperationError::Stop(refusal) => refusal.into(),
            OperationError::Source(refusal) => refusal.into(),
            OperationError::Withdrawal(refusal) => refusal.into(),
            OperationError::Webhook(refusal) => refusal.into(),
            OperationError::Autopay(refusal) => refusal.into(),
            OperationError::Plaid(error) => error.into(),
            OperationError::NotFound { kind, .. } => {
                Problem::not_found("not_found", format!("There is no such {kind}."))
            }
            OperationError::Id(_) | OperationError::Object(ObjectError::Missing(_)) => {
                Problem::not_found("not_found", "There is nothing with this id.")
            }
            OperationError::PaymentState { state, wanted, .. } => {
                let detail = format!("The payment is {}: it can no longer be {wanted}.", state.as_str());
                Problem::conflict("payment_state", detail).with("state", state.as_str())
            }
            OperationError::MoneyGone { funding, .. } => {
                let detail = format!(
                    "The debit that was to pay for it is {}, or operators have used up some of its money: what is here does not pay for it. \
                     Clear its attention instead.",
                    funding.as_str()
                );
                Problem::conflict("money_gone", detail).with("funding_state", funding.as_str())
            }
            OperationError::Contended(_) => {
                let detail = "Others are changing this right now. Send the same request again.";
                Problem::conflict(CHANGED_MEANWHILE, detail).retry_after(TRY_AGAIN_SECONDS)
            }
            OperationError::Directory { .. } => {
                tracing::warn!(%error, "the biller directory is out of reach");
                let detail = "The biller directory cannot be asked right now. Send the same request again.";
                Problem::unavailable("directory_unavailable", detail, TRY_AGAIN_SECONDS)
            }
            OperationError::Queue(_)
            | OperationError::Object(ObjectError::Unavailable(_))
            | OperationError::Bank(_)
            | OperationError::Secret(_) => {
                tracing::warn!(%error, "an operation could not be done now");
                let detail = "This cannot be done right now. Send the same request again.";
                Problem::unavailable("try_again", detail, TRY_AGAIN_SECONDS)
            }
            OperationError::Object(ObjectError::Defect(_))
            | OperationError::Sealing(_)
            | OperationError::IllegalTransition(_)
            | OperationError::Money(_)
            | OperationError::Malformed(_)
            | OperationError::Unsendable(_)
            | OperationError::Inconsistent(_) => {
                tracing::error!(%error, "an operation failed");
                Problem::internal()
            }
        }
    }
}

impl From<BatchRefusal> for Problem {
    fn from(refusal: BatchRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            BatchRefusal::WrongState { state, .. } => {
                Problem::conflict("batch_state", detail).with("state", state.as_str())
            }
            BatchRefusal::ApproverIsUploader => Problem::forbidden("approver_is_uploader", detail),
            BatchRefusal::StaleManifest => Problem::conflict("manifest_stale", detail),
            BatchRefusal::OtherTotal { total, .. } => {
                Problem::unprocessable("total_differs", detail).with("total", total.to_string())
            }
            BatchRefusal::ControlTotal { control, total } => Problem::unprocessable("control_total_differs", detail)
                .with("control_total", control.to_string())
                .with("total", total.to_string()),
            BatchRefusal::NotTheCreator | BatchRefusal::WithdrawnByAnother => {
                Problem::forbidden("not_the_creator", detail)
            }
            BatchRefusal::ApprovedBefore { by, manifest_hash } => Problem::conflict("approved_before", detail)
                .with("approved_by", by)
                .with("manifest_hash", manifest_hash),
            BatchRefusal::NotAcknowledged(open) => naming(Problem::unprocessable("not_acknowledged", detail), &open),
            BatchRefusal::NotShown(unseen) => naming(Problem::conflict("not_shown", detail), &unseen),
            BatchRefusal::SamePayments { earlier } => {
                Problem::conflict("same_payments", detail).with("earlier_batch_id", earlier.to_string())
            }
            BatchRefusal::SourceTotalTooLarge { source_id } => {
                Problem::unprocessable("source_total_too_large", detail).with("source_id", source_id)
            }
            BatchRefusal::PayPeriodFarAway => Problem::unprocessable("pay_period_invalid", detail),
            BatchRefusal::AccountOfAnotherSource { source_id, holder } => {
                Problem::unprocessable("account_of_another_source", detail)
                    .with("source_id", source_id)
                    .with("holder_source_id", holder)
            }
            BatchRefusal::NothingToRetry => Problem::conflict("nothing_to_retry", detail),
            BatchRefusal::OverlapNotAccepted(overlaps) => {
                Problem::conflict("overlap_not_accepted", detail).with("overlaps", named(&overlaps))
            }
        }
    }
}

/// What whoever asks for a retry has to look at: ids and counts, and nothing of the files.
fn named(overlaps: &[Overlap]) -> Vec<Value> {
    let name = |overlap: &Overlap| {
        json!({
            "batch_id": overlap.batch_id,
            "rows": overlap.rows,
            "pay_period": overlap.pay_period,
            "approved_at": overlap.approved_at,
            "rounds": overlap.rounds,
        })
    };
    overlaps.iter().map(name).collect()
}

/// Names accounts, batches and corrections.
fn naming(problem: Problem, open: &[Acknowledgement]) -> Problem {
    let (mut accounts, mut overlaps, mut corrections) = (Vec::new(), Vec::new(), Vec::new());
    for needed in open {
        match needed {
            Acknowledgement::Account { source_id, fingerprint, replaces } => {
                accounts.push(json!({"source_id": source_id, "fingerprint": fingerprint, "replaces": replaces}));
            }
            Acknowledgement::Overlap { batch_id, rows, rounds, .. } => {
                overlaps.push(json!({"batch_id": batch_id, "rows": rows, "rounds": rounds}));
            }
            Acknowledgement::Correction { name } => corrections.push(json!({"name": name})),
        }
    }
    let problem = problem.with("accounts", accounts).with("overlaps", overlaps);
    if corrections.is_empty() { problem } else { problem.with("corrections", corrections) }
}

impl From<AttentionRefusal> for Problem {
    fn from(refusal: AttentionRefusal) -> Self {
        let code = match refusal {
            AttentionRefusal::WordUndecided => "word_undecided",
            AttentionRefusal::NothingFlagged => "nothing_flagged",
            AttentionRefusal::RefundWaits => "refund_waits",
            AttentionRefusal::NothingToApply => "nothing_to_apply",
            AttentionRefusal::OtherAttempt => "word_of_other_attempt",
            AttentionRefusal::SeveralTransfers => "words_differ",
            AttentionRefusal::StatusUnknown => "bank_status_unknown",
        };
        Problem::conflict(code, sentence(&refusal))
    }
}

impl From<BillerRefusal> for Problem {
    fn from(refusal: BillerRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            BillerRefusal::NothingProposed => Problem::conflict("nothing_proposed", detail),
            BillerRefusal::SamePerson => Problem::forbidden("same_person", detail),
            BillerRefusal::OtherProposal => Problem::conflict("proposal_differs", detail),
        }
    }
}

impl From<FileMappingRefusal> for Problem {
    fn from(refusal: FileMappingRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            FileMappingRefusal::Name
            | FileMappingRefusal::Empty
            | FileMappingRefusal::HeaderName
            | FileMappingRefusal::Columns(_) => Problem::unprocessable("file_mapping_invalid", detail),
            FileMappingRefusal::Unknown(_) => Problem::unprocessable("file_mapping_unknown", detail),
        }
    }
}

impl From<DeadLetterRefusal> for Problem {
    fn from(refusal: DeadLetterRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            DeadLetterRefusal::NotATask => Problem::conflict("not_a_task", detail),
            DeadLetterRefusal::Decided(state) => {
                Problem::conflict("dead_letter_decided", detail).with("state", state.as_str())
            }
        }
    }
}

impl From<ReconciliationRefusal> for Problem {
    fn from(refusal: ReconciliationRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            ReconciliationRefusal::Range | ReconciliationRefusal::NotYet => {
                Problem::unprocessable("range_invalid", detail)
            }
        }
    }
}

impl From<CorrectionRefusal> for Problem {
    fn from(refusal: CorrectionRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            CorrectionRefusal::Amount
            | CorrectionRefusal::SameAccount
            | CorrectionRefusal::Reason
            | CorrectionRefusal::NoSuchAccount(_)
            | CorrectionRefusal::ReceivableWithOther
            | CorrectionRefusal::NotBelowNothing => Problem::unprocessable("correction_invalid", detail),
            CorrectionRefusal::SamePerson => Problem::forbidden("same_person", detail),
            CorrectionRefusal::OtherTerms => Problem::conflict("correction_differs", detail),
            CorrectionRefusal::AboutMissing => Problem::unprocessable("about_missing", detail),
            CorrectionRefusal::NothingLost
            | CorrectionRefusal::MoreThanLost
            | CorrectionRefusal::NotItsMoney
            | CorrectionRefusal::NotLeft
            | CorrectionRefusal::RefundInPart
            | CorrectionRefusal::RestGivenBack
            | CorrectionRefusal::NotRepaid => Problem::unprocessable("about_invalid", detail),
            CorrectionRefusal::Undecided => Problem::conflict("word_undecided", detail),
        }
    }
}

impl From<ReplacementRefusal> for Problem {
    fn from(refusal: ReplacementRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            ReplacementRefusal::NothingProposed => Problem::conflict("nothing_proposed", detail),
            ReplacementRefusal::SamePerson => Problem::forbidden("same_person", detail),
            ReplacementRefusal::OtherProposal => Problem::conflict("proposal_differs", detail),
        }
    }
}

impl From<SettlementRefusal> for Problem {
    fn from(refusal: SettlementRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            SettlementRefusal::NotUnknown => Problem::conflict("outcome_not_unknown", detail),
            SettlementRefusal::NothingProposed => Problem::conflict("nothing_proposed", detail),
            SettlementRefusal::SamePerson => Problem::forbidden("same_person", detail),
            SettlementRefusal::OtherProposal => Problem::conflict("proposal_differs", detail),
            SettlementRefusal::Reason => Problem::unprocessable("reason_invalid", detail),
        }
    }
}

impl From<StopRefusal> for Problem {
    fn from(refusal: StopRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            StopRefusal::Reason => Problem::unprocessable("reason_invalid", detail),
        }
    }
}

impl From<SourceRefusal> for Problem {
    fn from(refusal: SourceRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            SourceRefusal::ReasonWanted => Problem::unprocessable("reason_wanted", detail),
        }
    }
}

impl From<WithdrawalRefusal> for Problem {
    fn from(refusal: WithdrawalRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            WithdrawalRefusal::NotInUse => Problem::conflict("correction_not_in_use", detail),
            WithdrawalRefusal::NotProposed => Problem::conflict("nothing_proposed", detail),
            WithdrawalRefusal::SamePerson => Problem::forbidden("same_person", detail),
            WithdrawalRefusal::Reason => Problem::unprocessable("reason_invalid", detail),
        }
    }
}

impl From<WebhookRefusal> for Problem {
    fn from(refusal: WebhookRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            WebhookRefusal::Url(_) => Problem::unprocessable("webhook_url_refused", detail),
            WebhookRefusal::NoEventTypes => Problem::unprocessable("event_types_missing", detail),
            WebhookRefusal::Description => Problem::unprocessable("description_too_long", detail),
            WebhookRefusal::TooManyEndpoints => Problem::conflict("too_many_webhook_endpoints", detail),
            WebhookRefusal::SameUrl { endpoint_id } => {
                Problem::conflict("webhook_url_exists", detail).with("endpoint_id", endpoint_id)
            }
            WebhookRefusal::Disabled => Problem::conflict("webhook_endpoint_disabled", detail),
            WebhookRefusal::ReplayUnderWay => Problem::conflict("replay_under_way", detail),
            WebhookRefusal::ReplayRange => Problem::unprocessable("replay_range_invalid", detail),
            WebhookRefusal::ReplayUnclear => Problem::unprocessable("replay_unclear", detail),
            WebhookRefusal::OtherType => Problem::conflict("event_type_not_taken", detail),
            WebhookRefusal::OverlapTooLong => Problem::unprocessable("overlap_too_long", detail),
        }
    }
}

impl From<AutopayRefusal> for Problem {
    fn from(refusal: AutopayRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            AutopayRefusal::Rule(_) => Problem::unprocessable("rule_invalid", detail),
            AutopayRefusal::Range(_) => Problem::unprocessable("range_invalid", detail),
            AutopayRefusal::HolderName => Problem::unprocessable("holder_name_invalid", detail),
            AutopayRefusal::CardNumber => Problem::unprocessable("card_number_invalid", detail),
            AutopayRefusal::OtherCardNumber => Problem::unprocessable("card_number_of_another_card", detail),
            AutopayRefusal::OtherText { current } => {
                Problem::conflict("authorization_text_differs", detail).with("text_version", current)
            }
            AutopayRefusal::NoBankAccount => Problem::conflict("bank_account_not_chosen", detail),
            AutopayRefusal::OtherBankAccount => Problem::conflict("bank_account_differs", detail),
            AutopayRefusal::CannotTellCardsApart => Problem::conflict("cannot_tell_cards_apart", detail),
            AutopayRefusal::CardLooksLikeAnother => Problem::conflict("card_looks_like_another", detail),
            AutopayRefusal::NumberOfOtherCard { .. } => Problem::conflict("card_number_of_other_card", detail),
            AutopayRefusal::TwoCards => Problem::conflict("two_cards", detail),
            AutopayRefusal::CardHasPayments => Problem::conflict("card_has_payments", detail),
            AutopayRefusal::UnlikeCards => Problem::conflict("unlike_cards", detail),
            AutopayRefusal::NumberChangedTooOften => Problem::conflict("card_number_changed_too_often", detail),
            AutopayRefusal::CardsJoined => Problem::conflict("cards_joined", detail),
            AutopayRefusal::NotCashed => Problem::conflict("payment_not_cashed", detail),
            AutopayRefusal::ItemOver => Problem::conflict("item_over", detail),
            AutopayRefusal::AccountUnusable => Problem::conflict("bank_account_unusable", detail),
            AutopayRefusal::OwnBlock => Problem::forbidden("own_block", detail),
            AutopayRefusal::OwnMoney => Problem::forbidden("own_money", detail),
        }
    }
}

impl From<PlaidError> for Problem {
    fn from(error: PlaidError) -> Self {
        match &error {
            PlaidError::Unavailable { .. }
            | PlaidError::RateLimited { .. }
            | PlaidError::NotReady { .. }
            | PlaidError::RestartSync
            | PlaidError::BalanceTooOld { .. } => {
                tracing::warn!(%error, "Plaid could not be asked now");
                let detail = "The institution cannot be asked right now. Send the same request again.";
                Problem::unavailable("plaid_unavailable", detail, TRY_AGAIN_SECONDS)
            }
            PlaidError::LinkAgain { .. } => {
                Problem::conflict("link_again", "Start Link again: what it handed over is used up.")
            }
            PlaidError::LoginRequired { .. } | PlaidError::ConsentOrPermission { .. } => {
                Problem::conflict("item_needs_repair", "Open Link in update mode: the institution asks for a login.")
            }
            PlaidError::Revoked { .. } | PlaidError::Gone { .. } => {
                Problem::conflict("item_over", "The link is over. Link the institution anew.")
            }
            PlaidError::NoLiabilities
            | PlaidError::NotSupported { .. }
            | PlaidError::AccountUnknown { .. }
            | PlaidError::CursorUnknown
            | PlaidError::Refused { .. }
            | PlaidError::Unreadable { .. } => {
                tracing::error!(%error, "Plaid refused");
                Problem::internal()
            }
        }
    }
}

/// Refusals read on as part of a log line; a detail is a sentence of its own.
fn sentence(refusal: &impl std::fmt::Display) -> String {
    let text = refusal.to_string();
    let mut characters = text.chars();
    characters.next().map_or(text.clone(), |first| format!("{}{}.", first.to_uppercase(), characters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::batch::BatchState;
    use crate::domain::ids::BatchId;
    use crate::domain::money::Cents;
    use crate::ports::queue::QueueError;
    use crate::ports::table::{Key, TableError};

    fn answered(error: OperationError) -> (u16, &'static str) {
        let problem = Problem::from(error);
        (problem.status().as_u16(), problem.code())
    }

    #[test]
    fn each_refusal_has_its_status_and_code() {
        let earlier = BatchId::new(uuid::Uuid::nil());
        let cents = Cents::new(1);
        let source_id = "CORP-1".to_owned();
        let approved_before = BatchRefusal::ApprovedBefore { by: "ann".to_owned(), manifest_hash: "hash".to_owned() };
        let cases: [(OperationError, u16, &str); 22] = [
            (BatchRefusal::WrongState { state: BatchState::Draft, wanted: "approved" }.into(), 409, "batch_state"),
            (BatchRefusal::ApproverIsUploader.into(), 403, "approver_is_uploader"),
            (BatchRefusal::StaleManifest.into(), 409, "manifest_stale"),
            (BatchRefusal::OtherTotal { named: cents, total: cents }.into(), 422, "total_differs"),
            (BatchRefusal::ControlTotal { control: cents, total: cents }.into(), 422, "control_total_differs"),
            (BatchRefusal::NotAcknowledged(Vec::new()).into(), 422, "not_acknowledged"),
            (BatchRefusal::SourceTotalTooLarge { source_id }.into(), 422, "source_total_too_large"),
            (BatchRefusal::NotShown(Vec::new()).into(), 409, "not_shown"),
            (BatchRefusal::SamePayments { earlier }.into(), 409, "same_payments"),
            (BatchRefusal::NotTheCreator.into(), 403, "not_the_creator"),
            (BatchRefusal::WithdrawnByAnother.into(), 403, "not_the_creator"),
            (approved_before.into(), 409, "approved_before"),
            (BatchRefusal::PayPeriodFarAway.into(), 422, "pay_period_invalid"),
            (BatchRefusal::NothingToRetry.into(), 409, "nothing_to_retry"),
            (BatchRefusal::OverlapNotAccepted(Vec::new()).into(), 409, "overlap_not_accepted"),
            (FileMappingRefusal::Empty.into(), 422, "file_mapping_invalid"),
            (FileMappingRefusal::Unknown("acme".to_owned()).into(), 422, "file_mapping_unknown"),
            (BillerRefusal::NothingProposed.into(), 409, "nothing_proposed"),
            (BillerRefusal::SamePerson.into(), 403, "same_person"),
            (BillerRefusal::OtherProposal.into(), 409, "proposal_differs"),
            (OperationError::not_found("batch", earlier), 404, "not_found"),
            (OperationError::Contended("batch".to_owned()), 409, "changed_meanwhile"),
        ];
        for (error, status, code) in cases {
            assert_eq!(answered(error), (status, code));
        }
    }

    #[test]
    fn what_may_pass_is_503_and_what_is_broken_is_500() {
        let condition_failed = TableError::ConditionFailed { key: Key::new("a", "b"), existing: None };
        let cases: [(OperationError, u16, &str); 4] = [
            (QueueError("down".to_owned()).into(), 503, "try_again"),
            (ObjectError::Unavailable("down".to_owned()).into(), 503, "try_again"),
            (OperationError::Inconsistent("a hash".to_owned()), 500, "internal"),
            (condition_failed.into(), 409, "changed_meanwhile"),
        ];
        for (error, status, code) in cases {
            assert_eq!(answered(error), (status, code));
        }
    }

    #[test]
    fn what_was_not_acknowledged_is_listed() {
        let account =
            Acknowledgement::Account { source_id: "CORP-1".to_owned(), fingerprint: "fp".to_owned(), replaces: None };
        let problem = Problem::from(BatchRefusal::NotAcknowledged(vec![account]));
        let expected = Problem::unprocessable(
            "not_acknowledged",
            "Name what you accept: 1 accounts or overlapping batches are not acknowledged.",
        );
        let accounts = vec![json!({"source_id": "CORP-1", "fingerprint": "fp", "replaces": null})];
        assert_eq!(problem, expected.with("accounts", accounts).with("overlaps", Vec::<serde_json::Value>::new()));
    }
}
