//! Notifications of change: the entry succeeded, but the receiving bank tells what to correct before the next one
//! (`money-rules.md section 1.5`).

use std::fmt;

use crate::domain::bank::request::last_four;

/// What a notification replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CorrectedField {
    AccountNumber,
    RoutingNumber,
    /// Checking or savings.
    AccountType,
    ReceiverName,
    ReceiverId,
}

/// What the receiving bank asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ChangeCode {
    /// C01 to C09: use these corrected fields from the next payment on.
    Replace { code: &'static str, fields: &'static [CorrectedField] },
    /// C13, C14: our entries are built wrongly (addenda format; it should be international). An operator decides: attention.
    EntryFormat { code: &'static str },
    /// C61 to C69: a notification that somebody sent was refused. It concerns no payee of ours: recorded only.
    Refusal(String),
    /// Not in the table: attention.
    Other(String),
}

const REPLACEMENTS: [(&str, &[CorrectedField]); 9] = {
    use CorrectedField::{AccountNumber, AccountType, ReceiverId, ReceiverName, RoutingNumber};
    [
        ("C01", &[AccountNumber]),
        ("C02", &[RoutingNumber]),
        ("C03", &[RoutingNumber, AccountNumber]),
        ("C04", &[ReceiverName]),
        ("C05", &[AccountType]),
        ("C06", &[AccountNumber, AccountType]),
        ("C07", &[RoutingNumber, AccountNumber, AccountType]),
        ("C08", &[RoutingNumber]),
        ("C09", &[ReceiverId]),
    ]
};

const ENTRY_FORMATS: [&str; 2] = ["C13", "C14"];

impl ChangeCode {
    /// Never fails: what is not in the table is [`ChangeCode::Other`].
    pub fn parse(text: &str) -> Self {
        let code = text.trim().to_ascii_uppercase();
        if let Some((code, fields)) = REPLACEMENTS.iter().find(|(known, _)| *known == code) {
            return ChangeCode::Replace { code, fields };
        }
        if let Some(code) = ENTRY_FORMATS.iter().find(|known| **known == code) {
            return ChangeCode::EntryFormat { code };
        }
        match code.strip_prefix("C6") {
            Some(last) if last.len() == 1 && ("1"..="9").contains(&last) => ChangeCode::Refusal(code),
            _ => ChangeCode::Other(code),
        }
    }

    /// The fields to replace; none where a person must look.
    pub fn replaces(&self) -> &'static [CorrectedField] {
        match self {
            ChangeCode::Replace { fields, .. } => fields,
            ChangeCode::EntryFormat { .. } | ChangeCode::Refusal(_) | ChangeCode::Other(_) => &[],
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            ChangeCode::Replace { code, .. } | ChangeCode::EntryFormat { code } => code,
            ChangeCode::Refusal(code) | ChangeCode::Other(code) => code,
        }
    }
}

/// A notification with the corrected values. Values that its code does not replace are not given out, whatever the bank filled in.
#[derive(Clone, PartialEq, Eq)]
pub struct NotificationOfChange {
    pub code: ChangeCode,
    account_number: Option<String>,
    routing_number: Option<String>,
    account_type: Option<String>,
    receiver_id: Option<String>,
}

/// The fields as the bank sends them; an empty text counts as absent.
#[derive(Clone, Default)]
pub(crate) struct ReportedFields {
    pub(crate) account_number: Option<String>,
    pub(crate) routing_number: Option<String>,
    pub(crate) account_type: Option<String>,
    pub(crate) receiver_id: Option<String>,
}

impl NotificationOfChange {
    pub(crate) fn new(code: ChangeCode, reported: ReportedFields) -> Self {
        let replaced = |field, value: Option<String>| {
            value.filter(|text| !text.trim().is_empty() && code.replaces().contains(&field))
        };
        Self {
            account_number: replaced(CorrectedField::AccountNumber, reported.account_number),
            routing_number: replaced(CorrectedField::RoutingNumber, reported.routing_number),
            account_type: replaced(CorrectedField::AccountType, reported.account_type),
            receiver_id: replaced(CorrectedField::ReceiverId, reported.receiver_id),
            code,
        }
    }

    /// The whole corrected number: seal it at once.
    pub fn account_number(&self) -> Option<&str> {
        self.account_number.as_deref()
    }

    pub fn routing_number(&self) -> Option<&str> {
        self.routing_number.as_deref()
    }

    /// As the bank writes it: `checking`, `savings`.
    pub fn account_type(&self) -> Option<&str> {
        self.account_type.as_deref()
    }

    pub fn receiver_id(&self) -> Option<&str> {
        self.receiver_id.as_deref()
    }
}

impl fmt::Debug for NotificationOfChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let account = self.account_number.as_deref().map(last_four).unwrap_or_default();
        write!(formatter, "NotificationOfChange({} {account})", self.code.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_table_says_what_to_replace() {
        for (code, fields) in REPLACEMENTS {
            assert_eq!(ChangeCode::parse(&code.to_lowercase()).replaces(), fields, "{code}");
        }
        for (text, parsed) in [
            ("C13", ChangeCode::EntryFormat { code: "C13" }),
            ("C61", ChangeCode::Refusal("C61".to_owned())),
            ("C69", ChangeCode::Refusal("C69".to_owned())),
            ("C60", ChangeCode::Other("C60".to_owned())),
            ("C10", ChangeCode::Other("C10".to_owned())),
            ("", ChangeCode::Other(String::new())),
        ] {
            assert_eq!(ChangeCode::parse(text), parsed);
        }
    }

    #[test]
    fn only_what_the_code_replaces_is_given_out() {
        let reported = ReportedFields {
            account_number: Some("000987654321".to_owned()),
            routing_number: Some("110000000".to_owned()),
            account_type: Some(String::new()),
            receiver_id: None,
        };
        let change = NotificationOfChange::new(ChangeCode::parse("C01"), reported);
        assert_eq!(change.account_number(), Some("000987654321"));
        assert_eq!(change.routing_number(), None);
        assert_eq!(format!("{change:?}"), "NotificationOfChange(C01 …4321)");
    }
}
