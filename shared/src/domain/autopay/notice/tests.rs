use jiff::civil::date;
use uuid::Uuid;

use super::*;
use crate::domain::autopay::authorization::AuthorizationStep;
use crate::domain::autopay::held::EndedBy;
use crate::domain::autopay::ids::{BankAccountId, CardId};
use crate::domain::autopay::item::ItemNotice;
use crate::domain::batch::FailureCode;
use crate::domain::ids::{BatchId, FundingId, ItemId, PaymentId, ReconciliationId, SourceTag, WebhookEndpointId};
use crate::domain::money::Cents;

fn now() -> Timestamp {
    "2026-03-02T18:00:00Z".parse().unwrap()
}

fn payment_id() -> PaymentId {
    PaymentId::Single(Uuid::from_u128(1))
}

fn of_check(failure: CheckFailure) -> NoticeKind {
    let card_name = "Everyday Card".to_owned();
    NoticeKind::CheckFailed { payment_id: payment_id(), attempt: 1, card_name, amount: Cents::new(165_500), failure }
}

fn of_debit(failure: DebitFailure) -> NoticeKind {
    let card_name = "Everyday Card".to_owned();
    let amount = Cents::new(165_500);
    NoticeKind::DebitFailed { payment_id: payment_id(), card_name, amount, failure, outlook: Outlook::GoesOn }
}

#[test]
fn each_kind_has_an_occasion_of_its_own() {
    let code = "R03".parse().unwrap();
    let kinds = [
        of_check(CheckFailure::ReturnedByMail),
        of_check(CheckFailure::Voided),
        of_check(CheckFailure::OtherAmount),
        of_check(CheckFailure::Rejected),
        of_check(CheckFailure::Stopped),
        of_check(CheckFailure::Returned),
        of_debit(DebitFailure::NoMoney),
        of_debit(DebitFailure::AccountClosed),
        of_debit(DebitFailure::AccountUnusable { return_code: code }),
        of_debit(DebitFailure::AccountFrozen),
        of_debit(DebitFailure::Unauthorized { return_code: code }),
        of_debit(DebitFailure::Stopped),
        of_debit(DebitFailure::HolderDeceased),
        of_debit(DebitFailure::Other { return_code: code }),
        of_debit(DebitFailure::Refused),
    ];
    let mut occasions: Vec<String> = kinds.iter().map(NoticeKind::occasion).collect();
    let count = occasions.len();
    occasions.sort();
    occasions.dedup();
    assert_eq!(occasions.len(), count);
    for kind in kinds {
        let text = kind.text();
        assert!(text.contains("1,655.00") && text.ends_with('.'), "{text}");
    }
}

#[test]
fn a_notice_says_the_same_of_one_occasion_however_often_it_is_made() {
    let item = |since| NoticeKind::Item {
        item_id: "item".to_owned(),
        institution_name: "First Example Bank".to_owned(),
        what: ItemNotice::LoginRequired { since },
    };
    assert_eq!(item(now()).occasion(), "login_required#item#2026-03-02T18:00:00Z");
    assert_ne!(item(now()).occasion(), item(Timestamp::MAX).occasion());
    let tried = |attempt| NoticeKind::DebitTriedAgain {
        payment_id: payment_id(),
        attempt,
        amount: Cents::new(100),
        not_before: date(2026, 3, 9),
    };
    assert_ne!(tried(2).occasion(), tried(3).occasion());
    let mailed = |attempt| NoticeKind::CheckMailed {
        payment_id: payment_id(),
        attempt,
        card_name: "Everyday Card".to_owned(),
        amount: Cents::new(165_500),
    };
    assert_eq!(mailed(1).occasion(), format!("check_mailed#{}", payment_id()));
    assert_ne!(mailed(1).occasion(), mailed(2).occasion(), "a check that was made anew");
}

#[test]
fn a_notice_waits_for_its_delivery_and_prints_no_words() {
    let notice = Notice::new(Recipient::Operators, of_debit(DebitFailure::NoMoney), now());
    assert_eq!(notice.due_at, Some(now()));
    let printed = format!("{notice:?}");
    assert!(!printed.contains("1655") && !printed.contains("1,655") && !printed.contains("165500"), "{printed}");
}

/// Where a kind stands in [`every_kind`]. A new one does not compile before it has a place there.
const fn place(kind: &NoticeKind) -> usize {
    match kind {
        NoticeKind::PaymentStarted { .. } => 0,
        NoticeKind::DebitAnnounced { .. } => 1,
        NoticeKind::CardNeeds { .. } => 2,
        NoticeKind::Item { .. } => 3,
        NoticeKind::DebitTriedAgain { .. } => 4,
        NoticeKind::DebitFailed { .. } => 5,
        NoticeKind::ReceivableOpened { .. } => 6,
        NoticeKind::ReceivableEnded { .. } => 7,
        NoticeKind::BillLate { .. } => 8,
        NoticeKind::CheckMailed { .. } => 9,
        NoticeKind::CheckCashed { .. } => 10,
        NoticeKind::CheckFailed { .. } => 11,
        NoticeKind::PostedAsked { .. } => 12,
        NoticeKind::PaymentCanceled { .. } => 13,
        NoticeKind::RefundSent { .. } => 14,
        NoticeKind::Authorization { .. } => 15,
        NoticeKind::NumbersCorrected { .. } => 16,
        NoticeKind::AddressWanted { .. } => 17,
        NoticeKind::BatchCompleted { .. } => 18,
        NoticeKind::FundingReturned { .. } => 19,
        NoticeKind::PayoutReturned { .. } => 20,
        NoticeKind::AttentionRaised { .. } => 21,
        NoticeKind::DifferenceFound { .. } => 22,
        NoticeKind::ImportFailed { .. } => 23,
        NoticeKind::EventUnmatched { .. } => 24,
        NoticeKind::AccountCorrected { .. } => 25,
        NoticeKind::SourceBarred { .. } => 26,
        NoticeKind::CardHeldBack { .. } => 27,
        NoticeKind::RefundCameBack { .. } => 28,
        NoticeKind::ReviewLasts { .. } => 29,
        NoticeKind::AddressOffered { .. } => 30,
        NoticeKind::WebhookEndpointDisabled { .. } => 31,
    }
}

const KINDS: usize = 32;

/// Every kind that can be sent to somebody who stands so, with every cause that changes its words.
fn every_kind(outlook: Outlook) -> Vec<NoticeKind> {
    let (card_name, amount, code) = ("Everyday Card".to_owned(), Cents::new(165_500), "R03".parse().unwrap());
    let card_id = CardId::of_fingerprint(&format!("f1_{:032x}", 1)).unwrap();
    let bank_account_id = BankAccountId::of_fingerprint(&format!("f1_{:032x}", 2)).unwrap();
    let (batch, uuid) = (BatchId::new(Uuid::from_u128(3)), Uuid::from_u128(4));
    let row = PaymentId::Row { batch, row: 1 };
    let source = SourceTag::of("CORP-1");
    let refund = PaymentId::Refund { batch, source, number: 1 };
    let item_id = ItemId::Funding(FundingId::Single(uuid));
    let (day, institution_name) = (date(2026, 3, 9), "First Example Bank".to_owned());
    let mut kinds = vec![
        NoticeKind::PaymentStarted {
            payment_id: payment_id(),
            card_name: card_name.clone(),
            amount,
            reason: "It is due.".to_owned(),
        },
        NoticeKind::DebitAnnounced { card_id, card_name: card_name.clone(), amount, debit_on: day },
        NoticeKind::CardNeeds {
            card_id,
            card_name: card_name.clone(),
            code: "stale".to_owned(),
            reason: "Nothing is paid.".to_owned(),
            since: day,
        },
        NoticeKind::DebitTriedAgain { payment_id: payment_id(), attempt: 2, amount, not_before: day },
        NoticeKind::ReceivableOpened { payment_id: payment_id(), amount, check_is_out: true },
        NoticeKind::ReceivableOpened { payment_id: payment_id(), amount, check_is_out: false },
        NoticeKind::ReceivableEnded { payment_id: payment_id(), amount, outlook },
        NoticeKind::BillLate {
            card_id,
            card_name: card_name.clone(),
            due_on: day,
            amount,
            reason: "Because.".to_owned(),
        },
        NoticeKind::CheckMailed { payment_id: payment_id(), attempt: 1, card_name: card_name.clone(), amount },
        NoticeKind::CheckCashed { payment_id: payment_id(), card_name: card_name.clone(), amount },
        NoticeKind::PostedAsked { payment_id: payment_id(), card_name: card_name.clone(), amount },
        NoticeKind::PaymentCanceled { payment_id: payment_id(), card_name, amount },
        NoticeKind::RefundSent { payment_id: payment_id(), attempt: 1, amount, bank_account_last4: "6789".to_owned() },
        NoticeKind::RefundCameBack {
            payment_id: payment_id(),
            attempt: 1,
            amount,
            bank_account_last4: "6789".to_owned(),
        },
        NoticeKind::ReviewLasts { item_id, attempt: 1, amount, since: now() },
        NoticeKind::AddressOffered { institution_id: "ins_1".to_owned(), payment_id: payment_id() },
        NoticeKind::NumbersCorrected { item_id, bank_account_id, bank_account_last4: "6789".to_owned() },
        NoticeKind::AddressWanted { institution_id: "ins_1".to_owned(), institution_name: institution_name.clone() },
        NoticeKind::BatchCompleted { batch_id: batch, round: 1, paid: 2, failed: 1 },
        NoticeKind::FundingReturned {
            funding_id: FundingId::Round { batch, source, round: 1 },
            attempt: 1,
            amount,
            return_code: "R01".to_owned(),
        },
        NoticeKind::PayoutReturned { payment_id: row, attempt: 1, amount, reason: "returned:R03".to_owned() },
        NoticeKind::PayoutReturned { payment_id: refund, attempt: 1, amount, reason: "returned:R02".to_owned() },
        NoticeKind::AttentionRaised {
            item_id,
            reason: "returned:R24".to_owned(),
            since: now(),
            is_held: true,
            outlook,
        },
        NoticeKind::AttentionRaised {
            item_id,
            reason: "returned:R24".to_owned(),
            since: now(),
            is_held: false,
            outlook,
        },
        NoticeKind::AccountCorrected {
            account: "f1_1".to_owned(),
            version: 1,
            change_code: "C01".to_owned(),
            account_last4: "6789".to_owned(),
            corrected_last4: Some("9000".to_owned()),
        },
        NoticeKind::SourceBarred {
            source_id: "CORP-1".to_owned(),
            funding_id: FundingId::Round { batch, source, round: 1 },
            return_code: code,
        },
        NoticeKind::DifferenceFound {
            reconciliation_id: ReconciliationId::new(uuid),
            payer_id: "CORP-1".to_owned(),
            differences: 1,
        },
        NoticeKind::ImportFailed {
            batch_id: batch,
            code: FailureCode::FileMissing,
            text: "The uploaded file is gone.".to_owned(),
        },
        NoticeKind::CardHeldBack { card_id, payment_id: payment_id(), by: EndedBy::CheckFailed },
        NoticeKind::EventUnmatched { event_id: "evnt_1".to_owned(), is_readable: false, since: now() },
        NoticeKind::WebhookEndpointDisabled { endpoint_id: WebhookEndpointId::new(uuid), since: now() },
    ];
    for step in [AuthorizationStep::Agreed, AuthorizationStep::Revoked] {
        kinds.push(NoticeKind::Authorization { card_id, step, at: now(), text: "I agree.".to_owned(), outlook });
    }
    for what in [
        ItemNotice::LoginRequired { since: now() },
        ItemNotice::ConsentExpiring { until: now() },
        ItemNotice::InstitutionDown { since: now() },
        ItemNotice::Revoked { since: now() },
    ] {
        let (item_id, institution_name) = ("item".to_owned(), institution_name.clone());
        kinds.push(NoticeKind::Item { item_id, institution_name, what });
    }
    for failure in [
        DebitFailure::NoMoney,
        DebitFailure::AccountClosed,
        DebitFailure::AccountUnusable { return_code: code },
        DebitFailure::AccountFrozen,
        DebitFailure::Unauthorized { return_code: code },
        DebitFailure::Stopped,
        DebitFailure::HolderDeceased,
        DebitFailure::Other { return_code: code },
        DebitFailure::Refused,
    ] {
        let NoticeKind::DebitFailed { payment_id, card_name, amount, failure, .. } = of_debit(failure) else {
            continue;
        };
        kinds.push(NoticeKind::DebitFailed { payment_id, card_name, amount, failure, outlook });
    }
    for failure in [
        CheckFailure::ReturnedByMail,
        CheckFailure::Voided,
        CheckFailure::OtherAmount,
        CheckFailure::Rejected,
        CheckFailure::Stopped,
        CheckFailure::Returned,
    ] {
        kinds.push(of_check(failure));
    }
    kinds
}

/// What a text may say only to somebody whom nothing holds back, and what only where that helps.
const PROMISES: [&str; 4] = ["autopay goes on", "Autopay goes on", "Autopay is on", "Autopay looks again"];
const AGREE: &str = "agree to the debits again";
const CHOOSE: &str = "choose another";

#[test]
fn no_notice_promises_what_the_state_of_its_person_forbids() {
    for outlook in Outlook::ALL {
        let kinds = every_kind(outlook);
        let mut places: Vec<usize> = kinds.iter().map(place).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places, (0..KINDS).collect::<Vec<_>>(), "every kind is looked at");
        for kind in kinds {
            let text = kind.text();
            let says = |words: &str| text.to_lowercase().contains(&words.to_lowercase());
            let goes_on = outlook == Outlook::GoesOn;
            assert!(goes_on || !PROMISES.into_iter().any(says), "{outlook:?}: {text}");
            assert!(outlook == Outlook::AgreeAnew || !says(AGREE), "{outlook:?}: {text}");
            assert!(outlook == Outlook::OtherAccount || !says(CHOOSE), "{outlook:?}: {text}");
            assert!(text.ends_with('.'), "{text}");
        }
    }
}

#[test]
fn whoever_is_told_of_an_end_is_told_what_comes_next() {
    let ended =
        |outlook| NoticeKind::ReceivableEnded { payment_id: payment_id(), amount: Cents::new(165_500), outlook };
    let begins = "The 1,655.00 that your bank took back is settled. ";
    let texts = Outlook::ALL.map(|outlook| ended(outlook).text());
    let next = texts.each_ref().map(|text| text.strip_prefix(begins).unwrap());
    assert_eq!(
        next,
        [
            "Where nothing else is owed, autopay goes on.",
            "Nothing more is debited before the next statement: pay the bill another way.",
            "Nothing new is debited for the card until we have looked into it: pay what is due another way.",
            "Nothing is debited until you agree to the debits again.",
            "Nothing is debited until you choose another bank account, or link it again.",
            "Nothing new is debited until what is owed is settled.",
            "No new debit is made until we have spoken to you.",
        ]
    );
}

#[test]
fn notices_that_were_written_before_are_read() {
    let ended = serde_json::json!({ "name": "receivable_ended", "payment_id": payment_id(), "amount": "1655.00" });
    let ended: NoticeKind = serde_json::from_value(ended).unwrap();
    assert!(matches!(ended, NoticeKind::ReceivableEnded { outlook: Outlook::GoesOn, .. }));
    let opened = serde_json::json!({ "name": "receivable_opened", "payment_id": payment_id(), "amount": "1655.00" });
    let opened: NoticeKind = serde_json::from_value(opened).unwrap();
    assert!(matches!(opened, NoticeKind::ReceivableOpened { check_is_out: true, .. }));
}
