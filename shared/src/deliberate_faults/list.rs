//! Every fault, with what it does.

macro_rules! faults {
    ($($(#[doc = $text:literal])+ $name:ident,)+) => {
        /// One fault each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault {
            $($(#[doc = $text])+ $name,)+
        }

        impl Fault {
            pub const ALL: &[Fault] = &[$(Fault::$name,)+];

            /// What it does, for people.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Fault::$name => concat!($($text),+),)+
                }
            }
        }
    };
}

faults! {
    /// a claim is written whatever has become of the payment in between
    ClaimUnconditional,
    /// every send of a payment bears another key
    KeyPerRetry,
    /// the bank is called before the claim is recorded
    CalledBeforeRecorded,
    /// a batch goes on before all its rows are recorded
    BarrierSkipped,
    /// an earlier word of the bank overwrites a later one
    RankIgnored,
    /// a settled funding is not due when its hold ends
    DueNotWritten,
    /// an event is applied whatever amount it names
    AmountUnchecked,
    /// a retry pulls what is there already
    ShortfallFundedTwice,
    /// an approval does not claim the payments of its file
    FileClaimNotHeld,
    /// pulled money is spent as soon as it has settled
    HoldIgnored,
    /// what another worker is sending is sent
    LeaseIgnored,
    /// a retry after a refusal or a lost funding counts as another attempt
    AttemptRaisedWithoutReturn,
    /// a payment that fails for its lost funding stays in what its payer owes
    ReceivableNotTakenOff,
    /// a payout that comes back is not posted
    PostingForgotten,
    /// a second word about a return is posted again
    ReturnAppliedTwice,
    /// what a sweep found is written over whatever has become of the batch
    SweepUnconditional,
    /// an event that is delivered again is recorded again
    ReplayRecorded,
    /// nobody asks the bank to stop a check
    StopNotSent,
    /// a refund gives back what was paid out
    RefundOfSpentMoney,
    /// an account number is logged
    AccountNumberLogged,
    /// autopay pays above its caps
    CapIgnored,
    /// a card is paid again while a payment of it is open
    SecondOpenPayment,
    /// payments leave a paused source
    PauseIgnored,
    /// a payment leaves whether or not its funding has come
    CoverUnchecked,
    /// all sources share one account at the bank
    AccountShared,
    /// a send without answer counts as refused
    SilenceIsRefusal,
    /// the uploader approves
    UploaderApproves,
    /// a canceled batch goes on paying
    CancelIgnored,
    /// a refusal settles a payment whose earlier send was not answered
    RefusalSettlesUnknown,
    /// refusals for a reason of ours use up the tries of a payment
    OwnRefusalsUseUpTries,
    /// a counterparty that the bank has forgotten fails the payment, and is named again in the next
    ForgottenCounterpartyIsFinal,
    /// one payment that moved since a retry was planned keeps the others of its shard from being opened
    RetryAbortedByOne,
    /// the look through the bank's list begins anew in every run
    LookStartsAnew,
    /// an answer is applied to the attempt that the payment has come to meanwhile
    AnswerToTheAttemptOfNow,
    /// a funding that was made before its batch was canceled is sent
    FundingOfCanceledBatch,
    /// one send without an answer pauses the payer
    OneSilencePauses,
    /// whoever had a file summarized approves it
    SummarizerApproves,
    /// any uploader gets a link to put the file of somebody else's draft
    LinkForAnybody,
    /// an approval does not look again for batches that hold some of the same rows
    OverlapsNotLookedAtAgain,
    /// a retry pays rows that a later batch has paid, and nobody is shown it
    RetryDespiteOverlap,
    /// that a batch was approved or retried after the summary that shows it needs not be seen
    DecisionOfOtherUnseen,
    /// whoever uploaded a file decides alone to pay its rows again
    UploaderPaysAgain,
    /// what came back from an account goes to that account again, because it was corrected once
    CorrectedOnceForAll,
    /// money whose return the payee's bank disputes is given back to its source
    DisputedMoneyGivenAway,
    /// a draft whose file a worker read ends after twenty minutes
    ShortLivedDraft,
    /// an approval that is sent again answers anybody as if it were theirs
    ReplayAnswersAnybody,
    /// that others were faster is kept as the answer to a request
    PassingAnswerKept,
    /// a loan number is taken that no request to the bank can carry
    UnsendableLoanTaken,
    /// a name of nothing that can be read is taken
    NameWithoutLetters,
    /// a loan typed with and without a hyphen is two loans
    SpellingIsAnotherLoan,
    /// an amount in another currency is taken for dollars
    CurrencyIgnored,
    /// the number of another card is taken, and printed on the letter around a check
    CardNumberOfAnotherCard,
    /// a holder's name is taken that no check can be printed with
    UnprintableHolderTaken,
    /// what no request can be made of stays where it is, with the money pulled for it
    UnsendableStaysOpen,
    /// an event is applied whatever rail it took, and whoever sent it
    OriginUnchecked,
    /// a webhook whose signature is written the other way is another webhook
    TokenWithSignatureHashed,
    /// whatever text a webhook of Plaid brings is kept, however long
    WebhookTextUnbounded,
    /// an event that fits nothing is dropped after some days
    UnmatchedDropped,
    /// a word of the bank that did not fit is never applied, although an operator said so
    DisputedNeverApplied,
    /// a word that did not fit is applied without asking the bank whether it is so
    WordTakenUnasked,
    /// what a word corrects is believed although the word does not fit
    MixedUpCorrectionHeard,
    /// a word about an earlier attempt is believed whatever it is about
    EarlierWordUnchecked,
    /// what is corrected of an earlier attempt is kept with the account that the present one goes to
    CorrectionOfOtherAttempt,
    /// of two corrections of one transfer the one that is heard last is used, not the one that was said last
    LastHeardCorrectionWins,
    /// what is corrected of an account that another source has by now is claimed for the one that had it before
    ClaimedForFormerHolder,
    /// a retried row goes to the account that it came back from, once its correction is taken back
    PaidWhereItCameBackFrom,
    /// a word is applied although the bank has its transfer under another payment's key
    WordOfOtherTransfer,
    /// a signed event that cannot be read is answered and forgotten
    UnreadableForgotten,
    /// every unknown key of Plaid's webhooks waits in one lane, those that come back as well
    KeyTurnsShared,
    /// a key that Plaid confirmed is known to one process alone
    KeysNotShared,
    /// an id of the bank may be empty, or anything else
    IdUnbounded,
    /// a payout that comes back after it was paid, and a refund that comes back, are told to nobody
    LateReturnNotTold,
    /// what a person canceled is counted as failed
    CanceledCountedAsFailed,
    /// a notice says that autopay goes on, whatever holds it back
    NoticeWithoutState,
    /// a due bill waits for an open payment of its card, without a word
    OpenPaymentHidesBill,
    /// a bill whose due date lies long ago is paid at once
    OldDueDatePaid,
    /// What ended a payment does not hold the next one back.
    EndHoldsNothingBack,
    /// The presentments of a bill are counted for each payment alone.
    PresentmentsPerPayment,
    /// Agreeing again to the same does nothing where that would lift what holds a payment back.
    AgreeingAgainDoesNothing,
    /// What nobody wants sent any more, and the bank does not have, stays unknown.
    UnwantedStaysUnknown,
    /// A check is mailed with the money of a debit that nobody allowed any more when the bank told of it.
    UnwantedDebitPaidOut,
    /// Who proposed another account for a refund confirms it alone.
    RedirectedByOne,
    /// A check that is made after its issuer's address was corrected goes to the old one.
    CorrectedAddressNotUsed,
    /// Nobody is told of a transfer that stays in the bank's review.
    LongReviewNotTold,
    /// A payment by hand stands for a check of the same amount.
    PaidByHandIsOurCheck,
    /// The days of an announced debit count from its decision, whenever the person was told.
    NoticeCountsFromDecision,
    /// Whoever can guess a subject can compute its person's id.
    PersonIdIsHash,
    /// what a person owes is taken off again when a replaced check finds no money
    DebtTakenOffTwice,
    /// what a person repaid by wire is taken off once more when the money itself comes back
    RepaidDebtTakenOff,
    /// a payment takes off its whole amount, whatever is still owed for its own fundings
    MoreTakenOffThanOwed,
    /// what a payment took off is not kept with the funding that was lost
    TakenOffNotKept,
    /// a later round is paid where any money of its batch is there, however little
    SumsNotAsked,
    /// a retry that needs no new money pays, whatever has become of the money that was left
    LeftoversNeverGone,
    /// a refund is sent although the funding of its money has come back
    RefundOutlivesFunding,
    /// a check is replaced although its debit has come back
    ReplacedWithoutMoney,
    /// a correction books on an account that its payer does not have
    CorrectionOfForeignAccount,
    /// a debit is sent although the person has agreed to something else since, or to nothing
    AgreementNotPinned,
    /// a debit is claimed whatever the person did between the decision and the claim
    PermissionNotInClaim,
    /// a bank account is debited although its number or type is another than was agreed to
    OtherAccountDebited,
    /// another text than the person read is recorded as agreed to
    OtherTextRecorded,
    /// an operator clears what holds their own debits back
    OwnBlockCleared,
    /// an operator stops, clears, redirects or books money of their own
    OwnMoneyDecided,
    /// what two persons have in common is nobody's own
    SharedIsNobodys,
    /// a bank account that was withdrawn and is shared again is debited under what was agreed to before
    WithdrawnStaysAgreed,
    /// an account that a debit came back from as not authorized is debited for somebody else who has it
    AccountNotHeld,
    /// what one holder of an account owes for a debit of it holds no debit of the others
    DebtLeftBehind,
    /// of an account with several numbers, those that its other holders have are not followed
    OtherNumbersNotFollowed,
    /// whoever types another number for a shared card is a stranger to its other holders
    PutDownForgotten,
    /// a bank account that a link shows under two ids is written twice, which no write can
    AccountWalkedTwice,
    /// a return of a debit that a correction led elsewhere closes the number that was named
    ReturnClosesNamedNumber,
    /// a debit that a correction led to a number counts nowhere once that is taken back
    CorrectedDebitForgotten,
    /// an account that was frozen once is never debited again
    FrozenForEver,
    /// a debit that was decided before its account was held is sent all the same
    HoldNotInClaim,
    /// a replaced check is made out to a name that was corrected since
    ReplacedUnderOldName,
    /// a stop of all payers does not hold one that has no stop of its own
    StopMissesSome,
    /// a bank account whose number has changed is another one when it is linked again
    NumberChangeForgotten,
    /// a bank account that is new is not compared with those of other links whose number may have changed
    NumbersNotCompared,
    /// a card that only looks like another takes over its number, rule and authorization
    LookalikeIsSame,
    /// one number is entered for two cards of a person
    CardNumberOfTwoCards,
    /// a card's number with a zero before it is another number
    ZeroMakesAnotherCard,
    /// whoever types a card's number counts as a holder of that card
    TypedNumberJoinsPersons,
    /// a number that a person typed over is held for ever
    TypedNumberKept,
    /// what ended one person's payment holds back another's of the same card, whichever account each pays from
    EndsOfOthersHold,
    /// two cards of two institutions, or that end otherwise, are joined on a word
    UnlikeCardsJoined,
    /// what was agreed to for one card pays another one once they are joined
    JoinKeepsAgreement,
    /// cards that were joined by a slip stay so
    JoinedForEver,
    /// a bank account that is told with zeros before its number is another one
    ZerosMakeAnotherAccount,
    /// a number that a bank put in the place of an account's is another account
    CorrectedNumberIsAnother,
    /// what the bank says of a debit counts for the number that was named, not for the one that was debited
    CorrectionForgotten,
    /// a payment is decided as if the number that is named were debited, although the bank put another in its place
    NamedNumberProven,
    /// what another holder of a bank account has under way does not count
    SharedDebitsNotCounted,
    /// a debit that came back is made again although the balance does not bear it beside another that is under way
    PresentedBesideOthers,
    /// whether a debit's card still owes as much is judged without what others who hold it have paid
    OwnPaymentsOnlyOwed,
    /// what another holder of a card has paid does not count
    SharedCardNotCounted,
    /// two holders of a bank account open a debit each at once
    SharedDebitsNotHeld,
    /// that a debit came back from a closed account is forgotten when its link ends
    ClosingForgotten,
    /// a debit of an old number that comes back bars the new one
    OldReturnClosesNewNumber,
    /// what was agreed to for a bank account outlives its link
    PermissionOutlivesLink,
    /// a debit of an old number shortens the hold of a new one
    OldDebitProvesNewNumber,
    /// a debit is forgotten on the day on which it settles, before the bank account shows it
    SettlementDayForgotten,
    /// a bank that gives only old balances is asked again and again, and nobody told
    OldBalanceAskedForEver,
    /// a link with more accounts than one write holds is never read
    LargeLinkUnread,
    /// one operator alone sends a check to another address
    ReplacedByOne,
    /// a word to stop that is refused stops nevertheless
    RefusedStopStops,
    /// a process that has read the stop switch once never reads it again
    StopReadOnce,
    /// a debit is about the account that its source has when it is sent, and what the bank learns of it too
    FundedFromPresentAccount,
    /// a notification of change is kept with the account that the source has by then
    CorrectionOfPresentAccount,
    /// an accepted account takes the place of whatever account the source has by then, at a retry too
    AcceptanceOutlivesAccount,
    /// a refund goes to the account that the source has now, not to the one that was debited
    RefundToPresentAccount,
    /// a refund goes to the account that was named, although a correction had the money pulled from another
    RefundDespiteCorrection,
    /// rounds that a correction had pull from another account count as pulled from the named one
    RoundsOfOneAccount,
    /// what the bank refused goes out again as it was, although its correction was taken back since
    RefusedRequestKept,
    /// two operators find an unknown outcome in a transfer that bears no key of the item's
    FoundWithoutKey,
    /// a source is debited again after a return that forbids it
    ReturnedSourceDebited,
    /// the same numbers with another kind of account are the same counterparty
    AccountTypeForgotten,
    /// a reconciliation does not look at the account at the other end
    OtherAccountNotCompared,
    /// nobody has to accept that a corrected account is paid
    CorrectionUnseen,
    /// another spelling of an account is another account, which no correction is kept with
    SpellingEvadesCorrection,
    /// the account that a correction leads to is not its source's
    CorrectedAccountUnclaimed,
    /// nobody looks whose account it is that a correction leads to
    LedToAnotherSource,
    /// a correction is kept with the account that was named alone, though it was said of another
    KeptWithNamedAlone,
    /// of a chain of corrections an approver sees, and accepts, the first step alone
    FirstStepShownAlone,
    /// a batch that is still open needs not be seen once it was approved more than ten days ago
    OldOpenBatchUnseen,
    /// a row that names another number of a corrected account is another payment to overlaps and retries
    ComparedAsNamed,
    /// of a chain of corrections a refund follows one step
    ChainNotFollowed,
    /// two sources of different files have one bank account
    AccountOfTwoSources,
    /// what may be out of a canceled batch is sent again
    CanceledSentAgain,
    /// what may be out is sent again although its funding has come back
    SentOnLostFunding,
    /// a canceled batch whose money was pulled lets its file go
    FundingForgottenByClaim,
    /// at a re-presentment the payments of others who hold the card do not count
    PresentmentsOfOwnCard,
    /// while no statement is told, what was presented for the last one does not count
    UntoldBillIsAnother,
    /// a debit is made although its card was replaced or closed, or its rule changed, since it was decided on
    ChangedCardDebited,
    /// a debit is presented again although what it was to pay has been paid otherwise
    PaidByHandPresentedAgain,
    /// a check is mailed to a number that its card has no more
    CheckToFormerNumber,
    /// the money of a stopped check stays here where its person has repaid the lost debit
    RepaidMoneyStranded,
    /// only the last address counts where checks of one payment failed at several
    FormerAddressForgotten,
    /// a debit that one holder of a card stopped holds the other's back
    OthersStopHolds,
    /// whether agreeing again lifts something is asked of the own payments alone
    AgreeingLooksAtOwnCard,
    /// money of a source is sent to, or pulled from, what is another source's account by now
    SentToAnotherSource,
    /// a source may be called as a person, and has that one's account
    SourceNamedAsPerson,
    /// a stop switch is thrown for what is no payer
    StopOfNobody,
    /// a check is mailed to a number that its person has corrected since
    CheckToMistypedNumber,
    /// a credit of the issuer for another holder's check counts only while that one's link is read
    CreditOfOthersCheckUnseen,
    /// one credit of the issuer stands for the checks of two holders
    OneCreditForTwoChecks,
    /// a person's word that a check was credited counts against a balance of before
    WordCountsAtOnce,
    /// a number that others know a shared card by is let go when one types another
    SharedNumberLetGo,
    /// a number typed since two cards were said to be one goes when that is taken back
    TypedNumberParted,
    /// a card that went on as another is said to be a third one, and takes that along
    JoinedCardJoinedAgain,
    /// after a stop at the bank, what was agreed to before it is enough
    StoppedIsAgreedAlready,
    /// an operator's word about a shared card does not reach what stands on the other holder's
    OthersEndNotCleared,
    /// a refund of money that was repaid is never sent again
    RepaidRefundStranded,
    /// the return of a debit ends an agreement that came after it
    OldReturnEndsAgreement,
    /// a link with more accounts than one write holds never ends
    LargeLinkNeverEnds,
    /// what a source owes is booked against any account
    DebtBookedAgainstAnything,
    /// what a source owes less than nothing is given back although it does not
    DebtFromNothing,
    /// a debt that a correction makes, or makes again, blocks nobody
    DebtOfCorrectionForgotten,
    /// the books are corrected by any amount
    CorrectionOfAnyAmount,
    /// a source that is barred, stopped or owing gives its account up for another
    HeldAccountGivenUp,
    /// what a source repaid of a lost funding is no money of its batch: neither paid out nor given back
    RepaymentForgotten,
    /// a refund that the bank refuses is told to nobody
    RefusedRefundNotTold,
    /// what the bank says of our accounts without a key of ours is dropped
    KeylessEventDropped,
    /// a reconciliation does not look for accounts at the bank that nothing here knows
    StrangeAccountsUnseen,
    /// money of a debit is spent whatever the bank has said of it that nobody has decided on
    UndecidedFundingSpent,
    /// a source is debited again while its bank disputes the return of the first debit
    UndecidedPulledAnew,
    /// what a batch has paid out is set against what its source owes for another one
    SpentMoneySetOff,
    /// what a person's payment or refund is to pay out is set against what they owe for another one
    PaymentsMoneySetOff,
    /// more is booked as repaid than a person owes
    RepaidBeyondDebt,
    /// a number that a bank corrected, and corrected again, is forgotten
    FormerNumberForgotten,
    /// a return bars the source that was debited, and not the one whose account it is by now
    FormerHolderAloneBarred,
    /// rows are paid as their biller was known at the summary, whatever two operators have decided since
    BillerOfSummaryPaid,
    /// what payouts gave back never pays what is owed for the funding that had brought it
    OwnDebtNeverMet,
    /// money of a person about which the bank has said something undecided pays what they owe
    DisputedMoneySetOff,
    /// the money of a refund that came back loses its only flag with another one
    RefundLosesItsFlag,
    /// part of a refund that came back is set against a debt, so that it can never be sent again
    RefundSetOffInPart,
    /// what operators set against a person's debt is given back all the same
    SetOffForgotten,
    /// a repayment that never was is taken back
    RepaidBelowNothing,
    /// one operator alone ends what may be out
    OutcomeSettledByOne,
    /// what may be out is ended before the bank's whole list was looked through
    OutcomeSettledUnseen,
    /// a payroll pays into the account of one of its own sources
    PayeeIsSourceTaken,
    /// the zeros before the number of a payee's account are dropped
    PayeeZerosDropped,
    /// the kind of a payee's account is guessed, whatever its row says
    PayeeTypeGuessed,
    /// the kind of account that a bank corrected is not used
    CorrectedTypeIgnored,
    /// a batch that is summarized again pays for the day of that
    PayPeriodDrawnAnew,
    /// a file is read by what its mapping is by now
    MappingOfNow,
    /// whoever stored the mapping of a file approves it
    MapperApproves,
    /// an event is given up some hours after its receiver fell silent
    WebhookGivenUpEarly,
    /// every try of an event bears another id
    WebhookIdPerTry,
    /// the signature of an event does not cover its id
    WebhookIdUnsigned,
    /// that a payment came back after it had settled is told to no receiver
    LateReturnNotSent,
    /// a debit that the bank took longer than three weeks ago is not looked for among those in their hold
    HeldByAcceptance,
    /// a bank account keeps every number that it ever had
    FormerKeysKept,
    /// the number that alone joins two holders of an account is let go
    JoiningKeyLetGo,
    /// what a return left behind at a number goes with it
    ReturnsLetGo,
}
