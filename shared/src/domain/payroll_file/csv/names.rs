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

/// A name without regard to case, blanks and signs: `Routing No.` and `routing_no` are one.
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

/// Names that mean one thing only. `Name` alone could be a person's or the company's, so it is neither.
const fn synonyms(field: Field) -> &'static [&'static str] {
    match field {
        Field::EmployeeId => &["employee", "employee number", "employee no", "emp id", "worker id", "associate id"],
        Field::BranchId => &["branch", "branch number", "DunkinBranch", "location", "location id", "store", "store id"],
        Field::FirstName => &["first", "given name"],
        Field::LastName => &["last", "surname", "family name"],
        Field::Dob => &["DOB", "birth date", "birthday"],
        Field::PhoneNumber => &["phone", "mobile", "mobile number", "cell phone", "telephone"],
        Field::SourceId => &["source", "funding source", "payor", "payor id", "payer", "payer id", "company id"],
        Field::AbaRouting => &["routing", "routing no", "ABA", "ABA routing", "ABA number", "routing transit number"],
        Field::AccountNumber => &["account", "account no", "bank account", "bank account number"],
        Field::Name => &["company", "legal name", "payor name", "payer name", "employer", "employer name"],
        Field::Dba => &["DBA", "doing business as"],
        Field::Ein => &["FEIN", "federal EIN", "tax id", "employer identification number"],
        Field::Line1 => &["line 1", "address 1", "address line 1", "street", "street address"],
        Field::City => &["town"],
        Field::State => &["state code"],
        Field::Zip => &["zip code", "postal code", "postcode"],
        Field::InstitutionId => &["institution", "PlaidId", "plaid institution id", "lender id", "servicer id"],
        Field::LoanAccountNumber => &["loan", "loan number", "loan no", "loan id", "loan account"],
        Field::Amount => &["amount USD", "payment", "payment amount", "net amount"],
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
            (" Routing No. ", Some(Field::AbaRouting)),
            ("PAYOR/ABAROUTING", Some(Field::AbaRouting)),
            ("Loan #", Some(Field::LoanAccountNumber)),
            ("EIN", Some(Field::Ein)),
            ("DunkinId", None),
            ("Name", None),
            ("", None),
        ] {
            assert_eq!(field_called(name), field, "{name}");
        }
    }
}
