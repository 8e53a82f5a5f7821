//! The text form of tuples: fields separated by colons, `@` for null, `\:` and `\@` for the characters themselves.

use crate::error::Error;
use crate::statement::Constant;
use crate::text_form;
use henge_model::DataType;

/// The tuple of a literal. The literal's text is the tuple's text form, whatever its kind; a blob is the tuple's bytes.
pub(crate) fn encode(constant: &Constant, tuple: &DataType) -> Result<Vec<u8>, Error> {
    match constant {
        Constant::Blob(bytes) => match tuple.validate(bytes) {
            Ok(()) => Ok(bytes.clone()),
            Err(e) => Err(Error::invalid(e.to_string())),
        },
        Constant::String(text) | Constant::Integer(text) | Constant::Float(text) | Constant::Duration(text) => {
            value(text, tuple)
        }
        Constant::Boolean(truth) => value(&truth.to_string(), tuple),
        Constant::Uuid(bytes) => value(&uuid::Uuid::from_bytes(*bytes).to_string(), tuple),
    }
}

/// The value of a text form. That of collections and vectors is the hexadecimal form of their bytes.
fn value(text: &str, data_type: &DataType) -> Result<Vec<u8>, Error> {
    let data_type = data_type.unfrozen();
    match data_type {
        DataType::Tuple(types) => fields(text, data_type, &types.iter().collect::<Vec<_>>()),
        DataType::Udt(udt) => fields(text, data_type, &udt.fields.iter().map(|(_, field)| field).collect::<Vec<_>>()),
        DataType::Blob => bytes_of(text),
        DataType::List(_) | DataType::Set(_) | DataType::Map(..) | DataType::Vector(..) => {
            let bytes = bytes_of(text)?;
            data_type.validate(&bytes).map_err(|e| Error::invalid(e.to_string()))?;
            Ok(data_type.sort_elements(&bytes).into_owned())
        }
        DataType::Boolean if text.is_empty() || text.eq_ignore_ascii_case("false") => Ok(vec![0]),
        DataType::Boolean if text.eq_ignore_ascii_case("true") => Ok(vec![1]),
        DataType::Ascii | DataType::Text => text_form::of_text(text, data_type)
            .ok_or_else(|| Error::invalid("Invalid ASCII character in string literal".to_owned())),
        DataType::Date | DataType::Time if text.is_empty() => Err(no_value(text, data_type)),
        native => text_form::of_string(text, native).ok_or_else(|| no_value(text, native)),
    }
}

fn fields(text: &str, data_type: &DataType, types: &[&DataType]) -> Result<Vec<u8>, Error> {
    let given = split(text);
    if given.len() > types.len() {
        let message = format!(
            "Invalid tuple literal: too many elements. Type {data_type} expects {} but got {}",
            types.len(),
            given.len()
        );
        return Err(Error::invalid(message));
    }
    let mut out = Vec::new();
    for (field, of) in given.into_iter().zip(types) {
        if field == "@" {
            out.extend((-1i32).to_be_bytes());
            continue;
        }
        let value = value(&field.replace("\\:", ":").replace("\\@", "@"), of)?;
        out.extend(i32::try_from(value.len()).unwrap_or(i32::MAX).to_be_bytes());
        out.extend(value);
    }
    Ok(out)
}

/// Splits a text into fields. A colon after a backslash belongs to its field; the empty text has no fields.
fn split(text: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    if text.is_empty() {
        return fields;
    }
    let mut start = 0;
    for (at, _) in text.match_indices(':') {
        if !text[..at].ends_with('\\') {
            fields.push(&text[start..at]);
            start = at + 1;
        }
    }
    fields.push(&text[start..]);
    fields
}

fn bytes_of(text: &str) -> Result<Vec<u8>, Error> {
    text_form::of_hex(text)
        .ok_or_else(|| Error::invalid(format!("cannot parse '{}' as hex bytes", truncate_text(text))))
}

fn no_value(text: &str, data_type: &DataType) -> Error {
    let text = truncate_text(text);
    Error::invalid(match data_type {
        DataType::Timeuuid if uuid::Uuid::parse_str(&text).is_ok() => {
            "TimeUUID supports only version 1 UUIDs".to_owned()
        }
        DataType::Timeuuid => format!("Unknown timeuuid representation: {text}"),
        DataType::Tinyint => format!("Unable to make byte from '{text}'"),
        DataType::Smallint => format!("Unable to make short from '{text}'"),
        DataType::Bigint | DataType::Counter => format!("Unable to make long from '{text}'"),
        DataType::Uuid => format!("Unable to make UUID from '{text}'"),
        DataType::Inet => format!("Unable to make inet address from '{text}'"),
        DataType::Date => text_form::no_date(&text),
        DataType::Time => text_form::no_time(&text),
        DataType::Varint => format!("unable to make int from '{text}'"),
        DataType::Decimal => format!("unable to make BigDecimal from '{text}'"),
        DataType::Duration => text_form::no_duration(&text),
        DataType::Timestamp => format!("Unable to parse a date/time from '{text}'"),
        other => format!("Unable to make {other} from '{text}'"),
    })
}

/// The beginning of a text, for messages.
fn truncate_text(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::hex;

    fn encode_hex(text: &str, types: &[DataType]) -> Result<String, String> {
        let tuple = DataType::Tuple(types.to_vec().into());
        encode(&Constant::String(text.to_owned()), &tuple).map(|b| hex(&b)).map_err(|e| e.message)
    }

    #[test]
    fn fields_stand_between_colons() {
        let pair = [DataType::Int, DataType::Text];
        assert_eq!(encode_hex("0:1", &pair).as_deref(), Ok("00000004000000000000000131"));
        assert_eq!(encode_hex("1:1\\:1", &pair).as_deref(), Ok("000000040000000100000003313a31"));
        assert_eq!(encode_hex("@:1", &pair).as_deref(), Ok("ffffffff0000000131"));
        assert_eq!(encode_hex("1:\\@", &pair).as_deref(), Ok("00000004000000010000000140"));
        assert_eq!(encode_hex("1", &pair).as_deref(), Ok("0000000400000001"));
        assert_eq!(encode_hex("", &pair).as_deref(), Ok(""));
    }

    #[test]
    fn fields_that_are_tuples_are_escaped_again() {
        let types = [DataType::Int, DataType::Tuple(vec![DataType::Text, DataType::Int].into())];
        let wanted = "0000000400000001".to_owned() + "0000000d" + "0000000161" + "0000000400000002";
        assert_eq!(encode_hex("1:a\\:2", &types), Ok(wanted));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let pair = [DataType::Int, DataType::Text];
        assert_eq!(encode_hex("x:a", &pair), Err("Unable to make int from 'x'".to_owned()));
        let message = "Invalid tuple literal: too many elements. Type frozen<tuple<int, text>> expects 2 but got 3";
        assert_eq!(encode_hex("1:a:b", &pair), Err(message.to_owned()));
        assert!(encode_hex("1:[1]", &[DataType::Int, DataType::List(Box::new(DataType::Int))]).is_err());
    }

    #[test]
    fn bytes_are_the_tuples_own() {
        let tuple = DataType::Tuple(vec![DataType::Int].into());
        let bytes = vec![0, 0, 0, 4, 0, 0, 0, 1];
        assert_eq!(encode(&Constant::Blob(bytes.clone()), &tuple).unwrap(), bytes);
        assert!(encode(&Constant::Blob(vec![1]), &tuple).is_err());
        assert_eq!(encode(&Constant::Integer("1".to_owned()), &tuple).unwrap(), bytes);
    }
}
