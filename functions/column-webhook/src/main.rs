//! The bank's webhooks on Lambda, behind an HTTP endpoint.

use lambda_http::Error;

// What is shipped has no fault that was put in on purpose.
const _: () = assert!(!shared::deliberate_faults::ARE_COMPILED);

#[tokio::main]
async fn main() -> Result<(), Error> {
    wiring::init_tracing();
    let system = wiring::system()?;
    wiring::serve(column_webhook::router(system)).await
}
