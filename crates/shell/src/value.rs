//! Values formatted as in cqlsh.

use henge_base::Reader;
use henge_model::DataType;
use jiff::Timestamp;

/// Formats a value; `None` is null.
pub(crate) fn format_value(data_type: &DataType, value: Option<&[u8]>) -> String {
    value.map_or_else(|| "null".to_owned(), |bytes| format_top_level(data_type, bytes))
}

/// Formats a value outside collections, where texts have no quotes.
fn format_top_level(data_type: &DataType, bytes: &[u8]) -> String {
    match data_type {
        DataType::Text | DataType::Ascii => escape_control(&String::from_utf8_lossy(bytes)),
        _ => format_nested(data_type, bytes),
    }
}

/// Formats a value inside a collection.
fn format_nested(data_type: &DataType, bytes: &[u8]) -> String {
    match data_type {
        DataType::Frozen(inner) => format_nested(inner, bytes),
        DataType::Text | DataType::Ascii => {
            format!("'{}'", escape_control(&String::from_utf8_lossy(bytes)).replace('\'', "''"))
        }
        DataType::Timestamp => format_timestamp(bytes).unwrap_or_else(|| data_type.literal(bytes)),
        DataType::Date | DataType::Time | DataType::Inet => data_type.literal(bytes).trim_matches('\'').to_owned(),
        DataType::Float => parse_float(bytes).map_or_else(|| data_type.literal(bytes), |n: f64| format_general(n)),
        DataType::Double => parse_float(bytes).map_or_else(|| data_type.literal(bytes), |n: f64| format_general(n)),
        DataType::Boolean => if bytes.iter().all(|b| *b == 0) { "False" } else { "True" }.to_owned(),
        DataType::List(inner) => format!("[{}]", format_elements(bytes, &[inner]).join(", ")),
        DataType::Set(inner) => format!("{{{}}}", format_elements(bytes, &[inner]).join(", ")),
        DataType::Map(key, value) => {
            let items = format_elements(bytes, &[key, value]);
            let pairs: Vec<String> = items.chunks(2).map(|pair| pair.join(": ")).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        _ => data_type.literal(bytes),
    }
}

/// Formats the elements of a collection, to which `types` apply in turn.
fn format_elements(bytes: &[u8], types: &[&DataType]) -> Vec<String> {
    let mut reader = Reader::new(bytes);
    let count = reader.i32().unwrap_or(0).max(0) as usize * types.len();
    let mut out = Vec::new();
    for at in 0..count {
        let Ok(length) = reader.i32() else { break };
        out.push(match usize::try_from(length) {
            Ok(length) => match reader.take(length) {
                Ok(element) => format_nested(types[at % types.len()], element),
                Err(_) => break,
            },
            Err(_) => "null".to_owned(),
        });
    }
    out
}

/// Replaces control characters by escapes, so that they cannot break the table's layout.
fn escape_control(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

fn format_timestamp(bytes: &[u8]) -> Option<String> {
    let millis = i64::from_be_bytes(bytes.try_into().ok()?);
    let time = Timestamp::from_millisecond(millis).ok()?;
    Some(time.strftime("%Y-%m-%d %H:%M:%S.%6f+0000").to_string())
}

fn parse_float(bytes: &[u8]) -> Option<f64> {
    match bytes.len() {
        4 => Some(f64::from(f32::from_be_bytes(bytes.try_into().ok()?))),
        8 => Some(f64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

/// Formats a number with five significant digits, like C's `%.5g`.
fn format_general(number: f64) -> String {
    const SIGNIFICANT_DIGITS: i32 = 5;
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let rounded = format!("{number:.*e}", (SIGNIFICANT_DIGITS - 1) as usize);
    let exponent: i32 = rounded.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    if (-4..SIGNIFICANT_DIGITS).contains(&exponent) {
        return trim_zeros(&format!("{number:.*}", (SIGNIFICANT_DIGITS - 1 - exponent).max(0) as usize));
    }
    let mantissa = rounded.split_once('e').map_or("0", |(m, _)| m);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trim_zeros(mantissa), exponent.abs())
}

fn trim_zeros(number: &str) -> String {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.').to_owned() } else { number.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_look_as_in_cqlsh() {
        let shown = |t: &DataType, b: &[u8]| format_value(t, Some(b));
        assert_eq!(shown(&DataType::Text, b"a\n'b'"), "a\\n'b'");
        assert_eq!(shown(&DataType::Blob, &[0, 255]), "0x00ff");
        assert_eq!(shown(&DataType::Timestamp, &1_296_705_900_000i64.to_be_bytes()), "2011-02-03 04:05:00.000000+0000");
        assert_eq!(shown(&DataType::Boolean, &[1]), "True");
        assert_eq!(format_value(&DataType::Int, None), "null");
        let set = DataType::Set(Box::new(DataType::Text));
        assert_eq!(shown(&set, &[0, 0, 0, 2, 0, 0, 0, 1, b'a', 0, 0, 0, 1, b'b']), "{'a', 'b'}");
    }

    #[test]
    fn doubles_have_five_digits() {
        for (number, text) in [
            (1.0, "1"),
            (2.34567891, "2.3457"),
            (100000.0, "1e+05"),
            (0.00001234567, "1.2346e-05"),
            (12345.678, "12346"),
            (-0.5, "-0.5"),
        ] {
            assert_eq!(format_value(&DataType::Double, Some(&f64::to_be_bytes(number))), text);
        }
    }
}
