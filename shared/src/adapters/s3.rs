//! Objects over S3. Encryption at rest is the bucket's default. Links are presigned by the function's role and end with its
//! session at the latest. The role needs `s3:ListBucket`: without it S3 answers 403, not 404, for a missing object.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use crate::ports::objects::{ObjectError, ObjectLink, Objects};

/// One bucket.
#[derive(Clone, Debug)]
pub struct S3Objects {
    client: Client,
    /// Signs links. It adds no checksum of its own: only the client who uploads knows the body.
    link_client: Client,
    bucket: String,
}

impl S3Objects {
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        let link_config =
            client.config().to_builder().request_checksum_calculation(RequestChecksumCalculation::WhenRequired).build();
        Self { client, link_client: Client::from_conf(link_config), bucket: bucket.into() }
    }
}

#[async_trait]
impl Objects for S3Objects {
    async fn put(&self, key: &str, content_type: &str, body: Bytes) -> Result<(), ObjectError> {
        let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(content_type);
        put.body(ByteStream::from(body)).send().await.map(drop).map_err(|error| failure(key, error))
    }

    async fn get(&self, key: &str) -> Result<Bytes, ObjectError> {
        let get = self.client.get_object().bucket(&self.bucket).key(key);
        body(get.send().await.map_err(|error| failure(key, error))?).await
    }

    async fn get_range(&self, key: &str, start: u64, end: u64) -> Result<Bytes, ObjectError> {
        // HTTP ranges include their end, so an empty one cannot be asked for.
        let Some(last) = end.checked_sub(1).filter(|last| *last >= start) else { return Ok(Bytes::new()) };
        let get = self.client.get_object().bucket(&self.bucket).key(key).range(format!("bytes={start}-{last}"));
        match get.send().await {
            Ok(answer) => body(answer).await,
            Err(error) if error.code() == Some("InvalidRange") => Ok(Bytes::new()),
            Err(error) => Err(failure(key, error)),
        }
    }

    async fn size(&self, key: &str) -> Result<u64, ObjectError> {
        let head = self.client.head_object().bucket(&self.bucket).key(key);
        let answer = head.send().await.map_err(|error| failure(key, error))?;
        let length = answer.content_length().and_then(|length| u64::try_from(length).ok());
        length.ok_or_else(|| ObjectError::Defect(format!("S3 named no size for {key}")))
    }

    async fn upload_link(&self, key: &str, length: u64, valid: Duration) -> Result<ObjectLink, ObjectError> {
        let length = i64::try_from(length).map_err(|_| ObjectError::Defect(format!("{key}: no object is so long")))?;
        let put = self.link_client.put_object().bucket(&self.bucket).key(key).content_length(length);
        put.presigned(validity(valid)?).await.map(link).map_err(|error| failure(key, error))
    }

    async fn download_link(&self, key: &str, valid: Duration) -> Result<ObjectLink, ObjectError> {
        let get = self.link_client.get_object().bucket(&self.bucket).key(key);
        get.presigned(validity(valid)?).await.map(link).map_err(|error| failure(key, error))
    }
}

async fn body(answer: GetObjectOutput) -> Result<Bytes, ObjectError> {
    let body = answer.body.collect().await;
    body.map(|body| body.into_bytes())
        .map_err(|error| ObjectError::Unavailable(format!("the answer broke off: {error}")))
}

fn validity(valid: Duration) -> Result<PresigningConfig, ObjectError> {
    PresigningConfig::expires_in(valid)
        .map_err(|error| ObjectError::Defect(format!("a link cannot be valid so long: {error}")))
}

fn link(request: PresignedRequest) -> ObjectLink {
    ObjectLink {
        method: request.method().to_owned(),
        url: request.uri().to_owned(),
        headers: request.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    }
}

/// Codes after which the same request may pass; they come with a status of 4xx.
const BUSY_CODES: [&str; 5] =
    ["ExpiredToken", "OperationAborted", "RequestTimeout", "RequestTimeTooSkewed", "SlowDown"];

fn failure<E>(key: &str, error: SdkError<E>) -> ObjectError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    match (error.code(), status) {
        (Some("NoSuchKey" | "NotFound"), _) => ObjectError::Missing(key.to_owned()),
        (Some(code), _) if BUSY_CODES.contains(&code) => ObjectError::Unavailable(code.to_owned()),
        (Some(code), Some(400..=499)) => ObjectError::Defect(format!("{key}: {code}")),
        (Some(_) | None, _) => ObjectError::Unavailable(format!("{key}: {}", DisplayErrorContext(error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};

    fn objects() -> S3Objects {
        let settings = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("nobody", "nothing", None, None, "test"));
        S3Objects::new(Client::from_conf(settings.build()), "files")
    }

    #[tokio::test]
    async fn an_upload_link_signs_the_length_and_leaves_the_checksum_to_the_client() {
        let link = objects().upload_link("uploads/1", 46, Duration::from_secs(600)).await.expect("a link");
        assert_eq!(link.method, "PUT");
        assert!(link.url.contains("X-Amz-SignedHeaders=content-length%3Bhost"), "{}", link.url);
        assert!(link.url.contains("X-Amz-Expires=600"), "{}", link.url);
        assert!(!link.url.to_lowercase().contains("checksum"), "{}", link.url);
        assert!(link.headers.contains(&("content-length".to_owned(), "46".to_owned())), "{:?}", link.headers);
    }

    #[tokio::test]
    async fn a_download_link_signs_no_header_but_the_host() {
        let link = objects().download_link("reports/1", Duration::from_secs(600)).await.expect("a link");
        assert_eq!((link.method.as_str(), link.headers.len()), ("GET", 0));
        assert!(link.url.contains("X-Amz-SignedHeaders=host"), "{}", link.url);
    }

    #[tokio::test]
    async fn a_link_for_longer_than_a_week_is_a_defect() {
        let outcome = objects().download_link("reports/1", Duration::from_secs(8 * 86_400)).await;
        assert!(matches!(outcome, Err(ObjectError::Defect(_))), "{outcome:?}");
    }
}
