use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::rand_core::OsRng;
use serde_json::{Value, json};

/// An issuer with one ES256 key. Cloning shares the key.
#[derive(Clone, Debug)]
pub struct LocalIssuer {
    url: Arc<str>,
    key_id: Arc<str>,
    key: Arc<SigningKey>,
}

/// Whom a token is for and what it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant<'a> {
    pub subject: &'a str,
    pub roles: &'a [&'a str],
    pub audience: &'a str,
    /// Seconds since 1970.
    pub issued_at: i64,
    pub lifetime_seconds: i64,
}

impl LocalIssuer {
    /// An issuer with a fresh key. `url` is where its router is served, without a slash at the end.
    pub fn new(url: &str) -> Self {
        let key = SigningKey::random(&mut OsRng);
        let point = key.verifying_key().to_encoded_point(true);
        let key_id: String = URL_SAFE_NO_PAD.encode(point.as_bytes()).chars().take(16).collect();
        Self { url: url.into(), key_id: key_id.into(), key: Arc::new(key) }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// A signed token for the grant.
    pub fn mint(&self, grant: &Grant<'_>) -> String {
        let claims = json!({
            "iss": self.url(),
            "sub": grant.subject,
            "aud": grant.audience,
            "iat": grant.issued_at,
            "nbf": grant.issued_at,
            "exp": grant.issued_at.saturating_add(grant.lifetime_seconds),
            "roles": grant.roles,
        });
        self.sign(&json!({"typ": "JWT", "alg": "ES256", "kid": self.key_id()}), &claims)
    }

    /// A token of exactly this header and these claims (RFC 7515 section 3.1): for tests of what must be refused.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let signature: Signature = self.key.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// The key list (RFC 7517 section 5).
    pub fn keys(&self) -> Value {
        let point = self.key.verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&p256::FieldBytes>| bytes.map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        json!({"keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.key_id(),
            "x": coordinate(point.x()), "y": coordinate(point.y()),
        }]})
    }

    /// The discovery document (OpenID Connect Discovery 1.0 section 3), as far as a verifier reads it.
    pub fn discovery(&self) -> Value {
        json!({
            "issuer": self.url(),
            "jwks_uri": format!("{}/.well-known/jwks.json", self.url()),
            "id_token_signing_alg_values_supported": ["ES256"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
        })
    }

    /// Serves the key list and the discovery document under `/.well-known/`.
    pub fn router(&self) -> Router {
        let (keys, discovery) = (self.keys(), self.discovery());
        Router::new()
            .route("/.well-known/jwks.json", get(async move || Json(keys)))
            .route("/.well-known/openid-configuration", get(async move || Json(discovery)))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier;
    use tower::ServiceExt;

    use super::*;

    async fn served(issuer: &LocalIssuer, path: &str) -> Value {
        let answer = issuer.router().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        serde_json::from_slice(&to_bytes(answer.into_body(), usize::MAX).await.unwrap()).unwrap()
    }

    fn decoded(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    #[tokio::test]
    async fn a_minted_token_verifies_with_the_served_key() {
        let issuer = LocalIssuer::new("http://127.0.0.1:3000/issuer");
        let grant =
            Grant { subject: "ann", roles: &["operate"], audience: "clearway", issued_at: 1_000, lifetime_seconds: 60 };
        let token = issuer.mint(&grant);

        let keys = served(&issuer, "/.well-known/jwks.json").await;
        let coordinate = |name: &str| decoded(keys["keys"][0][name].as_str().unwrap());
        let point = [vec![4], coordinate("x"), coordinate("y")].concat();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = Signature::from_slice(&decoded(signature)).unwrap();
        VerifyingKey::from_sec1_bytes(&point).unwrap().verify(message.as_bytes(), &signature).unwrap();

        let claims: Value = serde_json::from_slice(&decoded(message.split_once('.').unwrap().1)).unwrap();
        assert_eq!(claims["exp"], 1_060);
        assert_eq!(claims["roles"], json!(["operate"]));
    }

    #[tokio::test]
    async fn discovery_names_the_key_list() {
        let issuer = LocalIssuer::new("http://127.0.0.1:3000/issuer");
        let discovery = served(&issuer, "/.well-known/openid-configuration").await;
        assert_eq!(discovery["issuer"], "http://127.0.0.1:3000/issuer");
        assert_eq!(discovery["jwks_uri"], "http://127.0.0.1:3000/issuer/.well-known/jwks.json");
    }

    #[test]
    fn two_issuers_have_two_keys() {
        assert_ne!(LocalIssuer::new("http://a").keys(), LocalIssuer::new("http://a").keys());
    }
}
