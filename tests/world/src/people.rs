//! People with tokens: an issuer behind the transport port, and beside it a Plaid, so that a payroll file can be summarized.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use issuer::{Grant, LocalIssuer};
use jiff::Timestamp;
use shared::adapters::tokens::TokenVerifier;
use shared::domain::caller::{ExpectedToken, Role};
use shared::ports::clock::Clock;
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};
use simulators::http::{Answer, Request};
use simulators::plaid::{Config, Control, Plaid};

use crate::World;

pub(crate) const PLAID_URL: &str = "http://plaid.test";
/// Our id and secret at Plaid.
pub const PLAID_KEYS: &str = "plaid-key";
/// The list of accounts at the bank.
const BANK_ACCOUNTS: &str = "http://column.test/bank-accounts?";
const ISSUER_URL: &str = "http://issuer.test";
const AUDIENCE: &str = "clearway";
const TOKEN_SECONDS: i64 = 3_600;

/// A world in which people can sign in.
#[derive(Clone, Debug)]
pub struct People {
    pub world: World,
    pub verifier: Arc<TokenVerifier>,
    network: Arc<Network>,
}

impl People {
    /// Nobody has signed in yet. Plaid does not know these institutions, and every other.
    pub fn at(start: Timestamp, unknown_institutions: BTreeSet<String>) -> Self {
        let issuer = LocalIssuer::new(ISSUER_URL);
        let plaid = Plaid::new(Config {
            client_id: PLAID_KEYS.to_owned(),
            secret: PLAID_KEYS.to_owned(),
            unknown_institutions,
            without_routing_numbers: BTreeSet::new(),
        });
        let network = Arc::new(Network { issuer, plaid: Mutex::new(plaid), now: start });
        let world = World::with_network(start, network.clone());
        let expected = ExpectedToken { issuer: ISSUER_URL.to_owned(), audience: AUDIENCE.to_owned() };
        let verifier = Arc::new(TokenVerifier::new(expected, network.clone(), world.clock.clone()));
        Self { world, verifier, network }
    }

    /// The value of Plaid's signature header for a webhook with this body, sent now.
    pub fn plaid_verification(&self, body: &str) -> String {
        let (at, mut plaid) = (self.world.clock.business_now(), self.network.plaid());
        let signed = plaid.control(at, Control::SignWebhook { body: body.to_owned(), at });
        signed.ok().and_then(|signed| signed["verification"].as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The value of an `Authorization` header for an hour from now.
    pub fn bearer(&self, subject: &str, roles: &[Role]) -> String {
        let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        let issued_at = self.world.clock.elapsed_now().as_second();
        let grant = Grant { subject, roles: &roles, audience: AUDIENCE, issued_at, lifetime_seconds: TOKEN_SECONDS };
        format!("Bearer {}", self.network.issuer.mint(&grant))
    }
}

/// The issuer and Plaid, and a bank that lists no accounts; everything else is out of reach.
#[derive(Debug)]
struct Network {
    issuer: LocalIssuer,
    plaid: Mutex<Plaid>,
    now: Timestamp,
}

impl Network {
    fn plaid(&self) -> MutexGuard<'_, Plaid> {
        self.plaid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for Network {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        let reply = |status, body: String| Ok(ProviderResponse { status, headers: Vec::new(), body: body.into() });
        if let Some(path) = request.url.strip_prefix(PLAID_URL) {
            let asked = Request::new(request.method.as_str(), path).with_body(&request.body);
            let asked = request.headers.iter().fold(asked, |asked, (name, value)| asked.with_header(name, value));
            let answer = self.plaid().handle(self.now, &asked);
            return match answer {
                Answer::Reply(response) => reply(response.status, response.body),
                Answer::Silence => Err(TransportError::TimedOut),
            };
        }
        // Nobody has an account at the bank; whatever else it is asked finds nobody.
        if request.url.starts_with(BANK_ACCOUNTS) {
            return reply(200, r#"{"bank_accounts": [], "has_more": false}"#.to_owned());
        }
        match request.url.strip_prefix(ISSUER_URL) {
            Some("/.well-known/openid-configuration") => reply(200, self.issuer.discovery().to_string()),
            Some("/.well-known/jwks.json") => reply(200, self.issuer.keys().to_string()),
            Some(_) | None => Err(TransportError::Broken("nobody listens there".to_owned())),
        }
    }
}
