//! What can be done now about a thing that waits for a person.

use super::{Flag, Subject, flags};
use crate::domain::autopay::person::Person;
use crate::domain::bank::disputed::{DisputedWord, word_to_apply};
use crate::domain::batch::{Batch, Idempotent};
use crate::domain::caller::Role;
use crate::domain::dead_letter::{Contents, DeadLetter};
use crate::domain::leg::{Leg, Settlement};
use crate::domain::payment::redirect::{self, Redirect};
use crate::domain::payment::replacement::{self, Replacement};
use crate::domain::payment::{Payee, Payment};

/// Something that somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    ClearBatch,
    CancelBatch,
    ResumeSource,
    /// Read what a reconciliation found, before what it paused is let go.
    ReadDifferences,
    /// Book what a payer has repaid.
    ProposeLedgerCorrection,
    ClearBlock,
    ClearHold,
    ClearPayment,
    ClearFunding,
    /// Clear with the bank's word, which was not applied, applied or left.
    ApplyWordToPayment,
    LeaveWordOfPayment,
    ApplyWordToFunding,
    LeaveWordOfFunding,
    ProposeOutcome,
    ConfirmOutcome,
    ReplaceCheck,
    /// Read the address that another proposed, to confirm it.
    ReadReplacement,
    ConfirmReplacement,
    SendRefundAgain,
    ConfirmRefundAccount,
    CloseEvent,
    SendLetterAgain,
    DiscardLetter,
    ConfirmLedgerCorrection,
    ConfirmWithdrawal,
    ConfirmBiller,
    ConfirmRemittance,
}

impl Action {
    pub const ALL: [Action; 27] = [
        Action::ClearBatch,
        Action::CancelBatch,
        Action::ResumeSource,
        Action::ReadDifferences,
        Action::ProposeLedgerCorrection,
        Action::ClearBlock,
        Action::ClearHold,
        Action::ClearPayment,
        Action::ClearFunding,
        Action::ApplyWordToPayment,
        Action::LeaveWordOfPayment,
        Action::ApplyWordToFunding,
        Action::LeaveWordOfFunding,
        Action::ProposeOutcome,
        Action::ConfirmOutcome,
        Action::ReplaceCheck,
        Action::ReadReplacement,
        Action::ConfirmReplacement,
        Action::SendRefundAgain,
        Action::ConfirmRefundAccount,
        Action::CloseEvent,
        Action::SendLetterAgain,
        Action::DiscardLetter,
        Action::ConfirmLedgerCorrection,
        Action::ConfirmWithdrawal,
        Action::ConfirmBiller,
        Action::ConfirmRemittance,
    ];

    /// The role that may do it.
    pub const fn role(self) -> Role {
        match self {
            Action::CancelBatch => Role::PayrollApprove,
            Action::ClearBatch
            | Action::ResumeSource
            | Action::ReadDifferences
            | Action::ProposeLedgerCorrection
            | Action::ClearBlock
            | Action::ClearHold
            | Action::ClearPayment
            | Action::ClearFunding
            | Action::ApplyWordToPayment
            | Action::LeaveWordOfPayment
            | Action::ApplyWordToFunding
            | Action::LeaveWordOfFunding
            | Action::ProposeOutcome
            | Action::ConfirmOutcome
            | Action::ReplaceCheck
            | Action::ReadReplacement
            | Action::ConfirmReplacement
            | Action::SendRefundAgain
            | Action::ConfirmRefundAccount
            | Action::CloseEvent
            | Action::SendLetterAgain
            | Action::DiscardLetter
            | Action::ConfirmLedgerCorrection
            | Action::ConfirmWithdrawal
            | Action::ConfirmBiller
            | Action::ConfirmRemittance => Role::Operate,
        }
    }
}

/// What is kept beside a payment or funding and decides with it what can be done.
#[derive(Clone, Debug, Default)]
pub struct ActionContext {
    /// The bank's words that nobody has decided on.
    pub words: Vec<DisputedWord>,
    /// What was said last of an outcome that is unknown.
    pub outcome: Option<Settlement>,
    pub replacement: Option<Replacement>,
    pub redirect: Option<Redirect>,
    /// Whether the money that its funding brought is there.
    pub is_funded: bool,
    /// Whether it is a refund that did not arrive and whose money is there: it is sent again, and not cleared.
    pub is_refund_here: bool,
}

/// What this caller may do about it now. Empty where it waits for another one than them, or for the worker.
pub fn actions(subject: Subject<'_>, around: &ActionContext, caller: &str) -> Vec<Action> {
    let is_of_another = |by: &str| by != caller;
    match subject {
        Subject::Batch(batch) => of_batch(batch),
        Subject::Payment(payment) => of_payment(payment, around, caller),
        Subject::Funding(funding) => {
            let clearing = [Action::ClearFunding, Action::ApplyWordToFunding, Action::LeaveWordOfFunding];
            of_leg(&funding.leg, clearing, around, caller)
        }
        Subject::Source(_) => of_payer(&flags(subject), Action::ResumeSource),
        Subject::Person(person) => of_person(person, &flags(subject)),
        Subject::Card(_) => vec![Action::ClearHold],
        Subject::UnmatchedEvent(_) => vec![Action::CloseEvent],
        Subject::DeadLetter(letter) => of_letter(letter),
        Subject::LedgerCorrection(correction) => {
            given(is_of_another(&correction.proposed_by), Action::ConfirmLedgerCorrection)
        }
        Subject::AccountCorrection(correction) => {
            let proposed = correction.withdrawal.as_ref();
            given(proposed.is_some_and(|proposed| is_of_another(&proposed.by)), Action::ConfirmWithdrawal)
        }
        Subject::Biller(biller) => {
            let entry = biller.proposal.as_ref().is_some_and(|proposal| is_of_another(&proposal.by));
            let address = biller.remittance_proposal.as_ref().is_some_and(|proposal| is_of_another(&proposal.by));
            [given(entry, Action::ConfirmBiller), given(address, Action::ConfirmRemittance)].concat()
        }
    }
}

fn given(is_possible: bool, action: Action) -> Vec<Action> {
    is_possible.then_some(action).into_iter().collect()
}

fn of_batch(batch: &Batch) -> Vec<Action> {
    let may_cancel = matches!(batch.clone().cancel(batch.updated_at), Ok(Idempotent::Executed));
    [vec![Action::ClearBatch], given(may_cancel, Action::CancelBatch)].concat()
}

const OWES: &str = "receivable_open";
const DIFFERS: &str = "difference_found";

/// What holds a payer back is lifted, after what a reconciliation found is read, or, where they owe something, booked as repaid.
fn of_payer(flags: &[Flag], lift: Action) -> Vec<Action> {
    let has = |reason| flags.iter().any(|flag| flag.reason == reason);
    let is_held = flags.iter().any(|flag| flag.reason != OWES);
    [
        given(has(DIFFERS), Action::ReadDifferences),
        given(is_held, lift),
        given(has(OWES), Action::ProposeLedgerCorrection),
    ]
    .concat()
}

/// What an action's route names: the thing that waits, or what a reason of its waiting is about.
pub fn named_by(action: Action, subject: Subject<'_>) -> String {
    let differs = |flag: &Flag| action == Action::ReadDifferences && flag.reason == DIFFERS;
    let of_flag = flags(subject).into_iter().find(differs).and_then(|flag| flag.detail);
    of_flag.unwrap_or_else(|| subject.id())
}

fn of_person(person: &Person, flags: &[Flag]) -> Vec<Action> {
    let is_lifted = person.clone().clear_block(person.updated_at) == Idempotent::Executed;
    let mut possible = of_payer(flags, Action::ClearBlock);
    possible.retain(|action| *action != Action::ClearBlock || is_lifted);
    possible
}

fn of_letter(letter: &DeadLetter) -> Vec<Action> {
    let is_task = match letter.contents {
        Contents::Task { .. } => true,
        Contents::OtherVersion { .. } | Contents::NotATask { .. } => false,
    };
    [given(is_task, Action::SendLetterAgain), vec![Action::DiscardLetter]].concat()
}

fn of_payment(payment: &Payment, around: &ActionContext, caller: &str) -> Vec<Action> {
    let clearing = [Action::ClearPayment, Action::ApplyWordToPayment, Action::LeaveWordOfPayment];
    let attempt = payment.leg.attempt;
    let waits =
        |of: u32, confirmed_by: &Option<String>, by: &str| of == attempt && confirmed_by.is_none() && by != caller;
    let may_replace =
        around.is_funded && matches!(payment.payee, Payee::Check(_)) && replacement::may_be_replaced(payment);
    let replaced = around.replacement.as_ref();
    let replaced =
        replaced.is_some_and(|proposed| waits(proposed.attempt, &proposed.confirmed_by, &proposed.proposed_by));
    let may_send_again = around.is_funded && redirect::may_be_sent_again(payment);
    let redirected = around.redirect.as_ref();
    let redirected =
        redirected.is_some_and(|proposed| waits(proposed.attempt, &proposed.confirmed_by, &proposed.proposed_by));
    let mut of_flag = of_leg(&payment.leg, clearing, around, caller);
    of_flag.retain(|action| *action != Action::ClearPayment || !around.is_refund_here);
    [
        given(may_replace, Action::ReplaceCheck),
        given(may_replace && replaced, Action::ReadReplacement),
        given(may_replace && replaced, Action::ConfirmReplacement),
        given(may_send_again, Action::SendRefundAgain),
        given(may_send_again && redirected, Action::ConfirmRefundAccount),
        of_flag,
    ]
    .concat()
}

fn of_leg(leg: &Leg, [clear, apply, leave]: [Action; 3], around: &ActionContext, caller: &str) -> Vec<Action> {
    let outcome = if leg.is_unknown_for_good() { of_outcome(leg, around, caller) } else { Vec::new() };
    let clearing = if around.words.is_empty() {
        vec![clear]
    } else {
        let may_apply = word_to_apply(&around.words, leg.attempt).is_ok();
        [given(may_apply, apply), vec![leave]].concat()
    };
    [outcome, clearing].concat()
}

/// What was confirmed is carried out by the worker, and nobody says anything else meanwhile.
fn of_outcome(leg: &Leg, around: &ActionContext, caller: &str) -> Vec<Action> {
    let said = around.outcome.as_ref().filter(|said| said.attempt == leg.attempt);
    if said.is_some_and(|said| said.due_at.is_some()) {
        return Vec::new();
    }
    let waits = said.is_some_and(|said| said.confirmed_by.is_none() && said.proposed_by != caller);
    [given(waits, Action::ConfirmOutcome), vec![Action::ProposeOutcome]].concat()
}
