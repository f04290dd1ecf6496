//! Words for the API, for schemas whose types have none, and for answers.

use serde_json::{Value, json};

pub(super) const API: &str = "Payroll from a file to the bank, and card bills paid by themselves.\n\n\
    Money is a string of dollars with two decimals, times are RFC 3339 in UTC. Errors are problem details (RFC 9457): `code` is stable, and \
    docs/errors.md tells of each what to do. Every answer bears an id of its request in the header `x-request-id`. Bodies are JSON and hold no \
    field that is not described; the file of `POST /batches` may be packed with gzip, and no other body. Lists come in pages: ask again with \
    `next_cursor` as `cursor` until there is none.";

/// What a schema holds, where its type has no doc comment.
pub(super) fn schema(name: &str) -> Option<&'static str> {
    let words = match name {
        "AccountCorrectionView" => "What a bank corrected about an account, and whether it is used.",
        "AccountKind" => "A kind of ledger account: of what a payer has, or of what is owed to the payer.",
        "AccountType" => "The type of an account at a bank.",
        "AccountView" => "A ledger account with what was booked on it.",
        "Action" => "What a review came to.",
        "Agreed" => "The agreement to a text that was shown.",
        "ApprovalView" => "Who approved, and when.",
        "AttentionReason" => "Why a person has to look at it.",
        "AuditEntry" => "What somebody did to a thing.",
        "AuthorizationText" => "The text of an authorization, to be shown before a person agrees to it.",
        "BankAccountList" => "The bank accounts of a person.",
        "BankAccountView" => "A bank account that card bills may be paid from.",
        "BatchFailureCode" => "Why the import of a batch failed.",
        "BatchFunding" => "The debit that pulls in the money of one source for one round of a batch.",
        "BatchState" => "Where a batch stands.",
        "BillerView" => "How an institution is paid, and what is proposed.",
        "BlockClearing" => "Why a person may be debited again.",
        "CardList" => "The cards of a person.",
        "CardPaymentView" => "A payment of a card's bill.",
        "CardView" => "A card, what was read of it, and its autopay.",
        "ChangedBatch" => "A batch and the state that it is in now.",
        "Clearing" => "Why a flag may go.",
        "ClearingOfTransfer" => {
            "Why the flag of a payment or funding may go, and what becomes of the bank's word about it."
        }
        "CorrectionView" => "A correction of the books by hand, proposed by one person and confirmed by another.",
        "CreatedBatch" => "A batch that was made.",
        "DeadLetterView" => "A task that its queue gave up.",
        "FileLength" => "How long the file is.",
        "FundingView" => "A debit that pulls money in.",
        "Health" => "How the latest reconciliation with the bank ended.",
        "HistoryEntry" => "A step of ours, or an event of the bank.",
        "ItemList" => "The linked institutions of a person.",
        "ItemState" => "Whether a link works, and what it needs.",
        "ItemView" => "A link to an institution.",
        "LetterAction" => "What was decided about a task that was given up.",
        "DeadLetterState" => "Where a task that was given up stands.",
        "LinkTokenView" => "What opens Link.",
        "ManifestBranch" => "What a file pays for one branch.",
        "ManifestWarning" => "Something in a file that is to be looked at. docs/file.md tells of each code.",
        "MissingView" => "What autopay still needs.",
        "Need" => "What a link has to be repaired for.",
        "NewBatch" => "A batch to be made, for a file that comes by a link.",
        "NewItem" => "An institution that was linked.",
        "OutcomeView" => "What an operator says became of a transfer of which the bank's answer is unknown.",
        "PauseReason" => "Why nothing leaves a source.",
        "Proposal" => "What became of a transfer, as one operator found it.",
        "ProposalView" => "How an institution is to be paid, as one operator proposed it.",
        "ReconciliationState" => "Where a reconciliation stands.",
        "RefundView" => "A payment that gives money back to a source.",
        "RefundedBatch" => "What of a batch's money goes back.",
        "RemittanceProposalView" => "Where checks are to go, as one operator proposed it.",
        "Repair" => "Which link is to be repaired, and why.",
        "ReportKind" => "One of the three reports of a batch.",
        "RetryBody" => "What whoever retries accepts.",
        "ReturnCode" => "A return code of ACH, R01 to R85.",
        "ReviewList" => "Reviews of a card.",
        "ReviewView" => "Why a card was paid, or not.",
        "SentAgainView" => "How many tasks were sent again.",
        "Side" => "Debit or credit.",
        "SourceSummary" => "What a file pays from one source.",
        "SourceView" => "A source: a bank account of the company, from which a payroll is paid.",
        "Standing" => "Whether a correction is used.",
        "Sum" => "A number of payments and their total.",
        "SummaryView" => "What a payroll file holds and what an approval has to name.",
        "UnmatchedEventView" => "An event of the bank that fits nothing of ours.",
        "UnpayableInstitution" => "What a file would pay to an institution that cannot be paid.",
        "WantedAutopay" => "What is to be chosen for a card's autopay; what is left out stays as it is.",
        "WantedToken" => "What a link token is for.",
        "WhichCard" => "Whether a card is one that was linked before.",
        "WithheldView" => "Money that does not go back now.",
        _ => return None,
    };
    Some(words)
}

/// What an answer with a status is, where nothing else is known of it.
pub(super) fn answer(status: &str) -> &'static str {
    match status {
        "200" => "What was asked for, as it is now.",
        "201" => "It was made.",
        "202" => "It was taken on and is not finished yet: ask again how it stands.",
        "204" => "It is done, and there is nothing to say.",
        "303" => "It is elsewhere: the header Location says where.",
        _ => "The answer.",
    }
}

pub(super) fn problem_examples() -> Value {
    let errors = json!([{"field": "total", "code": "field_invalid", "message": "missing field `total`"}]);
    json!({
        "a field is missing": {"value": {
            "type": "urn:clearway:problem:body_invalid", "title": "Bad Request", "status": 400, "code": "body_invalid",
            "detail": "The body is not as described: see errors.", "errors": errors, "error_count": 1,
            "request_id": "req-0f8fad5bd9cb469fa16570867728950e",
        }},
    })
}
