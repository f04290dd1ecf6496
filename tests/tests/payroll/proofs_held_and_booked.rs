//! Proofs by an adversary about what operators hold and book: an account is not given up while nothing may be debited from it, and the books
//! take no entry that would make money or end a debt without saying of which funding.

use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use shared::domain::batch::BatchRefusal;
use shared::domain::batch::manifest::InstitutionDecision;
use shared::domain::ids::{CorrectionId, ItemId};
use shared::domain::ledger::AccountKind;
use shared::domain::ledger::correction::{CorrectionRefusal, CorrectionTerms};
use shared::domain::money::Cents;
use shared::operations::{OperationError, billers, corrections, fund, ledger, sources};
use uuid::Uuid;

use crate::external_account::debited;
use crate::proofs_corrected_ends::{OTHER_OPERATOR, later, paid};
use crate::proofs_spelled_and_chained::{of_other_source, refused_for};

const NEW_ACCOUNT: &str = "00000055";

fn moved(file: &PayrollFile, day: i64) -> PayrollFile {
    later(file, day).changed(|rows| NEW_ACCOUNT.clone_into(&mut rows[0].source.account_number))
}

#[tokio::test]
async fn a_paused_source_does_not_give_its_account_up_for_another() {
    let file = PayrollFile::generated(&one_source(1));
    let (source_id, named) = (&file.rows[0].source.source_id, &file.rows[0].source.account_number);
    let journey = Journey::start(&file);
    paid(&journey, &file).await;
    sources::pause(&journey.system, source_id, OPERATOR).await.unwrap();
    let waits = journey.begin(&moved(&file, 1)).await;
    journey.let_days_pass(1).await;
    assert_eq!(refused_for(&journey, &of_other_source(&file, named, 3)).await, *source_id);

    sources::resume(&journey.system, source_id, OPERATOR, None).await.unwrap();
    journey.finish(waits).await;
    assert_eq!(debited(&journey, waits).await, [NEW_ACCOUNT]);
    let others = paid(&journey, &of_other_source(&file, named, 4)).await;
    assert_eq!(debited(&journey, others).await, std::slice::from_ref(named));
}

/// Its debit came back as not authorized: only a person's word has the account debited again, under whatever id.
#[tokio::test]
async fn a_barred_account_is_not_debited_under_another_sources_id() {
    let file = PayrollFile::generated(&one_source(1));
    let (source_id, named) = (&file.rows[0].source.source_id, &file.rows[0].source.account_number);
    let journey = Journey::start(&file);
    paid(&journey, &file).await;
    journey.bank.return_now(&journey.bank.debits()[0].id, "R10");
    journey.settle_now().await;
    assert!(sources::load(&journey.system, source_id).await.unwrap().barred.is_some());
    journey.begin(&moved(&file, 1)).await;
    journey.let_days_pass(1).await;
    assert_eq!(refused_for(&journey, &of_other_source(&file, named, 3)).await, *source_id);
}

/// The source that was debited has another account by now.
#[tokio::test]
async fn a_return_bars_the_source_whose_account_it_is_by_now_too() {
    let file = PayrollFile::generated(&one_source(1));
    let (source_id, named) = (&file.rows[0].source.source_id, &file.rows[0].source.account_number);
    let journey = Journey::start(&file);
    let first = paid(&journey, &file).await;
    paid(&journey, &moved(&file, 1)).await;
    let others_file = of_other_source(&file, named, 3);
    let other_id = &others_file.rows[0].source.source_id;
    let others = paid(&journey, &others_file).await;
    assert_eq!(debited(&journey, others).await, std::slice::from_ref(named));
    let fundings = fund::all_fundings(&journey.system, &journey.batch(first).await).await.unwrap();
    journey.bank.return_now(fundings[0].leg.transfer_id.as_deref().unwrap(), "R10");
    journey.settle_now().await;
    for source in [source_id, other_id] {
        assert!(
            sources::load(&journey.system, source).await.unwrap().barred.is_some(),
            "{source} of {source_id} and {other_id}"
        );
    }
}

async fn booked(journey: &Journey, number: u128, terms: CorrectionTerms) -> Result<(), OperationError> {
    let id = Uuid::from_u128(number);
    corrections::propose(&journey.system, id, terms.clone(), OPERATOR).await?;
    corrections::confirm(&journey.system, CorrectionId::new(id), &terms, OTHER_OPERATOR).await.map(|_| ())
}

#[tokio::test]
async fn the_books_take_no_entry_that_makes_money_or_ends_a_debt_of_no_funding() {
    let file = PayrollFile::generated(&one_source(1));
    let journey = Journey::start(&file);
    let batch_id = paid(&journey, &file).await;
    journey.bank.return_now(&journey.bank.debits()[0].id, "R01");
    journey.settle_now().await;
    let fundings = fund::all_fundings(&journey.system, &journey.batch(batch_id).await).await.unwrap();
    let terms = |debit, credit, cents, about| CorrectionTerms {
        payer_id: file.rows[0].source.source_id.clone(),
        debit,
        credit,
        amount: Cents::new(cents),
        reason: "a mistake".to_owned(),
        about,
        uses: None,
    };
    use AccountKind::{Cash, Funds, FundsPending, Receivable};
    let (owed, lost) = (fundings[0].amount.get(), Some(ItemId::Funding(fundings[0].id)));
    let refused = [
        (terms(FundsPending, Receivable, owed, None), CorrectionRefusal::ReceivableWithOther),
        (terms(FundsPending, Receivable, owed, lost), CorrectionRefusal::ReceivableWithOther),
        (terms(FundsPending, Funds, owed, None), CorrectionRefusal::AboutMissing),
        (terms(Receivable, Funds, 5_000, None), CorrectionRefusal::NotBelowNothing),
        (terms(Cash, Funds, i64::MAX, None), CorrectionRefusal::Amount),
    ];
    for (number, (terms, expected)) in (1..).zip(refused) {
        match booked(&journey, number, terms.clone()).await {
            Err(OperationError::Correction(refusal)) => assert_eq!(refusal, expected, "{terms:?}"),
            other => panic!("{terms:?}: {other:?}"),
        }
    }
    booked(&journey, 9, terms(Cash, Receivable, owed, lost)).await.unwrap();
    assert!(!sources::load(&journey.system, &file.rows[0].source.source_id).await.unwrap().receivable_open);
}

/// An approver saw another account than two operators have confirmed since.
#[tokio::test]
async fn a_biller_that_is_paid_otherwise_since_the_summary_has_to_be_seen_anew() {
    let file = PayrollFile::generated(&one_source(1));
    let journey = Journey::start(&file);
    let batch_id = journey.upload(&file).await;
    let batch = journey.summarize(batch_id).await;
    let institution = journey.manifest(&batch).await.institutions[0].clone();
    let InstitutionDecision::Ach { account_type, entry_class, entry_description, .. } = institution.decision else {
        panic!("it is paid by ACH");
    };
    let routing_number = "021000021".to_owned();
    let decided = InstitutionDecision::Ach { routing_number, account_type, entry_class, entry_description };
    billers::propose(&journey.system, &institution.id, decided.clone(), OPERATOR).await.unwrap();
    billers::confirm(&journey.system, &institution.id, &decided, OTHER_OPERATOR).await.unwrap();

    let refused = journey.approve(&journey.consent(&batch).await, batch_id).await;
    assert!(matches!(refused, Err(OperationError::Batch(BatchRefusal::StaleManifest))), "{refused:?}");
    let batch = journey.summarize(batch_id).await;
    assert_eq!(journey.manifest(&batch).await.institutions[0].decision, decided);
    journey.approve(&journey.consent(&batch).await, batch_id).await.unwrap();
    journey.finish(batch_id).await;
}

/// Nobody lacks anything: the payee has nothing, and the source its money.
#[tokio::test]
async fn what_came_back_of_a_batch_pays_what_is_owed_for_its_own_lost_funding() {
    for is_debit_first in [true, false] {
        let file = PayrollFile::generated(&one_source(1));
        let source_id = &file.rows[0].source.source_id;
        let journey = Journey::start(&file);
        let batch_id = paid(&journey, &file).await;
        let (debit, payout) = (journey.bank.debits()[0].id.clone(), journey.bank.payouts()[0].id.clone());
        let returns =
            if is_debit_first { [(&debit, "R01"), (&payout, "R03")] } else { [(&payout, "R03"), (&debit, "R01")] };
        for (transfer_id, code) in returns {
            journey.bank.return_now(transfer_id, code);
            journey.settle_now().await;
        }
        assert!(sources::load(&journey.system, source_id).await.unwrap().receivable_open);
        let funding = fund::all_fundings(&journey.system, &journey.batch(batch_id).await).await.unwrap().remove(0);
        let terms = |cents| CorrectionTerms {
            payer_id: source_id.clone(),
            debit: AccountKind::Funds,
            credit: AccountKind::Receivable,
            amount: Cents::new(cents),
            reason: "what came back to us meets what came back from us".to_owned(),
            about: Some(ItemId::Funding(funding.id)),
            uses: Some(ItemId::Funding(funding.id)),
        };
        let too_much = booked(&journey, 1, terms(funding.amount.get() + 1)).await;
        assert!(matches!(too_much, Err(OperationError::Correction(_))), "{too_much:?}");
        booked(&journey, 2, terms(funding.amount.get())).await.unwrap();
        assert!(!sources::load(&journey.system, source_id).await.unwrap().receivable_open);
        let again = booked(&journey, 3, terms(1)).await;
        assert!(matches!(again, Err(OperationError::Correction(_))), "{again:?}");
        let books = ledger::trial_balance(&journey.system).await.unwrap();
        let rest = books.accounts.values().filter(|totals| totals.debits != totals.credits).count();
        assert_eq!(rest, 0, "{books:?}");
    }
}
