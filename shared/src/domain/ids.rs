//! Ids, each with a type and a readable prefix of its own.
//!
//! A payroll payment's id encodes batch, shard and row, and a funding's encodes batch, source and round, so that either is found from
//! its id alone and a repeated import or funding makes the same id again. A single payment and its funding bear the same UUID.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Payments of a batch are spread over this many partitions: one partition takes about 1,000 write units a second.
pub const PAYMENT_SHARDS: u8 = 16;

/// A text is not an id of the kind expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is not a {kind} id", text.chars().take(64).collect::<String>().escape_debug())]
pub struct IdFormat {
    pub kind: &'static str,
    pub text: String,
}

macro_rules! text_serde {
    ($type:ident) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// `bat_` and 32 hexadecimal digits of a time-ordered UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(Uuid);
text_serde!(BatchId);

impl BatchId {
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "bat_{}", self.0.simple())
    }
}

impl FromStr for BatchId {
    type Err = IdFormat;

    fn from_str(text: &str) -> Result<Self, IdFormat> {
        let refused = || IdFormat { kind: "batch", text: text.to_owned() };
        text.strip_prefix("bat_").and_then(plain_uuid).map(Self).ok_or_else(refused)
    }
}

/// An id that is a prefix and 32 hexadecimal digits of a UUID.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $type:ident, $prefix:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Uuid);
        text_serde!($type);

        impl $type {
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!($prefix, "{}"), self.0.simple())
            }
        }

        impl FromStr for $type {
            type Err = IdFormat;

            fn from_str(text: &str) -> Result<Self, IdFormat> {
                let refused = || IdFormat { kind: $kind, text: text.to_owned() };
                text.strip_prefix($prefix).and_then(plain_uuid).map(Self).ok_or_else(refused)
            }
        }
    };
}

uuid_id!(
    /// `rec_` and 32 hexadecimal digits of a UUID.
    ReconciliationId,
    "rec_",
    "reconciliation"
);
uuid_id!(
    /// `cor_` and 32 hexadecimal digits of a UUID.
    CorrectionId,
    "cor_",
    "correction"
);
uuid_id!(
    /// `whe_` and 32 hexadecimal digits of a UUID.
    WebhookEndpointId,
    "whe_",
    "webhook endpoint"
);
uuid_id!(
    /// `evt_` and 32 hexadecimal digits of a time-ordered UUID: the order of their texts is that of their times.
    EventId,
    "evt_",
    "event"
);

/// Where a payment stands: a row of a batch, a refund of what a batch left over, or alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentId {
    /// `pay_{batch}-{shard}-{row}`; rows count from 1.
    Row { batch: BatchId, row: u32 },
    /// `pay_{batch}-refund-{source tag}-{number}`: money back to a source.
    Refund { batch: BatchId, source: SourceTag, number: u32 },
    /// `pay_{uuid}`
    Single(Uuid),
}
text_serde!(PaymentId);

impl PaymentId {
    /// The shard of a row: rows are dealt out in turn, so that every shard gets the same share of every file.
    pub const fn shard_of_row(row: u32) -> u8 {
        (row % PAYMENT_SHARDS as u32) as u8
    }

    pub const fn batch(&self) -> Option<BatchId> {
        match self {
            PaymentId::Row { batch, .. } | PaymentId::Refund { batch, .. } => Some(*batch),
            PaymentId::Single(_) => None,
        }
    }
}

impl fmt::Display for PaymentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PaymentId::Row { batch, row } => {
                write!(formatter, "pay_{}-{:02}-{row:07}", batch.0.simple(), PaymentId::shard_of_row(*row))
            }
            PaymentId::Refund { batch, source, number } => {
                write!(formatter, "pay_{}-refund-{source}-{number}", batch.0.simple())
            }
            PaymentId::Single(uuid) => write!(formatter, "pay_{}", uuid.simple()),
        }
    }
}

impl FromStr for PaymentId {
    type Err = IdFormat;

    fn from_str(text: &str) -> Result<Self, IdFormat> {
        let refused = || IdFormat { kind: "payment", text: text.to_owned() };
        let parts: Vec<&str> = text.strip_prefix("pay_").ok_or_else(refused)?.split('-').collect();
        let batch = |text: &str| plain_uuid(text).map(BatchId).ok_or_else(refused);
        match parts.as_slice() {
            [uuid] => plain_uuid(uuid).map(PaymentId::Single).ok_or_else(refused),
            [uuid, shard, row] => {
                let row: u32 = row.parse().map_err(|_| refused())?;
                let id = PaymentId::Row { batch: batch(uuid)?, row };
                let right_shard = shard.parse() == Ok(PaymentId::shard_of_row(row));
                if right_shard && id.to_string() == text { Ok(id) } else { Err(refused()) }
            }
            [uuid, "refund", source, number] => Ok(PaymentId::Refund {
                batch: batch(uuid)?,
                source: source.parse().map_err(|_| refused())?,
                number: plain_number(number).ok_or_else(refused)?,
            }),
            _ => Err(refused()),
        }
    }
}

/// What a funding pays for: a source's share of a batch in one round, or one payment of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FundingId {
    /// `fnd_{batch}-{source tag}-{round}`; rounds count from 1.
    Round { batch: BatchId, source: SourceTag, round: u32 },
    /// `fnd_{uuid}`: the funding of the payment `pay_{uuid}`.
    Single(Uuid),
}
text_serde!(FundingId);

impl FundingId {
    pub const fn batch(&self) -> Option<BatchId> {
        match self {
            FundingId::Round { batch, .. } => Some(*batch),
            FundingId::Single(_) => None,
        }
    }

    pub const fn round(&self) -> Option<u32> {
        match self {
            FundingId::Round { round, .. } => Some(*round),
            FundingId::Single(_) => None,
        }
    }

    /// The one payment that it is for.
    pub const fn payment(&self) -> Option<PaymentId> {
        match self {
            FundingId::Round { .. } => None,
            FundingId::Single(uuid) => Some(PaymentId::Single(*uuid)),
        }
    }
}

impl fmt::Display for FundingId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FundingId::Round { batch, source, round } => {
                write!(formatter, "fnd_{}-{source}-{round}", batch.0.simple())
            }
            FundingId::Single(uuid) => write!(formatter, "fnd_{}", uuid.simple()),
        }
    }
}

impl FromStr for FundingId {
    type Err = IdFormat;

    fn from_str(text: &str) -> Result<Self, IdFormat> {
        let refused = || IdFormat { kind: "funding", text: text.to_owned() };
        let parts: Vec<&str> = text.strip_prefix("fnd_").ok_or_else(refused)?.split('-').collect();
        match parts.as_slice() {
            [uuid] => plain_uuid(uuid).map(FundingId::Single).ok_or_else(refused),
            [uuid, source, round] => Ok(FundingId::Round {
                batch: plain_uuid(uuid).map(BatchId).ok_or_else(refused)?,
                source: source.parse().map_err(|_| refused())?,
                round: plain_number(round).ok_or_else(refused)?,
            }),
            _ => Err(refused()),
        }
    }
}

/// Sixteen hexadecimal digits that stand for a source inside another id: the first 64 bits of the SHA-256 of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceTag(u64);

impl SourceTag {
    pub fn of(source_id: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(source_id.as_bytes()).into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

impl fmt::Display for SourceTag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl FromStr for SourceTag {
    type Err = IdFormat;

    fn from_str(text: &str) -> Result<Self, IdFormat> {
        let refused = || IdFormat { kind: "source tag", text: text.to_owned() };
        let plain = text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !plain {
            return Err(refused());
        }
        u64::from_str_radix(text, 16).map(Self).map_err(|_| refused())
    }
}

/// The key a transfer is sent under: `{payment or funding id}:{attempt}`. The bank echoes it in every event about the transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TransferKey {
    pub item: ItemId,
    pub attempt: u32,
}

/// What a transfer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemId {
    Payment(PaymentId),
    Funding(FundingId),
}
text_serde!(ItemId);

impl fmt::Display for ItemId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ItemId::Payment(id) => id.fmt(formatter),
            ItemId::Funding(id) => id.fmt(formatter),
        }
    }
}

impl FromStr for ItemId {
    type Err = IdFormat;

    fn from_str(text: &str) -> Result<Self, IdFormat> {
        if text.starts_with("fnd_") { text.parse().map(ItemId::Funding) } else { text.parse().map(ItemId::Payment) }
    }
}

impl fmt::Display for TransferKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.item, self.attempt)
    }
}

impl FromStr for TransferKey {
    type Err = IdFormat;

    fn from_str(text: &str) -> Result<Self, IdFormat> {
        let refused = || IdFormat { kind: "transfer key", text: text.to_owned() };
        let (item, attempt) = text.rsplit_once(':').ok_or_else(refused)?;
        Ok(TransferKey { item: item.parse()?, attempt: plain_number(attempt).ok_or_else(refused)? })
    }
}

fn plain_uuid(text: &str) -> Option<Uuid> {
    let plain = text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    plain.then(|| Uuid::try_parse(text).ok()).flatten()
}

/// A number as it is written here: no sign and no zeros before it, so that no two texts name the same thing.
fn plain_number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn batch(seed: u128) -> BatchId {
        BatchId::new(Uuid::from_u128(seed))
    }

    proptest! {
        #[test]
        fn every_id_reads_what_it_prints(seed: u128, row in 1u32..2_000_000, round in 1u32..99, attempt in 1u32..9) {
            let source = SourceTag::of("CORP-1");
            let items = [
                ItemId::Payment(PaymentId::Row { batch: batch(seed), row }),
                ItemId::Payment(PaymentId::Refund { batch: batch(seed), source, number: round }),
                ItemId::Payment(PaymentId::Single(Uuid::from_u128(seed))),
                ItemId::Funding(FundingId::Round { batch: batch(seed), source, round }),
                ItemId::Funding(FundingId::Single(Uuid::from_u128(seed))),
            ];
            for item in items {
                let key = TransferKey { item, attempt };
                prop_assert_eq!(key.to_string().parse::<TransferKey>(), Ok(key));
            }
        }
    }

    #[test]
    fn a_payment_id_with_the_wrong_shard_or_padding_is_refused() {
        let right = PaymentId::Row { batch: batch(7), row: 17 }.to_string();
        assert!(right.ends_with("-01-0000017"));
        for wrong in [right.replace("-01-", "-02-"), right.replace("-0000017", "-17"), right.replace("pay_", "fnd_")] {
            assert!(wrong.parse::<PaymentId>().is_err(), "{wrong}");
        }
    }

    /// An event finds its payment by the key that the bank echoes.
    #[test]
    fn no_two_texts_name_the_same_thing() {
        let (batch, source) = (batch(7), SourceTag::of("CORP-1"));
        let refund = PaymentId::Refund { batch, source, number: 1 };
        let funding = FundingId::Round { batch, source, round: 1 };
        let key = TransferKey { item: ItemId::Funding(funding), attempt: 1 };
        for number in ["01", "+1", "001", "1 ", ""] {
            let other = |text: String| format!("{}{number}", text.strip_suffix('1').unwrap());
            assert!(other(refund.to_string()).parse::<PaymentId>().is_err(), "{number}");
            assert!(other(funding.to_string()).parse::<FundingId>().is_err(), "{number}");
            assert!(other(key.to_string()).parse::<TransferKey>().is_err(), "{number}");
        }
    }

    #[test]
    fn a_single_payment_and_its_funding_are_found_from_each_other() {
        let uuid = Uuid::from_u128(7);
        let funding: FundingId = PaymentId::Single(uuid).to_string().replace("pay_", "fnd_").parse().unwrap();
        assert_eq!(funding, FundingId::Single(uuid));
        assert_eq!(funding.payment(), Some(PaymentId::Single(uuid)));
    }

    #[test]
    fn a_stored_id_is_one_text() {
        let id = batch(1);
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{id}\""));
    }
}
