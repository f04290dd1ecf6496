//! What an earlier run over the same data left: the batch of this very file, where it may go on or is done.

use jiff::civil::Date;
use shared::domain::batch::{Batch, BatchState};
use shared::domain::payroll_file::Mapping;
use shared::operations::{OperationError, lists, reports};

use super::outcome::Began;
use crate::error::LocalError;
use crate::stack::Stack;
use crate::terminal::say;
use crate::terminal::text::{count, counted, wrapped};

const BATCHES_AT_ONCE: u32 = 100;

/// The batch of the file, read by the same mapping, and of the pay period where one is named; the newest where there are several.
pub(super) async fn find(
    stack: &Stack,
    file_sha256: &str,
    mapping: Option<&Mapping>,
    pay_period: Option<Date>,
) -> Result<Option<Batch>, OperationError> {
    let columns = mapping.map(Mapping::columns);
    let is_it = |batch: &Batch| {
        let same_file = batch.manifest.as_ref().is_some_and(|head| head.file_sha256 == file_sha256);
        let same_mapping = batch.mapping.as_ref().map(|mapping| &mapping.columns) == columns.as_ref();
        let same_period = pay_period.is_none_or(|day| batch.pay_period() == Some(day));
        same_file && same_mapping && same_period && goes_on(batch.state)
    };
    let mut after = None;
    loop {
        let page = lists::batches(&stack.system, None, after, BATCHES_AT_ONCE).await?;
        if let Some(batch) = page.items.into_iter().find(is_it) {
            return Ok(Some(batch));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(None),
        }
    }
}

const fn goes_on(state: BatchState) -> bool {
    match state {
        BatchState::Ready | BatchState::Importing | BatchState::Paying | BatchState::Completed => true,
        BatchState::Draft
        | BatchState::Summarizing
        | BatchState::Rejected
        | BatchState::Canceling
        | BatchState::Canceled
        | BatchState::Declined
        | BatchState::Expired
        | BatchState::Failed => false,
    }
}

/// Says what was found, and what this run does with it.
pub(super) async fn say_found(stack: &Stack, found: Option<&Batch>) -> Result<Began, LocalError> {
    let Some(batch) = found else { return Ok(Began::New) };
    if batch.state == BatchState::Completed {
        let words = "is completed already: nothing is paid again. What it came to follows. To pay the same file for \
                     another pay period, name a day of it with --pay-period, and say --pay-again.";
        say(&wrapped(&format!("Batch {} ", batch.id), words, ""));
        return Ok(Began::Finished);
    }
    let is_approved = batch.approval.is_some();
    let words = if is_approved { "approved before" } else { "summarized before and not yet approved" };
    say(&wrapped(&format!("Going on with batch {}, ", batch.id), &format!("{words}."), ""));
    if is_approved {
        let states = reports::tallies(&stack.system, batch.id).await?.states;
        let settled = states.completed + states.returned;
        let (sent, failed) = (states.processing, states.failed);
        let waiting = states.unprocessed + states.submitting;
        say(&format!(
            "  {} settled, {} at the bank, {} waiting, {} failed",
            count(settled),
            count(sent),
            count(waiting),
            count(failed)
        ));
    }
    if stack.taken_over > 0 {
        let words = format!(
            "{} when the run before ended. This run holds the data, so that nobody else is at it: they are sent again \
             under the same keys, which the bank carries out once.",
            being_sent(stack.taken_over)
        );
        say(&wrapped("  ", &words, "  "));
    }
    Ok(Began::Resumed)
}

fn being_sent(payments: u64) -> String {
    let verb = if payments == 1 { "was" } else { "were" };
    format!("{} {verb} being sent", counted(payments, "payment"))
}
