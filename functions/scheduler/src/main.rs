//! The timer on Lambda, called by an EventBridge schedule.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::de::IgnoredAny;

// What is shipped has no fault that was put in on purpose.
const _: () = assert!(!shared::deliberate_faults::ARE_COMPILED);

#[tokio::main]
async fn main() -> Result<(), Error> {
    wiring::init_tracing();
    let system = wiring::system()?;
    let system = &system;
    // What the schedule sends along says nothing: any call means to look now.
    lambda_runtime::run(service_fn(move |_: LambdaEvent<IgnoredAny>| async move {
        scheduler::on_schedule(system).await.map_err(Error::from)
    }))
    .await
}
