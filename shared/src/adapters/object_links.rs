//! Links to objects without S3: signed like presigned URLs, for the laptop's own server to check.
//!
//! The signature binds method, key, length and expiry to a secret of this process. Expiry is judged by elapsed time.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::ports::clock::Clock;
use crate::ports::objects::{ObjectError, ObjectLink};

/// Makes and checks links.
#[derive(Clone)]
pub struct LinkSigner {
    base_url: String,
    secret: [u8; 32],
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for LinkSigner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "LinkSigner({})", self.base_url)
    }
}

/// Why a link is not good for a request. None of them is worth a retry: ask for a new link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefused {
    #[error("the link is incomplete: ask for a new one")]
    Incomplete,
    #[error("the link was not signed here for this request: ask for a new one")]
    Forged,
    #[error("the link has expired: ask for a new one")]
    Expired,
    #[error("the link is for exactly {signed} bytes: ask for a new one with the right length")]
    WrongLength { signed: u64 },
}

impl LinkSigner {
    /// Links begin with `base_url`, such as `http://127.0.0.1:3000/objects`, followed by `/` and the key.
    pub fn new(base_url: impl Into<String>, secret: [u8; 32], clock: Arc<dyn Clock>) -> Self {
        Self { base_url: base_url.into(), secret, clock }
    }

    pub(crate) fn upload(&self, key: &str, length: u64, valid: Duration) -> Result<ObjectLink, ObjectError> {
        let headers = vec![("content-length".to_owned(), length.to_string())];
        self.link("PUT", key, Some(length), valid, headers)
    }

    pub(crate) fn download(&self, key: &str, valid: Duration) -> Result<ObjectLink, ObjectError> {
        self.link("GET", key, None, valid, Vec::new())
    }

    fn link(
        &self,
        method: &str,
        key: &str,
        length: Option<u64>,
        valid: Duration,
        headers: Vec<(String, String)>,
    ) -> Result<ObjectLink, ObjectError> {
        refuse_unusable(key)?;
        let valid_seconds = i64::try_from(valid.as_secs()).unwrap_or(i64::MAX);
        let expires = self.clock.elapsed_now().as_second().saturating_add(valid_seconds);
        let signature = hex::encode(self.signature(method, key, length, expires)?.finalize().into_bytes());
        let length = length.map(|length| format!("&length={length}")).unwrap_or_default();
        let url = format!("{}/{key}?expires={expires}{length}&signature={signature}", self.base_url);
        Ok(ObjectLink { method: method.to_owned(), url, headers })
    }

    /// Judges a request by its query, and by the length of its body where it has one.
    pub fn verify_link(
        &self,
        method: &str,
        key: &str,
        query: &str,
        content_length: Option<u64>,
    ) -> Result<(), LinkRefused> {
        let field = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let expires = field("expires").and_then(|text| text.parse().ok()).ok_or(LinkRefused::Incomplete)?;
        let signature = field("signature").and_then(|text| hex::decode(text).ok()).ok_or(LinkRefused::Incomplete)?;
        let length = field("length").and_then(|text| text.parse::<u64>().ok());
        let expected = self.signature(method, key, length, expires).map_err(|_| LinkRefused::Forged)?;
        expected.verify_slice(&signature).map_err(|_| LinkRefused::Forged)?;
        if expires <= self.clock.elapsed_now().as_second() {
            return Err(LinkRefused::Expired);
        }
        match length {
            Some(signed) if content_length != Some(signed) => Err(LinkRefused::WrongLength { signed }),
            Some(_) | None => Ok(()),
        }
    }

    fn signature(
        &self,
        method: &str,
        key: &str,
        length: Option<u64>,
        expires: i64,
    ) -> Result<Hmac<Sha256>, ObjectError> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.secret);
        let mut mac = mac.map_err(|_| ObjectError::Defect("the link secret has no usable length".to_owned()))?;
        mac.update(format!("{method}\n{key}\n{length:?}\n{expires}").as_bytes());
        Ok(mac)
    }
}

/// Refuses a key that could leave its folder or would need escaping in a link. The keys that the system makes never do.
pub(crate) fn refuse_unusable(key: &str) -> Result<(), ObjectError> {
    let usable = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|character| character.is_ascii_alphanumeric() || "-_.=".contains(character))
    };
    if key.split('/').all(usable) {
        Ok(())
    } else {
        Err(ObjectError::Defect(format!("{key:?} cannot be an object's key: use letters, digits, - _ . = and /")))
    }
}
