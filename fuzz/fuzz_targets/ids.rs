//! Whatever is read as an id, an account, an amount or a reason is written as it was read, so that no two texts name the same thing.
#![no_main]

use std::fmt::Display;
use std::str::FromStr;

use libfuzzer_sys::fuzz_target;
use shared::domain::aba::RoutingNumber;
use shared::domain::autopay::ids::{BankAccountId, CardId, PersonId};
use shared::domain::autopay::notice::Recipient;
use shared::domain::ids::{BatchId, FundingId, ItemId, PaymentId, TransferKey};
use shared::domain::ledger::Account;
use shared::domain::leg::Reason;
use shared::domain::money::Cents;

fn names_one_thing<T: FromStr + Display>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        assert_eq!(read.to_string(), text);
    }
}

fn is_read_again<T: FromStr + Display + PartialEq>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        assert!(read.to_string().parse::<T>().is_ok_and(|again| again == read), "{text:?}");
    }
}

fuzz_target!(|text: &str| {
    names_one_thing::<BatchId>(text);
    names_one_thing::<PaymentId>(text);
    names_one_thing::<FundingId>(text);
    names_one_thing::<ItemId>(text);
    names_one_thing::<TransferKey>(text);
    names_one_thing::<PersonId>(text);
    names_one_thing::<CardId>(text);
    names_one_thing::<BankAccountId>(text);
    names_one_thing::<Recipient>(text);
    names_one_thing::<Account>(text);
    is_read_again::<Cents>(text);
    is_read_again::<Reason>(text);
    let _ = text.parse::<RoutingNumber>();
});
