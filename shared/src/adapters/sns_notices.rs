//! Notices over SNS: one topic, whose subscribers filter by the attributes of a message.
//!
//! The message's text is the notice's; its attributes are `id`, `kind`, `recipient_kind` (`person`, `admins`, `operators`) and for a
//! person `person_id`. Limits: a standard topic may deliver a message twice, which its `id` shows; addresses are the subscribers' matter.

use async_trait::async_trait;
use aws_sdk_sns::Client;
use aws_sdk_sns::error::DisplayErrorContext;
use aws_sdk_sns::types::MessageAttributeValue;

use crate::ports::notices::{Notice, NoticeError, Notices, Recipient};

#[derive(Clone, Debug)]
pub struct SnsNotices {
    client: Client,
    topic_arn: String,
}

impl SnsNotices {
    pub fn new(client: Client, topic_arn: String) -> Self {
        Self { client, topic_arn }
    }
}

#[async_trait]
impl Notices for SnsNotices {
    async fn send(&self, notice: &Notice) -> Result<(), NoticeError> {
        let mut request = self.client.publish().topic_arn(&self.topic_arn).message(&notice.text);
        for (name, value) in attributes(notice) {
            request = request.message_attributes(name, text(value)?);
        }
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(NoticeError(DisplayErrorContext(&error).to_string())),
        }
    }
}

fn attributes(notice: &Notice) -> Vec<(&'static str, &str)> {
    let mut attributes =
        vec![("id", notice.id.as_str()), ("kind", notice.kind.as_str()), ("recipient_kind", notice.recipient.kind())];
    match &notice.recipient {
        Recipient::Person { person_id } => attributes.push(("person_id", person_id)),
        Recipient::Admins | Recipient::Operators => {}
    }
    attributes
}

fn text(value: &str) -> Result<MessageAttributeValue, NoticeError> {
    let attribute = MessageAttributeValue::builder().data_type("String").string_value(value).build();
    attribute.map_err(|cause| NoticeError(cause.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscribers_can_tell_whom_a_message_is_for_and_whether_they_had_it() {
        let notice = Notice {
            id: "per_1#check_cashed#pay_1".to_owned(),
            recipient: Recipient::Person { person_id: "per_1".to_owned() },
            kind: "check_cashed".to_owned(),
            text: "The issuer cashed the check.".to_owned(),
        };
        let expected = [
            ("id", "per_1#check_cashed#pay_1"),
            ("kind", "check_cashed"),
            ("recipient_kind", "person"),
            ("person_id", "per_1"),
        ];
        assert_eq!(attributes(&notice), expected);
        let to_operators = Notice { recipient: Recipient::Operators, ..notice };
        assert!(attributes(&to_operators).iter().all(|(name, _)| *name != "person_id"));
    }
}
