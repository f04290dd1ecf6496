//! Notifications of change: the entry succeeded, but the receiving bank tells what to correct before the next one
//! (`money-rules.md section 1.5`).

use std::fmt;

use crate::domain::aba::RoutingNumber;
use crate::domain::bank::limits::EntryAccountNumber;
use crate::domain::bank::request::{AccountType, last_four};

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

    /// Whether nothing here can do what it asks for.
    const fn is_for_a_person(&self) -> bool {
        match self {
            ChangeCode::EntryFormat { .. } => true,
            // Without a code nothing is asked for.
            ChangeCode::Other(code) => !code.is_empty(),
            ChangeCode::Replace { .. } | ChangeCode::Refusal(_) => false,
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

/// What a notification means for the account that its transfer is about.
#[derive(Clone, PartialEq, Eq)]
pub enum AccountChange {
    /// It is about something else: a name, an id, a notification that somebody refused.
    None,
    /// Something that no request could carry, or that is missing; or its code asks for what a person has to look into.
    Unusable,
    /// From the next transfer on these hold; what is absent stays as it was.
    Values { account_number: Option<String>, routing_number: Option<String>, account_type: Option<AccountType> },
}

/// Shows no number.
impl fmt::Debug for AccountChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            AccountChange::None => "None",
            AccountChange::Unusable => "Unusable",
            AccountChange::Values { .. } => "Values",
        })
    }
}

impl NotificationOfChange {
    /// Whether each value that its code replaces is there and could be sent.
    pub fn account_change(&self) -> AccountChange {
        if self.code.is_for_a_person() {
            return AccountChange::Unusable;
        }
        let replaces = |field| self.code.replaces().contains(&field);
        let is_about_account =
            [CorrectedField::AccountNumber, CorrectedField::RoutingNumber, CorrectedField::AccountType].map(replaces);
        if is_about_account == [false; 3] {
            return AccountChange::None;
        }
        let account_number = self.account_number().map(str::trim);
        let routing_number = self.routing_number().map(str::trim);
        let account_type = self.account_type().map(|text| AccountType::parse(&text.trim().to_ascii_lowercase()));
        let checks = [
            (
                CorrectedField::AccountNumber,
                account_number.is_some_and(|number| EntryAccountNumber::check(number).is_ok()),
            ),
            (CorrectedField::RoutingNumber, routing_number.is_some_and(|text| text.parse::<RoutingNumber>().is_ok())),
            (CorrectedField::AccountType, account_type.flatten().is_some()),
        ];
        if checks.iter().any(|(field, can_be_sent)| replaces(*field) && !can_be_sent) {
            return AccountChange::Unusable;
        }
        AccountChange::Values {
            account_number: account_number.map(str::to_owned),
            routing_number: routing_number.map(str::to_owned),
            account_type: account_type.flatten(),
        }
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

    fn change(code: &str, number: &str, routing: &str, kind: &str) -> AccountChange {
        let some = |text: &str| Some(text.to_owned());
        let reported = ReportedFields {
            account_number: some(number),
            routing_number: some(routing),
            account_type: some(kind),
            receiver_id: None,
        };
        NotificationOfChange::new(ChangeCode::parse(code), reported).account_change()
    }

    #[test]
    fn what_no_request_could_carry_is_unusable_and_what_is_not_replaced_is_not_judged() {
        let long = "1".repeat(18);
        let usable = |change: AccountChange| matches!(change, AccountChange::Values { .. });
        assert!(usable(change("C01", "000987654321", "junk", "junk")));
        assert!(usable(change("C01", &"1".repeat(17), "", "")));
        assert!(usable(change("C03", "1-2", "021000021", "")));
        assert!(usable(change("C05", "", "", "Savings")));
        assert!(usable(change("C07", "1", "021000021", "checking")));
        let cases = [
            ("C01", long.as_str(), "", ""),
            ("C01", "", "", ""),
            ("C01", "12 34", "", ""),
            ("C02", "", "021000020", ""),
            ("C02", "", "02100002", ""),
            ("C05", "", "", "wallet"),
            ("C06", "1", "", ""),
            ("C07", "1", "021000021", ""),
        ];
        for (code, number, routing, kind) in cases {
            assert!(matches!(change(code, number, routing, kind), AccountChange::Unusable), "{code} {number} {kind}");
        }
        for code in ["C04", "C09", "C61", ""] {
            assert!(matches!(change(code, "", "", ""), AccountChange::None), "{code}");
        }
        for code in ["C13", "C14", "C99"] {
            assert!(matches!(change(code, "", "", ""), AccountChange::Unusable), "{code}: a person looks");
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
