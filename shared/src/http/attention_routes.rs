//! The routes by which people act on what waits for them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::attention::Action;

/// A request that can be made now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PossibleAction {
    /// What it does, in a few words.
    #[schema(value_type = String, example = "clear the flag")]
    pub action: &'static str,
    #[schema(value_type = String, example = "POST")]
    pub method: &'static str,
    /// With the id in its place.
    #[schema(example = "/batches/bat_01985e6d2c4b7a31b2a4d0c9e8f7a6b5/attention/clear")]
    pub path: String,
    /// The role that may do it.
    #[schema(value_type = String, example = "operate")]
    pub role: &'static str,
    /// Fields of the body that this action needs to have so; the others are as the route describes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<serde_json::Value>,
}

/// Words, method and path of an action, with a parameter in the place of the id.
pub const fn route(action: Action) -> (&'static str, &'static str, &'static str) {
    match action {
        Action::ClearBatch => ("clear the flag", "POST", "/batches/{batch_id}/attention/clear"),
        Action::CancelBatch => ("cancel the batch", "POST", "/batches/{batch_id}/cancel"),
        Action::ResumeSource => ("resume the source", "POST", "/sources/{source_id}/resume"),
        Action::ReadDifferences => {
            ("read what the reconciliation found", "GET", "/reconciliations/{reconciliation_id}/items")
        }
        Action::ProposeLedgerCorrection => ("book what was repaid", "POST", "/ledger/corrections"),
        Action::ClearBlock => ("let debits be made again", "POST", "/people/{person_id}/block/clear"),
        Action::ClearHold => ("let the next payment be opened", "POST", "/cards/{card_id}/hold/clear"),
        Action::ClearPayment => ("clear the flag", "POST", "/payments/{payment_id}/attention/clear"),
        Action::ClearFunding => ("clear the flag", "POST", "/fundings/{funding_id}/attention/clear"),
        Action::ApplyWordToPayment => ("apply the bank's word", "POST", "/payments/{payment_id}/attention/clear"),
        Action::LeaveWordOfPayment => {
            ("leave the bank's word without effect", "POST", "/payments/{payment_id}/attention/clear")
        }
        Action::ApplyWordToFunding => ("apply the bank's word", "POST", "/fundings/{funding_id}/attention/clear"),
        Action::LeaveWordOfFunding => {
            ("leave the bank's word without effect", "POST", "/fundings/{funding_id}/attention/clear")
        }
        Action::ProposeOutcome => ("say what the bank told you", "PUT", "/unknown-outcomes/{item_id}"),
        Action::ConfirmOutcome => ("confirm what another said", "POST", "/unknown-outcomes/{item_id}/confirm"),
        Action::ReplaceCheck => ("make the check anew", "POST", "/payments/{payment_id}/check/replace"),
        Action::ReadReplacement => {
            ("read the address that another proposed", "GET", "/payments/{payment_id}/check/replacement")
        }
        Action::ConfirmReplacement => {
            ("confirm the address that another proposed", "POST", "/payments/{payment_id}/check/replace/confirm")
        }
        Action::SendRefundAgain => ("send the refund again", "POST", "/payments/{payment_id}/refund/send-again"),
        Action::ConfirmRefundAccount => {
            ("confirm the account that another proposed", "POST", "/payments/{payment_id}/refund/send-again/confirm")
        }
        Action::CloseEvent => ("close the event", "POST", "/unmatched-events/{event_id}/close"),
        Action::SendLetterAgain => ("send the task again", "POST", "/dead-letters/{dead_letter_id}/send-again"),
        Action::DiscardLetter => ("discard the task", "POST", "/dead-letters/{dead_letter_id}/discard"),
        Action::ConfirmLedgerCorrection => {
            ("confirm the correction", "POST", "/ledger/corrections/{correction_id}/confirm")
        }
        Action::ConfirmWithdrawal => {
            ("confirm taking it back", "POST", "/account-corrections/{fingerprint}/confirm-withdrawal")
        }
        Action::ConfirmBiller => ("confirm how it is paid", "POST", "/billers/{institution_id}/confirm"),
        Action::ConfirmRemittance => {
            ("confirm where checks go", "POST", "/billers/{institution_id}/remittance/confirm")
        }
    }
}

/// What the body has to say, where the same route does more than one thing.
fn body(action: Action) -> Option<serde_json::Value> {
    match action {
        Action::ApplyWordToPayment | Action::ApplyWordToFunding => Some(serde_json::json!({"apply": true})),
        Action::LeaveWordOfPayment | Action::LeaveWordOfFunding => Some(serde_json::json!({"apply": false})),
        Action::ClearBatch
        | Action::CancelBatch
        | Action::ResumeSource
        | Action::ReadDifferences
        | Action::ProposeLedgerCorrection
        | Action::ClearBlock
        | Action::ClearHold
        | Action::ClearPayment
        | Action::ClearFunding
        | Action::ProposeOutcome
        | Action::ConfirmOutcome
        | Action::ReplaceCheck
        | Action::ReadReplacement
        | Action::ConfirmReplacement
        | Action::SendRefundAgain
        | Action::ConfirmRefundAccount
        | Action::CloseEvent
        | Action::SendLetterAgain
        | Action::DiscardLetter
        | Action::ConfirmLedgerCorrection
        | Action::ConfirmWithdrawal
        | Action::ConfirmBiller
        | Action::ConfirmRemittance => None,
    }
}

impl PossibleAction {
    /// An action about the thing that routes name by this id.
    pub fn new(action: Action, id: &str) -> Self {
        let (words, method, template) = route(action);
        Self { action: words, method, path: path(template, id), role: action.role().as_str(), body: body(action) }
    }
}

fn path(template: &str, id: &str) -> String {
    match (template.split_once('{'), template.split_once('}')) {
        (Some((before, _)), Some((_, behind))) => format!("{before}{}{behind}", segment(id)),
        (None, _) | (_, None) => template.to_owned(),
    }
}

/// An id as a segment of a path (RFC 3986): whatever is not unreserved is encoded.
fn segment(id: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    id.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stands_in_its_place_and_is_encoded() {
        for (action, id, expected) in [
            (Action::ResumeSource, "CORP-1", "/sources/CORP-1/resume"),
            (Action::ResumeSource, "A/B ü", "/sources/A%2FB%20%C3%BC/resume"),
            (Action::CloseEvent, "transfer:acht_1", "/unmatched-events/transfer%3Aacht_1/close"),
            (Action::ProposeLedgerCorrection, "CORP-1", "/ledger/corrections"),
        ] {
            assert_eq!(PossibleAction::new(action, id).path, expected);
        }
    }

    #[test]
    fn whether_a_word_is_applied_is_in_the_body() {
        let bodies = [Action::ApplyWordToPayment, Action::LeaveWordOfFunding, Action::ClearPayment]
            .map(|action| PossibleAction::new(action, "x").body);
        assert_eq!(bodies, [Some(serde_json::json!({"apply": true})), Some(serde_json::json!({"apply": false})), None]);
    }
}
