//! The ACH return codes R01 to R90 (`money-rules.md section 1.2`): what each means, whose it is, and what a retry may do.
//!
//! Guarantees: a code that is not in the table is final and never retried.

use std::fmt;
use std::str::FromStr;

mod table;

/// A return code: `R` and two digits. It may be one that the table does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReturnCode(u8);

/// A text that is not `R` and two digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a return code is R and two digits")]
pub struct NotAReturnCode;

/// What kind of return it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReturnGroup {
    Funds,
    Administrative,
    /// The receiver says that nobody allowed it: stop further debits.
    Unauthorized,
    /// The operator or a bank could not process the entry.
    Operator,
    /// Automated enrollment entries.
    Enrollment,
    CheckConversion,
    International,
    /// Our bank disputes a return.
    Dishonor,
    /// The receiving bank disputes our dispute.
    Contest,
    /// Anything else that concerns the receiver.
    Receiver,
}

/// Whether the same entry may be sent again (`money-rules.md section 1.3`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RetryRule {
    /// As it is, within the limits of reinitiation: two more tries in 180 days.
    Same,
    /// Only after the cause is corrected.
    FixFirst,
    /// Only with a fresh authorization of the receiver.
    NewAuthorization,
    Never,
}

/// How long after settlement the return may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReturnWindow {
    BankingDays(u8),
    CalendarDays(u8),
    /// With the operator's next file.
    NextFile,
    /// Whatever the two banks agree.
    Agreed,
    /// Not known.
    Unstated,
}

/// What a batch retry may do with a payout (a credit) that came back with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PayoutRetry {
    /// Send it again with the same data: the cause was the entry or a bank, not the payee.
    AsItIs,
    /// Only after the payee's data changed.
    WithCorrectedData,
    /// Not at all; a person decides outside the batch.
    No,
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnRule {
    pub code: ReturnCode,
    /// For people: reports and notices.
    pub meaning: &'static str,
    pub group: ReturnGroup,
    pub window: ReturnWindow,
    pub retry: RetryRule,
    pub payout_retry: PayoutRetry,
}

impl ReturnCode {
    /// Stands for what the bank named no readable code of: no rule has it, so that it is final.
    pub const UNREADABLE: Self = Self(0);

    /// The code's line, if the network assigned it.
    pub fn rule(self) -> Option<&'static ReturnRule> {
        table::RULES.iter().find(|rule| rule.code == self)
    }

    pub fn meaning(self) -> &'static str {
        self.rule().map_or("unknown return code: treated as final", |rule| rule.meaning)
    }

    /// Whether the same entry may be sent again; an unknown code never.
    pub fn retry_rule(self) -> RetryRule {
        self.rule().map_or(RetryRule::Never, |rule| rule.retry)
    }

    /// Whether what it says of an account may pass: that it is frozen, or not open to debits.
    pub fn may_pass(self) -> bool {
        fault!(FrozenForEver, false, matches!(self.0, 16 | 20 | 90))
    }

    /// Whether it says for good what the other says of the same account for now.
    pub fn outweighs(self, other: Self) -> bool {
        other.may_pass() && !self.may_pass()
    }

    /// What a batch retry may do with a returned payout; with an unknown code nothing.
    pub fn payout_retry(self) -> PayoutRetry {
        self.rule().map_or(PayoutRetry::No, |rule| rule.payout_retry)
    }
}

impl FromStr for ReturnCode {
    type Err = NotAReturnCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix(['R', 'r']).ok_or(NotAReturnCode)?;
        if digits.len() != 2 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAReturnCode);
        }
        digits.parse().map(ReturnCode).map_err(|_| NotAReturnCode)
    }
}

impl fmt::Display for ReturnCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "R{:02}", self.0)
    }
}

impl serde::Serialize for ReturnCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for ReturnCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// In descriptions of the API: a text.
impl utoipa::PartialSchema for ReturnCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <String as utoipa::PartialSchema>::schema()
    }
}

impl utoipa::ToSchema for ReturnCode {}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> ReturnCode {
        text.parse().unwrap()
    }

    #[test]
    fn the_table_holds_exactly_the_assigned_codes() {
        let assigned: Vec<u8> =
            (1..=47).chain(50..=53).chain([61, 62]).chain(67..=77).chain(80..=85).chain([90]).collect();
        let listed: Vec<u8> = table::RULES.iter().map(|rule| rule.code.0).collect();
        assert_eq!(listed, assigned);
    }

    #[test]
    fn an_unknown_code_is_final() {
        for text in ["R48", "R66", "R99", "R00"] {
            let unknown = code(text);
            assert_eq!((unknown.rule(), unknown.retry_rule()), (None, RetryRule::Never));
            assert_eq!(unknown.payout_retry(), PayoutRetry::No);
        }
    }

    #[test]
    fn a_frozen_account_may_be_open_again_and_a_closed_one_not() {
        for text in ["R16", "R20", "R90"] {
            assert!(code(text).may_pass() && code("R02").outweighs(code(text)), "{text}");
            assert!(!code(text).outweighs(code("R02")), "{text}");
        }
        for text in ["R02", "R03", "R04", "R12", "R13", "R14", "R15", "R28", "R34"] {
            assert!(!code(text).may_pass(), "{text}");
        }
    }

    #[test]
    fn only_a_letter_and_two_digits_are_a_code() {
        assert_eq!(code("r07").to_string(), "R07");
        for text in ["", "R", "R1", "R001", "C01", "R+1", "Rxx", "01"] {
            assert_eq!(text.parse::<ReturnCode>(), Err(NotAReturnCode), "{text}");
        }
    }

    #[test]
    fn only_missing_money_may_be_tried_again_as_it_was() {
        let same: Vec<String> = table::RULES
            .iter()
            .filter(|rule| rule.retry == RetryRule::Same)
            .map(|rule| rule.code.to_string())
            .collect();
        assert_eq!(same, ["R01", "R09"]);
    }

    #[test]
    fn unauthorized_returns_are_those_the_network_counts() {
        let counted: Vec<String> = table::RULES
            .iter()
            .filter(|rule| rule.group == ReturnGroup::Unauthorized)
            .map(|rule| rule.code.to_string())
            .collect();
        // R31 is like them but agreed between the banks, so it does not count toward the limit of 0.5 %.
        assert_eq!(counted, ["R05", "R07", "R10", "R11", "R29", "R51"]);
    }

    #[test]
    fn a_payout_to_a_wrong_account_waits_for_a_corrected_one() {
        for text in ["R02", "R03", "R04", "R13", "R20", "R28"] {
            assert_eq!(code(text).payout_retry(), PayoutRetry::WithCorrectedData, "{text}");
        }
        for text in ["R14", "R15", "R16", "R23", "R24", "R90", "R61", "R71"] {
            assert_eq!(code(text).payout_retry(), PayoutRetry::No, "{text}");
        }
    }
}
