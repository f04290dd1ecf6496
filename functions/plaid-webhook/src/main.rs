//! Plaid's webhooks on Lambda, behind an HTTP endpoint.

use lambda_http::Error;

#[tokio::main]
async fn main() -> Result<(), Error> {
    wiring::init_tracing();
    let system = wiring::system().await?;
    wiring::serve(plaid_webhook::router(system)).await
}
