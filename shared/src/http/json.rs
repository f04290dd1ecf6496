//! JSON as it was sent, to be read as a type of ours: an object as an object alone.
//!
//! Numbers are whole: money is text. serde takes a list for a structure's fields in their order, which nobody means. What it buffers itself (a tagged enum's fields) is out
//! of reach here: such an enum holds no structures.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{Deserialize, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Number};

/// What a fraction is called where it was not expected.
const FRACTION: &str = "fraction";

/// A value. Of an object every field that was sent, so that one that comes twice is noticed.
#[derive(Clone, Debug)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    /// A number that is not whole, which no field takes.
    Fraction,
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text, a number, true, false, null, a list or an object")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    #[expect(clippy::disallowed_types, reason = "serde hands a fraction over so, and it is not looked at")]
    fn visit_f64<E>(self, _fraction: f64) -> Result<Json, E> {
        Ok(Json::Fraction)
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = object.next_entry()? {
            fields.push(field);
        }
        Ok(Json::Object(fields))
    }
}

impl Json {
    /// Takes the value at the end of the keys out of its object, however often it stands there. Answers whether it did.
    pub(super) fn take_out(&mut self, keys: &[&str]) -> bool {
        let (Json::Object(fields), [key, within @ ..]) = (self, keys) else { return false };
        if within.is_empty() {
            let before = fields.len();
            fields.retain(|(name, _)| name != key);
            return fields.len() < before;
        }
        fields.iter_mut().filter(|(name, _)| name == key).any(|(_, value)| value.take_out(within))
    }

    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Json::Null => Unexpected::Unit,
            Json::Bool(value) => Unexpected::Bool(*value),
            Json::Number(_) => Unexpected::Other("number"),
            Json::Fraction => Unexpected::Other(FRACTION),
            Json::Text(text) => Unexpected::Str(text),
            Json::List(_) => Unexpected::Seq,
            Json::Object(_) => Unexpected::Map,
        }
    }
}

impl<'de> Deserializer<'de> for Json {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Json::Null => visitor.visit_unit(),
            Json::Bool(value) => visitor.visit_bool(value),
            Json::Number(number) => number.deserialize_any(visitor),
            Json::Fraction => Err(Error::invalid_type(Unexpected::Other(FRACTION), &visitor)),
            Json::Text(text) => visitor.visit_string(text),
            Json::List(values) => {
                let mut list = SeqDeserializer::new(values.into_iter());
                let value = visitor.visit_seq(&mut list)?;
                list.end().map(|()| value)
            }
            Json::Object(fields) => {
                let mut object = MapDeserializer::new(fields.into_iter());
                let value = visitor.visit_map(&mut object)?;
                object.end().map(|()| value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if matches!(self, Json::Null) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if matches!(self, Json::List(_)) {
            return Err(Error::invalid_type(Unexpected::Seq, &"an object"));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Json::Text(name) => visitor.visit_enum(name.into_deserializer()),
            Json::Object(fields) if fields.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(fields.into_iter())))
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Fraction | Json::List(_) | Json::Object(_) => {
                Err(Error::invalid_type(self.unexpected(), &"a name, or an object of one field"))
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        identifier ignored_any
    }
    forward_to_deserialize_any! { f32 f64 }
}

impl<'de> IntoDeserializer<'de, Error> for Json {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "snake_case")]
    enum Rule {
        WhenDue,
        AboveThreshold { down_to: u32 },
        Fixed(Place),
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Place {
        line: String,
        number: Option<i64>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Everything {
        rule: Rule,
        #[serde(default)]
        places: Vec<Place>,
        #[serde(default)]
        named: BTreeMap<String, Option<Place>>,
        #[serde(default)]
        pair: Option<(bool, u8)>,
    }

    fn read(text: &str) -> Result<Everything, Error> {
        Everything::deserialize(serde_json::from_str::<Json>(text)?)
    }

    #[test]
    fn whatever_a_type_may_hold_is_read_as_serde_json_reads_it() {
        for text in [
            r#"{"rule": "when_due"}"#,
            r#"{"rule": {"above_threshold": {"down_to": 3}}, "pair": [true, 7]}"#,
            r#"{"rule": {"fixed": {"line": "a", "number": -9}}, "places": [{"line": "b", "number": null}], "pair": null}"#,
            r#"{"rule": "when_due", "named": {"x": {"line": "c"}, "y": null}}"#,
        ] {
            assert_eq!(read(text).unwrap(), serde_json::from_str(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn a_list_is_an_object_nowhere() {
        for text in [
            r#"["when_due"]"#,
            r#"{"rule": {"above_threshold": [3]}}"#,
            r#"{"rule": {"fixed": ["a", 1]}}"#,
            r#"{"rule": "when_due", "places": [["a", 1]]}"#,
            r#"{"rule": "when_due", "named": {"x": ["a", 1]}}"#,
            r#"{"rule": "when_due", "named": []}"#,
        ] {
            let refusal = read(text).unwrap_err();
            assert_eq!(refusal.to_string(), "invalid type: sequence, expected an object", "{text}");
        }
    }

    #[test]
    fn what_serde_json_refuses_is_refused() {
        for text in [
            r#"{"rule": "when_due", "rule": "when_due"}"#,
            r#"{"rule": "when_due", "pair": [true]}"#,
            r#"{"rule": "when_due", "pair": [true, 1, 2]}"#,
            r#"{"rule": "when_due", "pair": [true, 1.5]}"#,
            r#"{"rule": {"above_threshold": {"down_to": 3}, "when_due": null}}"#,
            r#"{"rule": {}}"#,
            r#"{"rule": 1}"#,
            r#"{"rule": null}"#,
            r#"{"rule": "whenever"}"#,
        ] {
            assert!(serde_json::from_str::<Everything>(text).is_err(), "{text}");
            assert!(read(text).is_err(), "{text}");
        }
    }
}
