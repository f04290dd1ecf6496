//! Proofs by an adversary about accounts that pass from one source to another: money of a source is neither pulled from what is another
//! source's by now nor given back there, whatever led to it, and follows the bank's corrections as far as they lead.

use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use shared::domain::leg::{Reason, State};
use shared::operations::{fund, refund, sources};
use simulators::column::{CallFaultKind, Control};

use crate::external_account::debited;
use crate::proofs_corrected_ends::{Corrected, comes_back, correct, corrected_source, given_back, later, paid};
use crate::proofs_spelled_and_chained::of_other_source;

const NOT_ANOTHER: &str = "account_of_another_source";

/// Its own source has given the account up meanwhile.
#[tokio::test]
async fn a_debit_that_waits_is_not_made_once_its_account_is_another_sources() {
    let file = PayrollFile::generated(&one_source(1));
    let (source_id, named) = (&file.rows[0].source.source_id, &file.rows[0].source.account_number);
    let journey = Journey::start(&file);
    paid(&journey, &file).await;
    journey.bank.fail_transfers(CallFaultKind::Unauthorized, 1_000);
    let waits = journey.begin(&later(&file, 1)).await;
    journey.settle_now().await;
    let moved = later(&file, 2).changed(|rows| "00000055".clone_into(&mut rows[0].source.account_number));
    journey.begin(&moved).await;
    // Between the rests that the bank's refusals make, the source takes its other account.
    while sources::load(&journey.system, source_id).await.unwrap().account.account_last4 != "0055" {
        assert!(journey.step().await, "the source keeps its account");
    }
    sources::pause(&journey.system, source_id, OPERATOR).await.unwrap();
    journey.bank.control(Control::ClearFaults);
    let others = paid(&journey, &of_other_source(&file, named, 3)).await;
    assert_eq!(debited(&journey, others).await, std::slice::from_ref(named));

    sources::resume(&journey.system, source_id, OPERATOR, None).await.unwrap();
    journey.let_days_pass(1).await;
    assert_eq!(debited(&journey, waits).await, Vec::<String>::new());
    let fundings = fund::all_fundings(&journey.system, &journey.batch(waits).await).await.unwrap();
    assert_eq!(fundings[0].leg.state, State::Failed);
    assert_eq!(fundings[0].leg.reason, Some(Reason::Refused(NOT_ANOTHER.to_owned())));
    assert!(fundings[0].leg.attention.is_some(), "somebody is told");
}

/// A word about a refund that itself went along a chain of corrections.
#[tokio::test]
async fn a_refund_is_led_to_no_account_of_another_source() {
    let Corrected { journey, file, .. } = corrected_source(2).await;
    paid(&journey, &of_other_source(&file, "00000077", 3)).await;
    let second = paid(&journey, &later(&file, 1)).await;
    let debit = journey.bank.debits().pop().unwrap();
    correct(&journey, &debit.id, "00000043").await;
    comes_back(&journey, second, 0, "R02").await;
    let (_, transfer_id) = given_back(&journey, second).await;
    correct(&journey, &transfer_id, "00000077").await;

    comes_back(&journey, second, 1, "R02").await;
    let made = refund::refund(&journey.system, second, OPERATOR).await.unwrap().made;
    journey.let_days_pass(1).await;
    let sent: Vec<String> = journey.bank.payouts().iter().map(|transfer| transfer.item().to_owned()).collect();
    assert!(made.iter().all(|refund| !sent.contains(&refund.id.to_string())), "it is not sent there");
}

#[tokio::test]
async fn money_follows_what_was_corrected_of_an_account_after_its_source_named_it_itself() {
    let Corrected { journey, file, first, .. } = corrected_source(1).await;
    let moved = later(&file, 1).changed(|rows| "00000042".clone_into(&mut rows[0].source.account_number));
    let second = paid(&journey, &moved).await;
    assert_eq!(debited(&journey, second).await, ["00000042"]);
    let debit = journey.bank.debits().pop().unwrap();
    correct(&journey, &debit.id, "00000043").await;
    comes_back(&journey, first, 0, "R02").await;
    let (by_account, _) = given_back(&journey, first).await;
    assert_eq!(by_account.keys().collect::<Vec<_>>(), ["00000043"]);
}
