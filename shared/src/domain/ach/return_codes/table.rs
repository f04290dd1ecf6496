//! The table itself, one line a code. The last column decides what a batch retry may do with a payout; where it differs from the retry
//! column, which speaks of the same entry, the reason is:
//!
//! - R02, R20, R34: never the same account, but the payee may name another one.
//! - R18, R27, R32: a new transfer gets a new date and trace number, or the receiving bank can settle again; the data were right.
//! - R19, R21: the fault is in our own amounts or company id, which no correction of a payee repairs.
//! - R25, R26: the fields that are wrong come from the payee's data.
//! - R01, R07 to R11, R29, R35, R37 and on: answers to debits, checks or enrollments. On a payout they make no sense, so a person looks.
//! - R14 to R16, R23, R90: the payee cannot or must not be paid. R24: the payee was paid already.
//! - R61 to R77: the banks dispute an earlier return; it is not known whose the money is.
//!
//! A code the reference gives no group (`-`) stands under Receiver.

use super::PayoutRetry::{AsItIs, No, WithCorrectedData};
use super::RetryRule::{FixFirst, Never, NewAuthorization, Same};
use super::ReturnGroup::{
    Administrative, CheckConversion, Contest, Dishonor, Enrollment, Funds, International, Operator, Receiver,
    Unauthorized,
};
use super::ReturnWindow::{Agreed, BankingDays, CalendarDays, NextFile, Unstated};
use super::{PayoutRetry, RetryRule, ReturnCode, ReturnGroup, ReturnRule, ReturnWindow};

const fn rule(
    code: u8,
    meaning: &'static str,
    group: ReturnGroup,
    window: ReturnWindow,
    retry: RetryRule,
    payout_retry: PayoutRetry,
) -> ReturnRule {
    ReturnRule { code: ReturnCode(code), meaning, group, window, retry, payout_retry }
}

pub(super) static RULES: &[ReturnRule] = &[
    rule(1, "insufficient funds", Funds, BankingDays(2), Same, No),
    rule(2, "account closed", Administrative, BankingDays(2), Never, WithCorrectedData),
    rule(3, "no account or account not found", Administrative, BankingDays(2), FixFirst, WithCorrectedData),
    rule(4, "invalid account number", Administrative, BankingDays(2), FixFirst, WithCorrectedData),
    rule(5, "company entry to a person's account, not authorized", Unauthorized, CalendarDays(60), Never, No),
    rule(6, "returned at the request of our bank", Operator, Agreed, Never, No),
    rule(7, "authorization revoked", Unauthorized, CalendarDays(60), NewAuthorization, No),
    rule(8, "payment stopped by the receiver", Receiver, BankingDays(2), NewAuthorization, No),
    rule(9, "funds not yet collected", Funds, BankingDays(2), Same, No),
    rule(10, "originator unknown or not authorized", Unauthorized, CalendarDays(60), Never, No),
    rule(11, "not according to the authorization", Unauthorized, CalendarDays(60), FixFirst, No),
    rule(12, "branch sold to another bank", Receiver, BankingDays(2), FixFirst, WithCorrectedData),
    rule(13, "no bank under this routing number", Operator, NextFile, FixFirst, WithCorrectedData),
    rule(14, "representative payee deceased", Receiver, BankingDays(2), Never, No),
    rule(15, "account holder deceased", Receiver, BankingDays(2), Never, No),
    rule(16, "account frozen", Receiver, BankingDays(2), Never, No),
    rule(17, "file edit error or suspicious entry", Receiver, BankingDays(2), FixFirst, WithCorrectedData),
    rule(18, "improper effective date", Operator, NextFile, FixFirst, AsItIs),
    rule(19, "amount field error", Operator, NextFile, FixFirst, No),
    rule(20, "account takes no such transfers", Receiver, BankingDays(2), Never, WithCorrectedData),
    rule(21, "invalid company id", Receiver, BankingDays(2), FixFirst, No),
    rule(22, "invalid receiver id", Receiver, BankingDays(2), FixFirst, WithCorrectedData),
    rule(23, "refused by the receiver", Receiver, BankingDays(2), Never, No),
    rule(24, "duplicate entry", Receiver, BankingDays(2), Never, No),
    rule(25, "addenda error", Operator, NextFile, FixFirst, WithCorrectedData),
    rule(26, "mandatory field error", Operator, NextFile, FixFirst, WithCorrectedData),
    rule(27, "trace number error", Operator, NextFile, FixFirst, AsItIs),
    rule(28, "routing number check digit error", Operator, NextFile, FixFirst, WithCorrectedData),
    rule(29, "company says not authorized", Unauthorized, BankingDays(2), Never, No),
    rule(30, "bank does not take converted checks", CheckConversion, NextFile, Never, No),
    rule(31, "permitted late return", Receiver, Agreed, Never, No),
    rule(32, "receiving bank could not settle", Operator, NextFile, FixFirst, AsItIs),
    rule(33, "return of a destroyed-check entry", CheckConversion, CalendarDays(60), Never, No),
    rule(34, "receiving bank has limited participation", Operator, NextFile, Never, WithCorrectedData),
    rule(35, "improper debit entry", Operator, NextFile, Never, No),
    rule(36, "improper credit entry", Operator, NextFile, Never, No),
    rule(37, "source document also presented", CheckConversion, CalendarDays(60), Never, No),
    rule(38, "payment stopped on the source document", CheckConversion, CalendarDays(60), Never, No),
    rule(39, "improper source document", CheckConversion, BankingDays(2), Never, No),
    rule(40, "enrollment: returned by the agency", Enrollment, BankingDays(2), FixFirst, No),
    rule(41, "enrollment: invalid transaction code", Enrollment, BankingDays(2), FixFirst, No),
    rule(42, "enrollment: routing number error", Enrollment, BankingDays(2), FixFirst, No),
    rule(43, "enrollment: invalid account number", Enrollment, BankingDays(2), FixFirst, No),
    rule(44, "enrollment: invalid receiver id", Enrollment, BankingDays(2), FixFirst, No),
    rule(45, "enrollment: invalid receiver name", Enrollment, BankingDays(2), FixFirst, No),
    rule(46, "enrollment: invalid representative payee flag", Enrollment, BankingDays(2), FixFirst, No),
    rule(47, "enrollment: duplicate", Enrollment, BankingDays(2), FixFirst, No),
    rule(50, "state law bars the check entry", CheckConversion, BankingDays(2), Never, No),
    rule(51, "check entry ineligible or improper", Unauthorized, CalendarDays(60), Never, No),
    rule(52, "payment stopped on the check entry", CheckConversion, CalendarDays(60), Never, No),
    rule(53, "check entry and check both presented", CheckConversion, CalendarDays(60), Never, No),
    rule(61, "return was misrouted", Dishonor, BankingDays(5), Never, No),
    rule(62, "reversal left an unintended credit", Dishonor, BankingDays(5), Never, No),
    rule(67, "duplicate return", Dishonor, BankingDays(5), Never, No),
    rule(68, "return was too late", Dishonor, BankingDays(5), Never, No),
    rule(69, "return has field errors", Dishonor, BankingDays(5), Never, No),
    rule(70, "permitted late return was not agreed", Dishonor, BankingDays(5), Never, No),
    rule(71, "dishonor was misrouted", Contest, BankingDays(2), Never, No),
    rule(72, "dishonor was too late", Contest, BankingDays(2), Never, No),
    rule(73, "the return was in time", Contest, BankingDays(2), Never, No),
    rule(74, "corrected return", Contest, BankingDays(2), Never, No),
    rule(75, "the return was no duplicate", Contest, BankingDays(2), Never, No),
    rule(76, "the return had no errors", Contest, BankingDays(2), Never, No),
    rule(77, "dishonor of a reversal not accepted", Contest, BankingDays(2), Never, No),
    rule(80, "international entry coded wrongly", International, Unstated, FixFirst, No),
    rule(81, "gateway has no international agreement", International, Unstated, Never, No),
    rule(82, "invalid foreign bank id", International, Unstated, FixFirst, No),
    rule(83, "foreign bank cannot settle", International, Unstated, Never, No),
    rule(84, "not processed by the gateway", International, Unstated, Never, No),
    rule(85, "international payment coded as domestic", International, Unstated, FixFirst, No),
    rule(90, "sanctions duty of the receiving bank", International, Unstated, Never, No),
];
