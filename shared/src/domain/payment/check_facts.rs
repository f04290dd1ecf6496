//! What is known of the check that pays a payment, besides the state of its leg. Mail decides nothing about money.

use serde::{Deserialize, Serialize};

use crate::domain::bank::check::delivery::DeliveryStatus;
use crate::domain::bank::check::snapshot::CheckSnapshot;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckFacts {
    /// The bank's id of the check that these facts are about: a replacement begins anew.
    pub check_id: String,
    /// As printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_number: Option<i64>,
    /// The bank's own word for where the letter is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_status: Option<DeliveryStatus>,
}

impl CheckFacts {
    /// These facts and what the bank's check shows, in whatever order its events come: an earlier place of the letter adds nothing.
    pub fn with(known: Option<Self>, check: &CheckSnapshot) -> Self {
        let known = known.filter(|known| known.check_id == check.id);
        let (number, delivery) = known.map(|known| (known.check_number, known.delivery_status)).unwrap_or_default();
        let rank = |status: &DeliveryStatus| status.rank();
        Self {
            check_id: check.id.clone(),
            check_number: check.check_number.or(number),
            delivery_status: match (delivery, &check.delivery_status) {
                (Some(known), Some(told)) if rank(told) <= rank(&known) => Some(known),
                (_, Some(told)) => Some(told.clone()),
                (known, None) => known,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn check(id: &str, delivery_status: Option<&str>) -> CheckSnapshot {
        CheckSnapshot::from_json(json!({
            "id": id, "type": "debit", "status": "issued", "positive_pay_amount": 165_500, "currency_code": "USD",
            "bank_account_id": "bacc_1", "check_number": 1001, "delivery_status": delivery_status,
            "created_at": "2026-03-09T18:00:00Z",
        }))
        .unwrap()
    }

    const LETTER: [&str; 5] = ["created", "rendered_pdf", "mailed", "in_transit", "delivered"];

    proptest! {
        #[test]
        fn the_letter_is_where_it_last_was_in_whatever_order_the_events_come(
            order in Just(LETTER.to_vec()).prop_shuffle(),
        ) {
            let facts = order.into_iter().fold(None, |known, status| {
                Some(CheckFacts::with(known, &check("chkt_1", Some(status))))
            });
            prop_assert_eq!(facts.unwrap().delivery_status, Some(DeliveryStatus::Delivered));
        }
    }

    #[test]
    fn an_event_without_a_place_of_the_letter_leaves_the_known_one() {
        let known = CheckFacts::with(None, &check("chkt_1", Some("mailed")));
        assert_eq!(CheckFacts::with(Some(known.clone()), &check("chkt_1", None)), known);
        assert_eq!(known.check_number, Some(1001));
    }

    #[test]
    fn a_replacement_begins_anew() {
        let lost = CheckFacts::with(None, &check("chkt_1", Some("returned_to_sender")));
        let replaced = CheckFacts::with(Some(lost), &check("chkt_2", Some("created")));
        assert_eq!(replaced.delivery_status, Some(DeliveryStatus::Created));
    }
}
