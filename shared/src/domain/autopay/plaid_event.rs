//! A webhook of Plaid's as it is kept until it is heeded: a hint that something changed, never a fact (Plaid documentation of webhooks).
//!
//! Guarantees: type and code decide together, since `DEFAULT_UPDATE` exists in several products; what is not known is kept and leads to
//! nothing. Reading again is idempotent, so duplicates and wrong order do no harm.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::item::{ItemEvent, event_of_error};

/// Plaid announces the end of a consent seven days ahead; the moment itself is optional.
const ANNOUNCED_DAYS_AHEAD: i64 = 7;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaidEvent {
    /// SHA-256 of the token that signed it, in hexadecimal digits: an exact replay has the same.
    pub id: String,
    pub version: u64,
    pub webhook_type: String,
    pub webhook_code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<String>,
    /// The accounts that it names, where it names some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub account_ids: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// When the link ends, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    pub received_at: Timestamp,
    pub due_at: Timestamp,
}

/// What a webhook asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heed {
    /// Read the item's cards and transactions anew.
    ReadItem,
    /// Use the numbers of the named accounts no more until they have been read anew.
    ReadNumbers,
    /// The named account was withdrawn at the bank.
    WithdrawAccounts,
    /// It changes the item's state; then read it anew where it works.
    Apply(ItemEvent),
    Nothing,
}

impl PlaidEvent {
    pub fn heed(&self) -> Heed {
        match (self.webhook_type.as_str(), self.webhook_code.as_str()) {
            ("LIABILITIES", "DEFAULT_UPDATE")
            | (
                "TRANSACTIONS",
                "SYNC_UPDATES_AVAILABLE"
                | "INITIAL_UPDATE"
                | "HISTORICAL_UPDATE"
                | "DEFAULT_UPDATE"
                | "TRANSACTIONS_REMOVED",
            ) => Heed::ReadItem,
            // Another code than those known says that something is wrong; the item itself says what.
            ("ITEM", "ERROR") => {
                self.error_code.as_deref().and_then(event_of_error).map_or(Heed::ReadItem, Heed::Apply)
            }
            ("ITEM", "LOGIN_REPAIRED") => Heed::Apply(ItemEvent::Repaired),
            ("ITEM", "PENDING_DISCONNECT" | "PENDING_EXPIRATION") => {
                Heed::Apply(ItemEvent::ConsentExpiring { until: self.consent_ends() })
            }
            ("ITEM", "USER_PERMISSION_REVOKED") => Heed::Apply(ItemEvent::Revoked),
            ("ITEM", "USER_ACCOUNT_REVOKED") => Heed::WithdrawAccounts,
            ("AUTH", "DEFAULT_UPDATE" | "AUTOMATICALLY_VERIFIED" | "SMS_MICRODEPOSITS_VERIFICATION") => {
                Heed::ReadNumbers
            }
            ("AUTH", "PRODUCT_PERMISSIONS_REQUIRED") => Heed::Apply(ItemEvent::LoginRequired),
            _ => Heed::Nothing,
        }
    }

    fn consent_ends(&self) -> Timestamp {
        let ahead = SignedDuration::from_hours(24 * ANNOUNCED_DAYS_AHEAD);
        self.ends_at.unwrap_or_else(|| self.received_at.checked_add(ahead).unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(webhook_type: &str, webhook_code: &str) -> PlaidEvent {
        let at: Timestamp = "2026-03-02T18:00:00Z".parse().unwrap();
        PlaidEvent {
            id: "00".to_owned(),
            version: 1,
            webhook_type: webhook_type.to_owned(),
            webhook_code: webhook_code.to_owned(),
            item_id: Some("item".to_owned()),
            account_ids: Vec::new(),
            error_code: None,
            ends_at: None,
            received_at: at,
            due_at: at,
        }
    }

    #[test]
    fn type_and_code_decide_together() {
        let cases = [
            ("LIABILITIES", "DEFAULT_UPDATE", Heed::ReadItem),
            ("TRANSACTIONS", "DEFAULT_UPDATE", Heed::ReadItem),
            ("AUTH", "DEFAULT_UPDATE", Heed::ReadNumbers),
            ("HOLDINGS", "DEFAULT_UPDATE", Heed::Nothing),
            ("IDENTITY", "DEFAULT_UPDATE", Heed::Nothing),
            ("TRANSACTIONS", "RECURRING_TRANSACTIONS_UPDATE", Heed::Nothing),
            ("ITEM", "LOGIN_REPAIRED", Heed::Apply(ItemEvent::Repaired)),
            ("ITEM", "USER_PERMISSION_REVOKED", Heed::Apply(ItemEvent::Revoked)),
            ("ITEM", "USER_ACCOUNT_REVOKED", Heed::WithdrawAccounts),
            ("ITEM", "NEW_ACCOUNTS_AVAILABLE", Heed::Nothing),
            ("AUTH", "PRODUCT_PERMISSIONS_REQUIRED", Heed::Apply(ItemEvent::LoginRequired)),
            ("SOMETHING", "NEW", Heed::Nothing),
        ];
        for (webhook_type, code, heed) in cases {
            assert_eq!(event(webhook_type, code).heed(), heed, "{webhook_type} {code}");
        }
    }

    #[test]
    fn an_error_leads_where_its_code_leads_and_an_unknown_one_to_a_look_at_the_item() {
        let error =
            |code: Option<&str>| PlaidEvent { error_code: code.map(str::to_owned), ..event("ITEM", "ERROR") }.heed();
        assert_eq!(error(Some("ITEM_LOGIN_REQUIRED")), Heed::Apply(ItemEvent::LoginRequired));
        assert_eq!(error(Some("INSTITUTION_DOWN")), Heed::Apply(ItemEvent::InstitutionDown));
        assert_eq!(error(Some("SOMETHING_NEW")), Heed::ReadItem);
        assert_eq!(error(None), Heed::ReadItem);
    }

    #[test]
    fn an_end_that_is_not_named_is_seven_days_away() {
        let Heed::Apply(ItemEvent::ConsentExpiring { until }) = event("ITEM", "PENDING_DISCONNECT").heed() else {
            panic!("an expiring consent")
        };
        assert_eq!(until.to_string(), "2026-03-09T18:00:00Z");
        let named = PlaidEvent { ends_at: Some(Timestamp::MAX), ..event("ITEM", "PENDING_EXPIRATION") };
        assert_eq!(named.heed(), Heed::Apply(ItemEvent::ConsentExpiring { until: Timestamp::MAX }));
    }
}
