//! Stored attributes as DynamoDB values and back. Numbers are whole; sets and binary are never written here, so reading one is a defect.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use crate::adapters::table_item::{PK, SK, WRITER};
use crate::ports::table::{Attributes, TableError};

pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn to_item(attributes: Attributes) -> Item {
    attributes.into_iter().map(|(name, value)| (name, to_value(value))).collect()
}

fn to_value(value: Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(flag) => AttributeValue::Bool(flag),
        // Fractions were refused before: the text is that of a whole number.
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text),
        Value::Array(values) => AttributeValue::L(values.into_iter().map(to_value).collect()),
        Value::Object(entries) => AttributeValue::M(to_item(entries)),
    }
}

/// The item as readers see it, without the table's own `writer`.
pub(super) fn to_attributes(mut item: Item) -> Result<Attributes, TableError> {
    item.remove(WRITER);
    let place = format!("{} {}", text_of(&item, PK).unwrap_or("?"), text_of(&item, SK).unwrap_or("?"));
    from_item(item).map_err(|reason| TableError::Defect(format!("item {place} cannot be read: {reason}")))
}

pub(super) fn text_of<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

fn from_item(item: Item) -> Result<Attributes, &'static str> {
    item.into_iter().map(|(name, value)| Ok((name, from_value(value)?))).collect()
}

fn from_value(value: AttributeValue) -> Result<Value, &'static str> {
    match value {
        AttributeValue::Null(_) => Ok(Value::Null),
        AttributeValue::Bool(flag) => Ok(Value::Bool(flag)),
        AttributeValue::N(digits) => whole_number(&digits).ok_or("a number is not whole or too large"),
        AttributeValue::S(text) => Ok(Value::String(text)),
        AttributeValue::L(values) => values.into_iter().map(from_value).collect::<Result<_, _>>().map(Value::Array),
        AttributeValue::M(entries) => from_item(entries).map(Value::Object),
        AttributeValue::B(_) | AttributeValue::Bs(_) | AttributeValue::Ns(_) | AttributeValue::Ss(_) | _ => {
            Err("it holds a set or binary, which this system never writes")
        }
    }
}

fn whole_number(digits: &str) -> Option<Value> {
    match digits.parse::<i64>() {
        Ok(number) => Some(Value::from(number)),
        Err(_) => digits.parse::<u64>().ok().map(Value::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stored_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn an_item_reads_back_as_it_was_written(value in stored_value()) {
            let attributes: Attributes = [("kept".to_owned(), value)].into_iter().collect();
            prop_assert_eq!(to_attributes(to_item(attributes.clone())).expect("readable"), attributes);
        }
    }

    #[test]
    fn the_writer_is_kept_from_readers() {
        let item = HashMap::from([(WRITER.to_owned(), text("a token")), ("state".to_owned(), text("held"))]);
        let attributes = to_attributes(item).expect("readable");
        assert_eq!(attributes.keys().collect::<Vec<_>>(), ["state"]);
    }

    #[test]
    fn a_fraction_is_a_defect_that_names_the_item() {
        let item = HashMap::from([
            (PK.to_owned(), text("PAYMENT#1")),
            (SK.to_owned(), text("PAYMENT")),
            ("amount".to_owned(), AttributeValue::N("1.5".to_owned())),
        ]);
        let refusal = to_attributes(item).expect_err("fractions are never written");
        assert!(refusal.to_string().contains("PAYMENT#1 PAYMENT"), "{refusal}");
    }
}
