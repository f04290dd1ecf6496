//! The structure of a row: four groups and their leaves, each addressed by its path (payroll-file.md section 1). A payee is a loan, by two
//! leaves, or a bank account, by four others.

/// A leaf of a row. `DunkinId` occurs twice with different meanings, so the names here are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    EmployeeId,
    BranchId,
    FirstName,
    LastName,
    Dob,
    PhoneNumber,
    SourceId,
    AbaRouting,
    AccountNumber,
    Name,
    Dba,
    Ein,
    Line1,
    City,
    State,
    Zip,
    InstitutionId,
    LoanAccountNumber,
    PayeeRouting,
    PayeeAccount,
    PayeeAccountType,
    PayeeName,
    Amount,
}

/// An element of a row that holds leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Row,
    Employee,
    Payor,
    Address,
    Payee,
}

/// What an element is, by where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Group(Group),
    Leaf(Field),
    /// Unknown, or inside something unknown or unexpected: its content counts for nothing.
    Ignored,
}

impl Field {
    pub(super) const COUNT: usize = 23;

    pub(super) const ALL: [Field; Field::COUNT] = [
        Field::EmployeeId,
        Field::BranchId,
        Field::FirstName,
        Field::LastName,
        Field::Dob,
        Field::PhoneNumber,
        Field::SourceId,
        Field::AbaRouting,
        Field::AccountNumber,
        Field::Name,
        Field::Dba,
        Field::Ein,
        Field::Line1,
        Field::City,
        Field::State,
        Field::Zip,
        Field::InstitutionId,
        Field::LoanAccountNumber,
        Field::PayeeRouting,
        Field::PayeeAccount,
        Field::PayeeAccountType,
        Field::PayeeName,
        Field::Amount,
    ];

    /// What names a loan as the payee.
    pub(super) const OF_LOAN: [Field; 2] = [Field::InstitutionId, Field::LoanAccountNumber];

    /// What names a bank account as the payee.
    pub(super) const OF_ACCOUNT: [Field; 4] =
        [Field::PayeeRouting, Field::PayeeAccount, Field::PayeeAccountType, Field::PayeeName];

    pub(super) const fn index(self) -> usize {
        self as usize
    }

    pub(super) const fn path(self) -> &'static str {
        match self {
            Field::EmployeeId => "Employee/DunkinId",
            Field::BranchId => "Employee/DunkinBranch",
            Field::FirstName => "Employee/FirstName",
            Field::LastName => "Employee/LastName",
            Field::Dob => "Employee/DOB",
            Field::PhoneNumber => "Employee/PhoneNumber",
            Field::SourceId => "Payor/DunkinId",
            Field::AbaRouting => "Payor/ABARouting",
            Field::AccountNumber => "Payor/AccountNumber",
            Field::Name => "Payor/Name",
            Field::Dba => "Payor/DBA",
            Field::Ein => "Payor/EIN",
            Field::Line1 => "Payor/Address/Line1",
            Field::City => "Payor/Address/City",
            Field::State => "Payor/Address/State",
            Field::Zip => "Payor/Address/Zip",
            Field::InstitutionId => "Payee/PlaidId",
            Field::LoanAccountNumber => "Payee/LoanAccountNumber",
            Field::PayeeRouting => "Payee/ABARouting",
            Field::PayeeAccount => "Payee/AccountNumber",
            Field::PayeeAccountType => "Payee/AccountType",
            Field::PayeeName => "Payee/Name",
            Field::Amount => "Amount",
        }
    }

    /// The name of its column in a table.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Field::EmployeeId => "employee_id",
            Field::BranchId => "branch_id",
            Field::FirstName => "first_name",
            Field::LastName => "last_name",
            Field::Dob => "date_of_birth",
            Field::PhoneNumber => "phone_number",
            Field::SourceId => "source_id",
            Field::AbaRouting => "source_routing_number",
            Field::AccountNumber => "source_account_number",
            Field::Name => "company_name",
            Field::Dba => "trade_name",
            Field::Ein => "ein",
            Field::Line1 => "company_address",
            Field::City => "company_city",
            Field::State => "company_state",
            Field::Zip => "company_zip",
            Field::InstitutionId => "institution_id",
            Field::LoanAccountNumber => "loan_account_number",
            Field::PayeeRouting => "payee_routing_number",
            Field::PayeeAccount => "payee_account_number",
            Field::PayeeAccountType => "payee_account_type",
            Field::PayeeName => "payee_name",
            Field::Amount => "amount",
        }
    }

    pub(super) const fn group(self) -> Group {
        match self {
            Field::EmployeeId
            | Field::BranchId
            | Field::FirstName
            | Field::LastName
            | Field::Dob
            | Field::PhoneNumber => Group::Employee,
            Field::SourceId | Field::AbaRouting | Field::AccountNumber | Field::Name | Field::Dba | Field::Ein => {
                Group::Payor
            }
            Field::Line1 | Field::City | Field::State | Field::Zip => Group::Address,
            Field::InstitutionId
            | Field::LoanAccountNumber
            | Field::PayeeRouting
            | Field::PayeeAccount
            | Field::PayeeAccountType
            | Field::PayeeName => Group::Payee,
            Field::Amount => Group::Row,
        }
    }
}

impl Group {
    pub(super) const COUNT: usize = 5;

    /// The groups inside the row, parents before children.
    pub(super) const INNER: [Group; 4] = [Group::Employee, Group::Payor, Group::Address, Group::Payee];

    pub(super) const fn index(self) -> usize {
        self as usize
    }

    pub(super) const fn path(self) -> &'static str {
        match self {
            Group::Row => "row",
            Group::Employee => "Employee",
            Group::Payor => "Payor",
            Group::Address => "Payor/Address",
            Group::Payee => "Payee",
        }
    }

    pub(super) const fn parent(self) -> Group {
        match self {
            Group::Row | Group::Employee | Group::Payor | Group::Payee => Group::Row,
            Group::Address => Group::Payor,
        }
    }

    /// What a child element of this name is. Names are compared exactly: `amount` is not `Amount`.
    pub(super) fn child(self, name: &str) -> Element {
        match self {
            Group::Row => match name {
                "Employee" => Element::Group(Group::Employee),
                "Payor" => Element::Group(Group::Payor),
                "Payee" => Element::Group(Group::Payee),
                "Amount" => Element::Leaf(Field::Amount),
                _ => Element::Ignored,
            },
            Group::Employee => match name {
                "DunkinId" => Element::Leaf(Field::EmployeeId),
                "DunkinBranch" => Element::Leaf(Field::BranchId),
                "FirstName" => Element::Leaf(Field::FirstName),
                "LastName" => Element::Leaf(Field::LastName),
                "DOB" => Element::Leaf(Field::Dob),
                "PhoneNumber" => Element::Leaf(Field::PhoneNumber),
                _ => Element::Ignored,
            },
            Group::Payor => match name {
                "DunkinId" => Element::Leaf(Field::SourceId),
                "ABARouting" => Element::Leaf(Field::AbaRouting),
                "AccountNumber" => Element::Leaf(Field::AccountNumber),
                "Name" => Element::Leaf(Field::Name),
                "DBA" => Element::Leaf(Field::Dba),
                "EIN" => Element::Leaf(Field::Ein),
                "Address" => Element::Group(Group::Address),
                _ => Element::Ignored,
            },
            Group::Address => match name {
                "Line1" => Element::Leaf(Field::Line1),
                "City" => Element::Leaf(Field::City),
                "State" => Element::Leaf(Field::State),
                "Zip" => Element::Leaf(Field::Zip),
                _ => Element::Ignored,
            },
            Group::Payee => match name {
                "PlaidId" => Element::Leaf(Field::InstitutionId),
                "LoanAccountNumber" => Element::Leaf(Field::LoanAccountNumber),
                "ABARouting" => Element::Leaf(Field::PayeeRouting),
                "AccountNumber" => Element::Leaf(Field::PayeeAccount),
                "AccountType" => Element::Leaf(Field::PayeeAccountType),
                "Name" => Element::Leaf(Field::PayeeName),
                _ => Element::Ignored,
            },
        }
    }
}
