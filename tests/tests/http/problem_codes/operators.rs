//! Codes about what operators do, and about single payments.

use super::Code;

const SECOND: &str = "Ask a second person.";
const READ_AGAIN: &str = "Read it again, and name what stands there now.";

pub(super) const CODES: &[Code] = &[
    Code::new(
        "about_invalid",
        422,
        "What the correction names in `about` does not fit it.",
        "Look at the funding: `detail` says what is wrong.",
    ),
    Code::new(
        "about_missing",
        422,
        "A correction of this kind has to say what it is about.",
        "Name the payment or funding in `about`.",
    ),
    Code::new("address_invalid", 422, "No check can be mailed to this address.", "Correct what `detail` names."),
    Code::new(
        "bank_status_unknown",
        409,
        "The bank's word is one that is not known.",
        "See docs/operate.md, at attention.",
    ),
    Code::new("biller_invalid", 422, "The institution cannot be paid in this way.", "Correct what `errors` names."),
    Code::new("correction_differs", 409, "The correction is not the one that is confirmed.", READ_AGAIN),
    Code::new("correction_invalid", 422, "The correction cannot be booked.", "Correct what `detail` names."),
    Code::new(
        "correction_not_in_use",
        409,
        "The correction of the account is not in use.",
        "Nothing: there is nothing to take back.",
    ),
    Code::new(
        "days_invalid",
        400,
        "The days that are asked for are none, too many, or in the wrong order.",
        "Ask for one `day`, or `from` one `to` another.",
    ),
    Code::new("dead_letter_decided", 409, "The task was decided on before.", "Read it: it says by whom.")
        .with(&["state"]),
    Code::new(
        "money_gone",
        409,
        "The debit that was to pay for it came back or failed.",
        "Clear its attention instead.",
    )
    .with(&["funding_state"]),
    Code::new("not_a_task", 409, "The message is no task that can be run.", "Discard it."),
    Code::new("note_invalid", 422, "The note is empty or too long.", "Say in 1 to 500 characters what you found."),
    Code::new(
        "nothing_flagged",
        409,
        "There is no flag to clear, nor did you clear one before.",
        "Read it again: nothing waits for you there.",
    ),
    Code::new(
        "refund_waits",
        409,
        "The refund did not arrive, and its money would lie with us for good.",
        "Send the refund again, or book first what became of its money.",
    ),
    Code::new("nothing_proposed", 409, "Nothing is proposed that could be confirmed.", "Propose it first."),
    Code::new(
        "nothing_to_apply",
        409,
        "There is no word of the bank that was not applied.",
        "Clear the flag without `apply`.",
    ),
    Code::new("outcome_not_unknown", 409, "The outcome of the transfer is known.", "Read its history."),
    Code::new("own_block", 403, "Who is debited may not end the block.", SECOND),
    Code::new("own_money", 403, "Whose money it is may not decide about it as an operator.", SECOND),
    Code::new(
        "payment_state",
        409,
        "The payment is in a state in which this cannot be done.",
        "Read the payment: `state` says where it stands.",
    )
    .with(&["state"]),
    Code::new("proposal_differs", 409, "What is proposed is not what is confirmed.", READ_AGAIN),
    Code::new("range_invalid", 422, "The range cannot be.", "Correct it as `detail` says."),
    Code::new(
        "reason_invalid",
        422,
        "The reason is empty or too long.",
        "Say why, in as many characters as `detail` names.",
    ),
    Code::new("reason_wanted", 422, "This is done only with a reason.", "Say why, in `reason`."),
    Code::new("remittance_invalid", 422, "No check can be mailed to this address.", "Correct what `errors` names."),
    Code::new("same_person", 403, "Who proposed it cannot confirm it.", SECOND),
    Code::new(
        "word_of_other_attempt",
        409,
        "The bank's word is about another attempt.",
        "See docs/operate.md, at attention.",
    ),
    Code::new(
        "word_undecided",
        409,
        "The bank's word is recorded and was not applied.",
        "Say with `apply` whether it is to be.",
    ),
    Code::new(
        "words_differ",
        409,
        "The bank's words are about several transfers.",
        "See docs/operate.md, at attention.",
    ),
    Code::new(
        "stop_scope_invalid",
        422,
        "No payer can be called so, so the switch would stop nothing.",
        "Name `all`, or the whole id of a source or person.",
    ),
    Code::new("description_too_long", 422, "The description is too long.", "Shorten it as `detail` says."),
    Code::new("event_types_missing", 422, "The endpoint would take no events.", "Name at least one type of event."),
    Code::new(
        "event_type_not_taken",
        409,
        "The endpoint does not take events of this type.",
        "Replay it to an endpoint that does, or make one.",
    ),
    Code::new("overlap_too_long", 422, "The old secret would be valid for too long.", "Name fewer hours."),
    Code::new("replay_range_invalid", 422, "The range to replay cannot be.", "Correct `since` as `detail` says."),
    Code::new("replay_unclear", 422, "It is not clear what is to be replayed.", "Name `since` or `event_id`."),
    Code::new("replay_under_way", 409, "A replay to this endpoint is under way.", "Wait until it is through."),
    Code::new(
        "too_many_webhook_endpoints",
        409,
        "There are as many endpoints as there may be.",
        "Delete one that nobody needs.",
    ),
    Code::new(
        "webhook_endpoint_disabled",
        409,
        "The endpoint took no event for three days and is disabled.",
        "Enable it, then replay what it missed.",
    ),
    Code::new(
        "webhook_url_exists",
        409,
        "There is an endpoint of this address.",
        "Use that one, `endpoint_id`, or delete it first.",
    )
    .with(&["endpoint_id"]),
    Code::new(
        "webhook_url_refused",
        422,
        "Events are not sent to this address.",
        "Name a public host over https, as `detail` says.",
    ),
];
