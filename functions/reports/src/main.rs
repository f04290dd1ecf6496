//! The Lambda function `reports`: API Gateway's requests into the router of this crate.

use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    wiring::init_tracing();
    let system = wiring::system().await?;
    let verifier = wiring::verifier(&system)?;
    lambda_http::run(reports::router(system, verifier)).await
}
