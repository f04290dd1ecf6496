//! The stack itself: its parameters, secrets, resources, and how it answers whoever shows nothing.

use shared::ports::secrets::SecretName;

use super::super::facts::{Deployed, Door, Facts, Resource, ResourceStanding, SecretStanding};
use super::Finding;
use crate::terminal::text::counted;

const BANK: &str = "https://api.column.com";
const PLAID_SANDBOX: &str = "https://sandbox.plaid.com";

pub(super) fn status(facts: &Facts, deployed: &Deployed) -> Finding {
    let said = format!("{} in {} is {}", facts.name, facts.region, deployed.status);
    let status = deployed.status.as_str();
    match status {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" => Finding::ok("stack", said),
        "UPDATE_ROLLBACK_COMPLETE" => {
            Finding::warning("stack", format!("{said}: the last deployment was taken back; its events say why"))
        }
        _ if status.ends_with("_IN_PROGRESS") => Finding::warning("stack", format!("{said}: wait until it is over")),
        _ => Finding::failed("stack", format!("{said}: its events in CloudFormation say why")),
    }
}

/// What a production stack is usually not deployed with, each by itself; one finding where there is none.
pub(super) fn parameters(deployed: &Deployed) -> Vec<Finding> {
    let is = |name: &str, value: &str| deployed.parameter(name) == value;
    let unusual = [
        (!is("ColumnUrl", BANK), "ColumnUrl", "is not the bank's own address: no money moves there"),
        (is("PlaidUrl", PLAID_SANDBOX), "PlaidUrl", "is Plaid's sandbox: its accounts are made up"),
        (is("UploaderMayApprove", "true"), "UploaderMayApprove", "is true: one person alone can pay a payroll"),
        (is("DeletionProtection", "false"), "DeletionProtection", "is false: the table can be deleted"),
        (is("AlarmEmail", ""), "AlarmEmail", "is empty: nobody is told of alarms by mail"),
        (!is("LogLevel", "info"), "LogLevel", "is not info: the dashboard shows no money"),
        (!is("EndpointUrl", ""), "EndpointUrl", "is set: the functions do not speak to AWS"),
    ];
    let mut findings: Vec<Finding> = unusual
        .into_iter()
        .filter(|(is_unusual, _, _)| *is_unusual)
        .map(|(_, name, text)| Finding::warning(format!("parameter {name}"), text))
        .collect();
    if findings.is_empty() {
        findings.push(Finding::ok("parameters", "are those of a stack for real money"));
    }
    findings
}

pub(super) fn secret(stack: &str, name: SecretName, standing: &SecretStanding) -> Finding {
    let check = format!("secret {name}");
    let store = format!("aws secretsmanager put-secret-value --secret-id {stack}/{name} --secret-string file://FILE");
    match standing {
        SecretStanding::Stored => Finding::ok(check, "is stored"),
        SecretStanding::Missing if matches!(name, SecretName::PlaidClientId | SecretName::PlaidSecret) => {
            Finding::warning(check, format!("is not stored, which card autopay needs: {store}"))
        }
        SecretStanding::Missing => Finding::failed(check, format!("is not stored: {store}")),
        SecretStanding::Malformed(form) => Finding::failed(check, format!("is not {form}: {store}")),
        SecretStanding::Padded => Finding::failed(
            check,
            format!("begins or ends with white space, as a file's line break: write it with printf, then {store}"),
        ),
        SecretStanding::Unreadable(cause) => Finding::warning(
            check,
            format!("cannot be read with these credentials, so that it was not checked: {cause}"),
        ),
    }
}

pub(super) fn resource(deployed: &Deployed, resource: &Resource) -> Finding {
    let check = match resource.output {
        "TableName" => "table",
        "BucketName" => "bucket",
        "BulkQueueUrl" => "queue of batches",
        "OtherQueueUrl" => "queue of other tasks",
        "BulkDeadLettersUrl" | "OtherDeadLettersUrl" => "dead letters",
        "AlarmTopicArn" => "topic of alarms",
        "NoticesTopicArn" => "topic of notices",
        other => other,
    };
    let id = deployed.output(resource.output);
    // A URL's or ARN's last part is the name.
    let name = id.rsplit(['/', ':']).next().unwrap_or(id);
    let is_of_dead_letters = resource.output.contains("DeadLetters");
    match &resource.standing {
        ResourceStanding::There => Finding::ok(check, format!("{name} is there")),
        ResourceStanding::Holds(0) => Finding::ok(check, format!("{name} is there, and empty")),
        ResourceStanding::Holds(count) if is_of_dead_letters => Finding::warning(
            check,
            format!(
                "{name} holds {count}, not written down yet: look at the log of dead-letters, then GET /dead-letters"
            ),
        ),
        ResourceStanding::Holds(count) => Finding::ok(check, format!("{name} is there, and holds {count}")),
        ResourceStanding::ToldTo(0) => {
            Finding::warning(check, format!("{name} has no confirmed subscription: nobody is told"))
        }
        ResourceStanding::ToldTo(count) => {
            Finding::ok(check, format!("{name} has {}", counted(*count, "confirmed subscription")))
        }
        ResourceStanding::NotReady(status) => Finding::failed(check, format!("{name} is {status}, not ready")),
        ResourceStanding::Unreachable(cause) => {
            Finding::failed(check, format!("{name} cannot be seen, with these credentials or at all: {cause}"))
        }
    }
}

/// Whoever shows nothing is told so: then the address leads to the function, and the function runs.
pub(super) fn door(door: &Door) -> Finding {
    match &door.answer {
        Ok(problem) if problem.status == 401 && problem.code == door.expected => {
            Finding::ok(door.what, format!("refuses strangers (401 {})", problem.code))
        }
        Ok(problem) if problem.code == "secrets_unavailable" => Finding::failed(
            door.what,
            format!(
                "({}) answers 503: its secret is not stored, or was corrected less than five minutes ago, when it did \
                 not count yet",
                door.named
            ),
        ),
        Ok(problem) => Finding::failed(
            door.what,
            format!(
                "({}) answers {} {} instead of 401 {}: read the function's log",
                door.named, problem.status, problem.code, door.expected
            ),
        ),
        Err(cause) => Finding::failed(door.what, format!("({}) does not answer: {cause}", door.named)),
    }
}
