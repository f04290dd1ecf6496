//! A development token issuer: an OIDC issuer's signing key, key list and discovery document, and nothing else of one.
//!
//! It knows no passwords and gives a token to whoever holds the value, so it is never deployed. Its key is made anew at each start:
//! tokens end with the process. It shares no code with the verifier, so that a misunderstanding cannot agree with itself.

mod local_issuer;

pub use local_issuer::{Grant, LocalIssuer};
