//! Codes about payroll: files, summaries, approvals, and what follows them.

use super::Code;

const SUMMARIZE_AGAIN: &str = "Have the summary made again, look at it, and approve that.";

pub(super) const CODES: &[Code] = &[
    Code::new(
        "account_of_another_source",
        422,
        "The account of a source is another source's, or corrections lead to it.",
        "Correct the file: one account has one source.",
    )
    .with(&["source_id", "holder_source_id"]),
    Code::new(
        "approved_before",
        409,
        "The batch was approved before, by another person or with another hash.",
        "Nothing: read the batch to see how it goes.",
    )
    .with(&["approved_by", "manifest_hash"]),
    Code::new(
        "approver_is_uploader",
        403,
        "Whoever had a hand in a file may not approve it, nor pay its rows again.",
        "Ask somebody else to approve.",
    ),
    Code::new(
        "batch_state",
        409,
        "The batch is in a state in which this cannot be done.",
        "Read the batch: `state` says where it stands.",
    )
    .with(&["state"]),
    Code::new(
        "control_total_differs",
        422,
        "The file does not amount to what was announced with it.",
        "Find out which of the two is wrong, and upload the right file as a new batch.",
    )
    .with(&["control_total", "total"]),
    Code::new(
        "directory_unavailable",
        503,
        "The directory of institutions cannot be asked now.",
        "Send the same request again after `Retry-After` seconds.",
    ),
    Code::new(
        "file_missing",
        409,
        "The file of the batch is not there yet.",
        "Put it where the upload link says, then ask for the summary.",
    ),
    Code::new(
        "file_rejected",
        422,
        "The file has errors, so nothing of it can be paid.",
        "Correct each of `errors` (docs/file.md tells of their codes) and upload it as a new batch.",
    ),
    Code::new(
        "length_invalid",
        422,
        "A file cannot have this length.",
        "Send its length in bytes, at most what `detail` names.",
    ),
    Code::new(
        "manifest_stale",
        409,
        "The summary was made again since you saw it.",
        "Read the summary again, and name its hash.",
    ),
    Code::new(
        "not_acknowledged",
        422,
        "The approval does not name everything that it has to accept.",
        "Look at `accounts`, `overlaps` and `corrections`, and name those that you accept.",
    )
    .with(&["accounts", "overlaps", "corrections"]),
    Code::new("not_shown", 409, "Accounts or overlapping batches are not as the summary showed them.", SUMMARIZE_AGAIN)
        .with(&["accounts", "overlaps", "corrections"]),
    Code::new("not_the_creator", 403, "Only who made a batch may put its file.", "Make a batch of your own."),
    Code::new(
        "nothing_to_retry",
        409,
        "No payment of the batch may be sent again.",
        "Read the payments report: `reason` tells of each why.",
    ),
    Code::new(
        "overlap_not_accepted",
        409,
        "Later batches hold rows that the retry would pay.",
        "Look whether those rows are still owed. If so, name the batches in `overlaps`.",
    )
    .with(&["overlaps"]),
    Code::new(
        "pay_period_invalid",
        422,
        "The pay period is too far from today.",
        "Name a day within the range that `detail` names.",
    ),
    Code::new(
        "same_payments",
        409,
        "The same payments of the same pay period were approved before.",
        "Look at the earlier batch. If this is another payroll, upload it for its own pay period.",
    )
    .with(&["earlier_batch_id"]),
    Code::new(
        "source_total_too_large",
        422,
        "One source's share is more than an ACH entry can carry.",
        "Divide the file into several.",
    )
    .with(&["source_id"]),
    Code::new(
        "summary_missing",
        409,
        "No summary was made of the batch.",
        "Ask for one: `POST /batches/{batch_id}/summary`.",
    ),
    Code::new(
        "total_differs",
        422,
        "The total that the approval names is not the file's.",
        "Look at the summary again: `total` is what it amounts to.",
    )
    .with(&["total"]),
    Code::new(
        "file_mapping_invalid",
        422,
        "The mapping names columns that cannot be.",
        "Correct it as `detail` says; docs/file.md names the columns.",
    ),
    Code::new(
        "file_mapping_unknown",
        422,
        "No mapping of this name is stored.",
        "Store it with `PUT /file-mappings/{name}`, or name another one.",
    ),
];
