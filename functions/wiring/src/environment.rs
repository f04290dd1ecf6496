//! Reading the variables that a function's template sets.

use std::str::FromStr;
use std::time::Duration;

use shared::adapters::sqs::QueueUrls;
use shared::domain::autopay::decision::Policy;
use shared::domain::caller::ExpectedToken;
use shared::domain::payroll_file::ROWS_PER_CHUNK;
use shared::operations::Settings;

/// What the bank's client may take for one call with its repeats, on top of the function's own timeout.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(30);

/// Lambda answers at most 6 MB; a row of the payments report takes up to 500 bytes as JSON.
const REPORT_ROWS_IN_ANSWER_MAX: u64 = 10_000;

/// A file up to this size is read while its uploader waits.
const SUMMARY_BYTES_IN_REQUEST_MAX: u64 = 64 * 1024 * 1024;

/// Everything that the ports and operations of a function need to know of their deployment.
#[derive(Clone, Debug)]
pub struct Environment {
    pub table_name: String,
    pub bucket_name: String,
    pub queue_urls: QueueUrls,
    /// The topic that notices are published to.
    pub notices_topic_arn: String,
    /// Where AWS's services are, if not at AWS: a laptop's stack by the template's parameter, or an emulator that gives every function
    /// its `AWS_ENDPOINT_URL`.
    pub endpoint_url: Option<String>,
    /// What the names of the deployment's secrets have in common.
    pub secrets_prefix: String,
    pub settings: Settings,
}

/// A variable is not as it must be. Correct the function's template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    #[error("the environment variable {0} is not set: set it in the function's template")]
    Missing(&'static str),
    #[error("the environment variable {name} is not {expected}: correct it in the function's template")]
    Unreadable { name: &'static str, expected: &'static str },
    #[error("the environment variable {0} is for emulators alone, and AWS_ENDPOINT_URL names none: remove it")]
    EmulatorOnly(&'static str),
}

/// A variable of this process; an empty one counts as not set.
pub(crate) fn process_variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Environment {
    pub fn from_process() -> Result<Self, EnvironmentError> {
        Self::read(process_variable)
    }

    /// From any source of variables, so that a test needs no process of its own.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, EnvironmentError> {
        let text = |name| variable(name).ok_or(EnvironmentError::Missing(name));
        let timeout_seconds: u64 = parsed(&variable, "FUNCTION_TIMEOUT_SECONDS", "a whole number of seconds")?;
        let settings = Settings {
            column_url: text("COLUMN_URL")?,
            plaid_url: text("PLAID_URL")?,
            plaid_webhook_url: variable("PLAID_WEBHOOK_URL"),
            column_entity_id: text("COLUMN_ENTITY_ID")?,
            bank_calls_per_second: parsed(&variable, "BANK_CALLS_PER_SECOND", "a whole number of calls")?,
            hold_banking_days: parsed(&variable, "HOLD_BANKING_DAYS", "a whole number of days")?,
            lease: Duration::from_secs(timeout_seconds).saturating_add(CLIENT_TIMEOUT),
            uploader_may_approve: parsed(&variable, "UPLOADER_MAY_APPROVE", "true or false")?,
            summary_bytes_in_request_max: SUMMARY_BYTES_IN_REQUEST_MAX,
            rows_per_chunk: ROWS_PER_CHUNK,
            report_rows_in_answer_max: REPORT_ROWS_IN_ANSWER_MAX,
            autopay: Policy::default(),
        };
        Ok(Self {
            table_name: text("TABLE_NAME")?,
            bucket_name: text("BUCKET_NAME")?,
            queue_urls: QueueUrls { bulk: text("BULK_QUEUE_URL")?, other: text("OTHER_QUEUE_URL")? },
            notices_topic_arn: text("NOTICES_TOPIC_ARN")?,
            endpoint_url: variable("ENDPOINT_URL").or_else(|| variable("AWS_ENDPOINT_URL")),
            secrets_prefix: text("SECRETS_PREFIX")?,
            settings,
        })
    }
}

/// Whose tokens a function accepts.
pub(crate) fn expected_token(variable: impl Fn(&str) -> Option<String>) -> Result<ExpectedToken, EnvironmentError> {
    let text = |name| variable(name).ok_or(EnvironmentError::Missing(name));
    Ok(ExpectedToken { issuer: text("OIDC_ISSUER")?, audience: text("OIDC_AUDIENCE")? })
}

/// Where dead letters come from: of the bulk queue, and of the other.
pub(crate) fn dead_letter_queue_arns(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(String, String), EnvironmentError> {
    let text = |name| variable(name).ok_or(EnvironmentError::Missing(name));
    Ok((text("BULK_DEAD_LETTERS_ARN")?, text("OTHER_DEAD_LETTERS_ARN")?))
}

/// How far business time is ahead of the system's, where a test of the deployed stack has moved it. The template never sets this, and a
/// function that speaks to AWS itself does not start with it.
pub(crate) fn business_time_ahead(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Duration>, EnvironmentError> {
    const NAME: &str = "BUSINESS_TIME_AHEAD_SECONDS";
    if variable(NAME).is_none() {
        return Ok(None);
    }
    if variable("AWS_ENDPOINT_URL").is_none() {
        return Err(EnvironmentError::EmulatorOnly(NAME));
    }
    parsed(&variable, NAME, "a whole number of seconds").map(|seconds| Some(Duration::from_secs(seconds)))
}

fn parsed<T: FromStr>(
    variable: &impl Fn(&str) -> Option<String>,
    name: &'static str,
    expected: &'static str,
) -> Result<T, EnvironmentError> {
    let text = variable(name).ok_or(EnvironmentError::Missing(name))?;
    text.parse().map_err(|_| EnvironmentError::Unreadable { name, expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLETE: [(&str, &str); 13] = [
        ("TABLE_NAME", "clearway"),
        ("BUCKET_NAME", "clearway-files"),
        ("BULK_QUEUE_URL", "https://sqs.example/bulk"),
        ("OTHER_QUEUE_URL", "https://sqs.example/other"),
        ("NOTICES_TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:clearway-notices"),
        ("SECRETS_PREFIX", "clearway"),
        ("COLUMN_URL", "https://bank.example"),
        ("PLAID_URL", "https://plaid.example"),
        ("COLUMN_ENTITY_ID", "enti_1"),
        ("BANK_CALLS_PER_SECOND", "20"),
        ("HOLD_BANKING_DAYS", "2"),
        ("UPLOADER_MAY_APPROVE", "false"),
        ("FUNCTION_TIMEOUT_SECONDS", "60"),
    ];

    fn read_with(changed: &str, value: Option<&str>) -> Result<Environment, EnvironmentError> {
        Environment::read(|name| {
            let usual = COMPLETE.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            let value = if name == changed { value } else { usual };
            value.map(str::to_owned)
        })
    }

    #[test]
    fn a_complete_environment_is_read() {
        let environment = read_with("", None).unwrap();
        assert_eq!(environment.table_name, "clearway");
        assert_eq!(environment.settings.lease, Duration::from_secs(90));
        assert!(!environment.settings.uploader_may_approve);
    }

    #[test]
    fn each_missing_variable_is_named() {
        for (name, _) in COMPLETE {
            assert_eq!(read_with(name, None).unwrap_err(), EnvironmentError::Missing(name));
        }
    }

    fn ahead(seconds: Option<&str>, endpoint: Option<&str>) -> Result<Option<Duration>, EnvironmentError> {
        business_time_ahead(|name| {
            let value = if name == "AWS_ENDPOINT_URL" { endpoint } else { seconds };
            value.map(str::to_owned)
        })
    }

    #[test]
    fn business_time_is_moved_on_an_emulator_alone() {
        let emulator = Some("http://127.0.0.1:4566");
        assert_eq!(ahead(None, None), Ok(None));
        assert_eq!(ahead(None, emulator), Ok(None));
        assert_eq!(ahead(Some("86400"), emulator), Ok(Some(Duration::from_secs(86_400))));
        assert_eq!(ahead(Some("86400"), None), Err(EnvironmentError::EmulatorOnly("BUSINESS_TIME_AHEAD_SECONDS")));
        assert!(matches!(ahead(Some("-1"), emulator), Err(EnvironmentError::Unreadable { .. })));
    }

    #[test]
    fn an_unreadable_variable_is_named_without_its_value() {
        for name in ["BANK_CALLS_PER_SECOND", "HOLD_BANKING_DAYS", "UPLOADER_MAY_APPROVE", "FUNCTION_TIMEOUT_SECONDS"] {
            let error = read_with(name, Some("perhaps")).unwrap_err();
            assert!(matches!(error, EnvironmentError::Unreadable { name: named, .. } if named == name), "{error}");
            assert!(!error.to_string().contains("perhaps"));
        }
    }
}
