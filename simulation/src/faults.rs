//! Everything that can go wrong, by name: what a run may draw, and what it counts.

use std::collections::BTreeMap;

macro_rules! faults {
    ($($fault:ident => $text:literal,)+) => {
        /// Something that goes wrong outside of our code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault { $($fault,)+ }

        impl Fault {
            pub const ALL: &[Fault] = &[$(Fault::$fault,)+];

            /// As a summary lists it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Fault::$fault => $text,)+ }
            }
        }
    };
}

faults! {
    MessageDuplicated => "message duplicated",
    MessageDelayed => "message delayed",
    MessageReordered => "messages reordered",
    MessageLost => "message lost",
    MessageForeign => "message that is no task",
    MessageGivenUp => "message given up by its queue",
    QueueUnreachable => "queue unreachable",
    WebhookDuplicated => "webhook duplicated",
    WebhookReordered => "webhooks reordered",
    WebhookDelayedByDays => "webhook delayed by days",
    WebhookDropped => "webhook dropped",
    WebhookForged => "webhook forged",
    WebhookMisfit => "webhook signed by the bank, that does not fit",
    WebhookUnreadable => "webhook signed by the bank, that nobody can read",
    WebhookOddlySpelled => "webhook signed by the bank, oddly spelled",
    PlaidKeysFlooded => "webhooks forged under ever new keys",
    WebhookAltered => "webhook signed by the bank, with another amount",
    ProcessCrashed => "process crashed",
    ProcessTimedOut => "process stopped by its timeout",
    LeaseOutlived => "lease ran out under a live worker",
    ReadFailed => "store: read failed",
    StoreThrottled => "store: throttled",
    TransactionConflict => "store: transaction conflict",
    WriteTimedOutUndone => "store: write timed out, not done",
    WriteTimedOutDone => "store: write timed out, done",
    WriteFoundItself => "store: our retried write found itself",
    WriteOvertaken => "store: our retried write was overtaken",
    DueIndexStale => "store: index due late and stale",
    ObjectsUnreachable => "objects unreachable",
    NoticesUnreachable => "notices unreachable",
    BankRateLimited => "bank: 429",
    BankErrorBefore => "bank: 5xx before the effect",
    BankErrorAfter => "bank: 5xx after the effect",
    BankSilentBefore => "bank: no answer, no effect",
    BankSilentAfter => "bank: no answer after the effect",
    BankSlow => "bank: slow answer",
    BankRefusedPayee => "bank: refused a payee",
    BankRefusedUs => "bank: refused us",
    BankRefusedForHours => "bank: refused everything for hours",
    BankActedThenRefused => "bank: acted without an answer, then refused",
    CounterpartyForgotten => "bank: forgot a counterparty",
    BankDown => "bank: down for hours",
    StraySend => "bank: stray send",
    StraySendAfterRefusal => "bank: stray send after a refusal",
    PayoutReturned => "payout returned",
    ReturnDishonored => "return dishonored or contested",
    PayoutReturnedLate => "payout returned after day 10",
    FundingReturnedEarly => "funding returned before it was available",
    FundingReturnedLate => "funding returned after release",
    AccountCorrected => "account corrected by its bank",
    PlaidDown => "plaid: down for hours",
    PlaidFailed => "plaid: call failed",
    CheckReturned => "check not paid when it was presented",
    CheckPresentedAgain => "check presented again",
    CheckSentBack => "check sent back by the mail",
    CheckAltered => "check presented for another amount",
    StopRaced => "stop payment raced the payee",
    BusinessTimeMoved => "business time moved",
}

/// How often each fault struck.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Struck(BTreeMap<Fault, u64>);

impl Struck {
    pub fn add(&mut self, fault: Fault) {
        *self.0.entry(fault).or_default() += 1;
    }

    pub fn count(&self, fault: Fault) -> u64 {
        self.0.get(&fault).copied().unwrap_or_default()
    }

    pub fn merge(&mut self, other: &Struck) {
        for (fault, count) in &other.0 {
            *self.0.entry(*fault).or_default() += count;
        }
    }
}
