//! The biller directory: how an institution takes payments. What an operator entered, confirmed by a second person, wins over what
//! Plaid says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::aba::RoutingNumber;
use super::bank::body::RequestProblem;
use super::bank::institution::{Institution, InstitutionAddressProblem};
use super::bank::limits::CheckPayeeName;
use super::bank::mailing_address::MailingAddress;
use super::bank::request::{AccountType, EntryClass};
use super::batch::manifest::InstitutionDecision;

/// Loans are credited as the biller's account of that number. PPD: the account is a person's (`money-rules.md` section 2.1).
pub const DEFAULT_ACCOUNT_TYPE: AccountType = AccountType::Loan;
pub const DEFAULT_ENTRY_CLASS: EntryClass = EntryClass::Ppd;
/// Not `PAYROLL`: that text is for wages, and this pays a loan (`money-rules.md` section 2.2).
pub const DEFAULT_ENTRY_DESCRIPTION: &str = "LOAN PMT";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Biller {
    pub institution_id: String,
    pub version: u64,
    /// What counts. Absent until a second person has confirmed the first entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<InstitutionDecision>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
    /// Where checks for it go. Absent until a second person has confirmed it. The address that our bank knows of an institution is none
    /// by itself, and becomes one only here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remittance: Option<Remittance>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remittance_proposal: Option<RemittanceProposal>,
    /// An institution's own address that is to be looked up and proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_lookup: Option<AddressLookup>,
    pub updated_at: Timestamp,
}

/// To whose order a check is made out, and where it is mailed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remittance {
    /// At most 40 characters.
    pub name: String,
    pub address: MailingAddress,
    /// The routing number of the institution whose own address this is, by our bank's directory. Absent where the address is the
    /// biller's own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution_routing_number: Option<String>,
}

/// A remittance address that waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemittanceProposal {
    pub remittance: Remittance,
    pub by: String,
    pub at: Timestamp,
}

/// A look into our bank's directory, which the worker does: it alone may ask the bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressLookup {
    pub routing_number: String,
    /// To whose order the check is made out.
    pub name: String,
    pub by: String,
    pub at: Timestamp,
    /// Why nothing is proposed. Absent until the directory was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Remittance {
    /// Made out to `name`, and mailed to where the institution itself is.
    pub fn at_institution(name: String, institution: &Institution) -> Result<Self, InstitutionAddressProblem> {
        let address = institution.mailing_address()?;
        Ok(Self { name, address, institution_routing_number: Some(institution.routing_number.clone()) })
    }

    /// Whether a check can be made out to this name.
    pub fn check_name(name: &str) -> Result<(), RequestProblem> {
        CheckPayeeName::try_from(name).map(|_| ())
    }
}

/// A change that waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub decision: InstitutionDecision,
    pub by: String,
    pub at: Timestamp,
}

/// Why a change of the directory was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BillerRefusal {
    #[error("nothing is proposed for this institution")]
    NothingProposed,
    #[error("who proposed a change cannot confirm it; ask a second person")]
    SamePerson,
    #[error("the proposal is not the one you name; read it again")]
    OtherProposal,
}

impl Biller {
    /// An institution of which nothing counts yet.
    pub fn new(institution_id: String, now: Timestamp) -> Self {
        Self {
            institution_id,
            version: 1,
            decision: None,
            proposal: None,
            remittance: None,
            remittance_proposal: None,
            address_lookup: None,
            updated_at: now,
        }
    }

    /// Whether something is proposed that a second person has not confirmed.
    pub const fn is_waiting(&self) -> bool {
        self.proposal.is_some() || self.remittance_proposal.is_some()
    }

    /// What the bank's directory said becomes a proposal, or the reason that there is none.
    pub fn looked_up(&mut self, institution: Option<&Institution>, now: Timestamp) {
        let Some(lookup) = self.address_lookup.take() else { return };
        let found = match institution {
            None => Err("our bank knows no institution with this routing number".to_owned()),
            Some(known) => {
                Remittance::at_institution(lookup.name.clone(), known).map_err(|problem| problem.to_string())
            }
        };
        match found {
            Ok(remittance) => {
                self.remittance_proposal = Some(RemittanceProposal { remittance, by: lookup.by, at: lookup.at });
            }
            Err(failure) => self.address_lookup = Some(AddressLookup { failure: Some(failure), ..lookup }),
        }
        self.updated_at = now;
    }

    /// Makes the proposal count. `seen` is the decision that the second person looked at.
    pub fn confirm(&mut self, by: &str, seen: &InstitutionDecision, now: Timestamp) -> Result<(), BillerRefusal> {
        let proposal = self.proposal.as_ref().ok_or(BillerRefusal::NothingProposed)?;
        if proposal.by == by {
            return Err(BillerRefusal::SamePerson);
        }
        if proposal.decision != *seen {
            return Err(BillerRefusal::OtherProposal);
        }
        self.decision = self.proposal.take().map(|proposal| proposal.decision);
        self.updated_at = now;
        Ok(())
    }

    /// Makes the proposed remittance address count. `seen` is the one that the second person looked at.
    pub fn confirm_remittance(&mut self, by: &str, seen: &Remittance, now: Timestamp) -> Result<(), BillerRefusal> {
        let proposal = self.remittance_proposal.as_ref().ok_or(BillerRefusal::NothingProposed)?;
        if proposal.by == by {
            return Err(BillerRefusal::SamePerson);
        }
        if proposal.remittance != *seen {
            return Err(BillerRefusal::OtherProposal);
        }
        self.remittance = self.remittance_proposal.take().map(|proposal| proposal.remittance);
        self.updated_at = now;
        Ok(())
    }
}

/// The decision for an institution that Plaid answered with these routing numbers, where no operator has entered one.
pub fn decide(routing_numbers: &[String]) -> InstitutionDecision {
    let is_one = |number: &&String| number.parse::<RoutingNumber>().is_ok();
    match routing_numbers.iter().find(is_one) {
        Some(routing_number) => InstitutionDecision::Ach {
            routing_number: routing_number.clone(),
            account_type: DEFAULT_ACCOUNT_TYPE,
            entry_class: DEFAULT_ENTRY_CLASS,
            entry_description: DEFAULT_ENTRY_DESCRIPTION.to_owned(),
        },
        None => InstitutionDecision::Unpayable { reason: "no_routing_number".to_owned() },
    }
}

/// The decision for an institution that nobody knows.
pub fn unknown() -> InstitutionDecision {
    InstitutionDecision::Unpayable { reason: "unknown_institution".to_owned() }
}
