//! What the columns of a table may be called.

use crate::domain::payroll_file::field::Field;

/// A column of a payment: where its value stands in the XML file, and its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnName {
    pub path: &'static str,
    /// As a template names it.
    pub name: &'static str,
    /// Further names that are taken for it.
    pub synonyms: &'static [&'static str],
}

/// Every column of a payment, in the order of a template.
pub fn column_names() -> impl Iterator<Item = ColumnName> {
    Field::ALL.into_iter().map(|field| ColumnName {
        path: field.path(),
        name: field.column(),
        synonyms: synonyms(field),
    })
}

/// A name without regard to case, blanks and signs: `Loan No.` and `loan_no` are one.
pub(super) fn folded(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The field that is called so in a header.
pub(super) fn field_called(name: &str) -> Option<Field> {
    let name = folded(name);
    Field::ALL.into_iter().find(|field| {
        let names = [field.column(), field.path()].into_iter().chain(synonyms(*field).iter().copied());
        names.into_iter().any(|known| folded(known) == name)
    })
}

/// The column that is called so, by its name in a template.
pub fn column_called(name: &str) -> Option<&'static str> {
    field_called(name).map(Field::column)
}

/// Names that mean one thing only. `Account number` could be the company's, an employee's or a loan's, `City` and `Tax id` an employee's, `Name`
/// anybody's: none of these is taken for anything.
const fn synonyms(field: Field) -> &'static [&'static str] {
    match field {
        Field::EmployeeId => &["employee number", "employee no", "emp id", "worker id", "associate id"],
        Field::BranchId => &["branch", "branch number", "branch no", "store id", "store number"],
        Field::FirstName => &["first", "given name"],
        Field::LastName => &["last", "surname", "family name"],
        Field::Dob => &["DOB", "birth date", "birthday"],
        Field::PhoneNumber => &["phone", "mobile", "mobile number", "cell phone", "telephone"],
        Field::SourceId => &["source", "funding source", "payor id", "payer id"],
        Field::AbaRouting => &["source routing", "source routing no", "payor routing number", "payer routing number"],
        Field::AccountNumber => {
            &["source account", "source account no", "payor account number", "payer account number"]
        }
        Field::Name => &["company", "legal name", "payor name", "payer name", "employer", "employer name"],
        Field::Dba => &["DBA", "doing business as"],
        Field::Ein => &["FEIN", "federal EIN", "company EIN", "employer identification number"],
        Field::Line1 => &["company address line 1", "company street", "payor address", "employer address"],
        Field::City => &["payor city", "employer city"],
        Field::State => &["payor state", "employer state"],
        Field::Zip => &["company zip code", "company postal code", "payor zip", "employer zip"],
        Field::InstitutionId => &["PlaidId", "plaid institution id", "lender id", "servicer id"],
        Field::LoanAccountNumber => &["loan number", "loan no", "loan id", "loan account"],
        Field::PayeeRouting => {
            &["payee routing", "payee routing no", "employee routing number", "direct deposit routing number"]
        }
        Field::PayeeAccount => {
            &["payee account", "payee account no", "employee account number", "direct deposit account number"]
        }
        Field::PayeeAccountType => &["payee type of account", "employee account type", "direct deposit account type"],
        Field::PayeeName => &["account holder", "account holder name", "payee account name"],
        Field::Amount => &["amount USD", "payment amount"],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn no_name_means_two_columns() {
        let mut seen = BTreeMap::new();
        for column in column_names() {
            for name in [column.name, column.path].into_iter().chain(column.synonyms.iter().copied()) {
                let earlier = seen.insert(folded(name), column.name);
                let same_column = earlier.is_none_or(|earlier| earlier == column.name);
                assert!(same_column, "{name} is {earlier:?} and {}", column.name);
            }
        }
    }

    #[test]
    fn names_are_found_without_regard_to_case_blanks_and_signs() {
        for (name, field) in [
            ("amount", Some(Field::Amount)),
            (" Source Routing No. ", Some(Field::AbaRouting)),
            ("PAYOR/ABAROUTING", Some(Field::AbaRouting)),
            ("Loan No.", Some(Field::LoanAccountNumber)),
            ("EIN", Some(Field::Ein)),
            ("DunkinId", None),
            ("Name", None),
            ("Account Number", None),
            ("Payee Account No.", Some(Field::PayeeAccount)),
            ("Payee", None),
            ("Routing Number", None),
            ("City", None),
            ("", None),
        ] {
            assert_eq!(field_called(name), field, "{name}");
        }
    }
}
