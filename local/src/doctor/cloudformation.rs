//! Describing a stack: one signed call of CloudFormation's query API, which answers XML.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::http::Method;
use jiff::Timestamp;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use shared::adapters::http_transport::HttpTransport;
use shared::ports::transport::{ProviderRequest, Transport as _};

use super::facts::{Deployed, NotDescribed};

const FORM: &str = "application/x-www-form-urlencoded";
const TIMEOUT: Duration = Duration::from_secs(20);

/// Where CloudFormation is, and when it is asked.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    pub(super) region: &'a str,
    /// An emulator's address, where it is not AWS.
    pub(super) endpoint: Option<&'a str>,
    pub(super) now: Timestamp,
}

/// Asks for one stack by its name.
pub(super) async fn describe(
    transport: &HttpTransport,
    credentials: &dyn ProvideCredentials,
    place: &Place<'_>,
    name: &str,
) -> Result<Deployed, NotDescribed> {
    let request = signed(credentials, place, name).await.map_err(NotDescribed::Refused)?;
    let answer = transport.exchange(request).await.map_err(|cause| NotDescribed::Refused(cause.to_string()))?;
    let text = String::from_utf8_lossy(&answer.body);
    let leaves = leaves(&text).map_err(|cause| NotDescribed::Refused(format!("its answer cannot be read: {cause}")))?;
    if answer.status == 200 { Ok(deployed(&leaves)) } else { Err(refusal(answer.status, &leaves)) }
}

async fn signed(
    credentials: &dyn ProvideCredentials,
    place: &Place<'_>,
    name: &str,
) -> Result<ProviderRequest, String> {
    let credentials = credentials.provide_credentials().await.map_err(|_| "there are no credentials".to_owned())?;
    let identity = credentials.into();
    let usual = format!("https://cloudformation.{}.amazonaws.com", place.region);
    let url = format!("{}/", place.endpoint.unwrap_or(&usual).trim_end_matches('/'));
    let body = format!("Action=DescribeStacks&Version=2010-05-15&StackName={name}");
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(place.region)
        .name("cloudformation")
        .time(SystemTime::from(place.now))
        .settings(SigningSettings::default())
        .build()
        .map_err(|cause| cause.to_string())?;
    let signable =
        SignableRequest::new("POST", &url, [("content-type", FORM)].into_iter(), SignableBody::Bytes(body.as_bytes()))
            .map_err(|cause| cause.to_string())?;
    let (signature, _) = sign(signable, &parameters.into()).map_err(|cause| cause.to_string())?.into_parts();
    let (signed, _) = signature.into_parts();
    let mut headers = vec![("content-type".to_owned(), FORM.to_owned())];
    headers.extend(signed.iter().map(|header| (header.name().to_owned(), header.value().to_owned())));
    Ok(ProviderRequest { method: Method::POST, url, headers, body: body.into(), timeout: TIMEOUT })
}

/// An element without elements, and its text.
type Leaf = (String, String);

/// All of them, in their order.
fn leaves(xml: &str) -> Result<Vec<Leaf>, quick_xml::Error> {
    let mut reader = Reader::from_str(xml);
    let mut leaves = Vec::new();
    let mut open: Option<Leaf> = None;
    loop {
        match reader.read_event()? {
            Event::Start(start) => {
                open = Some((start.local_name().as_ref().to_owned(), String::new()));
            }
            Event::Text(text) => {
                if let Some((_, read)) = &mut open {
                    read.push_str(&text);
                }
            }
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref()?.map(String::from);
                let resolved = character.or_else(|| resolve_predefined_entity(&reference).map(str::to_owned));
                if let Some((_, read)) = &mut open {
                    read.push_str(&resolved.unwrap_or_default());
                }
            }
            Event::End(_) => leaves.extend(open.take()),
            Event::Eof => return Ok(leaves),
            Event::Empty(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

fn deployed(leaves: &[Leaf]) -> Deployed {
    let mut deployed = Deployed::default();
    let mut key = String::new();
    for (name, text) in leaves {
        match name.as_str() {
            "StackStatus" => deployed.status.clone_from(text),
            "ParameterKey" | "OutputKey" => key.clone_from(text),
            "ParameterValue" => {
                deployed.parameters.insert(std::mem::take(&mut key), text.clone());
            }
            "OutputValue" => {
                deployed.outputs.insert(std::mem::take(&mut key), text.clone());
            }
            _ => {}
        }
    }
    deployed
}

fn refusal(status: u16, leaves: &[Leaf]) -> NotDescribed {
    let text = |wanted: &str| leaves.iter().find(|(name, _)| name == wanted).map_or("", |(_, text)| text.as_str());
    match text("Message") {
        message if message.contains("does not exist") => NotDescribed::NoSuchStack,
        message => NotDescribed::Refused(format!("{status} {} {message}", text("Code")).trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">
      <DescribeStacksResult><Stacks><member>
        <StackName>clearway</StackName>
        <StackStatus>UPDATE_COMPLETE</StackStatus>
        <Parameters>
          <member><ParameterKey>OidcIssuer</ParameterKey><ParameterValue>https://id.example/?a=1&amp;b=2</ParameterValue></member>
          <member><ParameterKey>AlarmEmail</ParameterKey><ParameterValue></ParameterValue></member>
        </Parameters>
        <Outputs>
          <member><OutputKey>TableName</OutputKey><OutputValue>clearway-Table-1</OutputValue><Description>x</Description></member>
        </Outputs>
      </member></Stacks></DescribeStacksResult></DescribeStacksResponse>";

    #[test]
    fn an_answer_is_read() {
        let read = deployed(&leaves(ANSWER).unwrap());
        assert_eq!(read.status, "UPDATE_COMPLETE");
        assert_eq!(read.parameter("OidcIssuer"), "https://id.example/?a=1&b=2");
        assert_eq!(read.parameters.get("AlarmEmail").map(String::as_str), Some(""));
        assert_eq!(read.output("TableName"), "clearway-Table-1");
    }

    #[test]
    fn a_stack_that_is_not_there_is_told_from_a_refusal() {
        let refused = |code: &str, message: &str| {
            let answer = format!(
                "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
            );
            refusal(400, &leaves(&answer).unwrap())
        };
        let missing = refused("ValidationError", "Stack with id clearway does not exist");
        assert_eq!(missing, NotDescribed::NoSuchStack);
        let denied = refused("AccessDenied", "not authorized");
        assert_eq!(denied, NotDescribed::Refused("400 AccessDenied not authorized".to_owned()));
    }
}
