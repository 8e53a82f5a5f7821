//! JSON decoded to a value's bytes, by type. Every type may also be given as a string; for collections the string
//! contains JSON.

use super::Members;
use super::error::JsonValueError;
use super::parse::parse;
use super::value::Json;
use crate::collection;
use crate::text_form;
use henge_model::{DataType, UserType};
use std::borrow::Cow;

/// The bytes of a JSON value other than null, or the reason why it is not a value of the type.
pub(crate) fn decode(json: &Json, data_type: &DataType) -> Result<Vec<u8>, JsonValueError> {
    match data_type.unfrozen() {
        DataType::List(element) => {
            let parts = elements(json, "a list", element, "list")?;
            build_value(data_type, parts)
        }
        DataType::Set(element) => {
            let parts = elements(json, "a list (representing a set)", element, "set")?;
            build_value(data_type, parts)
        }
        DataType::Map(key, value) => map(json, key, value).and_then(|parts| build_value(data_type, parts)),
        DataType::Tuple(fields) => tuple(json, fields).and_then(|parts| build_value(data_type, parts)),
        DataType::Vector(element, count) => {
            let parts = elements(json, "a list", element, "list")?;
            if parts.len() != *count as usize {
                let (expected, found, text) = (*count, parts.len(), json.message_text());
                return Err(JsonValueError::VectorSize { expected, found, text });
            }
            build_value(data_type, parts)
        }
        DataType::Udt(user) => user_type(json, user),
        native => scalar(json, native),
    }
}

type Parts = Vec<Option<Vec<u8>>>;

fn build_value(data_type: &DataType, parts: Parts) -> Result<Vec<u8>, JsonValueError> {
    let parts: Vec<Option<Cow<'_, [u8]>>> = parts.into_iter().map(|part| part.map(Cow::Owned)).collect();
    collection::build(data_type, &parts).map_err(|e| JsonValueError::Collection(e.message))
}

/// The value; if it is a string, the JSON that the string contains.
fn unquote_json(json: &Json) -> Result<Cow<'_, Json>, JsonValueError> {
    match json {
        Json::Text(text) => Ok(Cow::Owned(parse(text)?)),
        other => Ok(Cow::Borrowed(other)),
    }
}

fn wrong(expected: impl Into<Cow<'static, str>>, json: &Json) -> JsonValueError {
    JsonValueError::Form { expected: expected.into(), form: json.form(), text: json.message_text() }
}

fn no_literal(json: &Json, data_type: &DataType) -> JsonValueError {
    JsonValueError::Literal { data_type: data_type.clone(), text: json.message_text() }
}

fn elements(
    json: &Json,
    expected: &'static str,
    element: &DataType,
    collection: &'static str,
) -> Result<Parts, JsonValueError> {
    let json = unquote_json(json)?;
    let Json::List(parts) = &*json else { return Err(wrong(expected, &json)) };
    let decoded = parts.iter().map(|part| match part {
        Json::Null => Err(JsonValueError::NullElement { collection }),
        part => decode(part, element).map(Some),
    });
    decoded.collect()
}

fn map(json: &Json, key: &DataType, value: &DataType) -> Result<Parts, JsonValueError> {
    let json = unquote_json(json)?;
    let Json::Object(members) = &*json else { return Err(wrong("a map", &json)) };
    let mut parts = Vec::with_capacity(2 * members.len());
    for (name, member) in members {
        if *member == Json::Null {
            return Err(JsonValueError::NullInMap);
        }
        parts.push(Some(decode(&Json::Text(name.clone()), key)?));
        parts.push(Some(decode(member, value)?));
    }
    Ok(parts)
}

fn tuple(json: &Json, fields: &[DataType]) -> Result<Parts, JsonValueError> {
    let json = unquote_json(json)?;
    let Json::List(parts) = &*json else { return Err(wrong("a list representation of a tuple", &json)) };
    let expected = fields.len();
    let text = || json.message_text();
    match parts.len() {
        found if found > expected => Err(JsonValueError::TupleTooLong { expected, text: text() }),
        found if found < expected => Err(JsonValueError::TupleTooShort { expected, text: text() }),
        _ => fields.iter().zip(parts).map(|(field, part)| part_of(part, field)).collect(),
    }
}

fn part_of(part: &Json, data_type: &DataType) -> Result<Option<Vec<u8>>, JsonValueError> {
    if *part == Json::Null { Ok(None) } else { decode(part, data_type).map(Some) }
}

fn user_type(json: &Json, user: &UserType) -> Result<Vec<u8>, JsonValueError> {
    let json = unquote_json(json)?;
    let Json::Object(members) = &*json else { return Err(wrong("a map", &json)) };
    let mut members = Members::of(members.clone());
    let mut parts = Vec::with_capacity(user.fields.len());
    for (name, field) in &user.fields {
        let member = members.take(name).unwrap_or(Json::Null);
        parts.push(part_of(&member, field)?);
    }
    if let Some(name) = members.first_left() {
        let (field, user_type) = (name.to_owned(), user.name.clone());
        return Err(JsonValueError::UnknownField { field, user_type });
    }
    let fields = user.fields.iter().map(|(_, field)| field.clone()).collect();
    // A user type's value is encoded like a tuple's.
    build_value(&DataType::Tuple(fields), parts)
}

fn scalar(json: &Json, data_type: &DataType) -> Result<Vec<u8>, JsonValueError> {
    use DataType::{
        Ascii, Bigint, Blob, Boolean, Counter, Date, Decimal, Double, Duration, Float, Inet, Int, Smallint, Text, Time,
        Timestamp, Timeuuid, Tinyint, Uuid, Varint,
    };
    match (data_type, json) {
        (Text, Json::Text(text)) => Ok(text.as_bytes().to_vec()),
        (Ascii, Json::Text(text)) if text.is_ascii() => Ok(text.as_bytes().to_vec()),
        (Ascii, Json::Text(_)) => Err(no_literal(json, data_type)),
        (Text, other) => Err(wrong("a UTF-8 string", other)),
        (Ascii, other) => Err(wrong("an ascii string", other)),
        (Blob, Json::Text(text)) => blob(text),
        (DataType::Empty, Json::Text(text)) if text.is_empty() => Ok(Vec::new()),
        (Boolean, Json::Boolean(value)) => Ok(vec![u8::from(*value)]),
        (Boolean, Json::Text(text)) => boolean(text),
        (Int | Bigint | Counter | Tinyint | Smallint, _) => integer(json, data_type),
        // Every integer within 64 bits is accepted; Cassandra accepts only those beyond 32 bits.
        (Timestamp, Json::Integer(text)) if json.form() != "BigInteger" => from_text(text, data_type),
        (Float | Double, Json::Integer(text) | Json::Float(text)) => from_text(text, data_type),
        (Decimal, Json::Float(text)) => from_text(&as_double(text), data_type),
        (Decimal | Varint, Json::Integer(text) | Json::Text(text)) => {
            from_text(text, data_type).map_err(|_| unrepresentable(json, data_type))
        }
        (Decimal | Varint | Blob, other) => Err(unrepresentable(other, data_type)),
        (Float | Double | Inet | Date | Time | Timestamp | Uuid | Timeuuid | Duration, Json::Text(text)) => {
            from_text(text, data_type)
        }
        (Timestamp, other) => Err(wrong("a long or a datestring representation of a timestamp value", other)),
        (Float | Double, other) => Err(wrong(format!("a {data_type} value"), other)),
        (Boolean, other) => Err(wrong("a boolean value", other)),
        (Inet, other) => Err(wrong("a string representation of an inet value", other)),
        (Uuid | Timeuuid | Duration, other) => Err(wrong(format!("a string representation of a {data_type}"), other)),
        (DataType::Empty, Json::Text(text)) => Err(JsonValueError::NotEmpty { text: text.clone() }),
        (other_type, other) => Err(wrong(format!("a string representation of a {other_type} value"), other)),
    }
}

fn unrepresentable(json: &Json, data_type: &DataType) -> JsonValueError {
    JsonValueError::Representation { data_type: data_type.clone(), text: json.message_text() }
}

/// Decodes an integer type. Error messages differ by type, as in Cassandra.
fn integer(json: &Json, data_type: &DataType) -> Result<Vec<u8>, JsonValueError> {
    let wanted = match data_type {
        DataType::Int => "an int value",
        DataType::Smallint => "a short value",
        DataType::Tinyint => "a byte value",
        _ => "a bigint value",
    };
    let small = matches!(data_type, DataType::Tinyint | DataType::Smallint);
    match json {
        Json::Text(text) => from_text(text, data_type),
        Json::Integer(text) => match (from_text(text, data_type), small) {
            (Err(_), false) => Err(wrong(wanted, json)),
            (made, _) => made,
        },
        Json::Float(text) if small => from_text(text, data_type),
        other => Err(wrong(wanted, other)),
    }
}

/// Decodes the text form of a value. An empty text is the empty value of most types.
fn from_text(text: &str, data_type: &DataType) -> Result<Vec<u8>, JsonValueError> {
    let made = text_form::of_string(text, data_type);
    made.ok_or_else(|| {
        let json = Json::Text(text.to_owned());
        match data_type {
            DataType::Varint if text.is_empty() => unrepresentable(&json, data_type),
            DataType::Timeuuid => JsonValueError::Timeuuid { text: json.message_text() },
            other => no_literal(&json, other),
        }
    })
}

fn boolean(text: &str) -> Result<Vec<u8>, JsonValueError> {
    if text.is_empty() || text.eq_ignore_ascii_case("false") {
        return Ok(vec![0]);
    }
    if text.eq_ignore_ascii_case("true") {
        return Ok(vec![1]);
    }
    Err(JsonValueError::Boolean { text: Json::Text(text.to_owned()).message_text() })
}

fn blob(text: &str) -> Result<Vec<u8>, JsonValueError> {
    let shown = || Json::Text(text.to_owned()).message_text();
    let digits = text.strip_prefix("0x").ok_or_else(|| JsonValueError::BlobPrefix { text: shown() })?;
    let wrong_digits = || JsonValueError::BlobDigits { text: shown(), digits: digits.to_owned() };
    text_form::of_hex(digits).ok_or_else(wrong_digits)
}

/// Rounds a number with a fraction to a double, as Cassandra does before it becomes a decimal. Quoted numbers keep all
/// digits.
fn as_double(text: &str) -> String {
    let double = text.parse::<f64>().unwrap_or(f64::NAN);
    DataType::Double.literal(&double.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::hex;
    use proptest::prelude::*;

    fn decode_hex(text: &str, data_type: &DataType) -> Result<String, String> {
        decode(&parse(text).unwrap(), data_type).map(|bytes| hex(&bytes)).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_take_strings_too() {
        assert_eq!(decode_hex("1", &DataType::Int).as_deref(), Ok("00000001"));
        assert_eq!(decode_hex("\"1\"", &DataType::Int).as_deref(), Ok("00000001"));
        assert_eq!(decode_hex("1.0", &DataType::Int), Err("Expected an int value, but got a Double: 1.0".to_owned()));
        assert_eq!(decode_hex("\"x\"", &DataType::Int), Err("Unable to make int from 'x'".to_owned()));
        assert_eq!(decode_hex("1.10", &DataType::Decimal).as_deref(), Ok("000000010b"));
        assert_eq!(decode_hex("\"1.10\"", &DataType::Decimal).as_deref(), Ok("000000026e"));
        assert_eq!(decode_hex("0", &DataType::Timestamp).as_deref(), Ok("0000000000000000"));
        assert!(decode_hex("99999999999999999999", &DataType::Timestamp).is_err());
        assert!(decode_hex("1e400", &DataType::Decimal).is_err());
        assert!(decode_hex("\"inf\"", &DataType::Double).is_err());
    }

    #[test]
    fn collections_are_checked_part_by_part() {
        let map = DataType::Map(Box::new(DataType::Int), Box::new(DataType::Text));
        assert_eq!(decode_hex(r#"{"1": "a"}"#, &map).as_deref(), Ok("0000000100000004000000010000000161"));
        assert_eq!(decode_hex(r#""{\"1\": \"a\"}""#, &map).as_deref(), Ok("0000000100000004000000010000000161"));
        assert_eq!(decode_hex(r#"{"1": null}"#, &map), Err("Invalid null value in map".to_owned()));
        let list = DataType::List(Box::new(DataType::Int));
        assert_eq!(decode_hex("[null]", &list), Err("Invalid null element in list".to_owned()));
        let tuple = DataType::Tuple(vec![DataType::Int, DataType::Text].into());
        assert_eq!(decode_hex("[null, \"a\"]", &tuple).as_deref(), Ok("ffffffff0000000161"));
        assert_eq!(decode_hex("[1]", &tuple), Err("Tuple is missing items (expected 2): [1]".to_owned()));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[\\[\\]{}\",:\\\\u0-9eE.+nulltrefas é-]{0,40}") {
            if let Ok(json) = parse(&text) {
                for data_type in [DataType::Int, DataType::Decimal, DataType::Text, DataType::Timestamp, DataType::Blob] {
                    for data_type in [DataType::List(Box::new(data_type.clone())), data_type] {
                        if let Ok(bytes) = decode(&json, &data_type) {
                            let empty = bytes.is_empty();
                            prop_assert!(empty || data_type.validate(&bytes).is_ok(), "{} {:?}", data_type, bytes);
                        }
                    }
                }
            }
        }
    }
}
