//! The worker on Lambda, with an SQS event source that takes partial batch responses.

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use shared::domain::deadline::Deadline;

// What is shipped has no fault that was put in on purpose.
const _: () = assert!(!shared::deliberate_faults::ARE_COMPILED);

/// What it takes to record a bank's answer after the last call: a conditional write with its repeats.
const RESERVE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<(), Error> {
    wiring::init_tracing();
    let system = wiring::system()?;
    let system = &system;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let deadline = deadline(event.context.deadline);
        Ok::<_, Error>(payment_worker::handle(system, event.payload, deadline).await)
    }))
    .await
}

/// The runtime's own deadline, in milliseconds since 1970, less the reserve. One that is no time at all leaves none.
fn deadline(end_ms: u64) -> Deadline {
    let end = i64::try_from(end_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    Deadline::new(end.unwrap_or(Timestamp::MIN), RESERVE)
}
