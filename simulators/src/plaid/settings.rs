//! What a simulated Plaid starts from.

use std::collections::BTreeSet;

/// What a simulated Plaid starts from.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    pub client_id: String,
    pub secret: String,
    pub unknown_institutions: BTreeSet<String>,
    /// Known, but with an empty list of routing numbers.
    pub without_routing_numbers: BTreeSet<String>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Config")
            .field("unknown_institutions", &self.unknown_institutions)
            .finish_non_exhaustive()
    }
}

/// Tokens and webhooks are marked with it; only the Sandbox has `/sandbox/*` endpoints and lets a link token be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    Sandbox,
    Production,
}

impl Environment {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Production => "production",
        }
    }
}

/// How a simulated Plaid behaves where Plaid's documents leave it open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Another seed gives other ids and keys.
    pub seed: u64,
    pub environment: Environment,
    /// `/accounts/get` and `/liabilities/get` still answer what was seen last.
    pub cached_while_login_required: bool,
    /// After linking.
    pub initial_update_after_s: u32,
    pub historical_update_after_s: u32,
    /// A person's consent ends so long after it was given; without a number never.
    pub consent_lasts_days: Option<u32>,
    /// Plaid looks at an item's accounts so often by itself; without a number only when something changes there.
    pub looks_every_s: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            environment: Environment::Sandbox,
            cached_while_login_required: false,
            initial_update_after_s: 4,
            historical_update_after_s: 60,
            consent_lasts_days: None,
            looks_every_s: None,
        }
    }
}
