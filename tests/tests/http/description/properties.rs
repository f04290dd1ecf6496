//! Words for properties and parameters that are called the same everywhere, where the type has no doc comment.

/// What the property of a schema holds. Parameters have no schema: an empty name.
pub(super) fn words(schema: &str, name: &str) -> Option<&'static str> {
    of_one(schema, name).or_else(|| id(name)).or_else(|| common(name))
}

/// Where a name holds something else than elsewhere.
fn of_one(schema: &str, name: &str) -> Option<&'static str> {
    let words = match (schema, name) {
        ("", "item_id") => "The id of a link to an institution.",
        ("", "account") => "A ledger account, such as `cash:CORP-1`, as the trial balance names it.",
        ("", "from") => "The first day, in UTC.",
        ("", "least") => "The least amount that needs no notice of its own.",
        ("", "most") => "The largest amount that needs no notice of its own.",
        ("", "report") => "Which report.",
        ("AmountRange", "least") => "The least amount of the range.",
        ("AmountRange", "most") => "The largest amount of the range.",
        ("AutopayView" | "WantedAutopay", "caps") => "The most that may be debited.",
        ("Caps", "day") => "The most a day, where there is such a limit.",
        ("Caps", "month") => "The most a month, where there is such a limit.",
        ("Caps", "payment") => "The most for one payment, where there is such a limit.",
        ("AuditEntry", "detail") => "More about what was done, where there is more.",
        ("CorrectionView" | "Terms", "debit") => "The account that is debited.",
        ("CorrectionView" | "Terms", "credit") => "The account that is credited.",
        ("CorrectionView", "about") => "The payment or funding that it is about, where there is one.",
        ("CorrectionView", "uses") => "The funding whose money is set against a debt, where there is one.",
        ("CheckView", "status") => "The bank's word for where the check stands.",
        ("PaymentLine", "status") => "Where the payment stands, as the reports call it.",
        ("PaymentLine", "kind") => "A payment of the file, or a refund to a source.",
        ("Problem", "status") => "The status of the answer.",
        ("Throw", "stopped") => "Whether nothing may leave from now on.",
        ("Failure", "kind") => "What kind of failure it was.",
        ("ItemState", "name") => "Which state it is.",
        ("ItemState", "failures") => "How often reading failed since.",
        ("ItemState", "until") => "Until when the consent holds.",
        ("BankName", "name") => "The name as the bank will see it.",
        ("RemittanceParts", "name") => "Whom the check is made out to.",
        ("TallyLine" | "ManifestBranch" | "SourceSummary", "id") => {
            "The id of the source or branch, as the file has it."
        }
        ("Standing" | "AccountCorrectionView", "standing") => {
            "Whether the correction is used, is proposed to be taken back, or was taken back."
        }
        ("SourceSummary", "standing") => "Whether the account is known, new or changed.",
        ("Finding", "verdict") => "What was found.",
        ("InstitutionDecision", "how") => "Whether it is paid by ACH or cannot be paid.",
        ("UploadLink", "headers") => "The headers to send, exactly so.",
        ("ReviewView", "action") => "What the review came to.",
        ("LetterDecision", "action") => "What was decided.",
        ("MissingView", "code") => "Stable: programs may rely on it.",
        ("UnpayableView", "by_institution") => "By the id of the institution.",
        _ => return None,
    };
    Some(words)
}

fn id(name: &str) -> Option<&'static str> {
    let words = match name {
        "bank_account_id" => "The id of a linked bank account.",
        "batch_id" => "The id of a batch.",
        "branch_id" => "The branch, as the file names it.",
        "card_id" => "The id of a card.",
        "correction_id" => "The id of a correction of the books.",
        "dead_letter_id" => "The id of a task that was given up.",
        "employee_id" => "The employee, as the file names them.",
        "event_id" => "The bank's id of the event.",
        "fingerprint" => {
            "Stands for routing and account number: tells whether two accounts are the same, and nothing else."
        }
        "funding_id" => "The id of a funding: a debit that pulls money in.",
        "institution_id" => "The id of an institution, as Plaid names it.",
        "item_id" => "The id of a link to an institution.",
        "payer_id" => "A source, or a person.",
        "payment_id" => "The id of a payment.",
        "person_id" => "The id of a person.",
        "reconciliation_id" => "The id of a reconciliation.",
        "source_id" => "The source whose money it is, as the file names it.",
        "transfer_id" => "The bank's id of the transfer or check.",
        _ => return None,
    };
    Some(words)
}

fn common(name: &str) -> Option<&'static str> {
    when(name).or_else(|| sum(name)).or_else(|| person_or_account(name)).or_else(|| other(name))
}

fn when(name: &str) -> Option<&'static str> {
    let words = match name {
        "agreed_at" => "When it was agreed to.",
        "announced_on" => "The day of the notice.",
        "approved_at" => "When it was approved.",
        "as_of" => "When this was so, as the institution says.",
        "at" => "When.",
        "booked_at" => "When it was booked; absent until then.",
        "cancel_asked_at" => "When the person asked for it to be canceled.",
        "completed_at" => "When it was complete.",
        "consent_expires_at" => "When the consent of the person ends.",
        "created_at" => "When it was made.",
        "due_on" => "The day by which the bill is to be paid.",
        "expires_at" => "When it ends.",
        "found_at" => "When it was found.",
        "last_at" => "When it was given up last.",
        "proposed_at" => "When it was proposed.",
        "retry_at" => "When it is tried again.",
        "revoked_at" => "When it was revoked; absent while it is in force.",
        "settled_at" => "When it settled at the bank.",
        "since" => "Since when.",
        "updated_at" => "When it changed last.",
        _ => return None,
    };
    Some(words)
}

fn sum(name: &str) -> Option<&'static str> {
    let words = match name {
        "amount" => "The amount.",
        "balance" => "The balance, as last read.",
        "canceled" => "How many are canceled.",
        "canceled_total" => "The total of those that are canceled.",
        "completed" => "How many are completed.",
        "completed_total" => "The total of those that are completed.",
        "control_total" => "What the file should amount to, as it was announced.",
        "count" => "How many there are.",
        "credits" => "The total of all credits.",
        "debits" => "The total of all debits.",
        "failed" => "How many failed.",
        "failed_total" => "The total of those that failed.",
        "in_flight" => "What is on its way: how many, or how much.",
        "limit" => "The limit of the card.",
        "matched" => "How many agree.",
        "minimum_payment" => "The least that the bill asks for.",
        "open" => "How many are neither completed nor ended otherwise.",
        "open_total" => "The total of those that are open.",
        "payable_rows" => "Rows that can be paid.",
        "payable_total" => "The total of the rows that can be paid.",
        "payments" => "How many payments there are.",
        "processing" => "How many the bank has.",
        "refunds_total" => "What went back to the source.",
        "remedied" => "How many were put right by this reconciliation.",
        "returned" => "How many came back.",
        "returned_total" => "The total of those that came back.",
        "rows" => "How many rows there are.",
        "sent" => "How many were sent.",
        "statement_balance" => "The balance of the latest statement.",
        "submitting" => "How many are being sent.",
        "total" => "The total.",
        "unprocessed" => "How many were not sent yet.",
        "utilization" => "The share of the limit that is used.",
        _ => return None,
    };
    Some(words)
}

fn person_or_account(name: &str) -> Option<&'static str> {
    let words = match name {
        "account" => "The ledger account.",
        "account_last4" => "The end of the account number.",
        "account_type" | "corrected_account_type" => "The type of the account.",
        "address" | "holder_address" => "A mailing address.",
        "approved_by" => "Who approved it.",
        "by" => "Who.",
        "card_number_last4" => "The end of the card number that was entered.",
        "change_code" => "The notification of change, C01 to C07.",
        "confirmed_by" => "Who confirmed it.",
        "corrected_last4" => "The end of the corrected account number.",
        "corrected_routing_number" => "The corrected routing number.",
        "created_by" => "Who made it.",
        "institution_name" => "What the institution is called.",
        "mask" => "The end of the card number, as the institution shows it.",
        "name" => "What it is called.",
        "proposed_by" => "Who proposed it.",
        "return_code" => "The return code of ACH.",
        "routing_number" => "The routing number.",
        _ => return None,
    };
    Some(words)
}

fn other(name: &str) -> Option<&'static str> {
    let words = match name {
        "accounts" => "By account.",
        "action" => "What is to be done, or was.",
        "address_lookup" => "The look-up of the institution's own address.",
        "announced" => "A debit outside the agreed range that was told.",
        "approval" => "Its approval, once it was approved.",
        "attempt" => "Which attempt at the bank it is, counted from 1.",
        "attention" => "Why a person has to look at it; absent where nobody has to.",
        "authorization" => "The agreement to debits, while or since there is one.",
        "autopay" => "How its bills are paid.",
        "bank_accounts" => "The ids of its bank accounts.",
        "bank_status" => "The bank's own word for where it stands.",
        "by_branch" => "By branch.",
        "by_source" => "By source.",
        "bytes" => "How many bytes it has.",
        "cards" => "The ids of its cards.",
        "check" => "The check that pays it, once there is one.",
        "closing" => "How it was closed; absent while it is open.",
        "code" => "Stable: programs may rely on it.",
        "correction" => "What the bank corrected.",
        "decision" => "What was decided.",
        "dry_run" => "Whether nothing is put right, only looked at.",
        "effects" => "What it means for the books.",
        "ended_by_return" => "The return that ended it, where one did.",
        "entry_class" => "The class of the ACH entry.",
        "entry_description" => "What the entry says to the receiver: at most ten characters.",
        "failure" => "Why it failed, where it did.",
        "figures" => "What was known at that moment.",
        "file" => "What its file holds, once it was summarized.",
        "file_sha256" => "The SHA-256 of the file's bytes, unpacked.",
        "first_row" => "The first row that it is about.",
        "from" => "Where it stood before, or where a range begins.",
        "fundings" => "The debits that pull its money in.",
        "health" => "How the latest reconciliation ended.",
        "items" => "What the list holds.",
        "link_token" => "Opens Link in the browser.",
        "manifest_hash" => "Names what the summary found; an approval names it.",
        "message" => "For people.",
        "method" => "The method of the request.",
        "need" => "What it needs.",
        "outcome" => "What became of it.",
        "pause" => "Why nothing leaves it now; absent where money may leave.",
        "proposal" | "remittance_proposal" => "What one operator proposed and no second one has confirmed.",
        "queue" => "The queue that gave it up.",
        "range" => "The amounts that need no notice of their own.",
        "reading" => "What was read of it last.",
        "reason" => "Why.",
        "reconciliation" => "The reconciliation with the bank.",
        "remittance" => "Where checks go.",
        "repair" => "What is to be repaired.",
        "round" => "The round of funding, counted from 1.",
        "row" => "The row of the file, counted from 1.",
        "rule" => "When to pay, and how much.",
        "side" => "Debit or credit.",
        "state" => "Where it stands.",
        "text" => "For people.",
        "text_version" => "The version of the text.",
        "to" => "Where it stands since, or where a range ends.",
        "to_acknowledge" => "What an approval has to name.",
        "told" => "What became of it at the bank.",
        "unpayable" => "What cannot be paid.",
        "upload" => "Where the file goes.",
        "url" => "Where.",
        "verdict" => "What was found.",
        "warnings" => "What is to be looked at.",
        "what" => "What happened.",
        "why" => "Why it fits nothing.",
        "withdrawal" => "A wish to take it back.",
        "Idempotency-Key" => "A name of yours for this request: sent again, it is answered the same and done once.",
        _ => return None,
    };
    Some(words)
}
