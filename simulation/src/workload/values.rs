//! The longest, shortest and strangest values that a payroll file or a card's setup may hold, and some just beyond.

use generator::GeneratedRow;

use super::deposits::FileRow;
use crate::fault_injector::FaultInjector;

/// The longest account number that an ACH entry has room for (Nacha Operating Rules, DFI account number field).
pub(super) const LONGEST_NUMBER: usize = 17;

/// Names as people and companies have them.
const NAMES: [&str; 8] = [
    "A",
    "Łukasz Wiśniewski",
    "王秀英",
    "Łódzka Spółdzielnia Mieszkaniowa Żyrardów i Okolice Sp. z o.o.",
    "O'Brien-Ñuñez & Söhne",
    "محمد علي",
    "Ελληνική Τράπεζα Εμπορίου και Βιομηχανίας Ανώνυμη Εταιρεία Αθηνών",
    "Maximiliane-Theodora von und zu Hohenlohe-Waldenburg-Schillingsfürst auf Pfedelbach und Bartenstein",
];

/// Holders of bank accounts, as a form takes them; the last two it may refuse.
pub(super) const HOLDERS: [&str; 8] = [
    "Al",
    "Łukasz Wiśniewski",
    "王秀英",
    "Ann-Sophie Éléonore de La Rochefoucauld-Montbéliard von Hohenzollern",
    "Maximiliane-Theodora von und zu Hohenlohe-Waldenburg-Schillingsfürst auf Pfedelbach und Bartenstein",
    "O'Brien",
    "Ann\nExample",
    "\u{200b}\u{200b}",
];

/// Some rows get values at the limits of what a field takes, and a few one that is beyond them.
pub(super) fn make_strange(fault_injector: &FaultInjector, rows: &mut [FileRow]) {
    let goes_beyond = fault_injector.is_one_in(5);
    for FileRow { generated: row, .. } in rows {
        if fault_injector.is_one_in(2) {
            continue;
        }
        match fault_injector.below(7) {
            0 => row.payee.loan_account_number = letters(fault_injector, LONGEST_NUMBER),
            1 => row.payee.loan_account_number = letters(fault_injector, 4),
            2 => row.payee.loan_account_number = hyphenated(&row.payee.loan_account_number),
            3 => row.employee.last_name = name(fault_injector),
            4 => row.amount_cents = if fault_injector.is_one_in(2) { 1 } else { 2_500_000_000 },
            5 => row.employee.first_name = name(fault_injector),
            _ if goes_beyond => beyond(fault_injector, row),
            _ => {}
        }
    }
}

/// Some loans are written with a hyphen that had none, or without the one they had; some bank accounts are typed otherwise.
pub(super) fn spell_otherwise(fault_injector: &FaultInjector, rows: &mut [FileRow]) {
    for row in rows {
        if fault_injector.is_one_in(2) {
            continue;
        }
        if let Some(deposit) = &mut row.deposit {
            deposit.typed_otherwise(fault_injector);
            continue;
        }
        let number = &mut row.generated.payee.loan_account_number;
        *number = if number.contains('-') { number.replace('-', "") } else { hyphenated(number) };
    }
}

fn beyond(fault_injector: &FaultInjector, row: &mut GeneratedRow) {
    match fault_injector.below(5) {
        0 => row.payee.loan_account_number = letters(fault_injector, LONGEST_NUMBER + 1),
        1 => row.payee.loan_account_number = letters(fault_injector, 64),
        2 => row.payee.loan_account_number = "-".to_owned(),
        3 => {
            row.employee.first_name = "\u{200b}".to_owned();
            row.employee.last_name = "-".to_owned();
        }
        _ => row.amount_cents = 9_999_999_999,
    }
}

pub(super) fn name(fault_injector: &FaultInjector) -> String {
    fault_injector.pick(&NAMES).copied().unwrap_or("A").to_owned()
}

/// Capital letters and digits.
pub(super) fn letters(fault_injector: &FaultInjector, length: usize) -> String {
    const ALL: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    (0..length).filter_map(|_| fault_injector.pick(ALL)).map(|byte| char::from(*byte)).collect()
}

pub(super) fn hyphenated(number: &str) -> String {
    let (first, rest) = number.split_at(number.len().min(3));
    format!("{first}-{rest}")
}
