//! Values formatted as in cqlsh.

use crate::number::NumberStyle;
use crate::timestamp::{TimestampView, format_date};
use henge_model::{DataType, UserType};
use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

/// Digits of floating point numbers, unless `cqlshrc` tells others.
pub(crate) const DIGITS: usize = 5;
/// The text of null.
const NULL: &str = "null";

/// The form of values.
#[derive(Clone, Debug)]
pub(crate) struct ValueView {
    pub(crate) numbers: NumberStyle,
    pub(crate) timestamps: TimestampView,
}

impl Default for ValueView {
    fn default() -> ValueView {
        let numbers = NumberStyle {
            decimal_separator: String::new(),
            thousands_separator: String::new(),
            float_digits: DIGITS,
            double_digits: DIGITS,
        };
        ValueView { numbers, timestamps: TimestampView::default() }
    }
}

/// Formats a value in the form that no file changes; `None` is null.
pub(crate) fn format_value(data_type: &DataType, value: Option<&[u8]>) -> String {
    static DEFAULT: LazyLock<ValueView> = LazyLock::new(ValueView::default);
    DEFAULT.format(data_type, value)
}

impl ValueView {
    /// Formats a value; `None` is null.
    pub(crate) fn format(&self, data_type: &DataType, value: Option<&[u8]>) -> String {
        let Some(bytes) = value else { return NULL.to_owned() };
        let data_type = data_type.unfrozen();
        let digits = match data_type {
            DataType::Double => self.numbers.double_digits,
            _ => self.numbers.float_digits,
        };
        match data_type {
            DataType::Text | DataType::Ascii => escape(&String::from_utf8_lossy(bytes)),
            DataType::Inet | DataType::Timestamp => self.format_bare(data_type, bytes, digits),
            _ => self.format_part(data_type, Some(bytes), digits),
        }
    }

    /// Formats a part of a composite value, numbers with so many digits. Texts, addresses and timestamps are in quotes.
    fn format_part(&self, data_type: &DataType, value: Option<&[u8]>, digits: usize) -> String {
        let Some(bytes) = value else { return NULL.to_owned() };
        let data_type = data_type.unfrozen();
        match data_type {
            DataType::Text | DataType::Ascii => {
                format!("'{}'", escape(&String::from_utf8_lossy(bytes)).replace('\'', "''"))
            }
            DataType::Inet | DataType::Timestamp if !bytes.is_empty() => {
                format!("'{}'", self.format_bare(data_type, bytes, digits))
            }
            DataType::List(_) | DataType::Vector(..) => self.format_parts(data_type, bytes, digits, ["[", "]"]),
            DataType::Set(_) => self.format_parts(data_type, bytes, digits, ["{", "}"]),
            DataType::Tuple(_) => self.format_parts(data_type, bytes, digits, ["(", ")"]),
            DataType::Map(..) => self.format_map(data_type, bytes, digits),
            DataType::Udt(own) => self.format_fields(own, data_type, bytes, digits),
            _ => self.format_bare(data_type, bytes, digits),
        }
    }

    /// Formats a value that has no parts. The empty value of a number has no text.
    fn format_bare(&self, data_type: &DataType, bytes: &[u8], digits: usize) -> String {
        let literal = || data_type.literal(bytes).trim_matches('\'').to_owned();
        match data_type {
            DataType::Blob => literal(),
            _ if bytes.is_empty() => String::new(),
            DataType::Timestamp => {
                bytes.try_into().map_or_else(|_| literal(), |bytes| self.timestamps.format(i64::from_be_bytes(bytes)))
            }
            DataType::Date => {
                bytes.try_into().map_or_else(|_| literal(), |bytes| format_date(u32::from_be_bytes(bytes)))
            }
            DataType::Inet => format_address(bytes).unwrap_or_else(literal),
            DataType::Float | DataType::Double => {
                parse_float(bytes).map_or_else(literal, |number| self.numbers.format_float(number, digits))
            }
            DataType::Boolean => if bytes.iter().all(|b| *b == 0) { "False" } else { "True" }.to_owned(),
            _ => literal(),
        }
    }

    fn format_parts(&self, data_type: &DataType, bytes: &[u8], digits: usize, [open, close]: [&str; 2]) -> String {
        let Ok(mut parts) = data_type.split_parts(bytes) else { return data_type.literal(bytes) };
        match data_type {
            DataType::Set(element) => sort_as_python(element, &mut parts),
            // Fields that were left out are null.
            DataType::Tuple(fields) => parts.resize(fields.len(), None),
            _ => {}
        }
        let texts = parts.iter().enumerate().map(|(at, part)| self.format_part(data_type.part_type(at), *part, digits));
        format!("{open}{}{close}", texts.collect::<Vec<_>>().join(", "))
    }

    fn format_map(&self, data_type: &DataType, bytes: &[u8], digits: usize) -> String {
        let Ok(parts) = data_type.split_parts(bytes) else { return data_type.literal(bytes) };
        let (key, value) = (data_type.part_type(0), data_type.part_type(1));
        let mut keys: Vec<Option<&[u8]>> = parts.iter().step_by(2).copied().collect();
        sort_as_python(key, &mut keys);
        let values: HashMap<Option<&[u8]>, Option<&[u8]>> =
            parts.chunks(2).map(|pair| (pair[0], pair.get(1).copied().flatten())).collect();
        let pair = |of: &Option<&[u8]>| {
            let value_part = values.get(of).copied().flatten();
            format!("{}: {}", self.format_part(key, *of, digits), self.format_part(value, value_part, digits))
        };
        format!("{{{}}}", keys.iter().map(pair).collect::<Vec<_>>().join(", "))
    }

    fn format_fields(&self, own: &UserType, data_type: &DataType, bytes: &[u8], digits: usize) -> String {
        let Ok(parts) = data_type.split_parts(bytes) else { return data_type.literal(bytes) };
        let field = |(at, (name, field)): (usize, &(String, DataType))| {
            format!("{}: {}", escape(name), self.format_part(field, parts.get(at).copied().flatten(), digits))
        };
        format!("{{{}}}", own.fields.iter().enumerate().map(field).collect::<Vec<_>>().join(", "))
    }
}

/// Sorts elements of a set or keys of a map as Python does, where that differs from the order in which they are stored.
pub(crate) fn sort_as_python(data_type: &DataType, elements: &mut [Option<&[u8]>]) {
    match data_type.unfrozen() {
        DataType::Uuid | DataType::Timeuuid => elements.sort_unstable(),
        DataType::Inet => elements.sort_by_cached_key(|element| element.and_then(format_address)),
        _ => {}
    }
}

/// An address as the C library writes it: unlike Rust, it writes the last four bytes as an IPv4 address if only they
/// are set.
fn format_address(bytes: &[u8]) -> Option<String> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).to_string());
    }
    let address = Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?);
    let (before, [a, b, c, d]) = (&bytes[..12], [bytes[12], bytes[13], bytes[14], bytes[15]]);
    match before.iter().all(|byte| *byte == 0) && (a, b) != (0, 0) {
        true => Some(format!("::{}", Ipv4Addr::new(a, b, c, d))),
        false => Some(address.to_string()),
    }
}

/// Doubles backslashes and replaces control characters and the no-break space by escapes, so that the text stays on its
/// line and says what it is.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || c == '\u{a0}' => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

fn parse_float(bytes: &[u8]) -> Option<f64> {
    match bytes.len() {
        4 => Some(f64::from(f32::from_be_bytes(bytes.try_into().ok()?))),
        8 => Some(f64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
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

    /// The expected texts are those of cqlsh 6.2.2.
    #[test]
    fn parts_are_quoted_escaped_and_sorted_as_by_cqlsh() {
        let text = |t: &DataType, parts: &[Option<&[u8]>]| {
            let parts: Vec<Option<Vec<u8>>> = parts.iter().map(|part| part.map(<[u8]>::to_vec)).collect();
            format_value(t, Some(&t.join_parts(&parts)))
        };
        let list = |element: DataType| DataType::List(Box::new(element));
        assert_eq!(
            text(&list(DataType::Text), &[Some(b"a\\'\n"), Some("\u{a0}".as_bytes())]),
            "['a\\\\''\\n', '\\xa0']"
        );
        assert_eq!(text(&list(DataType::Inet), &[Some(&[127, 0, 0, 1])]), "['127.0.0.1']");
        assert_eq!(text(&list(DataType::Timestamp), &[Some(&[0; 8])]), "['1970-01-01 00:00:00.000000+0000']");
        assert_eq!(text(&list(DataType::Date), &[Some(&(1_u32 << 31).to_be_bytes())]), "[1970-01-01]");
        let addresses = DataType::Set(Box::new(DataType::Inet));
        assert_eq!(text(&addresses, &[Some(&[9, 0, 0, 1]), Some(&[10, 0, 0, 1])]), "{'10.0.0.1', '9.0.0.1'}");
        let pair = DataType::Tuple([DataType::Int, list(DataType::Text)].into());
        assert_eq!(text(&pair, &[Some(&[0, 0, 0, 7])]), "(7, null)");
        let map = DataType::Map(Box::new(DataType::Inet), Box::new(pair.clone()));
        let value = pair.join_parts(&[None, Some(list(DataType::Text).join_parts(&[Some(b"x".to_vec())]))]);
        assert_eq!(text(&map, &[Some(&[9, 0, 0, 1]), Some(&value)]), "{'9.0.0.1': (null, ['x'])}");
        assert_eq!(
            text(&DataType::Vector(Box::new(DataType::Int), 2), &[Some(&[0, 0, 0, 7]), Some(&[0, 0, 0, 8])]),
            "[7, 8]"
        );
    }

    /// The expected texts are those of cqlsh 6.2.2.
    #[test]
    fn odd_values_look_as_in_cqlsh() {
        let shown = |t: &DataType, b: &[u8]| format_value(t, Some(b));
        assert_eq!((shown(&DataType::Int, b""), shown(&DataType::Blob, b"")), (String::new(), "0x".to_owned()));
        assert_eq!(shown(&DataType::Text, b"C:\\x\x01\xc2\x85"), "C:\\\\x\\x01\\x85");
        assert_eq!(shown(&DataType::Date, &[0; 4]), "-2147483648");
        let mut address = [0_u8; 16];
        address[12..].copy_from_slice(&[1, 2, 3, 4]);
        assert_eq!(shown(&DataType::Inet, &address), "::1.2.3.4");
        address[..12].fill(0);
        address[12..].copy_from_slice(&[0, 0, 0, 1]);
        assert_eq!(shown(&DataType::Inet, &address), "::1");
    }

    /// The expected texts are those of cqlsh 6.2.2.
    #[test]
    fn floating_point_numbers_have_the_digits_of_cqlsh() {
        for (number, text) in [
            (1.0, "1"),
            (2.34567891, "2.34568"),
            (100000.0, "1e+05"),
            (0.00001234567, "1.2e-05"),
            (12345.678, "12345.678"),
            (-0.5, "-0.5"),
        ] {
            assert_eq!(format_value(&DataType::Double, Some(&f64::to_be_bytes(number))), text);
        }
    }

    #[test]
    fn digits_and_timestamps_are_those_of_the_view() {
        let mut view = ValueView { timestamps: TimestampView::parse("%d.%m.%Y").unwrap(), ..ValueView::default() };
        (view.numbers.float_digits, view.numbers.double_digits) = (1, 3);
        let third = f64::to_be_bytes(1.0 / 3.0);
        assert_eq!(view.format(&DataType::Double, Some(&third)), "0.3333");
        assert_eq!(view.format(&DataType::Float, Some(&f32::to_be_bytes(0.25))), "0.25");
        let list = [&[0, 0, 0, 1, 0, 0, 0, 8][..], &third].concat();
        assert_eq!(view.format(&DataType::List(Box::new(DataType::Double)), Some(&list)), "[0.33]");
        assert_eq!(view.format(&DataType::Timestamp, Some(&0_i64.to_be_bytes())), "01.01.1970");
    }
}
