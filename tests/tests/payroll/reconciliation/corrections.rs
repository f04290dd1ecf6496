//! Corrections: new entries that two people made, never an edit.

use std::time::Duration;

use journeys::audit::Audit;
use journeys::journey::OPERATOR;
use serde_json::json;
use shared::domain::ids::CorrectionId;
use shared::domain::ledger::correction::{CorrectionRefusal, CorrectionTerms};
use shared::domain::ledger::{AccountKind, CauseId};
use shared::domain::money::Cents;
use shared::domain::reconciliation::Verdict;
use shared::operations::{OperationError, corrections, sources};
use shared::store::ledger::Posting;
use uuid::Uuid;

use super::{lines, paid, reconcile, verdicts};

/// A source's debit came back after its payouts had left. It repays by wire to its own account at the bank; two operators book that.
#[tokio::test]
async fn a_source_that_repaid_by_wire_is_freed_by_a_correction_that_two_people_made() {
    let (journey, batch_id, file) = paid(4).await;
    let debit = journey.bank.debits().remove(0);
    journey.bank.return_now(&debit.id, "R10");
    journey.settle_now().await;
    let owed = Cents::new(file.contents.total_cents);
    let source = sources::all(&journey.system).await.unwrap().remove(0);
    assert!(source.receivable_open);

    let number = journey.bank.get(&format!("/bank-accounts/{}", debit.bank_account_id));
    let wire = json!({"destination_account_number_id": number["default_account_number_id"], "amount": owed.get(),
        "currency_code": "USD"});
    journey.bank.post("/simulate/receive-wire", &wire);
    journey.clock.advance(Duration::from_hours(5));
    let (_, found) = reconcile(&journey, 1, true).await;
    assert_eq!(verdicts(&found), [Verdict::OtherBalance], "{found:?}");

    let terms = CorrectionTerms {
        payer_id: source.id.clone(),
        debit: AccountKind::Cash,
        credit: AccountKind::Receivable,
        amount: owed,
        reason: "repaid by wire".to_owned(),
        about: Some(debit.item().parse().unwrap()),
        uses: None,
    };
    let id = Uuid::from_u128(7);
    let proposed = corrections::propose(&journey.system, id, terms.clone(), OPERATOR).await.unwrap();
    assert_eq!(corrections::propose(&journey.system, id, terms.clone(), OPERATOR).await.unwrap(), proposed);
    let alone = corrections::confirm(&journey.system, CorrectionId::new(id), &terms, OPERATOR).await;
    assert!(matches!(alone, Err(OperationError::Correction(CorrectionRefusal::SamePerson))), "{alone:?}");
    assert!(sources::load(&journey.system, &source.id).await.unwrap().receivable_open);
    for _ in 0..2 {
        corrections::confirm(&journey.system, CorrectionId::new(id), &terms, "second@journey.test").await.unwrap();
    }

    assert!(!sources::load(&journey.system, &source.id).await.unwrap().receivable_open, "it is free again");
    let booked: Vec<Posting> = lines(&journey)
        .into_iter()
        .map(|(_, line)| line)
        .filter(|line| line.cause == CauseId::Correction(CorrectionId::new(id)))
        .collect();
    assert_eq!(booked.len(), 2);
    assert!(booked.iter().all(|line| line.reason.as_deref() == Some("repaid by wire") && line.about == terms.about));
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(
        (audit.balance(AccountKind::Receivable, &source.id), audit.balance(AccountKind::Cash, &source.id)),
        (0, 0)
    );
    let (_, found) = reconcile(&journey, 2, false).await;
    assert_eq!(found, []);
}
