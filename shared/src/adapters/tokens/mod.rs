//! Bearer tokens of an OIDC issuer, verified by ourselves whatever stands in front of the function.
//!
//! Guarantees: the algorithm follows from the kind of key (P-256: ES256, RSA: RS256), never from the token; times are judged by the
//! elapsed clock; keys come from the issuer's discovery document, are kept ten minutes, and are fetched once for all who wait. An
//! unknown key id causes a fetch at most every 30 seconds, a failing issuer is asked at most every 5. A token is never logged.

mod keys;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jsonwebtoken::{Header, Validation};

use crate::adapters::tokens::keys::{IssuerKeys, VerifyingKey};
use crate::domain::caller::{Caller, ClaimFault, Claims, ExpectedToken, caller_of};
use crate::ports::clock::Clock;
use crate::ports::transport::Transport;

/// Why a caller is not let in. All but [`TokenError::IssuerUnreachable`] are final for this token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("send a bearer token in the header Authorization")]
    Missing,
    #[error("the bearer token cannot be read")]
    Malformed,
    #[error("the token is signed with an algorithm that its key is not for")]
    WrongAlgorithm,
    #[error("the token's key is not one of the issuer's")]
    UnknownKey,
    #[error("the token's signature is wrong")]
    BadSignature,
    #[error(transparent)]
    Refused(#[from] ClaimFault),
    /// The issuer's keys cannot be had now. Retry.
    #[error("the token issuer cannot be reached, try again in a few seconds: {0}")]
    IssuerUnreachable(String),
}

impl TokenError {
    /// Whether the same token may be let in a little later.
    pub const fn is_retryable(&self) -> bool {
        match self {
            TokenError::IssuerUnreachable(_) => true,
            TokenError::Missing
            | TokenError::Malformed
            | TokenError::WrongAlgorithm
            | TokenError::UnknownKey
            | TokenError::BadSignature
            | TokenError::Refused(_) => false,
        }
    }
}

/// Verifies bearer tokens of one issuer. One per process: it keeps the issuer's keys.
#[derive(Debug)]
pub struct TokenVerifier {
    expected: ExpectedToken,
    keys: IssuerKeys,
    clock: Arc<dyn Clock>,
}

impl TokenVerifier {
    /// Asks nobody yet: the keys are fetched with the first token.
    pub fn new(expected: ExpectedToken, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        let keys = IssuerKeys::new(expected.issuer.clone(), transport, clock.clone());
        Self { expected, keys, clock }
    }

    /// How many keys of the issuer tokens can be verified with. Fetches them anew.
    pub async fn usable_keys(&self) -> Result<usize, TokenError> {
        self.keys.count().await
    }

    /// The caller named by the value of an `Authorization` header.
    pub async fn verify(&self, authorization: Option<&str>) -> Result<Caller, TokenError> {
        let token = bearer_token(authorization)?;
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        // RFC 7515 section 4.1.11: an extension that must be understood and is not refuses the token. We understand none.
        if header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        let key_id = header.kid.as_deref().ok_or(TokenError::UnknownKey)?;
        let key = self.keys.find(key_id).await?;
        let claims = signed_claims(token, &header, &key)?;
        Ok(caller_of(&claims, &self.expected, self.clock.elapsed_now().as_second())?)
    }
}

/// RFC 6750 section 2.1; the scheme's case does not matter (RFC 9110 section 11.1).
fn bearer_token(authorization: Option<&str>) -> Result<&str, TokenError> {
    let (scheme, token) = authorization.and_then(|value| value.split_once(' ')).ok_or(TokenError::Missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(TokenError::Missing);
    }
    Ok(token.trim())
}

fn signed_claims(token: &str, header: &Header, key: &VerifyingKey) -> Result<Claims, TokenError> {
    if header.alg != key.algorithm {
        return Err(TokenError::WrongAlgorithm);
    }
    let mut validation = Validation::new(key.algorithm);
    // The library would judge times by the system's clock: claims are judged by `caller_of` instead.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    jsonwebtoken::decode(token, &key.key, &validation).map(|token| token.claims).map_err(|error| {
        let signature_wrong = matches!(error.kind(), jsonwebtoken::errors::ErrorKind::InvalidSignature);
        if signature_wrong { TokenError::BadSignature } else { TokenError::Malformed }
    })
}
