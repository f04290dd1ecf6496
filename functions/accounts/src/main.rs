//! The Lambda function `accounts`: API Gateway's requests into the router of this crate.

use lambda_http::Error;

#[tokio::main]
async fn main() -> Result<(), Error> {
    wiring::init_tracing();
    let system = wiring::system().await?;
    let verifier = wiring::verifier(&system)?;
    wiring::serve(accounts::router(system, verifier)).await
}
