use jiff::civil::date;
use uuid::Uuid;

use super::*;

fn now() -> Timestamp {
    "2026-03-02T18:00:00Z".parse().unwrap()
}

fn payment_id() -> PaymentId {
    PaymentId::Lone(Uuid::from_u128(1))
}

fn of_check(failure: CheckFailure) -> NoticeKind {
    let card_name = "Everyday Card".to_owned();
    NoticeKind::CheckFailed { payment_id: payment_id(), attempt: 1, card_name, amount: Cents::new(165_500), failure }
}

fn of_debit(failure: DebitFailure) -> NoticeKind {
    let card_name = "Everyday Card".to_owned();
    NoticeKind::DebitFailed { payment_id: payment_id(), card_name, amount: Cents::new(165_500), failure }
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
        of_debit(DebitFailure::Unauthorised { return_code: code }),
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
