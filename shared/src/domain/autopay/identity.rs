//! What an account is called when it is linked first, and what it looks like: one decision, used by every id of a card and a bank account.
//!
//! Plaid makes new account ids at every link, so they say nothing across links; within a link, two of them are two accounts. An id is made
//! once, of what is known then, and stays whatever changes:
//!
//! - a card: `persistent_account_id` where Plaid gives one; else institution, type, subtype, mask and official name (or name).
//! - a bank account: `persistent_account_id` where Plaid gives one; else routing and account number.
//!
//! What joins a later link to it are keys ([`super::real_account`]): that id, every number it had, the number that its person entered. A card
//! that only looks the same in another link ([`described_parts`]) is another card until its person says otherwise. Case and spacing of
//! names do not count. The person always counts: two persons who share a card have one each, since joint accounts are legitimate; what
//! each has under way counts for both. Limit: two cards of one link that agree in all of it cannot be told apart, and then neither is
//! paid ([`duplicates`]).

use std::collections::BTreeMap;
use std::fmt;

use super::ids::PersonId;
use crate::domain::secret::AccountNumber;

/// What Plaid says of an account that tells it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountFacts<'a> {
    pub institution_id: &'a str,
    /// Plaid's type, like `credit`.
    pub kind: &'a str,
    pub subtype: Option<&'a str>,
    pub mask: Option<&'a str>,
    pub name: &'a str,
    pub official_name: Option<&'a str>,
    pub persistent_account_id: Option<&'a str>,
}

/// The parts that a fingerprint is made of, in order. May hold an account number, so nothing prints them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityParts(Vec<String>);

impl IdentityParts {
    /// For the keyed fingerprint alone.
    pub fn expose(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

impl fmt::Debug for IdentityParts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "IdentityParts({})", self.0.len())
    }
}

pub fn card_parts(person: PersonId, facts: &AccountFacts<'_>) -> IdentityParts {
    if let Some(persistent) = persistent(facts.persistent_account_id) {
        return parts("card", person, &["persistent", facts.institution_id, persistent]);
    }
    described_parts(person, facts)
}

/// What a card looks like, however it is known.
pub fn described_parts(person: PersonId, facts: &AccountFacts<'_>) -> IdentityParts {
    let name = plain(facts.official_name.filter(|name| !name.trim().is_empty()).unwrap_or(facts.name));
    let subtype = plain(facts.subtype.unwrap_or_default());
    let mask = plain(facts.mask.unwrap_or_default());
    parts("card", person, &["described", facts.institution_id, &plain(facts.kind), &subtype, &mask, &name])
}

/// A card that looks like another one, so that nothing but its link tells it from that.
pub fn card_of_link_parts(person: PersonId, item_id: &str, account_id: &str) -> IdentityParts {
    parts("card", person, &["of link", item_id, account_id])
}

pub fn bank_account_parts(
    person: PersonId,
    persistent_account_id: Option<&str>,
    routing_number: &str,
    account_number: &AccountNumber,
) -> IdentityParts {
    match persistent(persistent_account_id) {
        Some(persistent) => parts("bank account", person, &["persistent", persistent]),
        None => parts("bank account", person, &["numbers", routing_number, account_number.expose()]),
    }
}

/// The account ids of one item whose identity another account of the item has too.
pub fn duplicates<'a>(accounts: impl IntoIterator<Item = (&'a str, IdentityParts)>) -> Vec<&'a str> {
    let mut known: BTreeMap<IdentityParts, Vec<&str>> = BTreeMap::new();
    for (account_id, identity) in accounts {
        known.entry(identity).or_default().push(account_id);
    }
    known.into_values().filter(|same| same.len() > 1).flatten().collect()
}

fn parts(kind: &str, person: PersonId, rest: &[&str]) -> IdentityParts {
    let rest = rest.iter().map(|part| (*part).to_owned());
    IdentityParts([kind.to_owned(), person.to_string()].into_iter().chain(rest).collect())
}

fn persistent(id: Option<&str>) -> Option<&str> {
    id.filter(|id| !id.is_empty())
}

/// Lower case, single spaces.
fn plain(text: &str) -> String {
    text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person() -> PersonId {
        PersonId::of_subject("ann")
    }

    fn facts() -> AccountFacts<'static> {
        AccountFacts {
            institution_id: "ins_1",
            kind: "credit",
            subtype: Some("credit card"),
            mask: Some("4821"),
            name: "Everyday Card",
            official_name: Some("Everyday Rewards Visa"),
            persistent_account_id: None,
        }
    }

    #[test]
    fn a_card_linked_again_is_the_same_card_however_its_name_is_spaced() {
        let again = AccountFacts { official_name: Some(" everyday  REWARDS Visa"), name: "Card", ..facts() };
        assert_eq!(card_parts(person(), &facts()), card_parts(person(), &again));
    }

    #[test]
    fn another_mask_name_institution_or_person_is_another_card() {
        let changed = [
            AccountFacts { mask: Some("4822"), ..facts() },
            AccountFacts { mask: None, ..facts() },
            AccountFacts { official_name: Some("Travel Visa"), ..facts() },
            AccountFacts { official_name: None, ..facts() },
            AccountFacts { institution_id: "ins_2", ..facts() },
            AccountFacts { subtype: Some("paypal"), ..facts() },
            AccountFacts { persistent_account_id: Some("p1"), ..facts() },
        ];
        for other in changed {
            assert_ne!(card_parts(person(), &facts()), card_parts(person(), &other), "{other:?}");
        }
        assert_ne!(card_parts(person(), &facts()), card_parts(PersonId::of_subject("bob"), &facts()));
    }

    #[test]
    fn a_persistent_id_outweighs_a_changed_name_mask_and_number() {
        let renamed = AccountFacts { mask: None, official_name: None, persistent_account_id: Some("p1"), ..facts() };
        let before = AccountFacts { persistent_account_id: Some("p1"), ..facts() };
        assert_eq!(card_parts(person(), &before), card_parts(person(), &renamed));
        let number = |text: &str| AccountNumber::new(text);
        assert_eq!(
            bank_account_parts(person(), Some("p1"), "021000021", &number("1111222233330000")),
            bank_account_parts(person(), Some("p1"), "011401533", &number("1111222233331111")),
        );
        assert_ne!(
            bank_account_parts(person(), None, "021000021", &number("1111222233330000")),
            bank_account_parts(person(), Some(""), "021000021", &number("1111222233331111")),
        );
    }

    #[test]
    fn accounts_of_one_item_that_agree_in_everything_are_twins() {
        let same = card_parts(person(), &facts());
        let other = card_parts(person(), &AccountFacts { mask: Some("1"), ..facts() });
        assert_eq!(duplicates([("a", same.clone()), ("b", other.clone()), ("c", same.clone())]), ["a", "c"]);
        assert!(duplicates([("a", same), ("b", other)]).is_empty());
    }

    #[test]
    fn nothing_prints_an_account_number() {
        let printed =
            format!("{:?}", bank_account_parts(person(), None, "021000021", &AccountNumber::new("123456789")));
        assert!(!printed.contains("123456789"), "{printed}");
    }
}
