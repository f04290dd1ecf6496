//! The Lambda function `operator`: API Gateway's requests into the router of this crate.

use lambda_http::Error;

#[tokio::main]
async fn main() -> Result<(), Error> {
    wiring::init_tracing();
    let system = wiring::system().await?;
    let verifier = wiring::verifier(&system)?;
    wiring::serve(operator::router(system, verifier)).await
}
