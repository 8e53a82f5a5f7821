//! Literals encoded as native bytes of a type, or refused with the reason.

use crate::error::Error;
use crate::statement::Constant;
use crate::text_form::{no_date, no_duration, no_time, of_duration, of_number, of_text, of_uuid};
use crate::tuple_text;
use henge_base::hex;
use henge_model::DataType;

/// The bytes of `constant` as a value of type `declared`. `column` names its use in messages.
pub(crate) fn encode(constant: &Constant, declared: &DataType, column: &str) -> Result<Vec<u8>, Error> {
    let data_type = declared.unfrozen();
    if let DataType::Tuple(_) = data_type {
        return tuple_text::encode(constant, data_type);
    }
    let is_count = matches!((constant, data_type), (Constant::Integer(_), DataType::Duration));
    if !fits(constant, data_type) && !is_count {
        let (kind, text) = describe(constant);
        let message = format!("Invalid {kind} constant ({text}) for \"{column}\" of type {declared}");
        return Err(Error::invalid(message));
    }
    match constant {
        Constant::String(text) => of_text(text, data_type),
        Constant::Integer(text) | Constant::Float(text) => of_number(text, data_type),
        Constant::Boolean(value) => Some(vec![u8::from(*value)]),
        Constant::Uuid(bytes) => of_uuid(bytes, data_type),
        Constant::Blob(bytes) => Some(bytes.clone()),
        Constant::Duration(text) => of_duration(text),
    }
    .ok_or_else(|| Error::invalid(format!("{} (for \"{column}\")", no_value(&describe(constant).1, data_type))))
}

/// The error for a text or number of the right form that is still not a value of the type.
pub(crate) fn no_value(text: &str, data_type: &DataType) -> String {
    match data_type {
        DataType::Ascii => "Invalid ASCII character in string literal".to_owned(),
        DataType::Bigint | DataType::Counter => format!("Unable to make long from '{text}'"),
        DataType::Smallint => format!("Unable to make short from '{text}'"),
        DataType::Tinyint => format!("Unable to make byte from '{text}'"),
        DataType::Time => no_time(text),
        DataType::Date => no_date(text),
        DataType::Timestamp => format!("Unable to parse a date/time from '{text}'"),
        DataType::Timeuuid => format!("TimeUUID supports only version 1 UUIDs, not '{text}'"),
        DataType::Uuid => format!("Unable to make UUID from '{text}'"),
        DataType::Inet => format!("Unable to make inet address from '{text}'"),
        DataType::Duration => no_duration(text),
        other => format!("Unable to make {other} from '{text}'"),
    }
}

/// True if literals of this form may be assigned to the type.
pub(crate) fn fits(constant: &Constant, data_type: &DataType) -> bool {
    use DataType::{
        Ascii, Bigint, Blob, Boolean, Counter, Date, Decimal, Double, Duration, Float, Inet, Int, Smallint, Text, Time,
        Timestamp, Timeuuid, Tinyint, Uuid, Varint,
    };
    // Every literal may be the text form of a tuple.
    if matches!(data_type, DataType::Tuple(_)) {
        return true;
    }
    match constant {
        Constant::String(_) => matches!(data_type, Ascii | Text | Inet | Date | Time | Timestamp),
        Constant::Integer(_) => matches!(
            data_type,
            Tinyint | Smallint | Int | Bigint | Varint | Counter | Float | Double | Decimal | Date | Time | Timestamp
        ),
        Constant::Float(_) => matches!(data_type, Float | Double | Decimal),
        Constant::Boolean(_) => *data_type == Boolean,
        Constant::Uuid(_) => matches!(data_type, Uuid | Timeuuid),
        Constant::Blob(_) => *data_type == Blob,
        Constant::Duration(_) => *data_type == Duration,
    }
}

/// The type of a literal whose place requires none; `None` for strings.
pub(crate) fn natural_type(constant: &Constant) -> Option<DataType> {
    match constant {
        Constant::String(_) => None,
        Constant::Integer(text) if text.parse::<i32>().is_ok() => Some(DataType::Int),
        Constant::Integer(text) if text.parse::<i64>().is_ok() => Some(DataType::Bigint),
        Constant::Integer(_) => Some(DataType::Varint),
        Constant::Float(_) => Some(DataType::Double),
        Constant::Boolean(_) => Some(DataType::Boolean),
        Constant::Uuid(_) => Some(DataType::Uuid),
        Constant::Blob(_) => Some(DataType::Blob),
        Constant::Duration(_) => Some(DataType::Duration),
    }
}

/// The kind and text of a literal in Cassandra's messages.
pub(crate) fn describe(constant: &Constant) -> (&'static str, String) {
    match constant {
        Constant::String(text) => ("STRING", text.chars().take(100).collect()),
        Constant::Integer(text) => ("INTEGER", text.chars().take(100).collect()),
        Constant::Float(text) => ("FLOAT", text.chars().take(100).collect()),
        Constant::Boolean(value) => ("BOOLEAN", value.to_string()),
        Constant::Uuid(bytes) => ("UUID", uuid::Uuid::from_bytes(*bytes).to_string()),
        Constant::Blob(bytes) => ("HEX", format!("0x{}", hex(&bytes[..bytes.len().min(50)]))),
        Constant::Duration(text) => ("DURATION", text.clone()),
    }
}

/// The value of a literal as text.
pub(crate) fn text_of(constant: &Constant) -> String {
    match constant {
        Constant::String(text) => text.clone(),
        Constant::Integer(text) | Constant::Float(text) | Constant::Duration(text) => text.clone(),
        Constant::Boolean(value) => value.to_string(),
        Constant::Uuid(bytes) => uuid::Uuid::from_bytes(*bytes).to_string(),
        Constant::Blob(bytes) => format!("0x{}", hex(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(constant: Constant, data_type: DataType) -> Result<String, String> {
        encode(&constant, &data_type, "c").map(|b| hex(&b)).map_err(|e| e.message)
    }

    fn integer(text: &str, data_type: DataType) -> Result<String, String> {
        bytes(Constant::Integer(text.to_owned()), data_type)
    }

    fn string(text: &str, data_type: DataType) -> Result<String, String> {
        bytes(Constant::String(text.to_owned()), data_type)
    }

    #[test]
    fn numbers_are_encoded_by_type_and_checked() {
        assert_eq!(integer("1", DataType::Int).as_deref(), Ok("00000001"));
        assert_eq!(integer("-129", DataType::Varint).as_deref(), Ok("ff7f"));
        assert_eq!(integer("0", DataType::Varint).as_deref(), Ok("00"));
        assert_eq!(integer("200", DataType::Tinyint), Err("Unable to make byte from '200' (for \"c\")".to_owned()));
        assert_eq!(bytes(Constant::Float("1.23".to_owned()), DataType::Decimal).as_deref(), Ok("000000027b"));
        assert_eq!(bytes(Constant::Float("-1e3".to_owned()), DataType::Decimal).as_deref(), Ok("fffffffdff"));
        assert_eq!(bytes(Constant::Float("-Infinity".to_owned()), DataType::Float).as_deref(), Ok("ff800000"));
        assert_eq!(bytes(Constant::Float("NaN".to_owned()), DataType::Double).as_deref(), Ok("7ff8000000000000"));
    }

    #[test]
    fn strings_become_text_dates_and_addresses() {
        assert_eq!(string("1970-01-02", DataType::Date).as_deref(), Ok("80000001"));
        assert_eq!(string("127.0.0.1", DataType::Inet).as_deref(), Ok("7f000001"));
        assert_eq!(string("::ffff:1.2.3.4", DataType::Inet).as_deref(), Ok("01020304"));
        assert_eq!(string("1970-01-01 00:00:01", DataType::Timestamp).as_deref(), Ok("00000000000003e8"));
        assert!(string("é", DataType::Ascii).is_err());
        assert_eq!(string("abc", DataType::Int), Err("Invalid STRING constant (abc) for \"c\" of type int".to_owned()));
    }

    #[test]
    fn durations_and_uuids() {
        assert_eq!(bytes(Constant::Duration("1mo2d3ns".to_owned()), DataType::Duration).as_deref(), Ok("020406"));
        assert_eq!(bytes(Constant::Duration("-1mo".to_owned()), DataType::Duration).as_deref(), Ok("010000"));
        assert!(bytes(Constant::Uuid([0x40; 16]), DataType::Timeuuid).is_err());
        assert!(bytes(Constant::Uuid([0x40; 16]), DataType::Uuid).is_ok());
    }
}
