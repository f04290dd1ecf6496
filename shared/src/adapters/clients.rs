//! The AWS clients, built once per process: with the region and the role's credentials that Lambda puts into every function's environment,
//! elsewhere with those that are given for an emulator.
//!
//! Nothing else is looked for: the SDK's usual search (profiles, metadata services, tokens for roles) would make every function's
//! binary larger, and on Lambda it ends at the environment.

use std::sync::OnceLock;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
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

/// The common settings of every client: at the given endpoint, or at AWS. The laptop puts its own region and credentials in their place.
pub fn config(endpoint_url: Option<&str>) -> SdkConfig {
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| std::env::var(name).ok());
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region.map(Region::new))
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .http_client(MadeOnFirstUse::default())
        .retry_config(RetryConfig::standard().with_max_attempts(TRIES_MAX))
        .timeout_config(timeouts(ATTEMPT_TIMEOUT));
    config.set_endpoint_url(endpoint_url.map(str::to_owned));
    config.build()
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
