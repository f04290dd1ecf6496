use super::*;

fn payout() -> AchTransferRequest {
    AchTransferRequest {
        direction: Direction::Credit,
        amount: Cents::new(48_250).try_into().unwrap(),
        bank_account_id: "bacc_example".to_owned(),
        counterparty: Counterparty::Inline(InlineCounterparty {
            routing_number: "110000000".parse().unwrap(),
            account_number: "000123456789".try_into().unwrap(),
            account_type: AccountType::Checking,
            name: "Pat Example".to_owned(),
        }),
        entry_class: EntryClass::Ppd,
        timing: Timing::Standard,
        description: "batch bat_1 row 7".to_owned(),
        company_name: Some("Example Payroll Company".to_owned()),
        company_entry_description: "payroll".try_into().unwrap(),
        receiver_name: "Pat Example".try_into().unwrap(),
        receiver_id: None,
        payment_related_info: None,
    }
}

#[test]
fn the_bytes_are_pinned() {
    // A changed order or spelling would change a request that is repeated after a deployment.
    let body = payout().body().unwrap();
    assert_eq!(
        std::str::from_utf8(body.bytes()).unwrap(),
        concat!(
            r#"{"type":"CREDIT","amount":48250,"currency_code":"USD","bank_account_id":"bacc_example","#,
            r#""counterparty":{"routing_number":"110000000","account_number":"000123456789","#,
            r#""account_type":"checking","name":"Pat Example"},"entry_class_code":"PPD","same_day":false,"#,
            r#""description":"batch bat_1 row 7","company_name":"EXAMPLE PAYROLL","#,
            r#""company_entry_description":"PAYROLL","receiver_name":"PAT EXAMPLE"}"#
        )
    );
}

#[test]
fn same_day_and_a_named_day_exclude_each_other() {
    let text = |timing| {
        let body = AchTransferRequest { timing, ..payout() }.body().unwrap();
        String::from_utf8(body.bytes().to_vec()).unwrap()
    };
    assert!(text(Timing::SameDay).contains(r#""same_day":true"#));
    assert!(!text(Timing::SameDay).contains("effective_date"));
    assert!(text(Timing::On(jiff::civil::date(2026, 3, 3))).contains(r#""effective_date":"2026-03-03""#));
}

#[test]
fn nothing_prints_an_account_number() {
    let request = payout();
    let printed = format!("{request:?} {:?}", request.body().unwrap());
    assert!(!printed.contains("123456789"), "{printed}");
    assert!(printed.contains("6789"), "{printed}");
}

fn consumer_debit() -> AchTransferRequest {
    AchTransferRequest {
        direction: Direction::Debit,
        entry_class: EntryClass::Web,
        company_entry_description: "CARD PMT".try_into().unwrap(),
        ..payout()
    }
}

#[test]
fn a_debit_that_is_presented_again_differs_in_its_description_alone() {
    let text = |request: &AchTransferRequest| String::from_utf8(request.body().unwrap().bytes().to_vec()).unwrap();
    let (first, again) = (text(&consumer_debit()), text(&consumer_debit().reinitiated().unwrap()));

    assert!(again.contains(r#""company_entry_description":"RETRY PYMT""#), "{again}");
    assert_eq!(again.replace("RETRY PYMT", "CARD PMT"), first);
}
