//! Where a mailed check is, in the bank's words (Column documentation, check printing).
//!
//! Limits: mail decides nothing about money. A delivered check is not paid, and one that came back to the sender is still good until it
//! is stopped. After a stop the bank sends no more of these events.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A status as the bank names it. Compared without regard to case; one we do not know is kept as it came.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryStatus {
    Created,
    RenderedPdf,
    Mailed,
    InTransit,
    InLocalArea,
    /// Sent on to another address; transit goes on.
    Rerouted,
    ProcessedForDelivery,
    Delivered,
    ReturnedToSender,
    /// It could not be printed or mailed.
    Failed,
    Other(String),
}

/// What a delivery status means for a person who waits for the check to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMeaning {
    /// Not mailed yet: a stop keeps it from being mailed at all.
    Preparing,
    OnItsWay,
    Delivered,
    /// It will not arrive: to be stopped, and replaced.
    Undeliverable,
    Unknown,
}

impl DeliveryStatus {
    const KNOWN: [DeliveryStatus; 10] = [
        DeliveryStatus::Created,
        DeliveryStatus::RenderedPdf,
        DeliveryStatus::Mailed,
        DeliveryStatus::InTransit,
        DeliveryStatus::InLocalArea,
        DeliveryStatus::Rerouted,
        DeliveryStatus::ProcessedForDelivery,
        DeliveryStatus::Delivered,
        DeliveryStatus::ReturnedToSender,
        DeliveryStatus::Failed,
    ];

    /// Never fails: what is not known is [`DeliveryStatus::Other`].
    pub fn parse(text: &str) -> Self {
        Self::KNOWN
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(text))
            .unwrap_or_else(|| DeliveryStatus::Other(text.to_owned()))
    }

    /// The bank's own word.
    pub const fn as_str(&self) -> &str {
        match self {
            DeliveryStatus::Created => "created",
            DeliveryStatus::RenderedPdf => "rendered_pdf",
            DeliveryStatus::Mailed => "mailed",
            DeliveryStatus::InTransit => "in_transit",
            DeliveryStatus::InLocalArea => "in_local_area",
            DeliveryStatus::Rerouted => "rerouted",
            DeliveryStatus::ProcessedForDelivery => "processed_for_delivery",
            DeliveryStatus::Delivered => "delivered",
            DeliveryStatus::ReturnedToSender => "returned_to_sender",
            DeliveryStatus::Failed => "failed",
            DeliveryStatus::Other(text) => text.as_str(),
        }
    }

    /// How far along the letter is: a lower rank never overwrites a higher one. One that came back has the last word.
    pub const fn rank(&self) -> Option<u8> {
        match self {
            DeliveryStatus::Created => Some(10),
            DeliveryStatus::RenderedPdf => Some(20),
            DeliveryStatus::Mailed => Some(30),
            DeliveryStatus::InTransit => Some(40),
            DeliveryStatus::InLocalArea => Some(50),
            DeliveryStatus::Rerouted => Some(55),
            DeliveryStatus::ProcessedForDelivery => Some(60),
            DeliveryStatus::Delivered => Some(70),
            DeliveryStatus::ReturnedToSender => Some(80),
            DeliveryStatus::Failed => Some(90),
            DeliveryStatus::Other(_) => None,
        }
    }

    /// What it means for us. The only place that says so.
    pub const fn meaning(&self) -> DeliveryMeaning {
        match self {
            DeliveryStatus::Created | DeliveryStatus::RenderedPdf => DeliveryMeaning::Preparing,
            DeliveryStatus::Mailed
            | DeliveryStatus::InTransit
            | DeliveryStatus::InLocalArea
            | DeliveryStatus::Rerouted
            | DeliveryStatus::ProcessedForDelivery => DeliveryMeaning::OnItsWay,
            DeliveryStatus::Delivered => DeliveryMeaning::Delivered,
            DeliveryStatus::ReturnedToSender | DeliveryStatus::Failed => DeliveryMeaning::Undeliverable,
            DeliveryStatus::Other(_) => DeliveryMeaning::Unknown,
        }
    }
}

impl fmt::Display for DeliveryStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for DeliveryStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for DeliveryStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(DeliveryStatus::parse(&std::borrow::Cow::<'de, str>::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One line per status, in the order of their ranks.
    const TABLE: [(&str, u8, DeliveryMeaning); 10] = [
        ("created", 10, DeliveryMeaning::Preparing),
        ("rendered_pdf", 20, DeliveryMeaning::Preparing),
        ("mailed", 30, DeliveryMeaning::OnItsWay),
        ("in_transit", 40, DeliveryMeaning::OnItsWay),
        ("in_local_area", 50, DeliveryMeaning::OnItsWay),
        ("rerouted", 55, DeliveryMeaning::OnItsWay),
        ("processed_for_delivery", 60, DeliveryMeaning::OnItsWay),
        ("delivered", 70, DeliveryMeaning::Delivered),
        ("returned_to_sender", 80, DeliveryMeaning::Undeliverable),
        ("failed", 90, DeliveryMeaning::Undeliverable),
    ];

    #[test]
    fn every_status_stands_in_the_table_with_its_rank_and_meaning() {
        let known = DeliveryStatus::KNOWN.map(|status| status.as_str().to_owned());
        assert_eq!(TABLE.map(|line| line.0.to_owned()), known);
        for (name, rank, meaning) in TABLE {
            let status = DeliveryStatus::parse(&name.to_uppercase());
            assert_eq!((status.rank(), status.meaning()), (Some(rank), meaning), "{name}");
        }
    }

    #[test]
    fn a_status_we_do_not_know_is_kept_and_decides_nothing() {
        let status = DeliveryStatus::parse("eaten_by_dog");
        assert_eq!(status.to_string(), "eaten_by_dog");
        assert_eq!((status.rank(), status.meaning()), (None, DeliveryMeaning::Unknown));
    }

    #[test]
    fn a_letter_that_came_back_is_not_on_its_way_again() {
        assert!(DeliveryStatus::ReturnedToSender.rank() > DeliveryStatus::Delivered.rank());
        assert!(DeliveryStatus::ReturnedToSender.rank() > DeliveryStatus::InTransit.rank());
    }

    proptest! {
        #[test]
        fn any_text_is_a_status_that_keeps_its_letters(text in "\\PC{0,30}") {
            prop_assert!(DeliveryStatus::parse(&text).as_str().eq_ignore_ascii_case(&text));
        }
    }
}
