//! The recorder of dead letters on Lambda, with both dead-letter queues as event sources that take partial batch responses.

use aws_lambda_events::event::sqs::SqsEvent;
use dead_letters::DeadLetterQueues;
use lambda_runtime::{Error, LambdaEvent, service_fn};

// What is shipped has no fault that was put in on purpose.
const _: () = assert!(!shared::deliberate_faults::ARE_COMPILED);

#[tokio::main]
async fn main() -> Result<(), Error> {
    wiring::init_tracing();
    let system = wiring::system()?;
    let (bulk_arn, other_arn) = wiring::dead_letter_queue_arns()?;
    let (system, queues) = (&system, &DeadLetterQueues { bulk_arn, other_arn });
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(dead_letters::handle(system, queues, event.payload).await)
    }))
    .await
}
