//! Every answer in words, and by its stable name. Logs and `Debug` get the name alone: balances do not belong there.

use std::fmt;

use jiff::civil::Date;

use super::{AttentionNeed, CapKind, Cause, Cut, Decision, HeldBy, SkipReason, Why};
use crate::domain::autopay::bank_account::UnusableReason;
use crate::domain::autopay::explain::{day, money};
use crate::domain::autopay::held::EndedBy;
use crate::domain::autopay::item::ItemState;
use crate::domain::autopay::review::BANK_BALANCE_STALE;
use crate::domain::autopay::rule::{Amount, Bill};
use crate::domain::autopay::utilization::BasisPoints;
use crate::domain::calendar::eastern_date;
use crate::domain::money::Cents;

impl Decision {
    /// A stable name: one for every kind of answer.
    pub const fn code(&self) -> &'static str {
        match self {
            Decision::Pay { why, .. } => why.cause.code(),
            Decision::Announce { .. } => "outside_range",
            Decision::Skip(reason) => reason.code(),
            Decision::Attention(need) => need.code(),
        }
    }

    /// For the person.
    pub fn text(&self) -> String {
        match self {
            Decision::Pay { amount, why } => pay(*amount, why),
            Decision::Announce { amount, on } => format!(
                "{} is outside the range that you agreed to: you are told now, and it is paid on {} at the earliest.",
                money(*amount),
                day(*on)
            ),
            Decision::Skip(reason) => reason.text(),
            Decision::Attention(need) => need.text(),
        }
    }

    /// Whether the person is told, beyond what a review keeps. What has a notice of its own elsewhere is not told twice.
    pub(super) const fn is_told(&self) -> bool {
        match self {
            Decision::Pay { .. } | Decision::Announce { .. } => false,
            Decision::Skip(reason) => match reason {
                SkipReason::LimitUnknown
                | SkipReason::BalanceUnknown
                | SkipReason::Stale { .. }
                | SkipReason::CapReached { .. }
                | SkipReason::AccountChanged
                | SkipReason::BankBalanceOld { .. }
                | SkipReason::BankBalanceUnknown
                | SkipReason::InsufficientBankBalance { .. } => true,
                SkipReason::SetupIncomplete(_)
                | SkipReason::AuthorizationMissing
                | SkipReason::AuthorizationRevoked { .. }
                | SkipReason::AuthorizationEnded { .. }
                | SkipReason::Paused
                | SkipReason::PaymentOpen { .. }
                | SkipReason::Canceled { .. }
                | SkipReason::PresentmentsUsedUp
                | SkipReason::HeldBack { .. }
                | SkipReason::LinkBroken(_)
                | SkipReason::NotRead
                | SkipReason::CreditBalance { .. }
                | SkipReason::NothingOwed
                | SkipReason::CoveredInFlight { .. }
                | SkipReason::BelowThreshold { .. }
                | SkipReason::RuleCovered { .. }
                | SkipReason::AnnouncementAwaited { .. }
                | SkipReason::BankBalanceStale { .. } => false,
            },
            Decision::Attention(need) => match need {
                AttentionNeed::DebitsBlocked { .. } | AttentionNeed::ReceivableOpen => false,
                AttentionNeed::CannotTellCardsApart
                | AttentionNeed::CardLooksLikeAnother
                | AttentionNeed::HolderName
                | AttentionNeed::CardGone
                | AttentionNeed::OtherCurrency
                | AttentionNeed::BankAccountUnusable(_)
                | AttentionNeed::BankAccountHeld
                | AttentionNeed::BankAccountOtherCurrency
                | AttentionNeed::BillUnknown { .. }
                | AttentionNeed::AmountUnknown { .. } => true,
            },
        }
    }
}

fn pay(amount: Cents, why: &Why) -> String {
    let occasion = match &why.cause {
        Cause::AboveThreshold { utilization, limit, threshold, .. } => {
            format!("{}{} is above {threshold}", share(*utilization, *limit, *threshold), after(why.in_flight))
        }
        Cause::BillDue { due_on, arrives_on, .. } if arrives_on > due_on => format!(
            "The bill is due on {}, and a check may arrive as late as {} (if that matters, pay it another way)",
            day(*due_on),
            day(*arrives_on)
        ),
        Cause::BillDue { due_on, .. } => format!("The bill is due on {}, and a check takes its time", day(*due_on)),
        Cause::Overdue { due_on, .. } => {
            format!(
                "The bill is overdue{}",
                due_on.map_or_else(String::new, |due_on| format!(" since {}", day(due_on)))
            )
        }
    };
    format!("{occasion}: pay {}{}.", money(amount), purpose(&why.cause, why.cut))
}

/// What the amount is, and why it is not another one.
fn purpose(cause: &Cause, cut: Option<Cut>) -> String {
    let whole = match cause {
        Cause::AboveThreshold { pays: Amount::DownTo(target), .. } => {
            format!(" to come down to {target}, not the full balance, because the rule is to pay down to the target")
        }
        Cause::AboveThreshold { pays: Amount::FullBalance, .. } => {
            ", the full balance, because the rule is to pay it all".to_owned()
        }
        Cause::AboveThreshold { pays: Amount::StatementBalance, .. } => {
            ", what is left of the statement balance, because the rule is to pay that".to_owned()
        }
        Cause::AboveThreshold { pays: Amount::Minimum, .. } => {
            ", what is left of the minimum payment, because the rule is to pay that".to_owned()
        }
        Cause::BillDue { bill, .. } | Cause::Overdue { bill, .. } => match bill {
            Bill::Minimum => ", what is left of the minimum payment".to_owned(),
            Bill::StatementBalance => ", what is left of the statement balance".to_owned(),
        },
    };
    match cut {
        None => whole,
        Some(Cut::Cap(cap)) => format!(", which is all that {} leaves", cap.text()),
        Some(Cut::Announced) => ", the amount that was announced".to_owned(),
        Some(Cut::OnlyTheBill { wanted, held_by: HeldBy::Range }) => {
            format!("{whole}, and not {}, because that is outside the range that you agreed to", money(wanted))
        }
        Some(Cut::OnlyTheBill { wanted, held_by: HeldBy::BankBalance }) => {
            format!("{whole}, and not {}, because the bank account does not hold that much", money(wanted))
        }
    }
}

/// "63.1 % of 5,000.00"; a share that only just passes the threshold says so.
fn share(utilization: BasisPoints, limit: Cents, threshold: BasisPoints) -> String {
    let just = if utilization == threshold { "Just over " } else { "" };
    format!("{just}{utilization} of {}", money(limit))
}

fn after(in_flight: Cents) -> String {
    if in_flight.is_positive() {
        format!(", not counting {} that is on its way,", money(in_flight))
    } else {
        String::new()
    }
}

impl Cause {
    const fn code(&self) -> &'static str {
        match self {
            Cause::AboveThreshold { .. } => "above_threshold",
            Cause::BillDue { .. } => "bill_due",
            Cause::Overdue { .. } => "overdue",
        }
    }
}

impl CapKind {
    const fn text(self) -> &'static str {
        match self {
            CapKind::Payment => "your cap for one payment",
            CapKind::Day => "your cap for a day",
            CapKind::Month => "your cap for a month",
        }
    }
}

impl SkipReason {
    pub const fn code(&self) -> &'static str {
        match self {
            SkipReason::SetupIncomplete(_) => "setup_incomplete",
            SkipReason::AuthorizationMissing => "authorization_missing",
            SkipReason::AuthorizationRevoked { .. } => "authorization_revoked",
            SkipReason::AuthorizationEnded { .. } => "authorization_ended",
            SkipReason::AccountChanged => "account_changed",
            SkipReason::Paused => "paused",
            SkipReason::PaymentOpen { .. } => "payment_open",
            SkipReason::Canceled { .. } => "canceled",
            SkipReason::PresentmentsUsedUp => "presentments_used_up",
            SkipReason::HeldBack { .. } => "held_back",
            SkipReason::LinkBroken(_) => "link_broken",
            SkipReason::NotRead => "not_read",
            SkipReason::Stale { .. } => "stale",
            SkipReason::BalanceUnknown => "balance_unknown",
            SkipReason::CreditBalance { .. } => "credit_balance",
            SkipReason::NothingOwed => "nothing_owed",
            SkipReason::CoveredInFlight { .. } => "covered_in_flight",
            SkipReason::BelowThreshold { .. } => "below_threshold",
            SkipReason::LimitUnknown => "limit_unknown",
            SkipReason::RuleCovered { .. } => "rule_covered",
            SkipReason::CapReached { .. } => "cap_reached",
            SkipReason::AnnouncementAwaited { .. } => "announcement_awaited",
            SkipReason::BankBalanceStale { .. } => BANK_BALANCE_STALE,
            SkipReason::BankBalanceOld { .. } => "bank_balance_old",
            SkipReason::BankBalanceUnknown => "bank_balance_unknown",
            SkipReason::InsufficientBankBalance { .. } => "insufficient_bank_balance",
        }
    }

    fn text(&self) -> String {
        match self {
            SkipReason::SetupIncomplete(missing) => {
                let steps: Vec<&str> = missing.iter().map(|step| step.text()).collect();
                format!("Autopay is not set up yet: {}.", steps.join("; "))
            }
            SkipReason::AuthorizationMissing => {
                "Nothing is paid, because you have not agreed to debits from this bank account.".to_owned()
            }
            SkipReason::AuthorizationRevoked { at } => {
                format!("Nothing is paid, because you revoked your authorization on {}.", day(eastern_date(*at)))
            }
            SkipReason::AuthorizationEnded { by } => format!(
                "Nothing is paid, because your bank returned a debit on {} ({}): agree to the debits again to go on.",
                day(eastern_date(by.at)),
                by.return_code.meaning()
            ),
            SkipReason::AccountChanged => {
                "Nothing is paid, because the number or type of your bank account has changed, or its link has ended, since you agreed \
                 to its debits: agree to them again to go on."
                    .to_owned()
            }
            SkipReason::Paused => "Nothing is paid at the moment, because our bank holds your payments back.".to_owned(),
            SkipReason::PaymentOpen { amount, opened_on } => format!(
                "A payment{} of {} is still on its way; the next one is decided when it has arrived.",
                amount.map_or(" by somebody else who has this card".to_owned(), |amount| format!(" of {}", money(amount))),
                day(*opened_on)
            ),
            SkipReason::Canceled { amount, on } => format!(
                "Nothing is paid before the next statement, because you canceled the payment of {} on {}: agree to the debits again to \
                 have it paid before.",
                money(*amount),
                day(*on)
            ),
            SkipReason::PresentmentsUsedUp => {
                "Your bank account was debited for this bill as often as it may be, and nothing came of it: nothing is debited before the \
                 next statement. Pay this bill another way."
                    .to_owned()
            }
            SkipReason::HeldBack { by, amount, on } => held_back(*by, *amount, *on),
            SkipReason::LinkBroken(state) => link_broken(*state).to_owned(),
            SkipReason::NotRead => "Nothing is paid, because the card has not been read yet.".to_owned(),
            SkipReason::Stale { as_of } => format!(
                "Nothing is paid, because the figures of the card are of {}, which is too old to pay on.",
                day(eastern_date(*as_of))
            ),
            SkipReason::BalanceUnknown => "Nothing is paid, because the card's balance is not known.".to_owned(),
            SkipReason::CreditBalance { amount } => {
                format!("Nothing is paid, because the issuer owes you {}.", money(*amount))
            }
            SkipReason::NothingOwed => "Nothing is paid, because nothing is owed.".to_owned(),
            SkipReason::CoveredInFlight { balance, in_flight } => format!(
                "Nothing is paid, because {} is on its way, which covers the balance of {}.",
                money(*in_flight),
                money(*balance)
            ),
            SkipReason::BelowThreshold { utilization, limit, threshold, in_flight } => format!(
                "{utilization} of {}{} is not above {threshold}, and no bill is pressing: nothing is paid.",
                money(*limit),
                after(*in_flight)
            ),
            SkipReason::LimitUnknown => {
                "The card's limit is not known, so there is no share of it to stay under: only bills are paid, when they are due.".to_owned()
            }
            SkipReason::RuleCovered { pays } => {
                format!("Nothing is paid, because {} has been paid already.", figure(*pays))
            }
            SkipReason::CapReached { cap, most } => {
                format!("Nothing is paid, because {} of {} is used up.", cap.text(), money(*most))
            }
            SkipReason::AnnouncementAwaited { amount, on } => {
                format!("{} is outside the range that you agreed to; it has been announced for {}.", money(*amount), day(*on))
            }
            SkipReason::BankBalanceStale { amount } => {
                format!("{} would be paid; the balance of the bank account has to be read first.", money(*amount))
            }
            SkipReason::BankBalanceOld { as_of } => format!(
                "Nothing is paid, because your bank gives the balance of the account only as of {}, which is too old to debit on. If a \
                 bill is due, pay it yourself.",
                as_of.strftime("%B %-d, %H:%M UTC")
            ),
            SkipReason::BankBalanceUnknown => {
                "Nothing is paid, because your bank does not tell the balance of the account.".to_owned()
            }
            SkipReason::InsufficientBankBalance { amount, bearable } => format!(
                "{} should be paid, but the bank account can bear {} after the debits on their way: nothing is paid.",
                money(*amount),
                money(*bearable)
            ),
        }
    }
}

/// What has to change before the next payment.
fn held_back(by: EndedBy, amount: Cents, on: Date) -> String {
    let (amount, on) = (money(amount), day(on));
    match by {
        EndedBy::NoMoney => format!(
            "Nothing is paid before the next statement, because the debit of {amount} came back for lack of money on {on}: agree to the \
             debits again, or choose another bank account, to have it paid before."
        ),
        EndedBy::AccountRefused => format!(
            "Nothing is paid, because your bank account could not be debited on {on}: choose another one, or agree to the debits of this one \
             again."
        ),
        EndedBy::NotAuthorized | EndedBy::Stopped => format!(
            "Nothing is paid, because the debit of {amount} was stopped or disputed at your bank on {on}: agree to the debits again to go on."
        ),
        EndedBy::DebitRefused => format!(
            "Nothing is paid, because the debit of {amount} was not taken on {on}. We are looking into it; choose another bank account to go \
             on before that, and pay what is due another way."
        ),
        EndedBy::CheckFailed => format!(
            "Nothing is paid, because the check of {amount} did not pay by {on} where the issuer takes checks as far as we know. We are \
             looking into it; pay what is due another way."
        ),
    }
}

const fn link_broken(state: ItemState) -> &'static str {
    match state {
        ItemState::LoginRequired { .. } | ItemState::ConsentExpiring { .. } => {
            "Nothing is paid, because your card's issuer asks you to log in again."
        }
        ItemState::InstitutionDown { .. } => {
            "Nothing is paid, because your card's issuer does not answer, and old figures are not paid on."
        }
        ItemState::Revoked { .. } | ItemState::Removed { .. } => {
            "Nothing is paid, because the card is not linked any more."
        }
        ItemState::Healthy => "Nothing is paid until the card has been read again.",
    }
}

const fn figure(pays: Amount) -> &'static str {
    match pays {
        Amount::StatementBalance => "the statement balance",
        Amount::Minimum => "the minimum payment",
        Amount::DownTo(_) => "what is above the target",
        Amount::FullBalance => "the balance",
    }
}

impl AttentionNeed {
    pub const fn code(&self) -> &'static str {
        match self {
            AttentionNeed::CannotTellCardsApart => "cannot_tell_cards_apart",
            AttentionNeed::CardLooksLikeAnother => "card_looks_like_another",
            AttentionNeed::DebitsBlocked { .. } => "debits_blocked",
            AttentionNeed::ReceivableOpen => "receivable_open",
            AttentionNeed::HolderName => "holder_name_unprintable",
            AttentionNeed::CardGone => "card_closed",
            AttentionNeed::OtherCurrency => "other_currency",
            AttentionNeed::BankAccountUnusable(_) => "bank_account_unusable",
            AttentionNeed::BankAccountHeld => "bank_account_held",
            AttentionNeed::BankAccountOtherCurrency => "bank_account_other_currency",
            AttentionNeed::BillUnknown { .. } => "bill_unknown",
            AttentionNeed::AmountUnknown { .. } => "amount_unknown",
        }
    }

    fn text(&self) -> String {
        match self {
            AttentionNeed::CardLooksLikeAnother => {
                "This card looks like one that you linked before. It is not paid until you say whether it is that card or another one; if a \
                 bill is due, pay it yourself."
                    .to_owned()
            }
            AttentionNeed::CannotTellCardsApart => {
                "Two of your cards at this issuer cannot be told apart, so neither is paid.".to_owned()
            }
            AttentionNeed::DebitsBlocked { return_code } => format!(
                "Nothing is paid, because your bank returned a debit ({}); we have to speak to you first.",
                return_code.meaning()
            ),
            AttentionNeed::ReceivableOpen => {
                "Nothing is paid, because an earlier debit came back after its money had left; that has to be settled first.".to_owned()
            }
            AttentionNeed::HolderName => {
                "Nothing is paid, because no check can be printed with your name: link the card again, with your name in at most 40 Latin letters.".to_owned()
            }
            AttentionNeed::CardGone => {
                "Nothing is paid, because the card is not among your accounts any more: it is closed, or no longer shared.".to_owned()
            }
            AttentionNeed::OtherCurrency => "Nothing is paid, because the card is not kept in US dollars.".to_owned(),
            AttentionNeed::BankAccountUnusable(UnusableReason::Returned(return_code)) if return_code.may_pass() => format!(
                "Nothing is paid, because your bank account cannot be debited ({}): choose another one, or tell us once your bank has opened \
                 it again, and agree to its debits anew.",
                return_code.meaning()
            ),
            AttentionNeed::BankAccountUnusable(UnusableReason::Returned(return_code)) => format!(
                "Nothing is paid, because your bank account cannot be debited ({}): choose another one.",
                return_code.meaning()
            ),
            AttentionNeed::BankAccountUnusable(UnusableReason::Withdrawn) => {
                "Nothing is paid, because your bank account is not linked any more: link it again or choose another one.".to_owned()
            }
            AttentionNeed::BankAccountUnusable(UnusableReason::NumbersChanged) => {
                "Nothing is paid, because your bank changed the account's numbers; we are reading them anew.".to_owned()
            }
            AttentionNeed::BankAccountHeld => {
                "Nothing is paid, because an earlier debit of your bank account came back, and that has to be settled first. Choose another \
                 account to go on before that, and pay what is due another way."
                    .to_owned()
            }
            AttentionNeed::BankAccountOtherCurrency => {
                "Nothing is paid, because the bank account is not kept in US dollars: choose another one.".to_owned()
            }
            AttentionNeed::BillUnknown { due_on } => format!(
                "The bill is due{}, but the issuer does not tell its amount: please pay it yourself.",
                due_on.map_or_else(String::new, |due_on| format!(" on {}", day(due_on)))
            ),
            AttentionNeed::AmountUnknown { pays } => format!(
                "The balance is above the threshold, but the issuer does not tell {}: choose another rule, or pay it yourself.",
                figure(*pays)
            ),
        }
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Decision({})", self.code())
    }
}

impl fmt::Debug for Why {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Why({:?})", self.cause)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl fmt::Debug for Cut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cut::Cap(cap) => write!(formatter, "Cap({cap:?})"),
            Cut::Announced => formatter.write_str("Announced"),
            Cut::OnlyTheBill { held_by, .. } => write!(formatter, "OnlyTheBill({held_by:?})"),
        }
    }
}

impl fmt::Debug for SkipReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl fmt::Debug for AttentionNeed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}
