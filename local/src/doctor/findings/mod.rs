//! What the facts mean: one finding for each check, and what to do next. Pure: facts in, findings out.

mod parties;
mod stack;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::facts::{Deployed, Facts, NotDescribed};

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Ok,
    /// It works, and somebody should know or decide.
    Warning,
    /// It does not work, or not as it should.
    Failed,
}

impl Level {
    /// As it stands before a line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Failed => "FAILED",
        }
    }
}

/// One check, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub check: String,
    pub level: Level,
    pub text: String,
}

impl Finding {
    pub fn ok(check: impl Into<String>, text: impl Into<String>) -> Self {
        Self { check: check.into(), level: Level::Ok, text: text.into() }
    }

    pub fn warning(check: impl Into<String>, text: impl Into<String>) -> Self {
        Self { check: check.into(), level: Level::Warning, text: text.into() }
    }

    pub fn failed(check: impl Into<String>, text: impl Into<String>) -> Self {
        Self { check: check.into(), level: Level::Failed, text: text.into() }
    }
}

/// All findings, in the order in which they are best repaired.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let deployed = match &facts.stack {
        Ok(deployed) => deployed,
        Err(why) => return vec![not_described(facts, why)],
    };
    let mut findings = vec![stack::status(facts, deployed)];
    findings.extend(stack::parameters(deployed));
    findings.extend(facts.secrets.iter().map(|(name, standing)| stack::secret(&facts.name, *name, standing)));
    findings.extend(facts.resources.iter().map(|resource| stack::resource(deployed, resource)));
    findings.extend(facts.doors.iter().map(stack::door));
    findings.push(parties::issuer(deployed, &facts.issuer_keys));
    findings.push(parties::token(facts.token.as_ref()));
    findings.extend(parties::bank(deployed, facts.bank.as_ref()));
    findings.push(parties::plaid(deployed, facts.plaid.as_ref()));
    findings
}

fn not_described(facts: &Facts, why: &NotDescribed) -> Finding {
    let text = match why {
        NotDescribed::NoSuchStack => {
            format!("there is no stack {} in {}: name another with --stack or --region", facts.name, facts.region)
        }
        NotDescribed::Refused(cause) => format!(
            "AWS does not tell of it: {cause}. Set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where there is one, \
             AWS_SESSION_TOKEN: `aws configure export-credentials --format env` prints them"
        ),
    };
    Finding::failed("stack", text)
}

/// A check whose question went unanswered, which is no answer.
fn unanswered(check: &str, cause: &str) -> Finding {
    Finding::failed(check, format!("no answer: {cause}"))
}

fn is_https(url: &str) -> bool {
    url.starts_with("https://")
}

/// Whether the stack runs on an emulator, where nothing has TLS.
fn is_emulated(deployed: &Deployed) -> bool {
    !is_https(deployed.parameter("ColumnUrl"))
}
