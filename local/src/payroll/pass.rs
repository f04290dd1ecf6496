//! Business time passes until a batch has ended, and what happens meanwhile is told.

use jiff::Timestamp;
use serde::Deserialize;
use shared::domain::batch::{Batch, BatchState, SweepMark};
use shared::domain::calendar::eastern_date;
use shared::domain::ids::BatchId;
use shared::domain::leg::{Attention, State};
use shared::operations::{OperationError, fund, reports, upload};
use shared::ports::clock::Clock as _;
use shared::store::payments::fold_batch;

use super::outcome::Timings;
use super::progress::{self, Bars, Others, Size};
use super::told::{Sight, banking_days, news};
use crate::error::LocalError;
use crate::stack::Stack;
use crate::stack::time::Moved;
use crate::terminal::text::counted;

/// As many days without any news, and it is asked whether the rest waits for a person. Longer than any bank is silent.
const SILENT_DAYS: i32 = 10;
/// As many, and nothing is expected any more.
const SILENT_DAYS_MAX: i32 = 90;

/// How a batch stands when time stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Completed,
    /// Nothing more will happen by itself, for this reason.
    Stuck(String),
}

/// Lets time pass until the batch has ended and the planned returns have come.
pub(super) async fn pass(
    stack: &Stack,
    batch_id: BatchId,
    returns: u64,
    timings: &mut Timings,
) -> Result<End, LocalError> {
    let batch = upload::load(&stack.system, batch_id).await?;
    let size = Size::of(stack, &batch).await?;
    let others = Others::than(stack, batch_id)?;
    let bars = Bars::new(size);
    let mut story = Story { stack, bars: &bars, size, others, seen: Sight::default() };
    story.seen = story.look(&batch).await?;
    let watch = progress::watch(stack, batch_id, &bars, (size, others), timings);
    let drive = story.drive(batch_id, returns);
    let ended = tokio::select! {
        ended = drive => ended,
        failed = watch => failed.map(|()| End::Stuck("nobody looks at it any more".to_owned())),
    };
    bars.finish();
    ended
}

/// What was told of a batch so far.
struct Story<'a> {
    stack: &'a Stack,
    bars: &'a Bars,
    size: Size,
    others: Others,
    seen: Sight,
}

impl Story<'_> {
    async fn drive(&mut self, batch_id: BatchId, returns: u64) -> Result<End, LocalError> {
        let stack = self.stack;
        let mut silence = Silence::default();
        loop {
            stack.run_due().await?;
            let batch = upload::load(&stack.system, batch_id).await?;
            self.tell(&batch).await?;
            if has_ended(&batch)? {
                break;
            }
            let now = stack.clock.business_now();
            if let Some(why) = silence.is_final(stack, &batch, now).await? {
                return Ok(End::Stuck(why));
            }
            if stack.move_on().await? == Moved::Nothing {
                return Ok(End::Stuck("nothing is due any more".to_owned()));
            }
            self.tell_days(now);
        }
        let expected = returns.min(self.size.payable);
        while expected > 0 && reports::tallies(&stack.system, batch_id).await?.states.returned < expected {
            let now = stack.clock.business_now();
            if stack.step_bank().await? == Moved::Nothing {
                break;
            }
            self.tell_days(now);
            stack.run_due().await?;
            self.tell(&upload::load(&stack.system, batch_id).await?).await?;
        }
        Ok(End::Completed)
    }

    async fn tell(&mut self, batch: &Batch) -> Result<(), LocalError> {
        let sight = self.look(batch).await?;
        let day = day_of(self.stack.clock.business_now());
        for line in news(&self.seen, &sight) {
            self.bars.say(&format!("  {day}  {line}"));
        }
        self.seen = sight;
        Ok(())
    }

    fn tell_days(&self, before: Timestamp) {
        let now = self.stack.clock.business_now();
        for day in banking_days(eastern_date(before), eastern_date(now)) {
            self.bars.say(&format!("  {}  a banking day begins", day.strftime("%a %b %e")));
        }
    }

    async fn look(&self, batch: &Batch) -> Result<Sight, LocalError> {
        let done = self.others.since(self.stack, self.size);
        let is_recorded = batch.approval.is_some() && batch.state != BatchState::Importing;
        let mut sight = Sight {
            recorded: if is_recorded { self.size.rows } else { 0 },
            sent: done.sent,
            settled: done.settled,
            returned: done.returned,
            ..Sight::default()
        };
        if is_recorded {
            let fundings = fund::all_fundings(&self.stack.system, batch).await?;
            sight.see(&fundings).map_err(OperationError::from)?;
        }
        Ok(sight)
    }
}

fn day_of(moment: Timestamp) -> String {
    eastern_date(moment).strftime("%a %b %e").to_string()
}

/// Whether the batch is completed. Fails where it ended otherwise.
fn has_ended(batch: &Batch) -> Result<bool, LocalError> {
    match batch.state {
        BatchState::Completed => Ok(true),
        BatchState::Canceled | BatchState::Failed | BatchState::Declined | BatchState::Expired => {
            let why = batch.failure.as_ref().map(|failure| format!(" ({})", failure.text)).unwrap_or_default();
            Err(LocalError::NotCompleted(format!("{}{why}", batch.state.as_str())))
        }
        BatchState::Draft
        | BatchState::Summarizing
        | BatchState::Ready
        | BatchState::Rejected
        | BatchState::Importing
        | BatchState::Paying
        | BatchState::Canceling => Ok(false),
    }
}

/// How long the sweep has found the same.
#[derive(Default)]
struct Silence {
    since: Option<(Timestamp, SweepMark)>,
    asked_at_days: i32,
}

#[derive(Deserialize)]
struct Flagged {
    leg: FlaggedLeg,
}

#[derive(Deserialize)]
struct FlaggedLeg {
    state: State,
    #[serde(default)]
    attention: Option<Attention>,
}

impl Silence {
    /// Why nothing more will happen by itself, once that is so.
    async fn is_final(&mut self, stack: &Stack, batch: &Batch, now: Timestamp) -> Result<Option<String>, LocalError> {
        let Some(mark) = batch.sweep else { return Ok(None) };
        let since = match self.since {
            Some((since, same)) if same == mark => since,
            _ => {
                *self = Self { since: Some((now, mark)), asked_at_days: SILENT_DAYS };
                now
            }
        };
        let days = days_between(since, now);
        if days < self.asked_at_days {
            return Ok(None);
        }
        self.asked_at_days = days.saturating_add(SILENT_DAYS);
        let flagged = flagged(stack, batch.id).await?;
        if flagged == mark.open() {
            return Ok(Some(format!("{} for an operator, and nothing automatic happens", waiting(flagged))));
        }
        let is_over = days >= SILENT_DAYS_MAX;
        Ok(is_over.then(|| format!("nothing has moved for {days} days, and {} open", counted(mark.open(), "payment"))))
    }
}

fn waiting(payments: u64) -> String {
    let verb = if payments == 1 { "waits" } else { "wait" };
    format!("{} {verb}", counted(payments, "payment"))
}

fn days_between(since: Timestamp, now: Timestamp) -> i32 {
    let hours = now.duration_since(since).as_hours();
    i32::try_from(hours / 24).unwrap_or(i32::MAX)
}

/// Open payments that an operator has to look at.
async fn flagged(stack: &Stack, batch_id: BatchId) -> Result<u64, LocalError> {
    let shards = fold_batch(&*stack.system.table, batch_id, |count: &mut u64, seen: Flagged| {
        *count += u64::from(seen.leg.state.is_open() && seen.leg.attention.is_some());
        Ok(())
    });
    let shards = shards.await.map_err(OperationError::from)?;
    Ok(shards.into_iter().sum())
}
