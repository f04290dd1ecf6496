//! What is known of a deployed stack once it was looked at. Nothing of a secret's value is among it.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::caller::Role;
use shared::ports::secrets::SecretName;

/// Everything that was looked at. What could not be is said with its reason.
#[derive(Clone, Debug)]
pub struct Facts {
    pub name: String,
    pub region: String,
    pub stack: Result<Deployed, NotDescribed>,
    pub secrets: Vec<(SecretName, SecretStanding)>,
    pub resources: Vec<Resource>,
    pub doors: Vec<Door>,
    /// Keys of the issuer that tokens can be verified with.
    pub issuer_keys: Result<usize, String>,
    /// Absent where no token was given.
    pub token: Option<Result<TokenFacts, String>>,
    /// Absent while the bank's key is not stored.
    pub bank: Option<BankFacts>,
    /// Absent while Plaid's keys are not stored.
    pub plaid: Option<PlaidFacts>,
}

impl Facts {
    /// Before anything of the stack was looked at.
    pub fn of(name: &str, region: &str, stack: Result<Deployed, NotDescribed>) -> Self {
        Self {
            name: name.to_owned(),
            region: region.to_owned(),
            stack,
            secrets: Vec::new(),
            resources: Vec::new(),
            doors: Vec::new(),
            issuer_keys: Ok(0),
            token: None,
            bank: None,
            plaid: None,
        }
    }
}

/// A stack as CloudFormation describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployed {
    pub status: String,
    pub parameters: BTreeMap<String, String>,
    pub outputs: BTreeMap<String, String>,
}

impl Deployed {
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    /// Where Plaid is told to send the webhooks of new links.
    pub fn plaid_webhook_url(&self) -> &str {
        match self.parameter("PlaidWebhookUrl") {
            "" => self.output("PlaidWebhookEndpoint"),
            own => own,
        }
    }
}

/// Why CloudFormation tells nothing of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotDescribed {
    NoSuchStack,
    /// No credentials, no right, or no answer.
    Refused(String),
}

/// How a secret is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretStanding {
    Stored,
    Missing,
    /// With the form that it should have.
    Malformed(&'static str),
    /// White space before or behind the text.
    Padded,
    /// It could not be read: with the reason.
    Unreadable(String),
}

/// A table, bucket, queue or topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    pub output: &'static str,
    pub standing: ResourceStanding,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceStanding {
    There,
    /// A queue with so many messages.
    Holds(u64),
    /// A topic with so many confirmed subscriptions.
    ToldTo(u64),
    NotReady(String),
    Unreachable(String),
}

/// An address of the stack that was asked without a token or signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    pub what: &'static str,
    /// The output or parameter that holds it.
    pub named: &'static str,
    /// The code of the problem that should be answered.
    pub expected: &'static str,
    pub answer: Result<Problem, String>,
}

/// The status of an answer, and the code of its problem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    pub status: u16,
    pub code: String,
}

/// Whom a token names, and what it grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    pub subject: String,
    pub roles: BTreeSet<Role>,
}

/// What the bank says with the stored key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankFacts {
    pub key: KeyKind,
    /// The status of its answer about the entity.
    pub entity: Result<u16, String>,
    pub endpoints: Result<Vec<Endpoint>, String>,
}

/// What a key begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Sandbox,
    Live,
    Unknown,
}

/// A webhook endpoint that is registered at the bank.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    pub url: String,
    pub is_disabled: bool,
    pub enabled_events: Vec<String>,
    pub created_at: String,
    /// Whether its secret is one of those that are stored.
    pub secret_is_stored: bool,
}

/// What Plaid says with the stored keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaidFacts {
    /// The code of its error; empty where there was none.
    pub error_code: Result<String, String>,
}
