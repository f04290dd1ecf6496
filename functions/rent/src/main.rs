//! The Lambda function `rent`: API Gateway's requests into the router of this crate.

use lambda_http::Error;

// What is shipped has no fault that was put in on purpose.
const _: () = assert!(!shared::deliberate_faults::ARE_COMPILED);

#[tokio::main]
async fn main() -> Result<(), Error> {
    wiring::init_tracing();
    let system = wiring::system()?;
    let verifier = wiring::verifier(&system)?;
    wiring::serve(rent::HTTP.router(system, verifier)).await
}
