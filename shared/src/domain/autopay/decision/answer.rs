//! What can come of a decision, as types: the answers, and why each was given.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::ach::return_codes::ReturnCode;
use crate::domain::autopay::authorization::EndingReturn;
use crate::domain::autopay::bank_account::UnusableReason;
use crate::domain::autopay::held::EndedBy;
use crate::domain::autopay::item::ItemState;
use crate::domain::autopay::review::Action;
use crate::domain::autopay::rule::{Amount, Bill};
use crate::domain::autopay::setup::Missing;
use crate::domain::autopay::utilization::BasisPoints;
use crate::domain::money::Cents;

#[derive(Clone, PartialEq, Eq)]
pub enum Decision {
    /// Open a payment.
    Pay { amount: Cents, why: Why },
    /// Tell the person of a debit outside the agreed range; it may be made from that day on.
    Announce { amount: Cents, on: Date },
    /// Nothing to do now; a later review may find otherwise.
    Skip(SkipReason),
    /// Nothing can be done until somebody does something.
    Attention(AttentionNeed),
}

/// Why something is paid.
#[derive(Clone, PartialEq, Eq)]
pub struct Why {
    pub cause: Cause,
    pub balance: Cents,
    pub in_flight: Cents,
    /// Why it is less than the rule asks for.
    pub cut: Option<Cut>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    AboveThreshold {
        utilization: BasisPoints,
        limit: Cents,
        threshold: BasisPoints,
        pays: Amount,
    },
    /// A debit made today is a check credited on `arrives_on`.
    BillDue {
        due_on: Date,
        arrives_on: Date,
        bill: Bill,
    },
    Overdue {
        due_on: Option<Date>,
        bill: Bill,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    Cap(CapKind),
    Announced,
    /// More is asked for, but only the bill can be paid now.
    OnlyTheBill {
        wanted: Cents,
        held_by: HeldBy,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapKind {
    Payment,
    Day,
    Month,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBy {
    Range,
    BankBalance,
}

#[derive(Clone, PartialEq, Eq)]
pub enum SkipReason {
    SetupIncomplete(Vec<Missing>),
    AuthorizationMissing,
    AuthorizationRevoked {
        at: Timestamp,
    },
    /// A debit came back in a way that ends it.
    AuthorizationEnded {
        by: EndingReturn,
    },
    /// The number or type of the bank account is another than was agreed to.
    AccountChanged,
    /// The bank takes nothing of the person's at the moment.
    Paused,
    PaymentOpen {
        /// Absent where it is another person's, who shares the card.
        amount: Option<Cents>,
        opened_on: Date,
    },
    /// The person canceled such a payment, and no statement has come since.
    Canceled {
        amount: Cents,
        on: Date,
    },
    /// The bill was debited as often as it may be, and the issuer got nothing.
    PresentmentsUsedUp,
    /// What ended an earlier payment has not changed.
    HeldBack {
        by: EndedBy,
        amount: Cents,
        on: Date,
    },
    LinkBroken(ItemState),
    NotRead,
    Stale {
        as_of: Timestamp,
    },
    BalanceUnknown,
    /// The issuer owes the holder.
    CreditBalance {
        amount: Cents,
    },
    NothingOwed,
    /// What is on its way covers all that is owed.
    CoveredInFlight {
        balance: Cents,
        in_flight: Cents,
    },
    BelowThreshold {
        utilization: BasisPoints,
        limit: Cents,
        threshold: BasisPoints,
        in_flight: Cents,
    },
    /// Missing or zero: there is no share of it to stay under. Bills are paid all the same.
    LimitUnknown,
    /// What the rule pays above the threshold has been paid.
    RuleCovered {
        pays: Amount,
    },
    CapReached {
        cap: CapKind,
        most: Cents,
    },
    AnnouncementAwaited {
        amount: Cents,
        on: Date,
    },
    /// It would be paid if the bank balance, read anew, bears it.
    BankBalanceStale {
        amount: Cents,
    },
    /// The bank itself gives only a balance of that time.
    BankBalanceOld {
        as_of: Timestamp,
    },
    BankBalanceUnknown,
    InsufficientBankBalance {
        amount: Cents,
        bearable: Cents,
    },
}

#[derive(Clone, PartialEq, Eq)]
pub enum AttentionNeed {
    CannotTellCardsApart,
    /// Only the person can say whether it is a card that was linked before.
    CardLooksLikeAnother,
    DebitsBlocked {
        return_code: ReturnCode,
    },
    ReceivableOpen,
    /// A name that was taken before it was known what a check can be printed with.
    HolderName,
    CardGone,
    OtherCurrency,
    BankAccountUnusable(UnusableReason),
    /// A debit of it came back that somebody else had made, and is settled with them first.
    BankAccountHeld,
    BankAccountOtherCurrency,
    /// The bill is nearly due, but neither minimum nor statement balance is known.
    BillUnknown {
        due_on: Option<Date>,
    },
    /// The rule pays a figure that is not known.
    AmountUnknown {
        pays: Amount,
    },
}

impl Cause {
    pub const fn is_bill(&self) -> bool {
        match self {
            Cause::AboveThreshold { .. } => false,
            Cause::BillDue { .. } | Cause::Overdue { .. } => true,
        }
    }
}

impl Decision {
    pub const fn action(&self) -> Action {
        match self {
            Decision::Pay { .. } => Action::Pay,
            Decision::Announce { .. } => Action::Announce,
            Decision::Skip(_) => Action::Skip,
            Decision::Attention(_) => Action::Attention,
        }
    }

    pub const fn amount(&self) -> Option<Cents> {
        match self {
            Decision::Pay { amount, .. } | Decision::Announce { amount, .. } => Some(*amount),
            Decision::Skip(_) | Decision::Attention(_) => None,
        }
    }

    /// Whether it would pay if only the bank balance were read anew.
    pub const fn wants_bank_balance(&self) -> bool {
        matches!(self, Decision::Skip(SkipReason::BankBalanceStale { .. }))
    }
}

impl SkipReason {
    /// Whether it says more of a bill that is not paid than a balance below the threshold does.
    pub(super) const fn holds_bill(&self) -> bool {
        match self {
            SkipReason::Canceled { .. } | SkipReason::PresentmentsUsedUp | SkipReason::HeldBack { .. } => true,
            SkipReason::SetupIncomplete(_)
            | SkipReason::AuthorizationMissing
            | SkipReason::AuthorizationRevoked { .. }
            | SkipReason::AuthorizationEnded { .. }
            | SkipReason::AccountChanged
            | SkipReason::Paused
            | SkipReason::PaymentOpen { .. }
            | SkipReason::LinkBroken(_)
            | SkipReason::NotRead
            | SkipReason::Stale { .. }
            | SkipReason::BalanceUnknown
            | SkipReason::CreditBalance { .. }
            | SkipReason::NothingOwed
            | SkipReason::CoveredInFlight { .. }
            | SkipReason::BelowThreshold { .. }
            | SkipReason::LimitUnknown
            | SkipReason::RuleCovered { .. }
            | SkipReason::CapReached { .. }
            | SkipReason::AnnouncementAwaited { .. }
            | SkipReason::BankBalanceOld { .. }
            | SkipReason::BankBalanceStale { .. }
            | SkipReason::BankBalanceUnknown
            | SkipReason::InsufficientBankBalance { .. } => false,
        }
    }
}
