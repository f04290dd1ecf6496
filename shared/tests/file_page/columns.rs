//! What the values of the file and the columns of the reports hold, in words.

/// The rule of a value.
pub(crate) fn rule(path: &str) -> &'static str {
    match path {
        "Employee/DunkinId" => "who is paid for: an id of at most 64 letters, digits, `_` and `-`, usually `EMP-…`",
        "Employee/DunkinBranch" => "the employee's branch, one per employee: an id, usually `BRC-…`",
        "Employee/FirstName" => "1 to 100 characters of any script",
        "Employee/LastName" => "1 to 100 characters of any script",
        "Employee/DOB" => "`MM-DD-YYYY` or `YYYY-MM-DD`, from 1900 on, not in the future",
        "Employee/PhoneNumber" => "`+` and 10 to 15 digits",
        "Payor/DunkinId" => "the source: which of the company's bank accounts pays. An id, usually `CORP-…`",
        "Payor/ABARouting" => "the source's routing number: nine digits with a right check digit",
        "Payor/AccountNumber" => "the source's account number: 1 to 17 digits, leading zeros kept",
        "Payor/Name" => "the company's legal name: 1 to 200 characters",
        "Payor/DBA" => "the company's trade name: 1 to 200 characters",
        "Payor/EIN" => "8 or 9 digits; a hyphen behind the first two may stand",
        "Payor/Address/Line1" => "1 to 200 characters",
        "Payor/Address/City" => "1 to 200 characters",
        "Payor/Address/State" => "two capital letters, as the USPS has them",
        "Payor/Address/Zip" => "five digits, or five, `-` and four",
        "Payee/PlaidId" => "whose loan it is: the institution's id at Plaid, `ins_` and digits",
        "Payee/LoanAccountNumber" => {
            "the loan's number at the institution: 1 to 17 letters, digits and `-`, leading zeros kept; hyphens and case make no other loan"
        }
        "Payee/ABARouting" => "of a bank account: its routing number, nine digits with a right check digit",
        "Payee/AccountNumber" => {
            "of a bank account: 1 to 17 letters, digits and `-`, leading zeros kept; hyphens and case make no other account"
        }
        "Payee/AccountType" => "of a bank account: `checking` or `savings`",
        "Payee/Name" => "of a bank account: whose it is, 1 to 100 characters; the bank gets 22 of them in capitals",
        "Amount" => "dollars with two decimals, `$8.15`, `8.15` or `$1,234.56`, from 1.00 on",
        other => panic!("no words for {other}"),
    }
}

/// What a report's column holds.
pub(crate) fn reported(column: &str) -> &'static str {
    match column {
        "row" => "the row of the file, from 1; 0 for a refund",
        "payment_id" => "the payment's id, as `GET /payments/{payment_id}` takes it",
        "employee_id" => "as in the file",
        "branch_id" => "as in the file",
        "source_id" => "as in the file",
        "institution_id" => "as in the file; empty where the row names a bank account",
        "account_last4" => {
            "the last four of the loan's or bank account's number, or of the account that a refund goes to"
        }
        "amount" => "dollars with two decimals",
        "status" => "unprocessed, submitting, processing, completed, failed, returned or canceled",
        "reason" => "why it failed, came back or waits; else empty",
        "transfer_id" => "the bank's id of the transfer; empty before it has one",
        "created_at" => "when it was recorded, in UTC",
        "updated_at" => "when it last changed, in UTC",
        "kind" => "payment, or refund: money that went back to its source, which is in no row",
        "corrected_account_last4" => "the account that was paid where the bank had corrected the one of the file",
        "change_code" => "the bank's code of that correction",
        "payee_name" => "of a row that names a bank account: whose it is, as the bank has the name; else empty",
        "payments" => "how many payments",
        "total" => "their sum",
        "completed" => "how many are settled",
        "completed_total" => "their sum",
        "failed" => "how many were refused for good, or lost their funding",
        "failed_total" => "their sum",
        "canceled" => "how many a person stopped before the bank took them",
        "canceled_total" => "their sum",
        "returned" => "how many came back",
        "returned_total" => "their sum",
        "open" => "how many are still under way",
        "open_total" => "their sum",
        "refunds" => "how many refunds to the source hold money, sent or still to be sent",
        "refunds_total" => "their sum",
        other => panic!("no words for {other}"),
    }
}
