//! The AWS clients, built once per process from its environment: on AWS the function's role and region, elsewhere
//! `AWS_ENDPOINT_URL` with any credentials for an emulator.

use std::sync::OnceLock;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// Tries of one request: about one second in all under the SDK's backoff, then the queue's redelivery takes over.
const TRIES_MAX: u32 = 5;
/// DynamoDB answers in milliseconds: a connection that is silent for this long is broken, and another try is cheaper than waiting.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// S3 moves whole reports and manifests in one request.
const OBJECT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The services a function may speak to. Cheap to clone: connections are shared.
#[derive(Clone, Debug)]
pub struct AwsClients {
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub sns: aws_sdk_sns::Client,
    pub sqs: aws_sdk_sqs::Client,
    pub s3: aws_sdk_s3::Client,
}

impl AwsClients {
    /// Clients from the environment.
    pub async fn from_env() -> Self {
        Self::from_config(&defaults().load().await)
    }

    pub fn from_config(config: &SdkConfig) -> Self {
        // An emulator has no host name per bucket.
        let path_style = config.endpoint_url().is_some();
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            sns: aws_sdk_sns::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            s3: aws_sdk_s3::Client::from_conf(
                aws_sdk_s3::config::Builder::from(config)
                    .force_path_style(path_style)
                    .timeout_config(timeouts(OBJECT_ATTEMPT_TIMEOUT))
                    .build(),
            ),
        }
    }
}

/// The common settings of every client; the laptop adds its own endpoint and credentials.
pub fn defaults() -> aws_config::ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(MadeOnFirstUse::default())
        .retry_config(RetryConfig::standard().with_max_attempts(TRIES_MAX))
        .timeout_config(timeouts(ATTEMPT_TIMEOUT))
}

/// The SDK's own client reads the machine's root certificates when each of its clients is made, which takes longer than all else at the
/// start of a function. This one makes it with the first request, once for all.
#[derive(Debug, Default)]
struct MadeOnFirstUse(OnceLock<SharedHttpClient>);

impl HttpClient for MadeOnFirstUse {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let make = || Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        self.0.get_or_init(make).http_connector(settings, components)
    }
}

fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(attempt).build()
}
