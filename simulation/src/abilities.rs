//! What people, banks and values are able to do beside the usual. Each can be left out by name while the system does not bear it yet.

/// Something that the world does at the seed's pleasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ability {
    /// A later file names another account for the same source, and one after it the first again.
    AccountsChange,
    /// The same rows come again: all of them in another pay period or after a cancel, or half of them in another file.
    FilesComeBack,
    /// Two files with common rows are both summarized before either is approved, and approved at once.
    ApprovalsAtOnce,
    /// Others than its creator ask for a link to a batch's file, replace it, summarize it, and approve what they touched.
    ManyHands,
    /// Everything, or one payer, is stopped and goes on.
    StopSwitch,
    /// The longest, shortest and strangest values that a payroll file may hold.
    StrangeRows,
    /// The same in the setup of a card, and numbers that contradict its mask.
    StrangeCards,
    /// For hours the bank answers 401, 403, or that a limit is reached.
    BankRefusesForHours,
    /// The bank no longer knows a counterparty.
    BankForgets,
    /// The bank acts and does not answer; asked again it refuses for another reason.
    BankActsThenRefuses,
    /// A company's bank says that a debit was not authorized.
    CompaniesRevoke,
    /// Signed events that do not fit what they name.
    EventsMisfit,
    /// Signed events that nobody can read.
    EventsUnreadable,
    /// Forgeries under ever new key ids, while Plaid signs with a new key.
    KeysFlooded,
    /// What a bank corrected is taken back by two operators.
    CorrectionsTakenBack,
    /// Two operators have an institution paid otherwise than before.
    InstitutionsChange,
    /// Operators give back what is left of every batch that has ended.
    LeftoversGivenBack,
    /// A flag is cleared so that the bank's word is applied.
    BankWordApplied,
}

/// Left out, each with the reason.
const OFF: &[(Ability, &str)] = &[
    (Ability::AccountsChange, NOT_PLAYED),
    (Ability::FilesComeBack, NOT_PLAYED),
    (Ability::ApprovalsAtOnce, NOT_PLAYED),
    (Ability::ManyHands, NOT_PLAYED),
    (Ability::StopSwitch, NOT_PLAYED),
    (Ability::StrangeRows, NOT_PLAYED),
    (Ability::StrangeCards, NOT_PLAYED),
    (Ability::BankRefusesForHours, NOT_PLAYED),
    (Ability::BankForgets, NOT_PLAYED),
    (Ability::BankActsThenRefuses, NOT_PLAYED),
    (Ability::CompaniesRevoke, NOT_PLAYED),
    (Ability::EventsMisfit, NOT_PLAYED),
    (Ability::EventsUnreadable, NOT_PLAYED),
    (Ability::KeysFlooded, NOT_PLAYED),
    (Ability::CorrectionsTakenBack, NOT_PLAYED),
    (Ability::InstitutionsChange, NOT_PLAYED),
    (Ability::BankWordApplied, NOT_PLAYED),
    (Ability::LeftoversGivenBack, NOT_PLAYED),
];

const NOT_PLAYED: &str = "seeds have still to be played with it against what it is to find";

impl Ability {
    pub(crate) fn is_on(self) -> bool {
        !OFF.iter().any(|(ability, _)| *ability == self)
    }
}
