//! The elements of a row by path, in document order: `payroll-file.md` section 1.

/// A leaf of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    EmployeeId,
    BranchId,
    FirstName,
    LastName,
    DateOfBirth,
    PhoneNumber,
    SourceId,
    RoutingNumber,
    AccountNumber,
    LegalName,
    TradeName,
    Ein,
    Line1,
    City,
    State,
    Zip,
    InstitutionId,
    LoanAccountNumber,
    Amount,
}

impl Field {
    /// All 19, in document order.
    pub const ALL: [Self; 19] = [
        Self::EmployeeId,
        Self::BranchId,
        Self::FirstName,
        Self::LastName,
        Self::DateOfBirth,
        Self::PhoneNumber,
        Self::SourceId,
        Self::RoutingNumber,
        Self::AccountNumber,
        Self::LegalName,
        Self::TradeName,
        Self::Ein,
        Self::Line1,
        Self::City,
        Self::State,
        Self::Zip,
        Self::InstitutionId,
        Self::LoanAccountNumber,
        Self::Amount,
    ];

    /// The path below `row`, as error records name it.
    pub const fn path(self) -> &'static str {
        match self {
            Self::EmployeeId => "Employee/DunkinId",
            Self::BranchId => "Employee/DunkinBranch",
            Self::FirstName => "Employee/FirstName",
            Self::LastName => "Employee/LastName",
            Self::DateOfBirth => "Employee/DOB",
            Self::PhoneNumber => "Employee/PhoneNumber",
            Self::SourceId => "Payor/DunkinId",
            Self::RoutingNumber => "Payor/ABARouting",
            Self::AccountNumber => "Payor/AccountNumber",
            Self::LegalName => "Payor/Name",
            Self::TradeName => "Payor/DBA",
            Self::Ein => "Payor/EIN",
            Self::Line1 => "Payor/Address/Line1",
            Self::City => "Payor/Address/City",
            Self::State => "Payor/Address/State",
            Self::Zip => "Payor/Address/Zip",
            Self::InstitutionId => "Payee/PlaidId",
            Self::LoanAccountNumber => "Payee/LoanAccountNumber",
            Self::Amount => "Amount",
        }
    }

    pub fn element_name(self) -> &'static str {
        last_of(self.path())
    }

    /// By path, or by element name where only one leaf has it (`DOB`, but not `DunkinId`).
    pub fn find(text: &str) -> Option<Self> {
        let mut found = Self::ALL.into_iter().filter(|field| field.path() == text || field.element_name() == text);
        match (found.next(), found.next()) {
            (Some(field), None) => Some(field),
            (Some(_), Some(_)) | (None, _) => None,
        }
    }
}

/// An element of a row that holds others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    Employee,
    Payor,
    Address,
    Payee,
}

impl Group {
    pub const ALL: [Self; 4] = [Self::Employee, Self::Payor, Self::Address, Self::Payee];

    /// The path below `row`, as error records name it.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Employee => "Employee",
            Self::Payor => "Payor",
            Self::Address => "Payor/Address",
            Self::Payee => "Payee",
        }
    }

    pub fn element_name(self) -> &'static str {
        last_of(self.path())
    }

    /// By path or element name.
    pub fn find(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.path() == text || group.element_name() == text)
    }
}

fn last_of(path: &'static str) -> &'static str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What a row consists of, in the order of every known file.
#[derive(Debug)]
pub(crate) enum Node {
    Field(Field),
    Group(Group, &'static [Node]),
}

pub(crate) const ROW: &[Node] = &[
    Node::Group(
        Group::Employee,
        &[
            Node::Field(Field::EmployeeId),
            Node::Field(Field::BranchId),
            Node::Field(Field::FirstName),
            Node::Field(Field::LastName),
            Node::Field(Field::DateOfBirth),
            Node::Field(Field::PhoneNumber),
        ],
    ),
    Node::Group(
        Group::Payor,
        &[
            Node::Field(Field::SourceId),
            Node::Field(Field::RoutingNumber),
            Node::Field(Field::AccountNumber),
            Node::Field(Field::LegalName),
            Node::Field(Field::TradeName),
            Node::Field(Field::Ein),
            Node::Group(
                Group::Address,
                &[
                    Node::Field(Field::Line1),
                    Node::Field(Field::City),
                    Node::Field(Field::State),
                    Node::Field(Field::Zip),
                ],
            ),
        ],
    ),
    Node::Group(Group::Payee, &[Node::Field(Field::InstitutionId), Node::Field(Field::LoanAccountNumber)]),
    Node::Field(Field::Amount),
];
