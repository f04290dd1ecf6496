//! Typed conditions and ranges as DynamoDB expressions. Every name is a placeholder: `state` and others are reserved words.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::{Item, text};
use crate::adapters::table_item::{EXPIRES_AT, PK, Place, SK, STATE, VERSION, key_names};
use crate::ports::table::{Condition, Index, Query, Range};

/// An expression with the names and values it speaks of; absent where nothing is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Expression {
    pub(super) text: Option<String>,
    pub(super) names: Option<HashMap<String, String>>,
    pub(super) values: Option<HashMap<String, AttributeValue>>,
}

impl Expression {
    fn new(text: impl Into<String>, names: &[(&str, &str)], values: Vec<(String, AttributeValue)>) -> Self {
        let names = names.iter().map(|(placeholder, name)| ((*placeholder).to_owned(), (*name).to_owned())).collect();
        let values = if values.is_empty() { None } else { Some(values.into_iter().collect()) };
        Self { text: Some(text.into()), names: Some(names), values }
    }

    pub(super) fn of_condition(condition: &Condition) -> Self {
        match condition {
            Condition::Absent => Self::new("attribute_not_exists(#pk)", &[("#pk", PK)], Vec::new()),
            Condition::AbsentOrExpired { now_seconds } => Self::new(
                "attribute_not_exists(#pk) OR #expires_at <= :now",
                &[("#pk", PK), ("#expires_at", EXPIRES_AT)],
                vec![(":now".to_owned(), AttributeValue::N(now_seconds.to_string()))],
            ),
            Condition::VersionIs(version) => Self::new(
                "#version = :version",
                &[("#version", VERSION)],
                vec![(":version".to_owned(), AttributeValue::N(version.to_string()))],
            ),
            Condition::StateIn(states) => {
                let values: Vec<_> = states
                    .iter()
                    .enumerate()
                    .map(|(position, state)| (format!(":state{position}"), text(state)))
                    .collect();
                let placeholders: Vec<_> = values.iter().map(|(placeholder, _)| placeholder.as_str()).collect();
                Self::new(format!("#state IN ({})", placeholders.join(", ")), &[("#state", STATE)], values)
            }
            Condition::Always => Self::default(),
        }
    }

    pub(super) fn of_query(query: &Query) -> Self {
        let (pk_name, sk_name) = key_names(query.index);
        let (range_text, range_values) = match &query.range {
            Range::All => ("", Vec::new()),
            Range::BeginsWith(prefix) => (" AND begins_with(#sk, :low)", vec![(":low".to_owned(), text(prefix))]),
            Range::Between(low, high) => (
                " AND #sk BETWEEN :low AND :high",
                vec![(":low".to_owned(), text(low)), (":high".to_owned(), text(high))],
            ),
            Range::AtMost(high) => (" AND #sk <= :high", vec![(":high".to_owned(), text(high))]),
        };
        let mut values = range_values;
        values.push((":pk".to_owned(), text(&query.pk)));
        // A name that the expression does not use is refused by the service.
        let names: &[_] = match query.range {
            Range::All => &[("#pk", pk_name)],
            Range::BeginsWith(_) | Range::Between(..) | Range::AtMost(_) => &[("#pk", pk_name), ("#sk", sk_name)],
        };
        Self::new(format!("#pk = :pk{range_text}"), names, values)
    }
}

/// The index's name in the table; none for the table itself.
pub(super) fn index_name(index: Index) -> Option<String> {
    match index {
        Index::Primary => None,
        Index::Due => Some("due".to_owned()),
        Index::Lists => Some("lists".to_owned()),
        Index::Attention => Some("attention".to_owned()),
    }
}

/// The service's own form of a place in a query.
pub(super) fn start_key(place: Place, query: &Query) -> Item {
    let (pk_name, sk_name) = key_names(query.index);
    HashMap::from([
        (PK.to_owned(), AttributeValue::S(place.key.pk)),
        (SK.to_owned(), AttributeValue::S(place.key.sk)),
        (pk_name.to_owned(), text(&query.pk)),
        (sk_name.to_owned(), AttributeValue::S(place.sort)),
    ])
}
