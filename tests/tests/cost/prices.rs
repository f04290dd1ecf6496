//! AWS list prices in us-east-1 without free tiers and discounts, as published for the first tier; as known in February 2026.
//!
//! From AWS's pricing pages as others quote them (DynamoDB since its reduction of November 2024), not read there on that day: compare
//! them with <https://calculator.aws> before a budget rests on them.

/// A price in millionths of a millionth of a dollar for one unit: the same number as millionths of a dollar for a million units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price {
    pub(crate) unit: &'static str,
    pub(crate) each: u64,
}

const fn price(unit: &'static str, each: u64) -> Price {
    Price { unit, each }
}

/// 0.625 dollars a million.
pub(crate) const WRITE_UNIT: Price = price("write units", 625_000);
/// 0.125 dollars a million; counted in halves, since an eventually consistent read takes half a unit.
pub(crate) const HALF_READ_UNIT: Price = price("half read units", 62_500);
/// 0.40 dollars a million, each of up to 64 KB.
pub(crate) const QUEUE_REQUEST: Price = price("SQS requests", 400_000);
/// 0.20 dollars a million.
pub(crate) const INVOCATION: Price = price("invocations", 200_000);
/// 0.0000133334 dollars a GB-second on arm64, that is, for 1,024,000 MB-milliseconds.
pub(crate) const MB_MILLISECOND: Price = price("MB-milliseconds", 13);
/// 3.50 dollars a million of a REST API.
pub(crate) const API_REQUEST: Price = price("API Gateway requests", 3_500_000);
/// 0.005 dollars a thousand.
pub(crate) const OBJECT_WRITE: Price = price("S3 PUT requests", 5_000_000);
/// 0.0004 dollars a thousand.
pub(crate) const OBJECT_READ: Price = price("S3 GET requests", 400_000);
/// 0.50 dollars a million.
pub(crate) const PUBLISHED_NOTICE: Price = price("SNS requests", 500_000);
/// 0.50 dollars a GB taken in.
pub(crate) const LOG_BYTE: Price = price("log bytes", 500);
/// 0.05 dollars for ten thousand.
pub(crate) const SECRET_READ: Price = price("Secrets Manager requests", 5_000_000);
/// 5 dollars a million.
pub(crate) const TRACE: Price = price("X-Ray traces", 5_000_000);
/// 0.09 dollars a GB to the internet.
pub(crate) const BYTE_OUT: Price = price("bytes to the bank", 90);
