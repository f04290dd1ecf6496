//! Takes the repeat token out of transactions for the embedded engine.
//!
//! The engine looks through every token of the last ten minutes at every transaction, so a batch of 50,000 payments would slow down
//! with each payment. Nothing is lost but the engine's answer to a repeat: on the loopback none is sent, and a put's `writer` would
//! still recognise it.

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

/// Inside a text its quotes would be escaped, so this can only be the field itself.
const FIELD: &str = r#","ClientRequestToken":""#;

#[derive(Debug)]
pub(crate) struct WithoutToken;

impl Intercept for WithoutToken {
    fn name(&self) -> &'static str {
        "without token"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _settings: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let body = request.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok());
        if let Some(shorter) = body.and_then(without_token) {
            request.headers_mut().insert("content-length", shorter.len().to_string());
            *request.body_mut() = shorter.into();
        }
        Ok(())
    }
}

fn without_token(body: &str) -> Option<String> {
    let (before, rest) = body.rsplit_once(FIELD)?;
    let (_token, after) = rest.split_once('"')?;
    Some(format!("{before}{after}"))
}

#[cfg(test)]
mod tests {
    use super::without_token;

    #[test]
    fn the_token_goes_and_everything_else_stays() {
        let body = r#"{"TransactItems":[{"Put":{}}],"ClientRequestToken":"0123"}"#;
        assert_eq!(without_token(body).as_deref(), Some(r#"{"TransactItems":[{"Put":{}}]}"#));
    }

    #[test]
    fn a_text_that_speaks_of_the_token_stays() {
        assert_eq!(without_token(r#"{"text":"\",\"ClientRequestToken\":\"0123\""}"#), None);
    }
}
